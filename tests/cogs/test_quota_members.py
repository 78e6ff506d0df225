"""/quota grant, reset, block and unblock: what admins decide about one person."""

import pytest

from bot.quota.limits import parse_limits
from tests.cogs.discord_world import DiscordWorld, WorldBuilder, reply_text


async def test_a_grant_is_used_when_the_own_limit_is_spent(build: WorldBuilder) -> None:
    """A prize is worth pictures, to the last credit and no further."""
    async with build.world(default_quota=parse_limits("1/day")) as world:
        first = await world.mia.slash(
            world.channel, "quota grant", user=world.ada, credits=1, reason="first prize"
        )
        assert reply_text(first).startswith(f"<@{world.ada.id}> now has 1 extra credit")
        second = await world.mia.slash(
            world.channel, "quota grant", user=world.ada, credits=2, reason="second prize"
        )
        assert "now has 3 extra credits" in reply_text(second)
        await world.imagine(world.ada, n=4)
        await world.wait_for_jobs()
        assert world.rows("SELECT credits, own_credits FROM charges") == [(4, 1)]
        assert "the default limit" in reply_text(await world.imagine(world.ada))


@pytest.mark.parametrize("credits", [0, -1, 1_000_001, 2**52])
async def test_a_grant_outside_the_range_is_refused_with_the_range(
    world: DiscordWorld, credits: int
) -> None:
    """A slip of the finger gives nothing away."""
    answer = await world.mia.slash(
        world.channel, "quota grant", user=world.ada, credits=credits, reason="a prize"
    )
    assert "1 to 1,000,000" in reply_text(answer)
    assert world.rows("SELECT * FROM members") == []


@pytest.mark.parametrize("reason", [" ", "x" * 201])
@pytest.mark.parametrize("command", ["quota grant", "quota block"])
async def test_a_reason_has_a_length(world: DiscordWorld, command: str, reason: str) -> None:
    """An empty one explains nothing, and a novel fits nowhere."""
    given = {"credits": 5} if command == "quota grant" else {}
    answer = await world.mia.slash(world.channel, command, user=world.ada, reason=reason, **given)
    assert "A reason must have 1 to 200 characters" in reply_text(answer)
    assert world.rows("SELECT * FROM members") == []


async def test_a_reset_forgets_what_was_used(build: WorldBuilder) -> None:
    """An admin lets somebody start afresh."""
    async with build.world(default_quota=parse_limits("1/day")) as world:
        await world.imagine(world.ada)
        await world.wait_for_jobs()
        await world.env.advance_time(1)
        assert (await world.imagine(world.ada)).ephemeral
        answer = await world.mia.slash(world.channel, "quota reset", user=world.ada)
        assert reply_text(answer).startswith(f"<@{world.ada.id}>: nothing used so far counts")
        assert not (await world.imagine(world.ada)).ephemeral
        await world.wait_for_jobs()


async def test_a_block_ends_with_unblock(world: DiscordWorld) -> None:
    """The person reads the admin's reason, and may paint again when an admin says so."""
    answer = await world.mia.slash(
        world.channel, "quota block", user=world.ada, reason="too many ducks"
    )
    assert (
        reply_text(answer)
        == f"<@{world.ada.id}> may not paint here until you use `/quota unblock`."
    )
    assert "(too many ducks)" in reply_text(await world.imagine(world.ada))
    answer = await world.mia.slash(world.channel, "quota unblock", user=world.ada)
    assert reply_text(answer) == f"<@{world.ada.id}> may paint here again."
    await world.imagine(world.ada)
    await world.wait_for_jobs()
    assert world.credits() == 1
    again = await world.mia.slash(world.channel, "quota unblock", user=world.ada)
    assert "is not blocked here" in reply_text(again)


@pytest.mark.parametrize(
    ("command", "given"),
    [
        ("quota grant", {"credits": 5, "reason": "a prize"}),
        ("quota reset", {}),
        ("quota block", {"reason": "spam"}),
        ("quota usage", {}),
    ],
)
async def test_a_bot_is_nobody_to_decide_about(
    world: DiscordWorld, command: str, given: dict[str, object]
) -> None:
    """Bots cannot type commands, so a bot is a slip of the finger."""
    robot = world.guild.add_member(world.env.create_user("Robot", bot=True))
    answer = await world.mia.slash(world.channel, command, user=robot, **given)
    assert reply_text(answer) == "Bots have no limits, so please choose a person."
    assert world.rows("SELECT * FROM members") == []
    assert world.rows("SELECT * FROM audit") == []

"""/quota set, unlimited and remove: limits that admins set and people feel."""

import pytest

from bot.quota.limits import parse_limits
from tests.cogs.discord_world import DiscordWorld, WorldBuilder, reply_text


async def test_an_admin_limits_everyone_and_the_next_request_feels_it(world: DiscordWorld) -> None:
    """The point of /quota."""
    answer = await world.mia.slash(world.channel, "quota set", credits=1, per="day")
    assert reply_text(answer) == "Everyone may now spend 1 credit per day."
    await world.imagine(world.ada)
    await world.wait_for_jobs()
    refusal = await world.imagine(world.ada)
    assert "the limit for everyone here" in reply_text(refusal)
    assert world.credits() == 1


async def test_a_persons_own_limit_decides_alone(world: DiscordWorld) -> None:
    """Everyone 1 a day and Ada 2 a month: Ada has only her two a month."""
    await world.mia.slash(world.channel, "quota set", credits=1, per="day")
    await world.mia.slash(world.channel, "quota set", credits=2, per="month", user=world.ada)
    await world.imagine(world.ada, n=2)
    await world.wait_for_jobs()
    refusal = await world.imagine(world.ada)
    assert "your own limit" in reply_text(refusal)
    assert "per month" in reply_text(refusal)


async def test_removing_a_limit_brings_the_default_back(world: DiscordWorld) -> None:
    """An admin can undo everything an admin did."""
    await world.mia.slash(world.channel, "quota set", credits=0, per="hour")
    refusal = await world.imagine(world.ada)
    assert "Pictures are switched off here" in reply_text(refusal)
    await world.mia.slash(world.channel, "quota remove")
    await world.imagine(world.ada)
    await world.wait_for_jobs()
    assert world.credits() == 1
    again = await world.mia.slash(world.channel, "quota remove", per="hour")
    assert "There is no such limit" in reply_text(again)


async def test_the_whole_server_shares_a_limit(world: DiscordWorld) -> None:
    """An admin caps what the server spends together, whatever each person may."""
    answer = await world.mia.slash(
        world.channel, "quota set", credits=2, per="month", whole_server=True
    )
    assert reply_text(answer) == "The whole server may now spend 2 credits per month."
    for who in (world.ada, world.ben):
        await world.imagine(who)
        await world.wait_for_jobs()
    assert "the shared limit of this server" in reply_text(await world.imagine(world.ada))
    removed = await world.mia.slash(world.channel, "quota remove", whole_server=True)
    assert reply_text(removed) == "The whole server: all limits were removed."
    await world.imagine(world.ada)
    await world.wait_for_jobs()
    assert world.credits() == 3


async def test_unlimited_takes_the_place_of_every_limit(build: WorldBuilder) -> None:
    """An admin who lifts a limit does not want an older one of another period to stay."""
    async with build.world(default_quota=parse_limits("1/day")) as world:
        await world.mia.slash(world.channel, "quota set", credits=0, per="hour", user=world.ada)
        answer = await world.mia.slash(world.channel, "quota unlimited", user=world.ada)
        assert reply_text(answer).startswith(f"<@{world.ada.id}> may now spend without a limit")
        await world.imagine(world.ada, n=3)
        await world.wait_for_jobs()
        assert world.credits() == 3
        again = await world.mia.slash(world.channel, "quota unlimited", user=world.ada)
        assert reply_text(again) == reply_text(answer)
        assert world.rows("SELECT period, credits FROM limits") == [("month", None)]


async def test_a_bot_has_no_limits(world: DiscordWorld) -> None:
    """Bots cannot type commands, so a limit for one is a slip of the finger."""
    robot = world.guild.add_member(world.env.create_user("Robot", bot=True))
    answer = await world.mia.slash(world.channel, "quota set", credits=5, per="day", user=robot)
    assert reply_text(answer) == "Bots have no limits, so please choose a person."
    assert world.rows("SELECT * FROM limits") == []


@pytest.mark.parametrize("credits", [-1, 1_000_001, 2**52])
async def test_a_limit_outside_the_range_is_refused_with_the_range(
    world: DiscordWorld, credits: int
) -> None:
    """A slip of the finger changes nothing."""
    answer = await world.mia.slash(world.channel, "quota set", credits=credits, per="day")
    assert "0 to 1,000,000" in reply_text(answer)
    assert world.rows("SELECT * FROM limits") == []
    assert world.rows("SELECT * FROM audit") == []


async def test_an_admin_cannot_go_above_the_operators_ceiling(build: WorldBuilder) -> None:
    """The operator's SERVER_QUOTA is named in the refusal."""
    async with build.world(server_quota=parse_limits("50/day")) as world:
        answer = await world.mia.slash(world.channel, "quota set", credits=51, per="day")
        assert "50 credits per day" in reply_text(answer)
        assert world.rows("SELECT * FROM limits") == []


async def test_the_operators_ceiling_holds_for_a_server_together(build: WorldBuilder) -> None:
    """Two people share what the operator gives their server."""
    async with build.world(server_quota=parse_limits("2/day")) as world:
        for who in (world.ada, world.ben):
            await world.imagine(who)
            await world.wait_for_jobs()
        refusal = await world.imagine(world.mia)
        assert "the operator's limit for this server" in reply_text(refusal)
        assert world.credits() == 2


async def test_the_operators_total_holds_for_everybody(build: WorldBuilder) -> None:
    """The key is never charged for more than the operator said."""
    async with build.world(total_quota=parse_limits("1/day")) as world:
        await world.imagine(world.ada)
        await world.wait_for_jobs()
        refusal = await world.imagine(world.ben)
        assert "the operator's limit for all servers" in reply_text(refusal)


async def test_a_window_rolls_on(build: WorldBuilder) -> None:
    """What was spent a day ago is free again, to the second."""
    async with build.world(default_quota=parse_limits("1/day")) as world:
        await world.imagine(world.ada)
        await world.wait_for_jobs()
        await world.env.advance_time(24 * 3600 - 60)
        assert (await world.imagine(world.ada)).ephemeral
        await world.env.advance_time(120)
        assert not (await world.imagine(world.ada)).ephemeral
        await world.wait_for_jobs()


async def test_a_role_has_limits_of_its_own(world: DiscordWorld) -> None:
    """Role A 1 a day, role B 3 a day: whoever has both may spend three; others 20 by default."""
    small, large = world.guild.create_role("small"), world.guild.create_role("large")
    both = world.guild.add_member(world.env.create_user("Bo"), roles=[small, large])
    one = world.guild.add_member(world.env.create_user("Ona"), roles=[small])
    await world.mia.slash(world.channel, "quota set", credits=1, per="day", role=small)
    answer = await world.mia.slash(world.channel, "quota set", credits=3, per="day", role=large)
    assert f"<@&{large.id}>" in reply_text(answer)
    await world.imagine(both, n=3)
    await world.imagine(one)
    await world.wait_for_jobs()
    assert "your role's limit" in reply_text(await world.imagine(both))
    assert "your role's limit" in reply_text(await world.imagine(one))
    assert not (await world.imagine(world.ada)).ephemeral
    await world.wait_for_jobs()


async def test_a_limit_is_for_a_person_a_role_or_the_server(world: DiscordWorld) -> None:
    """Two at once could mean two things, so it is refused."""
    patron = world.guild.create_role("patron")
    answer = await world.mia.slash(
        world.channel, "quota set", credits=5, per="day", user=world.ada, role=patron
    )
    assert "choose only one of them" in reply_text(answer)
    answer = await world.mia.slash(
        world.channel, "quota set", credits=5, per="day", user=world.ada, whole_server=True
    )
    assert "choose only one of them" in reply_text(answer)
    assert world.rows("SELECT * FROM limits") == []


async def test_the_role_of_everybody_means_everyone(world: DiscordWorld) -> None:
    """Admins choose @everyone from the list of roles, and mean it."""
    answer = await world.mia.slash(
        world.channel, "quota set", credits=5, per="day", role=world.guild.default_role
    )
    assert reply_text(answer).startswith("Everyone")
    assert world.rows("SELECT subject FROM limits") == [("everyone",)]

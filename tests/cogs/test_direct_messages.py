"""Direct messages and personal installation: off by default, and what they change when allowed."""

from typing import Any

import pytest
import simcord

from bot.quota.limits import parse_limits
from tests.cogs.discord_world import DiscordWorld, WorldBuilder

PERSONAL = {"imagine", "usage", "history", "preferences", "preset", "mydata", "help"}


def definitions(world: DiscordWorld) -> dict[str, dict[str, Any]]:  # JSON
    """Return the commands as Discord was told last."""
    told: list[Any] = [
        request.json
        for request in world.env.http_requests
        if request.method == "PUT" and request.path.endswith("/commands")
    ]
    return {command["name"]: command for command in told[-1]}


def titles(world: DiscordWorld) -> list[str]:
    """Return the first lines of what Ada and the bot wrote to each other."""
    return [str(m.embeds[0].author.name) for m in world.ada.user.dm_channel.history()]


async def test_nothing_works_outside_servers_by_default(world: DiscordWorld) -> None:
    """Discord does not even offer the commands."""
    for name in PERSONAL:
        assert not definitions(world)[name].get("dm_permission")
        assert 1 not in (definitions(world)[name].get("integration_types") or ())
    with pytest.raises(simcord.SetupError):
        await world.ada.user.slash("imagine", prompt="a fox")


@pytest.mark.parametrize(
    ("settings", "contexts", "installs"),
    [
        ({"allow_direct_messages": True}, [0, 1], [0]),
        ({"allow_user_install": True}, [0, 2], [0, 1]),
        ({"allow_direct_messages": True, "allow_user_install": True}, [0, 1, 2], [0, 1]),
    ],
)
async def test_commands_are_offered_where_the_operator_allows_them(
    build: WorldBuilder, settings: dict[str, bool], contexts: list[int], installs: list[int]
) -> None:
    """What a server's admins use stays in servers; a change is told to Discord at once."""
    async with build.world() as world:
        await world.restart(**settings)
        told = definitions(world)
        for name in PERSONAL:
            assert sorted(told[name]["contexts"]) == contexts
            assert sorted(told[name]["integration_types"]) == installs
        assert told["operator"]["contexts"] == [1]
        for name in told.keys() - PERSONAL - {"operator"}:
            assert not told[name].get("dm_permission")
            assert 1 not in (told[name].get("integration_types") or ())
        await world.restart(**dict.fromkeys(settings, False))
        assert not definitions(world)["imagine"].get("dm_permission")


async def test_a_picture_is_painted_directly_on_the_persons_own_account(
    build: WorldBuilder,
) -> None:
    """Server 0 pays: its members' default quota, and SERVER_QUOTA for all of them together."""
    async with build.world(allow_direct_messages=True) as world:
        answer = await world.ada.user.slash("imagine", prompt="a fox")
        await world.wait_for_jobs()
        assert not answer.ephemeral
        (card,) = world.ada.user.dm_channel.history()
        assert len(card.attachments) == 1
        assert card.reactions == []
        assert world.rows("SELECT server_id, private, only_by_token FROM jobs") == [(0, 0, 0)]
        meters = dict(
            world.rows("SELECT subject, credits FROM meters WHERE subject NOT LIKE 'operator%'")
        )
        assert meters == {f"user:0:{world.ada.id}": 1, "server:0": 1, "ceiling:0": 1}
        assert world.total("operator") == 1
        assert world.messages() == []


async def test_a_servers_rules_do_not_hold_there(build: WorldBuilder) -> None:
    """Its admins closed every channel; the person's own account is not theirs to close."""
    async with build.world(allow_direct_messages=True) as world:
        await world.mia.slash(world.channel, "settings models allow", model="gpt-image-2")
        await world.ada.user.slash("imagine", prompt="a fox", model="dall-e-3")
        await world.wait_for_jobs()
        assert world.rows("SELECT state FROM jobs") == [("done",)]


async def test_quotas_hold_there_too(build: WorldBuilder) -> None:
    """Each person has the default, and all together the ceiling of one server."""
    async with build.world(allow_direct_messages=True) as world:
        await world.restart(server_quota=parse_limits("2/day"))
        for _ in range(2):
            await world.ada.user.slash("imagine", prompt="a fox")
        refused = await world.ben.user.slash("imagine", prompt="a fox")
        await world.wait_for_jobs()
        assert refused.ephemeral
        assert world.rows("SELECT COUNT(*) FROM jobs") == [(2,)]


async def test_an_old_card_is_edited_in_the_direct_messages(build: WorldBuilder) -> None:
    """The bot can write there after the token died: no second message but the call."""
    async with build.world(declared=True, allow_direct_messages=True) as world:
        world.gateway.gate.clear()
        await world.ada.user.slash("imagine", prompt="a fox")
        world.skipped_ms = 16 * 60_000
        world.gateway.gate.set()
        await world.wait_for_jobs()
        card, notice = world.ada.user.dm_channel.history()
        assert len(card.attachments) == 1
        assert "is ready" in notice.content


async def test_a_private_request_needs_no_ephemeral_answer_there(build: WorldBuilder) -> None:
    """Nobody else reads, and an ephemeral message would be gone when the app is closed."""
    async with build.world(allow_direct_messages=True) as world:
        answer = await world.ada.user.slash("imagine", prompt="a fox", private=True)
        await world.wait_for_jobs()
        assert not answer.ephemeral
        assert world.rows("SELECT private, only_by_token FROM jobs") == [(1, 0)]


@pytest.mark.parametrize(
    "command", ["usage", "history", "preferences show", "preset list", "mydata export"]
)
async def test_what_is_personal_is_answered_there(build: WorldBuilder, command: str) -> None:
    """Every such command shows something, and it is for nobody else."""
    async with build.world(allow_direct_messages=True) as world:
        await world.ada.user.slash("imagine", prompt="a fox")
        await world.wait_for_jobs()
        answer = await world.ada.user.slash(command)
        assert answer.ephemeral
        assert answer.response is not None or answer.followups


async def test_a_picture_is_posted_again_there(build: WorldBuilder) -> None:
    """*Post again* writes where the person is."""
    async with build.world(allow_direct_messages=True) as world:
        await world.ada.user.slash("imagine", prompt="a fox")
        await world.wait_for_jobs()
        listed = await world.ada.user.slash("history")
        ((job_id,),) = world.rows("SELECT id FROM jobs")
        assert listed.response is not None
        await world.ada.user.select(listed.response, [job_id], custom_id="easel:again")
        pictures = [m.attachments for m in world.ada.user.dm_channel.history() if m.attachments]
        assert len(pictures) == 2


async def test_the_controls_work_there_on_the_account_of_who_presses(build: WorldBuilder) -> None:
    """A re-roll in direct messages is one more of the person's own."""
    async with build.world(allow_direct_messages=True) as world:
        await world.ada.user.slash("imagine", prompt="a fox")
        await world.wait_for_jobs()
        ((job_id,),) = world.rows("SELECT id FROM jobs")
        (card,) = world.ada.user.dm_channel.history()
        await world.ada.user.click(card, custom_id=f"easel:again:{job_id}")
        await world.wait_for_jobs()
        assert len(world.ada.user.dm_channel.history()) == 2
        assert world.rows("SELECT DISTINCT server_id FROM jobs") == [(0,)]
        await world.restart(allow_direct_messages=False)
        answer = await world.ada.user.click(card, custom_id=f"easel:again:{job_id}")
        assert answer.response is not None
        assert "works only in servers" in str(answer.response.content)


async def test_a_list_from_before_is_refused_when_the_operator_closes_that_door(
    build: WorldBuilder,
) -> None:
    """What was sent stays in the messages, and says in one sentence where to go."""
    async with build.world(allow_direct_messages=True) as world:
        await world.ada.user.slash("imagine", prompt="a fox")
        await world.wait_for_jobs()
        listed = await world.ada.user.slash("history")
        ((job_id,),) = world.rows("SELECT id FROM jobs")
        await world.restart(allow_direct_messages=False)
        assert listed.response is not None
        answer = await world.ada.user.select(listed.response, [job_id], custom_id="easel:again")
        assert answer.response is not None
        assert "works only in servers" in str(answer.response.content)


async def test_a_restart_in_the_middle_goes_on_in_the_direct_messages(build: WorldBuilder) -> None:
    """The job keeps the channel's id, as in a server."""
    async with build.world(
        declared=True, max_concurrent_jobs=1, allow_direct_messages=True
    ) as world:
        world.gateway.gate.clear()
        await world.imagine(world.ben)
        await world.ada.user.slash("imagine", prompt="a fox")
        assert "Queued for Ada" in titles(world)[0]
        await world.restart()
        world.gateway.gate.set()
        await world.wait_for_jobs()
        assert "A picture for Ada" in titles(world)[0]

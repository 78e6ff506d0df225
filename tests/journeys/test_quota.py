"""/quota and /usage: limits that admins set and people see."""

import pytest
import simcord

from bot.ledger import parse_limits
from tests.journeys.world import Build, World, said, shown


async def test_an_admin_limits_everyone_and_the_next_request_feels_it(world: World) -> None:
    """The point of /quota."""
    answer = await world.mia.slash(world.gallery, "quota set", credits=1, per="day")
    assert said(answer) == "Everyone may now spend 1 credit per day."
    await world.imagine(world.ada)
    await world.finished()
    refusal = await world.imagine(world.ada)
    assert "everyone's limit here" in said(refusal)
    assert world.credits() == 1


async def test_a_persons_own_limit_decides_alone(world: World) -> None:
    """Everyone 1 a day and Ada 2 a month: Ada has only her two a month."""
    await world.mia.slash(world.gallery, "quota set", credits=1, per="day")
    await world.mia.slash(world.gallery, "quota set", credits=2, per="month", user=world.ada)
    await world.imagine(world.ada, n=2)
    await world.finished()
    refusal = await world.imagine(world.ada)
    assert "your own limit" in said(refusal)
    assert "per month" in said(refusal)


async def test_removing_a_limit_brings_the_default_back(world: World) -> None:
    """An admin can undo everything an admin did."""
    await world.mia.slash(world.gallery, "quota set", credits=0, per="hour")
    refusal = await world.imagine(world.ada)
    assert "Pictures are switched off here" in said(refusal)
    await world.mia.slash(world.gallery, "quota remove")
    await world.imagine(world.ada)
    await world.finished()
    assert world.credits() == 1
    again = await world.mia.slash(world.gallery, "quota remove", per="hour")
    assert "There is no such limit" in said(again)


async def test_show_lists_what_was_set(world: World) -> None:
    """An admin sees at a glance who is limited by what."""
    empty = await world.mia.slash(world.gallery, "quota show")
    assert "has set no limits" in str(shown(empty).description)
    await world.mia.slash(world.gallery, "quota set", credits=5, per="hour")
    await world.mia.slash(world.gallery, "quota set", credits=9, per="week", user=world.ada)
    listed = await world.mia.slash(world.gallery, "quota show")
    lines = str(shown(listed).description).splitlines()
    assert lines == ["Everyone: 5 credits per hour", f"<@{world.ada.id}>: 9 credits per week"]


async def test_a_member_without_the_permission_cannot_set_limits(world: World) -> None:
    """Discord itself keeps others out, so admins can open it in Integrations."""
    with pytest.raises(simcord.SetupError, match="default-member-permissions"):
        await world.ada.slash(world.gallery, "quota set", credits=99, per="day")
    assert world.rows("SELECT * FROM limits") == []


@pytest.mark.parametrize("credits", [-1, 1_000_001, 2**52])
async def test_a_limit_outside_the_range_is_refused_with_the_range(
    world: World, credits: int
) -> None:
    """A slip of the finger changes nothing."""
    answer = await world.mia.slash(world.gallery, "quota set", credits=credits, per="day")
    assert "0 to 1,000,000" in said(answer)
    assert world.rows("SELECT * FROM limits") == []
    assert world.rows("SELECT * FROM audit") == []


async def test_an_admin_cannot_go_above_the_operators_ceiling(build: Build) -> None:
    """The operator's SERVER_QUOTA is named in the refusal."""
    async with build.world(server_quota=parse_limits("50/day")) as world:
        answer = await world.mia.slash(world.gallery, "quota set", credits=51, per="day")
        assert "50 credits per day" in said(answer)
        assert world.rows("SELECT * FROM limits") == []


async def test_the_operators_ceiling_holds_for_a_server_together(build: Build) -> None:
    """Two people share what the operator gives their server."""
    async with build.world(server_quota=parse_limits("2/day")) as world:
        for who in (world.ada, world.ben):
            await world.imagine(who)
            await world.finished()
        refusal = await world.imagine(world.mia)
        assert "the operator's ceiling for this server" in said(refusal)
        assert world.credits() == 2


async def test_the_operators_total_holds_for_everybody(build: Build) -> None:
    """The key is never charged for more than the operator said."""
    async with build.world(total_quota=parse_limits("1/day")) as world:
        await world.imagine(world.ada)
        await world.finished()
        refusal = await world.imagine(world.ben)
        assert "the operator's ceiling for all servers" in said(refusal)


async def test_usage_shows_what_is_used_left_and_when_it_frees(world: World) -> None:
    """A person can plan the evening, and nobody else reads it."""
    await world.imagine(world.ada, n=3)
    await world.finished()
    frees_at = world.now() // 1000 + 24 * 3600
    answer = await world.ada.slash(world.gallery, "usage")
    (field,) = shown(answer).fields
    assert field.name == "The default, per day"
    assert field.value == f"**17 of 20** left · more <t:{frees_at}:R>"


async def test_a_window_rolls_on(build: Build) -> None:
    """What was spent a day ago is free again, to the second."""
    async with build.world(default_quota=parse_limits("1/day")) as world:
        await world.imagine(world.ada)
        await world.finished()
        await world.env.advance_time(24 * 3600 - 60)
        assert (await world.imagine(world.ada)).ephemeral
        await world.env.advance_time(120)
        assert not (await world.imagine(world.ada)).ephemeral
        await world.finished()


async def test_a_role_has_limits_of_its_own(world: World) -> None:
    """Role A 1 a day, role B 3 a day: whoever has both may spend three; others 20 by default."""
    small, large = world.guild.create_role("small"), world.guild.create_role("large")
    both = world.guild.add_member(world.env.create_user("Bo"), roles=[small, large])
    one = world.guild.add_member(world.env.create_user("Ona"), roles=[small])
    await world.mia.slash(world.gallery, "quota set", credits=1, per="day", role=small)
    answer = await world.mia.slash(world.gallery, "quota set", credits=3, per="day", role=large)
    assert f"<@&{large.id}>" in said(answer)
    await world.imagine(both, n=3)
    await world.imagine(one)
    await world.finished()
    assert "your role's limit" in said(await world.imagine(both))
    assert "your role's limit" in said(await world.imagine(one))
    assert not (await world.imagine(world.ada)).ephemeral
    await world.finished()


async def test_usage_says_which_limit_decides_and_why(world: World) -> None:
    """A person understands why their evening ends."""
    keeper = world.guild.create_role("patron")
    bo = world.guild.add_member(world.env.create_user("Bo"), roles=[keeper])

    async def why() -> str:
        return str(shown(await bo.slash(world.gallery, "usage")).description)

    assert "the default of this bot counts for you" in await why()
    await world.mia.slash(world.gallery, "quota set", credits=5, per="day")
    assert "everyone's counts for you" in await why()
    await world.mia.slash(world.gallery, "quota set", credits=6, per="day", role=keeper)
    assert "a request passes when one role has room" in await why()
    await world.mia.slash(world.gallery, "quota set", credits=7, per="day", user=bo)
    assert "for you alone" in await why()


async def test_a_limit_is_for_a_person_or_a_role(world: World) -> None:
    """Both at once could mean two things, so it is refused."""
    keeper = world.guild.create_role("patron")
    answer = await world.mia.slash(
        world.gallery, "quota set", credits=5, per="day", user=world.ada, role=keeper
    )
    assert "choose only one of them" in said(answer)
    assert world.rows("SELECT * FROM limits") == []


async def test_the_role_of_everybody_means_everyone(world: World) -> None:
    """Admins choose @everyone from the list of roles, and mean it."""
    answer = await world.mia.slash(
        world.gallery, "quota set", credits=5, per="day", role=world.guild.default_role
    )
    assert said(answer).startswith("Everyone")
    assert world.rows("SELECT subject FROM limits") == [("everyone",)]

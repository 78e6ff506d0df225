"""Blocks by the operator and the bound on requests per minute, at every door to a picture."""

from collections.abc import Awaitable, Callable

import discord
import pytest
import simcord

from tests.cogs.actions import ephemeral_text, finished_card, press, react, submit_form
from tests.cogs.discord_world import DiscordWorld, WorldBuilder, reply_embed, reply_text
from tests.cogs.history_page import HistoryPage
from tests.cogs.test_direct_messages import definitions
from tests.cogs.test_reports import owner

Door = Callable[[DiscordWorld, discord.Message], Awaitable[str]]
BLOCKED = "The operator of this bot has blocked you from painting (spam)"
TOO_MANY = "This bot takes at most 1 requests a minute from one person"


async def by_command(world: DiscordWorld, _: discord.Message) -> str:
    return reply_text(await world.imagine(world.ada))


async def by_preset(world: DiscordWorld, _: discord.Message) -> str:
    await world.ada.slash(world.channel, "preset save", name="fox", prompt="a fox")
    return reply_text(await world.ada.slash(world.channel, "preset use", name="fox"))


async def by_again(world: DiscordWorld, card: discord.Message) -> str:
    return ephemeral_text(await press(world, world.ada, card, "again"))


async def by_reaction(world: DiscordWorld, card: discord.Message) -> str:
    await react(world, world.ada, card, "🔄")
    said = [each for each in world.env.http_requests if each.method == "POST"]
    return str((said[-1].json or {}).get("content")).partition(" ")[2]


async def by_form(world: DiscordWorld, card: discord.Message) -> str:
    shown = await press(world, world.ada, card, "edit")
    if shown.modal is None:
        return ephemeral_text(shown)
    return ephemeral_text(await submit_form(world, world.ada, shown, prompt="a bear"))


async def by_menu(world: DiscordWorld, card: discord.Message) -> str:
    shown = await world.ada.context_menu(world.channel, "Use as reference", card)
    if shown.modal is None:
        return reply_text(shown)
    return ephemeral_text(await submit_form(world, world.ada, shown, prompt="a bear"))


async def by_history(world: DiscordWorld, _: discord.Message) -> str:
    page = await HistoryPage.open(world, world.ada)
    return ephemeral_text(await page.post_again())


ASKING: tuple[Door, ...] = (by_command, by_preset, by_again, by_reaction, by_form, by_menu)


async def operate(
    world: DiscordWorld, who: simcord.UserHandle, command: str, **options: str
) -> simcord.InteractionResult:
    """Use a command of the operator in direct messages."""
    answer: simcord.InteractionResult = await who.slash(f"operator {command}", **options)
    return answer


@pytest.mark.parametrize("door", [*ASKING, by_history])
async def test_a_blocked_person_is_refused_at_every_door(world: DiscordWorld, door: Door) -> None:
    """Whoever was blocked looks for another way in."""
    olga = owner(world)
    card = await finished_card(world)
    said = await operate(world, olga, "block", person=str(world.ada.id), reason="spam")
    assert f"<@{world.ada.id}> may not paint in any server" in reply_text(said)
    told = await door(world, card)
    reason = "" if door is by_reaction else " (spam)"  # everybody reads the answer to a reaction
    assert told.startswith(BLOCKED.replace(" (spam)", reason))
    assert world.rows("SELECT COUNT(*) FROM jobs") == [(1,)]


@pytest.mark.parametrize("door", ASKING)
async def test_a_person_who_is_too_fast_is_refused_at_every_door(
    build: WorldBuilder, door: Door
) -> None:
    """The bound counts requests, not commands, and says when to go on."""
    async with build.world(max_requests_per_minute=1) as world:
        card = await finished_card(world)
        told = await door(world, card)
        assert told.startswith(f"{TOO_MANY}, so please go on <t:")
        assert world.rows("SELECT COUNT(*) FROM charges") == [(1,)]
        world.skipped_ms += 60_000
        await world.imagine(world.ada)
        await world.wait_for_jobs()
        assert world.rows("SELECT COUNT(*) FROM charges") == [(2,)]


async def test_the_bound_counts_all_servers_together(build: WorldBuilder) -> None:
    """Who is in many servers has one share of the gateway."""
    async with build.world(max_requests_per_minute=1) as world:
        await finished_card(world)
        others = world.env.create_guild("Others")
        ada = others.add_member(world.ada.user)
        answer = await ada.slash(others.create_text_channel("art"), "imagine", prompt="x")
        assert reply_text(answer).startswith(TOO_MANY)
        assert reply_text(await world.imagine(world.ada)).startswith(TOO_MANY)


async def test_the_operator_lists_and_lifts_blocks(world: DiscordWorld) -> None:
    """The other servers' admins decide about their own blocks."""
    olga = owner(world)
    assert reply_text(await operate(world, olga, "blocks")) == "Nobody is blocked."
    await operate(world, olga, "block", person=f"<@{world.ada.id}>", reason="spam *x*")
    listed = reply_text(await operate(world, olga, "blocks"))
    assert listed == f"<@{world.ada.id}> `{world.ada.id}` spam \\*x\\*"
    usage = reply_embed(await world.ada.slash(world.channel, "usage"))
    assert "The operator of this bot blocked you from painting" in str(usage.description)
    await world.mia.slash(world.channel, "quota block", user=world.ada, reason="rude")
    await operate(world, olga, "unblock", person=str(world.ada.id))
    assert reply_text(await world.imagine(world.ada)).startswith("You have been blocked")
    again = await operate(world, olga, "unblock", person=str(world.ada.id))
    assert reply_text(again).startswith("This person is not blocked")
    for typed in ("Ada", str(2**63)):
        wrong = await operate(world, olga, "block", person=typed, reason="spam")
        assert reply_text(wrong).startswith("This is not the id of a person")
    recorded = world.rows("SELECT actor_id, action FROM audit WHERE server_id = -1 ORDER BY id")
    assert recorded == [(olga.id, "blocked"), (olga.id, "unblocked")]


async def test_a_test_server_has_every_command_but_this(world: DiscordWorld) -> None:
    """Discord takes a place for a command of all servers only (application-commands, contexts)."""
    await world.restart(dev_guild_id=world.guild.id)
    told = definitions(world)
    assert "operator" not in told
    assert "imagine" in told


async def test_nobody_else_can(world: DiscordWorld) -> None:
    """Discord shows the command in everybody's messages with the bot; admins are no operators."""
    owner(world)
    for command, options in (
        ("block", {"person": str(world.ben.id), "reason": "x"}),
        ("unblock", {"person": str(world.ben.id)}),
        ("blocks", {}),
    ):
        said = reply_text(await operate(world, world.mia.user, command, **options))
        assert said.startswith("Only the operator of this bot")
    with pytest.raises(simcord.SetupError):
        await world.mia.slash(world.channel, "operator blocks")
    assert world.rows("SELECT COUNT(*) FROM audit") == [(0,)]

"""The select of several pictures and its buttons: who may use them, and what can be wrong."""

from dataclasses import replace

import discord
import pytest

from bot.discord_ui.command_permissions import OVERRIDES_STAY_MS
from tests.cogs.actions import ephemeral_messages, ephemeral_text, newest_job_id
from tests.cogs.discord_world import DiscordWorld, WorldBuilder
from tests.cogs.test_picture_actions import (
    PAINTER,
    act,
    buttons,
    choose,
    labels,
    posted_by_bot,
    press_custom,
    select_id,
    several,
)
from tests.cogs.test_reroll_reaction import imagine_command

UNKNOWN = "01234567-89ab-7cde-8f01-23456789abcd"
ACTIONS = ["vary", "use", "post"]


def forget_pictures(world: DiscordWorld) -> None:
    """Delete the files, as the retention does."""
    for path in (world.folder / "vault").rglob("*.png"):
        path.unlink()


async def test_everything_works_after_a_restart(world: DiscordWorld) -> None:
    """The new process knows only the ids."""
    card = await several(world)
    before = await choose(world, world.ben, card)
    await world.restart()
    assert len(labels(await choose(world, world.ada, card))) == 4
    assert (await act(world, world.ben, before, "use")).modal is not None
    await act(world, world.ben, before, "vary")
    assert world.credits() == 5
    await act(world, world.ben, before, "post")
    assert world.title == "🖼️ Picture 2 of 4 for Ada"


async def test_a_server_can_keep_it_for_who_asked(world: DiscordWorld) -> None:
    """Strangers and moderators hear why, at the select and at each button of before."""
    card = await several(world)
    before = await choose(world, world.ben, card)
    await world.bot.preference_store.change_server(
        world.guild.id, lambda settings: replace(settings, controls="requester")
    )
    assert "who asked" in ephemeral_text(await choose(world, world.mia, card))
    for action in ACTIONS:
        assert "who asked" in ephemeral_text(await act(world, world.ben, before, action))
    assert len(labels(await choose(world, world.ada, card))) == 4
    assert len(world.messages()) == 1
    assert world.credits() == 4


async def test_rules_of_the_server_hold_for_each_button(world: DiscordWorld) -> None:
    """Another channel, a block, and *Integrations*: nothing is painted or posted."""
    card = await several(world)
    chosen = await choose(world, world.ben, card)
    art = world.guild.create_text_channel("art")
    await world.bot.preference_store.change_server(
        world.guild.id, lambda settings: replace(settings, channels=(art.id,))
    )
    for action in ACTIONS:
        assert f"<#{art.id}>" in ephemeral_text(await act(world, world.ben, chosen, action))
    await world.bot.preference_store.change_server(
        world.guild.id, lambda settings: replace(settings, channels=None)
    )
    await world.mia.slash(world.channel, "quota block", user=world.ben, reason="spam")
    for action in ACTIONS:
        assert "spam" in ephemeral_text(await act(world, world.ben, chosen, action))
    world.guild.set_command_permissions(await imagine_command(world), {world.channel: False})
    world.skipped_ms += OVERRIDES_STAY_MS
    chosen = await choose(world, world.ada, card)
    for action in ACTIONS:
        assert "ask an admin" in ephemeral_text(await act(world, world.ada, chosen, action))
    assert len(world.messages()) == 1
    assert world.credits() == 4


async def test_a_picture_that_is_no_longer_kept_is_one_sentence(world: DiscordWorld) -> None:
    """At the select, and at each button of an answer that was open for a month."""
    card = await several(world)
    chosen = await choose(world, world.ben, card)
    forget_pictures(world)
    assert "Picture 3 is no longer kept" in ephemeral_text(await choose(world, world.ada, card, 3))
    for action in ACTIONS:
        refused = await act(world, world.ben, chosen, action)
        assert "Picture 2 is no longer kept" in ephemeral_text(refused)
        assert len(ephemeral_messages(refused)) == 1
    assert world.credits() == 4


@pytest.mark.parametrize("number", [0, 5, 99])
async def test_a_number_that_the_result_never_had_is_one_sentence(
    world: DiscordWorld, number: int
) -> None:
    """Of an id that somebody made up."""
    await several(world)
    job_id = newest_job_id(world)
    for action, cost in (("vary", ":1"), ("use", ""), ("post", "")):
        custom_id = f"easel:one:{action}:{job_id}:{number}{cost}"
        refused = await press_custom(world, world.ben, custom_id)
        assert f"Picture {number} is no longer kept" in ephemeral_text(refused)
    assert world.credits() == 4


@pytest.mark.parametrize("job_id", [UNKNOWN, "x", "1; DROP TABLE jobs", "🦊" * 9])
async def test_an_unknown_job_is_one_sentence(world: DiscordWorld, job_id: str) -> None:
    """A database that was lost, or an id of nobody: a sentence instead of "failed"."""
    for action, cost in (("vary", ":1"), ("use", ""), ("post", "")):
        refused = await press_custom(world, world.ben, f"easel:one:{action}:{job_id}:1{cost}")
        assert "can no longer be found" in ephemeral_text(refused)
    select: discord.ui.Select[discord.ui.View] = discord.ui.Select(
        custom_id=f"easel:picture:{job_id}", options=[discord.SelectOption(label="1", value="x")]
    )
    view = discord.ui.View(timeout=None).add_item(select)
    message = await posted_by_bot(world, view)
    refused = await world.ben.select(message, ["x"], custom_id=f"easel:picture:{job_id}")
    assert "can no longer be found" in ephemeral_text(refused)


async def test_a_value_that_is_no_number_is_one_sentence(world: DiscordWorld) -> None:
    """A select of another version."""
    await several(world)
    custom_id = f"easel:picture:{newest_job_id(world)}"
    select: discord.ui.Select[discord.ui.View] = discord.ui.Select(
        custom_id=custom_id, options=[discord.SelectOption(label="1", value="²")]
    )
    message = await posted_by_bot(world, discord.ui.View(timeout=None).add_item(select))
    refused = await world.ben.select(message, ["²"], custom_id=custom_id)
    assert "is no longer kept" in ephemeral_text(refused)


async def test_a_server_that_was_taken_off_the_list_is_told(world: DiscordWorld) -> None:
    """At the select and at each button."""
    card = await several(world)
    chosen = await choose(world, world.ben, card)
    await world.restart(allowed_servers=(1,))
    assert "not on the operator's list" in ephemeral_text(await choose(world, world.ada, card))
    for action in ACTIONS:
        refused = await act(world, world.ben, chosen, action)
        assert "not on the operator's list" in ephemeral_text(refused)


async def test_a_result_of_another_server_is_posted_by_nobody_else(world: DiscordWorld) -> None:
    """Its pictures stay where they were posted, whatever id somebody has."""
    den = world.guild.create_text_channel("den")
    await world.ada.slash(den, "imagine", prompt="a fox", model=PAINTER, n=2)
    await world.wait_for_jobs()
    refused = await press_custom(world, world.ben, f"easel:one:post:{newest_job_id(world)}:1")
    assert "was deleted here" in ephemeral_text(refused)


async def test_in_direct_messages_it_works_where_they_are_allowed(build: WorldBuilder) -> None:
    """With the person's own account; where they are not, each button says so."""
    async with build.world(allow_direct_messages=True) as world:
        ada = world.ada.user
        await ada.slash("imagine", prompt="a fox", model=PAINTER, n=2)
        await world.wait_for_jobs()
        card = ada.dm_channel.history()[-1]
        answer = await ada.select(card, ["2"], custom_id=select_id(card))
        assert ephemeral_messages(answer)
        (found,) = (each["custom_id"] for each in buttons(answer) if ":post:" in each["custom_id"])
        await ada.click(ephemeral_messages(answer)[0], custom_id=found)
        await world.wait_for_jobs()
        posted = [each for each in ada.dm_channel.history() if len(each.attachments) == 1]
        assert len(posted) >= 1
        await world.restart(allow_direct_messages=False)
        refused = await ada.click(ephemeral_messages(answer)[0], custom_id=found)
        assert "server" in ephemeral_text(refused)

"""❌ deletes a result, 🔄 re-rolls it; a server chooses the emojis."""

from dataclasses import replace

import pytest

from tests.cogs.actions import answer_deletion, finished_card, newest_job_id, press, react
from tests.cogs.discord_world import DiscordWorld, WorldBuilder, reply_text

DELETE = "❌"
REROLL = "🔄"


async def emojis(world: DiscordWorld, *, reroll: str, delete: str) -> None:
    """Let the admins choose other emojis."""
    await world.bot.preference_store.change_server(
        world.guild.id, lambda settings: replace(settings, reroll=reroll, delete=delete)
    )


async def test_the_requester_deletes_by_a_reaction(world: DiscordWorld) -> None:
    """Every message of the result goes; the pictures stay in the history."""
    card = await finished_card(world)
    history = await world.ada.slash(world.channel, "history")
    assert history.response is not None
    await world.ada.select(history.response, [newest_job_id(world)], custom_id="easel:again")
    await react(world, world.ada, card, DELETE)
    assert world.messages() == []
    assert world.rows("SELECT COUNT(*) FROM pictures") == [(1,)]


@pytest.mark.parametrize("who", ["ben", "mia"])
async def test_anybody_elses_is_an_opinion(world: DiscordWorld, who: str) -> None:
    """Moderators have Discord's own menu, and the button."""
    card = await finished_card(world)
    await react(world, getattr(world, who), card, DELETE)
    assert [message.id for message in world.messages()] == [card.id]


async def test_it_works_after_a_restart(world: DiscordWorld) -> None:
    """The message is in no cache."""
    card = await finished_card(world)
    await world.restart()
    await react(world, world.ada, card, DELETE)
    assert world.messages() == []


async def test_a_card_that_still_paints_stays(build: WorldBuilder) -> None:
    """There is a button to stop waiting."""
    async with build.world(declared=True) as world:
        world.gateway.gate.clear()
        await world.imagine(world.ada)
        await world.ada.react(world.card, DELETE)
        await world.env.settle()
        world.gateway.gate.set()
        await world.wait_for_jobs()
        assert len(world.card.attachments) == 1


async def test_other_messages_stay(world: DiscordWorld) -> None:
    """Ada's own words are not ours to delete."""
    chat = await world.ada.send(world.channel, "no!")
    await react(world, world.ada, chat, DELETE)
    assert len(world.messages()) == 1


async def test_a_server_chooses_its_emojis(world: DiscordWorld) -> None:
    """The bot puts the server's own emoji under a result; the usual ones mean nothing there."""
    await emojis(world, reroll="🎲", delete="🧹")
    card = await finished_card(world)
    assert [str(reaction.emoji) for reaction in card.reactions] == ["🎲"]
    await react(world, world.ben, card, REROLL)
    await react(world, world.ada, card, DELETE)
    assert len(world.gateway.bodies) == 1
    await react(world, world.ben, card, "🎲")
    assert len(world.gateway.bodies) == 2
    assert world.rows("SELECT COUNT(*) FROM jobs WHERE parent IS NOT NULL") == [(1,)]
    await react(world, world.ada, card, "🧹")
    await answer_deletion(world, world.ada, world.card)  # Ben has reacted
    assert card.id not in [message.id for message in world.messages()]


async def test_a_server_can_keep_re_rolls_for_who_asked(world: DiscordWorld) -> None:
    """Another person's reaction is removed with a sentence; nothing is painted."""
    card = await finished_card(world)
    await world.bot.preference_store.change_server(
        world.guild.id, lambda settings: replace(settings, controls="requester")
    )
    await react(world, world.ben, card, REROLL)
    assert "who asked" in world.messages()[-1].content
    assert len(world.gateway.bodies) == 1
    await react(world, world.ada, card, REROLL)
    assert len(world.gateway.bodies) == 2


async def test_why_somebody_is_blocked_is_not_told_to_the_channel(world: DiscordWorld) -> None:
    """An admin wrote it for one reader; a reaction can only be answered where all read."""
    card = await finished_card(world)
    await world.mia.slash(world.channel, "quota block", user=world.ben, reason="was rude to Ada")
    assert "(was rude to Ada)" in reply_text(await world.imagine(world.ben))
    await react(world, world.ben, card, REROLL)
    assert "You have been blocked from painting in this server, so" in world.messages()[-1].content


async def test_a_deleted_result_is_forgotten(world: DiscordWorld) -> None:
    """Its other controls and reactions do nothing any more, wherever they were."""
    card = await finished_card(world)
    await press(world, world.ada, card, "delete")
    assert world.rows("SELECT COUNT(*) FROM messages") == [(0,)]

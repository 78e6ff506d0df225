"""The delete button under a result: who may press it, and what it leaves."""

import discord

from tests.cogs.actions import (
    custom_ids,
    delete_after_question,
    ephemeral_messages,
    ephemeral_text,
    finished_card,
    newest_job_id,
    press,
)
from tests.cogs.discord_world import DiscordWorld


async def test_the_requester_deletes_all_messages_and_keeps_the_pictures(
    world: DiscordWorld,
) -> None:
    """Deleted means gone for others: the history still has it for who paid."""
    card = await finished_card(world)
    history = await world.ada.slash(world.channel, "history")
    assert history.response is not None
    await world.ada.select(history.response, [newest_job_id(world)], custom_id="easel:again")
    assert len(world.messages()) == 2
    answer = await press(world, world.ada, card, "delete")
    assert world.messages() == []
    assert ephemeral_messages(answer) == []
    assert world.rows("SELECT state FROM jobs") == [("done",)]
    assert world.rows("SELECT COUNT(*) FROM pictures") == [(1,)]
    assert world.rows("SELECT COUNT(*) FROM messages") == [(0,)]


async def test_a_stranger_deletes_nothing(world: DiscordWorld) -> None:
    """They hear whom to ask."""
    card = await finished_card(world)
    assert "Only the person who asked" in ephemeral_text(
        await press(world, world.ben, card, "delete")
    )
    assert len(world.messages()) == 1


async def test_a_moderator_deletes_what_is_in_their_channel(world: DiscordWorld) -> None:
    """What its requester posted elsewhere is not theirs to take down."""
    card = await finished_card(world)
    den = world.guild.create_text_channel("den")
    history = await world.ada.slash(den, "history")
    assert history.response is not None
    await world.ada.select(history.response, [newest_job_id(world)], custom_id="easel:again")
    await delete_after_question(world, world.mia, card)
    assert world.messages() == []
    assert len(list(den.history())) == 1
    assert custom_ids(next(iter(den.history()))) == custom_ids(card)


async def test_a_message_that_went_meanwhile_is_no_obstacle(world: DiscordWorld) -> None:
    """Somebody was faster with one of two messages."""
    card = await finished_card(world)
    history = await world.ada.slash(world.channel, "history")
    assert history.response is not None
    await world.ada.select(history.response, [newest_job_id(world)], custom_id="easel:again")
    again = world.card
    await world.mia.delete(card)
    answer = await press(world, world.ada, again, "delete")
    assert world.messages() == []
    assert ephemeral_messages(answer) == []


async def test_what_cannot_be_deleted_is_counted(world: DiscordWorld) -> None:
    """The person hears that something is left."""
    card = await finished_card(world)
    history = await world.ada.slash(world.channel, "history")
    assert history.response is not None
    await world.ada.select(history.response, [newest_job_id(world)], custom_id="easel:again")
    world.env.inject_error("DELETE", "/channels/*/messages/*", status=403, code=50001, times=2)
    answer = await press(world, world.ada, card, "delete")
    assert "One message could not be deleted" in ephemeral_text(answer)
    assert len(world.messages()) == 1
    assert world.rows("SELECT message_id FROM messages") == [(world.card.id,)]


async def test_a_result_goes_also_where_the_bot_may_not_see_the_channel(
    world: DiscordWorld,
) -> None:
    """Commands are answered there, so what they brought can be taken down there."""
    card = await finished_card(world)
    channel = world.bot.client.get_channel(world.channel.id)
    assert isinstance(channel, discord.TextChannel)
    await channel.set_permissions(channel.guild.me, view_channel=False)
    answer = await press(world, world.ada, card, "delete")
    assert ephemeral_messages(answer) == []
    assert world.messages() == []

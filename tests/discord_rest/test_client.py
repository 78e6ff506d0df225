"""What the client says when a command failed, against the loopback Discord."""

import asyncio
from pathlib import Path

import discord

from bot.app import open_bot
from bot.core.clock import Clock
from bot.core.errors.jobs import Interrupted, ShuttingDown
from bot.core.models import JobState
from playground.settings import painter_settings
from tests.discord_rest.delivery import Delivery
from tests.discord_rest.events import ADA, CHANNEL, command, reaction
from tests.discord_rest.fake import APPLICATION_ID, TOKEN, fake_discord
from tests.discord_rest.test_placing import drop_the_answer


async def test_no_login_waits_until_old_cards_are_told(delivery: Delivery) -> None:
    """Discord edits slowly, and three hundred cards of yesterday would keep people waiting."""
    async with delivery.process():
        card = delivery.card.message_id
        await delivery.database.write(
            delivery.repository.ended, delivery.job.id, JobState.CANCELLED, Interrupted()
        )
    settings = painter_settings("http://127.0.0.1:9/v1", delivery.folder)
    path = f"/webhooks/{APPLICATION_ID}/a-token/messages/{card}"
    delivery.fake.silent.add(path)
    clock = Clock(now=lambda: delivery.fake.now_ms)
    async with open_bot(settings, clock) as bot, bot.client as client:
        await asyncio.wait_for(client.login(TOKEN), 10)
        while path not in delivery.fake.asked:
            delivery.fake.heard.clear()
            await asyncio.wait_for(delivery.fake.heard.wait(), 10)
    assert not delivery.shown[0].embeds


async def test_a_refusal_whose_line_breaks_is_only_logged(tmp_path: Path) -> None:
    """Whoever handles an error must not raise another one: nobody would hear of either."""
    settings = painter_settings("http://127.0.0.1:9/v1", tmp_path)
    async with fake_discord() as fake, open_bot(settings, Clock()) as bot, bot.client as client:
        await client.login(TOKEN)
        fake.then = drop_the_answer
        typed = command(9, fake.interactions.ask(CHANNEL, 9), "imagine")
        interaction = discord.Interaction(data=typed, state=client._connection)  # type: ignore[arg-type]  # JSON
        await client.answer_error(interaction, ShuttingDown())
    (said,) = fake.messages.all.values()
    assert "about to restart" in said.content


async def test_reactions_to_messages_of_others_reach_no_listener(tmp_path: Path) -> None:
    """Nearly all are: in large servers a task for each would be most of what the bot does."""
    settings = painter_settings("http://127.0.0.1:9/v1", tmp_path)
    async with fake_discord(), open_bot(settings, Clock()) as bot, bot.client as client:
        await client.login(TOKEN)
        heard = asyncio.Queue[int]()

        async def hear(event: discord.RawReactionActionEvent) -> None:
            heard.put_nowait(event.message_id)

        client.add_listener(hear, "on_raw_reaction_add")
        for message_id, author_id in ((1, ADA), (2, APPLICATION_ID), (3, None)):
            event = reaction(client, message_id)
            event.message_author_id = author_id
            client.dispatch("raw_reaction_add", event)
        assert [await asyncio.wait_for(heard.get(), 10) for _ in range(2)] == [2, 3]

"""Places a job's card: as the answer to a command, or as a reply to a message."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import discord
import structlog
from discord.ui import View

from bot.core.clock import Clock
from bot.core.errors.jobs import CardNotPlaced
from bot.core.models import AnnouncedCard, CardAddress, Job
from bot.discord_ui.calling import Calls
from bot.discord_ui.job_embeds import Cards
from bot.discord_ui.message_attachments import Packer
from bot.discord_ui.message_outbox import CARD, Letter, Lost, Outbox
from bot.discord_ui.notes import Notes
from bot.discord_ui.places import Place, place_of
from bot.discord_ui.seeking import by_token
from bot.discord_ui.trimmings import Trimmings
from bot.discord_ui.ways import surely_refused

log: structlog.stdlib.BoundLogger = structlog.get_logger()

Post = Callable[[Job, discord.Embed, View], Awaitable[CardAddress]]


@dataclass(frozen=True, slots=True)
class Placer:
    """What every courier of a bot needs."""

    client: discord.Client
    cards: Cards
    notes: Notes
    outbox: Outbox
    packer: Packer
    trimmings: Trimmings
    clock: Clock
    calls: Calls


async def answer(
    desk: Placer, interaction: discord.Interaction, job: Job, embed: discord.Embed, view: View
) -> CardAddress:
    """Answer a command: there is no nonce, but the token tells what became of it."""
    place = place_of(interaction)
    # In their direct messages nobody else reads, and an ephemeral answer would not stay.
    ephemeral = job.private and place is not Place.DIRECT
    card = AnnouncedCard(
        channel_id=interaction.channel_id or 0,
        application_id=interaction.application_id,
        token=interaction.token,
        max_file_bytes=interaction.filesize_limit,
        only_by_token=ephemeral or place is Place.ELSEWHERE,
    )
    await desk.outbox.announce(job, card)
    try:
        answered = await interaction.response.send_message(
            embed=embed, view=view, ephemeral=ephemeral
        )
        message_id = answered.message_id
        if answered.is_ephemeral():  # Discord may want it so (topics/permissions)
            card = replace(card, only_by_token=True)
    except Lost as lost:
        log.info("card.answer_lost", job=job.id, error=repr(lost))
        message_id = await by_token(desk.client, card)
    if message_id is None:
        await desk.outbox.take_back(job)
        raise CardNotPlaced
    return card.placed(message_id)


async def reply(
    outbox: Outbox,
    message: discord.PartialMessage,
    max_file_bytes: int,
    job: Job,
    embed: discord.Embed,
    view: View,
) -> CardAddress:
    """Answer a message with a new one."""
    channel = message.channel
    assert isinstance(channel, discord.PartialMessageable)  # noqa: S101 - how the door made it
    letter = Letter(
        embeds=[embed], answers=message.to_reference(fail_if_not_exists=False), view=view
    )
    card = AnnouncedCard(channel.id, max_file_bytes=max_file_bytes)
    await outbox.announce(job, card)
    try:
        return card.placed((await outbox.post(job, CARD, channel, letter)).message_id)
    except discord.HTTPException as refused:
        if surely_refused(refused):
            await outbox.take_back(job)
        raise


async def refuse(job: Job, embed: discord.Embed, view: View) -> CardAddress:  # noqa: ARG001
    """Place nothing: an earlier process has placed the card, or nobody did."""
    raise CardNotPlaced

"""Posts the pictures of a job once more, for the person who looks back at it."""

from collections.abc import Sequence
from dataclasses import replace
from enum import Enum, auto
from functools import partial
from pathlib import Path

import discord
import structlog

from bot.core.errors.jobs import NotPosted
from bot.core.models import Job, Picture
from bot.discord_ui.caller import CallerPlace, place_of_caller
from bot.discord_ui.job_embeds import JobEmbeds
from bot.discord_ui.message_attachments import (
    AttachmentGroup,
    AttachmentPacker,
    ResultExtras,
    picture_message,
)
from bot.discord_ui.message_outbox import (
    DISCORD_ERRORS,
    FIRST_RESULT,
    FOLLOW_UP_FILES,
    MessageOutbox,
    OutgoingMessage,
    first_accepted,
    repost_nonce,
)
from bot.images.conversion import max_bytes_each

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class RepostAudience(Enum):
    """Who sees what was posted again."""

    BY_ALL = auto()
    BY_ONE = auto()


class Reposter:
    """Posts in the channel; what is private, or where the bot may not write, to one alone."""

    def __init__(
        self,
        client: discord.Client,
        cards: JobEmbeds,
        outbox: MessageOutbox,
        packer: AttachmentPacker,
        trimmings: ResultExtras,
    ) -> None:
        self._client = client
        self._cards = cards
        self._outbox = outbox
        self._packer = packer
        self._trimmings = trimmings

    async def post(
        self,
        interaction: discord.Interaction,
        job: Job,
        pictures: Sequence[Picture],
        folder: Path,
    ) -> RepostAudience:
        """Post a job's pictures once more, where the interaction is; ``folder`` is for copies.

        The interaction must have been answered before.

        Raises:
            NotPosted: the bot cannot post here, not even to the person alone.
        """
        try:
            parcels = await self._packer.pack(
                pictures, max_file_bytes=_max_file_bytes(interaction), folder=folder
            )
            place = place_of_caller(interaction)
            # In their direct messages nobody else reads, and an ephemeral answer would not stay.
            alone = place is CallerPlace.ELSEWHERE or (
                job.private and place is not CallerPlace.DIRECT
            )
            seen = RepostAudience.BY_ONE if alone else RepostAudience.BY_ALL
            for index, parcel in enumerate(parcels):
                letter = self._letter(job, parcel, of=len(pictures))
                if index == 0:
                    letter = replace(letter, view=self._trimmings.controls(job))
                in_channel = partial(self._in_channel, interaction, job, index, letter)
                to_one = partial(_post_to_one, interaction, letter)
                # Once the channel refused, the rest stays together.
                ways = (in_channel, to_one) if seen is RepostAudience.BY_ALL else (to_one,)
                seen = await first_accepted(*ways)
        except DISCORD_ERRORS as lost:
            log.info("history.not_posted", job=job.id, error=repr(lost))
            raise NotPosted from lost
        return seen

    def _letter(self, job: Job, parcel: AttachmentGroup, *, of: int) -> OutgoingMessage:
        embeds = self._cards.again(job, [shown.file(job) for shown in parcel])
        return picture_message(self._cards, job, parcel, embeds, of=of)

    async def _in_channel(
        self, interaction: discord.Interaction, job: Job, index: int, letter: OutgoingMessage
    ) -> RepostAudience:
        channel = self._client.get_partial_messageable(interaction.channel_id or 0)
        nonce = repost_nonce(interaction.id, index)
        await self._outbox.post(job, FIRST_RESULT + index, channel, letter, nonce=nonce)
        return RepostAudience.BY_ALL


def _max_file_bytes(interaction: discord.Interaction) -> int:
    files = FOLLOW_UP_FILES if place_of_caller(interaction) is CallerPlace.ELSEWHERE else 1
    return max_bytes_each(interaction.filesize_limit, files)


async def _post_to_one(interaction: discord.Interaction, letter: OutgoingMessage) -> RepostAudience:
    """Answer the interaction: a follow-up needs no permission, and knows no nonce."""
    view = letter.view or discord.utils.MISSING
    await interaction.followup.send(
        embeds=letter.embeds, files=letter.files(), view=view, ephemeral=True
    )
    return RepostAudience.BY_ONE

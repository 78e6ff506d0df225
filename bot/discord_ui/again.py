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
from bot.discord_ui.cards import Cards
from bot.discord_ui.letters import picture_letter
from bot.discord_ui.outbox import FIRST_PARCEL, Letter, Lost, Outbox, again
from bot.discord_ui.packing import Packer, Parcel
from bot.discord_ui.places import Place, place_of
from bot.discord_ui.trimmings import Trimmings
from bot.discord_ui.ways import first_that_works
from bot.discord_ui.whisper import LEAST_FILES
from bot.images.conversion import max_bytes_each

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class Seen(Enum):
    """Who sees what was posted again."""

    BY_ALL = auto()
    BY_ONE = auto()


class Again:
    """Posts in the channel; what is private, or where the bot may not write, to one alone."""

    def __init__(
        self,
        client: discord.Client,
        cards: Cards,
        outbox: Outbox,
        packer: Packer,
        trimmings: Trimmings,
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
    ) -> Seen:
        """Post a job's pictures once more, where the interaction is; ``folder`` is for copies.

        The interaction must have been answered before.

        Raises:
            NotPosted: the bot cannot post here, not even to the person alone.
        """
        try:
            parcels = await self._packer.pack(
                pictures, max_file_bytes=_most(interaction), folder=folder
            )
            place = place_of(interaction)
            # In their direct messages nobody else reads, and an ephemeral answer would not stay.
            alone = place is Place.ELSEWHERE or (job.private and place is not Place.DIRECT)
            seen = Seen.BY_ONE if alone else Seen.BY_ALL
            for index, parcel in enumerate(parcels):
                letter = self._letter(job, parcel, of=len(pictures))
                if index == 0:
                    letter = replace(letter, view=self._trimmings.controls(job))
                in_channel = partial(self._in_channel, interaction, job, index, letter)
                to_one = partial(_to_one, interaction, letter)
                # Once the channel refused, the rest stays together.
                ways = (in_channel, to_one) if seen is Seen.BY_ALL else (to_one,)
                seen = await first_that_works(*ways)
        except Lost as lost:
            log.info("history.not_posted", job=job.id, error=repr(lost))
            raise NotPosted from lost
        return seen

    def _letter(self, job: Job, parcel: Parcel, *, of: int) -> Letter:
        embeds = self._cards.again(job, [shown.file(job) for shown in parcel])
        return picture_letter(self._cards, job, parcel, embeds, of=of)

    async def _in_channel(
        self, interaction: discord.Interaction, job: Job, index: int, letter: Letter
    ) -> Seen:
        channel = self._client.get_partial_messageable(interaction.channel_id or 0)
        nonce = again(interaction.id, index)
        await self._outbox.post(job, FIRST_PARCEL + index, channel, letter, nonce=nonce)
        return Seen.BY_ALL


def _most(interaction: discord.Interaction) -> int:
    files = LEAST_FILES if place_of(interaction) is Place.ELSEWHERE else 1
    return max_bytes_each(interaction.filesize_limit, files)


async def _to_one(interaction: discord.Interaction, letter: Letter) -> Seen:
    """Answer the interaction: a follow-up needs no permission, and knows no nonce."""
    view = letter.view or discord.utils.MISSING
    await interaction.followup.send(
        embeds=letter.embeds, files=letter.files(), view=view, ephemeral=True
    )
    return Seen.BY_ONE

"""Fits pictures to what one attachment may have, and packs them into messages."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.core.models import Job, Picture
from bot.discord_ui.cards import PostedFile
from bot.images.conversion import fit_to_limit, max_bytes_each

# https://docs.discord.com/developers/resources/message: ten attachments in a message.
MOST_FILES = 10


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture as it is posted: the ``number``-th of its job, counted from 1."""

    number: int
    original: Picture
    picture: Picture

    def file(self, job: Job) -> PostedFile:
        """Return its name, which tells it from every other job's picture."""
        name = f"easel-{job.id[-8:]}-{self.number}.{self.picture.format}"
        return PostedFile(name, shrunk=self.picture is not self.original)


Parcel = tuple[Shown, ...]
"""The pictures of one message."""


class Packer:
    """Fits one picture at a time, for decoded pictures are large."""

    def __init__(self) -> None:
        self._fitting = asyncio.Lock()

    async def pack(
        self, pictures: Sequence[Picture], *, max_file_bytes: int, folder: Path
    ) -> list[Parcel]:
        """Fit each picture alone, then fill as few messages as they need, in order.

        It raises EaselError when a picture cannot be made small enough.
        """
        most = max_bytes_each(max_file_bytes, 1)
        shown = [
            await self._fitted(Shown(number, picture, picture), most, folder)
            for number, picture in enumerate(pictures, 1)
        ]
        return split(shown)

    async def shrink(self, parcel: Parcel, folder: Path) -> Parcel:
        """Make the largest pictures half as large, and every other one no larger than that.

        It raises EaselError when that cannot be done.
        """
        most = max(shown.picture.bytes for shown in parcel) // 2
        return tuple([await self._fitted(shown, most, folder) for shown in parcel])

    async def squeeze(
        self, parcels: Sequence[Parcel], *, max_file_bytes: int, folder: Path
    ) -> Parcel:
        """Fit everything into one message, for a channel where nothing else can be posted."""
        everything = [shown for parcel in parcels for shown in parcel]
        most = max_bytes_each(max_file_bytes, len(everything))
        return tuple([await self._fitted(shown, most, folder) for shown in everything])

    async def _fitted(self, shown: Shown, most: int, folder: Path) -> Shown:
        if shown.picture.bytes <= most:
            return shown
        async with self._fitting:
            fitted = await asyncio.to_thread(
                fit_to_limit, shown.original, max_bytes=most, folder=folder
            )
        return Shown(shown.number, shown.original, fitted)


def split(shown: Sequence[Shown]) -> list[Parcel]:
    """Fill each message to its limits: ten files, and the largest request."""
    parcels: list[Parcel] = []
    for each in shown:
        last = parcels[-1] if parcels else ()
        # share() of one file without a limit of its own is what a whole request may carry.
        total = each.picture.bytes + sum(other.picture.bytes for other in last)
        if last and len(last) < MOST_FILES and total <= max_bytes_each(total, 1):
            parcels[-1] = (*last, each)
        else:
            parcels.append((each,))
    return parcels

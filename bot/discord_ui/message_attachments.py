"""Fits pictures to what one attachment may have, and packs them into messages."""

import asyncio
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import discord
import structlog
from discord.ui import View

from bot.core.i18n.texts import Texts
from bot.core.models import Job, JobState, Picture
from bot.discord_ui.buttons import result_buttons, retry_buttons
from bot.discord_ui.job_embeds import JobEmbeds, PostedFile
from bot.discord_ui.message_outbox import MOST_FILES, OutgoingMessage
from bot.images.contact_sheet import draw_contact_sheet
from bot.images.content_store import ContentStore
from bot.images.conversion import fit_to_limit, max_bytes_each
from bot.jobs.courier import JobFailure

log: structlog.stdlib.BoundLogger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class PostedPicture:
    """A picture as it is posted: the ``number``-th of its job, counted from 1."""

    number: int
    original: Picture
    picture: Picture

    def file(self, job: Job) -> PostedFile:
        """Return its name, which tells it from every other job's picture."""
        name = f"easel-{job.id[-8:]}-{self.number}.{self.picture.format}"
        return PostedFile(name, shrunk=self.picture is not self.original)


AttachmentGroup = tuple[PostedPicture, ...]
"""The pictures of one message."""


@dataclass(frozen=True, slots=True)
class ReferenceThumbnail:
    """A job's references in one small picture, as a file of its message."""

    name: str
    words: str
    data: bytes = field(repr=False)

    @property
    def url(self) -> str:
        """Return how an embed of the same message refers to it."""
        return f"attachment://{self.name}"

    def file(self) -> discord.File:
        """Return it to be sent, as often as that is tried."""
        return discord.File(io.BytesIO(self.data), filename=self.name, description=self.words)


class AttachmentPacker:
    """Fits one picture at a time, for decoded pictures are large."""

    def __init__(self) -> None:
        self._fitting = asyncio.Lock()

    async def pack(
        self, pictures: Sequence[Picture], *, max_file_bytes: int, folder: Path
    ) -> list[AttachmentGroup]:
        """Fit each picture alone, then fill as few messages as they need, in order.

        It raises EaselError when a picture cannot be made small enough.
        """
        most = max_bytes_each(max_file_bytes, 1)
        shown = [
            await self._fitted(PostedPicture(number, picture, picture), most, folder)
            for number, picture in enumerate(pictures, 1)
        ]
        return split_into_messages(shown)

    async def shrink(self, parcel: AttachmentGroup, folder: Path) -> AttachmentGroup:
        """Make the largest pictures half as large, and every other one no larger than that.

        It raises EaselError when that cannot be done.
        """
        most = max(shown.picture.bytes for shown in parcel) // 2
        return tuple([await self._fitted(shown, most, folder) for shown in parcel])

    async def squeeze(
        self, parcels: Sequence[AttachmentGroup], *, max_file_bytes: int, folder: Path
    ) -> AttachmentGroup:
        """Fit everything into one message, for a channel where nothing else can be posted."""
        everything = [shown for parcel in parcels for shown in parcel]
        most = max_bytes_each(max_file_bytes, len(everything))
        return tuple([await self._fitted(shown, most, folder) for shown in everything])

    async def _fitted(self, shown: PostedPicture, most: int, folder: Path) -> PostedPicture:
        if shown.picture.bytes <= most:
            return shown
        async with self._fitting:
            fitted = await asyncio.to_thread(
                fit_to_limit, shown.original, max_bytes=most, folder=folder
            )
        return PostedPicture(shown.number, shown.original, fitted)


def split_into_messages(shown: Sequence[PostedPicture]) -> list[AttachmentGroup]:
    """Fill each message to its limits: ten files, and the largest request."""
    parcels: list[AttachmentGroup] = []
    for each in shown:
        last = parcels[-1] if parcels else ()
        # max_bytes_each() of one file without a limit of its own is what a whole request may carry.
        total = each.picture.bytes + sum(other.picture.bytes for other in last)
        if last and len(last) < MOST_FILES and total <= max_bytes_each(total, 1):
            parcels[-1] = (*last, each)
        else:
            parcels.append((each,))
    return parcels


def picture_message(
    cards: JobEmbeds, job: Job, parcel: AttachmentGroup, embeds: Sequence[discord.Embed], *, of: int
) -> OutgoingMessage:
    """Return a message that shows one parcel of a job with ``of`` pictures."""
    return OutgoingMessage(
        embeds=embeds,
        files=partial(_files, cards, job, parcel, of),
        file_names=[shown.file(job).name for shown in parcel],
    )


def original_messages(
    cards: JobEmbeds, job: Job, pictures: Sequence[Picture], *, max_file_bytes: int
) -> list[OutgoingMessage]:
    """Return messages with the files themselves; those that are too large are left out."""
    shown = [PostedPicture(number, picture, picture) for number, picture in enumerate(pictures, 1)]
    fitting = [each for each in shown if each.picture.bytes <= max_bytes_each(max_file_bytes, 1)]
    of = len(pictures)
    return [
        picture_message(cards, job, parcel, (), of=of) for parcel in split_into_messages(fitting)
    ]


def with_thumbnail(
    letter: OutgoingMessage, thumbnail: ReferenceThumbnail | None
) -> OutgoingMessage:
    """Return the message with its job's references in small, where one more file has room."""
    if thumbnail is None or len(letter.file_names) == MOST_FILES:
        return letter
    letter.embeds[0].set_thumbnail(url=thumbnail.url)
    return replace(
        letter,
        files=lambda: [*letter.files(), thumbnail.file()],
        file_names=[*letter.file_names, thumbnail.name],
    )


def _files(cards: JobEmbeds, job: Job, parcel: AttachmentGroup, of: int) -> list[discord.File]:
    return [
        discord.File(
            shown.picture.path,
            filename=shown.file(job).name,
            description=cards.alt_text(job, shown.picture, shown.number, of),
        )
        for shown in parcel
    ]


class ResultExtras:
    """Makes them in the language of each job's card; ``reroll_of`` knows a server's emoji."""

    def __init__(
        self, texts: Texts, content_store: ContentStore, reroll_of: Callable[[int], str]
    ) -> None:
        self._texts = texts
        self._content_store = content_store
        self._reroll_of = reroll_of
        self._drawing = asyncio.Lock()

    def controls(self, job: Job) -> View:
        """Return the rows under a result."""
        return result_buttons(self._texts, job.id, job.locale)

    def retry(self, job: Job, ending: JobFailure) -> View | None:
        """Return the row under a card without pictures, None where somebody wanted none."""
        if ending.state is JobState.CANCELLED:
            return None
        return retry_buttons(self._texts, job.id, job.locale)

    def reroll(self, job: Job) -> str:
        """Return the emoji that asks for another one."""
        return self._reroll_of(job.requester.server_id)

    async def thumbnail(self, job: Job) -> ReferenceThumbnail | None:
        """Return what the job started from, None where there is nothing to show."""
        references = job.request.references
        if not references:
            return None
        paths = [self._content_store.path(reference) for reference in references]
        try:
            async with self._drawing:
                data = await asyncio.to_thread(draw_contact_sheet, paths)
        except (OSError, ValueError) as gone:
            # A result without its thumbnail is still a result.
            log.info("result.no_thumbnail", job=job.id, error=repr(gone))
            return None
        words = self._texts.say("card-references", job.locale, count=len(references))
        return ReferenceThumbnail(f"easel-{job.id[-8:]}-references.webp", words, data)

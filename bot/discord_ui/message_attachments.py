"""Files of messages: fit pictures to Discord's limits, and split them into messages."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import discord
import structlog

from bot.core.i18n.texts import Texts
from bot.core.models import Job, Picture
from bot.discord_ui.job_embeds import JobEmbeds, PostedFile
from bot.discord_ui.message_outbox import MOST_FILES, OutgoingMessage
from bot.discord_ui.picture_names import picture_name
from bot.discord_ui.uploads import SPOILER_PREFIX
from bot.images.contact_sheet import draw_contact_sheet
from bot.images.content_store import ContentStore
from bot.images.conversion import fit_to_limit, max_bytes_each
from bot.images.decoding import in_pixel_thread

log: structlog.stdlib.BoundLogger = structlog.get_logger()

# Pictures that share one message, at least, where only follow-ups reach: ten pictures come in five
# messages, and the job's own is one of them. Discord takes five follow-ups where the bot is not
# (receiving-and-responding).
FOLLOW_UP_FILES = 2


@dataclass(frozen=True, slots=True)
class PostedPicture:
    """A picture as it is posted: the ``number``-th of its job, counted from 1."""

    number: int
    original: Picture
    picture: Picture

    def file(self, job: Job) -> PostedFile:
        """Return its name, which no other job's picture has; Discord hides a spoiler by it."""
        name = picture_name(job.id, self.number, self.picture.format)
        if job.spoiler:
            name = f"{SPOILER_PREFIX}{name}"
        return PostedFile(name, shrunk=self.picture is not self.original)


AttachmentGroup = tuple[PostedPicture, ...]
"""The pictures of one message."""


class AttachmentPacker:
    """Fits pictures to limits; one that cannot be fitted is left out, unless none can."""

    async def pack(
        self,
        pictures: Sequence[Picture],
        *,
        max_file_bytes: int,
        folder: Path,
        numbers: Sequence[int] | None = None,
    ) -> list[AttachmentGroup]:
        """Fit each picture to the limit, then fill as few messages as they need, in order.

        ``numbers`` are those of the pictures in their job, by default from 1. What cannot be
        fitted is left out, here and below; if nothing remains it raises why.
        """
        posted = [
            PostedPicture(number, picture, picture)
            for number, picture in zip(
                numbers or range(1, len(pictures) + 1), pictures, strict=True
            )
        ]
        return split_into_messages(
            await _fit_all(posted, max_bytes_each(max_file_bytes, 1), folder)
        )

    async def shrink(self, group: AttachmentGroup, folder: Path) -> AttachmentGroup:
        """Make the largest pictures half as large, and every other one no larger than that."""
        limit = max(posted.picture.bytes for posted in group) // 2
        return await _fit_all(group, limit, folder)

    async def pack_into_one(
        self, groups: Sequence[AttachmentGroup], *, max_file_bytes: int, folder: Path
    ) -> AttachmentGroup:
        """Fit everything into one message, for a channel where nothing else can be posted."""
        everything = [posted for group in groups for posted in group]
        limit = max_bytes_each(max_file_bytes, len(everything))
        return await _fit_all(everything, limit, folder)


async def _fit_all(pictures: Sequence[PostedPicture], limit: int, folder: Path) -> AttachmentGroup:
    fitted: list[PostedPicture] = []
    wrong: Exception | None = None
    for posted in pictures:
        try:
            fitted.append(await _fit(posted, limit, folder))
        except Exception as error:  # noqa: BLE001 - it must not take the others with it
            wrong = error
            cause = repr(error.__cause__ or error)
            log.warning("result.picture_left_out", file=posted.original.path.name, error=cause)
    if wrong is not None and not fitted:
        raise wrong
    return tuple(fitted)


async def _fit(posted: PostedPicture, limit: int, folder: Path) -> PostedPicture:
    if posted.picture.bytes <= limit:
        return posted
    fitted = await in_pixel_thread(fit_to_limit, posted.original, max_bytes=limit, folder=folder)
    return PostedPicture(posted.number, posted.original, fitted)


def split_into_messages(pictures: Sequence[PostedPicture]) -> list[AttachmentGroup]:
    """Fill each message to its limits: ten files, and the largest request."""
    groups: list[AttachmentGroup] = []
    for posted in pictures:
        last = groups[-1] if groups else ()
        # max_bytes_each() of one file without a limit of its own is what a whole request may carry.
        total = posted.picture.bytes + sum(other.picture.bytes for other in last)
        if last and len(last) < MOST_FILES and total <= max_bytes_each(total, 1):
            groups[-1] = (*last, posted)
        else:
            groups.append((posted,))
    return groups


def picture_message(
    job_embeds: JobEmbeds,
    job: Job,
    group: AttachmentGroup,
    embeds: Sequence[discord.Embed],
    *,
    of: int,
) -> OutgoingMessage:
    """Return a message that shows one group of a job's ``of`` pictures."""
    return OutgoingMessage(
        embeds=embeds,
        files=partial(_files, job_embeds, job, group, of),
        file_names=[posted.file(job).name for posted in group],
    )


def original_messages(
    job_embeds: JobEmbeds, job: Job, pictures: Sequence[Picture], *, max_file_bytes: int
) -> list[OutgoingMessage]:
    """Return messages with the files themselves; those that are too large are left out."""
    posted = [PostedPicture(number, picture, picture) for number, picture in enumerate(pictures, 1)]
    fitting = [each for each in posted if each.picture.bytes <= max_bytes_each(max_file_bytes, 1)]
    of = len(pictures)
    return [
        picture_message(job_embeds, job, group, (), of=of) for group in split_into_messages(fitting)
    ]


def _files(job_embeds: JobEmbeds, job: Job, group: AttachmentGroup, of: int) -> list[discord.File]:
    return [
        discord.File(
            posted.picture.path,
            filename=posted.file(job).name,
            description=job_embeds.alt_text(job, posted.picture, posted.number, of),
        )
        for posted in group
    ]


@dataclass(frozen=True, slots=True)
class ReferenceThumbnail:
    """A job's references in one small picture, as a file of its message."""

    name: str
    alt_text: str
    data: bytes = field(repr=False)

    def add_to(self, message: OutgoingMessage) -> OutgoingMessage:
        """Return the message with this picture, if it has room for one more file."""
        if len(message.file_names) == MOST_FILES:
            return message
        message.embeds[0].set_thumbnail(url=f"attachment://{self.name}")
        return replace(
            message,
            files=lambda: [*message.files(), self._file()],
            file_names=[*message.file_names, self.name],
        )

    def _file(self) -> discord.File:
        return discord.File(io.BytesIO(self.data), filename=self.name, description=self.alt_text)


class ReferenceThumbnails:
    """Draws the thumbnails of jobs."""

    def __init__(self, texts: Texts, content_store: ContentStore) -> None:
        self._texts = texts
        self._content_store = content_store

    async def draw(self, job: Job) -> ReferenceThumbnail | None:
        """Return what the job started from, None where there is nothing to show.

        What a spoiler started from may be one, too, and an embed cannot hide it.
        """
        references = job.request.references
        if not references or job.spoiler:
            return None
        try:
            found = [await self._content_store.fetch(reference) for reference in references]
            paths = [path for path in found if path is not None]
            data = await in_pixel_thread(draw_contact_sheet, paths)
        except Exception as error:  # noqa: BLE001 - a result without it is still a result
            log.info("result.no_thumbnail", job=job.id, error=repr(error))
            return None
        if data is None:
            log.info("result.no_thumbnail", job=job.id)
            return None
        alt_text = self._texts.say("card-references", job.locale, count=len(references))
        return ReferenceThumbnail(f"easel-{job.id[-8:]}-references.webp", alt_text, data)

"""Hide the pictures of posted messages as spoilers, and show them again.

Discord hides a file whose name begins with ``SPOILER_`` until somebody clicks it, but none that an
embed shows. A name cannot be edited, so the files are uploaded again.
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import discord
import structlog
from yarl import URL

from bot.core.errors.base import Refusal
from bot.core.models import CardAddress, Job, Picture, PictureFormat
from bot.discord_ui.discord_errors import DISCORD_ERRORS
from bot.discord_ui.job_embeds import JobEmbeds, with_images
from bot.discord_ui.message_attachments import (
    AttachmentGroup,
    PostedPicture,
    ReferenceThumbnails,
    picture_message,
)
from bot.discord_ui.message_outbox import OutgoingMessage
from bot.discord_ui.uploads import read_from_cdn
from bot.images.conversion import max_bytes_each

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_PICTURE = re.compile(
    r"(?:SPOILER_)?easel-(?P<job>[0-9a-f]{8})-(?P<number>\d{1,2})\.(?P<format>png|jpeg|webp|gif)"
)


@dataclass(eq=False, kw_only=True)
class NotMarked(Refusal):
    """The message shows no picture of the job, or Discord did not take it with other files."""

    message_id = "error-not-marked"


@dataclass(frozen=True, slots=True)
class _ShownPicture:
    """A picture as a message shows it."""

    number: int
    format: PictureFormat
    url: str


def hides_pictures(message: discord.Message) -> bool:
    """Tell whether a message shows its files as spoilers."""
    return any(attachment.is_spoiler() for attachment in message.attachments)


class SpoilerMarker:
    """Replaces messages by the same ones with their pictures hidden, or shown."""

    def __init__(
        self, client: discord.Client, embeds: JobEmbeds, thumbnails: ReferenceThumbnails
    ) -> None:
        self._client = client
        self._embeds = embeds
        self._thumbnails = thumbnails

    async def mark_pressed(
        self,
        interaction: discord.Interaction,
        job: Job,
        kept: Mapping[int, Picture],
        folder: Path,
    ) -> None:
        """Hide the pictures of the message whose button was pressed, or show them.

        ``job.spoiler`` says which; ``kept`` are its pictures by number, ``folder`` is for others.
        The interaction must have been deferred before.

        Raises:
            NotMarked
        """
        message = interaction.message
        assert message is not None  # noqa: S101 - the button is under it
        try:
            edited = await self._edited(message, job, kept, folder)
            if edited is None:
                raise NotMarked
            await interaction.edit_original_response(
                embeds=edited.embeds, attachments=edited.files()
            )
        except (OSError, *DISCORD_ERRORS) as error:
            log.info("spoiler.not_marked", job=job.id, error=repr(error))
            raise NotMarked from error

    async def mark_others(
        self,
        messages: Sequence[CardAddress],
        job: Job,
        kept: Mapping[int, Picture],
        folder: Path,
    ) -> int:
        """Do the same in further messages of the job; return how many could not be changed."""
        left = 0
        for address in messages:
            channel = self._client.get_partial_messageable(address.channel_id)
            try:
                with suppress(discord.NotFound):
                    message = await channel.fetch_message(address.message_id)
                    if hides_pictures(message) is not job.spoiler:
                        await self._edit(message, job, kept, folder)
            except (OSError, *DISCORD_ERRORS) as error:
                log.info("spoiler.not_marked", job=job.id, error=repr(error))
                left += 1
        return left

    async def _edit(
        self, message: discord.Message, job: Job, kept: Mapping[int, Picture], folder: Path
    ) -> None:
        edited = await self._edited(message, job, kept, folder)
        if edited is not None:
            await message.edit(embeds=edited.embeds, attachments=edited.files())

    async def _edited(
        self, message: discord.Message, job: Job, kept: Mapping[int, Picture], folder: Path
    ) -> OutgoingMessage | None:
        """Return the message with its pictures as they shall be; None if it shows none.

        It raises OSError where a file is gone.
        """
        shown = _shown_pictures(message, job)
        if not shown or not message.embeds:
            return None
        group = _as_posted(shown, kept) or await self._downloaded(shown, folder)
        words = message.embeds[0].copy().set_image(url=None).set_thumbnail(url=None)
        words.url = None
        embeds = with_images(job, words, [posted.file(job) for posted in group])
        of = max(job.request.n, *kept, *(each.number for each in shown))
        edited = picture_message(self._embeds, job, group, embeds, of=of)
        is_first = bool(message.components)
        thumbnail = await self._thumbnails.draw(job) if is_first else None
        return edited if thumbnail is None else thumbnail.add_to(edited)

    async def _downloaded(self, shown: Sequence[_ShownPicture], folder: Path) -> AttachmentGroup:
        group = []
        for each in shown:
            data = await read_from_cdn(self._client, each.url)
            path = folder / f"{each.number}.{each.format}"
            path.write_bytes(data)
            picture = Picture(path, each.format, 0, 0, len(data))
            group.append(PostedPicture(each.number, picture, picture))
        return tuple(group)


def _shown_pictures(message: discord.Message, job: Job) -> list[_ShownPicture]:
    """Return the pictures of a job that a message of the bot shows, in their order.

    Discord lists a file that an embed shows only there (discord/discord-api-docs#1340).
    """
    urls = [attachment.url for attachment in message.attachments]
    urls += [embed.image.url for embed in message.embeds if embed.image.url]
    found: dict[int, _ShownPicture] = {}
    for url in urls:
        name = _PICTURE.fullmatch(URL(url).name)
        if name is not None and name["job"] == job.id[-8:]:
            format_ = cast("PictureFormat", name["format"])
            found[int(name["number"])] = _ShownPicture(int(name["number"]), format_, url)
    return [found[number] for number in sorted(found)]


def _as_posted(
    shown: Sequence[_ShownPicture], kept: Mapping[int, Picture]
) -> AttachmentGroup | None:
    """Return the kept pictures if they are what was posted; smaller copies were not kept."""
    originals = [(each, kept.get(each.number)) for each in shown]
    group = tuple(
        PostedPicture(each.number, original, original)
        for each, original in originals
        if original is not None and original.format == each.format != "webp"
    )
    total = sum(posted.picture.bytes for posted in group)
    fits = len(group) == len(shown) and total <= max_bytes_each(total, 1)
    return group if fits else None

"""Find and read pictures in messages: attachments, and images of embeds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from mimetypes import guess_type
from pathlib import Path
from tempfile import TemporaryDirectory

import discord
import structlog
from yarl import URL

from bot.core.errors.base import Refusal
from bot.core.models import CardAddress, ReferenceSource
from bot.discord_ui.discord_errors import DISCORD_ERRORS
from bot.gateways.addresses import exact_url
from bot.gateways.download import Downloader, DownloadFailed
from bot.gateways.reply.download_spool import SpoolFailed
from bot.images.references import DeclaredType, Upload

log: structlog.stdlib.BoundLogger = structlog.get_logger()

FETCH_TIMEOUT_S = 30

# Discord hides a file with such a name until somebody clicks it.
SPOILER_PREFIX = "SPOILER_"

_HEIC_TYPES = ("image/heic", "image/heif", "image/heic-sequence", "image/heif-sequence")
_HEIC_ENDINGS = (".heic", ".heif")
_SMALLEST_HEIC_BYTES = 350  # its boxes without any pixels: what is smaller is no photo
_UNKNOWN_TYPES = ("", "application/octet-stream")

MessagePart = discord.Message | discord.MessageSnapshot


@dataclass(eq=False, kw_only=True)
class NoPictureInMessage(Refusal):
    """The message holds no picture to start from."""

    message_id = "error-no-picture-there"


async def read_from_cdn(client: discord.Client, url: str) -> bytes:
    """Return a file at an address of Discord; raise OSError when it is gone."""
    try:
        return await client.http.get_from_cdn(url)
    except DISCORD_ERRORS as gone:
        raise OSError("the attachment cannot be fetched") from gone


def upload_of(attachment: discord.Attachment) -> Upload:
    """Return an attachment as an upload, to be read when it is needed."""
    declared = declared_type(attachment.filename, attachment.content_type, attachment.size)
    return Upload(attachment.size, partial(_read, attachment), attachment.url, declared)


def declared_type(name: str, content_type: str | None, size: int) -> DeclaredType:
    """Tell what a file is by what Discord says of it: its name, type and size."""
    name, said = name.lower(), (content_type or "").partition(";")[0].strip().lower()
    if said in _HEIC_TYPES or name.endswith(_HEIC_ENDINGS):
        is_whole = size >= _SMALLEST_HEIC_BYTES
        return DeclaredType.HEIC if is_whole else DeclaredType.NO_PICTURE
    if said in _UNKNOWN_TYPES:
        said = guess_type(name)[0] or ""
    may_be_one = said in _UNKNOWN_TYPES or (said.startswith("image/") and said != "image/svg+xml")
    return DeclaredType.PERHAPS_PICTURE if may_be_one and size else DeclaredType.NO_PICTURE


class MessagePictures:
    """Finds the pictures of a message; those outside Discord are fetched as untrusted files."""

    def __init__(self, client: discord.Client, downloader: Downloader) -> None:
        self._client = client
        self._downloader = downloader

    def of(self, message: discord.Message) -> tuple[Upload, ...]:
        """Return the pictures of a message and of those it forwards, in their order.

        Raises:
            NoPictureThere: there is none.
        """
        parts: tuple[MessagePart, ...] = (message, *message.message_snapshots)
        if found := tuple(upload for part in parts for upload in self._uploads(part)):
            return tuple(_with_source(upload, message) for upload in found)
        raise NoPictureInMessage

    def _uploads(self, part: MessagePart) -> Iterator[Upload]:
        for attachment in part.attachments:
            if (attachment.content_type or "").startswith("image/"):
                yield upload_of(attachment)
        for embed in part.embeds:
            for media in (embed.image, embed.thumbnail):
                if media.proxy_url:
                    read = partial(read_from_cdn, self._client, media.proxy_url)
                    yield Upload(0, read, media.proxy_url)
                elif media.url and media.url.startswith(("http:", "https:")):
                    # Without its address: after a restart it would be taken for one of Discord's.
                    yield Upload(0, partial(self._fetch, media.url))

    async def _fetch(self, url: str) -> bytes:
        with TemporaryDirectory(prefix="easel-") as folder:
            part = Path(folder) / "picture"
            try:
                await self._downloader.fetch(exact_url(url), part, timeout_s=FETCH_TIMEOUT_S)
            except (DownloadFailed, SpoolFailed, ValueError) as lost:
                raise OSError("the picture cannot be fetched") from lost
            return part.read_bytes()


def is_spoiler(upload: Upload) -> bool:
    """Tell whether a picture was hidden by its name where it was posted."""
    return upload.url is not None and URL(upload.url).name.startswith(SPOILER_PREFIX)


async def find_file(
    client: discord.Client, file: str, messages: Sequence[CardAddress]
) -> Upload | None:
    """Fetch messages again; return the file whose address ends with ``file``, None without one.

    A picture may have become a spoiler, or ceased to be one, which changes its name.

    Discord signs its addresses for a while, and anew for each that fetches a message (reference,
    Signed Attachment CDN URLs). Without the privileged intent it shows the files of the bot's own
    messages, and of few others.
    """
    endings = (f"/{file}", f"/{SPOILER_PREFIX}{file}")
    for address in messages:
        channel = client.get_partial_messageable(address.channel_id)
        try:
            message = await channel.get_partial_message(address.message_id).fetch()
        except DISCORD_ERRORS as gone:
            log.info("upload.message_not_read", error=repr(gone))
            continue
        for url in _addresses(message):
            if URL(url).path.endswith(endings):
                return Upload(0, partial(read_from_cdn, client, url), url)
    return None


def _addresses(message: discord.Message) -> Iterator[str]:
    """Return the addresses of a message's files: also those that only an embed shows."""
    parts: tuple[MessagePart, ...] = (message, *message.message_snapshots)
    for part in parts:
        yield from (attachment.url for attachment in part.attachments)
        yield from (str(embed.image.url) for embed in part.embeds if _shows_a_file(embed))


def _shows_a_file(embed: discord.Embed) -> bool:
    """Return whether the image of an embed is a file at Discord, not a link to anywhere.

    Discord's copy of a file has the same path; that of a link has one that begins with /external.
    """
    image = embed.image
    if not image.url or not image.proxy_url:
        return False
    return URL(image.url).path == URL(image.proxy_url).path


def _with_source(upload: Upload, message: discord.Message) -> Upload:
    """Return the upload with where it is, if it is a file at Discord."""
    path = URL(upload.url or "").parts
    # The path of a link's copy contains that of the link, which anybody chooses.
    if path[1:2] != ("attachments",):
        return upload
    # The names of files are not unique in a message, with their ids they are.
    file = "/".join(path[-2:])
    source = ReferenceSource(file, channel_id=message.channel.id, message_id=message.id)
    return replace(upload, source=source)


async def _read(attachment: discord.Attachment) -> bytes:
    try:
        return await attachment.read()
    except DISCORD_ERRORS as gone:
        raise OSError("the attachment cannot be fetched") from gone

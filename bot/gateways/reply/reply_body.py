"""Read the body of a reply: JSON, or the picture itself; the rest is an event stream's."""

import asyncio
import re
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import Literal

import aiohttp

from bot.core.errors.gateway import GatewayErrorKind
from bot.gateways.reply.arrived_bytes import arrived_bytes, next_bytes
from bot.gateways.reply.download_spool import (
    DownloadSpool,
    SpoolFailed,
    max_reply_bytes,
    wrapping_disk_errors,
)
from bot.gateways.reply.event_stream_parser import EVENT_STREAM_TYPE, is_event_stream
from bot.gateways.reply.picture_signature import SIGNATURE_BYTES, begins_like_picture
from bot.gateways.reply.redaction import error_words
from bot.gateways.reply.streaming_json import StreamingJson

PIECE_BYTES = 1 << 12  # taken from a reply's read buffer to wait for more, or to see what it is
END_TIMEOUT_S = 10.0  # waited for the end of a reply whose pictures are all there
_MAX_COMMENT_BYTES = 1 << 16

# White space, a byte order mark and comments that keep the connection open.
_LEADING = re.compile(rb"(?:[ \t\r\n\xef\xbb\xbf]|(?::|#|//)[^\r\n]*[\r\n])*")
_COMMENT_STARTS = (b":", b"#", b"//")
_DATA_URI = b"data:image/"
# A body that is one string without quotes: a data URI, or base64 of a PNG, JPEG, WebP or GIF.
_BARE_STRINGS = (_DATA_URI, b"iVBOR", b"/9j/", b"UklGR", b"R0lGOD")
_BINARY = re.compile(rb"[\0-\x08\x0e-\x1f]")
_OTHER_BYTES = "application/octet-stream"

BodyKind = Literal["events", "json", "string", "picture"]


class ReplyBody:
    """The body of one response.

    ``connection_error`` says how the connection broke before the body ended. Afterwards
    ``picture`` is the file of a body that is the picture itself, ``json`` everything else.
    """

    def __init__(
        self, response: aiohttp.ClientResponse, spool: DownloadSpool, reading: asyncio.Lock
    ) -> None:
        self.opening = b""
        self.kind: BodyKind = "json"
        self.json = StreamingJson(spool)
        self.picture: Path | None = None
        self.connection_error = ""
        self.is_cut_by_us = False  # the disk refused the rest
        self._response = response
        self._spool = spool
        self._reading = reading
        self._part: Path | None = None  # the file of a body that is the picture itself

    async def open(self) -> None:
        """Read the first bytes, without comments, until they tell which kind of body it is."""
        kind, left = None, max_reply_bytes(self._spool.pictures)
        try:
            while kind is None and (chunk := await next_bytes(self._response.content, PIECE_BYTES)):
                left -= len(chunk)
                if left < 0:
                    raise SpoolFailed(GatewayErrorKind.BAD_RESPONSE, "the reply is too large")
                self.opening = _LEADING.sub(b"", self.opening + chunk, count=1)
                kind = _body_kind(self._response, self.opening)
        except (aiohttp.ClientError, TimeoutError) as lost:
            self._lost(lost)
        self.kind = kind or _body_kind(self._response, self.opening, is_all=True) or "json"

    async def read(self) -> None:
        """Read the rest of a body that is no event stream; raise SpoolFailed."""
        try:
            if self.kind == "picture":
                await self._read_picture()
            else:
                quote = b'"' if self.kind == "string" else b""
                await self._decode(quote + self.opening)
                self.json.feed(quote)
        except (aiohttp.ClientError, TimeoutError) as lost:
            self._lost(lost)
        except SpoolFailed as failed:
            if not self.json.decoded:
                raise
            self._lost(failed)  # the pictures before are whole
            self.is_cut_by_us = failed.kind is GatewayErrorKind.DISK_FULL
        await self._finish()

    async def _finish(self) -> None:
        """Keep of a body that was cut the pictures that are whole all the same."""
        if self.json.is_in_string:
            await asyncio.to_thread(self.json.finish)
        picture = self.picture
        if picture and self.connection_error:
            is_whole = await asyncio.to_thread(self._spool.is_whole, picture)
            self.picture = picture if is_whole else None

    @property
    def is_cut(self) -> bool:
        """Whether the connection broke before the body was complete."""
        return bool(self.connection_error) and not (self.json.is_closed or self.picture)

    def discard(self) -> None:
        """Remove what was stored of the body."""
        self.json.discard()
        if self._part:
            with suppress(OSError):
                self._part.unlink()

    def _lost(self, error: Exception) -> None:
        self.connection_error = self.connection_error or error_words(error)

    async def _decode(self, opening: bytes) -> None:
        """Feed JSON to its reader; what comes later stays in the read buffer.

        A reply keeps its turn as long as it arrives: side by side, all of many would end last.
        """
        content, piece = self._response.content, opening
        while True:
            async with self._reading:
                while _feed_buffered(piece, content, self.json) and not self.json.is_over:
                    piece = b""
                    await _let_more_arrive()
            if self.json.is_over or not (piece := await self._next_piece()):
                return

    async def _next_piece(self) -> bytes:
        """Wait for more, but not for ever once all pictures are there."""
        is_all = self.json.is_closed and len(self.json.decoded) >= self._spool.pictures
        if not is_all:
            return await next_bytes(self._response.content, PIECE_BYTES)
        async with asyncio.timeout(END_TIMEOUT_S):
            return await next_bytes(self._response.content, PIECE_BYTES)

    async def _read_picture(self) -> None:
        self.picture = self._part = self._spool.new_part()
        left = max_reply_bytes(self._spool.pictures)
        with wrapping_disk_errors(), self.picture.open("xb") as file:
            chunk = self.opening
            while chunk:
                left -= len(chunk)
                if left < 0:
                    raise SpoolFailed(GatewayErrorKind.BAD_RESPONSE, "the reply is too large")
                file.write(chunk)
                chunk = await next_bytes(self._response.content)


async def _let_more_arrive() -> None:
    """Let other tasks run, and this connection receive again."""
    for _ in range(2):  # first it asks for more, then it receives
        await asyncio.sleep(0)


def _feed_buffered(piece: bytes, content: aiohttp.StreamReader, json_reader: StreamingJson) -> int:
    """Feed a piece and what has arrived after it; return how many bytes that was.

    In a function of its own, so that nothing refers to the bytes while the next ones are awaited.
    """
    if chunk := piece + arrived_bytes(content):
        json_reader.feed(chunk)
    return len(chunk)


def _body_kind(
    response: aiohttp.ClientResponse, opening: bytes, *, is_all: bool = False
) -> BodyKind | None:
    """Return the kind of a body by its first bytes and content type; None: more are needed."""
    if opening[:1] in (b"{", b"[", b'"') or response.status >= HTTPStatus.BAD_REQUEST:
        return "json" if opening or is_all else None
    if opening.startswith(_COMMENT_STARTS) and len(opening) < _MAX_COMMENT_BYTES and not is_all:
        return None
    if len(opening) < SIGNATURE_BYTES and not is_all:
        is_field = b":" in opening and not _DATA_URI.startswith(opening)
        is_events = is_field and is_event_stream(response.content_type, opening)
        return "events" if is_events else None
    if begins_like_picture(opening):
        return "picture"
    if opening.startswith(_BARE_STRINGS):
        return "string"
    return _kind_by_type(response.content_type, opening)


def _kind_by_type(content_type: str, opening: bytes) -> BodyKind:
    is_binary = bool(_BINARY.search(opening))
    is_image = content_type.startswith("image/") and (is_binary or opening.startswith(b"<"))
    if is_image or (is_binary and content_type == _OTHER_BYTES):
        return "picture"
    is_stream = is_event_stream(content_type, opening)
    if is_stream is None:
        is_stream = content_type == EVENT_STREAM_TYPE
    return "events" if is_stream else "json"

"""Read a reply that is an event stream: previews first, then the pictures.

A picture in an event is decoded into a file, like one in a plain JSON reply. Pieces of a chat
message and the events of a response are put together by objects of their own.
"""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import aiohttp
from yarl import URL

from bot.core.clock import Clock
from bot.core.errors.gateway import GatewayErrorKind
from bot.core.models import Picture, TokenUsage
from bot.gateways.events import Preview, TaskProgress
from bot.gateways.reply.arrived_bytes import next_bytes
from bot.gateways.reply.chat_stream import ChatStream
from bot.gateways.reply.download_spool import DownloadSpool, SpoolFailed, max_reply_bytes
from bot.gateways.reply.error_classifier import GatewayResponse, has_error
from bot.gateways.reply.event_stream_parser import ServerSentEvent, ServerSentEventParser
from bot.gateways.reply.json_values import parse_json
from bot.gateways.reply.reader import ReplyPicture, non_empty_text, read_reply
from bot.gateways.reply.redaction import error_words
from bot.gateways.reply.reply_body import END_TIMEOUT_S
from bot.gateways.reply.responses_stream import ResponsesStream
from bot.gateways.reply.streaming_json import StreamingJson

MAX_PREVIEWS = 100  # of one stream: each is a file until the stream ends
COPIES_PER_PICTURE = 5  # OpenAI sends up to three previews, then the picture, at times twice

_DONE = "[DONE]"
# An event of unknown name that is certainly not the final picture.
_PREVIEW_NAME = re.compile(r"partial|preview|progress", re.IGNORECASE)

EventKind = Literal["preview", "picture", "completed", "failed", "error"]
# By the last word of an event's name: image_generation.…, image_edit.…
_EVENT_KINDS: Mapping[str, EventKind] = {
    "partial_image": "preview",
    "partial_succeeded": "picture",  # Seedream, MiniMax: one of several pictures is ready
    "partial_failed": "failed",  # one of several pictures failed
    "completed": "completed",
    "error": "error",
    "failed": "error",
}


@dataclass(frozen=True, slots=True)
class StreamResult:
    """What a stream brought.

    ``error`` is the first error event; ``connection_error`` says how the connection broke before
    the stream was complete, and ``is_cut`` whether more pictures may have been made, which
    ``is_cut_by_us`` says that this bot could not store. ``has_begun`` tells whether work may have
    begun: a preview arrived, or the error was no JSON object, as when a gateway could not read what
    its own upstream sent. ``last`` is the last event with JSON; if it ``is_message``, the chat
    message or the response that was put together from all of them.
    """

    pictures: tuple[ReplyPicture, ...]
    usage: TokenUsage | None
    error: GatewayResponse | None
    connection_error: str
    is_cut: bool
    is_cut_by_us: bool
    has_begun: bool
    last: GatewayResponse
    is_message: bool
    headers: Mapping[str, str]


class EventStream:
    """A streamed reply that should bring ``pictures`` pictures."""

    def __init__(
        self,
        response: aiohttp.ClientResponse,
        spool: DownloadSpool,
        clock: Clock,
        *,
        base: URL,
        pictures: int,
        opening: bytes,
    ) -> None:
        self._response = response
        self._spool = spool
        self._clock = clock
        self._base = base
        self._expected = pictures
        self._left_bytes = max_reply_bytes(COPIES_PER_PICTURE * pictures)
        self._chat = ChatStream(spool, base)
        self._responses = ResponsesStream(base)
        self._parser = ServerSentEventParser(lambda: StreamingJson(spool, self._chat.reader_of))
        self._pictures: list[ReplyPicture] = []
        self._usage: TokenUsage | None = None
        self._error: GatewayResponse | None = None
        self._connection_error = ""
        self._last: tuple[object, str] = (None, "")
        self._is_cut = False
        self._is_cut_by_us = False
        self._has_begun = False
        self._completed = 0
        self._is_over = False
        self._preview: tuple[StreamingJson, Path] | None = None
        self._previews_kept = 0
        self._told: float | None = None  # of the progress
        self._feed(opening)

    @property
    def result(self) -> StreamResult:
        """Return what arrived, after the stream is over."""
        made = self._responses.pictures or self._chat.pictures
        message = self._responses.body or self._chat.body
        last = (message, str(message)) if message else self._last
        return StreamResult(
            pictures=tuple(self._pictures or made),
            usage=self._usage or self._responses.usage or self._chat.usage,
            error=self._error,
            connection_error=self._connection_error,
            is_cut=self._is_cut,
            is_cut_by_us=self._is_cut_by_us,
            has_begun=self._has_begun or self._chat.has_begun or self._responses.has_begun,
            last=GatewayResponse(self._response.status, self._response.headers, *last),
            is_message=bool(message),
            headers=self._response.headers,
        )

    async def next_update(self) -> Preview | TaskProgress | None:
        """Return the next preview or progress, or None at the end of the stream.

        Of previews that arrived together only the last one is returned. No other preview is
        withheld: the caller limits how often it shows one.
        """
        while not self._is_over:
            if self._preview:
                if picture := self._keep_preview(*self._preview):
                    return Preview(picture)
            elif self._chat.fraction != self._told:
                self._told = self._chat.fraction
                return TaskProgress(self._told)
            else:
                await self._clock.wait(self._read(), "gateway")
        await self._finish_chat()
        return None

    # --- reading ------------------------------------------------------------------------------

    async def _read(self) -> None:
        """Read until there is something to tell, or the stream is over."""
        try:
            while not (self._is_over or self._preview or self._chat.fraction != self._told):
                if not (chunk := await self._next_chunk()):
                    await self._end("the stream ended before the picture came")
                    return
                self._feed(chunk)
        except (aiohttp.ClientError, TimeoutError) as lost:
            self._is_cut = not self._chat.is_finished
            await self._end(error_words(lost))
        except SpoolFailed as failed:
            self._is_cut = True
            self._is_cut_by_us = failed.kind is GatewayErrorKind.DISK_FULL
            await self._end(failed.detail)  # the open event may hold whole pictures
            if not (self._pictures or self._responses.pictures):
                raise

    async def _next_chunk(self) -> bytes:
        """Wait for more, but not for ever once the message has ended."""
        async with asyncio.timeout(END_TIMEOUT_S if self._chat.is_finished else None):
            return await next_bytes(self._response.content)

    def _feed(self, chunk: bytes) -> None:
        self._left_bytes -= len(chunk)
        if self._left_bytes < 0:
            raise SpoolFailed(GatewayErrorKind.BAD_RESPONSE, "the reply is too large")
        for event in self._parser.feed(chunk):
            self._handle(event)
            if self._is_over:
                return

    async def _end(self, reason: str) -> None:
        if event := self._parser.finish():
            await self._finish(event.data)
            self._handle(event)
        self._is_over = True
        if not (self._completed or self._chat.is_finished):
            self._connection_error = reason

    async def _finish_chat(self) -> None:
        if self._connection_error:
            await asyncio.to_thread(self._chat.finish, is_cut=True)
        else:
            self._chat.finish(is_cut=False)

    async def _finish(self, data: StreamingJson) -> None:
        try:
            await asyncio.to_thread(data.finish)
        except SpoolFailed:
            if not self._pictures:
                raise

    # --- events ---------------------------------------------------------------------------------

    def _handle(self, event: ServerSentEvent) -> None:
        if event.data.text.strip() == _DONE:
            self._completed, self._is_over = max(1, self._completed), True
            return
        body = parse_json(event.data)
        fields = body if isinstance(body, dict) else {}
        self._last = (body, event.data.text) if body else self._last
        if self._responses.accepts(event.name, fields):
            self._handle_response(event, fields)
            return
        match _kind(event.name, fields):
            case None if self._chat.accepts(fields):
                self._chat.add(event.data, fields)
            case "preview":
                self._handle_preview(event.data)
            case "error" | "failed" as kind:
                self._handle_error(event.data, fields)
                self._is_over = kind == "error"
            case kind:
                self._handle_picture(event.data, kind)

    def _handle_preview(self, data: StreamingJson) -> None:
        self._has_begun = True
        sources = (one.source for one in read_reply(data, self._base).pictures)
        if part := next((one for one in sources if isinstance(one, Path)), None):
            self._offer_preview(data, part)

    def _offer_preview(self, data: StreamingJson, part: Path) -> None:
        if self._preview:
            self._preview[0].discard()
        self._preview = data, part

    def _handle_response(self, event: ServerSentEvent, fields: dict[str, object]) -> None:
        if part := self._responses.add(event.name, event.data, fields):
            self._offer_preview(event.data, part)
        if error := self._responses.error:
            self._handle_error(event.data, dict(error))
        if self._responses.is_over:
            self._completed, self._is_over = max(1, self._completed), True

    def _handle_error(self, data: StreamingJson, fields: dict[str, object]) -> None:
        if not self._error:
            self._has_begun = self._has_begun or not fields
            body = fields if has_error(fields) else {"error": fields or data.text}
            status, headers = self._response.status, self._response.headers
            self._error = GatewayResponse(status, headers, body, data.text)

    def _handle_picture(self, data: StreamingJson, kind: EventKind | None) -> None:
        reply = read_reply(data, self._base)
        # A result has at least two of: a known name, picture data, valid JSON.
        is_cut = not (reply.pictures or reply.is_whole)
        if is_cut or sum(map(bool, (kind, reply.pictures, reply.body))) < 2:
            data.discard()
            return
        self._pictures += reply.pictures
        self._usage = reply.usage or self._usage
        self._is_cut = self._is_cut or not reply.is_whole
        if kind == "picture":  # its usage follows in another event
            return
        self._completed += 1
        is_summary = not reply.pictures and (self._pictures or self._error)
        arrived = max(len(self._pictures), self._completed)
        self._is_over = bool(is_summary) or self._expected <= arrived

    def _keep_preview(self, data: StreamingJson, part: Path) -> Picture | None:
        may_keep = self._previews_kept < MAX_PREVIEWS
        picture = self._spool.keep_preview(part) if may_keep else None
        data.discard()
        self._preview = None
        self._previews_kept += picture is not None
        return picture


def _kind(name: str, fields: Mapping[str, object]) -> EventKind | None:
    names = [name, non_empty_text(fields.get("type")) or ""]
    known = (_EVENT_KINDS.get(one.casefold().rpartition(".")[2]) for one in names)
    kind: EventKind | None = next((one for one in known if one), None)
    if has_error(fields) and kind != "failed":
        return "error"
    is_preview = "partial_image_index" in fields or _PREVIEW_NAME.search(" ".join(names))
    return "preview" if kind is None and is_preview else kind

"""Server-sent events, read while they arrive: previews to look at, then the pictures.

A picture inside an event goes to a file like one in a plain reply; no line is ever whole in memory.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import aiohttp
from yarl import URL

from bot.core.clock import Clock
from bot.core.models import Picture, TokenUsage
from bot.gateways.reply.download_spool import DownloadSpool
from bot.gateways.reply.error_classifier import GatewayResponse
from bot.gateways.reply.reader import ReplyPicture, non_empty_text, parse_json, read_reply
from bot.gateways.reply.streaming_json import StreamingJson

EVENT_STREAM_TYPE = "text/event-stream"
MAX_PREVIEWS = 100  # shown of one stream: each is a file until its end
# A stream brings its pictures once more for each preview, of which OpenAI sends up to three.
STREAM_BUDGET_FACTOR = 4
_LONGEST_NAME = 200

# A name that nobody knows yet, but which surely is not the picture that was paid for.
_UNRIPE = re.compile(r"partial|preview|progress", re.IGNORECASE)
_DONE = "[DONE]"
_CR, _LF = b"\r", b"\n"
_BEGINNINGS = (b":", b"data:", b"event:", b"id:", b"retry:")
_LONGEST_BEGINNING = max(map(len, _BEGINNINGS))

EventKind = Literal["preview", "picture", "completed", "failed", "error"]
# By the last word of an event's name: image_generation.…, image_edit.… and whatever follows.
_MEANINGS: Mapping[str, EventKind] = {
    "partial_image": "preview",
    "partial_succeeded": "picture",  # Seedream and MiniMax: one of several pictures is ready
    "partial_failed": "failed",  # and one of them is not
    "completed": "completed",
    "error": "error",
    "failed": "error",
}


def is_event_stream(content_type: str, opening: bytes) -> bool | None:
    """Tell whether a reply is a stream by how it begins; None: more bytes must tell.

    Gateways that were asked for a stream send JSON (then its first byte decides), and some that
    send events call them text or JSON.
    """
    if not opening or opening[:1] in b"{[<":
        return False if opening else None
    if content_type == EVENT_STREAM_TYPE or opening.startswith(_BEGINNINGS):
        return True
    could_be = any(begin.startswith(opening) for begin in _BEGINNINGS)
    return None if could_be else False


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """One event: its name, if it has one, and its data."""

    name: str
    data: StreamingJson


class ServerSentEventParser:
    """Cuts bytes into events (WHATWG, server-sent events §9.2.6), wherever the network cut them."""

    def __init__(self, new_data: Callable[[], StreamingJson]) -> None:
        self._new_data = new_data
        self._field: bytes | None = None  # of the line under way; None before its colon
        self._before_colon = b""
        self._before_value = False
        self._name = b""
        self._data: StreamingJson | None = None
        self._between_lines = False
        self._after_cr = False

    def feed(self, chunk: bytes) -> Iterator[ServerSentEvent]:
        """Take the next bytes; yield the events that they end."""
        if self._after_cr:
            chunk = chunk.removeprefix(_LF)
        self._after_cr = chunk.endswith(_CR)
        for line in chunk.splitlines(keepends=True):
            text = line.rstrip(b"\r\n")
            self._take(text)
            if len(text) < len(line) and (frame := self._end_line()):
                yield frame

    def finish(self) -> ServerSentEvent | None:
        """Return the event that the end of the stream cut off, as far as it came."""
        return self._dispatch()

    def _take(self, text: bytes) -> None:
        if self._field is None:
            text = self._begin_line(text)
        if self._before_value and text:
            text, self._before_value = text.removeprefix(b" "), False
        if self._field == b"event":
            self._name += text[: _LONGEST_NAME - len(self._name)]
        elif self._field == b"data":
            self._add(text)

    def _begin_line(self, text: bytes) -> bytes:
        name, colon, value = (self._before_colon + text).partition(b":")
        # No field that matters has a longer name.
        if colon or len(name) > _LONGEST_BEGINNING:
            self._field, self._before_colon, self._before_value = name, b"", True
            self._name = b"" if name == b"event" else self._name
            return value
        self._before_colon = name
        return b""

    def _add(self, text: bytes) -> None:
        data = self._data = self._data or self._new_data()
        if self._between_lines:
            data.feed(_LF)
        self._between_lines = False
        data.feed(text)

    def _end_line(self) -> ServerSentEvent | None:
        is_blank = self._field is None and not self._before_colon
        self._between_lines = self._between_lines or self._field == b"data"
        self._field, self._before_colon, self._before_value = None, b"", False
        return self._dispatch() if is_blank else None

    def _dispatch(self) -> ServerSentEvent | None:
        name, data = self._name.decode("utf-8", "replace"), self._data
        self._name, self._data, self._between_lines = b"", None, False
        return ServerSentEvent(name, data) if data else None


@dataclass(frozen=True, slots=True)
class StreamResult:
    """What a stream brought.

    ``complaint`` is its error, ``lost`` says how the line broke; ``began`` whether there was
    anything to see before.
    """

    found: tuple[ReplyPicture, ...]
    usage: TokenUsage | None
    complaint: GatewayResponse | None
    lost: str
    began: bool
    headers: Mapping[str, str]


class EventStream:
    """A streamed reply, of which ``pictures`` are expected."""

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
        self._pictures = pictures
        self._room = spool.new_room(times=STREAM_BUDGET_FACTOR)
        self._frames = ServerSentEventParser(lambda: StreamingJson(spool))
        self._found: list[ReplyPicture] = []
        self._usage: TokenUsage | None = None
        self._complaint: GatewayResponse | None = None
        self._lost = ""
        self._began = False
        self._completed = 0
        self._is_over = False
        self._preview: tuple[StreamingJson, Path] | None = None
        self._shown = 0
        self._take(opening)

    @property
    def streamed(self) -> StreamResult:
        """Return what came, when the stream is over."""
        return StreamResult(
            found=tuple(self._found),
            usage=self._usage,
            complaint=self._complaint,
            lost=self._lost,
            began=self._began,
            headers=self._response.headers,
        )

    async def next_preview(self) -> Picture | None:
        """Return the next picture to look at, None at the end; of some that came together the last.

        None is held back, so that a silence after it hides nothing: who shows them keeps the pace.
        """
        while not self._is_over:
            if not self._preview:
                await self._clock.wait(self._read(), "gateway")
            elif picture := self._show(*self._preview):
                return picture
        return None

    # --- reading ------------------------------------------------------------------------------

    async def _read(self) -> None:
        """Read until there is something to tell."""
        try:
            while not (self._is_over or self._preview):
                self._take(await self._response.content.readany())
        except (aiohttp.ClientError, TimeoutError) as lost:
            self._end(f"{type(lost).__name__}: {lost}")

    def _take(self, chunk: bytes) -> None:
        if not chunk:
            self._end("the stream ended before the picture came")
            return
        self._room.take(len(chunk))
        for frame in self._frames.feed(chunk):
            self._happened(frame)
            if self._is_over:
                return

    def _end(self, lost: str) -> None:
        if cut_off := self._frames.finish():
            self._happened(cut_off)
        self._is_over = True
        if not self._completed:
            self._lost = lost

    # --- what an event means --------------------------------------------------------------------

    def _happened(self, frame: ServerSentEvent) -> None:
        if frame.data.text.strip() == _DONE:
            self._completed, self._is_over = max(1, self._completed), True
            return
        body = parse_json(frame.data)
        fields = body if isinstance(body, dict) else {}
        match _meaning(frame.name, fields):
            case "preview":
                self._hold(frame.data)
            case "error" | "failed" as meaning:
                self._complain(frame.data, fields)
                self._is_over = meaning == "error"
            case meaning:
                self._arrived(frame.data, meaning)

    def _hold(self, data: StreamingJson) -> None:
        self._began = True
        sources = (one.source for one in read_reply(data, self._base).found)
        if part := next((one for one in sources if isinstance(one, Path)), None):
            if self._preview:
                self._preview[0].discard()
            self._preview = data, part

    def _complain(self, data: StreamingJson, fields: dict[str, object]) -> None:
        body = fields or {"error": data.text}
        status, headers = self._response.status, self._response.headers
        self._complaint = self._complaint or GatewayResponse(status, headers, body, data.text)

    def _arrived(self, data: StreamingJson, meaning: EventKind | None) -> None:
        reply = read_reply(data, self._base)
        # Two of these make a picture: a name that tells it, its bytes, a text that is whole.
        if sum(map(bool, (meaning, reply.found, reply.body))) < 2:
            data.discard()
            return
        self._found += reply.found
        self._usage = reply.usage or self._usage
        if meaning == "picture":  # its usage comes later
            return
        self._completed += 1
        is_summary = not reply.found and (self._found or self._complaint)
        self._is_over = bool(is_summary) or self._pictures <= max(len(self._found), self._completed)

    # --- previews -----------------------------------------------------------------------------

    def _show(self, data: StreamingJson, part: Path) -> Picture | None:
        picture = self._spool.show(part) if self._shown < MAX_PREVIEWS else None
        data.discard()
        self._preview = None
        self._shown += picture is not None
        return picture


def _meaning(name: str, fields: Mapping[str, object]) -> EventKind | None:
    names = [name, non_empty_text(fields.get("type")) or ""]
    known = (_MEANINGS.get(one.casefold().rpartition(".")[2]) for one in names)
    meaning: EventKind | None = next((one for one in known if one), None)
    if fields.get("error") and meaning != "failed":
        return "error"
    if meaning is None and ("partial_image_index" in fields or _UNRIPE.search(" ".join(names))):
        return "preview"
    return meaning

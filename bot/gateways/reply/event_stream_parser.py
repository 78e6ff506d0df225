"""Parse server-sent events while they arrive (WHATWG HTML, §9.2.6)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bot.gateways.reply.streaming_json import StreamingJson

EVENT_STREAM_TYPE = "text/event-stream"
_MAX_NAME_BYTES = 200
_CR, _LF = b"\r", b"\n"
_LINE_STARTS = (b":", b"data:", b"event:", b"id:", b"retry:")
_MAX_START_BYTES = max(map(len, _LINE_STARTS))


def is_event_stream(content_type: str, opening: bytes) -> bool | None:
    """Tell whether a reply is an event stream by its first bytes; None: more bytes are needed.

    Some gateways that were asked for a stream send JSON (the first byte tells), and some send
    events with the content type of text or JSON.
    """
    if not opening or opening[:1] in b"{[<":
        return False if opening else None
    if content_type == EVENT_STREAM_TYPE or opening.startswith(_LINE_STARTS):
        return True
    could_be = any(start.startswith(opening) for start in _LINE_STARTS)
    return None if could_be else False


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """One event: its name, which may be empty, and its data."""

    name: str
    data: StreamingJson


class ServerSentEventParser:
    """Splits bytes into events, wherever the network split them.

    The data of an event is fed to a StreamingJson, so that no line is in memory as a whole.
    """

    def __init__(self, new_data: Callable[[], StreamingJson]) -> None:
        self._new_data = new_data
        self._field: bytes | None = None  # of the current line; None before its colon
        self._before_colon = b""
        self._is_before_value = False
        self._name = b""
        self._data: StreamingJson | None = None
        self._is_between_lines = False
        self._is_after_cr = False

    def feed(self, chunk: bytes) -> Iterator[ServerSentEvent]:
        """Parse the next bytes; yield the events that they complete."""
        if self._is_after_cr:
            chunk = chunk.removeprefix(_LF)
        self._is_after_cr = chunk.endswith(_CR)
        for line in chunk.splitlines(keepends=True):
            text = line.rstrip(b"\r\n")
            self._read(text)
            if len(text) < len(line) and (event := self._end_line()):
                yield event

    def finish(self) -> ServerSentEvent | None:
        """Return the event that the end of the stream cut, as far as it arrived."""
        name, data = self._name.decode("utf-8", "replace"), self._data
        self._name, self._data, self._is_between_lines = b"", None, False
        return ServerSentEvent(name, data) if data else None

    def _read(self, text: bytes) -> None:
        if self._field is None:
            text = self._begin_line(text)
        if self._is_before_value and text:
            text, self._is_before_value = text.removeprefix(b" "), False
        if self._field == b"event":
            self._name += text[: _MAX_NAME_BYTES - len(self._name)]
        elif self._field == b"data":
            self._add_data(text)

    def _begin_line(self, text: bytes) -> bytes:
        """Read the name of a field; return the text behind its colon."""
        name, colon, value = (self._before_colon + text).partition(b":")
        # No relevant field has a longer name.
        if colon or len(name) > _MAX_START_BYTES:
            self._field, self._before_colon, self._is_before_value = name, b"", True
            self._name = b"" if name == b"event" else self._name
            return value
        self._before_colon = name
        return b""

    def _add_data(self, text: bytes) -> None:
        data = self._data = self._data or self._new_data()
        if self._is_between_lines:
            data.feed(_LF)
        self._is_between_lines = False
        data.feed(text)

    def _end_line(self) -> ServerSentEvent | None:
        is_blank = self._field is None and not self._before_colon
        self._is_between_lines = self._is_between_lines or self._field == b"data"
        self._field, self._before_colon, self._is_before_value = None, b"", False
        return self.finish() if is_blank else None

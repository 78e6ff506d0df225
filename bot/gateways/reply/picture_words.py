"""Read a long JSON string of words while it arrives: pictures among them go to files.

Chat models answer with text and ``![caption](data:image/png;base64,…)``, some several times.
"""

import re
from collections.abc import Callable
from pathlib import Path

from bot.gateways.reply.base64_file import Base64File
from bot.gateways.reply.json_escapes import before_cut_escape, behind_escape

# Of a longer text the beginning and the end are kept: the final picture comes last.
_MAX_WORDS = 32 << 10
_HEAD_BYTES = 8 << 10
_TAIL_BYTES = 16 << 10
_LEFT_OUT = "…".encode()

_SLASH = rb"(?:/|\\/|\\u002[fF])"
_DATA_URI = re.compile(
    rb"(?:data:)?image" + _SLASH + rb"[\w.+-]{1,40}(?:;[\w=.+-]{1,60}){0,4};base64,", re.IGNORECASE
)
_MAX_URI_START = 400  # characters up to the comma
# Before a data URI: then it may have white space, and something else ends it.
_ENCLOSING = re.compile(rb"[(<\"'](?:\s|\\[nrt])*\Z")
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=\\"
_BASE64_IN_LINES = _BASE64 + b" \t\r\n"
_ESCAPED_SPACE = re.compile(rb"\\[nrtf]")


class PictureWords:
    """The words of one raw JSON string, with a placeholder for each picture."""

    def __init__(
        self, new_file: Callable[[], Base64File], placeholder: Callable[[Path], str]
    ) -> None:
        self._new_file = new_file
        self._placeholder = placeholder
        self._words = bytearray()
        self._searched = 0  # of the words: no picture begins before
        self._left_out_at: int | None = None  # where words are left out
        self._file: Base64File | None = None  # of the picture that is being read
        self._is_enclosed = False

    @property
    def words(self) -> bytes:
        """Return the words, still escaped."""
        return bytes(self._words)

    def write(self, piece: bytes) -> None:
        """Read the next piece of the raw string, which cuts no escape."""
        while piece:
            piece = self._read_picture(self._file, piece) if self._file else self._read(piece)

    def close(self, is_whole: Callable[[Path], bool] | None = None) -> None:
        """End the string; a picture that its end cuts counts only if it ``is_whole``."""
        if self._file:
            self._end_picture(self._file, is_whole)

    def _read(self, piece: bytes) -> bytes:
        """Add words up to the next picture; return what follows."""
        self._words += piece
        start = _DATA_URI.search(self._words, max(0, self._searched - _MAX_URI_START))
        if not start:
            self._searched = len(self._words)
            self._leave_out()
            return b""
        before, rest = self._words[: start.start()], bytes(self._words[start.end() :])
        self._is_enclosed = bool(_ENCLOSING.search(before[-20:]))
        self._words = before
        self._file = self._new_file()
        return rest

    def _read_picture(self, file: Base64File, piece: bytes) -> bytes:
        end = self._end_of_base64(piece)
        file.write(piece[:end])
        if end < len(piece):
            self._end_picture(file)
        return piece[end:]

    def _end_of_base64(self, piece: bytes) -> int:
        others = piece.translate(None, _BASE64_IN_LINES if self._is_enclosed else _BASE64)
        end = piece.index(others[:1]) if others else len(piece)
        if not self._is_enclosed and (space := _ESCAPED_SPACE.search(piece, 0, end)):
            return space.start()
        return end - 1 if others[:1] == b'"' and piece[end - 1 : end] == b"\\" else end

    def _end_picture(
        self, file: Base64File, is_whole: Callable[[Path], bool] | None = None
    ) -> None:
        self._file = None
        file.close()
        counts = file.is_base64 and file.path.stat().st_size
        if counts and (not is_whole or is_whole(file.path)):
            self._words += self._placeholder(file.path).encode()
        self._searched = len(self._words)

    def _leave_out(self) -> None:
        if len(self._words) <= _MAX_WORDS:
            return
        if self._left_out_at is None:
            self._left_out_at = before_cut_escape(bytes(self._words[:_HEAD_BYTES]), 0)
        end = behind_escape(self._words, len(self._words) - _TAIL_BYTES)
        self._words[self._left_out_at : end] = _LEFT_OUT
        self._searched = len(self._words)


def holds_data_uri(text: bytes) -> bool:
    """Tell whether a picture begins somewhere in a raw JSON string."""
    return bool(_DATA_URI.search(text))

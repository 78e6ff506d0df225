"""Base64 text into a file, piece by piece: nothing as large as a picture is ever in memory."""

import re
from pathlib import Path
from typing import BinaryIO

import msgspec
import pybase64

_PREFIX = re.compile(rb"\s*data:[^,]{0,200};base64,", re.IGNORECASE)
# Chat models answer with ![words](data:image/png;base64,…), and say something before it.
_MARKDOWN = re.compile(rb"\]\(\s*data:image/[^,]{0,200};base64,", re.IGNORECASE)
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_WHITE = b" \t\r\n\f\v"
_ESCAPE = re.compile(rb"\\(?:u00([0-7][0-9a-fA-F])|(.))", re.DOTALL)
_MEANINGS = {b"/": b"/", b"n": b"", b"r": b"", b"t": b"", b"f": b""}
_STRING = msgspec.json.Decoder(str)
_COPY_BYTES = 3 << 16  # a multiple of 3, so that base64 of the copies joins up


class Base64File:
    """A JSON string that becomes a file.

    It is written as the bytes of ``*.part`` as long as it proves to be base64 (also URL-safe,
    with white space, JSON escapes, a ``data:`` prefix, inside a markdown image or without
    padding). A string that turns out to be something else is kept as text in ``*.raw``: a paid
    picture is never lost to a parser.
    """

    def __init__(self, part: Path) -> None:
        self.path = part
        self.is_base64 = True
        self._file: BinaryIO = part.open("xb")
        self._rest: bytes | None = None  # up to three characters; None before the first text
        self._padded = False
        self._is_markdown = False
        self._is_over = False  # behind the bracket that closes a markdown image

    def write(self, text: bytes) -> None:
        """Take the next piece of the raw JSON string; the first one holds a whole prefix."""
        if not self.is_base64:
            self._file.write(text)
            return
        if self._is_over:
            return
        try:
            self._decode(_unescaped(text))
        except ValueError:
            self._keep_as_text(text)

    def close(self) -> None:
        """Finish the file; whether it holds bytes is told by ``is_base64``."""
        try:
            if self.is_base64 and self._rest:
                self._rest = self._rest.translate(_URL_SAFE, _WHITE).rstrip(b"=")
                self.write(b"=" * (-len(self._rest) % 4))
        finally:
            self._file.close()

    def abandon(self) -> None:
        """Close the file as it is: nobody wants it any more."""
        self._file.close()

    def _decode(self, text: bytes) -> None:
        text = self._without_prefix(text) if self._rest is None else self._rest + text
        if self._is_markdown and b")" in text:
            text, self._is_over = text.partition(b")")[0], True
        try:
            plain, rest = _decoded(text)
        except ValueError:
            plain, rest = _decoded(text.translate(_URL_SAFE, _WHITE))
        ended = self._padded or len(plain) % 3 > 0
        if (self._padded and plain) or (ended and rest.strip(b"=" + _WHITE)):
            raise ValueError("text after the padding")
        self._file.write(plain)
        self._padded, self._rest = ended, b"" if ended else rest

    def _without_prefix(self, text: bytes) -> bytes:
        if prefix := _PREFIX.match(text):
            return text[prefix.end() :]
        if markdown := _MARKDOWN.search(text):
            self._is_markdown = True
            return text[markdown.end() :]
        return text

    def _keep_as_text(self, text: bytes) -> None:
        self.is_base64 = False
        self._file.close()
        part, self.path = self.path, self.path.with_suffix(".raw")
        self._file = self.path.open("xb")
        with part.open("rb") as decoded:
            while piece := decoded.read(_COPY_BYTES):
                self._file.write(pybase64.b64encode(piece))
        part.unlink()
        self._file.write((self._rest or b"") + text)


def _unescaped(text: bytes) -> bytes:
    if b"\\" not in text:
        return text
    try:
        # PHP escapes every slash: then this takes less than half the time of a pattern.
        return _STRING.decode(b'"%b"' % text).encode()
    except (msgspec.DecodeError, UnicodeDecodeError):  # not what a JSON string may hold
        return _ESCAPE.sub(_meaning, text)


def _meaning(escape: re.Match[bytes]) -> bytes:
    if escape[1]:
        return bytes([int(escape[1], 16)])
    return _MEANINGS.get(escape[2], b"\\")


def _decoded(text: bytes) -> tuple[bytes, bytes]:
    """Return the bytes of all whole groups of four characters, and the rest of the text."""
    whole = len(text) & ~3
    return pybase64.b64decode(memoryview(text)[:whole], validate=True), text[whole:]

"""Decode a base64 string into a file while it arrives, in pieces."""

import re
from pathlib import Path
from typing import BinaryIO

import msgspec
import pybase64

from bot.gateways.reply.picture_signature import SIGNATURE_BYTES, begins_like_picture

_PREFIX = re.compile(rb"\s*(?:data:[^,]{0,200}|image/[\w.+-]{1,20});base64,", re.IGNORECASE)
_PART = re.compile(rb"[^=]+=*|=+")  # up to its padding
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_="
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_WHITESPACE = b" \t\r\n\f\v"
_ESCAPE = re.compile(rb"\\(?:u00([0-7][0-9a-fA-F])|(.))", re.DOTALL)
_ESCAPED = {b"/": b"/", b"n": b"", b"r": b"", b"t": b"", b"f": b""}  # white space is dropped
_STRING = msgspec.json.Decoder(str)
_BARE_JPEG_XL = b"\xff\x0a"  # of two bytes, which the path /works/1.png spells, too
_COPY_BYTES = 3 << 16  # a multiple of 3, so that the base64 of the pieces can be concatenated


class Base64File:
    """The file of one JSON string.

    As long as the string is valid base64, its bytes are written to ``*.part``. Accepted are also
    the URL-safe alphabet, white space, JSON escapes, a ``data:`` prefix, missing or extra padding,
    parts that were encoded one by one, and a cut after any character. Any other string is kept as
    text in ``*.raw``, because it may be a picture that was paid for.
    """

    def __init__(self, part: Path) -> None:
        self.path = part
        self.is_base64 = True
        self.may_be_picture = False  # it began as one, but is not base64 to the end
        self._file: BinaryIO = part.open("xb")
        self._rest: bytes | None = None  # up to three characters; None before the first text
        self._is_over_padded = False

    def write(self, text: bytes) -> None:
        """Write the next piece of the raw JSON string; the first one contains the whole prefix."""
        if not self.is_base64:
            self._file.write(text)
            return
        try:
            self._decode(_unescape(text))
        except ValueError:
            self._keep_as_text(text)

    def close(self) -> None:
        """Complete the file; ``is_base64`` then tells whether it was base64 to the end."""
        try:
            if self.is_base64 and self._rest:
                rest = self._rest.translate(_URL_SAFE, _WHITESPACE).rstrip(b"=")
                self._rest = rest if len(rest) > 1 else b""  # one character is not a whole byte
                self.write(b"=" * (-len(self._rest) % 4))
        finally:
            self._file.close()

    def abandon(self) -> None:
        """Close the file as it is."""
        self._file.close()

    def _decode(self, text: bytes) -> None:
        text = _without_prefix(text) if self._rest is None else self._rest + text
        try:
            data, self._rest = _decode_groups(text)
        except ValueError:
            data, self._rest = self._decode_parts(text.translate(_URL_SAFE, _WHITESPACE))
        self._file.write(data)

    def _decode_parts(self, text: bytes) -> tuple[bytes, bytes]:
        """Decode parts that were encoded one by one; only the last may have too much padding."""
        decoded, rest = [], b""
        for part in _PART.findall(text):
            plain = part.rstrip(b"=")
            needed, found = -len(plain) % 4, len(part) - len(plain)
            if rest or (self._is_over_padded and plain):
                raise ValueError("text after the padding")
            if found < needed or not found:
                data, rest = _decode_groups(part)
            else:
                data = pybase64.b64decode(plain + b"=" * needed, validate=True)
                self._is_over_padded = self._is_over_padded or found > needed
            decoded.append(data)
        return b"".join(decoded), rest

    def _keep_as_text(self, text: bytes) -> None:
        """Convert what was decoded back to text, and write only text from now on."""
        self.is_base64 = False
        self._file.close()
        part, self.path = self.path, self.path.with_suffix(".raw")
        self._file = self.path.open("xb")
        with part.open("rb") as decoded:
            head = decoded.read(SIGNATURE_BYTES) or _first_bytes(text)
            self.may_be_picture = begins_like_picture(head)
            decoded.seek(0)
            while piece := decoded.read(_COPY_BYTES):
                self._file.write(pybase64.b64encode(piece))
        part.unlink()
        self._file.write((self._rest or b"") + text)


def begins_like_base64(text: bytes) -> bool:
    """Tell whether a raw JSON string begins like the base64 of a picture."""
    first = _first_bytes(_unescape(text))
    return begins_like_picture(first) and not first.startswith(_BARE_JPEG_XL)


def may_be_base64(text: bytes) -> bool:
    """Tell whether the beginning of a raw JSON string has nothing but base64.

    It cuts no escape.
    """
    return not _without_prefix(_unescape(text)).translate(None, _ALPHABET + _WHITESPACE)


def _first_bytes(text: bytes) -> bytes:
    plain = _without_prefix(text)
    try:
        return pybase64.b64decode(plain[: SIGNATURE_BYTES // 3 * 4], validate=True)
    except ValueError:
        return b""


def _without_prefix(text: bytes) -> bytes:
    return text[prefix.end() :] if (prefix := _PREFIX.match(text)) else text


def _unescape(text: bytes) -> bytes:
    if b"\\" not in text:
        return text
    try:
        # PHP escapes every slash: for that, this is more than twice as fast as the pattern.
        return _STRING.decode(b'"%b"' % text).encode()
    except (msgspec.DecodeError, UnicodeDecodeError):  # not a valid JSON string
        return _ESCAPE.sub(_unescaped, text)


def _unescaped(escape: re.Match[bytes]) -> bytes:
    if escape[1]:
        return bytes([int(escape[1], 16)])
    return _ESCAPED.get(escape[2], b"\\")


def _decode_groups(text: bytes) -> tuple[bytes, bytes]:
    """Return the bytes of all complete groups of four characters, and the remaining text."""
    end = len(text) & ~3
    return pybase64.b64decode(memoryview(text)[:end], validate=True), text[end:]

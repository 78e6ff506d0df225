"""JSON on its way: a small skeleton stays in memory, its pictures become files as they arrive.

Every string that grows long is decoded into a file and replaced in the skeleton by a placeholder
that nobody outside can guess.
"""

from contextlib import suppress
from pathlib import Path
from secrets import token_hex

from bot.core.errors.gateway import GatewayErrorKind
from bot.gateways.reply.base64_file import Base64File
from bot.gateways.reply.download_spool import (
    ByteBudget,
    DownloadSpool,
    SpoolFailed,
    wrapping_disk_errors,
)

LONG_STRING_BYTES = 8 * 1024
MAX_TEXT_BYTES = 2 << 20
MAX_STRINGS = 64

# Gateways send white space to keep the line open, and some a byte order mark.
JSON_WHITESPACE = b" \t\r\n\xef\xbb\xbf"
_CUT = "…"  # ends the beginning of a long text, so that it cannot pass for the whole
_BACKSLASH = ord("\\")
_ESCAPE_LENGTH = 6  # of \u0000, the longest escape


class StreamingJson:
    """One JSON text; its files lie in the spool until they become pictures, or are discarded."""

    def __init__(self, spool: DownloadSpool, room: ByteBudget | None = None) -> None:
        self._spool = spool
        self._room = room or spool.new_room()
        self._token = token_hex(16)
        self._files: list[Base64File] = []
        self._decoded: dict[str, Path] = {}  # by placeholder
        self._text = bytearray()
        self._is_json: bool | None = None
        self._string_at: int | None = None  # where the open string begins in the text
        self._long: Base64File | None = None
        self._held = b""  # an escape that the last chunk cut

    # --- while it arrives ---------------------------------------------------------------------

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes; raise SpoolFailed when they cannot be kept."""
        self._room.take(len(chunk))
        if self._is_json is None:
            chunk = self._begin(chunk)
        if self._is_json:
            with wrapping_disk_errors():
                self._read(self._held + chunk)
        else:
            self._text += chunk[: max(0, LONG_STRING_BYTES - len(self._text))]
        if len(self._text) > MAX_TEXT_BYTES:
            raise SpoolFailed(GatewayErrorKind.BAD_RESPONSE, "the reply holds too much text")

    def _begin(self, chunk: bytes) -> bytes:
        text = chunk.lstrip(JSON_WHITESPACE)
        if text:
            self._is_json = text.startswith((b"{", b"["))
        return text

    def _read(self, chunk: bytes) -> None:
        self._held, at = b"", 0
        while at < len(chunk):
            at = self._between(chunk, at) if self._string_at is None else self._string(chunk, at)

    def _between(self, chunk: bytes, at: int) -> int:
        quote = chunk.find(b'"', at)
        end = quote + 1 or len(chunk)
        self._text += chunk[at:end]
        if quote >= 0:
            self._string_at = len(self._text)
        return end

    def _string(self, chunk: bytes, at: int) -> int:
        quote = _closing_quote(chunk, at)
        end = _last_whole_escape(chunk, at) if quote < 0 else quote
        self._grow(chunk[at:end])
        if quote < 0:
            self._held = chunk[end:]
            return len(chunk)
        self._close_string()
        return quote + 1

    def _grow(self, text: bytes) -> None:
        if self._long:
            self._long.write(text)
            return
        self._text += text
        if len(self._text) - (self._string_at or 0) > LONG_STRING_BYTES:
            self._open_long(bytes(self._text[self._string_at :]))

    def _open_long(self, text: bytes) -> None:
        """Move a string that has grown long to a file; what it begins with stays."""
        if len(self._files) >= MAX_STRINGS:
            raise SpoolFailed(
                GatewayErrorKind.BAD_RESPONSE, "the reply holds too many long strings"
            )
        kept = (self._string_at or 0) + _last_whole_escape(text[:LONG_STRING_BYTES], 0)
        del self._text[kept:]
        self._long = self._new_file()
        self._long.write(text)

    def _new_file(self) -> Base64File:
        file = Base64File(self._spool.new_part())
        self._spool.opened(file)
        self._files.append(file)
        return file

    def _close_string(self) -> None:
        if self._long:
            self._long.close()
            if self._long.is_base64:
                self._text[self._string_at :] = self._placeholder(self._long.path).encode()
            else:
                self._text += _CUT.encode()
        self._text += b'"'
        self._string_at = self._long = None

    def _placeholder(self, path: Path) -> str:
        placeholder = f"{self._token}:{len(self._decoded)}"
        self._decoded[placeholder] = path
        return placeholder

    # --- afterwards ---------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """Return the skeleton; of a text that is no JSON, its beginning."""
        return self._text.decode("utf-8", "replace")

    @property
    def is_json(self) -> bool:
        """Whether the text began like JSON."""
        return bool(self._is_json)

    @property
    def decoded(self) -> tuple[Path, ...]:
        """Return the files of all long strings that were base64, in order."""
        return tuple(self._decoded.values())

    def file_of(self, text: str) -> Path | None:
        """Return the file behind a placeholder or of a short base64 text; None for other text."""
        if text in self._decoded:
            return self._decoded[text]
        if text.endswith(_CUT):
            return None
        with wrapping_disk_errors():
            short = self._new_file()
            short.write(text.encode("utf-8", "replace"))
            short.close()
        return short.path if short.is_base64 else None

    def is_placeholder(self, text: str) -> bool:
        """Tell whether a string of the skeleton stands for a file."""
        return text in self._decoded

    def discard(self) -> None:
        """Remove all files of the text: nobody needs what it held."""
        for file in self._files:
            with suppress(OSError):  # the disk may refuse the last bytes, or it is shown already
                file.abandon()
                file.path.unlink()


def _closing_quote(chunk: bytes, at: int) -> int:
    quote = chunk.find(b'"', at)
    while quote >= 0 and _is_escaped(chunk, quote, at):
        quote = chunk.find(b'"', quote + 1)
    return quote


def _last_whole_escape(text: bytes, at: int) -> int:
    """Return where an escape that the end of the text cuts begins; else the end."""
    last = text.rfind(b"\\", max(at, len(text) - _ESCAPE_LENGTH + 1))
    if last < 0 or _is_escaped(text, last, at):
        return len(text)
    is_long = text[last + 1 : last + 2] == b"u"
    is_cut = len(text) - last < (_ESCAPE_LENGTH if is_long else 2)
    return last if is_cut else len(text)


def _is_escaped(text: bytes, index: int, at: int) -> bool:
    first = index
    while first > at and text[first - 1] == _BACKSLASH:
        first -= 1
    return (index - first) % 2 == 1

"""Read JSON while it arrives: long base64 strings go to files, the rest stays in memory.

In the text that stays, each decoded string is replaced by a placeholder that cannot be guessed, and
so is each picture among the words of a long string.
"""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

from yarl import URL

from bot.core.errors.gateway import GatewayErrorKind
from bot.gateways.reply.base64_file import Base64File, begins_like_base64, may_be_base64
from bot.gateways.reply.download_spool import (
    DownloadSpool,
    SpoolFailed,
    max_reply_bytes,
    wrapping_disk_errors,
)
from bot.gateways.reply.json_escapes import before_cut_escape, is_escaped
from bot.gateways.reply.picture_words import PictureWords, holds_data_uri

LONG_STRING_BYTES = 8 * 1024
MAX_TEXT_BYTES = 2 << 20
MAX_STRINGS = 64

# Gateways send white space to keep the connection open, and some send a byte order mark.
_MAX_BEFORE = 2 * LONG_STRING_BYTES  # before a long string: its keys say what it is
JSON_WHITESPACE = b" \t\r\n\xef\xbb\xbf"
_TRUNCATED = "…"  # ends a long text that was cut, so that it is not mistaken for the whole

WordsReader = Callable[[bytes], None]
"""Takes the pieces of a long string, still escaped."""


def _no_reader(_before: bytes) -> WordsReader | None:
    return None


class StreamingJson:
    """One JSON text; its files stay in the spool until they are kept or discarded.

    ``reader_of`` is asked for each long string, by the end of the text before it: one that it
    names a reader for goes there, and is empty here.
    """

    def __init__(
        self,
        spool: DownloadSpool,
        reader_of: Callable[[bytes], WordsReader | None] = _no_reader,
    ) -> None:
        self._spool = spool
        self._reader_of = reader_of
        self._left_bytes = max_reply_bytes(spool.pictures)
        self._token = token_hex(16)
        self._files: list[Base64File] = []
        self._decoded: dict[str, Path] = {}  # by placeholder
        self._short_strings = 0  # that were decoded
        self._text = bytearray()
        self.is_json: bool | None = None  # whether it begins like JSON; None: no text yet
        self.is_closed = False  # the JSON is complete; its end may follow
        self.is_over = False  # nothing that follows is of interest
        self._depth = 0  # of the brackets that are open
        self._string_start: int | None = None  # of the open string, in the text
        self._long_string: Base64File | PictureWords | _Redirected | None = None
        self._escape = b""  # an escape that the end of the last chunk cut

    # --- while it arrives ---------------------------------------------------------------------

    def feed(self, chunk: bytes) -> None:
        """Read the next bytes; raise SpoolFailed when they cannot be stored.

        What follows complete JSON may be too long or too much: that loses nothing.
        """
        if self.is_over:
            return
        try:
            self._feed(chunk)
        except SpoolFailed:
            if not self.is_closed:
                raise
            self.is_over = True

    def _feed(self, chunk: bytes) -> None:
        self._left_bytes -= len(chunk)
        if self._left_bytes < 0:
            raise SpoolFailed(GatewayErrorKind.BAD_RESPONSE, "the reply is too large")
        if self.is_json is None:
            chunk = chunk.lstrip(JSON_WHITESPACE)
            self.is_json = chunk.startswith((b"{", b"[", b'"')) if chunk else None
        if self.is_json:
            with wrapping_disk_errors():
                self._read(self._escape + chunk)
        else:
            self._text += chunk[: max(0, LONG_STRING_BYTES - len(self._text))]
        if len(self._text) > MAX_TEXT_BYTES:
            raise SpoolFailed(GatewayErrorKind.BAD_RESPONSE, "the reply holds too much text")

    def _read(self, chunk: bytes) -> None:
        self._escape, position = b"", 0
        while position < len(chunk):
            if self._string_start is None:
                position = self._read_to_string(chunk, position)
            else:
                position = self._read_string(chunk, position)

    def _read_to_string(self, chunk: bytes, start: int) -> int:
        """Copy the text up to the next opening quote; return the position behind it."""
        quote = chunk.find(b'"', start)
        end = quote + 1 or len(chunk)
        text = chunk[start:end]
        self._text += text
        self._depth += _opened(text)
        if self._depth <= 0 and (b"}" in text or b"]" in text):
            self.is_closed = True
        if quote >= 0:
            self._string_start = len(self._text)
        return end

    def _read_string(self, chunk: bytes, start: int) -> int:
        """Read a string up to its closing quote; return the position behind it."""
        quote = _closing_quote(chunk, start)
        end = before_cut_escape(chunk, start) if quote < 0 else quote
        piece = chunk[start:end]
        if self._long_string:
            self._long_string.write(piece)
        else:
            self._text += piece
            if len(self._text) - (self._string_start or 0) > LONG_STRING_BYTES:
                self._move_to_file()
        if quote < 0:
            self._escape = chunk[end:]
            return len(chunk)
        self._close_string()
        return quote + 1

    def _move_to_file(self) -> None:
        """Move a string that has become long out of the text."""
        start = self._string_start or 0
        string = bytes(self._text[start:])
        # The beginning stays in the text until something else holds all of it.
        head = before_cut_escape(string[:LONG_STRING_BYTES], 0)
        del self._text[start + head :]
        if reader := self._reader():
            self._long_string = _Redirected(reader)
        elif may_be_base64(string[:head]):
            self._long_string = self._new_file()
        else:
            self._long_string = PictureWords(self._new_file, self._placeholder)
        if not isinstance(self._long_string, Base64File):
            del self._text[start:]
        self._long_string.write(string)

    def _reader(self) -> WordsReader | None:
        start = self._string_start or 0
        return self._reader_of(bytes(self._text[max(0, start - _MAX_BEFORE) : start]))

    def _new_file(self) -> Base64File:
        if len(self._files) >= MAX_STRINGS:
            raise SpoolFailed(
                GatewayErrorKind.BAD_RESPONSE, "the reply holds too many long strings"
            )
        file = self._spool.new_base64_file()
        self._files.append(file)
        return file

    def _close_string(self) -> None:
        match self._long_string:
            case Base64File() as file:
                file.close()
                if file.is_base64:
                    self._text[self._string_start :] = self._placeholder(file.path).encode()
                else:
                    self._text += _TRUNCATED.encode()
            case PictureWords() as words:
                words.close()
                self._text += words.words
        self._end_string()
        self.is_closed = self.is_closed or self._depth <= 0

    def _end_string(self) -> None:
        self._text += b'"'
        self._string_start = self._long_string = None

    def _placeholder(self, decoded: Path) -> str:
        """Return a placeholder for a file."""
        placeholder = f"{self._token}:{len(self._decoded)}"
        self._decoded[placeholder] = decoded
        return placeholder

    @property
    def asked(self) -> int:
        """How many pictures the request asked for."""
        return self._spool.pictures

    @property
    def is_in_string(self) -> bool:
        """Whether a string is open: at the end of the text it was cut."""
        return self._string_start is not None

    def finish(self) -> None:
        """Read the string that the end of the text cuts, if there is one, as far as it arrived.

        A picture in it counts if it is whole. It may decode the picture, so call it in a thread.
        """
        if not self.is_in_string:
            return
        try:
            self._finish()
        except SpoolFailed:
            if not self._decoded:
                raise

    def _finish(self) -> None:
        with wrapping_disk_errors():
            string = bytes(self._text[self._string_start :])
            is_picture = begins_like_base64(string) or holds_data_uri(string)
            if not self._long_string and (is_picture or self._reader()):
                self._move_to_file()
            match self._long_string:
                case Base64File() as file:
                    file.close()
                    if file.is_base64 and self._spool.is_whole(file.path):
                        self._text[self._string_start :] = self._placeholder(file.path).encode()
                        self._end_string()
                case PictureWords() as words:
                    words.close(self._spool.is_whole)
                    self._text += words.words
                    self._end_string()

    # --- afterwards ---------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """Return the text with placeholders; only its beginning if it is no JSON."""
        return self._text.decode("utf-8", "replace")

    @property
    def decoded(self) -> tuple[Path, ...]:
        """Return the files of all pictures that were decoded, in order."""
        return tuple(self._decoded.values())

    def file_of(self, text: str) -> Path | None:
        """Return the file of a placeholder or of a short base64 string; None for other text."""
        if text in self._decoded:
            return self._decoded[text]
        if text.endswith(_TRUNCATED) or self._short_strings >= MAX_STRINGS:
            return None
        self._short_strings += 1
        with wrapping_disk_errors():
            file = self._spool.new_base64_file()
            self._files.append(file)
            file.write(text.encode("utf-8", "replace"))
            file.close()
        return file.path if file.is_base64 else None

    def is_placeholder(self, text: str) -> bool:
        """Tell whether a string of the text stands for a file."""
        return text in self._decoded

    def was_sent(self, source: Path | URL) -> bool:
        """Tell whether a file or an address of this JSON was sent with the request."""
        with wrapping_disk_errors():
            return self._spool.sent.include(source)

    def discard(self) -> None:
        """Remove all files of this JSON text."""
        for file in self._files:
            with suppress(OSError):  # the disk may refuse the last bytes, or it was renamed
                file.abandon()
                file.path.unlink()


class _Redirected:
    """A long string that another reader takes."""

    def __init__(self, reader: WordsReader) -> None:
        self.write = reader


def _opened(text: bytes) -> int:
    """Return how many brackets a text without strings leaves open."""
    return text.count(b"{") + text.count(b"[") - text.count(b"}") - text.count(b"]")


def _closing_quote(chunk: bytes, start: int) -> int:
    quote = chunk.find(b'"', start)
    while quote >= 0 and is_escaped(chunk, quote, start):
        quote = chunk.find(b'"', quote + 1)
    return quote

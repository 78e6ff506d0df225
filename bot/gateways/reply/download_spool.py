"""The temporary files of one exchange, with limits on how much may arrive."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from secrets import token_hex
from typing import Self

import aiohttp

from bot.core.errors.gateway import GatewayErrorKind
from bot.core.models import Picture
from bot.gateways.reply.base64_file import Base64File
from bot.gateways.reply.picture_signature import SIGNATURE_BYTES, begins_like_picture
from bot.gateways.reply.sent_pictures import NOTHING_SENT, SentPictures
from bot.gateways.reply.unread_files import UnreadFiles
from bot.images.inspection import inspect_picture
from bot.images.sniff import PictureInfo, sniff

MIN_BODY_BYTES = 128 << 20
BODY_BYTES_PER_PICTURE = 48 << 20
MIN_FREE_BYTES = 64 << 20
FREE_BYTES_PER_PICTURE = 16 << 20


class SpoolFailed(Exception):
    """The reply cannot be stored: it is too large, or the disk failed."""

    def __init__(self, kind: GatewayErrorKind, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail


@contextmanager
def wrapping_disk_errors() -> Iterator[None]:
    """Raise SpoolFailed for errors of the disk."""
    try:
        yield
    except (aiohttp.ClientError, TimeoutError):  # of the connection; some are an OSError, too
        raise
    except OSError as refused:
        detail = f"the disk refused: {refused.strerror}"
        raise SpoolFailed(GatewayErrorKind.DISK_FULL, detail) from refused


def max_reply_bytes(pictures: int) -> int:
    """Return how large a reply with this number of pictures may be."""
    return max(MIN_BODY_BYTES, pictures * BODY_BYTES_PER_PICTURE)


class DownloadSpool:
    """Files ``STEM-…`` in a folder; the exit removes those that were not kept as pictures.

    What cannot be read goes to ``unread``, if that is given. ``sent`` is what a reply may repeat.
    """

    def __init__(
        self,
        folder: Path,
        stem: str,
        *,
        pictures: int,
        unread: UnreadFiles | None = None,
        sent: SentPictures = NOTHING_SENT,
    ) -> None:
        self._folder = folder
        self._stem = stem
        self.pictures = pictures
        self.sent = sent
        self._unread = unread
        self._token = token_hex(16)
        self._numbers = count(1)
        self._temporary: list[Path] = []
        self._base64_files: list[Base64File] = []
        self._cut_pictures: list[Path] = []

    def __enter__(self) -> Self:
        with wrapping_disk_errors():
            self._folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._base64_files:
            with suppress(OSError):  # the disk may refuse the last bytes
                file.abandon()
            if file.may_be_picture:
                self._cut_pictures.append(file.path)
        for path in self._cut_pictures:
            with suppress(OSError):  # it was discarded
                self._set_aside(path)
        for path in self._temporary:
            with suppress(OSError):  # it was renamed to a picture
                path.unlink()

    def check_space(self) -> None:
        """Raise SpoolFailed when the disk has hardly room for the pictures."""
        with wrapping_disk_errors():
            free = shutil.disk_usage(self._folder).free
        if free < max(MIN_FREE_BYTES, self.pictures * FREE_BYTES_PER_PICTURE):
            detail = f"the disk has only {free >> 20} MiB left"
            raise SpoolFailed(GatewayErrorKind.DISK_FULL, detail)

    def new_part(self) -> Path:
        """Return a new path for an incomplete file."""
        part = self._folder / f"{self._stem}-{self._token}-{next(self._numbers)}.part"
        self._temporary.append(part)
        return part

    def new_base64_file(self) -> Base64File:
        """Return a new file to decode into."""
        file = Base64File(self.new_part())
        self._base64_files.append(file)
        return file

    def keep(self, part: Path, name: str, revised_prompt: str | None) -> Picture | None:
        """Store a picture as ``STEM-NAME.FORMAT``; None if the file is no picture.

        It is durable after ``sync_names``. It blocks, so call it in a thread.
        """
        with wrapping_disk_errors():
            info = inspect_picture(part)
            if not info:
                self._set_aside(part)
                return None
            path = self._folder / f"{self._stem}-{name}.{info.format}"
            _fsync(part)
            part.rename(path)
            return _picture(path, info, revised_prompt)

    def sync_names(self) -> None:
        """Let the names of all pictures survive a power failure, too; it blocks."""
        with wrapping_disk_errors():
            _fsync(self._folder)

    def is_whole(self, part: Path) -> bool:
        """Tell whether a file whose end may be missing is a whole picture.

        The exit sets aside what only begins like one. It blocks, so call it in a thread.
        """
        with wrapping_disk_errors():
            if inspect_picture(part):
                return True
            with part.open("rb") as file:
                if begins_like_picture(file.read(SIGNATURE_BYTES)):
                    self._cut_pictures.append(part)
            return False

    def _set_aside(self, file: Path) -> None:
        if self._unread:
            self._unread.keep(file, f"{self._folder.name}-{self._stem}")

    def keep_preview(self, part: Path) -> Picture | None:
        """Name a preview by its format; the exit removes it. None if the file is no picture."""
        with wrapping_disk_errors():
            info = sniff(part)
            if not info:
                return None
            path = part.with_suffix(f".{info.format}")
            self._temporary.append(path)
            part.rename(path)
            return _picture(path, info, None)


def _picture(path: Path, info: PictureInfo, revised_prompt: str | None) -> Picture:
    size = path.stat().st_size
    return Picture(path, info.format, info.width, info.height, size, revised_prompt)


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

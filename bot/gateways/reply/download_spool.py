"""The files of one exchange: what arrives is kept in bounds, and what became no picture goes."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from secrets import token_hex
from types import TracebackType
from typing import Self

import aiohttp

from bot.core.errors.gateway import GatewayErrorKind
from bot.core.models import Picture
from bot.gateways.reply.base64_file import Base64File
from bot.images.sniff import PictureInfo, sniff

MIN_BODY_BYTES = 128 << 20
BODY_BYTES_PER_PICTURE = 48 << 20


class SpoolFailed(Exception):
    """The reply cannot be kept: it is too large, or the disk refuses it."""

    def __init__(self, kind: GatewayErrorKind, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail


@contextmanager
def wrapping_disk_errors() -> Iterator[None]:
    """Tell every refusal of the disk as SpoolFailed."""
    try:
        yield
    except (aiohttp.ClientError, TimeoutError):  # of the line; some are an OSError, too
        raise
    except OSError as refused:
        detail = f"the disk refused: {refused.strerror}"
        raise SpoolFailed(GatewayErrorKind.DISK_FULL, detail) from refused


class ByteBudget:
    """How many bytes may still arrive."""

    def __init__(self, max_bytes: int) -> None:
        self._left = max_bytes

    def take(self, count: int) -> None:
        """Count what arrived; raise SpoolFailed when it is too much."""
        self._left -= count
        if self._left < 0:
            raise SpoolFailed(GatewayErrorKind.BAD_RESPONSE, "the reply is too large")


class DownloadSpool:
    """Files ``STEM-…`` in a folder; leaving it removes every one that became no picture."""

    def __init__(self, folder: Path, stem: str, *, pictures: int) -> None:
        self._folder = folder
        self._stem = stem
        self._pictures = pictures
        self._token = token_hex(16)
        self._numbers = count(1)
        self._passing: list[Path] = []
        self._open: list[Base64File] = []

    def __enter__(self) -> Self:
        with wrapping_disk_errors():
            self._folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        for file in self._open:
            with suppress(OSError):  # the disk may refuse the last bytes
                file.abandon()
        for path in self._passing:
            with suppress(OSError):  # gone, because it became a picture
                path.unlink()

    def new_room(self, *, times: int = 1) -> ByteBudget:
        """Return room for a reply, or for one that brings its pictures so many times."""
        return ByteBudget(max(MIN_BODY_BYTES, times * self._pictures * BODY_BYTES_PER_PICTURE))

    def new_part(self) -> Path:
        """Return a new path for a file in the making."""
        part = self._folder / f"{self._stem}-{self._token}-{next(self._numbers)}.part"
        self._passing.append(part)
        return part

    def opened(self, file: Base64File) -> None:
        """Close this file at the end, if nobody did."""
        self._open.append(file)

    async def keep(self, part: Path, number: int, revised_prompt: str | None) -> Picture | None:
        """Make the picture durable as ``STEM-NUMBER.FORMAT``; None if the bytes are no picture."""
        return await asyncio.to_thread(self._keep, part, number, revised_prompt)

    def _keep(self, part: Path, number: int, revised_prompt: str | None) -> Picture | None:
        with wrapping_disk_errors():
            looks = sniff(part)
            if not looks:
                part.rename(part.with_suffix(".raw"))
                return None
            path = self._folder / f"{self._stem}-{number}.{looks.format}"
            _sync(part)
            part.rename(path)
            _sync(self._folder)  # the new name must survive a power cut, too
            return _picture(path, looks, revised_prompt)

    def show(self, part: Path) -> Picture | None:
        """Name a picture that is only looked at by its format; the end removes it."""
        with wrapping_disk_errors():
            looks = sniff(part)
            if not looks:
                return None
            path = part.with_suffix(f".{looks.format}")
            self._passing.append(path)
            part.rename(path)
            return _picture(path, looks, None)


def _picture(path: Path, looks: PictureInfo, revised_prompt: str | None) -> Picture:
    size = path.stat().st_size
    return Picture(path, looks.format, looks.width, looks.height, size, revised_prompt)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

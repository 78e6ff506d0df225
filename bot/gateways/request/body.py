"""What is sent: pictures go from their files to the line, in pieces, with a known length."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pybase64
from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import Payload

from bot.core.errors.gateway import GatewayErrorKind

_PIECE = 3 << 16  # bytes read at once; a multiple of 3, so that the base64 of all pieces joins up


class RequestBuildFailed(Exception):
    """The request cannot be put together, so nothing was sent; ``param`` is what is in the way."""

    def __init__(self, kind: GatewayErrorKind, detail: str, *, param: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.param = param


@dataclass(frozen=True, slots=True)
class FileContent:
    """An open file of ``size`` bytes, as it is."""

    file: BinaryIO
    size: int

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[bytes]:
        self.file.seek(0)
        for at in range(0, self.size, _PIECE):
            wanted = min(_PIECE, self.size - at)
            piece = self.file.read(wanted)
            if len(piece) < wanted:  # the announced length cannot be kept
                raise EOFError("a reference file was cut while it was sent")
            yield piece


@dataclass(frozen=True, slots=True)
class Base64Content:
    """The same as base64, made while it is sent."""

    plain: FileContent

    def __len__(self) -> int:
        return -(-len(self.plain) // 3) * 4

    def __iter__(self) -> Iterator[bytes]:
        return map(pybase64.b64encode, self.plain)


BodyPart = bytes | FileContent | Base64Content


class RequestBody(Payload):
    """A body whose length is known before its first byte, and which can be sent again."""

    def __init__(self, parts: tuple[BodyPart, ...], content_type: str = "application/json") -> None:
        super().__init__(parts, content_type=content_type)
        self._parts = parts

    @property
    def size(self) -> int:
        """Return the length in bytes."""
        return sum(map(len, self._parts))

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Send the body; a piece is read when the one before is on its way."""
        for part in self._parts:
            for piece in (part,) if isinstance(part, bytes) else part:
                await writer.write(piece)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:  # noqa: ARG002 - aiohttp's
        """Refuse: a body is never in memory as a whole."""
        raise TypeError("the body is streamed")


def open_content(path: Path, *, param: str, size: int | None = None) -> FileContent:
    """Open a picture of ``size`` bytes (None: any); raise BodyFailed when it is not there."""
    try:
        file = path.open("rb")
    except OSError as gone:
        raise _lost(f"a picture cannot be read: {gone.strerror}", param) from gone
    there = os.fstat(file.fileno()).st_size
    if size in (None, there):
        return FileContent(file, there)
    file.close()
    raise _lost("a picture has another size than it had", param)


def _lost(detail: str, param: str) -> RequestBuildFailed:
    return RequestBuildFailed(GatewayErrorKind.REFERENCE_LOST, detail, param=param)

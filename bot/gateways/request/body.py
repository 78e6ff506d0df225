"""The body of a paid request, streamed from files with a length that is known in advance."""

import os
from asyncio import Transport
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pybase64
from aiohttp import ClientConnectionResetError
from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import Payload

from bot.core.errors.gateway import GatewayErrorKind

_PIECE_BYTES = 3 << 16  # a multiple of 3, so that the base64 of all pieces can be concatenated


class RequestBuildFailed(Exception):
    """The request cannot be built, so nothing was sent; ``param`` names the cause."""

    def __init__(self, kind: GatewayErrorKind, detail: str, *, param: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.param = param


@dataclass(frozen=True, slots=True)
class FileContent:
    """An open file of ``size`` bytes, sent unchanged."""

    file: BinaryIO
    size: int

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[bytes]:
        self.file.seek(0)
        for start in range(0, self.size, _PIECE_BYTES):
            wanted = min(_PIECE_BYTES, self.size - start)
            piece = self.file.read(wanted)
            if len(piece) < wanted:  # the announced Content-Length cannot be kept
                raise EOFError("a reference file was cut while it was sent")
            yield piece


@dataclass(frozen=True, slots=True)
class Base64Content:
    """A file's content as base64, encoded while it is sent."""

    content: FileContent

    def __len__(self) -> int:
        return -(-len(self.content) // 3) * 4

    def __iter__(self) -> Iterator[bytes]:
        return map(pybase64.b64encode, self.content)


BodyPart = bytes | FileContent | Base64Content


class RequestBody(Payload):
    """A body of known length that can be sent again.

    While it ``is_held``, not one byte of it has left: the server has not asked for it yet.
    """

    def __init__(self, parts: tuple[BodyPart, ...], content_type: str = "application/json") -> None:
        super().__init__(parts, content_type=content_type)
        self._parts = parts
        self.is_held = False

    def hold(self) -> None:
        """Note that the server is waited for before the body leaves."""
        self.is_held = True

    def let_go(self) -> None:
        """Note that the body may leave at any moment."""
        self.is_held = False

    @property
    def size(self) -> int:
        """Return the length in bytes."""
        return sum(map(len, self._parts))

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Send the body; each piece is read after the previous one was written.

        A held one stays held where the connection is given up as the server asks for it.
        """
        if self.is_held and not _is_open(writer):
            raise ClientConnectionResetError("the connection was closed before the body left")
        self.let_go()
        for part in self._parts:
            for piece in (part,) if isinstance(part, bytes) else part:
                await writer.write(piece)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:  # noqa: ARG002 - aiohttp's
        """Raise TypeError: a body is never in memory as a whole."""
        raise TypeError("the body is streamed")


def _is_open(writer: AbstractStreamWriter) -> bool:
    transport: Transport | None = getattr(writer, "transport", None)
    return transport is not None and not transport.is_closing()


def open_content(path: Path, *, param: str, size: int | None = None) -> FileContent:
    """Open a picture of ``size`` bytes (None: any size); raise RequestBuildFailed if it is lost."""
    try:
        file = path.open("rb")
    except OSError as gone:
        detail = f"a picture cannot be read: {gone.strerror}"
        raise RequestBuildFailed(GatewayErrorKind.REFERENCE_LOST, detail, param=param) from gone
    actual = os.fstat(file.fileno()).st_size
    if size in (None, actual):
        return FileContent(file, actual)
    file.close()
    detail = "a picture has another size than it had"
    raise RequestBuildFailed(GatewayErrorKind.REFERENCE_LOST, detail, param=param)

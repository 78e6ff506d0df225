"""Detect a picture file's format and size from its header, and whether the file is complete."""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from bot.core.models import PictureFormat

_TAIL = 4096  # some encoders write a little after the end marker
_HEAD = 32
_PNG_END = b"IEND\xaeB`\x82"
_JPEG_END = b"\xff\xd9"  # cannot occur inside the scan, where FF is followed by 00
# Start-of-frame markers hold the size; C4, C8 and CC are tables and extensions (ITU T.81 B.1).
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True, slots=True)
class PictureInfo:
    """The format and size of a picture file."""

    format: PictureFormat
    width: int
    height: int


def sniff(path: Path) -> PictureInfo | None:
    """Return the format and size; None unless the file is a complete PNG, JPEG, WebP or GIF."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
        reader = next((reader for magic, reader in _READERS if head.startswith(magic)), None)
        try:
            info = reader(file, head, file.seek(0, 2)) if reader else None
        except struct.error:  # the file ends inside its header
            return None
    return info if info and info.width and info.height else None


_Reader = Callable[[BinaryIO, bytes, int], PictureInfo | None]


def _tail(file: BinaryIO, file_size: int) -> bytes:
    file.seek(max(0, file_size - _TAIL))
    return file.read()


def _png(file: BinaryIO, head: bytes, file_size: int) -> PictureInfo | None:
    width, height = struct.unpack_from(">II", head, 16)
    return PictureInfo("png", width, height) if _PNG_END in _tail(file, file_size) else None


def _gif(file: BinaryIO, head: bytes, _: int) -> PictureInfo | None:
    width, height, flags = struct.unpack_from("<HHB", head, 6)
    file.seek(13 + _colour_bytes(flags))
    return PictureInfo("gif", width, height) if _gif_ends(file) else None


def _gif_ends(file: BinaryIO) -> bool:
    """Walk from block to block until the trailer: its byte may also occur inside a block."""
    while (block := file.read(1)) in {b"!", b","}:
        if block == b"!":  # an extension: its label, then its data
            file.seek(1, 1)
        else:  # an image: its place and flags, colours and code size, then its data
            (flags,) = struct.unpack("<8xB", file.read(9))
            file.seek(_colour_bytes(flags) + 1, 1)
        while size := struct.unpack("B", file.read(1))[0]:
            file.seek(size, 1)
    return block == b";"


def _colour_bytes(flags: int) -> int:
    """Return the length of a colour table (GIF89a, 18 and 20)."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _webp(_: BinaryIO, head: bytes, file_size: int) -> PictureInfo | None:
    if head[8:12] != b"WEBP" or struct.unpack_from("<I", head, 4)[0] + 8 > file_size:
        return None
    if head[12:16] == b"VP8X":
        width, height = (int.from_bytes(head[at : at + 3], "little") + 1 for at in (24, 27))
    elif head[12:16] == b"VP8L":
        bits = struct.unpack_from("<I", head, 21)[0]
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif head[12:16] == b"VP8 ":
        width, height = (edge & 0x3FFF for edge in struct.unpack_from("<HH", head, 26))
    else:
        return None
    return PictureInfo("webp", width, height)


def _jpeg(file: BinaryIO, _: bytes, file_size: int) -> PictureInfo | None:
    if _JPEG_END not in _tail(file, file_size):
        return None
    at = 2
    while at < file_size:
        file.seek(at)
        prefix, marker, length = struct.unpack(">BBH", file.read(4))
        if (prefix, marker) == (0xFF, 0xFF):  # a fill byte (ITU T.81 B.1.1.2)
            at += 1
            continue
        if prefix != 0xFF or length < 2:
            return None
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack(">xHH", file.read(5))
            return PictureInfo("jpeg", width, height)
        at += 2 + length
    return None


_READERS: tuple[tuple[bytes, _Reader], ...] = (
    (b"\x89PNG\r\n\x1a\n", _png),
    (b"\xff\xd8\xff", _jpeg),
    (b"RIFF", _webp),
    (b"GIF8", _gif),
)

"""Convert pictures to other formats, and shrink them to a channel's upload limit.

Everything here blocks for a while: run it with ``in_pixel_thread``.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from PIL import Image

from bot.core.models import Picture, PictureFormat
from bot.images.decoding import (
    MAX_DECODED_PIXELS,
    PictureTooLarge,
    decode_upright,
    encode,
    open_picture,
    require_memory,
)

GRID_PICTURES = 4  # in two rows
_LONGEST_SIDE = 16_383  # WebP stores a side in 14 bits (RFC 9649 §2.5)
_QUALITIES = (90, 80, 65)
# What is encoded at once: the encoder takes up to 7 bytes for each pixel, and 40 with transparency.
MAX_ENCODED_PIXELS = {"RGB": 3500 * 3500, "RGBA": 2048 * 2048}
_MAX_RESAMPLED_PIXELS = 20_000_000  # a smooth resize needs about as much memory again
_REQUEST_BYTES = 25 * 1024 * 1024  # Discord, resources/message: the largest message request
_KEPT_BY_ALPHA = [alpha >= 128 for alpha in range(256)]  # of a mask; what is transparent may change
_TEXT_BYTES = 256 * 1024  # embeds, alt texts and multipart headers of that request


def max_bytes_each(max_file_bytes: int, count: int, request_bytes: int = _REQUEST_BYTES) -> int:
    """Return the bytes that each of ``count`` files in one message may have."""
    return min(max_file_bytes, (request_bytes - _TEXT_BYTES) // max(count, 1))


def fit_to_limit(picture: Picture, *, max_bytes: int, folder: Path) -> Picture:
    """Return the picture itself if it is small enough, else a WebP of it in ``folder``.

    The quality falls first, then the size. The original stays as it is.

    Raises:
        PictureTooLarge: it takes too much memory, or no WebP is small enough.
        PictureUnreadable: its bytes are damaged.
    """
    if picture.bytes <= max_bytes:
        return picture
    return convert_picture(picture, "webp", max_bytes=max_bytes, folder=folder)


def convert_picture(
    picture: Picture, wanted: PictureFormat, *, max_bytes: int, folder: Path
) -> Picture:
    """Return a copy in the wanted format with at most ``max_bytes``, in ``folder``.

    Raises:
        PictureTooLarge, PictureUnreadable: as ``fit_to_limit``.
    """
    for candidate, quality in _candidates(_decoded(picture)):
        data = encode(candidate, wanted, quality)
        if len(data) <= max_bytes:
            path = _write(folder / f"{picture.path.stem}-shown.{wanted}", data)
            return replace(
                picture,
                path=path,
                format=wanted,
                width=candidate.width,
                height=candidate.height,
                bytes=len(data),
            )
    raise PictureTooLarge(width=picture.width, height=picture.height)


def picture_size(path: Path) -> tuple[int, int]:
    """Return width and height of a picture.

    Raises:
        PictureTooLarge, PictureUnreadable: it cannot be decoded.
    """
    with open_picture(path) as image:
        return image.size


def resize_mask(mask: Path, size: tuple[int, int], *, folder: Path) -> Path:
    """Return a copy of a mask with other pixels, in ``folder``; what may change stays the same."""
    with open_picture(mask) as image:
        resized = decode_upright(image).resize(size, Image.Resampling.NEAREST)
    return _write(folder / f"{mask.stem}-{size[0]}x{size[1]}.png", encode(resized, "png", 0))


def split_grid(grid: Path, parts: Sequence[Path]) -> bool:
    """Write the four pictures of a grid as PNGs: left and right above, left and right below.

    Return False, and write nothing, where it has an odd side.

    Raises:
        PictureTooLarge, PictureUnreadable: it cannot be decoded.
    """
    with open_picture(grid) as image:
        require_memory(image, copies=1)
        whole = decode_upright(image)
    width, height = whole.width // 2, whole.height // 2
    if whole.size != (2 * width, 2 * height) or len(parts) != GRID_PICTURES:
        return False
    for place, part in enumerate(parts):
        left, top = width * (place % 2), height * (place // 2)
        cell = whole.crop((left, top, left + width, top + height))
        cell.info = whole.info
        part.write_bytes(encode(cell, "png", 0))
    return True


def two_tone_mask(mask: Path, repaint: Literal["black", "white"], *, folder: Path) -> Path:
    """Return an opaque copy of a mask: what may change is black, or white, the rest the other.

    Raises:
        PictureTooLarge, PictureUnreadable: it cannot be decoded.
    """
    with open_picture(mask) as image:
        alpha = decode_upright(image).getchannel("A")
    tones = [255 * (is_kept is (repaint == "black")) for is_kept in _KEPT_BY_ALPHA]
    toned = alpha.point(tones)
    return _write(folder / f"{mask.stem}-{repaint}.png", encode(toned, "png", 0))


def _decoded(picture: Picture) -> Image.Image:
    """Return a picture with no more pixels than may be encoded."""
    _refuse_bomb(picture.width, picture.height)
    with open_picture(picture.path) as image:
        # Pillow copies transparent pictures to resize them.
        require_memory(image, copies=int(image.mode == "RGBA"))
        return _encodable(decode_upright(image))


def _encodable(image: Image.Image) -> Image.Image:
    most, pixels = MAX_ENCODED_PIXELS[image.mode], image.width * image.height
    if pixels <= most:
        return image
    if image.mode == "RGB" and pixels > _MAX_RESAMPLED_PIXELS:
        smaller = image.reduce(2)  # it needs no copy of the whole
        smaller.info = image.info
        return smaller
    return _within(image, math.floor(max(image.size) * math.sqrt(most / pixels)))


def _refuse_bomb(width: int, height: int) -> None:
    if width * height > MAX_DECODED_PIXELS:
        raise PictureTooLarge(width=width, height=height)


def _candidates(image: Image.Image) -> Iterator[tuple[Image.Image, int]]:
    """Yield pictures and qualities to try, from the best to the smallest."""
    image = _within(image, _LONGEST_SIDE)
    for quality in _QUALITIES:
        yield image, quality
    while max(image.size) > 1:
        # From the one before, so that never more than two are in memory.
        image = _within(image, math.floor(max(image.size) * 0.8))
        yield image, _QUALITIES[-1]


def _within(image: Image.Image, longest: int) -> Image.Image:
    scale = longest / max(image.size)
    if scale >= 1:
        return image
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    smaller = image.resize(size, Image.Resampling.LANCZOS)
    smaller.info = image.info
    return smaller


def _write(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_bytes(data)
    return part.replace(path)

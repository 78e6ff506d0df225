"""Enlarge pictures by resampling: twice as wide and high, without details that were not there."""

import asyncio
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from bot.core.errors.base import Refusal
from bot.core.models import Picture, PictureFormat
from bot.images.conversion import MAX_ENCODED_PIXELS
from bot.images.decoding import (
    PictureTooLarge,
    decode_upright,
    encode,
    in_pixel_thread,
    open_picture,
)

FACTOR = 2
# Of the larger picture. With its copies it takes up to 8 bytes for each, and so as much memory as
# any other work on a picture (MAX_DECODED_BYTES).
MAX_ENLARGED_PIXELS = 20_000_000
MOST_AT_ONCE = 20  # people who wait for one; each takes a second or two
_OPAQUE = 255
_Encoding = tuple[PictureFormat, int]
# A JPEG halves the colours' sides, which have no more details than that.
_OF_OPAQUE: tuple[_Encoding, ...] = (("jpeg", 95), ("jpeg", 90), ("jpeg", 80))
_OF_TRANSPARENT: tuple[_Encoding, ...] = (("png", 0), ("webp", 90), ("webp", 80))


@dataclass(eq=False, kw_only=True)
class PictureNotEnlarged(Refusal):
    """Enlarged, a picture would have too many pixels to be made or too many bytes to be sent."""

    width: int
    height: int
    message_id = "error-picture-not-enlarged"


@dataclass(eq=False, kw_only=True)
class AnimationNotEnlarged(Refusal):
    """A picture moves, and only its first frame could be enlarged."""

    message_id = "error-animation-not-enlarged"


@dataclass(eq=False, kw_only=True)
class TooManyEnlarging(Refusal):
    """Many people want larger pictures at this moment."""

    message_id = "error-too-many-enlarging"


@dataclass(eq=False, kw_only=True)
class StillEnlarging(Refusal):
    """The person still waits for another picture."""

    message_id = "error-still-enlarging"


class Enlarger:
    """Enlarges one picture after the other: the pictures of results come in between."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._waiting: set[int] = set()

    async def enlarge(
        self, picture: Picture, *, user_id: int, max_bytes: int, folder: Path
    ) -> Picture:
        """Return a larger copy as ``enlarge_picture`` does, to one person one at a time.

        It raises what that does, StillEnlarging, or TooManyEnlarging.
        """
        if user_id in self._waiting:
            raise StillEnlarging
        if len(self._waiting) >= MOST_AT_ONCE:
            raise TooManyEnlarging
        self._waiting.add(user_id)
        try:
            async with self._turn:
                return await in_pixel_thread(
                    enlarge_picture, picture, max_bytes=max_bytes, folder=folder
                )
        finally:
            self._waiting.remove(user_id)


def may_enlarge(picture: Picture) -> bool:
    """Tell, without opening it, whether a picture is small enough to be enlarged."""
    return _is_small(picture.width, picture.height)


def enlarge_picture(picture: Picture, *, max_bytes: int, folder: Path) -> Picture:
    """Return a copy of a picture with twice its sides and at most ``max_bytes``, in ``folder``.

    What is opaque becomes a JPEG, what is transparent a PNG or a WebP. It blocks for up to three
    seconds.

    Raises:
        PictureNotEnlarged, AnimationNotEnlarged
        PictureUnreadable: its bytes are damaged.
    """
    try:
        larger = _resampled(picture)
    except PictureTooLarge as error:
        raise _not_enlarged(picture) from error
    with closing(larger):  # an error that is told for a while must not hold the pixels
        width, height = larger.size
        fitting = _encoded(larger, max_bytes)
    if fitting is None:
        raise _not_enlarged(picture)
    kind, data = fitting
    path = folder / f"{picture.path.stem}-enlarged.{kind}"
    path.write_bytes(data)
    return replace(picture, path=path, format=kind, width=width, height=height, bytes=len(data))


def _is_small(width: int, height: int) -> bool:
    return width * height * FACTOR**2 <= MAX_ENLARGED_PIXELS


def _not_enlarged(picture: Picture) -> PictureNotEnlarged:
    return PictureNotEnlarged(width=picture.width, height=picture.height)


def _resampled(picture: Picture) -> Image.Image:
    with open_picture(picture.path) as image:
        if not _is_small(*image.size):
            raise _not_enlarged(picture)
        # An MPO is a photo with a second one inside.
        if image.format != "MPO" and getattr(image, "is_animated", False):
            raise AnimationNotEnlarged
        upright = decode_upright(image)
    del image  # it may have a decoder, which has two frames
    return _doubled(_without_idle_alpha(upright))


def _without_idle_alpha(image: Image.Image) -> Image.Image:
    """Return a picture without a transparency that hides nothing, as gateways often send it."""
    if image.mode != "RGBA" or image.getchannel("A").getextrema()[0] != _OPAQUE:
        return image
    opaque = image.convert("RGB")
    image.close()
    return opaque


def _doubled(image: Image.Image) -> Image.Image:
    """Return a picture with twice its sides, and close it: never more than two are in memory."""
    size = (image.width * FACTOR, image.height * FACTOR)
    # Weighted by its transparency, or hidden colours would shine through at the edges. Pillow does
    # the same itself, but keeps all copies until the end.
    weighted = image.convert("RGBa") if image.mode == "RGBA" else image
    if weighted is not image:
        image.close()
    larger = weighted.resize(size, Image.Resampling.LANCZOS)
    weighted.close()
    return larger.convert("RGBA") if larger.mode == "RGBa" else larger


def _encoded(image: Image.Image, max_bytes: int) -> tuple[PictureFormat, bytes] | None:
    """Return the best format that fits, with the file; None if none does."""
    pixels = image.width * image.height
    for kind, quality in _OF_TRANSPARENT if image.mode == "RGBA" else _OF_OPAQUE:
        if kind == "webp" and pixels > MAX_ENCODED_PIXELS[image.mode]:
            continue
        data = encode(image, kind, quality)
        if len(data) <= max_bytes:
            return kind, data
    return None

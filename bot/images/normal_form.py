"""Bring reference pictures to one form: upright, one frame, 8-bit RGB or RGBA, PNG, JPEG or WebP.

Everything here blocks for a while: run it with ``in_pixel_thread``.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from bot.core.models import PictureFormat
from bot.images.decoding import SHOWN_FORMATS, decode_upright, open_picture, rotation_of, too_large

_LARGE_BYTES = 20_000_000  # what models take at most; a larger PNG becomes a JPEG
_JPEG_QUALITY = 95
_OPAQUE = 255
_PHOTOS = ("JPEG", "MPO", "HEIF")


@dataclass(frozen=True, slots=True)
class NormalForm:
    """The file of a picture in its normal form, which may be the picture's own file."""

    path: Path
    format: PictureFormat


def write_normal_form(source: Path, target: Path, *, max_pixels: int) -> NormalForm:
    """Return a whole picture that is in its normal form as it is, else write it to ``target``.

    What a camera made becomes a JPEG, anything else a PNG.

    Raises:
        PictureTooLarge: it has more than ``max_pixels`` or takes too much memory.
        PictureUnreadable: its bytes are no whole picture.
        OSError: the disk refused.
    """
    with open_picture(source) as image:
        if image.width * image.height > max_pixels:
            raise too_large(image)
        kind, is_photo = SHOWN_FORMATS.get(image.format), image.format in _PHOTOS
        if kind is not None and _is_normal(image):
            _decode_to_check(image)
            return NormalForm(source, kind)
        upright = decode_upright(image)
    return _write_picture(upright, target, as_jpeg=is_photo)


def write_mask(source: Path, target: Path, *, max_pixels: int) -> NormalForm | None:
    """Return a mask as a PNG with transparency as ``write_normal_form`` does; None if it is opaque.

    Raises:
        PictureTooLarge, PictureUnreadable, OSError: as ``write_normal_form``.
    """
    with open_picture(source) as image:
        if image.width * image.height > max_pixels:
            raise too_large(image)
        is_png = image.format == "PNG" and image.mode == "RGBA" and _is_normal(image)
        upright = decode_upright(image)
        if upright.mode != "RGBA" or upright.getchannel("A").getextrema()[0] == _OPAQUE:
            return None
    return NormalForm(source, "png") if is_png else _write_picture(upright, target, as_jpeg=False)


def _is_normal(image: Image.Image) -> bool:
    """Tell whether a picture may be sent as it is; nothing is decoded."""
    return (
        image.format != "GIF"
        and image.mode in {"RGB", "RGBA"}
        and "transparency" not in image.info
        # Some JPEGs hold a second picture, which no reader of a JPEG sees.
        and (image.format == "MPO" or getattr(image, "n_frames", 1) == 1)
        and not (image.format == "PNG" and _has_16_bits(image))
        and rotation_of(image) is None
    )


def _has_16_bits(image: Image.Image) -> bool:
    """Tell whether a PNG has 16 bits for each colour, of which Pillow keeps 8."""
    return any(";16" in str(tile) for tile in getattr(image, "tile", ()))


def _decode_to_check(image: Image.Image) -> None:
    # A JPEG can be decoded small: enough to see that it is whole.
    image.draft(None, (max(1, image.width // 8), max(1, image.height // 8)))
    image.load()


def _write_picture(image: Image.Image, target: Path, *, as_jpeg: bool) -> NormalForm:
    if not as_jpeg or image.mode == "RGBA":
        _save(image, target, "png")
        if target.stat().st_size <= _LARGE_BYTES or image.mode == "RGBA":
            return NormalForm(target, "png")
    _save(image, target, "jpeg")
    return NormalForm(target, "jpeg")


def _save(image: Image.Image, target: Path, kind: PictureFormat) -> None:
    with target.open("wb") as file:
        image.save(file, kind, quality=_JPEG_QUALITY, subsampling=0)
        file.flush()
        os.fsync(file.fileno())

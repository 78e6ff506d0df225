"""Decode pictures: the only module that opens them, within limits of pixels and of memory.

A picture may come from anybody. Its size is checked before anything is decoded, whatever a decoder
raises becomes one of two errors, and one thread decodes for the whole process: one picture after
the other.
"""

import asyncio
import io
import math
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from contextvars import copy_context
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import ParamSpec, TypeVar

from PIL import ExifTags, Image

from bot.core.errors.base import EaselError
from bot.core.models import PictureFormat

MAX_DECODED_PIXELS = 36_000_000  # 8K, and a little more
# What decoding one picture may take, with the copies that the work on it needs.
MAX_DECODED_BYTES = 180_000_000
# Pillow reads fifty formats, and each is a way in: these are what gateways and people send.
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "AVIF", "BMP", "TIFF")
# What Discord shows. Pillow calls a JPEG with a second picture inside, as some phones make them,
# an MPO.
SHOWN_FORMATS: dict[str | None, PictureFormat] = {
    "PNG": "png",
    "JPEG": "jpeg",
    "MPO": "jpeg",
    "WEBP": "webp",
    "GIF": "gif",
}
PictureSource = Path | io.BytesIO
"""A picture's file, or its content."""

_BYTES_PER_PIXEL = {"1": 1, "L": 1, "P": 1, "I;16": 2}  # of an image in Pillow; of other modes 4
_COPY_BYTES = 4
_COLOUR_MODES = ("RGB", "RGBA", "P")  # a profile for grey or ink does not fit RGB
# What a decoder takes for each pixel besides the image, measured with Pillow 13. WebP: two
# canvases and the bytes of the frame. AVIF: the planes and the bytes of the frame.
# HEIC: the planes and the colours, with pillow-heif 1.8.
_DECODER_BYTES = {"WEBP": 13.5, "AVIF": 9.0, "HEIF": 9.0, "TIFF": 4.5, "GIF": 1.5}
_DEEP_HEIC_BYTES = 3.5  # more, where a colour has 10 or 12 bits
_OTHER_DECODER_BYTES = 0.5
_HEAD = 12
_COEFFICIENT_BYTES = 6  # of a progressive JPEG, for each pixel of its full size
# Brands of HEVC and of any codec (ISO 23008-12, B.4 and 10.2), after four bytes of length.
_HEIC_BEGINNING = re.compile(rb".{4}ftyp(hei[cmsx]|hev[cmsx]|mif1|msf1)", re.DOTALL)
_BOMB = (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError)
# By the value of the EXIF tag Orientation (Exif 3.0, 4.6.5.1.6).
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

_PIXEL_THREAD = ThreadPoolExecutor(1, thread_name_prefix="pixels")
_P = ParamSpec("_P")
_R = TypeVar("_R")


@dataclass(eq=False, kw_only=True)
class PictureTooLarge(EaselError):
    """A picture has more pixels than it is safe to decode, or cannot be made small enough.

    ``most_pixels`` are safe to decode in its format.
    """

    width: int
    height: int
    most_pixels: int = MAX_DECODED_PIXELS
    message_id = "error-picture-too-large"


@dataclass(eq=False, kw_only=True)
class PictureUnreadable(EaselError):
    """A picture's bytes are damaged, or no picture."""

    message_id = "error-picture-unreadable"


async def in_pixel_thread(work: Callable[_P, _R], /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
    """Run work on pixels in the thread that decodes for the whole process."""
    run = partial(copy_context().run, work, *args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(_PIXEL_THREAD, run)


def wait_for_pixel_thread(work: Callable[_P, _R], /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
    """Run work on pixels as ``in_pixel_thread`` does, from another thread, which waits for it."""
    return _PIXEL_THREAD.submit(partial(copy_context().run, work, *args, **kwargs)).result()


@contextmanager
def open_picture(source: PictureSource, *, side: int = 0) -> Iterator[Image.Image]:
    """Open a picture that may be decoded; with ``side``, a JPEG only as large as that needs.

    The body may only work on the picture: whatever it raises counts as damage of the picture.

    Raises:
        PictureTooLarge: it has too many pixels, and nothing was decoded.
        PictureUnreadable: its bytes are no whole picture of a known format.
    """
    with _errors_of_decoders(), _released(Image.open(source, formats=_formats(source))) as image:
        pixels = image.width * image.height
        if pixels > MAX_DECODED_PIXELS:
            raise too_large(image)
        coefficients = _COEFFICIENT_BYTES * pixels if image.info.get("progressive") else 0
        if side:
            image.draft(None, (side, side))
        if coefficients + _decoding_bytes(image) > MAX_DECODED_BYTES:
            raise too_large(image, coefficients + _decoding_bytes(image))
        yield image


def _formats(source: PictureSource) -> tuple[str, ...]:
    with source.open("rb") if isinstance(source, Path) else nullcontext(source) as file:
        file.seek(0)
        is_heic = _HEIC_BEGINNING.match(file.read(_HEAD)) is not None
    return (*FORMATS, "HEIF") if is_heic and can_read_heic() else FORMATS


@cache
def can_read_heic() -> bool:
    """Load the decoder of HEIC photos, if this platform has one; tell whether it works.

    It turns photos upright itself, and has no limits of its own: the size that a photo says it has
    is the most that it decodes.
    """
    try:
        # It takes 6 MiB and 0.1 s, and most bots never see such a photo.
        from pillow_heif import register_heif_opener  # noqa: PLC0415

        register_heif_opener(
            decode_threads=1, thumbnails=False, depth_images=False, aux_images=False
        )
    except ImportError:
        return False
    return True


def require_memory(image: Image.Image, *, copies: int) -> None:
    """Raise PictureTooLarge if an opened picture cannot be decoded and then copied so often."""
    needed = _decoding_bytes(image) + copies * _COPY_BYTES * image.width * image.height
    if needed > MAX_DECODED_BYTES:
        raise too_large(image, needed)


def too_large(image: Image.Image, needed: float = 0) -> PictureTooLarge:
    """Return the error of a picture, or of one that would need so many bytes."""
    pixels = image.width * image.height
    most = math.floor(pixels * MAX_DECODED_BYTES / needed) if needed else MAX_DECODED_PIXELS
    return PictureTooLarge(width=image.width, height=image.height, most_pixels=most)


def rotation_of(image: Image.Image) -> Image.Transpose | None:
    """Return how the camera wants its picture to be turned, None for an upright one."""
    try:
        return _TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # noqa: BLE001 - notes may be damaged in any way while the picture is whole
        return None


def decode_upright(image: Image.Image) -> Image.Image:
    """Decode an opened picture; return its first frame upright, with 8 bits, as RGB or RGBA.

    The opened one is closed, unless it is returned itself.
    """
    try:
        require_memory(image, copies=_copies_of(image))
    except PictureTooLarge:
        # A JPEG can be decoded half as large.
        image.draft(None, (max(1, image.width // 2), max(1, image.height // 2)))
        require_memory(image, copies=_copies_of(image))
    profile = image.info.get("icc_profile") if image.mode in _COLOUR_MODES else None
    image.load()
    rotation, has_decoder = rotation_of(image), _keeps_its_decoder(image)
    plain = _eight_bits(image)
    if plain is not image:
        image.close()  # a turned copy comes in its place, not beside it
    if rotation is not None:
        plain = plain.transpose(rotation)
    elif plain is image and has_decoder:
        plain = plain.copy()
    if plain is not image:
        image.close()
    plain.info = {"icc_profile": profile} if profile else {}
    return plain


def small_copy(source: PictureSource, side: int) -> Image.Image:
    """Return a picture upright as RGBA; a large one is reduced, but not below ``side`` each way.

    Raises:
        PictureTooLarge, PictureUnreadable: as ``open_picture``.
    """
    with open_picture(source, side=2 * side) as image:
        require_memory(image, copies=int(image.mode == "RGBA"))
        image.load()
        factor = max(min(image.size) // (2 * side), max(image.size) // (8 * side), 1)
        rotation = rotation_of(image)
        small = _eight_bits(_reduced(image, factor)).convert("RGBA")
        return small if rotation is None else small.transpose(rotation)


def encode(image: Image.Image, kind: PictureFormat, quality: int) -> bytes:
    """Return a decoded picture as a file.

    Raises:
        PictureUnreadable: the encoder refuses it.
    """
    data = io.BytesIO()
    profile = image.info.get("icc_profile", b"")
    shown = image.convert("RGB") if kind == "jpeg" and image.mode != "RGB" else image
    with _errors_of_decoders():
        # WebP's methods above 2 keep all tokens: 23 bytes for each pixel of noise instead of 6.
        # A PNG of the usual level takes more than twice the time, for a file 2 % smaller.
        shown.save(data, kind, quality=quality, method=2, compress_level=3, icc_profile=profile)
    return data.getvalue()


def _reduced(image: Image.Image, factor: int) -> Image.Image:
    """Return a decoded picture with its sides divided, without a copy of the whole in between."""
    if factor == 1:
        return image
    if image.mode in {"L", "RGB", "RGBA"}:
        return image.reduce(factor)
    width, height = (max(1, edge // factor) for edge in image.size)
    return image.resize((width, height), Image.Resampling.NEAREST)


def _copies_of(image: Image.Image) -> int:
    """Return how many copies ``decode_upright`` makes at once."""
    if image.mode.startswith("I"):
        return 2
    is_plain = image.mode == "RGBA" or (image.mode == "RGB" and not image.has_transparency_data)
    return int(not is_plain or _keeps_its_decoder(image) or rotation_of(image) is not None)


def _keeps_its_decoder(image: Image.Image) -> bool:
    """Tell whether a picture has its decoder, with a frame in it, until it is closed."""
    several = image.format == "HEIF" and getattr(image, "n_frames", 1) > 1
    return image.format == "WEBP" or several


def _decoding_bytes(image: Image.Image) -> float:
    per_pixel = _BYTES_PER_PIXEL.get(image.mode, 4)
    decoder = _DECODER_BYTES.get(image.format or "", _OTHER_DECODER_BYTES)
    if image.format == "HEIF" and image.info.get("bit_depth", 8) > 8:
        decoder += _DEEP_HEIC_BYTES
    return (per_pixel + decoder) * image.width * image.height


def _eight_bits(image: Image.Image) -> Image.Image:
    """Return the picture in a mode that WebP knows, with its transparency."""
    if image.mode.startswith("I"):
        # Pillow clips 16 bits to 255 instead of scaling them.
        return image.convert("I").point(lambda grey: grey * (1 / 257)).convert("L").convert("RGB")
    wanted = "RGBA" if image.has_transparency_data else "RGB"
    return image if image.mode == wanted else image.convert(wanted)


@contextmanager
def _released(image: Image.Image) -> Iterator[Image.Image]:
    """Close a picture's file at the end; after an error free its pixels, too.

    Otherwise they are in memory for as long as somebody holds the error, whose traceback has them.
    """
    try:
        with image:
            yield image
    except BaseException:
        image.close()
        raise


@contextmanager
def _errors_of_decoders() -> Iterator[None]:
    try:
        yield
    except EaselError:
        raise
    except _BOMB as bomb:
        raise PictureTooLarge(width=0, height=0) from bomb
    except Exception as damage:
        # Besides OSError and ValueError: struct.error, SyntaxError, ZeroDivisionError, KeyError …
        damage.__traceback__ = None  # it has the decoder's memory
        raise PictureUnreadable from damage

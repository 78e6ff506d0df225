"""Convert pictures to other formats, and shrink them to a channel's upload limit.

Everything here blocks for a while and belongs in a thread, one picture at a time: a decoded
picture of 40 megapixels takes 160 MB.
"""

import io
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image, ImageOps

from bot.core.errors.base import EaselError
from bot.core.models import Picture, PictureFormat

MAX_DECODED_PIXELS = 40_000_000
_LONGEST_SIDE = 16_383  # WebP stores a side in 14 bits (RFC 9649 §2.5)
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
# Pillow calls a JPEG with a second picture inside, as some phones make them, an MPO.
_NAMES: dict[str, PictureFormat] = {
    "PNG": "png",
    "JPEG": "jpeg",
    "MPO": "jpeg",
    "WEBP": "webp",
    "GIF": "gif",
}
_COLOUR_MODES = ("RGB", "RGBA", "P")  # a profile for grey or ink does not fit the RGB of a WebP
_QUALITIES = (90, 80, 65)
_REQUEST_BYTES = 25 * 1024 * 1024  # Discord, resources/message: the largest message request
_TEXT_BYTES = 256 * 1024  # embeds, alt texts and multipart headers of that request
_DAMAGED = (OSError, SyntaxError, ValueError, EOFError)  # what Pillow raises for bad bytes
_BOMB = (Image.DecompressionBombError, Image.DecompressionBombWarning)


@dataclass(eq=False, kw_only=True)
class PictureTooLarge(EaselError):
    """A picture has more pixels than it is safe to decode, or cannot be made small enough."""

    width: int
    height: int
    message_id = "error-picture-too-large"


@dataclass(eq=False, kw_only=True)
class PictureUnreadable(EaselError):
    """A picture's bytes are damaged, so it cannot be made smaller."""

    message_id = "error-picture-unreadable"


def max_bytes_each(max_file_bytes: int, count: int, request_bytes: int = _REQUEST_BYTES) -> int:
    """Return the bytes that each of ``count`` files in one message may have."""
    return min(max_file_bytes, (request_bytes - _TEXT_BYTES) // max(count, 1))


def fit_to_limit(picture: Picture, *, max_bytes: int, folder: Path) -> Picture:
    """Return the picture itself if it is small enough, else a WebP of it in ``folder``.

    The quality falls first, then the size. The original stays as it is.

    It raises TooLarge above 40 megapixels, or when no WebP is small enough, and Unreadable when
    the bytes are damaged.
    """
    if picture.bytes <= max_bytes:
        return picture
    return convert_picture(picture, "webp", max_bytes=max_bytes, folder=folder)


def convert_picture(
    picture: Picture, wanted: PictureFormat, *, max_bytes: int, folder: Path
) -> Picture:
    """Return a copy in the wanted format with at most ``max_bytes``, in ``folder``.

    It raises as ``fit`` does.
    """
    image = _decoded(picture)
    for candidate, quality in _candidates(image):
        data = _encoded(candidate, wanted, quality)
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


def read_upload(data: bytes, *, max_pixels: int) -> tuple[bytes, PictureFormat]:
    """Return an uploaded picture and its real format; of a GIF, the first frame as a PNG.

    It raises TooLarge above ``max_pixels``, before anything is decoded, and Unreadable when the
    bytes are no whole PNG, JPEG, WebP or GIF.
    """
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            if image.width * image.height > max_pixels:
                raise PictureTooLarge(width=image.width, height=image.height)
            kind = _NAMES[image.format or ""]
            # JPEG can be decoded small: enough to see that it is whole.
            image.draft("RGB", (image.width // 8, image.height // 8))
            image.load()
            return (_first_frame(image), "png") if kind == "gif" else (data, kind)
    except _BOMB as bomb:
        raise PictureTooLarge(width=0, height=0) from bomb
    except _DAMAGED as damage:
        raise PictureUnreadable from damage


def picture_size(path: Path) -> tuple[int, int]:
    """Return width and height of a picture that is known to be one."""
    with Image.open(path, formats=_FORMATS) as image:
        return image.size


def _first_frame(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.convert("RGBA").save(file, "PNG")
    return file.getvalue()


def _decoded(picture: Picture) -> Image.Image:
    _refuse_bomb(picture.width, picture.height)
    try:
        with Image.open(picture.path, formats=_FORMATS) as image:
            _refuse_bomb(*image.size)
            return _upright(image)
    except _BOMB as bomb:
        raise PictureTooLarge(width=picture.width, height=picture.height) from bomb
    except _DAMAGED as damage:
        raise PictureUnreadable from damage


def _refuse_bomb(width: int, height: int) -> None:
    if width * height > MAX_DECODED_PIXELS:
        raise PictureTooLarge(width=width, height=height)


def _upright(image: Image.Image) -> Image.Image:
    image.load()
    profile = image.info.get("icc_profile") if image.mode in _COLOUR_MODES else None
    ImageOps.exif_transpose(image, in_place=True)
    upright = _eight_bits(image)
    upright.info = {"icc_profile": profile} if profile else {}
    return upright


def _eight_bits(image: Image.Image) -> Image.Image:
    """Return the picture in a mode that WebP knows, with its transparency."""
    if image.mode.startswith("I"):
        # Pillow clips 16 bits to 255 instead of scaling them.
        return image.convert("I").point(lambda grey: grey * (1 / 257)).convert("L").convert("RGB")
    wanted = "RGBA" if image.has_transparency_data else "RGB"
    return image if image.mode == wanted else image.convert(wanted)


def _candidates(image: Image.Image) -> Iterator[tuple[Image.Image, int]]:
    """Yield pictures and qualities to try, from the best to the smallest."""
    largest = _within(image, _LONGEST_SIDE)
    for quality in _QUALITIES:
        yield largest, quality
    longest = max(largest.size)
    while longest > 1:
        longest = math.floor(longest * 0.8)
        yield _within(image, longest), _QUALITIES[-1]


def _within(image: Image.Image, longest: int) -> Image.Image:
    scale = longest / max(image.size)
    if scale >= 1:
        return image
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    smaller = image.resize(size, Image.Resampling.LANCZOS)
    smaller.info = image.info
    return smaller


def _encoded(image: Image.Image, kind: PictureFormat, quality: int) -> bytes:
    data = io.BytesIO()
    profile = image.info.get("icc_profile", b"")
    shown = image.convert("RGB") if kind == "jpeg" else image
    shown.save(data, kind, quality=quality, icc_profile=profile)
    return data.getvalue()


def _write(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_bytes(data)
    return part.replace(path)

"""The images of a request: data URIs of references, and of the mask that lets one be repainted."""

import base64
import io
import re
import struct

from PIL import Image, ImageOps

from playground.painter.errors import PainterError, wrong_type, wrong_value

MAX_REFERENCES = 5
MAX_BYTES = 20 * 1024 * 1024  # of one picture, decoded from base64
_MAX_PIXELS = 40_000_000
# OpenAI's openapi.yaml, CreateImageEditRequest: a PNG of less than 4 MB.
_MAX_MASK_CHARACTERS = 4_000_000 * 4 // 3

_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
_DATA_URI = re.compile(
    r"data:image/(png|jpe?g|webp|gif)(;[\w=.+-]{1,80}){0,4};base64", re.IGNORECASE
)
_SLICE = 1 << 20  # characters of base64 decoded at once: the interpreter is free in between
_DAMAGED = (OSError, SyntaxError, ValueError, EOFError, TypeError, struct.error)
_TOO_LARGE = (Image.DecompressionBombError, Image.DecompressionBombWarning)
_SHORTER_SIDE = 512  # pixels of a reference that are worth keeping


class UnusableImageError(ValueError):
    """A picture cannot be read; the message says what was expected instead."""


def data_uris(value: object, name: str) -> list[str]:
    """Return a list of data URIs; ``name`` is its field. Raises PainterError."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise wrong_type(name, "a list of data URIs")
    if len(value) > MAX_REFERENCES:
        message = f"Invalid '{name}': too many pictures, at most {MAX_REFERENCES}."
        raise PainterError(message, "array_above_max_length", name)
    return [_text(uri, f"{name}[{index}]") for index, uri in enumerate(value)]


def _text(uri: object, name: str) -> str:
    if not isinstance(uri, str):
        raise wrong_type(name, "a data URI")
    return uri


def open_references(uris: list[str], name: str) -> tuple[Image.Image, ...]:
    """Open pictures at the size that painting needs; raises PainterError."""
    return tuple(_checked(uri, f"{name}[{index}]") for index, uri in enumerate(uris))


def _checked(uri: str, name: str) -> Image.Image:
    try:
        return _open_data_uri(uri)
    except UnusableImageError as unusable:
        raise wrong_value(name, str(unusable)) from None


# --- data URIs ------------------------------------------------------------------------------------


def _open_data_uri(uri: str) -> Image.Image:
    """Open the picture in a data URI, upright and no larger than painting needs.

    PNG, JPEG, WebP and the first frame of a GIF are read; raises UnusableImageError for anything
    else, above 20 MB and above 40 megapixels.
    """
    head, comma, payload = uri.partition(",")
    if head[:8].lower().startswith(("http:", "https:")):
        raise UnusableImageError("a picture itself, not its address: send a data URI")
    if not comma or not _DATA_URI.fullmatch(head):
        raise UnusableImageError("a data URI of a PNG, JPEG, WebP or GIF in base64")
    if len(payload) > MAX_BYTES // 3 * 4 + 4:
        raise UnusableImageError(f"at most {MAX_BYTES >> 20} MB")
    return _opened(_decoded(payload))


def _decoded(payload: str) -> io.BytesIO:
    data = io.BytesIO()
    try:
        for start in range(0, len(payload), _SLICE):
            data.write(base64.b64decode(payload[start : start + _SLICE], validate=True))
    except ValueError:
        raise UnusableImageError("valid base64") from None
    return data


def _opened(data: io.BytesIO) -> Image.Image:
    try:
        with Image.open(data, formats=_FORMATS) as image:
            if image.width * image.height > _MAX_PIXELS:
                raise _too_many_pixels()
            return ImageOps.exif_transpose(_reduced(image))
    except _TOO_LARGE:
        raise _too_many_pixels() from None
    except UnusableImageError:
        raise
    except _DAMAGED:
        raise UnusableImageError("a PNG, JPEG, WebP or GIF that can be read") from None


def _reduced(image: Image.Image) -> Image.Image:
    scale = min(1.0, _SHORTER_SIDE / min(image.size))
    size = (round(image.width * scale) or 1, round(image.height * scale) or 1)
    # A picture with a colour table can only be made smaller by leaving pixels out.
    reduced = image.convert("RGBA") if image.mode in {"1", "P", "PA"} else image
    reduced.thumbnail(size)
    return reduced


def _too_many_pixels() -> UnusableImageError:
    return UnusableImageError(f"at most {_MAX_PIXELS // 1_000_000} megapixels")


# --- masks ----------------------------------------------------------------------------------------


def open_base(first: str, mask: object, *, size: tuple[int, int]) -> Image.Image:
    """Return the first reference, which was opened before, in ``size``; raises PainterError.

    It is transparent where the mask is: there it will be repainted.
    """
    uri = _text(mask, "mask")
    if len(uri) > _MAX_MASK_CHARACTERS:
        raise wrong_value("mask", "less than 4 MB")
    _checked(uri, "mask")
    picture, stencil = _full_size(first), _full_size(uri)
    if stencil.format != "PNG" or not stencil.has_transparency_data:
        raise wrong_value("mask", "a PNG with an alpha channel")
    if stencil.size != picture.size:
        raise wrong_value("mask", f"the first picture's size, {picture.width}x{picture.height}")
    return ImageOps.fit(ImageOps.exif_transpose(_with_alpha(picture, stencil)), size)


def _full_size(uri: str) -> Image.Image:
    """Open a picture with all its pixels; it was checked before."""
    picture = Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))
    picture.load()
    return picture


def _with_alpha(picture: Image.Image, stencil: Image.Image) -> Image.Image:
    """Give a picture the transparency of a stencil; its own becomes white paper."""
    sheet = Image.new("RGBA", picture.size, "white")
    sheet.alpha_composite(picture.convert("RGBA"))
    sheet.putalpha(stencil.convert("RGBA").getchannel("A"))
    # How a phone was held while it took the picture.
    sheet.info = {"exif": picture.info.get("exif", b"")}
    return sheet

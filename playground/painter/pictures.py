"""The pictures of a request: references to paint from, and the one that a mask lets repaint."""

import base64
import io

from PIL import Image, ImageOps

from playground.art.references import MOST_REFERENCES, Unusable, open_data_uri
from playground.painter.refused import Refused, wrong_type, wrong_value

# OpenAI's openapi.yaml, CreateImageEditRequest: a PNG of less than 4 MB.
_MASK_CHARACTERS = 4_000_000 * 4 // 3


def data_uris(value: object, name: str) -> list[str]:
    """Return a list of data URIs; ``name`` is its field. Raises Refused."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise wrong_type(name, "a list of data URIs")
    if len(value) > MOST_REFERENCES:
        message = f"Invalid '{name}': too many pictures, at most {MOST_REFERENCES}."
        raise Refused(message, "array_above_max_length", name)
    return [_text(uri, f"{name}[{index}]") for index, uri in enumerate(value)]


def _text(uri: object, name: str) -> str:
    if not isinstance(uri, str):
        raise wrong_type(name, "a data URI")
    return uri


def open_references(uris: list[str], name: str) -> tuple[Image.Image, ...]:
    """Open pictures at the size that painting needs; raises Refused."""
    return tuple(_opened(uri, f"{name}[{index}]") for index, uri in enumerate(uris))


def _opened(uri: str, name: str) -> Image.Image:
    try:
        return open_data_uri(uri)
    except Unusable as unusable:
        raise wrong_value(name, str(unusable)) from None


def open_ground(first: str, mask: object, *, size: tuple[int, int]) -> Image.Image:
    """Return the first reference, which was opened before, in ``size``; raises Refused.

    It is transparent where the mask is: there it will be repainted.
    """
    uri = _text(mask, "mask")
    if len(uri) > _MASK_CHARACTERS:
        raise wrong_value("mask", "less than 4 MB")
    _opened(uri, "mask")
    picture, stencil = _whole(first), _whole(uri)
    if stencil.format != "PNG" or not stencil.has_transparency_data:
        raise wrong_value("mask", "a PNG with an alpha channel")
    if stencil.size != picture.size:
        raise wrong_value("mask", f"the first picture's size, {picture.width}x{picture.height}")
    return ImageOps.fit(ImageOps.exif_transpose(_cut(picture, stencil)), size)


def _whole(uri: str) -> Image.Image:
    """Open a picture with all its pixels: that it is harmless is known."""
    picture = Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))
    picture.load()
    return picture


def _cut(picture: Image.Image, stencil: Image.Image) -> Image.Image:
    """Give a picture the transparency of a stencil; its own becomes white paper."""
    sheet = Image.new("RGBA", picture.size, "white")
    sheet.alpha_composite(picture.convert("RGBA"))
    sheet.putalpha(stencil.convert("RGBA").getchannel("A"))
    # How a phone was held while it took the picture.
    sheet.info = {"exif": picture.info.get("exif", b"")}
    return sheet

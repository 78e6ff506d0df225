"""References: pictures that people bring along, made ready to be painted."""

import base64
import io
import re
import struct
from dataclasses import dataclass

from PIL import Image, ImageFilter, ImageOps

from playground.art.colour import Rgb
from playground.art.texture import Size, solid

MOST_REFERENCES = 5
MOST_BYTES = 20 * 1024 * 1024  # of one picture, decoded from base64
MOST_PIXELS = 40_000_000

_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
_DATA_URI = re.compile(
    r"data:image/(png|jpe?g|webp|gif)(;[\w=.+-]{1,80}){0,4};base64", re.IGNORECASE
)
_SLICE = 1 << 20  # characters of base64 decoded at once: the interpreter is free in between
_DAMAGED = (OSError, SyntaxError, ValueError, EOFError, TypeError, struct.error)
_BOMB = (Image.DecompressionBombError, Image.DecompressionBombWarning)
_KEPT = 512  # pixels on the shorter side that are worth keeping
_FINE = 480  # pixels on the longer side that a print is made from
_COARSE = 64  # up to this many pixels a picture is pixel art, and its squares stay sharp
_SHAPES = (0.66, 1.9)  # the slimmest and the widest print: width by height
_INKS = 10  # of one print


class Unusable(ValueError):
    """A reference cannot be read; the message says what was expected instead."""


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """A picture at the size that prints need: RGBA, cropped to a pleasant shape."""

    picture: Image.Image
    coarse: bool  # pixel art

    @property
    def aspect(self) -> float:
        """Tell the width by the height."""
        return self.picture.width / self.picture.height


def open_data_uri(uri: str) -> Image.Image:
    """Open the picture in a data URI, upright and no larger than painting needs.

    PNG, JPEG, WebP and the first frame of a GIF are read; raises Unusable for anything else,
    above 20 MB and above 40 megapixels.
    """
    head, comma, payload = uri.partition(",")
    if head[:8].lower().startswith(("http:", "https:")):
        raise Unusable("a picture itself, not its address: send a data URI")
    if not comma or not _DATA_URI.fullmatch(head):
        raise Unusable("a data URI of a PNG, JPEG, WebP or GIF in base64")
    if len(payload) > MOST_BYTES // 3 * 4 + 4:
        raise Unusable(f"at most {MOST_BYTES >> 20} MB")
    return _opened(_decoded(payload))


def _decoded(payload: str) -> io.BytesIO:
    data = io.BytesIO()
    try:
        for start in range(0, len(payload), _SLICE):
            data.write(base64.b64decode(payload[start : start + _SLICE], validate=True))
    except ValueError:
        raise Unusable("valid base64") from None
    return data


def _opened(data: io.BytesIO) -> Image.Image:
    try:
        with Image.open(data, formats=_FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise _too_many_pixels()
            return ImageOps.exif_transpose(_kept(image))
    except _BOMB:
        raise _too_many_pixels() from None
    except Unusable:
        raise
    except _DAMAGED:
        raise Unusable("a PNG, JPEG, WebP or GIF that can be read") from None


def _kept(image: Image.Image) -> Image.Image:
    scale = min(1.0, _KEPT / min(image.size))
    size = (round(image.width * scale) or 1, round(image.height * scale) or 1)
    # A picture with a colour table can only be made smaller by leaving pixels out.
    kept = image.convert("RGBA") if image.mode in {"1", "P", "PA"} else image
    kept.thumbnail(size)
    return kept


def _too_many_pixels() -> Unusable:
    return Unusable(f"at most {MOST_PIXELS // 1_000_000} megapixels")


def ready(image: Image.Image) -> Reference:
    """Make a picture of any mode and shape ready to be painted."""
    part = image.crop(_window(image))
    coarse = max(image.size) <= _COARSE
    scale = min(1.0, _FINE / max(part.size))
    size = (round(part.width * scale) or 1, round(part.height * scale) or 1)
    small = part if scale == 1.0 else _small(part, size)
    return Reference(_eight_bits(small), coarse)


def _window(image: Image.Image) -> tuple[int, int, int, int]:
    """Choose the part to show: all of it, unless it is a very long strip."""
    slim, wide = _SHAPES
    width = min(image.width, max(1, round(image.height * wide)))
    height = min(image.height, max(1, round(image.width / slim)))
    left, top = (image.width - width) // 2, (image.height - height) // 3
    return left, top, left + width, top + height


def _small(image: Image.Image, size: Size) -> Image.Image:
    return _eight_bits(image).resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def _eight_bits(image: Image.Image) -> Image.Image:
    """Convert to RGBA; Pillow clips 16 bits to 255 instead of scaling them."""
    if image.mode.startswith("I"):
        return image.convert("I").point(lambda grey: grey * (1 / 257)).convert("L").convert("RGBA")
    return image.convert("RGBA" if image.has_transparency_data else "RGB").convert("RGBA")


def screen_print(reference: Reference, size: Size, *, paper: Rgb, shade: Rgb) -> Image.Image:
    """Print a reference in few flat inks, covering `size`; `shade` calms all of them a little."""
    work = _covering(size)
    sheet = Image.new("RGBA", reference.picture.size, (*paper, 255))
    sheet.alpha_composite(reference.picture)
    resampling = Image.Resampling.NEAREST if reference.coarse else Image.Resampling.BICUBIC
    flat = ImageOps.fit(sheet.convert("RGB"), work, resampling, centering=(0.5, 0.4))
    plates = flat.quantize(_INKS) if reference.coarse else _separated(flat)
    printed = plates.convert("RGB")
    inked = Image.blend(printed, solid(shade, printed.size), 0.08)
    return inked.resize(size, Image.Resampling.LANCZOS)


def _covering(size: Size) -> Size:
    """Choose a size to work at: enough for clean edges, and never slow."""
    scale = min(max(*size, 300), 420) / max(size)
    return max(round(size[0] * scale), 8), max(round(size[1] * scale), 8)


def _separated(flat: Image.Image) -> Image.Image:
    """Separate a picture into few flat inks: noise goes, small features stay."""
    calm = flat.reduce(2).filter(ImageFilter.MedianFilter(3))
    clear = Image.blend(calm, ImageOps.autocontrast(calm, cutoff=1, preserve_tone=True), 0.15)
    inks = clear.quantize(_INKS, Image.Quantize.MAXCOVERAGE, kmeans=2)
    sheet = clear.resize(flat.size, Image.Resampling.BICUBIC)
    plates = sheet.quantize(palette=inks, dither=Image.Dither.NONE)
    return plates.filter(ImageFilter.ModeFilter(5))

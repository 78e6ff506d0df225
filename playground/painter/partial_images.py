"""Partial images: a picture as it might have looked before it was finished."""

import io
import zlib

from PIL import Image, ImageChops, ImageFilter, ImageOps

from playground.art.colour import Rgb
from playground.art.texture import Size, levels, seeded, smooth_noise

_SIDE = 576  # pixels on the longer side
_QUALITY = 80  # of the JPEG
_PAPER: Rgb = (244, 239, 228)
_PENCIL: Rgb = (92, 84, 80)
_LINES = 0.85  # how dark the pencil is before any paint


def partial_image(png: bytes, share: float) -> bytes:
    """Return a JPEG of the picture when only a share of it (0 to 1) was painted.

    First there is a drawing on paper, then paint spreads over it, then it becomes finer.
    """
    with Image.open(io.BytesIO(png)) as finished:
        finished.thumbnail((_SIDE, _SIDE))
        picture = finished.convert("RGB")
    jpeg = io.BytesIO()
    _unfinished(picture, share, zlib.crc32(png)).save(jpeg, "JPEG", quality=_QUALITY)
    return jpeg.getvalue()


def _unfinished(picture: Image.Image, share: float, seed: int) -> Image.Image:
    drawing = _outlined(picture, Image.new("RGB", picture.size, _PAPER), _LINES)
    painted = _outlined(picture, _coarse(picture, share), _LINES * (1 - share) / 2)
    return Image.composite(painted, drawing, _painted_part(picture.size, share, seed))


def _outlined(picture: Image.Image, sheet: Image.Image, strength: float) -> Image.Image:
    """Draw the outlines of a picture on a sheet."""
    calm = picture.convert("L").filter(ImageFilter.GaussianBlur(1.5))
    edges = ImageOps.autocontrast(calm.filter(ImageFilter.FIND_EDGES), cutoff=1)
    # The filter leaves the outermost pixels as they are, which would draw a frame.
    framed = ImageOps.expand(ImageOps.crop(edges, 1), 1)
    lines = levels(framed, 0.16, 0.6, top=strength)
    return Image.composite(Image.new("RGB", sheet.size, _PENCIL), sheet, lines)


def _coarse(picture: Image.Image, share: float) -> Image.Image:
    """Blur a picture and reduce its colours, less with a higher share."""
    radius = max(picture.size) / 36 * (1 - share)
    blurred = picture.filter(ImageFilter.GaussianBlur(radius))
    flat = blurred.quantize(round(8 + 56 * share), dither=Image.Dither.NONE)
    return flat.filter(ImageFilter.ModeFilter(7)).convert("RGB")


def _painted_part(size: Size, share: float, seed: int) -> Image.Image:
    """Return a mask of the painted part: blots that grow until they meet."""
    blots = smooth_noise(seeded("sketch", seed), size, cells=(3, 5), octaves=4)
    return levels(ImageChops.invert(blots), 0.9 - 1.4 * share, 1.02 - 1.4 * share)

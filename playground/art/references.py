"""References: pictures that people attach, cropped and reduced to a few flat inks."""

from dataclasses import dataclass

from PIL import Image, ImageFilter, ImageOps

from playground.art.colour import Rgb
from playground.art.texture import Size, solid_image

_FINE = 480  # pixels on the longer side that a print is made from
_PIXEL_ART = 64  # up to this many pixels the squares of a picture stay sharp
_ASPECTS = (0.66, 1.9)  # the slimmest and the widest print: width by height
_INKS = 10  # of one print


@dataclass(frozen=True, slots=True, eq=False)
class PreparedReference:
    """A picture at the size that prints need: RGBA, cropped to a moderate aspect."""

    picture: Image.Image
    is_pixel_art: bool

    @property
    def aspect(self) -> float:
        """Return the width by the height."""
        return self.picture.width / self.picture.height


def prepare(image: Image.Image) -> PreparedReference:
    """Prepare a picture of any mode and shape for printing."""
    part = image.crop(_window(image))
    scale = min(1.0, _FINE / max(part.size))
    size = (round(part.width * scale) or 1, round(part.height * scale) or 1)
    small = _eight_bits(part)
    if scale < 1:
        small = small.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    return PreparedReference(small, max(image.size) <= _PIXEL_ART)


def _window(image: Image.Image) -> tuple[int, int, int, int]:
    """Return the part to show: all of it, unless it is a very long strip."""
    slim, wide = _ASPECTS
    width = min(image.width, max(1, round(image.height * wide)))
    height = min(image.height, max(1, round(image.width / slim)))
    left, top = (image.width - width) // 2, (image.height - height) // 3
    return left, top, left + width, top + height


def _eight_bits(image: Image.Image) -> Image.Image:
    """Convert to RGBA; Pillow clips 16 bits to 255 instead of scaling them."""
    if image.mode.startswith("I"):
        return image.convert("I").point(lambda grey: grey * (1 / 257)).convert("L").convert("RGBA")
    return image.convert("RGBA" if image.has_transparency_data else "RGB").convert("RGBA")


def screen_print(reference: PreparedReference, size: Size, *, paper: Rgb, tint: Rgb) -> Image.Image:
    """Print a reference in few flat inks, covering `size`; `tint` calms all of them a little."""
    sheet = Image.new("RGBA", reference.picture.size, (*paper, 255))
    sheet.alpha_composite(reference.picture)
    resampling = Image.Resampling.NEAREST if reference.is_pixel_art else Image.Resampling.BICUBIC
    # Enough pixels for clean edges, and never slow.
    scale = min(max(*size, 300), 420) / max(size)
    work = max(round(size[0] * scale), 8), max(round(size[1] * scale), 8)
    flat = ImageOps.fit(sheet.convert("RGB"), work, resampling, centering=(0.5, 0.4))
    inked = flat.quantize(_INKS) if reference.is_pixel_art else _separated(flat)
    printed = inked.convert("RGB")
    tinted = Image.blend(printed, solid_image(tint, printed.size), 0.08)
    return tinted.resize(size, Image.Resampling.LANCZOS)


def _separated(flat: Image.Image) -> Image.Image:
    """Separate a picture into few flat inks: noise goes, small features stay."""
    calm = flat.reduce(2).filter(ImageFilter.MedianFilter(3))
    clear = Image.blend(calm, ImageOps.autocontrast(calm, cutoff=1, preserve_tone=True), 0.15)
    inks = clear.quantize(_INKS, Image.Quantize.MAXCOVERAGE, kmeans=2)
    sheet = clear.resize(flat.size, Image.Resampling.BICUBIC)
    separated = sheet.quantize(palette=inks, dither=Image.Dither.NONE)
    return separated.filter(ImageFilter.ModeFilter(5))

"""Blending: several pictures as one, and a part of a picture replaced by another."""

from collections.abc import Sequence

from PIL import Image, ImageFilter, ImageOps

from playground.art.palette import Palette
from playground.art.texture import Size, levels, seeded, smooth_noise

_SOFT = 0.22  # how far, in brightness of the noise, one picture turns into the next
_RIM = 0.02  # of the shorter side: how soft the rim of a replaced part is
_FAR = 1 / 24  # of the shorter side: how blurred what is around a picture is
_TINT = 0.6  # share of a palette's colours


def blend(pictures: Sequence[Image.Image], *, size: Size, seed: int) -> Image.Image:
    """Blend pictures of any mode and size; each has about the same share, in soft blots."""
    order = [*pictures]
    rng = seeded("blend", seed, len(order))
    rng.shuffle(order)
    sheet = _fitted(order[0], size)
    for number, picture in enumerate(order[1:], 2):
        edge = 1 - 1 / number
        blots = smooth_noise(rng, size, cells=(2, 2), octaves=3)
        sheet.paste(_fitted(picture, size), mask=levels(blots, edge - _SOFT, edge + _SOFT))
    return sheet


def tint(picture: Image.Image, palette: Palette) -> Image.Image:
    """Give a picture the colours of a palette; what is light and dark stays."""
    grey, middle = picture.convert("L"), palette.sky[len(palette.sky) // 2]
    coloured = ImageOps.colorize(grey, palette.near, palette.light, mid=middle)
    return Image.blend(picture, coloured, _TINT)


def set_back(picture: Image.Image, *, zoom: float, shift: tuple[float, float]) -> Image.Image:
    """Make a picture smaller, and move it by shares of its sides, in a blurred copy of itself."""
    if zoom >= 1 and shift == (0.0, 0.0):
        return picture
    wide, high = picture.size
    around = picture.filter(ImageFilter.GaussianBlur(min(picture.size) * _FAR))
    inner = picture.resize((round(wide * zoom), round(high * zoom)), Image.Resampling.LANCZOS)
    left = round((wide - inner.width) / 2 + wide * shift[0])
    top = round((high - inner.height) / 2 + high * shift[1])
    around.paste(inner, (left, top))
    return around


def replace_part(below: Image.Image, above: Image.Image, mask: Image.Image) -> Image.Image:
    """Return a picture with another of its size where a grey mask of any size is white."""
    part = mask.convert("L").resize(below.size)
    soft = part.filter(ImageFilter.GaussianBlur(min(below.size) * _RIM))
    return Image.composite(above, below, soft)


def _fitted(picture: Image.Image, size: Size) -> Image.Image:
    """Crop a picture to a size; what is transparent becomes white."""
    sheet = Image.new("RGBA", picture.size, "white")
    sheet.alpha_composite(picture.convert("RGBA"))
    return ImageOps.fit(sheet.convert("RGB"), size, Image.Resampling.LANCZOS)

"""The finish: vignette, paper tooth and film grain."""

from random import Random

from PIL import Image, ImageChops, ImageOps

from playground.art.texture import levels, noise, speckle

_GRAIN = 0.025  # share of grey noise blended in; costs about one byte of PNG per pixel
_LARGEST_GRAIN = 1_050_000  # pixels; above it the grain is enlarged, as in a real enlargement


def vignette(picture: Image.Image, *, strength: float) -> Image.Image:
    """Darken the corners."""
    round_mask = Image.radial_gradient("L").resize(picture.size, Image.Resampling.BICUBIC)
    rim = levels(round_mask, 0.45, 1.6, top=1.0)
    dark = ImageChops.multiply(picture, ImageOps.colorize(ImageOps.invert(rim), "#101028", "white"))
    return Image.blend(picture, dark, strength)


def grain(picture: Image.Image, rng: Random) -> Image.Image:
    """Dust the picture with fine grey grain."""
    width, height = picture.size
    shrink = max(1.0, (width * height / _LARGEST_GRAIN) ** 0.5)
    dust = speckle(rng, (max(int(width / shrink), 1), max(int(height / shrink), 1)))
    sheet = dust.resize(picture.size, Image.Resampling.BICUBIC) if shrink > 1 else dust
    return Image.blend(picture, Image.merge("RGB", (sheet, sheet, sheet)), _GRAIN)


def paper(picture: Image.Image, rng: Random, *, strength: float = 0.5) -> Image.Image:
    """Press the picture onto rough watercolour paper."""
    tooth = noise(rng, picture.size, cells=(picture.size[0] // 3, picture.size[1] // 3), octaves=2)
    blotch = noise(rng, picture.size, cells=(4, 4), octaves=5)
    rough = levels(Image.blend(tooth, blotch, 0.25), -2.6, 0.8)
    pressed = ImageChops.multiply(picture, Image.merge("RGB", (rough, rough, rough)))
    return Image.blend(picture, pressed, strength)

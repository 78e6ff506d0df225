"""Textures as grey or RGB images: noise, gradients, grain; all from a seeded generator."""

from random import Random

from PIL import Image, ImageOps

from playground.art.colour import Gradient, colour_at

Size = tuple[int, int]

_SAMPLES = 96  # rows of a gradient computed exactly; the rest is interpolated
_TURNS = {"bottom": 0, "right": 90, "top": 180, "left": 270}  # degrees, counter-clockwise


def seeded(*facts: object) -> Random:
    """Return a generator that the same facts always reproduce."""
    # A prompt may hold lone surrogates: JSON allows them.
    words = "\x1f".join(map(str, facts)).encode("utf-8", "surrogatepass")
    return Random(words)  # noqa: S311 - brush strokes, not secrets


def white_noise(rng: Random, size: Size) -> Image.Image:
    """Make uniform white noise, one random byte for each pixel."""
    return Image.frombytes("L", size, rng.randbytes(size[0] * size[1]))


def smooth_noise(rng: Random, size: Size, *, cells: Size, octaves: int = 4) -> Image.Image:
    """Make smooth noise of several octaves; `cells` is the grid of the coarsest one."""
    small = (max(8, size[0] // 3), max(8, size[1] // 3))
    field = Image.new("L", small)
    for octave in range(octaves):
        across, down = cells[0] << octave, cells[1] << octave
        # Two spare cells on each side keep creases out of the picture.
        coarse = white_noise(rng, (across + 4, down + 4))
        inside = (2, 2, across + 2, down + 2)
        layer = coarse.resize(small, Image.Resampling.BICUBIC, box=inside)
        field = Image.blend(field, layer, 0.5**octave / (2 - 0.5**octave))
    return ImageOps.autocontrast(field).resize(size, Image.Resampling.BICUBIC)


def levels(mask: Image.Image, low: float, high: float, *, top: float = 1.0) -> Image.Image:
    """Stretch a mask so that `low` becomes empty and `high` becomes `top` (all 0 to 1)."""
    span = max(high - low, 1e-6)
    shares = (min(max((value / 255 - low) / span, 0.0), 1.0) for value in range(256))
    return mask.point([round(255 * top * share) for share in shares])


def weakened(mask: Image.Image, share: float) -> Image.Image:
    """Weaken a mask to a share of its strength."""
    return mask if share >= 1.0 else mask.point([round(v * share) for v in range(256)])


def gradient_image(gradient: Gradient, size: Size) -> Image.Image:
    """Paint a vertical gradient."""
    rows = (colour_at(gradient.stops, row / (_SAMPLES - 1)) for row in range(_SAMPLES))
    column = Image.frombytes("RGB", (1, _SAMPLES), bytes(value for row in rows for value in row))
    tall = column.resize((1, size[1]), Image.Resampling.BILINEAR)
    return tall.resize(size, Image.Resampling.NEAREST)


def ramp(size: Size, *, side: str) -> Image.Image:
    """Make a mask that grows toward one side: top, bottom, left or right."""
    return Image.linear_gradient("L").rotate(_TURNS[side]).resize(size, Image.Resampling.BILINEAR)


def halo(diameter: int, *, falloff: float) -> Image.Image:
    """Make a round mask, full at the centre and empty at the rim; a high falloff is tighter."""
    # Pillow's radial gradient is full in the corners and only reaches 181 at the middle of a side.
    distance = Image.radial_gradient("L").point(
        [min(round(v * 255 / 179), 255) for v in range(256)]
    )
    enlarged = distance.resize((diameter, diameter), Image.Resampling.BICUBIC)
    return enlarged.point([round(255 * (1 - value / 255) ** falloff) for value in range(256)])

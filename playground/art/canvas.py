"""The canvas: fills smooth-edged shapes, shades them with grain, and adds light."""

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from playground.art.colour import Gradient, Paint, Rgb
from playground.art.palette import Palette
from playground.art.shapes import Point, Shape
from playground.art.texture import (
    Size,
    gradient_image,
    halo,
    levels,
    ramp,
    smooth_noise,
    weakened,
    white_noise,
)

Box = tuple[int, int, int, int]

_SMALL_AREA = 160_000  # pixels; below it edges are drawn four times too large, above it twice


@dataclass(frozen=True, slots=True)
class Mask:
    """A grey image and the part of the picture it lies on."""

    image: Image.Image
    box: Box


class Canvas:
    """An RGB image that every method draws on top of."""

    def __init__(self, size: Size, rng: Random) -> None:
        self.image = Image.new("RGB", size)
        self.width, self.height = size
        self.unit = float(min(size))
        self._grain = white_noise(rng, size)
        self._opacity = 1.0

    @contextmanager
    def faded(self, opacity: float) -> Iterator[None]:
        """Draw everything inside the block fainter, as a reflection or in mist."""
        before, self._opacity = self._opacity, self._opacity * opacity
        try:
            yield
        finally:
            self._opacity = before

    def wash(self, paint: Paint, *, bottom: int | None = None) -> None:
        """Cover the whole width, down to `bottom` or all of it."""
        size = (self.width, self.height if bottom is None else bottom)
        self.image.paste(_sheet(paint, size), (0, 0))

    def fill(
        self, shapes: Sequence[Shape], paint: Paint, *, opacity: float = 1.0, blur: float = 0.0
    ) -> None:
        """Fill shapes with a colour or a gradient; the union of them is one layer."""
        if mask := self.mask(shapes, blur=blur):
            self.stamp(mask, paint, opacity=opacity)

    def stamp(self, mask: Mask, paint: Paint, *, opacity: float = 1.0) -> None:
        """Lay paint through a mask."""
        image = weakened(mask.image, opacity * self._opacity)
        self.image.paste(_sheet(paint, image.size), mask.box, image)

    def shade(
        self, shapes: Sequence[Shape], colour: Rgb, *, side: str, strength: float = 0.6
    ) -> None:
        """Add grains of a colour toward one side of shapes, like a worn screen print."""
        if mask := self.mask(shapes):
            grown = levels(ramp(mask.image.size, side=side), 0.15, 1.0, top=strength)
            dense = ImageChops.subtract(grown, self._grain.crop(mask.box))
            grains = dense.point([0] + [255] * 255)
            for density, opacity in ((grown, 0.55), (grains, 0.34)):
                part = Mask(ImageChops.multiply(mask.image, density), mask.box)
                self.stamp(part, colour, opacity=opacity)

    def light(
        self, shapes: Sequence[Shape], colour: Rgb, *, strength: float = 1.0, blur: float = 0.0
    ) -> None:
        """Brighten under shapes, as a projector would."""
        if mask := self.mask(shapes, blur=blur):
            self.shine(mask, colour, strength=strength)

    def shine(self, mask: Mask, colour: Rgb, *, strength: float = 1.0) -> None:
        """Brighten through a mask."""
        lit = ImageChops.screen(self.image.crop(mask.box), _sheet(colour, mask.image.size))
        self.image.paste(lit, mask.box, weakened(mask.image, strength * self._opacity))

    def glow(self, centre: Point, radius: float, colour: Rgb, *, strength: float = 1.0) -> None:
        """Shed a round light that dies away softly."""
        reach = max(int(radius), 2)
        left, top = round(centre[0]) - reach, round(centre[1]) - reach
        if where := self._clip(left, top, left + reach * 2, top + reach * 2):
            part = (where[0] - left, where[1] - top, where[2] - left, where[3] - top)
            image = halo(reach * 2, falloff=2.2).crop(part)
            self.shine(Mask(image, where), colour, strength=strength)

    def mist(self, top: float, bottom: float, colour: Rgb, rng: Random, *, strength: float) -> None:
        """Lay an uneven bank of mist between two heights."""
        where = self._clip(0, top, self.width, bottom)
        if not where:
            return
        size = (where[2] - where[0], where[3] - where[1])
        patches = levels(smooth_noise(rng, size, cells=(3, 2), octaves=4), 0.05, 0.75)
        middle = ImageChops.multiply(ramp(size, side="bottom"), ramp(size, side="top"))
        bank = ImageChops.multiply(patches, levels(middle, 0.0, 0.25))
        self.stamp(Mask(bank, where), colour, opacity=strength)

    def mask(self, shapes: Sequence[Shape], *, blur: float = 0.0) -> Mask | None:
        """Return a smooth-edged mask of shapes; None where nothing is visible."""
        across = [x for shape in shapes for x, _ in shape]
        down = [y for shape in shapes for _, y in shape]
        if not across:
            return None
        margin = 2 + 3 * blur
        left, right = min(across) - margin, max(across) + margin
        where = self._clip(left, min(down) - margin, right, max(down) + margin)
        return Mask(_drawn(shapes, where, blur), where) if where else None

    def _clip(self, left: float, top: float, right: float, bottom: float) -> Box | None:
        x0, y0 = max(math.floor(left), 0), max(math.floor(top), 0)
        x1, y1 = min(math.ceil(right), self.width), min(math.ceil(bottom), self.height)
        return (x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None


@dataclass(frozen=True, slots=True)
class Figure:
    """Draws in coordinates of its own: x, y is its foot, `unit` its size in pixels, y grows up."""

    canvas: Canvas
    palette: Palette
    x: float
    y: float
    unit: float
    facing: int = 1
    upright: int = 1

    def at(self, outline: Iterable[Point]) -> Shape:
        """Move an outline from the figure's coordinates into the picture."""
        across, up = self.unit * self.facing, self.unit * self.upright
        return [(self.x + x * across, self.y - y * up) for x, y in outline]

    def spot(self, x: float, y: float) -> Point:
        """Move one point into the picture."""
        return self.at([(x, y)])[0]

    def mirrored(self) -> "Figure":
        """Return the figure upside down below its foot, as in still water."""
        return replace(self, upright=-self.upright)

    def fill(self, paint: Paint, *outlines: Shape, opacity: float = 1.0, blur: float = 0.0) -> None:
        """Fill outlines; `blur` is in units."""
        shapes = [self.at(outline) for outline in outlines]
        self.canvas.fill(shapes, paint, opacity=opacity, blur=blur * self.unit)

    def shade(self, colour: Rgb, outline: Shape, *, side: str, strength: float) -> None:
        """Shade an outline toward one side."""
        self.canvas.shade([self.at(outline)], colour, side=side, strength=strength)

    def glow(
        self, x: float, y: float, radius: float, colour: Rgb, *, strength: float = 1.0
    ) -> None:
        """Shed a round light from one of the figure's points."""
        self.canvas.glow(self.spot(x, y), radius * self.unit, colour, strength=strength)


def _sheet(paint: Paint, size: Size) -> Image.Image:
    if isinstance(paint, Gradient):
        return gradient_image(paint, size)
    return Image.new("RGB", size, paint)


def _drawn(shapes: Sequence[Shape], where: Box, blur: float) -> Image.Image:
    """Draw shapes larger than they are, and reduce them, for smooth edges."""
    left, top, right, bottom = where
    is_small = (right - left) * (bottom - top) < _SMALL_AREA
    finer = 1 if blur >= 2 else 4 if is_small else 2
    image = Image.new("L", ((right - left) * finer, (bottom - top) * finer))
    pen = ImageDraw.Draw(image)
    for shape in shapes:
        pen.polygon([((x - left) * finer, (y - top) * finer) for x, y in shape], fill=255)
    smooth = image.reduce(finer) if finer > 1 else image
    return smooth.filter(ImageFilter.GaussianBlur(blur)) if blur else smooth

"""The canvas: fills smooth-edged shapes, shades them with grain, and adds light."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from playground.art.colour import Fade, Paint, Rgb
from playground.art.shapes import Point, Shape
from playground.art.texture import Size, fade, halo, levels, noise, ramp, scaled, solid, speckle

Box = tuple[int, int, int, int]

_SMALL_AREA = 160_000  # pixels; below it edges are drawn four times too large, above it twice


@dataclass(frozen=True, slots=True)
class Stencil:
    """A mask and the part of the picture it lies on."""

    mask: Image.Image
    box: Box

    @property
    def size(self) -> Size:
        """Tell the mask's width and height."""
        return self.mask.size


class Canvas:
    """A picture in the making; every verb draws on top of what is there."""

    def __init__(self, size: Size, rng: Random) -> None:
        self.image = Image.new("RGB", size)
        self.width, self.height = size
        self.unit = float(min(size))
        self._tooth = speckle(rng, size)
        self._presence = 1.0

    @contextmanager
    def ghost(self, presence: float) -> Iterator[None]:
        """Draw everything inside the block fainter, as a reflection or in mist."""
        before, self._presence = self._presence, self._presence * presence
        try:
            yield
        finally:
            self._presence = before

    def wash(self, paint: Paint, box: Box | None = None) -> None:
        """Cover a whole rectangle."""
        where = box or (0, 0, self.width, self.height)
        size = (max(where[2] - where[0], 1), max(where[3] - where[1], 1))
        self.image.paste(_sheet(paint, size), where[:2])

    def fill(
        self, shapes: Sequence[Shape], paint: Paint, *, opacity: float = 1.0, blur: float = 0.0
    ) -> None:
        """Fill shapes with a colour or a gradient; the union of them is one layer."""
        if cut := self.stencil(shapes, blur=blur):
            self.stamp(cut, paint, opacity=opacity)

    def stamp(self, cut: Stencil, paint: Paint, *, opacity: float = 1.0) -> None:
        """Lay paint through a stencil."""
        mask = scaled(cut.mask, opacity * self._presence)
        self.image.paste(_sheet(paint, cut.size), cut.box, mask)

    def shade(
        self, shapes: Sequence[Shape], colour: Rgb, *, side: str, strength: float = 0.6
    ) -> None:
        """Let grains of a colour gather toward one side of shapes, like a worn screen print."""
        if cut := self.stencil(shapes):
            grown = levels(ramp(cut.size, side=side), 0.15, 1.0, top=strength)
            soft = Stencil(ImageChops.multiply(cut.mask, grown), cut.box)
            self.stamp(soft, colour, opacity=0.55)
            self.stamp(self._grained(cut, grown), colour, opacity=0.34)

    def light(
        self, shapes: Sequence[Shape], colour: Rgb, *, strength: float = 1.0, blur: float = 0.0
    ) -> None:
        """Brighten under shapes, as a projector would."""
        if cut := self.stencil(shapes, blur=blur):
            self.shine(cut, colour, strength=strength)

    def shine(self, cut: Stencil, paint: Paint, *, strength: float = 1.0) -> None:
        """Brighten through a stencil."""
        under = self.image.crop(cut.box)
        lit = ImageChops.screen(under, _sheet(paint, cut.size))
        self.image.paste(lit, cut.box, scaled(cut.mask, strength * self._presence))

    def glow(self, centre: Point, radius: float, colour: Rgb, *, strength: float = 1.0) -> None:
        """Shed a round light that dies away softly."""
        reach = max(int(radius), 2)
        left, top = round(centre[0]) - reach, round(centre[1]) - reach
        whole = halo(reach * 2, falloff=2.2)
        where = self._clip(left, top, left + reach * 2, top + reach * 2)
        if where:
            mask = whole.crop((where[0] - left, where[1] - top, where[2] - left, where[3] - top))
            self.shine(Stencil(mask, where), colour, strength=strength)

    def mist(self, top: float, bottom: float, colour: Rgb, rng: Random, *, strength: float) -> None:
        """Let a bank of mist lie between two heights, uneven like the real thing."""
        where = self._clip(0, top, self.width, bottom)
        if not where:
            return
        size = (where[2] - where[0], where[3] - where[1])
        patches = levels(noise(rng, size, cells=(3, 2), octaves=4), 0.05, 0.75)
        middle = ImageChops.multiply(ramp(size, side="bottom"), ramp(size, side="top"))
        bank = ImageChops.multiply(patches, levels(middle, 0.0, 0.25))
        self.stamp(Stencil(bank, where), colour, opacity=strength)

    def stencil(self, shapes: Sequence[Shape], *, blur: float = 0.0) -> Stencil | None:
        """Cut shapes out, smooth-edged and optionally soft; None where nothing is visible."""
        where = self._around(shapes, margin=2 + 3 * blur)
        if where is None:
            return None
        mask = _cut(shapes, where, finer=_fineness(where, blur))
        return Stencil(mask.filter(ImageFilter.GaussianBlur(blur)) if blur else mask, where)

    def _grained(self, cut: Stencil, density: Image.Image) -> Stencil:
        grains = ImageChops.subtract(density, self._tooth.crop(cut.box)).point([0] + [255] * 255)
        return Stencil(ImageChops.multiply(cut.mask, grains), cut.box)

    def _around(self, shapes: Sequence[Shape], *, margin: float) -> Box | None:
        across = [x for shape in shapes for x, _ in shape]
        down = [y for shape in shapes for _, y in shape]
        if not across:
            return None
        return self._clip(
            min(across) - margin, min(down) - margin, max(across) + margin, max(down) + margin
        )

    def _clip(self, left: float, top: float, right: float, bottom: float) -> Box | None:
        inside = (
            max(math.floor(left), 0),
            max(math.floor(top), 0),
            min(math.ceil(right), self.width),
            min(math.ceil(bottom), self.height),
        )
        return inside if inside[2] > inside[0] and inside[3] > inside[1] else None


def _sheet(paint: Paint, size: Size) -> Image.Image:
    return fade(paint, size) if isinstance(paint, Fade) else solid(paint, size)


def _fineness(where: Box, blur: float) -> int:
    if blur >= 2:
        return 1
    return 4 if (where[2] - where[0]) * (where[3] - where[1]) < _SMALL_AREA else 2


def _cut(shapes: Sequence[Shape], where: Box, *, finer: int) -> Image.Image:
    left, top, right, bottom = where
    mask = Image.new("L", ((right - left) * finer, (bottom - top) * finer))
    pen = ImageDraw.Draw(mask)
    for shape in shapes:
        pen.polygon([((x - left) * finer, (y - top) * finer) for x, y in shape], fill=255)
    return mask.reduce(finer) if finer > 1 else mask

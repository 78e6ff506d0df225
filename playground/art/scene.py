"""The scene: everything a brush needs to know, in one value."""

from dataclasses import dataclass
from random import Random

from playground.art.brief import Brief
from playground.art.canvas import Canvas
from playground.art.colour import Rgb
from playground.art.palette import Palette


@dataclass(frozen=True, slots=True)
class Light:
    """The sun or the moon: where it stands and how large it is, in pixels."""

    x: float
    y: float
    radius: float
    moon: bool


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture: its canvas, inks, chance and wishes."""

    canvas: Canvas
    palette: Palette
    rng: Random
    brief: Brief
    light: Light
    horizon: float  # pixels from the top
    facing: int  # 1 or -1: mirrors the composition
    pigments: tuple[Rgb, ...] = ()  # inks taken from references, for compositions on paper

    @property
    def width(self) -> int:
        """Tell the width of the picture in pixels."""
        return self.canvas.width

    @property
    def height(self) -> int:
        """Tell the height of the picture in pixels."""
        return self.canvas.height

    @property
    def unit(self) -> float:
        """Tell the shorter side in pixels: the measure of all motifs."""
        return self.canvas.unit

    def across(self, share: float) -> float:
        """Tell the x at a share of the width, counted from the side the picture faces."""
        return self.width * (share if self.facing > 0 else 1 - share)

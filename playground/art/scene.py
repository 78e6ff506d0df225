"""The scene: everything that the drawing functions need to know, in one value."""

from dataclasses import dataclass
from random import Random

from playground.art.canvas import Canvas, Figure
from playground.art.palette import Palette
from playground.art.prompt_parser import ParsedPrompt


@dataclass(frozen=True, slots=True)
class Light:
    """The sun or the moon: its place and radius in pixels."""

    x: float
    y: float
    radius: float
    is_moon: bool


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture: canvas, colours, random numbers and what was asked for."""

    canvas: Canvas
    palette: Palette
    rng: Random
    prompt: ParsedPrompt
    light: Light
    horizon: float  # pixels from the top
    facing: int  # 1 or -1: mirrors the composition

    @property
    def width(self) -> int:
        """Return the width of the picture in pixels."""
        return self.canvas.width

    @property
    def height(self) -> int:
        """Return the height of the picture in pixels."""
        return self.canvas.height

    @property
    def unit(self) -> float:
        """Return the shorter side in pixels: the measure of all figures."""
        return self.canvas.unit

    def across(self, share: float) -> float:
        """Return the x at a share of the width, counted from the side the picture faces."""
        return self.width * (share if self.facing > 0 else 1 - share)

    def figure(self, x: float, y: float, unit: float) -> Figure:
        """Return a figure that stands at a point and is `unit` pixels large."""
        return Figure(self.canvas, self.palette, x, y, unit, self.facing)

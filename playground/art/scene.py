"""The scene: everything that the drawing functions need to know, in one value."""

from dataclasses import dataclass
from random import Random

from playground.art.canvas import Canvas, Figure
from playground.art.palette import Palette
from playground.art.prompt_parser import ParsedPrompt


@dataclass(frozen=True, slots=True)
class View:
    """How a scene is looked at, apart from what its prompt and seed decide.

    ``palette`` replaces the colours. ``zoom`` is the size of everything, 1 is usual; ``shift``
    moves it, in shares of the picture, to the right and down. Another ``variant`` has the same
    colours, light and horizon, and other details.
    """

    palette: Palette | None = None
    zoom: float = 1.0
    shift: tuple[float, float] = (0.0, 0.0)
    variant: int = 0

    def across(self, share: float) -> float:
        """Return where a share of the width is seen."""
        return share * self.zoom + (1 - self.zoom) / 2 + self.shift[0]


USUAL_VIEW = View()


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
    view: View = USUAL_VIEW

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
        """Return the shorter side in pixels as it is seen: the measure of all figures."""
        return self.canvas.unit * self.view.zoom

    def across(self, share: float) -> float:
        """Return the x at a share of the width, counted from the side the picture faces."""
        return self.width * self.view.across(share if self.facing > 0 else 1 - share)

    def figure(self, x: float, y: float, unit: float) -> Figure:
        """Return a figure that stands at a point and is `unit` pixels large."""
        return Figure(self.canvas, self.palette, x, y, unit, self.facing)

"""Buildings: a lighthouse with its beams, and a cottage with its smoke."""

import math
from dataclasses import dataclass

from playground.art.canvas import Figure
from playground.art.colour import Gradient, mix
from playground.art.shapes import Shape, box, ellipse, points


@dataclass(frozen=True, slots=True)
class DayMark:
    """The painted bands of a lighthouse: where they begin, how wide they are, in which colour."""

    rows: tuple[float, ...]
    width: float
    is_bright: bool


DAY_MARKS = (
    DayMark((0.1, 0.36, 0.61), 0.13, is_bright=True),
    DayMark((0.1, 0.36, 0.61), 0.13, is_bright=False),
    DayMark((0.52,), 0.16, is_bright=True),
    DayMark((0.0, 0.2, 0.4, 0.6), 0.1, is_bright=True),
    DayMark((), 0.0, is_bright=True),
)


def lighthouse(figure: Figure, mark: DayMark) -> None:
    """Draw a lighthouse, one unit tall, with painted bands or without."""
    palette = figure.palette
    wall = mix(palette.light, palette.haze, 0.42 if palette.dark else 0.25)
    shadow = mix(palette.near, palette.sky[1], 0.45)
    tower = points("-0.105,0 -0.064,0.76 0.064,0.76 0.105,0")
    figure.fill(Gradient((wall, mix(wall, shadow, 0.15))), tower)
    bands = [_band(low, low + mark.width) for low in mark.rows]
    figure.fill(palette.accent if mark.is_bright else shadow, *bands)
    figure.shade(shadow, tower, side=figure.shadow_side, strength=0.95)
    figure.fill(shadow, points("0.03,0 0.02,0.76 0.064,0.76 0.105,0"), opacity=0.3)
    door = [(-0.025, 0.0), (-0.025, 0.055), *_arch(0, 0.055, 0.025), (0.025, 0.055), (0.025, 0.0)]
    figure.fill(mix(palette.near, palette.accent, 0.2), door)
    windows = [box(-0.011, y, 0.011, y + 0.035) for y in (0.285, 0.54)]
    figure.fill(palette.lamp if palette.dark else mix(palette.near, palette.far, 0.3), *windows)
    _lantern(figure)


def _band(low: float, high: float) -> Shape:
    bottom, top = (0.105 - 0.041 * y / 0.76 for y in (low, high))
    return [(-bottom, low), (-top, high), (top, high), (bottom, low)]


def _arch(x: float, y: float, radius: float) -> Shape:
    angles = (math.pi * (1 - step / 12) for step in range(13))
    return [(x + radius * math.cos(angle), y + radius * math.sin(angle)) for angle in angles]


def _lantern(figure: Figure) -> None:
    palette = figure.palette
    iron = mix(palette.near, palette.sky[0], 0.15)
    figure.fill(mix(palette.lamp, palette.light, 0.4), box(-0.046, 0.79, 0.046, 0.885))
    bars = [box(x - 0.003, 0.79, x + 0.003, 0.885) for x in (-0.044, -0.018, 0.018, 0.044)]
    rail = [box(x - 0.002, 0.79, x + 0.002, 0.822) for x in (-0.09, -0.06, -0.03, 0.03, 0.06, 0.09)]
    deck = points("-0.094,0.79 0.094,0.79 0.064,0.758 -0.064,0.758")
    finial = points("-0.008,0.94 0.008,0.94 0.002,1 -0.002,1")
    figure.fill(iron, *bars, *rail, deck, box(-0.094, 0.819, 0.094, 0.825), finial)
    dome = [*_arch(0, 0.885, 0.06), (0.06, 0.875), (-0.06, 0.875)]
    figure.fill(mix(palette.accent, iron, 0.35), dome)
    figure.fill(iron, ellipse(0, 0.95, 0.012))


def beams(figure: Figure, *, reach: float, tilt: float) -> None:
    """Send two beams of light from the lantern, `reach` pixels far."""
    canvas, palette = figure.canvas, figure.palette
    x, y = figure.spot(0, 0.838)
    for direction in (1, -1):
        for width, strength in ((0.11, 0.3), (0.05, 0.35)):
            pieces: list[Shape] = []
            for length in (reach * 0.35, reach * 0.6, reach):
                far, middle, spread = length * direction, length * direction * tilt, length * width
                pieces.append(
                    [(x, y), (x + far, y + middle - spread), (x + far, y + middle + spread)]
                )
            canvas.light(pieces, palette.lamp, strength=strength, blur=figure.unit * 0.022)
    figure.glow(0, 0.838, 0.65, palette.lamp, strength=0.75)
    figure.glow(0, 0.838, 0.14, palette.light)


def cottage(figure: Figure) -> None:
    """Draw a small house, one unit wide, with lit windows."""
    palette = figure.palette
    wall = mix(palette.near, palette.light, 0.28 if palette.dark else 0.55)
    tiles = mix(palette.accent, palette.near, 0.35)
    front = points("-0.5,0 -0.5,0.38 0.5,0.38 0.5,0")
    figure.fill(mix(wall, palette.near, 0.45), box(0.18, 0.7, 0.3, 0.94))
    figure.fill(wall, front)
    roof = points("-0.58,0.36 -0.36,0.74 0.36,0.74 0.58,0.36")
    figure.fill(Gradient((tiles, mix(tiles, palette.near, 0.45))), roof)
    figure.shade(palette.near, front, side="right", strength=0.6)
    figure.fill(palette.near, box(-0.09, 0, 0.08, 0.27))
    windows = [box(x, 0.12, x + 0.15, 0.28) for x in (-0.36, 0.2)]
    figure.fill(palette.lamp, *windows)
    if palette.dark:
        figure.light(palette.lamp, *windows, strength=0.8, blur=0.07)


def smoke(figure: Figure) -> None:
    """Draw the smoke that rises from the cottage's chimney."""
    puffs: list[Shape] = []
    for step in range(8):
        x = 0.24 + 0.1 * step**1.2 * 0.5 + 0.04 * math.sin(step * 2)
        puffs.append(ellipse(x, 1.0 + 0.16 * step, 0.05 + 0.028 * step, 0.06 + 0.02 * step))
    palette = figure.palette
    figure.fill(mix(palette.haze, palette.light, 0.4), *puffs, opacity=0.42, blur=0.045)

"""Buildings: lighthouse, castle and cabin, drawn around their own foot (y grows upward)."""

import math
from dataclasses import dataclass

from playground.art.canvas import Canvas
from playground.art.colour import Fade, Rgb, mix
from playground.art.palette import Palette
from playground.art.shapes import Place, Point, Shape, box, ellipse, flowing


@dataclass(frozen=True, slots=True)
class Bands:
    """The day mark of a lighthouse: where its bands begin, how wide, and in which ink."""

    rows: tuple[float, ...]
    width: float
    bright: bool


DAY_MARKS = (
    Bands((0.1, 0.36, 0.61), 0.13, bright=True),
    Bands((0.1, 0.36, 0.61), 0.13, bright=False),
    Bands((0.52,), 0.16, bright=True),
    Bands((0.0, 0.2, 0.4, 0.6), 0.1, bright=True),
    Bands((), 0.0, bright=True),
)


def lighthouse(canvas: Canvas, place: Place, palette: Palette, bands: Bands) -> None:
    """Build a lighthouse, one unit tall, with painted bands or without."""
    wall = mix(palette.light, palette.haze, 0.25 if not palette.dark else 0.42)
    shadow = mix(palette.near, palette.sky[1], 0.45)
    tower = [(-0.105, 0.0), (-0.064, 0.76), (0.064, 0.76), (0.105, 0.0)]
    canvas.fill([place.at(tower)], Fade((wall, mix(wall, shadow, 0.15))))
    tone = palette.accent if bands.bright else shadow
    canvas.fill([place.at(_girdle(low, low + bands.width)) for low in bands.rows], tone)
    canvas.shade(
        [place.at(tower)], shadow, side="right" if place.facing > 0 else "left", strength=0.95
    )
    canvas.fill(
        [place.at([(0.03, 0), (0.02, 0.76), (0.064, 0.76), (0.105, 0)])], shadow, opacity=0.3
    )
    _openings(canvas, place, palette)
    _lantern(canvas, place, palette)


def _girdle(low: float, high: float) -> Shape:
    def half(y: float) -> float:
        return 0.105 - 0.041 * y / 0.76

    return [(-half(low), low), (-half(high), high), (half(high), high), (half(low), low)]


def _openings(canvas: Canvas, place: Place, palette: Palette) -> None:
    door = [(-0.025, 0), (-0.025, 0.055), *_arch(0, 0.055, 0.025), (0.025, 0.055), (0.025, 0)]
    canvas.fill([place.at(door)], mix(palette.near, palette.accent, 0.2))
    windows = [box(-0.011, y, 0.011, y + 0.035) for y in (0.285, 0.54)]
    lamp = palette.lamp if palette.dark else mix(palette.near, palette.far, 0.3)
    canvas.fill([place.at(window) for window in windows], lamp)


def _arch(x: float, y: float, radius: float) -> Shape:
    turns = [math.pi * (1 - step / 12) for step in range(13)]
    return [(x + radius * math.cos(turn), y + radius * math.sin(turn)) for turn in turns]


def _lantern(canvas: Canvas, place: Place, palette: Palette) -> None:
    iron = mix(palette.near, palette.sky[0], 0.15)
    lamp = mix(palette.lamp, palette.light, 0.4)
    canvas.fill([place.at(box(-0.046, 0.79, 0.046, 0.885))], lamp)
    bars = [box(x - 0.003, 0.79, x + 0.003, 0.885) for x in (-0.044, -0.018, 0.018, 0.044)]
    rail = [box(x - 0.002, 0.79, x + 0.002, 0.822) for x in (-0.09, -0.06, -0.03, 0.03, 0.06, 0.09)]
    deck = [(-0.094, 0.79), (0.094, 0.79), (0.064, 0.758), (-0.064, 0.758)]
    handrail = box(-0.094, 0.819, 0.094, 0.825)
    dome = [*_arch(0, 0.885, 0.06), (0.06, 0.875), (-0.06, 0.875)]
    finial = [(-0.008, 0.94), (0.008, 0.94), (0.002, 1.0), (-0.002, 1.0)]
    canvas.fill([place.at(part) for part in (*bars, *rail, deck, handrail, finial)], iron)
    canvas.fill([place.at(dome)], mix(palette.accent, iron, 0.35))
    canvas.fill([place.at(ellipse(0, 0.95, 0.012))], iron)


def beams(canvas: Canvas, place: Place, palette: Palette, *, reach: float, tilt: float) -> None:
    """Send two beams of light from the lantern across the picture."""
    lamp = place.spot(0, 0.838)
    for direction in (1, -1):
        for width, strength in ((0.11, 0.3), (0.05, 0.35)):
            canvas.light(
                _beam(lamp, direction, reach, tilt, width),
                palette.lamp,
                strength=strength,
                blur=place.unit * 0.022,
            )
    canvas.glow(lamp, place.unit * 0.65, palette.lamp, strength=0.75)
    canvas.glow(lamp, place.unit * 0.14, palette.light, strength=1.0)


def _beam(lamp: Point, direction: int, reach: float, tilt: float, width: float) -> list[Shape]:
    x, y = lamp
    pieces: list[Shape] = []
    for share in (0.35, 0.6, 1.0):
        far, spread = reach * share * direction, reach * share * width
        pieces.append(
            [(x, y), (x + far, y + far * tilt - spread), (x + far, y + far * tilt + spread)]
        )
    return pieces


def cottage(canvas: Canvas, place: Place, palette: Palette) -> None:
    """Build a small house, one unit wide, with a lit window."""
    wall = mix(palette.near, palette.light, 0.28 if palette.dark else 0.55)
    roof = mix(palette.accent, palette.near, 0.35)
    gable = [(-0.5, 0), (-0.5, 0.38), (0.5, 0.38), (0.5, 0)]
    slope = [(-0.58, 0.36), (-0.36, 0.74), (0.36, 0.74), (0.58, 0.36)]
    canvas.fill([place.at(box(0.18, 0.7, 0.3, 0.94))], mix(wall, palette.near, 0.45))
    canvas.fill([place.at(gable)], wall)
    canvas.fill([place.at(slope)], Fade((roof, mix(roof, palette.near, 0.45))))
    canvas.shade([place.at(gable)], palette.near, side="right", strength=0.6)
    lit = [place.at(box(x, 0.12, x + 0.15, 0.28)) for x in (-0.36, 0.2)]
    canvas.fill([place.at(box(-0.09, 0, 0.08, 0.27))], palette.near)
    canvas.fill(lit, palette.lamp)
    if palette.dark:
        canvas.light(lit, palette.lamp, strength=0.8, blur=place.unit * 0.07)


def smoke(canvas: Canvas, place: Place, palette: Palette) -> None:
    """Let smoke rise from the cottage's chimney."""
    puffs = [
        place.at(
            ellipse(
                0.24 + 0.1 * step**1.2 * 0.5 + 0.04 * math.sin(step * 2),
                1.0 + 0.16 * step,
                0.05 + 0.028 * step,
                0.06 + 0.02 * step,
            )
        )
        for step in range(8)
    ]
    canvas.fill(puffs, mix(palette.haze, palette.light, 0.4), opacity=0.42, blur=place.unit * 0.045)


def castle(canvas: Canvas, place: Place, palette: Palette) -> None:
    """Build a castle of many towers, about one unit tall and one and a half wide."""
    back = mix(palette.land(0.62), palette.haze, 0.12)
    front = palette.land(0.84)
    lit: list[Shape] = []
    for x, wide, tall in (
        (-0.36, 0.11, 0.5),
        (0.0, 0.19, 0.74),
        (0.2, 0.1, 0.62),
        (-0.17, 0.09, 0.66),
    ):
        lit += _keep(canvas, place, palette, (x, wide, tall), back)
    canvas.fill(
        [place.at(_battlement(-0.55, 0.55, 0.24))], Fade((front, mix(front, palette.far, 0.2)))
    )
    for x, wide, tall in ((-0.56, 0.15, 0.38), (0.56, 0.15, 0.42), (0.33, 0.12, 0.36)):
        lit += _keep(canvas, place, palette, (x, wide, tall), front)
    gate = [(-0.07, -0.02), (-0.07, 0.09), *_arch(0, 0.09, 0.07), (0.07, 0.09), (0.07, -0.02)]
    canvas.fill(
        [place.at(gate)], mix(palette.lamp, palette.accent, 0.3) if palette.dark else palette.near
    )
    canvas.fill(lit, palette.lamp if palette.dark else mix(palette.near, front, 0.3))
    if palette.dark:
        canvas.light([*lit, place.at(gate)], palette.lamp, strength=0.75, blur=place.unit * 0.018)


def _keep(
    canvas: Canvas, place: Place, palette: Palette, tower: tuple[float, float, float], tone: Rgb
) -> list[Shape]:
    """Raise one tower with a pointed roof and a flag; returns its windows."""
    x, wide, tall = tower
    half = wide / 2
    body = [(x - half, -0.03), (x - half, tall), (x + half, tall), (x + half, -0.03)]
    collar = box(x - half * 1.16, tall - 0.03, x + half * 1.16, tall)
    roof = [(x - half * 1.28, tall), (x, tall + wide * 1.6), (x + half * 1.28, tall)]
    top = tall + wide * 1.6
    canvas.fill([place.at(body), place.at(collar)], Fade((tone, mix(tone, palette.haze, 0.22))))
    canvas.shade(
        [place.at(body)], palette.near, side="right" if place.facing > 0 else "left", strength=0.85
    )
    slate = mix(palette.accent, palette.near, 0.42)
    canvas.fill([place.at(roof)], slate)
    canvas.fill(
        [place.at([(x, top), (x + half * 1.28, tall), (x + half * 0.15, tall)])],
        palette.near,
        opacity=0.35,
    )
    pole = box(x - 0.003, top - 0.01, x + 0.003, top + 0.07)
    flag = flowing([(x, top + 0.07), (x + 0.04, top + 0.055), (x + 0.085, top + 0.06)])
    canvas.fill([place.at(pole)], palette.near)
    canvas.fill([place.at([*flag, (x, top + 0.032)])], palette.accent)
    return [place.at(box(x - 0.012, y, x + 0.012, y + 0.045)) for y in (tall * 0.5, tall * 0.74)]


def _battlement(left: float, right: float, top: float) -> Shape:
    count = 22
    step = (right - left) / count
    line: Shape = []
    for index in range(count):
        level = top + (0.03 if index % 2 else 0.0)
        line += [(left + index * step, level), (left + (index + 1) * step, level)]
    return [*line, (right, -0.06), (left, -0.06)]

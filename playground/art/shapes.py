"""Outlines: points in pixels that the canvas fills, and the curves they are made of."""

import math
import re
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from random import Random

Point = tuple[float, float]
Shape = list[Point]


def points(text: str) -> Shape:
    """Read an outline from pairs of numbers, such as ``"0,0 1.5,0 1.5,2"``."""
    pairs = (pair.split(",") for pair in text.split())
    return [(float(x), float(y)) for x, y in pairs]


def outlines(table: str) -> dict[str, Shape]:
    """Read named outlines from a table: each name is followed by its points."""
    return {name: points(text) for name, text in re.findall(r"([a-z_]+)([^a-z]+)", table)}


def box(left: float, top: float, right: float, bottom: float) -> Shape:
    """Outline a rectangle."""
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def ellipse(x: float, y: float, across: float, up: float | None = None) -> Shape:
    """Outline an ellipse by its centre and radii."""
    tall = across if up is None else up
    count = int(min(96, max(10, 6 + abs(across) / 2))) if abs(across) > 1 else 48
    return [(x + across * cosine, y + tall * sine) for cosine, sine in _circle(count)]


@cache
def _circle(count: int) -> list[Point]:
    angles = (math.tau * step / count for step in range(count))
    return [(math.cos(angle), math.sin(angle)) for angle in angles]


def closed_curve(corners: Sequence[Point], *, steps: int = 8) -> Shape:
    """Round a closed outline."""
    return _curve([corners[-1], *corners, *corners[:2]], steps)


def open_curve(corners: Sequence[Point], *, steps: int = 8) -> Shape:
    """Round an open line, which keeps both ends."""
    return [*_curve([corners[0], *corners, corners[-1]], steps), corners[-1]]


def _curve(corners: Sequence[Point], steps: int) -> Shape:
    """Follow a Catmull-Rom curve from the second corner to the last but one."""
    shares, curve = [step / steps for step in range(steps)], []
    for index in range(len(corners) - 3):
        (x0, y0), (x1, y1), (x2, y2), (x3, y3) = corners[index : index + 4]
        curve += [(_spline(x0, x1, x2, x3, t), _spline(y0, y1, y2, y3, t)) for t in shares]
    return curve


def _spline(p0: float, p1: float, p2: float, p3: float, t: float) -> float:
    linear = (p2 - p0) * t
    square = (2 * p0 - 5 * p1 + 4 * p2 - p3) * t * t
    cube = (3 * (p1 - p2) + p3 - p0) * t * t * t
    return p1 + (linear + square + cube) / 2


def stroke(line: Sequence[Point], start: float, end: float | None = None) -> Shape:
    """Give a line a width, which tapers from `start` to `end`."""
    last = start if end is None else end
    left: Shape = []
    right: Shape = []
    for index, (x, y) in enumerate(line):
        half = (start + (last - start) * index / max(len(line) - 1, 1)) / 2
        (x0, y0), (x1, y1) = line[max(index - 1, 0)], line[min(index + 1, len(line) - 1)]
        length = math.hypot(x1 - x0, y1 - y0) or 1.0
        away_x, away_y = (y0 - y1) / length * half, (x1 - x0) / length * half
        left.append((x + away_x, y + away_y))
        right.append((x - away_x, y - away_y))
    return left + right[::-1]


def arc(centre: Point, radius: float, start: float, turn: float, *, steps: int = 30) -> Shape:
    """Follow a circle; angles are in turns of a full circle."""
    angles = [math.tau * (start + turn * step / steps) for step in range(steps + 1)]
    return [(centre[0] + radius * math.cos(a), centre[1] + radius * math.sin(a)) for a in angles]


def _displaced(rng: Random, *, depth: int, roughness: float) -> list[float]:
    """Displace midpoints repeatedly: 2**depth + 1 heights around zero, about -1 to 1."""
    heights = [rng.uniform(-0.5, 0.5), rng.uniform(-0.5, 0.5)]
    spread = 1.0
    for _ in range(depth):
        spread *= roughness
        middles = [(a + b) / 2 + rng.uniform(-spread, spread) for a, b in pairwise(heights)]
        heights = [v for pair in zip(heights, middles, strict=False) for v in pair] + heights[-1:]
    return heights


def rough_line(rng: Random, start: Point, end: Point, *, wobble: float, depth: int = 5) -> Shape:
    """Draw a broken line between two points, straying sideways by about `wobble` pixels."""
    across, down = end[0] - start[0], end[1] - start[1]
    length = math.hypot(across, down) or 1.0
    strays = _displaced(rng, depth=depth, roughness=0.55)
    line: Shape = []
    for index, stray in enumerate(strays):
        share = index / (len(strays) - 1)
        off = stray * wobble * math.sin(math.pi * share) ** 0.6
        x = start[0] + across * share - down / length * off
        line.append((x, start[1] + down * share + across / length * off))
    return line


def rough_skyline(rng: Random, width: float, y: float, height: float, *, roughness: float) -> Shape:
    """Draw a jagged skyline across the whole width, about `y`, straying by `height`."""
    heights = _displaced(rng, depth=8, roughness=roughness)
    last = len(heights) - 1
    return [(-2 + (width + 4) * i / last, y - value * height) for i, value in enumerate(heights)]


def soft_skyline(rng: Random, width: float, y: float, height: float, *, waves: float) -> Shape:
    """Draw a rolling skyline made of three sines."""
    first, second, third = (rng.uniform(0, math.tau) for _ in range(3))
    line: Shape = []
    for step in range(121):
        turn = step / 120 * waves * math.tau
        swell = math.sin(turn + first) * 0.6 + math.sin(turn * 1.9 + second) * 0.3
        swell += math.sin(turn * 3.7 + third) * 0.1
        line.append((-2 + (width + 4) * step / 120, y - height * swell))
    return line


def filled_below(line: Shape, bottom: float) -> Shape:
    """Close a skyline into the body of land under it."""
    return [*line, (line[-1][0], bottom), (line[0][0], bottom)]


def y_at(line: Shape, x: float) -> float:
    """Return the y of a skyline at an x inside it."""
    for (x0, y0), (x1, y1) in pairwise(line):
        if x0 <= x <= x1:
            return y0 + (y1 - y0) * (x - x0) / ((x1 - x0) or 1.0)
    return line[-1][1]

"""Vehicles: a sailing boat and a hot-air balloon."""

import math

from playground.art.canvas import Figure
from playground.art.colour import Gradient, Rgb, mix
from playground.art.shapes import Shape, ellipse, open_curve, points, stroke

_GORES = 8  # the strips of a balloon's envelope


def boat(figure: Figure) -> None:
    """Draw a sloop under sail, one unit from waterline to masthead."""
    palette = figure.palette
    hull = mix(palette.near, palette.accent, 0.22)
    cloth = mix(palette.light, palette.glow, 0.12)
    main_sail = [
        *open_curve(points("0,0.97 -0.1,0.62 -0.27,0.32 -0.4,0.2")),
        *open_curve(points("-0.4,0.2 -0.2,0.165 -0.005,0.17")),
    ]
    jib = [
        *open_curve(points("0.035,0.9 0.16,0.55 0.3,0.3 0.43,0.17")),
        *open_curve(points("0.43,0.17 0.22,0.18 0.05,0.2")),
    ]
    figure.fill(Gradient((cloth, mix(cloth, palette.haze, 0.35))), main_sail)
    figure.fill(palette.accent, jib)
    folds = mix(palette.sky[1], palette.near, 0.3)
    figure.shade(folds, main_sail, side="right", strength=0.55)
    figure.shade(palette.near, jib, side="left", strength=0.6)
    mast = stroke([(0.012, 0.06), (0.012, 1.0)], 0.016, 0.009)
    boom = stroke([(0.01, 0.165), (-0.42, 0.19)], 0.012, 0.008)
    figure.fill(palette.near, mast, boom)
    keel = points("-0.36,0.095 0.46,0.115 0.34,0 0.2,-0.02 -0.2,-0.02 -0.31,0.01")
    figure.fill(Gradient((hull, palette.near)), keel)
    figure.fill(palette.light, stroke([(-0.355, 0.085), (0.45, 0.103)], 0.014), opacity=0.8)
    pennant = open_curve(points("0.012,1 -0.05,1.005 -0.1,0.985"))
    figure.fill(palette.accent, [*pennant, (0.012, 0.96)])


def balloon(figure: Figure, tones: tuple[Rgb, Rgb]) -> None:
    """Draw a striped hot-air balloon, one unit from basket to crown."""
    palette = figure.palette
    for index in range(_GORES):
        start, end = (math.pi * (-0.5 + (index + side) / _GORES) for side in (0, 1))
        figure.fill(tones[index % 2], _gore(start, end))
    envelope = _gore(-math.pi / 2, math.pi / 2)
    shadow = mix(palette.near, tones[0], 0.35)
    figure.shade(shadow, envelope, side=figure.shadow_side, strength=0.8)
    figure.shade(mix(palette.near, tones[0], 0.45), envelope, side="bottom", strength=0.45)
    figure.light(palette.light, ellipse(-0.13, 0.76, 0.07, 0.12), strength=0.35, blur=0.05)
    ropes = [stroke([(x * 0.8, 0.2), (x * 0.5, 0.085)], 0.006) for x in (-0.1, -0.04, 0.04, 0.1)]
    skirt = points("-0.085,0.215 0.085,0.215 0.07,0.19 -0.07,0.19")
    figure.fill(mix(palette.near, tones[0], 0.2), *ropes, skirt)
    basket = points("-0.052,0.085 0.052,0.085 0.042,0 -0.042,0")
    figure.fill(mix(palette.near, palette.lamp, 0.28), basket)
    figure.glow(0, 0.16, 0.12, palette.lamp, strength=0.8)


def _gore(start: float, end: float) -> Shape:
    """Outline one strip of the envelope, seen between two angles."""
    heights = [0.21 + 0.79 * step / 28 for step in range(29)]
    left = [(_radius(y) * math.sin(start), y) for y in heights]
    right = [(_radius(y) * math.sin(end), y) for y in heights]
    return [*left, *reversed(right)]


def _radius(y: float) -> float:
    """Return the envelope's radius at a height: a round crown that narrows to the mouth."""
    if y >= 0.64:
        return 0.36 * math.sqrt(max(1 - ((y - 0.64) / 0.36) ** 2, 0.0))
    return 0.08 + 0.28 * math.sin((y - 0.21) / 0.43 * math.pi / 2)

"""Vessels: sailing boat, hot-air balloon, space station and rocket (y grows upward)."""

import math

from playground.art.canvas import Canvas
from playground.art.colour import Fade, Rgb, mix
from playground.art.palette import Palette
from playground.art.shapes import Place, Point, Shape, box, ellipse, flowing, smooth, stroke


def boat(canvas: Canvas, place: Place, palette: Palette) -> None:
    """Draw a sloop under sail, one unit from waterline to masthead."""
    hull_tone = mix(palette.near, palette.accent, 0.22)
    sail = mix(palette.light, palette.glow, 0.12)
    keel = [(-0.36, 0.095), (0.46, 0.115), (0.34, 0.0), (0.2, -0.02), (-0.2, -0.02), (-0.31, 0.01)]
    main = flowing([(0.0, 0.97), (-0.1, 0.62), (-0.27, 0.32), (-0.4, 0.2)])
    jib = flowing([(0.035, 0.9), (0.16, 0.55), (0.3, 0.3), (0.43, 0.17)])
    foot = flowing([(-0.4, 0.2), (-0.2, 0.165), (-0.005, 0.17)])
    clew = flowing([(0.43, 0.17), (0.22, 0.18), (0.05, 0.2)])
    main_sail, jib_sail = place.at([*main, *foot]), place.at([*jib, *clew])
    canvas.fill([main_sail], Fade((sail, mix(sail, palette.haze, 0.35))))
    canvas.fill([jib_sail], palette.accent)
    canvas.shade([main_sail], mix(palette.sky[1], palette.near, 0.3), side="right", strength=0.55)
    canvas.shade([jib_sail], palette.near, side="left", strength=0.6)
    rig = [
        stroke([(0.012, 0.06), (0.012, 1.0)], 0.016, 0.009),
        stroke([(0.01, 0.165), (-0.42, 0.19)], 0.012, 0.008),
    ]
    canvas.fill([place.at(part) for part in rig], palette.near)
    canvas.fill([place.at(keel)], Fade((hull_tone, palette.near)))
    canvas.fill(
        [place.at(stroke([(-0.355, 0.085), (0.45, 0.103)], 0.014))], palette.light, opacity=0.8
    )
    canvas.fill(
        [place.at([*flowing([(0.012, 1.0), (-0.05, 1.005), (-0.1, 0.985)]), (0.012, 0.96)])],
        palette.accent,
    )


def balloon(canvas: Canvas, place: Place, palette: Palette, tones: tuple[Rgb, Rgb]) -> None:
    """Draw a striped hot-air balloon, one unit from basket to crown."""
    gores = 8
    for index in range(gores):
        start, end = (math.pi * (-0.5 + (index + side) / gores) for side in (0, 1))
        canvas.fill([place.at(_gore(start, end))], tones[index % 2])
    whole = place.at(_gore(-math.pi / 2, math.pi / 2))
    canvas.shade(
        [whole],
        mix(palette.near, tones[0], 0.35),
        side="right" if place.facing > 0 else "left",
        strength=0.8,
    )
    canvas.shade([whole], mix(palette.near, tones[0], 0.45), side="bottom", strength=0.45)
    canvas.light(
        [place.at(ellipse(-0.13, 0.76, 0.07, 0.12))],
        palette.light,
        strength=0.35,
        blur=place.unit * 0.05,
    )
    ropes = [stroke([(x * 0.8, 0.2), (x * 0.5, 0.085)], 0.006) for x in (-0.1, -0.04, 0.04, 0.1)]
    basket = [(-0.052, 0.085), (0.052, 0.085), (0.042, 0.0), (-0.042, 0.0)]
    skirt = [(-0.085, 0.215), (0.085, 0.215), (0.07, 0.19), (-0.07, 0.19)]
    canvas.fill([place.at(part) for part in (*ropes, skirt)], mix(palette.near, tones[0], 0.2))
    canvas.fill([place.at(basket)], mix(palette.near, palette.lamp, 0.28))
    canvas.glow(place.spot(0, 0.16), place.unit * 0.12, palette.lamp, strength=0.8)


def _gore(start: float, end: float) -> Shape:
    """Outline one strip of the envelope, seen between two angles."""
    steps = [0.21 + 0.79 * step / 28 for step in range(29)]
    left = [(_girth(y) * math.sin(start), y) for y in steps]
    right = [(_girth(y) * math.sin(end), y) for y in steps]
    return [*left, *reversed(right)]


def _girth(y: float) -> float:
    """Tell the envelope's radius at a height: a round crown that narrows to the mouth."""
    if y >= 0.64:
        return 0.36 * math.sqrt(max(1 - ((y - 0.64) / 0.36) ** 2, 0.0))
    share = (y - 0.21) / 0.43
    return 0.08 + 0.28 * math.sin(share * math.pi / 2)


def station(canvas: Canvas, place: Place, palette: Palette) -> None:
    """Draw a wheel station with solar wings, about two units wide."""
    metal = mix(palette.light, palette.sky[-1], 0.28)
    dark = mix(palette.near, palette.sky[-1], 0.55)
    wings = [
        _tilted(box(side * x, -0.13 + y, side * (x + 0.2), 0.09 + y - 0.01))
        for side in (-1, 1)
        for x in (0.62, 0.85, 1.08)
        for y in (0.0, 0.24)
    ]
    boom = _tilted(box(-1.3, 0.085, 1.3, 0.11))
    canvas.fill([place.at(boom)], metal)
    cells = Fade((mix(palette.glow, palette.sky[0], 0.35), mix(palette.glow, palette.light, 0.25)))
    canvas.fill([place.at(wing) for wing in wings], cells)
    canvas.fill(
        [
            place.at(_tilted(box(x, -0.14, x + 0.008, 0.33)))
            for x in (-1.18, -0.95, -0.72, 0.72, 0.95, 1.18)
        ],
        dark,
    )
    canvas.fill(
        [place.at(_tilted(part)) for part in _wheel(0.46, 0.37)],
        Fade((metal, mix(metal, dark, 0.6))),
    )
    spokes = [
        stroke([(0.0, 0.1), (0.4 * math.cos(turn), 0.1 + 0.17 * math.sin(turn))], 0.022)
        for turn in (0.5, 1.9, 3.6, 5.0)
    ]
    canvas.fill([place.at(_tilted(part)) for part in spokes], mix(metal, dark, 0.3))
    _hub(canvas, place, palette, metal, dark)


def _hub(canvas: Canvas, place: Place, palette: Palette, metal: Rgb, dark: Rgb) -> None:
    core = [
        _tilted(box(-0.075, -0.16, 0.075, 0.4)),
        _tilted(ellipse(0, 0.4, 0.075, 0.05)),
        _tilted(ellipse(0, -0.16, 0.075, 0.05)),
    ]
    canvas.fill([place.at(part) for part in core], metal)
    canvas.shade([place.at(core[0])], dark, side="right", strength=0.9)
    mast = [
        _tilted(stroke([(0, 0.4), (0, 0.66)], 0.016, 0.006)),
        _tilted(ellipse(0, 0.52, 0.06, 0.012)),
    ]
    canvas.fill([place.at(part) for part in mast], metal)
    ports = [
        _tilted(ellipse(0.415 * math.cos(t), 0.1 + 0.175 * math.sin(t), 0.011))
        for t in (math.tau * step / 26 for step in range(26))
    ]
    lit = [
        place.at(port)
        for port in (*ports, *(_tilted(box(-0.03, y, 0.03, y + 0.02)) for y in (0.0, 0.22, 0.3)))
    ]
    canvas.fill(lit, palette.lamp)
    canvas.light(lit, palette.lamp, strength=0.8, blur=max(place.unit * 0.012, 1.0))
    canvas.glow(
        place.spot(*_tilted([(0, 0.66)])[0]), place.unit * 0.09, palette.accent, strength=1.0
    )


def _wheel(outer: float, inner: float) -> list[Shape]:
    """Outline a flat ring as quadrilaterals, so that its middle stays open."""
    count, flat, lift = 60, 0.43, 0.1
    rim: list[Shape] = []
    for index in range(count):
        first, second = (math.tau * (index + side) / count for side in (0, 1.05))
        rim.append(
            [
                (radius * math.cos(turn), lift + radius * flat * math.sin(turn))
                for radius, turn in (
                    (outer, first),
                    (outer, second),
                    (inner, second),
                    (inner, first),
                )
            ]
        )
    return rim


def _tilted(points: Shape) -> Shape:
    turn = 0.3
    return [
        (x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn))
        for x, y in points
    ]


def rocket(canvas: Canvas, place: Place, palette: Palette) -> None:
    """Draw a rocket under way, one unit tall, with its flame below."""
    hull = mix(palette.light, palette.haze, 0.15)
    body = smooth(
        [(0, 1.0), (0.1, 0.8), (0.135, 0.5), (0.1, 0.14), (-0.1, 0.14), (-0.135, 0.5), (-0.1, 0.8)]
    )
    nose = [point for point in body if point[1] >= 0.78]
    fins = [
        [(s * 0.115, 0.36), (s * 0.27, 0.12), (s * 0.26, 0.02), (s * 0.09, 0.16)] for s in (-1, 1)
    ]
    _flame(canvas, place, palette)
    canvas.fill([place.at(fin) for fin in fins], mix(palette.accent, palette.near, 0.15))
    canvas.fill([place.at(body)], hull)
    canvas.fill(
        [place.at(sorted(nose, key=lambda p: math.atan2(p[0], p[1] - 0.9)))], palette.accent
    )
    canvas.fill([place.at(box(-0.122, 0.3, 0.122, 0.335))], palette.accent)
    canvas.shade([place.at(body)], palette.near, side="right", strength=0.8)
    canvas.fill([place.at(ellipse(0, 0.62, 0.062))], mix(palette.near, palette.accent, 0.3))
    canvas.fill([place.at(ellipse(0, 0.62, 0.045))], palette.lamp)
    canvas.fill(
        [place.at([(-0.06, 0.15), (0.06, 0.15), (0.075, 0.09), (-0.075, 0.09)])], palette.near
    )


def _flame(canvas: Canvas, place: Place, palette: Palette) -> None:
    canvas.glow(place.spot(0, -0.05), place.unit * 0.6, palette.accent, strength=0.8)
    for wide, long, tone in (
        (0.1, 0.62, palette.accent),
        (0.07, 0.44, palette.lamp),
        (0.04, 0.26, palette.light),
    ):
        tongue = smooth(
            [
                (-wide * 0.7, 0.09),
                (wide * 0.7, 0.09),
                (wide, -0.06),
                (0, 0.09 - long),
                (-wide, -0.06),
            ]
        )
        canvas.fill([place.at(tongue)], tone, blur=place.unit * 0.008)


def trail(canvas: Canvas, start: Point, end: Point, tone: Rgb, *, width: float) -> None:
    """Draw the fading trail that something fast leaves behind."""
    canvas.light([stroke([start, end], width, width * 0.2)], tone, strength=0.5, blur=width * 0.5)

"""Animals: a cat, a fox and a whale, as cut-paper figures (y grows upward)."""

import math
from collections.abc import Sequence

from playground.art.canvas import Canvas
from playground.art.colour import Fade, mix
from playground.art.palette import Palette
from playground.art.shapes import Place, Point, Shape, ellipse, flowing, smooth, stroke

# Half of a sitting cat seen from behind; the other half is its mirror image.
_CAT_BODY: tuple[Point, ...] = (
    (0.0, -0.01),
    (0.16, -0.012),
    (0.25, 0.03),
    (0.275, 0.13),
    (0.255, 0.26),
    (0.205, 0.39),
    (0.155, 0.5),
    (0.128, 0.585),
    (0.0, 0.62),
)
_CAT_HEAD: tuple[Point, ...] = (
    (0.0, 0.545),
    (0.085, 0.56),
    (0.15, 0.615),
    (0.172, 0.7),
    (0.155, 0.785),
    (0.09, 0.832),
    (0.0, 0.842),
)
_CAT_EAR: tuple[Point, ...] = (
    (0.05, 0.82),
    (0.105, 0.9),
    (0.158, 0.985),
    (0.172, 0.88),
    (0.165, 0.74),
)

_FOX_BODY: tuple[Point, ...] = (
    (0.17, 0.6),
    (0.215, 0.5),
    (0.215, 0.4),
    (0.185, 0.27),
    (0.18, 0.14),
    (0.185, 0.055),
    (0.245, 0.03),
    (0.25, 0.0),
    (0.14, 0.0),
    (0.11, 0.05),
    (0.09, 0.0),
    (-0.08, -0.005),
    (-0.2, 0.015),
    (-0.255, 0.1),
    (-0.255, 0.22),
    (-0.2, 0.36),
    (-0.11, 0.49),
    (-0.045, 0.6),
    (-0.01, 0.7),
    (0.08, 0.74),
)
_FOX_HEAD: tuple[Point, ...] = (
    (-0.02, 0.69),
    (0.0, 0.77),
    (0.045, 0.825),
    (0.12, 0.845),
    (0.19, 0.825),
    (0.245, 0.775),
    (0.32, 0.735),
    (0.405, 0.7),
    (0.41, 0.682),
    (0.36, 0.662),
    (0.27, 0.645),
    (0.2, 0.605),
    (0.11, 0.585),
    (0.03, 0.61),
)
_FOX_TAIL: tuple[Point, ...] = (
    (-0.17, 0.03),
    (-0.32, -0.005),
    (-0.5, 0.02),
    (-0.62, 0.12),
    (-0.66, 0.26),
    (-0.63, 0.4),
    (-0.585, 0.46),
    (-0.565, 0.36),
    (-0.52, 0.25),
    (-0.42, 0.19),
    (-0.3, 0.18),
    (-0.2, 0.16),
)
_WHALE: tuple[Point, ...] = (
    (0.62, 0.02),
    (0.66, 0.14),
    (0.6, 0.27),
    (0.42, 0.36),
    (0.16, 0.39),
    (-0.12, 0.34),
    (-0.38, 0.25),
    (-0.58, 0.22),
    (-0.68, 0.28),
    (-0.7, 0.2),
    (-0.58, 0.13),
    (-0.34, 0.04),
    (-0.05, -0.05),
    (0.3, -0.08),
    (0.52, -0.05),
)


def cat(canvas: Canvas, place: Place, palette: Palette) -> None:
    """Draw a sitting cat seen from behind, one unit tall, its tail hanging down."""
    coat = mix(palette.near, palette.sky[0], 0.12)
    rim = mix(palette.light, palette.glow, 0.4)
    tail = flowing(
        [(0.1, 0.06), (0.3, 0.0), (0.4, -0.13), (0.36, -0.3), (0.44, -0.4), (0.52, -0.36)], steps=10
    )
    figure = [
        *_both_sides(_CAT_BODY),
        *_both_sides(_CAT_HEAD),
        *_both_sides(_CAT_EAR, closed=False),
    ]
    shapes = [place.at(part) for part in (*figure, stroke(tail, 0.085, 0.045))]
    tip = [place.at(ellipse(*tail[-1], 0.024))]
    shift = place.unit * 0.009
    canvas.fill(
        [[(x + shift, y - shift) for x, y in shape] for shape in shapes + tip], rim, opacity=0.75
    )
    canvas.fill(shapes + tip, coat)
    whiskers = [
        stroke([(s * 0.12, 0.66), (s * 0.27, 0.68 + lift)], 0.006, 0.002)
        for s in (-1, 1)
        for lift in (-0.03, 0.015)
    ]
    canvas.fill([place.at(whisker) for whisker in whiskers], coat, opacity=0.8)
    canvas.fill([place.at(_scarf())], palette.accent)


def _scarf() -> Shape:
    upper = flowing([(-0.135, 0.585), (0.0, 0.56), (0.135, 0.585)])
    lower = flowing([(0.142, 0.55), (0.0, 0.522), (-0.142, 0.55)])
    return [*upper, *lower]


def _both_sides(half: Sequence[Point], *, closed: bool = True) -> list[Shape]:
    mirrored = [(-x, y) for x, y in half]
    if closed:
        return [smooth([*half, *reversed(mirrored[1:-1])])]
    return [smooth(half), smooth(mirrored)]


def fox(canvas: Canvas, place: Place, palette: Palette) -> None:
    """Draw a sitting fox in profile, one unit tall, its brush curled behind it."""
    coat = mix(palette.accent, (232, 112, 44), 0.55)
    dark = mix(palette.near, coat, 0.12)
    cream = mix(palette.light, coat, 0.1)
    fur = Fade((mix(coat, palette.light, 0.12), coat, mix(coat, palette.near, 0.22)))
    tail = place.at(smooth(_FOX_TAIL))
    canvas.fill([tail], fur)
    canvas.fill([place.at(_brush_tip())], cream)
    canvas.shade([tail], mix(coat, palette.near, 0.55), side="bottom", strength=0.7)
    far_ear = [(0.125, 0.83), (0.185, 0.985), (0.205, 0.81)]
    canvas.fill([place.at(smooth(far_ear, steps=3))], mix(coat, palette.near, 0.45))
    body = place.at(smooth(_FOX_BODY))
    canvas.fill([body], fur)
    canvas.shade(
        [body],
        mix(coat, palette.near, 0.6),
        side="left" if place.facing > 0 else "right",
        strength=0.6,
    )
    canvas.fill([place.at(_haunch())], mix(coat, palette.near, 0.35), opacity=0.55)
    canvas.fill([place.at(_bib())], cream)
    canvas.fill([place.at(part) for part in _socks()], dark)
    _fox_face(canvas, place, palette)


def _fox_face(canvas: Canvas, place: Place, palette: Palette) -> None:
    coat = mix(palette.accent, (232, 112, 44), 0.55)
    dark = mix(palette.near, coat, 0.08)
    canvas.fill([place.at(smooth(_FOX_HEAD))], Fade((mix(coat, palette.light, 0.15), coat)))
    cheek = [
        (0.4, 0.688),
        (0.3, 0.7),
        (0.22, 0.705),
        (0.16, 0.66),
        (0.09, 0.65),
        (0.06, 0.6),
        (0.15, 0.575),
        (0.22, 0.605),
        (0.3, 0.648),
    ]
    canvas.fill([place.at(smooth(cheek))], mix(palette.light, coat, 0.1))
    ear = [(0.01, 0.78), (0.035, 0.9), (0.075, 1.02), (0.125, 0.93), (0.15, 0.83)]
    canvas.fill([place.at(smooth(ear, steps=4))], coat)
    canvas.fill(
        [place.at(smooth([(0.05, 0.945), (0.075, 1.022), (0.11, 0.955), (0.08, 0.93)], steps=4))],
        dark,
    )
    canvas.fill(
        [place.at(smooth([(0.05, 0.81), (0.072, 0.92), (0.118, 0.83)], steps=4))],
        mix(palette.light, coat, 0.3),
    )
    canvas.fill([place.at(ellipse(0.405, 0.692, 0.021, 0.018)), place.at(_eye())], dark)


def _eye() -> Shape:
    return smooth([(0.2, 0.738), (0.222, 0.757), (0.253, 0.748), (0.228, 0.735)], steps=4)


def _brush_tip() -> Shape:
    return smooth(
        [
            (-0.585, 0.46),
            (-0.565, 0.36),
            (-0.545, 0.29),
            (-0.585, 0.31),
            (-0.61, 0.27),
            (-0.655, 0.29),
            (-0.63, 0.4),
        ]
    )


def _haunch() -> Shape:
    rim = flowing([(0.07, 0.03), (0.075, 0.15), (0.03, 0.26), (-0.06, 0.29)])
    back = flowing([(-0.06, 0.275), (0.015, 0.24), (0.055, 0.145), (0.045, 0.03)])
    return [*rim, *back]


def _bib() -> Shape:
    return smooth(
        [
            (0.13, 0.6),
            (0.2, 0.585),
            (0.216, 0.5),
            (0.212, 0.4),
            (0.188, 0.3),
            (0.165, 0.4),
            (0.125, 0.5),
        ]
    )


def _socks() -> list[Shape]:
    front = smooth(
        [
            (0.182, 0.19),
            (0.183, 0.06),
            (0.246, 0.032),
            (0.25, 0.0),
            (0.14, 0.0),
            (0.125, 0.06),
            (0.135, 0.15),
        ]
    )
    hind = smooth([(0.05, 0.035), (0.1, 0.03), (0.105, 0.0), (-0.05, -0.004), (-0.04, 0.02)])
    return [front, hind]


def whale(canvas: Canvas, place: Place, palette: Palette) -> None:
    """Draw a whale at the surface, about one and a third units long, with its spout."""
    skin = mix(palette.near, palette.sky[1], 0.4)
    belly = mix(palette.light, skin, 0.3)
    fluke = [
        (-0.62, 0.2),
        (-0.72, 0.33),
        (-0.88, 0.42),
        (-0.8, 0.27),
        (-0.83, 0.17),
        (-0.95, 0.12),
        (-0.75, 0.15),
    ]
    canvas.fill(
        [place.at(smooth(fluke)), place.at(smooth(_WHALE))],
        Fade((mix(skin, palette.haze, 0.22), skin)),
    )
    throat = [
        (0.64, 0.07),
        (0.5, 0.1),
        (0.2, 0.06),
        (-0.05, -0.02),
        (0.1, -0.07),
        (0.4, -0.08),
        (0.58, -0.03),
    ]
    canvas.fill([place.at(smooth(throat))], belly)
    grooves = [
        stroke(
            flowing(
                [
                    (0.6 - 0.02 * i, 0.055 - 0.026 * i),
                    (0.35, 0.055 - 0.03 * i),
                    (0.08, -0.0 - 0.02 * i),
                ]
            ),
            0.006,
            0.003,
        )
        for i in range(4)
    ]
    canvas.fill([place.at(groove) for groove in grooves], skin, opacity=0.5)
    fin = smooth([(0.22, 0.06), (0.1, -0.09), (-0.06, -0.15), (0.06, -0.02), (0.1, 0.07)])
    canvas.fill([place.at(fin)], mix(skin, palette.near, 0.4))
    canvas.fill([place.at(ellipse(0.5, 0.155, 0.014))], palette.near)
    canvas.shade([place.at(smooth(_WHALE))], palette.near, side="bottom", strength=0.5)
    _spout(canvas, place, palette)


def _spout(canvas: Canvas, place: Place, palette: Palette) -> None:
    jets: list[Shape] = []
    for lean in (-0.26, -0.14, 0.0, 0.13, 0.24):
        rise = 0.42 - abs(lean) * 0.5
        path = flowing(
            [(0.4, 0.36), (0.4 + lean * 0.3, 0.36 + rise), (0.4 + lean, 0.36 + rise * 0.75)]
        )
        jets.append(stroke(path, 0.012, 0.03))
    canvas.fill(
        [place.at(jet) for jet in jets], palette.light, opacity=0.75, blur=place.unit * 0.004
    )
    drops = [
        place.at(
            ellipse(0.4 + 0.3 * math.sin(step * 2.4), 0.5 + 0.22 * abs(math.cos(step * 1.7)), 0.009)
        )
        for step in range(18)
    ]
    canvas.fill(drops, palette.light, opacity=0.7)

"""Figures of cut paper: a fox, a sailing boat, a lighthouse and a cottage."""

import math

from playground.art.canvas import Figure
from playground.art.colour import Gradient, mix
from playground.art.shapes import (
    Shape,
    arc,
    box,
    closed_curve,
    ellipse,
    open_curve,
    outlines,
    points,
    stroke,
)

_FOX = outlines("""
body      0.17,0.6 0.215,0.5 0.215,0.4 0.185,0.27 0.18,0.14 0.185,0.055 0.245,0.03 0.25,0.0
          0.14,0.0 0.11,0.05 0.09,0.0 -0.08,-0.005 -0.2,0.015 -0.255,0.1 -0.255,0.22 -0.2,0.36
          -0.11,0.49 -0.045,0.6 -0.01,0.7 0.08,0.74
head      -0.02,0.69 0.0,0.77 0.045,0.825 0.12,0.845 0.19,0.825 0.245,0.775 0.32,0.735 0.405,0.7
          0.41,0.682 0.36,0.662 0.27,0.645 0.2,0.605 0.11,0.585 0.03,0.61
tail      -0.17,0.03 -0.32,-0.005 -0.5,0.02 -0.62,0.12 -0.66,0.26 -0.63,0.4 -0.585,0.46
          -0.565,0.36 -0.52,0.25 -0.42,0.19 -0.3,0.18 -0.2,0.16
tail_tip  -0.585,0.46 -0.565,0.36 -0.545,0.29 -0.585,0.31 -0.61,0.27 -0.655,0.29 -0.63,0.4
cheek     0.4,0.688 0.3,0.7 0.22,0.705 0.16,0.66 0.09,0.65 0.06,0.6 0.15,0.575 0.22,0.605 0.3,0.648
bib       0.13,0.6 0.2,0.585 0.216,0.5 0.212,0.4 0.188,0.3 0.165,0.4 0.125,0.5
fore_sock 0.182,0.19 0.183,0.06 0.246,0.032 0.25,0.0 0.14,0.0 0.125,0.06 0.135,0.15
hind_sock 0.05,0.035 0.1,0.03 0.105,0.0 -0.05,-0.004 -0.04,0.02
ear       0.01,0.78 0.035,0.9 0.075,1.02 0.125,0.93 0.15,0.83
ear_tip   0.05,0.945 0.075,1.022 0.11,0.955 0.08,0.93
inner_ear 0.05,0.81 0.072,0.92 0.118,0.83
far_ear   0.125,0.83 0.185,0.985 0.205,0.81
eye       0.2,0.738 0.222,0.757 0.253,0.748 0.228,0.735
thigh     0.07,0.03 0.075,0.15 0.03,0.26 -0.06,0.29
under     -0.06,0.275 0.015,0.24 0.055,0.145 0.045,0.03
""")
_BOAT = outlines("""
luff      0,0.97 -0.1,0.62 -0.27,0.32 -0.4,0.2
foot      -0.4,0.2 -0.2,0.165 -0.005,0.17
jib_luff  0.035,0.9 0.16,0.55 0.3,0.3 0.43,0.17
jib_foot  0.43,0.17 0.22,0.18 0.05,0.2
keel      -0.36,0.095 0.46,0.115 0.34,0 0.2,-0.02 -0.2,-0.02 -0.31,0.01
pennant   0.012,1 -0.05,1.005 -0.1,0.985
""")
DayMark = tuple[tuple[float, ...], float, bool]
# The painted bands of a lighthouse: where they begin, how wide they are, whether they are bright.
DAY_MARKS: tuple[DayMark, ...] = (
    ((0.1, 0.36, 0.61), 0.13, True),
    ((0.1, 0.36, 0.61), 0.13, False),
    ((0.52,), 0.16, True),
    ((0.0, 0.2, 0.4, 0.6), 0.1, True),
    ((), 0.0, True),
)


def fox(figure: Figure) -> None:
    """Draw a sitting fox in profile, one unit tall, its tail curled behind it."""
    palette = figure.palette
    coat = mix(palette.accent, (232, 112, 44), 0.55)
    cream = mix(palette.light, coat, 0.1)
    fur = Gradient((mix(coat, palette.light, 0.12), coat, mix(coat, palette.near, 0.22)))
    curves = {name: closed_curve(outline) for name, outline in _FOX.items()}
    figure.fill(fur, curves["tail"])
    figure.fill(cream, curves["tail_tip"])
    figure.shade(mix(coat, palette.near, 0.55), curves["tail"], side="bottom", strength=0.7)
    figure.fill(mix(coat, palette.near, 0.45), closed_curve(_FOX["far_ear"], steps=3))
    figure.fill(fur, curves["body"])
    back = "left" if figure.facing > 0 else "right"
    figure.shade(mix(coat, palette.near, 0.6), curves["body"], side=back, strength=0.6)
    haunch = [*open_curve(_FOX["thigh"]), *open_curve(_FOX["under"])]
    figure.fill(mix(coat, palette.near, 0.35), haunch, opacity=0.55)
    figure.fill(cream, curves["bib"])
    figure.fill(mix(palette.near, coat, 0.12), curves["fore_sock"], curves["hind_sock"])
    figure.fill(Gradient((mix(coat, palette.light, 0.15), coat)), curves["head"])
    figure.fill(cream, curves["cheek"])
    ear, ear_tip, inner_ear, eye = (
        closed_curve(_FOX[name], steps=4) for name in ("ear", "ear_tip", "inner_ear", "eye")
    )
    dark = mix(palette.near, coat, 0.08)
    figure.fill(coat, ear)
    figure.fill(dark, ear_tip)
    figure.fill(mix(palette.light, coat, 0.3), inner_ear)
    figure.fill(dark, ellipse(0.405, 0.692, 0.021, 0.018), eye)


def boat(figure: Figure) -> None:
    """Draw a sloop under sail, one unit from waterline to masthead."""
    palette = figure.palette
    hull = mix(palette.near, palette.accent, 0.22)
    cloth = mix(palette.light, palette.glow, 0.12)
    main_sail = [*open_curve(_BOAT["luff"]), *open_curve(_BOAT["foot"])]
    jib = [*open_curve(_BOAT["jib_luff"]), *open_curve(_BOAT["jib_foot"])]
    figure.fill(Gradient((cloth, mix(cloth, palette.haze, 0.35))), main_sail)
    figure.fill(palette.accent, jib)
    folds = mix(palette.sky[1], palette.near, 0.3)
    figure.shade(folds, main_sail, side="right", strength=0.55)
    figure.shade(palette.near, jib, side="left", strength=0.6)
    mast = stroke([(0.012, 0.06), (0.012, 1.0)], 0.016, 0.009)
    boom = stroke([(0.01, 0.165), (-0.42, 0.19)], 0.012, 0.008)
    figure.fill(palette.near, mast, boom)
    figure.fill(Gradient((hull, palette.near)), _BOAT["keel"])
    figure.fill(palette.light, stroke([(-0.355, 0.085), (0.45, 0.103)], 0.014), opacity=0.8)
    figure.fill(palette.accent, [*open_curve(_BOAT["pennant"]), (0.012, 0.96)])


def lighthouse(figure: Figure, mark: DayMark) -> None:
    """Draw a lighthouse, one unit tall, with painted bands or without."""
    palette = figure.palette
    wall = mix(palette.light, palette.haze, 0.42 if palette.dark else 0.25)
    shadow = mix(palette.near, palette.sky[1], 0.45)
    tower = points("-0.105,0 -0.064,0.76 0.064,0.76 0.105,0")
    figure.fill(Gradient((wall, mix(wall, shadow, 0.15))), tower)
    rows, width, is_bright = mark
    bands = [_band(low, low + width) for low in rows]
    figure.fill(palette.accent if is_bright else shadow, *bands)
    figure.shade(shadow, tower, side=figure.shadow_side, strength=0.95)
    figure.fill(shadow, points("0.03,0 0.02,0.76 0.064,0.76 0.105,0"), opacity=0.3)
    door = [
        (-0.025, 0.0),
        (-0.025, 0.055),
        *arc((0, 0.055), 0.025, 0.5, -0.5, steps=12),
        (0.025, 0.055),
        (0.025, 0.0),
    ]
    figure.fill(mix(palette.near, palette.accent, 0.2), door)
    windows = [box(-0.011, y, 0.011, y + 0.035) for y in (0.285, 0.54)]
    figure.fill(palette.lamp if palette.dark else mix(palette.near, palette.far, 0.3), *windows)
    _lantern(figure)


def _band(low: float, high: float) -> Shape:
    bottom, top = (0.105 - 0.041 * y / 0.76 for y in (low, high))
    return [(-bottom, low), (-top, high), (top, high), (bottom, low)]


def _lantern(figure: Figure) -> None:
    palette = figure.palette
    iron = mix(palette.near, palette.sky[0], 0.15)
    figure.fill(mix(palette.lamp, palette.light, 0.4), box(-0.046, 0.79, 0.046, 0.885))
    bars = [box(x - 0.003, 0.79, x + 0.003, 0.885) for x in (-0.044, -0.018, 0.018, 0.044)]
    rail = [box(x - 0.002, 0.79, x + 0.002, 0.822) for x in (-0.09, -0.06, -0.03, 0.03, 0.06, 0.09)]
    deck = points("-0.094,0.79 0.094,0.79 0.064,0.758 -0.064,0.758")
    finial = points("-0.008,0.94 0.008,0.94 0.002,1 -0.002,1")
    figure.fill(iron, *bars, *rail, deck, box(-0.094, 0.819, 0.094, 0.825), finial)
    dome = [*arc((0, 0.885), 0.06, 0.5, -0.5, steps=12), (0.06, 0.875), (-0.06, 0.875)]
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
        lit, blur = [figure.at(window) for window in windows], figure.unit * 0.07
        figure.canvas.light(lit, palette.lamp, strength=0.8, blur=blur)


def smoke(figure: Figure) -> None:
    """Draw the smoke that rises from the cottage's chimney."""
    puffs: list[Shape] = []
    for step in range(8):
        x = 0.24 + 0.1 * step**1.2 * 0.5 + 0.04 * math.sin(step * 2)
        puffs.append(ellipse(x, 1.0 + 0.16 * step, 0.05 + 0.028 * step, 0.06 + 0.02 * step))
    palette = figure.palette
    figure.fill(mix(palette.haze, palette.light, 0.4), *puffs, opacity=0.42, blur=0.045)

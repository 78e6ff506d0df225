"""Subjects of cut paper: lighthouse, boat, cabin and fox, each with its place in a backdrop."""

import math

from playground.art.canvas import Figure
from playground.art.colour import Gradient, mix
from playground.art.land import fir, grass, ground, headland, skerry
from playground.art.scene import Scene
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
    y_at,
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
_Range = tuple[float, float]  # the least and the most
_DayMark = tuple[tuple[float, ...], float, bool]
# The painted bands of a lighthouse: where they begin, how wide they are, whether they are bright.
_DAY_MARKS: tuple[_DayMark, ...] = (
    ((0.1, 0.36, 0.61), 0.13, True),
    ((0.1, 0.36, 0.61), 0.13, False),
    ((0.52,), 0.16, True),
    ((0.0, 0.2, 0.4, 0.6), 0.1, True),
    ((), 0.0, True),
)


def place_lighthouse(scene: Scene) -> None:
    """Draw a lighthouse on a headland with a cottage, or alone on a rock in the sea."""
    rng, unit = scene.rng, scene.unit
    is_alone = rng.random() < 0.35
    x = scene.across(rng.uniform(0.36, 0.5) if is_alone else rng.uniform(0.2, 0.34))
    top = scene.horizon + unit * (rng.uniform(0.04, 0.1) if is_alone else rng.uniform(-0.02, 0.05))
    tall = min(unit * rng.uniform(0.36, 0.58), top * 0.9)
    figure = scene.figure(x, top + unit * 0.012, tall)
    if scene.palette.dark:
        _beams(figure, reach=scene.width * 1.1, tilt=rng.uniform(-0.2, 0.2))
    if not is_alone:
        _cottage(scene.figure(x + scene.facing * tall * 0.3, top + unit * 0.03, tall * 0.2))
    _lighthouse(figure, rng.choice(_DAY_MARKS))
    if scene.palette.dark:
        figure.glow(0, 0.838, 0.22, scene.palette.lamp, strength=0.8)
    (skerry if is_alone else headland)(scene, x=x, top=top)


def place_boat(scene: Scene) -> None:
    """Draw a sailing boat on the water, with its reflection and wake."""
    rng, unit, palette = scene.rng, scene.unit, scene.palette
    y = scene.horizon + (scene.height - scene.horizon) * rng.uniform(0.26, 0.42)
    figure = scene.figure(scene.across(rng.uniform(0.34, 0.62)), y, unit * rng.uniform(0.36, 0.48))
    with scene.canvas.faded(0.3):
        _boat(figure.mirrored())
    # Strokes of the water's own colours break the reflection.
    deep = (figure.unit * 0.04, figure.unit * 0.95)
    for tone in (palette.sky[1], palette.haze):
        wavelets = _strokes(scene, figure, 45, spread=0.3, down=deep, long=(0.015, 0.06))
        scene.canvas.fill(wavelets, tone, opacity=0.4)
    _boat(figure)
    shallow = (unit * -0.002, unit * 0.012)
    wake = _strokes(scene, figure, 16, spread=0.22, down=shallow, long=(0.01, 0.05))
    scene.canvas.fill(wake, palette.light, opacity=0.5)


def _strokes(
    scene: Scene, figure: Figure, count: int, *, spread: float, down: _Range, long: _Range
) -> list[Shape]:
    """Outline flat strokes around a figure."""
    rng, unit = scene.rng, scene.unit
    strokes: list[Shape] = []
    for _ in range(count):
        x, y = figure.x + rng.gauss(0, spread) * figure.unit, figure.y + rng.uniform(*down)
        strokes.append(ellipse(x, y, unit * rng.uniform(*long), unit * 0.0022))
    return strokes


def place_cabin(scene: Scene) -> None:
    """Draw a cabin with a smoking chimney among firs."""
    rng, unit, palette = scene.rng, scene.unit, scene.palette
    line = ground(scene, y=scene.height * 0.84, height=unit * 0.035, depth=0.9)
    x = scene.across(rng.uniform(0.32, 0.5))
    figure = scene.figure(x, y_at(line, x) + unit * 0.012, unit * rng.uniform(0.24, 0.3))
    _smoke(figure)
    _firs(scene, line, x, (-0.17, 0.2, 0.27, -0.24), nearness=0.82)
    _cottage(figure)
    if palette.dark:
        scene.canvas.glow((x, figure.y), unit * 0.3, palette.lamp, strength=0.35)
    _firs(scene, line, x, (0.38, 0.5, -0.4, -0.52, 0.62), nearness=0.97)
    if scene.prompt.mood != "winter":
        grass(scene, line, count=200, tall=unit * 0.022)


def _firs(
    scene: Scene, line: Shape, x: float, offsets: tuple[float, ...], *, nearness: float
) -> None:
    rng, unit = scene.rng, scene.unit
    firs: list[Shape] = []
    for offset in offsets:
        here = x + unit * (offset + rng.uniform(-0.03, 0.03))
        foot = (here, y_at(line, min(max(here, 0), scene.width)) + unit * 0.02)
        firs += fir(scene, foot, unit * rng.uniform(0.24, 0.44))
    scene.canvas.fill(firs, scene.palette.land(nearness))


def place_fox(scene: Scene) -> None:
    """Draw a fox that sits on a rise of the ground."""
    rng, unit = scene.rng, scene.unit
    line = ground(scene, y=scene.height * 0.87, height=unit * 0.035, depth=0.92)
    x = scene.across(rng.uniform(0.32, 0.62))
    figure = scene.figure(x, y_at(line, x) + unit * 0.02, unit * rng.uniform(0.32, 0.52))
    scene.canvas.glow(figure.spot(-0.05, 0.5), unit * 0.48, scene.palette.haze, strength=0.45)
    _fox(figure)
    if scene.prompt.mood != "winter":
        grass(scene, [(px, py + unit * 0.03) for px, py in line], count=170, tall=unit * 0.06)


# --- figures --------------------------------------------------------------------------------------


def _fox(figure: Figure) -> None:
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


def _boat(figure: Figure) -> None:
    """Draw a sloop under sail, one unit from waterline to masthead."""
    palette = figure.palette
    cloth = mix(palette.light, palette.glow, 0.12)
    main_sail = [*open_curve(_BOAT["luff"]), *open_curve(_BOAT["foot"])]
    jib = [*open_curve(_BOAT["jib_luff"]), *open_curve(_BOAT["jib_foot"])]
    figure.fill(Gradient((cloth, mix(cloth, palette.haze, 0.35))), main_sail)
    figure.fill(palette.accent, jib)
    figure.shade(mix(palette.sky[1], palette.near, 0.3), main_sail, side="right", strength=0.55)
    figure.shade(palette.near, jib, side="left", strength=0.6)
    mast = stroke([(0.012, 0.06), (0.012, 1.0)], 0.016, 0.009)
    boom = stroke([(0.01, 0.165), (-0.42, 0.19)], 0.012, 0.008)
    figure.fill(palette.near, mast, boom)
    hull = Gradient((mix(palette.near, palette.accent, 0.22), palette.near))
    figure.fill(hull, _BOAT["keel"])
    figure.fill(palette.light, stroke([(-0.355, 0.085), (0.45, 0.103)], 0.014), opacity=0.8)
    figure.fill(palette.accent, [*open_curve(_BOAT["pennant"]), (0.012, 0.96)])


def _lighthouse(figure: Figure, mark: _DayMark) -> None:
    """Draw a lighthouse, one unit tall, with painted bands or without."""
    palette = figure.palette
    wall = mix(palette.light, palette.haze, 0.42 if palette.dark else 0.25)
    shadow = mix(palette.near, palette.sky[1], 0.45)
    tower = points("-0.105,0 -0.064,0.76 0.064,0.76 0.105,0")
    figure.fill(Gradient((wall, mix(wall, shadow, 0.15))), tower)
    rows, width, is_bright = mark
    bands = [_band(low, low + width) for low in rows]
    figure.fill(palette.accent if is_bright else shadow, *bands)
    figure.shade(shadow, tower, side="right" if figure.facing > 0 else "left", strength=0.95)
    figure.fill(shadow, points("0.03,0 0.02,0.76 0.064,0.76 0.105,0"), opacity=0.3)
    door = [(-0.025, 0.0), *arc((0, 0.055), 0.025, 0.5, -0.5, steps=12), (0.025, 0.0)]
    figure.fill(mix(palette.near, palette.accent, 0.2), door)
    windows = [box(-0.011, y, 0.011, y + 0.035) for y in (0.285, 0.54)]
    figure.fill(palette.lamp if palette.dark else mix(palette.near, palette.far, 0.3), *windows)
    # The lantern on top: lamp, ironwork, dome.
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


def _band(low: float, high: float) -> Shape:
    bottom, top = (0.105 - 0.041 * y / 0.76 for y in (low, high))
    return [(-bottom, low), (-top, high), (top, high), (bottom, low)]


def _beams(figure: Figure, *, reach: float, tilt: float) -> None:
    """Send two beams of light from the lantern, `reach` pixels far."""
    canvas, palette = figure.canvas, figure.palette
    x, y = figure.spot(0, 0.838)
    for direction in (1, -1):
        for width, strength in ((0.11, 0.3), (0.05, 0.35)):
            pieces: list[Shape] = []
            for length in (reach * 0.35, reach * 0.6, reach):
                far_x, far_y = x + length * direction, y + length * direction * tilt
                ends = [(far_x, far_y + length * share) for share in (-width, width)]
                pieces.append([(x, y), *ends])
            canvas.light(pieces, palette.lamp, strength=strength, blur=figure.unit * 0.022)
    figure.glow(0, 0.838, 0.65, palette.lamp, strength=0.75)
    figure.glow(0, 0.838, 0.14, palette.light)


def _cottage(figure: Figure) -> None:
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


def _smoke(figure: Figure) -> None:
    """Draw the smoke that rises from the cottage's chimney."""
    puffs: list[Shape] = []
    for step in range(8):
        x = 0.24 + 0.1 * step**1.2 * 0.5 + 0.04 * math.sin(step * 2)
        puffs.append(ellipse(x, 1.0 + 0.16 * step, 0.05 + 0.028 * step, 0.06 + 0.02 * step))
    palette = figure.palette
    figure.fill(mix(palette.haze, palette.light, 0.4), *puffs, opacity=0.42, blur=0.045)


SUBJECTS = {
    "lighthouse": place_lighthouse,
    "boat": place_boat,
    "cabin": place_cabin,
    "fox": place_fox,
}

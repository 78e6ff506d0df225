"""Subjects: where each one stands in its backdrop; to add one, name it in SUBJECTS."""

from collections.abc import Callable, Mapping

from playground.art.canvas import Figure
from playground.art.figures import DAY_MARKS, beams, boat, cottage, fox, lighthouse, smoke
from playground.art.land import fir, grass, ground, headland, skerry
from playground.art.scene import Scene
from playground.art.shapes import Shape, ellipse, y_at


def place_lighthouse(scene: Scene) -> None:
    """Draw a lighthouse on a headland with a cottage, or alone on a rock in the sea."""
    rng, unit = scene.rng, scene.unit
    is_alone = rng.random() < 0.35
    x = scene.across(rng.uniform(0.36, 0.5) if is_alone else rng.uniform(0.2, 0.34))
    top = scene.horizon + unit * (rng.uniform(0.04, 0.1) if is_alone else rng.uniform(-0.02, 0.05))
    tall = min(unit * rng.uniform(0.36, 0.58), top * 0.9)
    figure = scene.figure(x, top + unit * 0.012, tall)
    if scene.palette.dark:
        beams(figure, reach=scene.width * 1.1, tilt=rng.uniform(-0.2, 0.2))
    if not is_alone:
        cottage(scene.figure(x + scene.facing * tall * 0.3, top + unit * 0.03, tall * 0.2))
    lighthouse(figure, rng.choice(DAY_MARKS))
    if scene.palette.dark:
        figure.glow(0, 0.838, 0.22, scene.palette.lamp, strength=0.8)
    (skerry if is_alone else headland)(scene, x=x, top=top)


def place_boat(scene: Scene) -> None:
    """Draw a sailing boat on the water, with its reflection and wake."""
    rng, unit = scene.rng, scene.unit
    y = scene.horizon + (scene.height - scene.horizon) * rng.uniform(0.26, 0.42)
    figure = scene.figure(scene.across(rng.uniform(0.34, 0.62)), y, unit * rng.uniform(0.36, 0.48))
    with scene.canvas.faded(0.3):
        boat(figure.mirrored())
    _wavelets(scene, figure)
    boat(figure)
    wake: list[Shape] = []
    for _ in range(16):
        x, low = figure.x + rng.gauss(0, 0.22) * figure.unit, y + unit * rng.uniform(-0.002, 0.012)
        wake.append(ellipse(x, low, unit * rng.uniform(0.01, 0.05), unit * 0.0022))
    scene.canvas.fill(wake, scene.palette.light, opacity=0.5)


def _wavelets(scene: Scene, figure: Figure) -> None:
    """Break a reflection with strokes of the water's own colours."""
    rng, unit = scene.rng, scene.unit
    for tone in (scene.palette.sky[1], scene.palette.haze):
        strokes: list[Shape] = []
        for _ in range(45):
            x = figure.x + rng.gauss(0, 0.3) * figure.unit
            y = figure.y + figure.unit * rng.uniform(0.04, 0.95)
            strokes.append(ellipse(x, y, unit * rng.uniform(0.015, 0.06), unit * 0.0022))
        scene.canvas.fill(strokes, tone, opacity=0.4)


def place_cabin(scene: Scene) -> None:
    """Draw a cabin with a smoking chimney among firs."""
    rng, unit, palette = scene.rng, scene.unit, scene.palette
    line = ground(scene, y=scene.height * 0.84, height=unit * 0.035, depth=0.9)
    x = scene.across(rng.uniform(0.32, 0.5))
    figure = scene.figure(x, y_at(line, x) + unit * 0.012, unit * rng.uniform(0.24, 0.3))
    smoke(figure)
    _firs(scene, line, x, (-0.17, 0.2, 0.27, -0.24), nearness=0.82)
    cottage(figure)
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
    fox(figure)
    if scene.prompt.mood != "winter":
        grass(scene, [(px, py + unit * 0.03) for px, py in line], count=170, tall=unit * 0.06)


SUBJECTS: Mapping[str, Callable[[Scene], None]] = {
    "lighthouse": place_lighthouse,
    "boat": place_boat,
    "cabin": place_cabin,
    "fox": place_fox,
}

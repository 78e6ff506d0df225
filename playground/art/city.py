"""The city: layers of towers with lit windows, signs, and rooftops."""

from random import Random

from playground.art.colour import Fade, mix
from playground.art.scene import Scene
from playground.art.shapes import Shape, box, ellipse, stroke


def skyline(scene: Scene, *, base: float, layers: int = 4) -> None:
    """Stack rows of towers from the haze to the waterfront at `base`."""
    rng, palette, canvas, unit = scene.rng, scene.palette, scene.canvas, scene.unit
    for layer in range(layers):
        depth = (layer + 1) / layers
        tone = mix(palette.land(depth * 0.92), palette.haze, 0.5 * (1 - depth))
        towers = _row(scene, depth)
        bodies = [shape for tower in towers for shape in _body(rng, tower, base, unit)]
        glow = mix(tone, palette.glow if palette.dark else palette.haze, 0.42 - 0.22 * depth)
        canvas.fill(bodies, Fade((tone, mix(tone, glow, 0.3), glow)))
        _windows(scene, towers, base, depth)
        if layer < layers - 1:
            canvas.mist(base - unit * 0.3, base + unit * 0.1, palette.haze, rng, strength=0.42)
    canvas.light(
        [box(-2, base - unit * 0.03, scene.width + 2, base)],
        palette.lamp,
        strength=0.3,
        blur=unit * 0.02,
    )


def _row(scene: Scene, depth: float) -> list[tuple[float, float, float]]:
    """Lay out one row: left edge, width and height of each tower, in pixels."""
    rng, unit = scene.rng, scene.unit
    towers: list[tuple[float, float, float]] = []
    modest = 0.62 if scene.brief.motif else 1.0
    x = -unit * rng.uniform(0, 0.08)
    centre = scene.across(rng.uniform(0.3, 0.7))
    while x < scene.width:
        wide = unit * rng.uniform(0.035, 0.085) * (0.75 + 0.4 * depth)
        middle = 1 - min(abs(x - centre) / (scene.width * 0.6), 1) * 0.6
        tall = unit * rng.uniform(0.1, 0.5 - 0.22 * depth) * (0.55 + 0.75 * middle)
        towers.append((x, wide, min(tall * modest, scene.horizon * 0.86)))
        x += wide + unit * rng.choice((0.0, 0.0, 0.004, 0.02))
    return towers


def _body(rng: Random, tower: tuple[float, float, float], base: float, unit: float) -> list[Shape]:
    x, wide, tall = tower
    top = base - tall
    main = box(x, top, x + wide, base + 2)
    mast = stroke(
        [(x + wide * 0.5, top), (x + wide * 0.5, top - unit * 0.06)], unit * 0.004, unit * 0.001
    )
    step = box(x + wide * 0.18, top - unit * 0.02, x + wide * 0.82, top + 1)
    crown = box(x + wide * 0.34, top - unit * 0.038, x + wide * 0.66, top)
    slant = [(x, top + 1), (x + wide, top + 1), (x + wide, top - wide * 0.5)]
    spire = [
        (x + wide * 0.2, top + 1),
        (x + wide * 0.8, top + 1),
        (x + wide * 0.5, top - wide * 1.2),
    ]
    dome = ellipse(x + wide / 2, top, wide * 0.42, wide * 0.36)
    extras = rng.choice(
        ([], [], [step], [step, crown, mast], [slant], [spire, mast], [dome], [mast], [step, crown])
    )
    return [main, *extras]


def _windows(
    scene: Scene, towers: list[tuple[float, float, float]], base: float, depth: float
) -> None:
    rng, palette, unit = scene.rng, scene.palette, scene.unit
    warm: list[Shape] = []
    cool: list[Shape] = []
    for tower in towers:
        lit = rng.uniform(0.1, 0.5) if palette.dark else rng.uniform(0.03, 0.14)
        (cool if rng.random() < 0.22 else warm).extend(_panes(rng, tower, base, unit, lit, depth))
    presence = 0.3 + 0.6 * depth
    scene.canvas.fill(warm, palette.lamp, opacity=presence)
    scene.canvas.fill(cool, mix(palette.lamp, palette.accent, 0.55), opacity=presence)
    if palette.dark:
        scene.canvas.light(warm, palette.lamp, strength=0.55, blur=unit * 0.009)


def _panes(
    rng: Random,
    tower: tuple[float, float, float],
    base: float,
    unit: float,
    lit: float,
    depth: float,
) -> list[Shape]:
    x, wide, tall = tower
    pitch = unit * (0.0068 + 0.0034 * depth)
    pane, high = pitch * rng.uniform(0.4, 0.7), pitch * rng.uniform(0.45, 0.8)
    columns, rows = int((wide - pitch * 0.8) / pitch), int((tall - pitch * 2) / (pitch * 1.35))
    inset = (wide - columns * pitch) / 2 + (pitch - pane) / 2
    return [
        box(left, top, left + pane, top + high)
        for row in range(rows)
        for column in range(columns)
        if rng.random() < lit
        for left, top in [(x + inset + column * pitch, base - tall + pitch * (1 + row * 1.35))]
    ]


def signs(scene: Scene, *, base: float) -> None:
    """Hang neon signs low among the towers."""
    rng, palette, unit = scene.rng, scene.palette, scene.unit
    for tone in (palette.accent, palette.lamp, palette.glow):
        bars = [_sign(scene, base) for _ in range(rng.randint(2, 4))]
        scene.canvas.fill(bars, mix(tone, palette.light, 0.35))
        scene.canvas.light(bars, tone, strength=0.9, blur=unit * 0.018)


def _sign(scene: Scene, base: float) -> Shape:
    rng, unit = scene.rng, scene.unit
    x, y = rng.uniform(0, scene.width), base - unit * rng.uniform(0.04, 0.2)
    tall, wide = unit * rng.uniform(0.03, 0.08), unit * rng.uniform(0.006, 0.012)
    return box(x, y - tall, x + wide, y) if rng.random() < 0.65 else box(x, y - wide, x + tall, y)

"""Backdrops: one function for each place; to add one, write it and name it in BACKDROPS."""

import math

from playground.art.colour import Gradient, mix
from playground.art.land import fir, fir_forest, fir_rank, grass, ground, hills, peak, ridges
from playground.art.scene import Scene
from playground.art.shapes import Shape, filled_below, open_curve, rough_skyline, stroke
from playground.art.sky import rays, sky
from playground.art.water import still_water


def sea(scene: Scene) -> None:
    """Paint a still sea, with a beach where nothing else is in the picture."""
    sky(scene)
    if scene.rng.random() < 0.75:
        _islands(scene)
    still_water(scene, scene.horizon)
    if scene.prompt.subject is None:
        _beach(scene)


def _islands(scene: Scene) -> None:
    rng, palette, unit, horizon = scene.rng, scene.palette, scene.unit, scene.horizon
    for depth in (0.12, 0.3):
        y = horizon + unit * 0.05 * (1 - depth)
        line = rough_skyline(rng, scene.width, y, unit * 0.1, roughness=0.5)
        tone = mix(palette.land(depth), palette.haze, 0.35)
        body = filled_below(line, horizon + 1)
        scene.canvas.fill([body], Gradient((tone, mix(tone, palette.haze, 0.5))))
        scene.canvas.mist(horizon - unit * 0.12, horizon + 2, palette.haze, rng, strength=0.5)


def _beach(scene: Scene) -> None:
    """Lay a curve of sand with foam into the foreground."""
    rng, palette, unit = scene.rng, scene.palette, scene.unit
    start, end = scene.height * rng.uniform(0.78, 0.86), scene.height * rng.uniform(0.94, 1.06)
    left, right = (start, end) if scene.facing > 0 else (end, start)
    corners = [
        *((-4.0, left), (scene.width * 0.35, left * 0.45 + right * 0.55)),
        *((scene.width * 0.7, right * 0.9 + left * 0.1), (scene.width + 4.0, right)),
    ]
    line = open_curve(corners, steps=20)
    sand = mix(palette.haze, palette.near, 0.42 if palette.dark else 0.22)
    for lift, opacity in ((0.05, 0.22), (0.028, 0.4), (0.0, 1.0)):
        body = filled_below([(x, y - unit * lift) for x, y in line], scene.height + 2)
        scene.canvas.fill([body], mix(sand, palette.light, 0.5) if lift else sand, opacity=opacity)
    scene.canvas.fill([stroke(line, unit * 0.008)], palette.light, opacity=0.8)
    body = filled_below(line, scene.height + 2)
    scene.canvas.shade([body], mix(sand, palette.near, 0.4), side="bottom", strength=0.6)


def mountain(scene: Scene) -> None:
    """Paint great peaks over hills or a lake."""
    sky(scene)
    rng, unit, palette, subject = scene.rng, scene.unit, scene.palette, scene.prompt.subject
    has_lake = subject == "boat" or (subject is None and rng.random() < 0.6)
    shore = scene.horizon + unit * 0.1
    ridges(scene)
    snowy_moods = {"winter", "dawn", "day", "night", "dusk"}
    snow = scene.prompt.mood in snowy_moods or rng.random() < 0.4
    for x, rise, depth in _range(scene):
        peak(scene, x=x, foot=shore, rise=rise, depth=depth, snow=snow)
        scene.canvas.mist(shore - unit * 0.2, shore + unit * 0.05, palette.haze, rng, strength=0.5)
    if has_lake:
        line = rough_skyline(rng, scene.width, shore - unit * 0.008, unit * 0.012, roughness=0.5)
        tone = mix(palette.land(0.62), palette.haze, 0.12)
        fir_rank(scene, line, tall=unit * 0.05, count=int(80 * scene.width / unit), paint=tone)
        still_water(scene, shore)
        _near_bank(scene)
        return
    hills(scene, top=shore, bottom=scene.height * 0.88)
    line = ground(scene, y=scene.height * 0.95, height=unit * 0.03)
    if subject is None:
        count = int(rng.randint(12, 18) * scene.width / unit)
        fir_rank(scene, line, tall=unit * 0.17, count=count, paint=palette.near)


def _range(scene: Scene) -> list[tuple[float, float, float]]:
    """Choose the peaks: x, height and depth of each, far ones first."""
    rng, unit = scene.rng, scene.unit
    main = scene.across(rng.uniform(0.32, 0.62))
    tallest = min(scene.horizon * rng.uniform(0.62, 0.78), unit * 0.62)
    peaks: list[tuple[float, float, float]] = []
    for side in (-1, 1):
        x = main + side * unit * rng.uniform(0.3, 0.46)
        peaks.append((x, tallest * rng.uniform(0.5, 0.75), 0.3))
    far = [(scene.width * rng.random(), tallest * rng.uniform(0.35, 0.55), 0.18) for _ in range(3)]
    return [*far, *peaks, (main, tallest, 0.42)]


def _near_bank(scene: Scene) -> None:
    """Draw firs and reeds in the nearest corner of a lake."""
    rng, unit = scene.rng, scene.unit
    side = rng.choice((0.0, 1.0)) * scene.width
    xs = [scene.width * step / 60 for step in range(61)]
    line = [(x, _bank_y(scene, abs(x - side))) for x in xs]
    firs = [filled_below(line, scene.height + 2)]
    for away in (0.07, 0.16, 0.26)[: rng.randint(1, 3)]:
        foot = (abs(side - unit * away), _bank_y(scene, unit * away) + unit * 0.03)
        firs += fir(scene, foot, unit * (0.44 - away) * rng.uniform(0.8, 1.1))
    scene.canvas.fill(firs, scene.palette.near)
    grass(scene, line, count=160, tall=unit * 0.05)


def _bank_y(scene: Scene, away: float) -> float:
    height = math.sqrt(max(0.0, 1 - away / (scene.unit * 0.6)))
    return scene.height + scene.unit * (0.03 - 0.16 * height)


def forest(scene: Scene) -> None:
    """Paint firs in mist, with a few great ones at both sides close to the viewer."""
    sky(scene)
    rng, unit, palette = scene.rng, scene.unit, scene.palette
    fir_forest(scene)
    rays(scene)
    firs: list[Shape] = []
    for share in (-0.02, 0.1, 0.2, 0.82, 0.93, 1.03):
        if rng.random() < 0.75:
            tall = unit * rng.uniform(0.5, 0.95) * (1 - 1.4 * min(abs(share), abs(1 - share)))
            firs += fir(scene, (share * scene.width, scene.height + unit * 0.08), tall)
    scene.canvas.fill(firs, Gradient((palette.land(0.9), palette.near)))


BACKDROPS = {"sea": sea, "mountain": mountain, "forest": forest}

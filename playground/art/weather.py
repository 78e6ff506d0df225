"""Weather in front of everything: rain, snow, leaves on the wind, fireflies."""

import math

from playground.art.colour import WHITE, mix
from playground.art.scene import Scene
from playground.art.shapes import Shape, edge, ellipse, stroke
from playground.art.trees import leaf, leaf_tones


def paint_weather(scene: Scene) -> None:
    """Let the weather that the prompt asked for pass over the picture."""
    weather, mood = scene.brief.weather, scene.brief.mood
    if mood == "storm":
        lightning(scene)
    if "rain" in weather or (mood == "storm" and scene.brief.place != "desert"):
        rain(scene)
    if "snow" in weather or (mood == "winter" and scene.rng.random() < 0.5):
        snow(scene)
    if "leaves" in weather and scene.brief.place not in {"space", "abstract"}:
        drifting_leaves(scene)
    if "fireflies" in weather:
        fireflies(scene, count=60)


def lightning(scene: Scene) -> None:
    """Let lightning strike far out, with a branch or two."""
    rng, unit, canvas = scene.rng, scene.unit, scene.canvas
    top = (scene.light.x, scene.horizon * rng.uniform(0.0, 0.2))
    bolt = edge(rng, top, (top[0] + unit * rng.gauss(0, 0.08), scene.horizon), wobble=unit * 0.1)
    forks = [stroke(bolt, unit * 0.007, unit * 0.002)]
    for start in rng.sample(range(6, 22), 3):
        x, y = bolt[start]
        tip = (x + unit * rng.gauss(0, 0.12), y + unit * rng.uniform(0.06, 0.16))
        forks.append(stroke(edge(rng, (x, y), tip, wobble=unit * 0.03), unit * 0.004, unit * 0.001))
    canvas.glow(bolt[8], unit * 0.7, scene.palette.glow, strength=0.4)
    canvas.light(forks, scene.palette.glow, strength=1.0, blur=unit * 0.012)
    canvas.fill(forks, mix(scene.palette.light, WHITE, 0.7))


def rain(scene: Scene) -> None:
    """Draw slanting rain in three distances."""
    rng, unit = scene.rng, scene.unit
    slant = rng.uniform(0.12, 0.3) * scene.facing
    tone = mix(scene.palette.haze, WHITE, 0.45)
    for count, long, opacity in ((420, 0.03, 0.16), (220, 0.06, 0.22), (70, 0.11, 0.26)):
        drops: list[Shape] = []
        for _ in range(int(count * scene.width / unit)):
            x, y = rng.uniform(-0.1, 1.1) * scene.width, rng.uniform(-0.1, 1) * scene.height
            fall = unit * long * rng.uniform(0.6, 1.3)
            drops.append(
                stroke([(x, y), (x - fall * slant, y + fall)], unit * 0.0006, unit * 0.0016)
            )
        scene.canvas.fill(drops, tone, opacity=opacity)
    scene.canvas.mist(scene.height * 0.3, scene.height, scene.palette.haze, rng, strength=0.12)


def snow(scene: Scene) -> None:
    """Let snow fall in three distances, the near flakes out of focus."""
    rng, unit = scene.rng, scene.unit
    for count, size, opacity, blur in (
        (300, 0.0016, 0.75, 0.0),
        (130, 0.003, 0.8, 0.0008),
        (34, 0.0075, 0.6, 0.0028),
    ):
        flakes = [
            ellipse(
                rng.uniform(0, scene.width),
                rng.uniform(0, scene.height),
                max(unit * size * rng.uniform(0.6, 1.4), 0.7),
            )
            for _ in range(int(count * scene.width / unit))
        ]
        scene.canvas.fill(flakes, WHITE, opacity=opacity, blur=unit * blur)


def drifting_leaves(scene: Scene) -> None:
    """Let some leaves drift down."""
    rng, unit = scene.rng, scene.unit
    for tone in leaf_tones(scene):
        leaves = [
            leaf(
                (rng.uniform(0, scene.width), rng.uniform(0.05, 0.95) * scene.height),
                unit * rng.uniform(0.005, 0.013),
                rng.uniform(0, math.tau),
            )
            for _ in range(9)
        ]
        scene.canvas.fill(leaves, tone, opacity=0.9)


def fireflies(scene: Scene, *, count: int) -> None:
    """Light fireflies low over the ground."""
    rng, unit = scene.rng, scene.unit
    for _ in range(count):
        spot = (rng.uniform(0, scene.width), scene.height * rng.uniform(0.45, 0.97))
        size = unit * rng.uniform(0.0012, 0.003)
        scene.canvas.glow(spot, size * 9, (255, 226, 120), strength=0.8)
        scene.canvas.fill([ellipse(*spot, size)], (255, 247, 200))

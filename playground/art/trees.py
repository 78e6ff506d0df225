"""Trees: firs, ranks of them along a skyline, and forests of ranks in mist."""

from playground.art.colour import Gradient, Paint, mix
from playground.art.scene import Scene
from playground.art.shapes import Point, Shape, filled_below, soft_skyline, y_at


def fir(scene: Scene, foot: Point, tall: float) -> list[Shape]:
    """Outline one fir: drooping tiers of branches, and a trunk."""
    rng = scene.rng
    x, y = foot
    tiers = rng.randint(7, 10)
    spread = tall * rng.uniform(0.17, 0.23)
    right: Shape = [(x, y - tall)]
    left: Shape = [(x, y - tall)]
    for tier in range(1, tiers + 1):
        level = y - tall * (1 - 0.92 * tier / tiers)
        reach = spread * (tier / tiers) ** 0.85
        for side, outline in ((1, right), (-1, left)):
            tip = reach * rng.uniform(0.8, 1.12)
            outline.append((x + side * tip, level + tall * 0.025))
            outline.append((x + side * tip * 0.42, level - tall * 0.012))
    top, bottom = tall * 0.015, tall * 0.02
    trunk = [(x - top, y - tall * 0.1), (x + top, y - tall * 0.1), (x + bottom, y), (x - bottom, y)]
    return [[*right, *reversed(left)], trunk]


def fir_rank(scene: Scene, line: Shape, *, tall: float, count: int, paint: Paint) -> None:
    """Draw a rank of firs along a skyline and fill the ground below it."""
    rng = scene.rng
    shapes = [filled_below(line, scene.height + 2)]
    for index in range(count):
        x = scene.width * (index + rng.uniform(-0.4, 0.4)) / max(count - 1, 1)
        foot = (x, y_at(line, min(max(x, 0), scene.width)) + tall * 0.13)
        shapes += fir(scene, foot, tall * rng.uniform(0.55, 1.15))
    scene.canvas.fill(shapes, paint)


def fir_forest(scene: Scene, *, top: float, bottom: float, ranks: int) -> None:
    """Draw ranks of firs behind one another with mist between them."""
    palette, rng = scene.palette, scene.rng
    for rank in range(ranks):
        depth = (rank + 0.5) / ranks
        y = top + (bottom - top) * (rank / max(ranks - 1, 1)) ** 1.1
        line = soft_skyline(rng, scene.width, y, scene.unit * 0.035, waves=1.0)
        tall = scene.unit * (0.07 + 0.22 * depth**1.3)
        count = int((scene.width / scene.unit) * (46 - 30 * depth))
        tone = palette.land(depth)
        misty = mix(tone, palette.haze, 0.55 * (1 - depth) + 0.12)
        fir_rank(scene, line, tall=tall, count=count, paint=Gradient((tone, tone, misty, misty)))
        if rank < ranks - 1:
            haze = mix(palette.haze, palette.glow, 0.2)
            scene.canvas.mist(y - tall * 0.4, y + scene.unit * 0.2, haze, rng, strength=0.55)

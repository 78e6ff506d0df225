"""Trees: pines in ranks, tall trunks, autumn crowns."""

import math
from collections.abc import Sequence

from playground.art.colour import Fade, Rgb, mix
from playground.art.scene import Scene
from playground.art.shapes import (
    Point,
    Shape,
    down_to,
    edge,
    ellipse,
    flowing,
    height_at,
    rolling,
    smooth,
    stroke,
)


def pine(scene: Scene, foot: Point, tall: float) -> list[Shape]:
    """Outline one fir: a trunk and drooping tiers of branches."""
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
    trunk = [
        (x - tall * 0.015, y - tall * 0.1),
        (x + tall * 0.015, y - tall * 0.1),
        (x + tall * 0.02, y),
        (x - tall * 0.02, y),
    ]
    return [[*right, *reversed(left)], trunk]


def pine_rank(scene: Scene, line: Shape, *, tall: float, count: int, paint: Fade | Rgb) -> None:
    """Plant a rank of firs along a skyline and fill the ground below it."""
    rng = scene.rng
    shapes = [down_to(line, scene.height + 2)]
    for index in range(count):
        x = scene.width * (index + rng.uniform(-0.4, 0.4)) / max(count - 1, 1)
        foot = (x, height_at(line, min(max(x, 0), scene.width)) + tall * 0.13)
        shapes += pine(scene, foot, tall * rng.uniform(0.55, 1.15))
    scene.canvas.fill(shapes, paint)


def pine_forest(scene: Scene, *, top: float, bottom: float, ranks: int) -> Shape:
    """Stand ranks of firs behind one another with mist between; returns the nearest ground."""
    palette, rng = scene.palette, scene.rng
    line: Shape = []
    for rank in range(ranks):
        depth = (rank + 0.5) / ranks
        y = top + (bottom - top) * (rank / max(ranks - 1, 1)) ** 1.1
        line = rolling(rng, scene.width, y, scene.unit * 0.035, waves=1.0)
        tall = scene.unit * (0.07 + 0.22 * depth**1.3)
        count = int((scene.width / scene.unit) * (46 - 30 * depth))
        tone = palette.land(depth)
        misty = mix(tone, palette.haze, 0.55 * (1 - depth) + 0.12)
        pine_rank(scene, line, tall=tall, count=count, paint=Fade((tone, tone, misty, misty)))
        if rank < ranks - 1:
            haze = mix(palette.haze, palette.glow, 0.2)
            scene.canvas.mist(y - tall * 0.4, y + scene.unit * 0.2, haze, rng, strength=0.55)
    return line


def trunks(scene: Scene, *, ground: float, ranks: int, birch: bool) -> None:
    """Stand tall trunks that leave the picture at the top, far ones pale and thin."""
    rng, palette = scene.rng, scene.palette
    for rank in range(ranks):
        depth = (rank + 1) / ranks
        foot = scene.horizon + (ground - scene.horizon) * depth
        tone = mix(palette.land(depth * 0.9), palette.haze, 0.6 * (1 - depth))
        count = int((10 - 5 * depth) * max(scene.width / scene.unit, 0.7))
        slots = [(index + rng.uniform(0.1, 0.9)) / count for index in range(count)]
        for slot in slots:
            if rank < ranks - 1 or abs(slot - 0.5) > 0.2:
                _trunk(scene, (slot * scene.width, foot), depth, tone, birch=birch and rank > 0)
        scene.canvas.mist(
            foot - scene.unit * 0.35,
            foot + scene.unit * 0.1,
            palette.haze,
            rng,
            strength=0.5 * (1 - depth),
        )


def _trunk(scene: Scene, foot: Point, depth: float, tone: Rgb, *, birch: bool) -> None:
    rng, unit, canvas = scene.rng, scene.unit, scene.canvas
    thick = unit * (0.008 + 0.034 * depth**1.6) * rng.uniform(0.75, 1.25)
    top = (foot[0] + rng.gauss(0, unit * 0.03), -10.0)
    line = edge(rng, foot, top, wobble=unit * 0.012, depth=4)
    body = stroke(line, thick * 1.25, thick * 0.7)
    bark = mix(tone, scene.palette.light, 0.72 * depth) if birch else tone
    limbs = [_limb(scene, line, thick) for _ in range(rng.randint(1, 4))]
    canvas.fill(limbs, tone)
    canvas.fill([body], bark)
    canvas.shade(
        [body],
        mix(tone, scene.palette.near, 0.6),
        side="left" if scene.light.x > foot[0] else "right",
        strength=0.75,
    )
    if birch:
        canvas.fill(
            [_scar(scene, line, thick) for _ in range(int(16 * depth))],
            scene.palette.near,
            opacity=0.75,
        )


def _limb(scene: Scene, line: Shape, thick: float) -> Shape:
    rng, unit = scene.rng, scene.unit
    x, y = rng.choice(line[len(line) // 3 :])
    side = rng.choice((-1, 1))
    reach = unit * rng.uniform(0.05, 0.16)
    bend = flowing(
        [(x, y), (x + side * reach * 0.5, y - reach * 0.35), (x + side * reach, y - reach)]
    )
    return stroke(bend, thick * 0.32, thick * 0.05)


def _scar(scene: Scene, line: Shape, thick: float) -> Shape:
    rng = scene.rng
    spot = rng.randrange(len(line) - 1)
    share = rng.random()
    x = line[spot][0] + (line[spot + 1][0] - line[spot][0]) * share
    y = line[spot][1] + (line[spot + 1][1] - line[spot][1]) * share
    return ellipse(
        x + rng.choice((-1, 1)) * thick * 0.3, y, thick * rng.uniform(0.1, 0.3), thick * 0.055
    )


def leaf_tones(scene: Scene) -> tuple[Rgb, ...]:
    """Tell the colours of foliage in this light: warm in autumn, else near the land's own."""
    palette = scene.palette
    if scene.brief.mood == "autumn":
        return (
            palette.accent,
            mix(palette.accent, palette.lamp, 0.5),
            mix(palette.accent, palette.near, 0.4),
            palette.lamp,
        )
    return (
        palette.land(0.5),
        palette.land(0.7),
        mix(palette.land(0.5), palette.glow, 0.35),
        palette.land(0.85),
    )


def canopy(scene: Scene, *, bottom: float, density: int) -> None:
    """Hang foliage from the top of the picture: many dabs, denser above."""
    for index, tone in enumerate(leaf_tones(scene)):
        dabs = [_dab(scene, bottom) for _ in range(density)]
        scene.canvas.fill(dabs, tone, opacity=0.82 - 0.1 * index)


def _dab(scene: Scene, bottom: float) -> Shape:
    rng, unit = scene.rng, scene.unit
    x = rng.uniform(-0.02, 1.02) * scene.width
    droop = 0.65 + 0.35 * math.sin(x / scene.width * 7.3 + bottom)
    y = bottom * droop * rng.random() ** 1.7
    return leaf((x, y), unit * rng.uniform(0.006, 0.017), rng.uniform(0, math.tau))


def leaf(spot: Point, size: float, turn: float) -> Shape:
    """Outline one pointed leaf."""
    x, y = spot
    along, side = (
        (math.cos(turn) * size, math.sin(turn) * size),
        (-math.sin(turn) * size * 0.45, math.cos(turn) * size * 0.45),
    )
    return [
        (x - along[0], y - along[1]),
        (x - along[0] * 0.3 + side[0], y - along[1] * 0.3 + side[1]),
        (x + along[0] * 0.4 + side[0] * 0.8, y + along[1] * 0.4 + side[1] * 0.8),
        (x + along[0], y + along[1]),
        (x + along[0] * 0.4 - side[0] * 0.8, y + along[1] * 0.4 - side[1] * 0.8),
        (x - along[0] * 0.3 - side[0], y - along[1] * 0.3 - side[1]),
    ]


def litter(scene: Scene, line: Shape, *, count: int) -> None:
    """Strew leaves over the ground below a skyline."""
    rng, unit = scene.rng, scene.unit
    for tone in leaf_tones(scene):
        leaves: list[Shape] = []
        for _ in range(count // 4):
            x = rng.uniform(0, scene.width)
            ground = height_at(line, x)
            near = rng.random()
            y = ground + (scene.height - ground) * near
            flat = [
                (px, y + (py - y) * 0.55)
                for px, py in leaf((x, y), unit * (0.004 + 0.012 * near), rng.uniform(0, 6))
            ]
            leaves.append(flat)
        scene.canvas.fill(leaves, tone, opacity=0.85)


def broadleaf(scene: Scene, foot: Point, tall: float, tones: Sequence[Rgb]) -> None:
    """Grow one round tree: trunk, branches and a crown of lit and shaded clusters."""
    rng, canvas = scene.rng, scene.canvas
    x, y = foot
    fork = (x, y - tall * 0.42)
    limbs = [stroke([foot, fork], tall * 0.06, tall * 0.035)]
    for lean in (-0.26, -0.12, 0.1, 0.27):
        bend = flowing(
            [fork, (x + tall * lean * 0.5, y - tall * 0.58), (x + tall * lean, y - tall * 0.75)]
        )
        limbs.append(stroke(bend, tall * 0.03, tall * 0.006))
    canvas.fill(limbs, mix(scene.palette.near, tones[0], 0.12))
    sunward = 1 if scene.light.x > x else -1
    for index, tone in enumerate(sorted(tones, key=sum)):
        shift = (index - 1) * 0.05 * tall
        blobs = [
            _cluster(
                rng.gauss(0, 0.17),
                rng.gauss(0, 0.12),
                rng.uniform(0.06, 0.13),
                (x + shift * sunward, y - tall * 0.72 - shift * 0.8),
                tall,
            )
            for _ in range(13)
        ]
        leaves = [
            leaf(
                (
                    x + shift * sunward + rng.gauss(0, tall * 0.21),
                    y - tall * 0.72 + rng.gauss(0, tall * 0.15),
                ),
                tall * rng.uniform(0.008, 0.022),
                rng.uniform(0, 6),
            )
            for _ in range(150)
        ]
        canvas.fill(blobs + leaves, tone, opacity=0.88)


def _cluster(across: float, up: float, size: float, centre: Point, tall: float) -> Shape:
    x, y, radius = centre[0] + across * tall, centre[1] - up * tall, size * tall
    turns = [math.tau * step / 7 for step in range(7)]
    return smooth(
        [(x + radius * math.cos(t), y + radius * math.sin(t) * 0.85) for t in turns], steps=4
    )

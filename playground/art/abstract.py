"""Abstract compositions on paper: arches, ribbons, a grid of forms, drifting discs."""

import math
from collections.abc import Sequence

from playground.art.colour import Rgb, brightness, mix
from playground.art.palette import INKWELLS, PAPERS
from playground.art.scene import Scene
from playground.art.shapes import (
    Shape,
    arc,
    box,
    down_to,
    ellipse,
    flowing,
    rolling,
    smooth,
    stroke,
)


def composition(scene: Scene) -> None:
    """Compose one of four kinds of sheet, framed by bare paper."""
    paper = scene.rng.choice(PAPERS)
    inks = list(inkwell(scene)[1])
    scene.rng.shuffle(inks)
    scene.canvas.wash(paper)
    scene.rng.choice((_arches, _ribbons, _forms, _discs))(scene, inks, paper)
    _frame(scene, paper)


def inkwell(scene: Scene) -> tuple[str, tuple[Rgb, ...]]:
    """Tell the name and inks of this sheet; the light's place stands in for chance."""
    if scene.pigments:
        return "reference", scene.pigments
    return INKWELLS[int(scene.light.x * 7 + scene.light.y * 3) % len(INKWELLS)]


def _frame(scene: Scene, paper: Rgb) -> None:
    edge = scene.unit * 0.055
    width, height = scene.width, scene.height
    sides = [
        box(-2, -2, width + 2, edge),
        box(-2, height - edge, width + 2, height + 2),
        box(-2, -2, edge, height + 2),
        box(width - edge, -2, width + 2, height + 2),
    ]
    for side in sides:
        scene.canvas.fill([side], paper)


def _inked(
    scene: Scene, shape: Shape, tone: Rgb, *, side: str = "bottom", strength: float = 0.55
) -> None:
    """Print one form with a grainy shade on one side."""
    scene.canvas.fill([shape], tone)
    deep = (
        mix(tone, (24, 24, 48), 0.45)
        if brightness(tone) > 0.25
        else mix(tone, (255, 240, 220), 0.3)
    )
    scene.canvas.shade([shape], deep, side=side, strength=strength)


def _arches(scene: Scene, inks: Sequence[Rgb], paper: Rgb) -> None:
    """Stand rainbows of nested arches on a ground, with a sun."""
    rng, unit, width, height = scene.rng, scene.unit, scene.width, scene.height
    _inked(scene, box(0, 0, width, height), mix(paper, inks[5], 0.22), strength=0.12)
    sun = unit * rng.uniform(0.12, 0.19)
    _inked(
        scene,
        ellipse(scene.across(rng.uniform(0.55, 0.75)), height * rng.uniform(0.22, 0.34), sun),
        inks[0],
        strength=0.7,
    )
    for place, rank in ((0.3, 0), (0.74, 1), (0.5, 2)):
        x, base = scene.across(place + rng.uniform(-0.06, 0.06)), height * (0.72 + 0.1 * rank)
        radius = unit * rng.uniform(0.24, 0.34) * (1 - 0.1 * rank)
        count = rng.randint(4, 6)
        for step in range(count):
            tone = paper if step % 2 else inks[(step // 2 + rank * 2) % len(inks)]
            _inked(
                scene,
                _arch(x, base, radius * (1 - step / (count + 0.4)), height),
                tone,
                strength=0.4,
            )
    for index in range(2):
        line = rolling(rng, width, height * (0.82 + 0.07 * index), unit * 0.03, waves=0.8)
        _inked(scene, down_to(line, height + 2), inks[3 + index])


def _arch(x: float, base: float, radius: float, height: float) -> Shape:
    return [
        (x - radius, height + 2),
        *arc(x, base - radius * 0.6, radius, 0.5, 1.0),
        (x + radius, height + 2),
    ]


def _ribbons(scene: Scene, inks: Sequence[Rgb], paper: Rgb) -> None:
    """Let broad bands flow across the sheet under a pale disc."""
    rng, unit, width, height = scene.rng, scene.unit, scene.width, scene.height
    _inked(scene, box(0, 0, width, height), mix(paper, inks[0], 0.35), side="top", strength=0.25)
    disc = (scene.across(rng.uniform(0.25, 0.7)), height * rng.uniform(0.24, 0.36))
    _inked(
        scene,
        ellipse(*disc, unit * rng.uniform(0.13, 0.2)),
        mix(paper, inks[2], 0.15),
        strength=0.35,
    )
    count = rng.randint(9, 12)
    phase = rng.uniform(0, math.tau)
    for step in range(count):
        share = step / count
        y = height * (0.36 + 0.66 * share)
        line = [
            (
                x,
                y
                + unit
                * (
                    0.09 * math.sin(x / width * 5.2 + phase + share * 2.4)
                    + 0.035 * math.sin(x / width * 11 - share * 5)
                ),
            )
            for x in (width * (i / 80) * 1.02 - 4 for i in range(81))
        ]
        tone = mix(inks[step % len(inks)], inks[(step + 1) % len(inks)], 0.25)
        _inked(
            scene,
            down_to(line, height + 2),
            tone,
            side="right" if step % 2 else "left",
            strength=0.6,
        )
        scene.canvas.fill([stroke(line, unit * 0.003)], paper, opacity=0.7)


def _forms(scene: Scene, inks: Sequence[Rgb], paper: Rgb) -> None:
    """Lay quarter circles, half moons, dots and bars into a grid."""
    rng, width, height = scene.rng, scene.width, scene.height
    margin = scene.unit * 0.085
    rows = rng.choice((4, 5))
    cell = (scene.unit - margin * 2) // rows
    columns, lines = int((width - margin * 2) / cell), int((height - margin * 2) / cell)
    left, top = (width - columns * cell) // 2, (height - lines * cell) // 2
    for row in range(lines):
        for column in range(columns):
            corner = (left + column * cell, top + row * cell)
            ground, figure = rng.sample([*inks, paper, mix(paper, inks[5], 0.3)], 2)
            _inked(
                scene,
                box(*corner, corner[0] + cell, corner[1] + cell),
                ground,
                strength=0.22,
            )
            for shape in _form(scene, corner, cell):
                _inked(scene, shape, figure, side=rng.choice(("left", "right", "bottom")))


def _form(scene: Scene, corner: tuple[float, float], cell: float) -> list[Shape]:
    rng = scene.rng
    x, y = corner
    middle = (x + cell / 2, y + cell / 2)
    quarter = rng.randrange(4)
    pivot = (x + cell * (quarter in {1, 2}), y + cell * (quarter in {2, 3}))
    start = quarter / 4
    kinds: list[list[Shape]] = [
        [[pivot, *arc(*pivot, cell, start, start + 0.25)]],
        [[pivot, *arc(*pivot, cell, start, start + 0.25)]],
        [arc(middle[0], y + cell, cell / 2, 0.5, 1.0)],
        [arc(x, middle[1], cell / 2, -0.25, 0.25)],
        [ellipse(*middle, cell * 0.34)],
        [
            ellipse(*middle, cell * 0.42),
        ],
        [
            box(x, y + cell * step / 7, x + cell, y + cell * (step + 0.9) / 7)
            for step in (0, 2, 4, 6)
        ],
        [[(x, y + cell), (x + cell, y + cell), (x + cell, y)]],
        [
            smooth([middle, (x + cell * 0.5, y), (x + cell, y + cell * 0.5)], steps=6),
            smooth([middle, (x + cell * 0.5, y + cell), (x, y + cell * 0.5)], steps=6),
        ],
        [],
    ]
    return rng.choice(kinds)


def _discs(scene: Scene, inks: Sequence[Rgb], paper: Rgb) -> None:
    """Balance stones and discs on fine lines, with one long curve through them."""
    rng, unit, width, height = scene.rng, scene.unit, scene.width, scene.height
    _inked(scene, box(0, 0, width, height), mix(paper, inks[1], 0.14), strength=0.14)
    for index in range(3):
        shape = _pebble(
            scene,
            width * (0.2 + 0.3 * index),
            height * rng.uniform(0.3, 0.7),
            unit * rng.uniform(0.2, 0.3),
        )
        scene.canvas.fill([shape], mix(inks[index], paper, 0.35), opacity=0.75)
        scene.canvas.shade(
            [shape], inks[index], side=rng.choice(("left", "bottom", "right")), strength=0.7
        )
    x, y = scene.across(rng.uniform(0.36, 0.64)), height * 0.86
    for index in range(rng.randint(4, 6)):
        size = unit * (0.16 - 0.021 * index) * rng.uniform(0.85, 1.1)
        y -= size * 0.62
        stone = _pebble(scene, x + unit * rng.uniform(-0.03, 0.03), y, size, flat=0.6)
        _inked(scene, stone, inks[(index + 2) % len(inks)], strength=0.75)
        y -= size * 0.6
    _inked(
        scene,
        ellipse(
            scene.across(rng.uniform(0.68, 0.82)),
            height * rng.uniform(0.2, 0.3),
            unit * rng.uniform(0.07, 0.11),
        ),
        inks[0],
        strength=0.7,
    )
    sweep = flowing(
        [
            (0, height * rng.uniform(0.6, 0.9)),
            (width * 0.3, height * rng.uniform(0.3, 0.6)),
            (width * 0.65, height * rng.uniform(0.55, 0.85)),
            (width, height * rng.uniform(0.25, 0.5)),
        ],
        steps=24,
    )
    for step in range(5):
        scene.canvas.fill(
            [stroke([(px, py + step * unit * 0.012) for px, py in sweep], unit * 0.0022)],
            inks[4],
            opacity=0.8,
        )
    ground = box(0, height * 0.865, width, height)
    _inked(scene, ground, mix(paper, inks[3], 0.6), side="bottom", strength=0.5)


def _pebble(scene: Scene, x: float, y: float, size: float, *, flat: float = 0.9) -> Shape:
    rng = scene.rng
    turns = [math.tau * step / 7 for step in range(7)]
    return smooth(
        [
            (
                x + size * rng.uniform(0.88, 1.1) * math.cos(t),
                y + size * flat * rng.uniform(0.88, 1.1) * math.sin(t),
            )
            for t in turns
        ]
    )

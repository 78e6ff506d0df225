"""Terrain: the particular ground under a motif: a headland, a crag, a tiled roof."""

from playground.art.canvas import Canvas
from playground.art.colour import Fade, Rgb, mix
from playground.art.palette import Palette
from playground.art.scene import Scene
from playground.art.shapes import Point, Shape, box, edge, ellipse, stroke


def headland(scene: Scene, *, x: float, top: float) -> None:
    """Pile rocks from the side of the picture out into the water."""
    unit, palette = scene.unit, scene.palette
    outer = x - scene.facing * scene.width
    coast: Shape = []
    for layer, depth in enumerate((0.72, 0.86, 1.0)):
        flat, cliff, shore = _bluff(scene, x, top, layer)
        body = [(outer, flat[0][1]), *flat, *cliff, *shore, (outer, scene.height + 4)]
        tone = palette.land(depth)
        scene.canvas.fill([body], Fade((mix(tone, palette.glow, 0.18), tone, palette.near)))
        _facets(scene, [*flat, *cliff], unit * 0.13, tone)
        coast = coast or shore
    _surf(scene, coast)


def _bluff(scene: Scene, x: float, top: float, layer: int) -> tuple[Shape, Shape, Shape]:
    """Outline one step of the headland: flat top, cliff, and shore toward the viewer."""
    rng, unit, ahead = scene.rng, scene.unit, scene.facing
    level = top + layer * unit * 0.075
    crown = (x + ahead * unit * (0.2 - 0.07 * layer), level + unit * 0.012)
    sea = (x + ahead * unit * (0.36 - 0.09 * layer), top + unit * (0.17 + 0.075 * layer))
    bottom = (sea[0] + ahead * unit * 0.12, scene.height + 4)
    flat = edge(rng, (x - ahead * unit * 0.5, level + unit * 0.03), crown, wobble=unit * 0.012)
    cliff = edge(rng, crown, sea, wobble=unit * 0.04)
    return flat, cliff, edge(rng, sea, bottom, wobble=unit * 0.06)


def _facets(scene: Scene, rim: Shape, drop: float, tone: Rgb) -> None:
    """Cut lit and dark planes into rock below its rim, all leaning one way."""
    rng, palette = scene.rng, scene.palette
    lean = drop * 0.35 * scene.facing
    for target, opacity in ((palette.glow, 0.13), (palette.near, 0.32)):
        planes: list[Shape] = []
        for _ in range(8):
            start = rng.randrange(len(rim) - 7)
            run = rim[start : start + rng.randint(3, 7)]
            fall = drop * rng.uniform(0.5, 1.3)
            low = (run[-1][0] + lean, run[-1][1] + fall)
            planes.append(
                [*run, low, (run[0][0] + lean * 0.8, run[0][1] + fall * rng.uniform(0.2, 0.5))]
            )
        scene.canvas.fill(planes, mix(tone, target, 0.6), opacity=opacity)


def _surf(scene: Scene, shore: Shape) -> None:
    """Let foam wash along a shore."""
    rng, unit = scene.rng, scene.unit
    flecks = [
        ellipse(
            x + scene.facing * unit * rng.uniform(-0.006, 0.03),
            y + unit * rng.uniform(-0.01, 0.01),
            unit * rng.uniform(0.006, 0.028),
            unit * rng.uniform(0.0012, 0.0026),
        )
        for x, y in shore
        for _ in range(2)
    ]
    scene.canvas.fill(flecks, scene.palette.light, opacity=0.55)


def skerry(scene: Scene, *, x: float, top: float) -> None:
    """Let a bare rock rise from the sea, mirrored faintly, with surf at its foot."""
    rng, unit, palette = scene.rng, scene.unit, scene.palette
    wide, foot = unit * rng.uniform(0.26, 0.36), top + unit * rng.uniform(0.1, 0.15)
    left = edge(rng, (x - unit * 0.1, top), (x - wide, foot), wobble=unit * 0.05)
    right = edge(rng, (x + unit * 0.1, top), (x + wide * 0.9, foot), wobble=unit * 0.05)
    tone = palette.land(0.85)
    body = [*reversed(left), *right]
    mirrored = [(px, foot * 2 - py) for px, py in body]
    scene.canvas.fill([mirrored], palette.near, opacity=0.35, blur=unit * 0.004)
    scene.canvas.fill([body], Fade((mix(tone, palette.glow, 0.22), tone, palette.near)))
    _facets(scene, body, unit * 0.07, tone)
    for _ in range(4):
        _surf(
            scene, edge(rng, (x - wide * 1.15, foot), (x + wide * 1.05, foot), wobble=unit * 0.012)
        )


def crag(scene: Scene, *, x: float, top: float) -> None:
    """Raise the rock under a castle."""
    rng, unit, palette = scene.rng, scene.unit, scene.palette
    left = edge(rng, (x - unit * 0.33, top), (x - unit * 0.75, scene.height), wobble=unit * 0.08)
    right = edge(rng, (x + unit * 0.33, top), (x + unit * 0.75, scene.height), wobble=unit * 0.08)
    crown = edge(rng, (x - unit * 0.33, top), (x + unit * 0.33, top), wobble=unit * 0.015)
    tone = palette.land(0.85)
    scene.canvas.fill(
        [[*reversed(left), *crown, *right]],
        Fade((tone, mix(tone, palette.near, 0.5), palette.near)),
    )
    _facets(scene, [*left[:12], *crown, *right[:12]], unit * 0.2, tone)
    scene.canvas.mist(scene.height * 0.68, scene.height * 0.95, palette.haze, rng, strength=0.5)


def roof(scene: Scene, apex: Point) -> None:
    """Lay a tiled roof whose ridge runs out of the picture, with a chimney."""
    rng, unit, palette, canvas = scene.rng, scene.unit, scene.palette, scene.canvas
    ahead = scene.facing
    end = (apex[0] + ahead * scene.width, apex[1] + unit * 0.015)
    start = (apex[0] - ahead * unit * 0.16, apex[1])
    eave = (start[0] - ahead * unit * 0.34, scene.height + unit * 0.1)
    tile = mix(palette.near, palette.accent, 0.3)
    _chimney(scene, (apex[0] + ahead * unit * 0.34, apex[1]))
    body = [start, end, (end[0], scene.height + 4), (eave[0], scene.height + 4)]
    canvas.fill([body], Fade((mix(tile, palette.glow, 0.14), tile, palette.near)))
    pitch = unit * 0.046
    for row in range(int((scene.height - apex[1]) / pitch) + 1):
        y = apex[1] + pitch * (row + 0.6)
        left = start[0] - ahead * (y - apex[1]) * 0.85
        canvas.fill(
            _scallops(left, y, ahead, scene.width, unit * 0.05, row),
            mix(palette.near, tile, 0.45),
            opacity=0.8,
        )
    canvas.fill([stroke([start, eave], unit * 0.016, unit * 0.02)], mix(palette.near, tile, 0.3))
    canvas.fill(
        [stroke([(start[0] - ahead * unit * 0.015, start[1]), end], unit * 0.02)],
        mix(tile, palette.glow, 0.25),
    )
    if rng.random() < 0.5:
        _aerial(canvas, palette, (apex[0] + ahead * unit * 0.6, apex[1]), unit)


def _scallops(
    left: float, y: float, ahead: int, width: float, size: float, row: int
) -> list[Shape]:
    """Draw the lower rims of one row of round tiles."""
    count = int(width / size) + 12
    rims: list[Shape] = []
    for index in range(count):
        x = left + ahead * size * (index + (0.5 if row % 2 else 0.05))
        bow = [
            (x - size * 0.5, y - size * 0.22),
            (x - size * 0.32, y + size * 0.1),
            (x, y + size * 0.2),
            (x + size * 0.32, y + size * 0.1),
            (x + size * 0.5, y - size * 0.22),
        ]
        rims.append(stroke(bow, size * 0.09))
    return rims[1 if ahead else 0 :]


def _chimney(scene: Scene, foot: Point) -> None:
    unit, palette, canvas = scene.unit, scene.palette, scene.canvas
    x, y = foot
    brick = mix(palette.near, palette.accent, 0.42)
    stack = box(x - unit * 0.045, y - unit * 0.13, x + unit * 0.045, y + unit * 0.03)
    cap = box(x - unit * 0.056, y - unit * 0.15, x + unit * 0.056, y - unit * 0.127)
    pots = [
        box(x + unit * (s - 0.013), y - unit * 0.185, x + unit * (s + 0.013), y - unit * 0.15)
        for s in (-0.024, 0.024)
    ]
    puffs = [
        ellipse(
            x + unit * (0.02 * step), y - unit * (0.2 + 0.035 * step), unit * (0.012 + 0.006 * step)
        )
        for step in range(7)
    ]
    canvas.fill(puffs, palette.haze, opacity=0.35, blur=unit * 0.013)
    canvas.fill([stack, cap, *pots], Fade((mix(brick, palette.glow, 0.15), brick)))
    canvas.shade([stack], palette.near, side="right" if scene.light.x < x else "left", strength=0.8)


def _aerial(canvas: Canvas, palette: Palette, foot: Point, unit: float) -> None:
    x, y = foot
    rods = [stroke([(x, y), (x, y - unit * 0.2)], unit * 0.005)]
    rods += [
        stroke(
            [
                (x - unit * (0.05 - 0.008 * s), y - unit * (0.14 + 0.022 * s)),
                (x + unit * (0.05 - 0.008 * s), y - unit * (0.14 + 0.022 * s)),
            ],
            unit * 0.003,
        )
        for s in range(3)
    ]
    canvas.fill(rods, palette.near)

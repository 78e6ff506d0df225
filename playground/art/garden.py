"""The garden: layered stems and blossoms, some sharp, some washed out behind."""

import math

from PIL import ImageChops

from playground.art.canvas import Stencil
from playground.art.colour import Fade, Rgb, mix
from playground.art.scene import Scene
from playground.art.shapes import Point, Shape, ellipse, flowing, smooth, stroke
from playground.art.texture import levels, noise


def garden(scene: Scene) -> None:
    """Paint washes of colour and three depths of flowers in front of them."""
    _washes(scene)
    if scene.rng.random() < 0.6:
        _sun_wash(scene)
    for depth in (0.0, 0.45, 1.0):
        _bed(scene, depth)


def _inks(scene: Scene) -> tuple[Rgb, ...]:
    palette = scene.palette
    return (
        palette.accent,
        mix(palette.accent, palette.lamp, 0.6),
        palette.lamp,
        mix(palette.accent, (90, 80, 160), 0.6),
        mix(palette.accent, palette.light, 0.55),
        (92, 120, 178),
    )


def _washes(scene: Scene) -> None:
    canvas, palette, rng = scene.canvas, scene.palette, scene.rng
    canvas.wash(Fade(palette.sky))
    size = (scene.width, scene.height)
    tones = [*_inks(scene)[2:5], mix(palette.far, palette.sky[0], 0.3), palette.far]
    for index, tone in enumerate(tones):
        bloom = noise(rng, size, cells=(3, 3), octaves=5)
        low = 0.55 if index < 3 else 0.45
        wash = levels(bloom, low, low + 0.16)
        rim = ImageChops.multiply(
            levels(bloom, low, low + 0.05), ImageChops.invert(levels(bloom, low + 0.05, low + 0.1))
        )
        where = (0, 0, *size)
        canvas.stamp(Stencil(wash, where), mix(tone, palette.light, 0.45), opacity=0.42)
        canvas.stamp(Stencil(rim, where), tone, opacity=0.16)


def _sun_wash(scene: Scene) -> None:
    rng, unit = scene.rng, scene.unit
    spot = (scene.across(rng.uniform(0.2, 0.8)), scene.height * rng.uniform(0.15, 0.3))
    tone = mix(scene.palette.lamp, scene.palette.accent, 0.3)
    for radius in (0.13, 0.1):
        scene.canvas.fill(
            [_petal_ring(scene, spot, unit * radius)], tone, opacity=0.35, blur=unit * 0.004
        )


def _petal_ring(scene: Scene, spot: Point, radius: float) -> Shape:
    turns = [math.tau * step / 12 for step in range(12)]
    return smooth(
        [
            (
                spot[0] + radius * scene.rng.uniform(0.93, 1.06) * math.cos(turn),
                spot[1] + radius * scene.rng.uniform(0.93, 1.06) * math.sin(turn),
            )
            for turn in turns
        ]
    )


def _bed(scene: Scene, depth: float) -> None:
    """Plant one depth: 0 is far and faint, 1 is near and sharp."""
    rng, unit = scene.rng, scene.unit
    count = int((22 - 6 * depth) * max(scene.width / unit, 0.8))
    _grasses(scene, depth)
    slots = [(index + rng.uniform(0.15, 0.85)) / count for index in range(count)]
    rng.shuffle(slots)
    with scene.canvas.ghost(0.42 + 0.56 * depth):
        for slot in slots:
            tall = scene.height * rng.uniform(0.26, 0.74) * (1.1 - 0.24 * depth)
            _plant(scene, slot * scene.width, tall, unit * (0.034 + 0.033 * depth), depth)


def _grasses(scene: Scene, depth: float) -> None:
    rng, unit, palette = scene.rng, scene.unit, scene.palette
    tone = mix(palette.far, palette.near, 0.2 + 0.6 * depth)
    for share in (0.0, 0.35):
        blades: list[Shape] = []
        for _ in range(int(70 * scene.width / unit)):
            x = rng.uniform(-0.02, 1.02) * scene.width
            rise = scene.height * rng.uniform(0.08, 0.34) * (1.1 - 0.3 * depth)
            lean = rng.gauss(0, unit * 0.035)
            bend = flowing(
                [
                    (x, scene.height + 4),
                    (x + lean * 0.2, scene.height - rise * 0.6),
                    (x + lean, scene.height - rise),
                ],
                steps=4,
            )
            blades.append(stroke(bend, unit * (0.003 + 0.005 * depth), unit * 0.0006))
        scene.canvas.fill(blades, mix(tone, palette.lamp, share), opacity=0.34 + 0.3 * depth)


def _plant(scene: Scene, x: float, tall: float, size: float, depth: float) -> None:
    rng, palette = scene.rng, scene.palette
    lean = rng.gauss(0, size * 0.6)
    foot, head = (x - lean, scene.height + 5.0), (x + lean, scene.height - tall)
    stem = flowing([foot, (x - lean * 0.6, scene.height - tall * 0.45), head], steps=10)
    green = mix(palette.far, palette.near, 0.3 + 0.45 * depth)
    leaves = [_stem_leaf(scene, stem, size) for _ in range(rng.randint(1, 4))]
    scene.canvas.fill([stroke(stem, size * 0.13, size * 0.07)], green)
    scene.canvas.fill(leaves, mix(green, palette.lamp, rng.uniform(0, 0.3)), opacity=0.85)
    rng.choice((_daisy, _poppy, _poppy, _tulip, _lavender, _globe))(
        scene, head, size * rng.uniform(0.8, 1.2)
    )


def _stem_leaf(scene: Scene, stem: Shape, size: float) -> Shape:
    rng = scene.rng
    x, y = stem[rng.randint(3, len(stem) - 6)]
    side, long = rng.choice((-1, 1)), size * rng.uniform(1.2, 2.3)
    tip = (x + side * long * 0.75, y - long * 0.7)
    middle = (x + side * long * 0.3, y - long * 0.45)
    return [
        *flowing([(x, y), (middle[0] - side * size * 0.1, middle[1] - size * 0.22), tip]),
        *flowing([tip, (middle[0] + side * size * 0.16, middle[1] + size * 0.2), (x, y)]),
    ]


def _petal(centre: Point, turn: float, long: float, wide: float) -> Shape:
    x, y = centre
    ax, ay = math.cos(turn), math.sin(turn)
    outline = [(0.0, 0.0), (0.45, 0.5), (0.85, 0.42), (1.0, 0.0), (0.85, -0.42), (0.45, -0.5)]
    return smooth(
        [
            (x + ax * u * long - ay * v * wide, y + ay * u * long + ax * v * wide)
            for u, v in outline
        ],
        steps=5,
    )


def _daisy(scene: Scene, head: Point, size: float) -> None:
    rng, palette = scene.rng, scene.palette
    tone = rng.choice(
        (
            mix(palette.light, palette.accent, 0.06),
            mix(palette.light, palette.accent, 0.2),
            mix(_inks(scene)[5], palette.light, 0.25),
        )
    )
    count, start = rng.randint(9, 13), rng.uniform(0, 6)
    petals = [
        _petal(head, start + math.tau * i / count, size * rng.uniform(0.88, 1.1), size * 0.36)
        for i in range(count)
    ]
    scene.canvas.fill(petals, mix(tone, palette.near, 0.28))
    scene.canvas.fill(
        [_petal(head, start + math.tau * i / count, size * 0.94, size * 0.3) for i in range(count)],
        tone,
        opacity=0.92,
    )
    heart = ellipse(*head, size * 0.29)
    scene.canvas.fill([heart], mix(palette.lamp, palette.accent, 0.25))
    scene.canvas.shade([heart], mix(palette.accent, palette.near, 0.4), side="bottom", strength=0.8)


def _poppy(scene: Scene, head: Point, size: float) -> None:
    rng, canvas = scene.rng, scene.canvas
    tone = rng.choice(_inks(scene)[:2] + _inks(scene)[4:5])
    start = rng.uniform(0, 6)
    for index in range(5):
        turn = start + math.tau * index / 5
        petal = _petal(head, turn, size * rng.uniform(1.0, 1.2), size * rng.uniform(1.05, 1.3))
        canvas.fill([petal], Fade((mix(tone, scene.palette.light, 0.28), tone)), opacity=0.66)
        canvas.shade([petal], mix(tone, scene.palette.near, 0.35), side="bottom", strength=0.4)
    canvas.fill([ellipse(*head, size * 0.2)], mix(scene.palette.near, tone, 0.2), opacity=0.9)
    seeds = [
        ellipse(
            head[0] + size * 0.32 * math.cos(i), head[1] + size * 0.32 * math.sin(i), size * 0.028
        )
        for i in range(14)
    ]
    canvas.fill(seeds, scene.palette.near, opacity=0.75)


def _tulip(scene: Scene, head: Point, size: float) -> None:
    rng, canvas, palette = scene.rng, scene.canvas, scene.palette
    tone = rng.choice(_inks(scene)[:5])
    x, y = head
    for lean, share in ((-0.42, 0.25), (0.42, 0.12), (0.0, 0.0)):
        petal = smooth(
            [
                (x, y + size * 0.25),
                (x + size * (lean - 0.32), y - size * 0.3),
                (x + size * lean * 1.25, y - size * (1.15 - abs(lean) * 0.2)),
                (x + size * (lean + 0.32), y - size * 0.3),
            ],
            steps=7,
        )
        canvas.fill(
            [petal],
            Fade((mix(tone, palette.light, 0.25), mix(tone, palette.near, share))),
            opacity=0.88,
        )


def _lavender(scene: Scene, head: Point, size: float) -> None:
    rng = scene.rng
    for tone in (_inks(scene)[3], mix(_inks(scene)[3], scene.palette.light, 0.3), _inks(scene)[5]):
        buds: list[Shape] = []
        for step in range(16):
            down = step / 16
            x = head[0] + rng.uniform(-0.3, 0.3) * size * (0.25 + down)
            buds.append(
                ellipse(x, head[1] - size * 0.9 + down * size * 2.3, size * 0.11, size * 0.14)
            )
        scene.canvas.fill(buds, tone, opacity=0.75)


def _globe(scene: Scene, head: Point, size: float) -> None:
    rng, palette = scene.rng, scene.palette
    tone = rng.choice(_inks(scene))
    hairs = [
        stroke([head, (head[0] + size * math.cos(t), head[1] + size * math.sin(t))], size * 0.03)
        for t in (math.tau * i / 34 for i in range(34))
    ]
    tips = [
        ellipse(
            head[0] + size * rng.uniform(0.6, 1.02) * math.cos(i),
            head[1] + size * rng.uniform(0.6, 1.02) * math.sin(i),
            size * 0.06,
        )
        for i in range(60)
    ]
    scene.canvas.fill(hairs, mix(tone, palette.light, 0.4), opacity=0.7)
    scene.canvas.fill(tips, tone, opacity=0.8)
    scene.canvas.fill([ellipse(*head, size * 0.22)], mix(tone, palette.near, 0.4))

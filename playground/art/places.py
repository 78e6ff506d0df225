"""Places: each paints a whole backdrop; to add one, write it and name it in PLACES."""

import math
from collections.abc import Callable, Mapping

from playground.art.abstract import composition
from playground.art.city import signs, skyline
from playground.art.colour import Fade, mix
from playground.art.garden import garden
from playground.art.land import dunes, grass, hills, mound, peak, ridges
from playground.art.scene import Scene
from playground.art.shapes import Shape, down_to, ellipse, flowing, ridge, stroke
from playground.art.sky import paint_sky, rays
from playground.art.space import deep_sky, worlds
from playground.art.trees import (
    broadleaf,
    canopy,
    leaf_tones,
    litter,
    pine,
    pine_forest,
    pine_rank,
    trunks,
)
from playground.art.water import still_water, swell

Backdrop = Callable[[Scene], None]


def sea(scene: Scene) -> None:
    """Paint the sea: still and mirroring, or rolling when it storms."""
    paint_sky(scene)
    rng = scene.rng
    if rng.random() < 0.75:
        _islands(scene)
    rough = scene.brief.mood == "storm" or (scene.brief.motif is None and rng.random() < 0.4)
    still_water(scene, scene.horizon)
    if rough:
        swell(
            scene,
            scene.horizon,
            height=scene.unit * (0.11 if scene.brief.mood == "storm" else 0.075),
        )
    elif scene.brief.motif is None:
        _shore(scene)


def _islands(scene: Scene) -> None:
    rng, palette = scene.rng, scene.palette
    for depth in (0.12, 0.3):
        line = ridge(
            rng,
            scene.width,
            scene.horizon + scene.unit * 0.05 * (1 - depth),
            scene.unit * 0.1,
            roughness=0.5,
        )
        tone = mix(palette.land(depth), palette.haze, 0.35)
        scene.canvas.fill(
            [down_to(line, scene.horizon + 1)], Fade((tone, mix(tone, palette.haze, 0.5)))
        )
        scene.canvas.mist(
            scene.horizon - scene.unit * 0.12, scene.horizon + 2, palette.haze, rng, strength=0.5
        )


def _shore(scene: Scene) -> None:
    """Lay a curve of beach with foam into the foreground."""
    rng, palette, unit = scene.rng, scene.palette, scene.unit
    start, end = scene.height * rng.uniform(0.78, 0.86), scene.height * rng.uniform(0.94, 1.06)
    heights = (start, end) if scene.facing > 0 else (end, start)
    line = flowing(
        [
            (-4, heights[0]),
            (scene.width * 0.35, heights[0] * 0.45 + heights[1] * 0.55),
            (scene.width * 0.7, heights[1] * 0.9 + heights[0] * 0.1),
            (scene.width + 4, heights[1]),
        ],
        steps=20,
    )
    sand = mix(palette.haze, palette.near, 0.42 if palette.dark else 0.22)
    for lift, opacity in ((0.05, 0.22), (0.028, 0.4), (0.0, 1.0)):
        body = down_to([(x, y - unit * lift) for x, y in line], scene.height + 2)
        scene.canvas.fill([body], mix(sand, palette.light, 0.5) if lift else sand, opacity=opacity)
    body = down_to(line, scene.height + 2)
    scene.canvas.fill([stroke(line, unit * 0.008)], palette.light, opacity=0.8)
    scene.canvas.shade([body], mix(sand, palette.near, 0.4), side="bottom", strength=0.6)


def mountain(scene: Scene) -> None:
    """Paint great peaks over hills, with a lake before them more often than not."""
    paint_sky(scene)
    rng, unit, palette = scene.rng, scene.unit, scene.palette
    lake = scene.brief.motif == "boat" or (scene.brief.motif is None and rng.random() < 0.6)
    shore = scene.horizon + unit * 0.1
    ridges(
        scene,
        top=scene.horizon - unit * 0.06,
        bottom=scene.horizon - unit * 0.02,
        count=2,
        nearest=0.25,
    )
    snow = scene.brief.mood in {"winter", "dawn", "day", "night", "dusk"} or rng.random() < 0.4
    for x, rise, depth in _range(scene):
        peak(scene, x=x, foot=shore, rise=rise, depth=depth, snow=snow)
        scene.canvas.mist(shore - unit * 0.2, shore + unit * 0.05, palette.haze, rng, strength=0.5)
    if lake:
        _treeline(scene, shore)
        still_water(scene, shore)
        _bank(scene)
    else:
        hills(scene, top=shore, bottom=scene.height * 0.88, count=3, nearest=0.95)
        _fir_edge(scene)


def _range(scene: Scene) -> list[tuple[float, float, float]]:
    """Choose the peaks: x, height and depth of each, far ones first."""
    rng = scene.rng
    main = scene.across(rng.uniform(0.32, 0.62))
    tallest = min(scene.horizon * rng.uniform(0.62, 0.78), scene.unit * 0.62)
    sides = [
        (main + side * scene.unit * rng.uniform(0.3, 0.46), tallest * rng.uniform(0.5, 0.75), 0.3)
        for side in (-1, 1)
    ]
    far = [(scene.width * rng.random(), tallest * rng.uniform(0.35, 0.55), 0.18) for _ in range(3)]
    return [*far, *sides, (main, tallest, 0.42)]


def _treeline(scene: Scene, shore: float) -> None:
    line = ridge(
        scene.rng, scene.width, shore - scene.unit * 0.008, scene.unit * 0.012, roughness=0.5
    )
    tone = mix(scene.palette.land(0.62), scene.palette.haze, 0.12)
    count = int(80 * scene.width / scene.unit)
    pine_rank(scene, line, tall=scene.unit * 0.05, count=count, paint=tone)


def _bank(scene: Scene) -> None:
    """Let a fir and reeds stand in the nearest corner of the lake."""
    rng, unit = scene.rng, scene.unit
    side = rng.choice((0.0, 1.0)) * scene.width
    line = [
        (x, _slope(scene, abs(x - side))) for x in (scene.width * step / 60 for step in range(61))
    ]
    firs = [down_to(line, scene.height + 2)]
    for away in (0.07, 0.16, 0.26)[: rng.randint(1, 3)]:
        x = abs(side - unit * away)
        firs += pine(
            scene,
            (x, _slope(scene, unit * away) + unit * 0.03),
            unit * (0.44 - away) * rng.uniform(0.8, 1.1),
        )
    scene.canvas.fill(firs, scene.palette.near)
    grass(scene, line, count=160, tall=unit * 0.05)


def _slope(scene: Scene, away: float) -> float:
    height = math.sqrt(max(0.0, 1 - away / (scene.unit * 0.6)))
    return scene.height + scene.unit * (0.03 - 0.16 * height)


def _fir_edge(scene: Scene) -> None:
    rng, unit = scene.rng, scene.unit
    line = mound(scene, y=scene.height * 0.95, height=unit * 0.03)
    if scene.brief.motif is None:
        pine_rank(
            scene,
            line,
            tall=unit * 0.17,
            count=int(rng.randint(12, 18) * scene.width / unit),
            paint=scene.palette.near,
        )


def forest(scene: Scene) -> None:
    """Paint a forest: firs in mist, or tall trunks under a canopy of leaves."""
    paint_sky(scene)
    rng, unit = scene.rng, scene.unit
    leafy = scene.brief.mood == "autumn" or (
        scene.brief.mood in {"day", "garden"} and rng.random() < 0.6
    )
    if leafy:
        _woodland(scene)
        return
    pine_forest(scene, top=scene.horizon - unit * 0.16, bottom=scene.height * 0.93, ranks=5)
    rays(scene, strength=0.16)
    _frame(scene)


def _frame(scene: Scene) -> None:
    """Stand a few great firs at both sides, close to the viewer."""
    rng, unit = scene.rng, scene.unit
    firs: list[Shape] = []
    for away in (-0.02, 0.1, 0.2, 0.82, 0.93, 1.03):
        if rng.random() < 0.75:
            tall = unit * rng.uniform(0.5, 0.95) * (1 - 1.4 * min(abs(away), abs(1 - away)))
            firs += pine(scene, (away * scene.width, scene.height + unit * 0.08), tall)
    scene.canvas.fill(firs, Fade((scene.palette.land(0.9), scene.palette.near)))


def _woodland(scene: Scene) -> None:
    rng, unit, palette = scene.rng, scene.unit, scene.palette
    tones = leaf_tones(scene)
    far = [mix(tone, palette.haze, 0.55) for tone in tones]
    line = hills(scene, top=scene.horizon, bottom=scene.horizon + unit * 0.05, count=1, nearest=0.2)
    for _ in range(int(6 * scene.width / unit)):
        x, y = rng.choice(line)
        broadleaf(scene, (x, y + unit * 0.02), unit * rng.uniform(0.22, 0.36), far)
    scene.canvas.mist(
        scene.horizon - unit * 0.3, scene.height * 0.9, palette.haze, rng, strength=0.75
    )
    trunks(scene, ground=scene.height * 0.86, ranks=4, birch=rng.random() < 0.7)
    canopy(
        scene, bottom=scene.height * rng.uniform(0.26, 0.4), density=int(420 * scene.width / unit)
    )
    floor = mound(scene, y=scene.height * 0.86, height=unit * 0.03, depth=0.8)
    _carpet(scene, floor)
    rays(scene, strength=0.2)


def _carpet(scene: Scene, floor: Shape) -> None:
    warm = leaf_tones(scene)[2]
    if cut := scene.canvas.stencil([down_to(floor, scene.height + 2)]):
        scene.canvas.stamp(cut, Fade((warm, mix(warm, scene.palette.near, 0.75))), opacity=0.8)
    litter(scene, floor, count=int(900 * scene.width / scene.unit))


def city(scene: Scene) -> None:
    """Paint a skyline whose lights stand in the water before it."""
    paint_sky(scene)
    base = scene.horizon + scene.unit * 0.12
    skyline(scene, base=base)
    if scene.brief.mood == "neon" or scene.rng.random() < 0.4:
        signs(scene, base=base)
    still_water(scene, base, clarity=0.95)


def desert(scene: Scene) -> None:
    """Paint dunes under a large sun, with far table mountains."""
    paint_sky(scene)
    rng, palette, unit = scene.rng, scene.palette, scene.unit
    for depth in (0.05, 0.2):
        _mesas(scene, depth)
    scene.canvas.mist(
        scene.horizon - unit * 0.15, scene.horizon + unit * 0.05, palette.haze, rng, strength=0.6
    )
    crest = dunes(scene, top=scene.horizon, bottom=scene.height * 0.86, count=rng.randint(4, 6))
    if scene.brief.motif is None:
        _travellers(scene, crest)


def _mesas(scene: Scene, depth: float) -> None:
    rng, unit = scene.rng, scene.unit
    tables: list[Shape] = []
    for _ in range(3):
        x, wide = rng.uniform(0, scene.width), unit * rng.uniform(0.06, 0.2)
        top = scene.horizon - unit * rng.uniform(0.03, 0.1)
        tables.append(
            [
                (x - wide, scene.horizon + unit * 0.04),
                (x - wide * 0.72, top + unit * 0.02),
                (x - wide * 0.62, top),
                (x + wide * 0.6, top + unit * 0.004),
                (x + wide * 0.7, top + unit * 0.03),
                (x + wide, scene.horizon + unit * 0.04),
            ]
        )
    scene.canvas.fill(tables, mix(scene.palette.land(depth), scene.palette.haze, 0.4 - depth))


def _travellers(scene: Scene, crest: Shape) -> None:
    """Stand a saguaro or two on the nearest dune."""
    rng, unit = scene.rng, scene.unit
    for _ in range(rng.randint(1, 3)):
        x, y = rng.choice(crest[len(crest) // 5 : -len(crest) // 5])
        tall = unit * rng.uniform(0.1, 0.2)
        scene.canvas.fill(_cactus(x, y + tall * 0.05, tall), scene.palette.near)


def _cactus(x: float, y: float, tall: float) -> list[Shape]:
    thick = tall * 0.13
    shapes = [stroke([(x, y), (x, y - tall)], thick), ellipse(x, y - tall, thick / 2)]
    for side, low, high in ((-1, 0.35, 0.75), (1, 0.5, 0.88)):
        elbow = x + side * tall * 0.2
        arm = flowing(
            [
                (x, y - tall * low),
                (elbow * 0.8 + x * 0.2, y - tall * low),
                (elbow, y - tall * (low + 0.08)),
                (elbow, y - tall * high),
            ]
        )
        shapes += [stroke(arm, thick * 0.7), ellipse(elbow, y - tall * high, thick * 0.35)]
    return shapes


def space(scene: Scene) -> None:
    """Paint deep space with its planets."""
    deep_sky(scene)
    low = scene.brief.motif is not None
    worlds(scene, low=low)
    if low:
        scene.canvas.glow(
            (scene.light.x, scene.light.y), scene.unit * 0.5, scene.palette.light, strength=0.35
        )


PLACES: Mapping[str, Backdrop] = {
    "sea": sea,
    "mountain": mountain,
    "forest": forest,
    "city": city,
    "desert": desert,
    "space": space,
    "garden": garden,
    "abstract": composition,
}

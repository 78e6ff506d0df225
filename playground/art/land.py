"""Land: hazy ridges, peaks with facets and snow, dunes, and the ground one stands on."""

from itertools import pairwise

from playground.art.colour import Fade, Rgb, mix
from playground.art.scene import Scene
from playground.art.shapes import (
    Point,
    Shape,
    down_to,
    edge,
    flowing,
    height_at,
    ridge,
    rolling,
    stroke,
)


def ridges(scene: Scene, *, top: float, bottom: float, count: int, nearest: float = 1.0) -> Shape:
    """Stack skylines from far to near, each standing in mist; returns the nearest skyline."""
    canvas, palette, rng = scene.canvas, scene.palette, scene.rng
    line: Shape = []
    for layer in range(count):
        depth = (layer + 1) / count
        y = top + (bottom - top) * layer / max(count - 1, 1)
        line = ridge(
            rng, scene.width, y, scene.unit * (0.05 + 0.07 * depth), roughness=0.5 + 0.04 * depth
        )
        tone = palette.land(depth * nearest)
        haze = mix(tone, palette.haze, 0.62 - 0.4 * depth)
        canvas.fill(
            [down_to(line, scene.height + 2)], Fade((tone, mix(tone, haze, 0.6), haze, haze))
        )
        if layer < count - 1:
            canvas.mist(y, y + scene.unit * 0.22, palette.haze, rng, strength=0.4)
    return line


def hills(scene: Scene, *, top: float, bottom: float, count: int, nearest: float = 1.0) -> Shape:
    """Stack soft hills from far to near; returns the nearest skyline."""
    canvas, palette, rng = scene.canvas, scene.palette, scene.rng
    line: Shape = []
    for layer in range(count):
        depth = (layer + 1) / count
        y = top + (bottom - top) * layer / max(count - 1, 1)
        waves = rng.uniform(0.6, 1.4) * max(scene.width / scene.unit, 0.8)
        line = rolling(rng, scene.width, y, scene.unit * 0.05, waves=waves)
        tone = palette.land(depth * nearest)
        body = down_to(line, scene.height + 2)
        canvas.fill([body], Fade((mix(tone, palette.glow, 0.12), tone, palette.land(depth))))
        canvas.shade([body], palette.land(min(depth * nearest + 0.35, 1)), side="bottom")
        canvas.mist(y, y + scene.unit * 0.16, palette.haze, rng, strength=0.35 * (1 - depth))
    return line


def peak(scene: Scene, *, x: float, foot: float, rise: float, depth: float, snow: bool) -> None:
    """Raise one mountain: a lit side, a shaded side, snow on top, mist at its foot."""
    rng, palette, canvas = scene.rng, scene.palette, scene.canvas
    spread = rise * rng.uniform(0.95, 1.25)
    summit = (x, foot - rise)
    left = edge(rng, summit, (x - spread, foot), wobble=rise * 0.13, depth=6)
    right = edge(
        rng, summit, (x + spread * rng.uniform(0.9, 1.1), foot), wobble=rise * 0.13, depth=6
    )
    body = [*reversed(left), *right]
    tone = palette.land(depth)
    lit = mix(tone, palette.glow, 0.3)
    haze = mix(tone, palette.haze, 0.75 - 0.3 * depth)
    canvas.fill([body], Fade((lit, mix(lit, tone, 0.5), haze)))
    if snow:
        _snowcap(scene, summit, left, right, tone)
    _shadow_side(scene, summit, foot, left if scene.light.x > x else right, haze)


def _shadow_side(scene: Scene, summit: Point, foot: float, side: Shape, haze: Rgb) -> None:
    rng = scene.rng
    away = 1 if side[-1][0] > summit[0] else -1
    rise = foot - summit[1]
    spine = edge(
        rng,
        summit,
        (summit[0] - away * rise * rng.uniform(0.0, 0.22), foot),
        wobble=rise * 0.2,
        depth=5,
    )
    dark = mix(scene.palette.near, scene.palette.sky[0], 0.35)
    cut = scene.canvas.stencil([[*spine, *reversed(side)]])
    if cut:
        scene.canvas.stamp(cut, Fade((dark, mix(dark, haze, 0.55), haze)), opacity=0.62)
    scene.canvas.fill(_gullies(scene, spine, away), dark, opacity=0.16)


def _gullies(scene: Scene, spine: Shape, away: int) -> list[Shape]:
    """Score the lit side with slender ravines that leave the spine."""
    rng = scene.rng
    cuts: list[Shape] = []
    for index in range(3, len(spine) // 2, 3):
        x, y = spine[index]
        long = (spine[-1][1] - spine[0][1]) * rng.uniform(0.12, 0.3)
        tip = (x - away * long * rng.uniform(0.45, 0.75), y + long)
        cuts.append([(x, y), tip, (x - away * long * 0.1, y + long * 0.45)])
    return cuts


def _snowcap(scene: Scene, summit: Point, left: Shape, right: Shape, tone: Rgb) -> None:
    rng, palette = scene.rng, scene.palette
    count = int(len(left) * rng.uniform(0.34, 0.46))
    west, east = left[:count], right[:count]
    snow = mix(palette.light, palette.sky[-2], 0.25 if palette.dark else 0.08)
    hem = _hem(scene, east[-1], west[-1], drop=east[-1][1] - summit[1])
    scene.canvas.fill([[*east, *hem, *reversed(west)]], Fade((snow, mix(snow, tone, 0.25))))


def _hem(scene: Scene, start: Point, end: Point, *, drop: float) -> Shape:
    """Tear the lower hem of a snowfield into tongues of uneven length."""
    rng = scene.rng
    hem: Shape = []
    steps = rng.randint(11, 15)
    for step in range(1, steps):
        share = (step + rng.uniform(-0.35, 0.35)) / steps
        middle = 1 - abs(share - 0.5) * 1.6
        fall = rng.uniform(0.0, 0.75) * middle if step % 2 else rng.uniform(-0.5, -0.1) * middle
        y = start[1] + (end[1] - start[1]) * share
        hem.append((start[0] + (end[0] - start[0]) * share, y + drop * fall))
    return hem


def dunes(scene: Scene, *, top: float, bottom: float, count: int) -> Shape:
    """Lay dunes from far to near, each with a lit and a shaded slope; returns the nearest crest."""
    crest: Shape = []
    for layer in range(count):
        share = layer / max(count - 1, 1)
        crest = _dune(scene, y=top + (bottom - top) * share**1.2, depth=share)
    return crest


def _dune(scene: Scene, *, y: float, depth: float) -> Shape:
    rng, palette, canvas, unit = scene.rng, scene.palette, scene.canvas, scene.unit
    span = scene.width
    swell = unit * (0.03 + 0.09 * depth)
    anchors = [
        (span * (step / 4 + rng.uniform(-0.06, 0.06)), y + rng.uniform(-1, 0.45) * swell)
        for step in range(-1, 6)
    ]
    crest = flowing(anchors, steps=24)
    tone = mix(palette.far, mix(palette.accent, palette.near, 0.35), depth * 0.75)
    lit = mix(tone, palette.light, 0.34 - 0.12 * depth)
    body = down_to(crest, scene.height + 2)
    canvas.fill([body], Fade((lit, tone, mix(tone, palette.near, 0.2 + 0.2 * depth))))
    canvas.shade([body], mix(tone, palette.near, 0.5), side="bottom", strength=0.4)
    for peak_x, peak_y in _crests(anchors):
        _lee(scene, crest, (peak_x, peak_y), reach=unit * (0.22 + 0.45 * depth), tone=tone)
    canvas.fill([stroke(crest, unit * 0.003)], mix(lit, palette.light, 0.6), opacity=0.7)
    return crest


def _crests(anchors: list[Point]) -> list[Point]:
    return [
        here
        for before, here, after in zip(anchors, anchors[1:], anchors[2:], strict=False)
        if here[1] < before[1] and here[1] < after[1]
    ]


def _lee(scene: Scene, crest: Shape, top: Point, *, reach: float, tone: Rgb) -> None:
    """Shade the slope that looks away from the sun."""
    away = -1 if scene.light.x > top[0] else 1
    along = _falling(crest, top, away, limit=reach * 0.9)
    if len(along) < 3:
        return
    steps = ((0.12, 0.16), (-0.05, 0.36), (0.3, 0.66), (0.25, 1.0))
    spine = flowing([top, *((top[0] + away * reach * x, top[1] + reach * y) for x, y in steps)])
    end, low = along[-1], spine[-1]
    foot = flowing([end, (end[0] * 0.4 + low[0] * 0.6, end[1] * 0.6 + low[1] * 0.4), low])
    dark = mix(tone, scene.palette.near, 0.62)
    if cut := scene.canvas.stencil([[*along, *foot, *reversed(spine)]]):
        scene.canvas.stamp(cut, Fade((dark, mix(dark, tone, 0.4), tone)), opacity=0.85)


def _falling(crest: Shape, top: Point, away: int, *, limit: float) -> Shape:
    """Follow a crest from its top downhill, one way, no farther than a limit."""
    ahead = sorted(
        (p for p in crest if 0 <= (p[0] - top[0]) * away <= limit), key=lambda p: p[0] * away
    )
    for index, (here, after) in enumerate(pairwise(ahead)):
        if after[1] < here[1] - 0.01:
            return ahead[: index + 1]
    return ahead


def mound(scene: Scene, *, y: float, height: float, depth: float = 1.0) -> Shape:
    """Lay the near ground; returns its skyline to stand on."""
    palette = scene.palette
    line = rolling(scene.rng, scene.width, y, height, waves=0.55)
    body = down_to(line, scene.height + 2)
    tone = palette.land(depth)
    scene.canvas.fill([body], Fade((mix(tone, palette.far, 0.16), tone)))
    if scene.brief.mood == "winter":
        drift = mix(palette.light, palette.sky[1], 0.22)
        scene.canvas.fill([body], Fade((drift, mix(drift, palette.far, 0.6))))
    return line


def grass(scene: Scene, line: Shape, *, count: int, tall: float) -> None:
    """Let blades of grass stand along a skyline."""
    rng, palette = scene.rng, scene.palette
    blades: list[Shape] = []
    for _ in range(count):
        x = rng.uniform(0, scene.width)
        y = height_at(line, x) + scene.unit * 0.006
        lean, rise = rng.gauss(0, tall * 0.3), tall * rng.uniform(0.4, 1.0)
        bend = flowing([(x, y), (x + lean * 0.3, y - rise * 0.6), (x + lean, y - rise)], steps=3)
        blades.append(stroke(bend, scene.unit * 0.004, scene.unit * 0.0008))
    scene.canvas.fill(blades, mix(palette.near, palette.far, 0.12))

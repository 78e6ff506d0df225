"""Land: ridges, hills and peaks, the near ground, grass and firs, and a lighthouse's rocks."""

from playground.art.colour import Gradient, Paint, Rgb, mix
from playground.art.scene import Scene
from playground.art.shapes import (
    Point,
    Shape,
    ellipse,
    filled_below,
    open_curve,
    rough_line,
    rough_skyline,
    soft_skyline,
    stroke,
    y_at,
)


def ridges(scene: Scene) -> None:
    """Lay two distant jagged skylines, the farther one in mist."""
    canvas, palette, rng = scene.canvas, scene.palette, scene.rng
    for depth, rise in ((0.5, 0.06), (1.0, 0.02)):
        y = scene.horizon - scene.unit * rise
        height, roughness = scene.unit * (0.05 + 0.07 * depth), 0.5 + 0.04 * depth
        line = rough_skyline(rng, scene.width, y, height, roughness=roughness)
        tone = palette.land(depth * 0.25)
        haze = mix(tone, palette.haze, 0.62 - 0.4 * depth)
        body = filled_below(line, scene.height + 2)
        canvas.fill([body], Gradient((tone, mix(tone, haze, 0.6), haze, haze)))
        if depth < 1:
            canvas.mist(y, y + scene.unit * 0.22, palette.haze, rng, strength=0.4)


def hills(scene: Scene, *, top: float, bottom: float) -> None:
    """Lay three soft hills from far to near."""
    canvas, palette, rng = scene.canvas, scene.palette, scene.rng
    for layer in range(3):
        depth = (layer + 1) / 3
        y = top + (bottom - top) * layer / 2
        waves = rng.uniform(0.6, 1.4) * max(scene.width / scene.unit, 0.8)
        line = soft_skyline(rng, scene.width, y, scene.unit * 0.05, waves=waves)
        tone = palette.land(depth * 0.95)
        body = filled_below(line, scene.height + 2)
        canvas.fill([body], Gradient((mix(tone, palette.glow, 0.12), tone, palette.land(depth))))
        canvas.shade([body], palette.land(min(depth * 0.95 + 0.35, 1)), side="bottom")
        canvas.mist(y, y + scene.unit * 0.16, palette.haze, rng, strength=0.35 * (1 - depth))


def peak(scene: Scene, *, x: float, foot: float, rise: float, depth: float, snow: bool) -> None:
    """Draw one mountain: a lit side, a shaded side, snow on top, haze at its foot."""
    rng, palette, canvas = scene.rng, scene.palette, scene.canvas
    spread = rise * rng.uniform(0.95, 1.25)
    summit = (x, foot - rise)
    left = rough_line(rng, summit, (x - spread, foot), wobble=rise * 0.13, depth=6)
    far_right = (x + spread * rng.uniform(0.9, 1.1), foot)
    right = rough_line(rng, summit, far_right, wobble=rise * 0.13, depth=6)
    tone = palette.land(depth)
    lit = mix(tone, palette.glow, 0.3)
    haze = mix(tone, palette.haze, 0.75 - 0.3 * depth)
    canvas.fill([[*reversed(left), *right]], Gradient((lit, mix(lit, tone, 0.5), haze)))
    if snow:
        _snowcap(scene, left, right, tone)
    _shadow_side(scene, left if scene.light.x > x else right, haze)


def _snowcap(scene: Scene, left: Shape, right: Shape, tone: Rgb) -> None:
    """Lay snow on a summit; its lower edge is made of tongues of uneven length."""
    rng, palette = scene.rng, scene.palette
    count = int(len(left) * rng.uniform(0.34, 0.46))
    west, east = left[:count], right[:count]
    (x0, y0), (x1, y1) = east[-1], west[-1]
    hem: Shape = []
    steps = rng.randint(11, 15)
    for step in range(1, steps):
        share = (step + rng.uniform(-0.35, 0.35)) / steps
        middle = 1 - abs(share - 0.5) * 1.6
        fall = rng.uniform(0.0, 0.75) * middle if step % 2 else rng.uniform(-0.5, -0.1) * middle
        y = y0 + (y1 - y0) * share + (y0 - left[0][1]) * fall
        hem.append((x0 + (x1 - x0) * share, y))
    snow = mix(palette.light, palette.sky[-2], 0.25 if palette.dark else 0.08)
    scene.canvas.fill([[*east, *hem, *reversed(west)]], Gradient((snow, mix(snow, tone, 0.25))))


def _shadow_side(scene: Scene, side: Shape, haze: Rgb) -> None:
    """Shade one side of a mountain, and cut slender ravines into the other."""
    rng, (summit, top), (corner, foot) = scene.rng, side[0], side[-1]
    away, rise = 1 if corner > summit else -1, foot - top
    low = (summit - away * rise * rng.uniform(0.0, 0.22), foot)
    spine = rough_line(rng, side[0], low, wobble=rise * 0.2, depth=5)
    dark = mix(scene.palette.near, scene.palette.sky[0], 0.35)
    shadow = Gradient((dark, mix(dark, haze, 0.55), haze))
    scene.canvas.fill([[*spine, *reversed(side)]], shadow, opacity=0.62)
    ravines: list[Shape] = []
    for x, y in spine[3 : len(spine) // 2 : 3]:
        long = rise * rng.uniform(0.12, 0.3)
        tip = (x - away * long * rng.uniform(0.45, 0.75), y + long)
        ravines.append([(x, y), tip, (x - away * long * 0.1, y + long * 0.45)])
    scene.canvas.fill(ravines, dark, opacity=0.16)


def ground(scene: Scene, *, y: float, height: float, depth: float = 1.0) -> Shape:
    """Lay the near ground, white in winter; returns its skyline to stand on."""
    palette = scene.palette
    line = soft_skyline(scene.rng, scene.width, y, height, waves=0.55)
    tone = palette.land(depth)
    paint = Gradient((mix(tone, palette.far, 0.16), tone))
    if scene.prompt.mood == "winter":
        drift = mix(palette.light, palette.sky[1], 0.22)
        paint = Gradient((drift, mix(drift, palette.far, 0.6)))
    scene.canvas.fill([filled_below(line, scene.height + 2)], paint)
    return line


def grass(scene: Scene, line: Shape, *, count: int, tall: float) -> None:
    """Draw blades of grass along a skyline."""
    rng, palette = scene.rng, scene.palette
    blades: list[Shape] = []
    for _ in range(count):
        x = rng.uniform(0, scene.width)
        y = y_at(line, x) + scene.unit * 0.006
        lean, rise = rng.gauss(0, tall * 0.3), tall * rng.uniform(0.4, 1.0)
        bend = open_curve([(x, y), (x + lean * 0.3, y - rise * 0.6), (x + lean, y - rise)], steps=3)
        blades.append(stroke(bend, scene.unit * 0.004, scene.unit * 0.0008))
    scene.canvas.fill(blades, mix(palette.near, palette.far, 0.12))


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


def fir_forest(scene: Scene) -> None:
    """Draw five ranks of firs behind one another with mist between them."""
    palette, rng, unit = scene.palette, scene.rng, scene.unit
    top, bottom = scene.horizon - unit * 0.16, scene.height * 0.93
    for rank in range(5):
        depth = (rank + 0.5) / 5
        y = top + (bottom - top) * (rank / 4) ** 1.1
        line = soft_skyline(rng, scene.width, y, unit * 0.035, waves=1.0)
        tall, count = unit * (0.07 + 0.22 * depth**1.3), int(scene.width / unit * (46 - 30 * depth))
        tone = palette.land(depth)
        misty = mix(tone, palette.haze, 0.55 * (1 - depth) + 0.12)
        fir_rank(scene, line, tall=tall, count=count, paint=Gradient((tone, tone, misty, misty)))
        if rank < 4:
            haze = mix(palette.haze, palette.glow, 0.2)
            scene.canvas.mist(y - tall * 0.4, y + unit * 0.2, haze, rng, strength=0.55)


def headland(scene: Scene, *, x: float, top: float) -> None:
    """Draw a rocky headland from the side of the picture out into the water, in three steps."""
    rng, unit, palette, ahead = scene.rng, scene.unit, scene.palette, scene.facing
    outer, bottom = x - ahead * scene.width, scene.height + 4
    coast: Shape = []
    for step, depth in enumerate((0.72, 0.86, 1.0)):
        level = top + step * unit * 0.075
        start = (x - ahead * unit * 0.5, level + unit * 0.03)
        crown = (x + ahead * unit * (0.2 - 0.07 * step), level + unit * 0.012)
        sea = (x + ahead * unit * (0.36 - 0.09 * step), top + unit * (0.17 + 0.075 * step))
        flat = rough_line(rng, start, crown, wobble=unit * 0.012)
        cliff = rough_line(rng, crown, sea, wobble=unit * 0.04)
        shore = rough_line(rng, sea, (sea[0] + ahead * unit * 0.12, bottom), wobble=unit * 0.06)
        body = [(outer, start[1]), *flat, *cliff, *shore, (outer, bottom)]
        tone = palette.land(depth)
        scene.canvas.fill([body], Gradient((mix(tone, palette.glow, 0.18), tone, palette.near)))
        _facets(scene, [*flat, *cliff], unit * 0.13, tone)
        coast = coast or shore
    _surf(scene, coast)


def _facets(scene: Scene, rim: Shape, drop: float, tone: Rgb) -> None:
    """Draw lit and dark planes in the rock below its rim, all leaning one way."""
    rng, palette = scene.rng, scene.palette
    lean = drop * 0.35 * scene.facing
    for target, opacity in ((palette.glow, 0.13), (palette.near, 0.32)):
        planes: list[Shape] = []
        for _ in range(8):
            start = rng.randrange(len(rim) - 7)
            run = rim[start : start + rng.randint(3, 7)]
            fall = drop * rng.uniform(0.5, 1.3)
            low = (run[-1][0] + lean, run[-1][1] + fall)
            corner = (run[0][0] + lean * 0.8, run[0][1] + fall * rng.uniform(0.2, 0.5))
            planes.append([*run, low, corner])
        scene.canvas.fill(planes, mix(tone, target, 0.6), opacity=opacity)


def _surf(scene: Scene, shore: Shape) -> None:
    """Draw foam along a shore."""
    rng, unit = scene.rng, scene.unit
    flecks: list[Shape] = []
    for x, y in (spot for spot in shore for _ in range(2)):
        across = x + scene.facing * unit * rng.uniform(-0.006, 0.03)
        down, long = y + unit * rng.uniform(-0.01, 0.01), unit * rng.uniform(0.006, 0.028)
        flecks.append(ellipse(across, down, long, unit * rng.uniform(0.0012, 0.0026)))
    scene.canvas.fill(flecks, scene.palette.light, opacity=0.55)


def skerry(scene: Scene, *, x: float, top: float) -> None:
    """Draw a bare rock in the sea, mirrored faintly, with surf at its foot."""
    rng, unit, palette = scene.rng, scene.unit, scene.palette
    wide, foot = unit * rng.uniform(0.26, 0.36), top + unit * rng.uniform(0.1, 0.15)
    left = rough_line(rng, (x - unit * 0.1, top), (x - wide, foot), wobble=unit * 0.05)
    right = rough_line(rng, (x + unit * 0.1, top), (x + wide * 0.9, foot), wobble=unit * 0.05)
    tone = palette.land(0.85)
    body = [*reversed(left), *right]
    mirrored = [(px, foot * 2 - py) for px, py in body]
    scene.canvas.fill([mirrored], palette.near, opacity=0.35, blur=unit * 0.004)
    scene.canvas.fill([body], Gradient((mix(tone, palette.glow, 0.22), tone, palette.near)))
    _facets(scene, body, unit * 0.07, tone)
    ends = (x - wide * 1.15, foot), (x + wide * 1.05, foot)
    for _ in range(4):
        _surf(scene, rough_line(rng, *ends, wobble=unit * 0.012))

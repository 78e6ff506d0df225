"""Land: ridges, peaks, hills and the near ground, the rocks of a lighthouse, and grass."""

from playground.art.colour import Gradient, Rgb, mix
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


def ridges(scene: Scene, *, top: float, bottom: float) -> None:
    """Lay two distant jagged skylines, the farther one in mist."""
    canvas, palette, rng = scene.canvas, scene.palette, scene.rng
    for depth, y in ((0.5, top), (1.0, bottom)):
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
        _snowcap(scene, summit, left, right, tone)
    _shadow_side(scene, summit, foot, left if scene.light.x > x else right, haze)


def _shadow_side(scene: Scene, summit: Point, foot: float, side: Shape, haze: Rgb) -> None:
    rng = scene.rng
    away = 1 if side[-1][0] > summit[0] else -1
    rise = foot - summit[1]
    low = (summit[0] - away * rise * rng.uniform(0.0, 0.22), foot)
    spine = rough_line(rng, summit, low, wobble=rise * 0.2, depth=5)
    dark = mix(scene.palette.near, scene.palette.sky[0], 0.35)
    shadow = Gradient((dark, mix(dark, haze, 0.55), haze))
    scene.canvas.fill([[*spine, *reversed(side)]], shadow, opacity=0.62)
    scene.canvas.fill(_gullies(scene, spine, away), dark, opacity=0.16)


def _gullies(scene: Scene, spine: Shape, away: int) -> list[Shape]:
    """Outline slender ravines that leave the spine on the lit side."""
    cuts: list[Shape] = []
    for x, y in spine[3 : len(spine) // 2 : 3]:
        long = (spine[-1][1] - spine[0][1]) * scene.rng.uniform(0.12, 0.3)
        tip = (x - away * long * scene.rng.uniform(0.45, 0.75), y + long)
        cuts.append([(x, y), tip, (x - away * long * 0.1, y + long * 0.45)])
    return cuts


def _snowcap(scene: Scene, summit: Point, left: Shape, right: Shape, tone: Rgb) -> None:
    palette = scene.palette
    count = int(len(left) * scene.rng.uniform(0.34, 0.46))
    west, east = left[:count], right[:count]
    snow = mix(palette.light, palette.sky[-2], 0.25 if palette.dark else 0.08)
    hem = _snow_hem(scene, east[-1], west[-1], drop=east[-1][1] - summit[1])
    cap = [*east, *hem, *reversed(west)]
    scene.canvas.fill([cap], Gradient((snow, mix(snow, tone, 0.25))))


def _snow_hem(scene: Scene, start: Point, end: Point, *, drop: float) -> Shape:
    """Draw the lower edge of a snowfield as tongues of uneven length."""
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


def headland(scene: Scene, *, x: float, top: float) -> None:
    """Draw a rocky headland from the side of the picture out into the water."""
    unit, palette = scene.unit, scene.palette
    outer = x - scene.facing * scene.width
    coast: Shape = []
    for layer, depth in enumerate((0.72, 0.86, 1.0)):
        flat, cliff, shore = _cliff(scene, x, top, layer)
        body = [(outer, flat[0][1]), *flat, *cliff, *shore, (outer, scene.height + 4)]
        tone = palette.land(depth)
        scene.canvas.fill([body], Gradient((mix(tone, palette.glow, 0.18), tone, palette.near)))
        _facets(scene, [*flat, *cliff], unit * 0.13, tone)
        coast = coast or shore
    _surf(scene, coast)


def _cliff(scene: Scene, x: float, top: float, layer: int) -> tuple[Shape, Shape, Shape]:
    """Outline one step of the headland: flat top, cliff, and shore toward the viewer."""
    rng, unit, ahead = scene.rng, scene.unit, scene.facing
    level = top + layer * unit * 0.075
    crown = (x + ahead * unit * (0.2 - 0.07 * layer), level + unit * 0.012)
    sea = (x + ahead * unit * (0.36 - 0.09 * layer), top + unit * (0.17 + 0.075 * layer))
    start = (x - ahead * unit * 0.5, level + unit * 0.03)
    flat = rough_line(rng, start, crown, wobble=unit * 0.012)
    cliff = rough_line(rng, crown, sea, wobble=unit * 0.04)
    bottom = (sea[0] + ahead * unit * 0.12, scene.height + 4)
    return flat, cliff, rough_line(rng, sea, bottom, wobble=unit * 0.06)


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

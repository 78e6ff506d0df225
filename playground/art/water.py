"""Water: what stands above it is mirrored, broken by ripples, and the light glitters on it."""

import math

from PIL import Image, ImageFilter

from playground.art.canvas import Stencil
from playground.art.colour import Fade, mix
from playground.art.scene import Scene
from playground.art.shapes import Shape, down_to, ellipse
from playground.art.texture import levels, ramp


def still_water(scene: Scene, top: float, *, clarity: float = 0.75) -> None:
    """Fill everything below `top` with water that mirrors what is above."""
    line = int(top)
    depth = scene.height - line
    if line < 4 or depth < 4:
        return
    scene.canvas.image.paste(_rippled(scene, _mirror(scene, line, depth)), (0, line))
    _deepen(scene, line, clarity)
    ripples(scene, top)
    if "rain" not in scene.brief.weather and scene.brief.mood != "storm":
        glitter(scene, top)


def _mirror(scene: Scene, line: int, depth: int) -> Image.Image:
    source = min(line, int(depth * 1.25))
    above = scene.canvas.image.crop((0, line - source, scene.width, line))
    flipped = above.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    softened = flipped.filter(ImageFilter.GaussianBlur(max(scene.unit / 600, 0.6)))
    return softened.resize((scene.width, depth), Image.Resampling.BILINEAR)


def _rippled(scene: Scene, mirror: Image.Image) -> Image.Image:
    """Shift the mirror strip by strip; strips and shifts grow toward the viewer."""
    rng, width, depth = scene.rng, *mirror.size
    broken = mirror.copy()
    y, phase = 0, rng.uniform(0, math.tau)
    while y < depth:
        near = y / depth
        thick = 1 + int(near * scene.unit / 190)
        swing = scene.unit * (0.002 + 0.012 * near)
        shift = round(swing * math.sin(phase) + rng.gauss(0, swing * 0.5))
        broken.paste(mirror.crop((0, y, width, y + thick)), (shift, y))
        phase += rng.uniform(0.5, 1.3)
        y += thick
    return broken


def _deepen(scene: Scene, line: int, clarity: float) -> None:
    palette = scene.palette
    where = (0, line, scene.width, scene.height)
    size = (scene.width, scene.height - line)
    veil = levels(ramp(size, side="bottom"), -0.35, 1.0 / max(1.25 - clarity, 0.2))
    surface = Fade(
        (
            mix(palette.haze, palette.sky[1], 0.5),
            palette.sky[1],
            mix(palette.sky[0], palette.near, 0.4),
        )
    )
    scene.canvas.stamp(Stencil(veil, where), surface, opacity=0.95)


def ripples(scene: Scene, top: float) -> None:
    """Draw short bright and dark strokes that widen toward the viewer."""
    palette = scene.palette
    for tone, count, opacity in ((palette.haze, 70, 0.28), (palette.sky[0], 60, 0.25)):
        scene.canvas.fill([_ripple(scene, top) for _ in range(count)], tone, opacity=opacity)


def _ripple(scene: Scene, top: float) -> Shape:
    rng = scene.rng
    near = rng.random() ** 1.5
    y = top + (scene.height - top) * (0.02 + 0.98 * near)
    long = scene.unit * (0.012 + 0.09 * near) * rng.uniform(0.4, 1.3)
    return ellipse(rng.uniform(0, scene.width), y, long, max(scene.unit * 0.003 * near, 0.6))


def glitter(scene: Scene, top: float) -> None:
    """Lay the path of the light across the water."""
    rng, light, palette = scene.rng, scene.light, scene.palette
    depth = scene.height - top
    path: list[Shape] = []
    for _ in range(130):
        near = rng.random() ** 1.2
        spread = light.radius * (0.5 + 1.1 * near)
        long = scene.unit * (0.006 + 0.035 * near) * rng.uniform(0.3, 1.4)
        x = light.x + rng.gauss(0, spread * 0.55)
        path.append(ellipse(x, top + depth * near, long, max(scene.unit * 0.0035 * near, 0.7)))
    bright = mix(palette.light, palette.glow, 0.3)
    scene.canvas.fill(path, bright, opacity=0.62)
    scene.canvas.light(path, palette.glow, strength=0.5, blur=scene.unit * 0.008)


def swell(scene: Scene, top: float, *, height: float, count: int = 10) -> None:
    """Roll waves toward the viewer, with sharp crests and caps of foam."""
    palette, canvas = scene.palette, scene.canvas
    near_tone = mix(palette.near, palette.sky[0], 0.35)
    for layer in range(count):
        near = (layer + 1) / count
        y = top + (scene.height - top) * near**1.6 * 0.95
        line = _billow(scene, y, height * (0.1 + 1.1 * near**1.2), near)
        tone = mix(mix(palette.sky[1], palette.far, 0.45), near_tone, near)
        body = down_to(line, scene.height + 2)
        canvas.fill(
            [body],
            Fade((mix(tone, palette.haze, 0.5), tone, mix(tone, palette.near, 0.5), palette.near)),
        )
        canvas.fill([_cap(line, y, scene.unit * 0.5)], mix(palette.light, tone, 0.15), opacity=0.85)
        foam(scene, line, near)


def _billow(scene: Scene, y: float, height: float, near: float) -> Shape:
    """Outline one wave front: round troughs, sharp crests, uneven like a real sea."""
    rng = scene.rng
    turns = (7.0 - 4.6 * near) * scene.width / scene.unit
    phase, drift = rng.uniform(0, math.tau), rng.uniform(0, math.tau)
    line: Shape = []
    for step in range(241):
        share = step / 240
        bend = share * turns * math.pi + phase + 0.5 * math.sin(share * 9 + drift)
        crest = (1 - abs(math.sin(bend)) ** 1.1) ** 1.25
        tall = 0.62 + 0.38 * math.sin(share * 13 + drift * 2)
        lean = scene.facing * height * 1.1 * (crest * tall) ** 2
        line.append((share * (scene.width + 4) - 2 + lean, y - height * crest * tall))
    return line


def _cap(line: Shape, y: float, depth: float) -> Shape:
    """Outline the foam along the crests only: it thins to nothing in the troughs."""
    tallest = max(y - point[1] for point in line) or 1.0
    thick = [max((y - py) / tallest - 0.5, 0.0) * tallest * 0.26 + depth * 0.0006 for _, py in line]
    return [*line, *((x, py + t) for (x, py), t in reversed(list(zip(line, thick, strict=True))))]


def foam(scene: Scene, line: Shape, near: float) -> None:
    """Scatter flecks of foam just under a crest."""
    rng, unit = scene.rng, scene.unit
    flecks: list[Shape] = []
    for _ in range(int(34 * near)):
        x, y = rng.choice(line)
        down = abs(rng.gauss(0, 1)) * unit * 0.02 * near
        long = unit * rng.uniform(0.004, 0.028) * (0.4 + near)
        flecks.append(ellipse(x, y + down, long, max(unit * 0.0016, 0.6)))
    scene.canvas.fill(flecks, scene.palette.light, opacity=0.5)

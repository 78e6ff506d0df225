"""Water: mirrors what stands above it, broken by ripples, and glitters in the light."""

import math

from PIL import Image, ImageFilter

from playground.art.canvas import Mask
from playground.art.colour import Gradient, mix
from playground.art.scene import Scene
from playground.art.shapes import Shape, ellipse
from playground.art.texture import levels, ramp


def still_water(scene: Scene, top: float) -> None:
    """Fill everything below `top` with water that mirrors what is above."""
    line = int(top)
    depth = scene.height - line
    if line < 4 or depth < 4:
        return
    source = min(line, int(depth * 1.25))
    above = scene.canvas.image.crop((0, line - source, scene.width, line))
    flipped = above.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    softened = flipped.filter(ImageFilter.GaussianBlur(max(scene.unit / 600, 0.6)))
    mirror = softened.resize((scene.width, depth), Image.Resampling.BILINEAR)
    scene.canvas.image.paste(_rippled(scene, mirror), (0, line))
    _deepen(scene, line)
    palette = scene.palette
    for tone, count, opacity in ((palette.haze, 70, 0.28), (palette.sky[0], 60, 0.25)):
        scene.canvas.fill([_ripple(scene, top) for _ in range(count)], tone, opacity=opacity)
    _glitter(scene, top)


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


def _deepen(scene: Scene, line: int) -> None:
    """Colour the water darker toward the viewer."""
    palette = scene.palette
    size = (scene.width, scene.height - line)
    veil = levels(ramp(size, side="bottom"), -0.35, 2.0)
    top, bottom = mix(palette.haze, palette.sky[1], 0.5), mix(palette.sky[0], palette.near, 0.4)
    surface = Gradient((top, palette.sky[1], bottom))
    scene.canvas.stamp(Mask(veil, (0, line, scene.width, scene.height)), surface, opacity=0.95)


def _ripple(scene: Scene, top: float) -> Shape:
    """Outline a short stroke, longer toward the viewer."""
    rng = scene.rng
    near = rng.random() ** 1.5
    y = top + (scene.height - top) * (0.02 + 0.98 * near)
    long = scene.unit * (0.012 + 0.09 * near) * rng.uniform(0.4, 1.3)
    return ellipse(rng.uniform(0, scene.width), y, long, max(scene.unit * 0.003 * near, 0.6))


def _glitter(scene: Scene, top: float) -> None:
    """Lay the path of the light across the water."""
    rng, light, palette = scene.rng, scene.light, scene.palette
    path: list[Shape] = []
    for _ in range(130):
        near = rng.random() ** 1.2
        spread = light.radius * (0.5 + 1.1 * near)
        long = scene.unit * (0.006 + 0.035 * near) * rng.uniform(0.3, 1.4)
        x, y = light.x + rng.gauss(0, spread * 0.55), top + (scene.height - top) * near
        path.append(ellipse(x, y, long, max(scene.unit * 0.0035 * near, 0.7)))
    scene.canvas.fill(path, mix(palette.light, palette.glow, 0.3), opacity=0.62)
    scene.canvas.light(path, palette.glow, strength=0.5, blur=scene.unit * 0.008)

"""The sky: gradient, stars, sun or moon, clouds, rays of light, and falling snow."""

import math

from PIL import ImageChops

from playground.art.canvas import Mask
from playground.art.colour import WHITE, Gradient, mix
from playground.art.scene import Scene
from playground.art.shapes import Shape, ellipse
from playground.art.texture import levels, ramp, smooth_noise


def sky(scene: Scene) -> None:
    """Paint everything above the horizon."""
    canvas, palette = scene.canvas, scene.palette
    canvas.wash(palette.haze)
    canvas.wash(Gradient(palette.sky), bottom=max(int(scene.horizon * 1.03), 1))
    # The gradient varies a little, as hand-mixed ink does.
    size = (scene.width, scene.height)
    drift = levels(smooth_noise(scene.rng, size, cells=(3, 3), octaves=3), 0.35, 1.0)
    upper = ImageChops.multiply(drift, ramp(size, side="top"))
    canvas.stamp(Mask(upper, (0, 0, *size)), palette.glow, opacity=0.22)
    if palette.dark:
        _stars(scene)
    _sun_or_moon(scene)
    _clouds(scene)


def _stars(scene: Scene) -> None:
    """Scatter stars, fewer toward the horizon, and fewer at dusk."""
    rng, grain = scene.rng, scene.unit / 1024
    count, share_of_sky = (150, 0.55) if scene.prompt.mood == "dusk" else (260, 0.95)
    reach = scene.horizon * share_of_sky
    for size, share, opacity in ((0.9, 0.62, 0.55), (1.3, 0.3, 0.8), (2.1, 0.08, 1.0)):
        dots: list[Shape] = []
        for _ in range(int(count * share)):
            y = reach * rng.random() ** 1.35
            radius = grain * size * rng.uniform(0.7, 1.2)
            dots.append(ellipse(rng.uniform(0, scene.width), y, max(radius, 0.55)))
        scene.canvas.fill(dots, mix(scene.palette.light, WHITE, 0.4), opacity=opacity)


def _sun_or_moon(scene: Scene) -> None:
    canvas, light, palette = scene.canvas, scene.light, scene.palette
    here, disc = (light.x, light.y), ellipse(light.x, light.y, light.radius)
    canvas.glow(here, light.radius * 7.5, palette.glow, strength=0.55)
    canvas.glow(here, light.radius * 3.2, palette.glow, strength=0.6)
    if not light.is_moon:
        warm = mix(palette.light, palette.glow, 0.55)
        canvas.fill([disc], Gradient((palette.light, mix(palette.light, warm, 0.4), warm)))
        return
    canvas.fill([disc], palette.light)
    if mask := canvas.mask([disc]):
        blotches = smooth_noise(scene.rng, mask.image.size, cells=(4, 4), octaves=4)
        spots = levels(blotches, 0.48, 0.72)
        pale = mix(palette.light, palette.sky[-2], 0.45)
        canvas.stamp(Mask(ImageChops.multiply(mask.image, spots), mask.box), pale, opacity=0.5)
    canvas.shade([disc], mix(palette.light, palette.sky[-2], 0.6), side="bottom", strength=0.35)
    canvas.glow(here, light.radius * 1.5, palette.light, strength=0.25)


def _clouds(scene: Scene) -> None:
    """Draw long veils of cloud, heavy ones in mist."""
    rng, palette = scene.rng, scene.palette
    size = (scene.width, max(int(scene.horizon), 8))
    is_heavy = scene.prompt.mood == "mist"
    veil = smooth_noise(rng, size, cells=(3, 9), octaves=4)
    low = 0.42 if is_heavy else rng.uniform(0.56, 0.66)
    mask = levels(veil, low, low + 0.38)
    box = (0, 0, *size)
    if is_heavy:
        scene.canvas.stamp(Mask(mask, box), palette.sky[0], opacity=0.55)
        mask = levels(ImageChops.offset(veil, 0, -int(size[1] * 0.05)), 0.6, 0.9)
    tone = mix(palette.haze, palette.light, 0.35)
    scene.canvas.stamp(Mask(mask, box), tone, opacity=0.34 if palette.dark else 0.5)
    if not is_heavy and rng.random() < 0.7:
        _cloud_bars(scene)


def _cloud_bars(scene: Scene) -> None:
    """Lay a few flat clouds, as on a woodblock print."""
    rng, palette, unit = scene.rng, scene.palette, scene.unit
    for _ in range(rng.randint(2, 4)):
        x, y = rng.uniform(0, scene.width), scene.horizon * rng.uniform(0.35, 0.86)
        bars: list[Shape] = []
        for line in range(rng.randint(2, 4)):
            long, thick = unit * rng.uniform(0.1, 0.3), unit * rng.uniform(0.004, 0.009)
            middle = x + unit * rng.uniform(-0.15, 0.15)
            bars.append(ellipse(middle, y + line * unit * 0.013, long, thick))
        tone = mix(palette.sky[-1], palette.light, 0.5 if y > scene.horizon * 0.5 else 0.2)
        scene.canvas.fill(bars, tone, opacity=0.42 if palette.dark else 0.6)


def rays(scene: Scene) -> None:
    """Draw shafts of light that fall from the sun or moon."""
    rng, light = scene.rng, scene.light
    reach = math.hypot(scene.width, scene.height)
    for _ in range(6):
        start = rng.uniform(0.1, 0.4)
        ends = [math.tau * turn for turn in (start, start + rng.uniform(0.008, 0.03))]
        fan = [(light.x + reach * math.cos(a), light.y + reach * math.sin(a)) for a in ends]
        shaft = [(light.x, light.y), *fan]
        scene.canvas.light([shaft], scene.palette.glow, strength=0.16, blur=scene.unit * 0.012)


def snowfall(scene: Scene) -> None:
    """Draw falling snow in three distances, the near flakes out of focus."""
    distances = ((300, 0.0016, 0.75, 0.0), (130, 0.003, 0.8, 0.0008), (34, 0.0075, 0.6, 0.0028))
    rng, unit = scene.rng, scene.unit
    for count, size, opacity, blur in distances:
        flakes: list[Shape] = []
        for _ in range(int(count * scene.width / unit)):
            x, y = rng.uniform(0, scene.width), rng.uniform(0, scene.height)
            flakes.append(ellipse(x, y, max(unit * size * rng.uniform(0.6, 1.4), 0.7)))
        scene.canvas.fill(flakes, WHITE, opacity=opacity, blur=unit * blur)

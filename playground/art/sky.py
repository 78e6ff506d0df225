"""The sky: gradient, stars, sun or moon, clouds, aurora and birds."""

import math

from PIL import ImageChops

from playground.art.canvas import Stencil
from playground.art.colour import WHITE, Fade, mix
from playground.art.scene import Scene
from playground.art.shapes import Place, Shape, arc, ellipse, flowing, stroke
from playground.art.texture import levels, noise, ramp


def paint_sky(scene: Scene) -> None:
    """Paint everything above the horizon."""
    canvas, palette = scene.canvas, scene.palette
    canvas.wash(palette.haze)
    canvas.wash(Fade(palette.sky), (0, 0, scene.width, max(int(scene.horizon * 1.03), 1)))
    breathe(scene)
    if palette.dark and scene.brief.mood != "storm" and "rain" not in scene.brief.weather:
        stars(scene, count=150 if scene.brief.mood == "dusk" else 260)
    if "aurora" in scene.brief.weather:
        aurora(scene)
    if "rain" not in scene.brief.weather and scene.brief.mood != "storm":
        luminary(scene)
    clouds(scene)
    if "birds" in scene.brief.weather or scene.rng.random() < 0.35:
        birds(scene)


def breathe(scene: Scene) -> None:
    """Let the flat gradient drift a little, as hand-mixed ink does."""
    size = (scene.width, scene.height)
    drift = levels(noise(scene.rng, size, cells=(3, 3), octaves=3), 0.35, 1.0)
    upper = ImageChops.multiply(drift, ramp(size, side="top"))
    scene.canvas.stamp(Stencil(upper, (0, 0, *size)), scene.palette.glow, opacity=0.22)


def stars(scene: Scene, *, count: int) -> None:
    """Scatter stars, thinner toward the horizon."""
    rng, grain = scene.rng, scene.unit / 1024
    reach = scene.horizon * (0.55 if scene.brief.mood == "dusk" else 0.95)
    if scene.brief.place == "space":
        reach = scene.height
    for brightest, share, opacity in ((0.9, 0.62, 0.55), (1.3, 0.3, 0.8), (2.1, 0.08, 1.0)):
        dots: list[Shape] = []
        for _ in range(int(count * share)):
            y = reach * rng.random() ** 1.35
            radius = grain * brightest * rng.uniform(0.7, 1.2)
            dots.append(ellipse(rng.uniform(0, scene.width), y, max(radius, 0.55)))
        scene.canvas.fill(dots, mix(scene.palette.light, WHITE, 0.4), opacity=opacity)


def luminary(scene: Scene) -> None:
    """Hang the sun or the moon, with its glow."""
    canvas, light, palette = scene.canvas, scene.light, scene.palette
    here = (light.x, light.y)
    canvas.glow(here, light.radius * 7.5, palette.glow, strength=0.55)
    canvas.glow(here, light.radius * 3.2, palette.glow, strength=0.6)
    disc = ellipse(light.x, light.y, light.radius)
    if light.moon:
        _moon(scene, disc)
    else:
        warm = mix(palette.light, palette.glow, 0.55)
        canvas.fill([disc], Fade((palette.light, mix(palette.light, warm, 0.4), warm)))


def _moon(scene: Scene, disc: Shape) -> None:
    canvas, light, palette = scene.canvas, scene.light, scene.palette
    canvas.fill([disc], palette.light)
    if cut := canvas.stencil([disc]):
        seas = levels(noise(scene.rng, cut.size, cells=(4, 4), octaves=4), 0.48, 0.72)
        pale = mix(palette.light, palette.sky[-2], 0.45)
        canvas.stamp(Stencil(ImageChops.multiply(cut.mask, seas), cut.box), pale, opacity=0.5)
    canvas.shade([disc], mix(palette.light, palette.sky[-2], 0.6), side="bottom", strength=0.35)
    canvas.glow((light.x, light.y), light.radius * 1.5, palette.light, strength=0.25)


def clouds(scene: Scene) -> None:
    """Draw long veils of cloud, lit from where the light stands."""
    rng, palette = scene.rng, scene.palette
    size = (scene.width, max(int(scene.horizon), 8))
    heavy = scene.brief.mood in {"storm", "mist"} or "rain" in scene.brief.weather
    veil = noise(rng, size, cells=(3, 9), octaves=4)
    low = 0.42 if heavy else rng.uniform(0.56, 0.66)
    mask = levels(veil, low, low + 0.38)
    box = (0, 0, *size)
    tone = mix(palette.sky[-1], palette.light, 0.35)
    if heavy:
        scene.canvas.stamp(Stencil(mask, box), palette.sky[0], opacity=0.55)
        mask = levels(ImageChops.offset(veil, 0, -int(size[1] * 0.05)), 0.6, 0.9)
    scene.canvas.stamp(Stencil(mask, box), tone, opacity=0.34 if palette.dark else 0.5)
    if not heavy and rng.random() < 0.7:
        _strata(scene)


def _strata(scene: Scene) -> None:
    """Lay a few flat cloud bars, as on a woodblock print."""
    rng, palette = scene.rng, scene.palette
    for _ in range(rng.randint(2, 4)):
        x, y = rng.uniform(0, scene.width), scene.horizon * rng.uniform(0.35, 0.86)
        bars = [_bar(scene, x, y, line) for line in range(rng.randint(2, 4))]
        tone = mix(palette.sky[-1], palette.light, 0.5 if y > scene.horizon * 0.5 else 0.2)
        scene.canvas.fill(bars, tone, opacity=0.42 if palette.dark else 0.6)


def _bar(scene: Scene, x: float, y: float, line: int) -> Shape:
    rng, unit = scene.rng, scene.unit
    long, thick = unit * rng.uniform(0.1, 0.3), unit * rng.uniform(0.004, 0.009)
    return ellipse(x + unit * rng.uniform(-0.15, 0.15), y + line * unit * 0.013, long, thick)


def aurora(scene: Scene) -> None:
    """Hang curtains of northern light: many upright rays along a swinging line."""
    rng, unit = scene.rng, scene.unit
    fill = Fade(((150, 90, 230), (70, 190, 200), (110, 255, 180)))
    for _ in range(3):
        points = [
            (scene.width * step / 5, scene.horizon * rng.uniform(0.38, 0.78))
            for step in range(-1, 7)
        ]
        line = flowing(points, steps=26)
        streaks = [_streak(scene, x, y) for x, y in line]
        scene.canvas.light(
            [[*line, *((x, y - unit * 0.2) for x, y in reversed(line))]],
            (70, 210, 170),
            strength=0.22,
            blur=unit * 0.05,
        )
        if cut := scene.canvas.stencil(streaks, blur=unit * 0.007):
            scene.canvas.shine(cut, fill, strength=0.34)


def _streak(scene: Scene, x: float, y: float) -> Shape:
    rng, unit = scene.rng, scene.unit
    wide, tall = unit * rng.uniform(0.003, 0.016), unit * rng.uniform(0.08, 0.36)
    return [
        (x, y),
        (x + wide, y + unit * 0.01),
        (x + wide * 0.6, y - tall),
        (x + wide * 0.4, y - tall),
    ]


def birds(scene: Scene) -> None:
    """Let a few birds cross the sky."""
    rng, unit = scene.rng, scene.unit
    x = scene.across(rng.uniform(0.25, 0.6))
    y = scene.horizon * rng.uniform(0.3, 0.6)
    flock: list[Shape] = []
    for _ in range(rng.randint(3, 7)):
        size = unit * rng.uniform(0.008, 0.017)
        spot = (x + unit * rng.gauss(0, 0.08), y + unit * rng.gauss(0, 0.035))
        flock += _bird(Place(*spot, unit=size), tilt=rng.uniform(-0.25, 0.25))
    ink = mix(scene.palette.near, scene.palette.sky[1], 0.2)
    scene.canvas.fill(flock, ink, opacity=0.8)


def _bird(place: Place, *, tilt: float) -> list[Shape]:
    right = flowing([(0, 0), (0.4, 0.35 + tilt), (1.0, 0.15 + tilt)])
    left = flowing([(0, 0), (-0.4, 0.35 - tilt), (-1.0, 0.15 - tilt)])
    return [place.at(stroke(wing, 0.16, 0.02)) for wing in (left, right)]


def rays(scene: Scene, *, strength: float = 0.3) -> None:
    """Let shafts of light fall from the sun or moon."""
    rng, light = scene.rng, scene.light
    reach = math.hypot(scene.width, scene.height)
    for _ in range(6):
        turn = rng.uniform(0.1, 0.4)
        fan = arc(light.x, light.y, reach, turn, turn + rng.uniform(0.008, 0.03))
        shaft = [(light.x, light.y), *fan]
        scene.canvas.light([shaft], scene.palette.glow, strength=strength, blur=scene.unit * 0.012)

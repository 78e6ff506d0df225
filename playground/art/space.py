"""Space: nebulae, planets with an atmosphere, rings and moons."""

from PIL import Image, ImageChops

from playground.art.canvas import Canvas, Stencil
from playground.art.colour import BLACK, WHITE, Fade, Rgb, mix
from playground.art.scene import Scene
from playground.art.shapes import Point, Shape, down_to, ellipse, rolling
from playground.art.sky import stars
from playground.art.texture import Size, distance, levels, noise


def deep_sky(scene: Scene) -> None:
    """Paint the dark, two nebulae that drift through it, and stars."""
    canvas, palette, rng = scene.canvas, scene.palette, scene.rng
    canvas.wash(Fade(palette.sky))
    size = (scene.width, scene.height)
    for tone, low, strength in (
        (palette.glow, 0.42, 0.55),
        (palette.accent, 0.55, 0.38),
        (mix(palette.light, palette.glow, 0.4), 0.66, 0.4),
    ):
        cloud = noise(rng, size, cells=(3, 3), octaves=6)
        band = noise(rng, size, cells=(2, 2), octaves=2)
        veil = ImageChops.multiply(levels(cloud, low, 1.0), levels(band, 0.25, 0.8))
        canvas.shine(Stencil(veil, (0, 0, *size)), tone, strength=strength)
    stars(scene, count=520)
    for _ in range(5):
        spot = (rng.uniform(0, scene.width), rng.uniform(0, scene.height * 0.8))
        _sparkle(scene, spot, scene.unit * rng.uniform(0.008, 0.02))


def _sparkle(scene: Scene, spot: Point, reach: float) -> None:
    x, y = spot
    thin = max(reach * 0.06, 0.7)
    cross = [ellipse(x, y, reach, thin), ellipse(x, y, thin, reach), ellipse(x, y, thin * 1.9)]
    scene.canvas.fill(cross, scene.palette.light, opacity=0.9)
    scene.canvas.glow(spot, reach * 3, scene.palette.glow, strength=0.5)


def planet(
    scene: Scene, centre: Point, radius: float, tones: tuple[Rgb, ...], *, ringed: bool
) -> None:
    """Paint a banded planet lit from the light's side, with air along its rim."""
    canvas = scene.canvas
    x, y = centre
    if ringed:
        _ring(scene, centre, radius, front=False)
    canvas.glow(centre, radius * 1.5, tones[-1], strength=0.4)
    canvas.light([ellipse(x, y, radius * 1.012)], tones[-1], strength=0.8, blur=radius * 0.025)
    cut = canvas.stencil([ellipse(x, y, radius)])
    if cut:
        full = (round(radius * 2), round(radius * 2))
        offset = (cut.box[0] - round(x - radius), cut.box[1] - round(y - radius))
        sphere = _sphere(scene, full, tones, toward=(scene.light.x - x, scene.light.y - y))
        part = sphere.crop((*offset, offset[0] + cut.size[0], offset[1] + cut.size[1]))
        canvas.image.paste(part, cut.box, cut.mask)
    if ringed:
        _ring(scene, centre, radius, front=True)


def _sphere(scene: Scene, size: Size, tones: tuple[Rgb, ...], *, toward: Point) -> Image.Image:
    rng = scene.rng
    sheet = Canvas(size, rng)
    sheet.wash(tones[1])
    y, wide = 0.0, float(size[0])
    while y < size[1]:
        line = rolling(rng, wide, y, wide * rng.uniform(0.004, 0.016), waves=rng.uniform(1, 3))
        sheet.fill(
            [down_to(line, size[1] + 2)], rng.choice(tones[:3]), opacity=rng.uniform(0.4, 0.9)
        )
        y += wide * rng.uniform(0.015, 0.1)
    ball = sheet.image
    for tone, cells in ((tones[0], (4, 12)), (tones[2], (5, 20))):
        ball.paste(
            tone, (0, 0), levels(noise(rng, size, cells=cells, octaves=5), 0.52, 0.75, top=0.5)
        )
    ball = ball.rotate(rng.uniform(-20, 20), Image.Resampling.BICUBIC, fillcolor=tones[0])
    return _lit(ball, toward, mix(scene.palette.sky[0], BLACK, 0.35), tones[-1])


def _lit(ball: Image.Image, toward: Point, night: Rgb, air: Rgb) -> Image.Image:
    """Let night fall on the side that looks away, and air glow along the lit rim."""
    wide = ball.size[0]
    length = max((toward[0] ** 2 + toward[1] ** 2) ** 0.5, 1.0)
    reach = int(wide * 1.9)
    dusk = Image.new("L", ball.size, 255)
    corner = [(wide - reach) // 2 + round(part / length * wide * 0.46) for part in toward]
    dusk.paste(distance(reach), (corner[0], corner[1]))
    ball.paste(night, (0, 0), levels(dusk, 0.3, 0.98, top=0.97))
    rim = levels(distance(wide).resize(ball.size), 0.86, 1.0, top=0.8)
    lit_rim = ImageChops.multiply(rim, ImageChops.invert(levels(dusk, 0.3, 0.85)))
    ball.paste(mix(air, WHITE, 0.35), (0, 0), lit_rim)
    return ball


def _ring(scene: Scene, centre: Point, radius: float, *, front: bool) -> None:
    """Draw half of the ring system: behind the planet or in front of it."""
    canvas, palette = scene.canvas, scene.palette
    for inner, outer, opacity in ((1.25, 1.5, 0.55), (1.54, 1.85, 0.8), (1.89, 1.97, 0.45)):
        band = _half_band(centre, radius * inner, radius * outer, front=front)
        tone = mix(palette.light, palette.accent, 0.25 + (outer - 1.25) * 0.4)
        canvas.fill([band], tone, opacity=opacity)


def _half_band(centre: Point, inner: float, outer: float, *, front: bool) -> Shape:
    x, y = centre
    flat, tilt = 0.2, -0.2
    outer_rim = _half(ellipse(0, 0, outer, outer * flat), front=front)
    inner_rim = _half(ellipse(0, 0, inner, inner * flat), front=front)
    return [(x + px, y + py + px * tilt) for px, py in [*outer_rim, *reversed(inner_rim)]]


def _half(rim: Shape, *, front: bool) -> Shape:
    return sorted(
        (p for p in rim if (p[1] >= -1e-6) == front or abs(p[1]) < 1e-6), key=lambda p: p[0]
    )


def worlds(scene: Scene, *, low: bool) -> None:
    """Place the great planet (rising from below if `low`) and a small one far away."""
    rng, unit = scene.rng, scene.unit
    first, second = _crusts(scene)
    if low:
        radius = unit * rng.uniform(0.5, 0.66)
        centre = (
            scene.across(rng.uniform(0.5, 0.7)),
            scene.height + radius * rng.uniform(0.1, 0.3),
        )
    else:
        radius = unit * rng.uniform(0.2, 0.27)
        centre = (scene.across(rng.uniform(0.45, 0.6)), scene.height * rng.uniform(0.45, 0.58))
    spot = (scene.across(rng.uniform(0.12, 0.22)), scene.height * rng.uniform(0.12, 0.24))
    planet(scene, spot, unit * rng.uniform(0.035, 0.07), second, ringed=False)
    planet(scene, centre, radius, first, ringed=not low and rng.random() < 0.75)


def _crusts(scene: Scene) -> tuple[tuple[Rgb, ...], tuple[Rgb, ...]]:
    """Mix the colours of two planets: one warm, one cool; the last of each is its air."""
    palette = scene.palette
    warm = (
        mix(palette.far, palette.near, 0.4),
        palette.far,
        mix(palette.far, palette.light, 0.4),
        palette.accent,
    )
    blue = mix(palette.glow, (60, 150, 190), 0.5)
    cool = (
        mix(blue, palette.near, 0.55),
        blue,
        mix(blue, palette.light, 0.5),
        mix(blue, palette.light, 0.35),
    )
    return (warm, cool) if scene.rng.random() < 0.5 else (cool, warm)

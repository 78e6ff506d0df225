"""Staging: where each motif stands, and the ground under it; to add one, name it in MOTIFS."""

from collections.abc import Callable, Mapping

from PIL import Image

from playground.art.animals import cat, fox, whale
from playground.art.buildings import DAY_MARKS, beams, castle, cottage, lighthouse, smoke
from playground.art.colour import mix
from playground.art.land import grass, mound
from playground.art.scene import Scene
from playground.art.shapes import Place, Shape, down_to, ellipse, height_at, rolling
from playground.art.terrain import crag, headland, roof, skerry
from playground.art.texture import scaled
from playground.art.trees import litter, pine
from playground.art.vessels import balloon, boat, rocket, station, trail
from playground.art.water import foam

Stage = Callable[[Scene], None]


def stage_lighthouse(scene: Scene) -> None:
    """Set a lighthouse on a headland with a cottage, or alone on a rock in the sea."""
    rng, unit = scene.rng, scene.unit
    alone = rng.random() < 0.35
    x = scene.across(rng.uniform(0.36, 0.5) if alone else rng.uniform(0.2, 0.34))
    top = scene.horizon + unit * (rng.uniform(0.04, 0.1) if alone else rng.uniform(-0.02, 0.05))
    tall = min(unit * rng.uniform(0.36, 0.58), top * 0.9)
    place = Place(x, top + unit * 0.012, tall, scene.facing)
    _kindle(scene, place)
    if not alone:
        home = Place(x + scene.facing * tall * 0.3, top + unit * 0.03, tall * 0.2, scene.facing)
        cottage(scene.canvas, home, scene.palette)
    lighthouse(scene.canvas, place, scene.palette, rng.choice(DAY_MARKS))
    if scene.palette.dark:
        scene.canvas.glow(place.spot(0, 0.838), tall * 0.22, scene.palette.lamp, strength=0.8)
    (skerry if alone else headland)(scene, x=x, top=top)


def _kindle(scene: Scene, place: Place) -> None:
    if scene.palette.dark:
        tilt = scene.rng.uniform(-0.2, 0.2)
        beams(scene.canvas, place, scene.palette, reach=scene.width * 1.1, tilt=tilt)


def stage_castle(scene: Scene) -> None:
    """Set a castle on a hill of its own."""
    rng, unit, palette = scene.rng, scene.unit, scene.palette
    x, top = scene.across(rng.uniform(0.38, 0.62)), scene.horizon + unit * rng.uniform(0.0, 0.06)
    scene.canvas.glow((x, top - unit * 0.2), unit * 0.55, palette.haze, strength=0.5)
    castle(scene.canvas, Place(x, top, unit * rng.uniform(0.42, 0.5), scene.facing), palette)
    crag(scene, x=x, top=top)
    line = mound(scene, y=scene.height * 0.93, height=unit * 0.035)
    grass(scene, line, count=240, tall=unit * 0.035)


def stage_boat(scene: Scene) -> None:
    """Set a sailing boat on the water, with its reflection."""
    rng, unit = scene.rng, scene.unit
    y = scene.horizon + (scene.height - scene.horizon) * rng.uniform(0.26, 0.42)
    place = Place(
        scene.across(rng.uniform(0.34, 0.62)), y, unit * rng.uniform(0.36, 0.48), scene.facing
    )
    with scene.canvas.ghost(0.3):
        boat(scene.canvas, place.mirrored(), scene.palette)
    _wavelets(scene, place)
    boat(scene.canvas, place, scene.palette)
    wake = [
        ellipse(
            place.x + rng.gauss(0, 0.22) * place.unit,
            y + unit * rng.uniform(-0.002, 0.012),
            unit * rng.uniform(0.01, 0.05),
            unit * 0.0022,
        )
        for _ in range(16)
    ]
    scene.canvas.fill(wake, scene.palette.light, opacity=0.5)


def _wavelets(scene: Scene, place: Place) -> None:
    """Break a reflection with strokes of the water's own colour."""
    rng, unit = scene.rng, scene.unit
    for tone in (scene.palette.sky[1], scene.palette.haze):
        strokes = [
            ellipse(
                place.x + rng.gauss(0, 0.3) * place.unit,
                place.y + place.unit * rng.uniform(0.04, 0.95),
                unit * rng.uniform(0.015, 0.06),
                unit * 0.0022,
            )
            for _ in range(45)
        ]
        scene.canvas.fill(strokes, tone, opacity=0.4)


def stage_balloon(scene: Scene) -> None:
    """Let balloons of several sizes float over the land."""
    rng, unit, palette = scene.rng, scene.unit, scene.palette
    inks = [
        palette.accent,
        palette.lamp,
        mix(palette.accent, palette.near, 0.5),
        mix(palette.sky[0], palette.light, 0.2),
    ]
    spots = [
        (0.8, 0.5, 0.09),
        (0.16, 0.42, 0.12),
        (0.62, 0.62, 0.07),
        (0.72, 0.24, 0.19),
        (0.38, 0.66, 0.5),
    ]
    for across, down, size in spots[rng.randint(0, 2) :]:
        rng.shuffle(inks)
        x = scene.across(across + rng.uniform(-0.07, 0.07))
        y = scene.height * (down + rng.uniform(-0.05, 0.05))
        presence = 1.0 if size > 0.3 else 0.78
        with scene.canvas.ghost(presence):
            balloon(
                scene.canvas,
                Place(x, y, unit * size * rng.uniform(0.9, 1.1), scene.facing),
                palette,
                (inks[0], mix(inks[1], palette.light, 0.35)),
            )


def stage_cabin(scene: Scene) -> None:
    """Set a cabin with a smoking chimney among firs."""
    rng, unit, palette = scene.rng, scene.unit, scene.palette
    line = mound(scene, y=scene.height * 0.84, height=unit * 0.035, depth=0.9)
    x = scene.across(rng.uniform(0.32, 0.5))
    home = Place(x, height_at(line, x) + unit * 0.012, unit * rng.uniform(0.24, 0.3), scene.facing)
    smoke(scene.canvas, home, palette)
    _firs(scene, line, x, behind=True)
    cottage(scene.canvas, home, palette)
    if palette.dark:
        scene.canvas.glow((x, home.y), unit * 0.3, palette.lamp, strength=0.35)
    _firs(scene, line, x, behind=False)
    if scene.brief.mood != "winter":
        grass(scene, line, count=200, tall=unit * 0.022)


def _firs(scene: Scene, line: Shape, x: float, *, behind: bool) -> None:
    rng, unit = scene.rng, scene.unit
    offsets = (-0.17, 0.2, 0.27, -0.24) if behind else (0.38, 0.5, -0.4, -0.52, 0.62)
    firs: list[Shape] = []
    for offset in offsets:
        at = x + unit * (offset + rng.uniform(-0.03, 0.03))
        ground = height_at(line, min(max(at, 0), scene.width)) + unit * 0.02
        firs += pine(scene, (at, ground), unit * rng.uniform(0.24, 0.44))
    scene.canvas.fill(firs, scene.palette.land(0.82 if behind else 0.97))


def stage_fox(scene: Scene) -> None:
    """Sit a fox on a rise of the ground."""
    rng, unit = scene.rng, scene.unit
    line = mound(scene, y=scene.height * 0.87, height=unit * 0.035, depth=0.92)
    x = scene.across(rng.uniform(0.32, 0.62))
    place = Place(x, height_at(line, x) + unit * 0.02, unit * rng.uniform(0.32, 0.52), scene.facing)
    scene.canvas.glow(place.spot(-0.05, 0.5), unit * 0.48, scene.palette.haze, strength=0.45)
    fox(scene.canvas, place, scene.palette)
    if scene.brief.mood != "winter" and scene.brief.place == "forest":
        litter(
            scene, [(px, py + unit * 0.015) for px, py in line], count=int(420 * scene.width / unit)
        )
    if scene.brief.mood != "winter":
        grass(scene, [(px, py + unit * 0.03) for px, py in line], count=170, tall=unit * 0.06)


def stage_cat(scene: Scene) -> None:
    """Sit a cat on the ridge of a roof."""
    rng, unit = scene.rng, scene.unit
    apex = (scene.across(rng.uniform(0.34, 0.5)), scene.height * rng.uniform(0.7, 0.76))
    roof(scene, apex)
    place = Place(
        apex[0] + scene.facing * unit * rng.uniform(0.02, 0.08),
        apex[1] + unit * 0.006,
        unit * rng.uniform(0.36, 0.43),
        scene.facing,
    )
    cat(scene.canvas, place, scene.palette)


def stage_whale(scene: Scene) -> None:
    """Let a whale surface, half of it under the water."""
    rng, unit = scene.rng, scene.unit
    y = scene.horizon + (scene.height - scene.horizon) * rng.uniform(0.4, 0.5)
    place = Place(
        scene.across(rng.uniform(0.44, 0.56)), y, unit * rng.uniform(0.46, 0.56), scene.facing
    )
    water = scene.canvas.image.copy()
    whale(scene.canvas, place, scene.palette)
    surface = rolling(rng, scene.width, y - place.unit * 0.07, unit * 0.005, waves=9)
    _drown(scene, water, surface)
    swash = [point for point in surface if abs(point[0] - place.x) < place.unit * 0.85]
    for _ in range(3):
        foam(scene, swash, 1.0)


def _drown(scene: Scene, water: Image.Image, surface: Shape) -> None:
    """Let the water that was there before close over everything below a surface."""
    if cut := scene.canvas.stencil([down_to(surface, scene.height + 2)]):
        scene.canvas.image.paste(water.crop(cut.box), cut.box, scaled(cut.mask, 0.82))


def stage_station(scene: Scene) -> None:
    """Let a wheel station drift above its planet."""
    rng, unit = scene.rng, scene.unit
    place = Place(
        scene.across(rng.uniform(0.4, 0.55)),
        scene.height * rng.uniform(0.36, 0.44),
        unit * rng.uniform(0.27, 0.33),
        scene.facing,
    )
    scene.canvas.glow((place.x, place.y), unit * 0.45, scene.palette.glow, strength=0.3)
    station(scene.canvas, place, scene.palette)


def stage_rocket(scene: Scene) -> None:
    """Send a rocket up on a column of light."""
    rng, unit = scene.rng, scene.unit
    place = Place(
        scene.across(rng.uniform(0.4, 0.55)),
        scene.height * rng.uniform(0.58, 0.66),
        unit * rng.uniform(0.36, 0.44),
        scene.facing,
    )
    trail(
        scene.canvas,
        (place.x, place.y),
        (place.x, scene.height * 1.05),
        scene.palette.lamp,
        width=unit * 0.09,
    )
    rocket(scene.canvas, place, scene.palette)


MOTIFS: Mapping[str, Stage] = {
    "lighthouse": stage_lighthouse,
    "castle": stage_castle,
    "boat": stage_boat,
    "balloon": stage_balloon,
    "cabin": stage_cabin,
    "fox": stage_fox,
    "cat": stage_cat,
    "whale": stage_whale,
    "station": stage_station,
    "rocket": stage_rocket,
}

"""The painter's studio: from a prompt, a size, a seed and references to a finished picture."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from PIL import Image

from playground.art.brief import HOMES, Brief, read
from playground.art.canvas import Canvas
from playground.art.finish import grain, paper, vignette
from playground.art.gallery import hanging, show_behind, show_in_front
from playground.art.harmony import harmonise, pigments, swatches
from playground.art.palette import Palette, choose
from playground.art.places import PLACES
from playground.art.references import Reference, ready
from playground.art.scene import Light, Scene
from playground.art.staging import MOTIFS
from playground.art.texture import Size, chance
from playground.art.weather import paint_weather

_NAMES = {
    "sea": "The open sea",
    "mountain": "Mountains",
    "forest": "A forest",
    "city": "A city skyline",
    "desert": "Desert dunes",
    "space": "Planets in deep space",
    "garden": "A garden in flower",
    "abstract": "An abstract composition",
    "lighthouse": "A lighthouse",
    "castle": "A castle",
    "boat": "A sailing boat",
    "balloon": "Hot-air balloons",
    "cabin": "A cabin",
    "fox": "A red fox",
    "cat": "A cat on a roof",
    "whale": "A whale",
    "station": "A space station above a planet",
    "rocket": "A rocket",
}
_HOURS = {
    "dusk": "at dusk",
    "sunset": "at sunset",
    "night": "at night",
    "dawn": "at dawn",
    "day": "by day",
    "storm": "in a storm",
    "winter": "in winter",
    "autumn": "in autumn",
    "neon": "in neon light",
    "mist": "in mist",
    "garden": "in spring light",
    "desert": "",
    "space": "",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What a prompt and a seed settle before the first stroke."""

    brief: Brief
    palette: Palette
    rng: Random


def paint(
    prompt: str, *, size: tuple[int, int], seed: int, references: Sequence[Image.Image] = ()
) -> Image.Image:
    """Paint a picture; the same prompt, size (pixels), seed and references give the same pixels.

    References are pictures of any mode and size; the scene takes their colours and shows them.
    """
    plan, shown = _plan(prompt, seed), [ready(image) for image in references]
    scene = _scene(plan, size, chance("tooth", prompt, seed))
    scene = _in_their_colours(scene, shown)
    PLACES[plan.brief.place](scene)
    show_behind(scene, shown)
    if plan.brief.motif:
        MOTIFS[plan.brief.motif](scene)
    show_in_front(scene, shown)
    paint_weather(scene)
    return _finished(scene)


def describe(prompt: str, *, seed: int, references: Sequence[Image.Image] = ()) -> str:
    """Say in one sentence what `paint` paints for the same arguments."""
    plan = _plan(prompt, seed)
    brief = plan.brief
    words, falling = _subject(brief)
    guests = [*falling, hanging(brief, len(references))] if references else falling
    return f"{words} with {' and '.join(guests)}" if guests else words


def _subject(brief: Brief) -> tuple[str, list[str]]:
    """Name what is painted, where and at which hour, and what falls from its sky."""
    if brief.place == "abstract":
        return "An abstract composition on paper", []
    words = [_NAMES[brief.subject], _where(brief), _HOURS[brief.mood]]
    return " ".join(filter(None, words)), sorted(brief.weather & {"rain", "snow"})


def _where(brief: Brief) -> str:
    """Name the place of a motif, unless it goes without saying."""
    if brief.motif is None or (brief.place == HOMES[brief.motif][0] and brief.motif != "fox"):
        return ""
    return {"sea": "by the sea", "mountain": "in the mountains", "city": "in the city"}.get(
        brief.place, f"in the {brief.place}"
    )


def _plan(prompt: str, seed: int) -> Plan:
    brief, rng = read(prompt), chance("plan", prompt, seed)
    return Plan(brief, choose(rng, brief.mood), rng)


def _scene(plan: Plan, size: Size, tooth: Random) -> Scene:
    rng, brief = plan.rng, plan.brief
    horizon = size[1] * rng.uniform(0.52, 0.66)
    facing = rng.choice((1, -1))
    light = _light(plan, size, horizon, facing)
    return Scene(Canvas(size, tooth), plan.palette, rng, brief, light, horizon, facing)


def _in_their_colours(scene: Scene, references: Sequence[Reference]) -> Scene:
    if not references:
        return scene
    found = list(swatches(references))
    return replace(scene, palette=harmonise(scene.palette, found), pigments=pigments(found))


def _light(plan: Plan, size: Size, horizon: float, facing: int) -> Light:
    """Hang the light on the side the picture faces: low by day's ends, high by night."""
    rng, brief, unit = plan.rng, plan.brief, min(size)
    moon = brief.moonlit or (plan.palette.dark and brief.mood not in {"dusk", "space"})
    low = brief.mood in {"dusk", "sunset", "dawn", "desert"} and not moon
    radius = unit * (rng.uniform(0.065, 0.1) if low else rng.uniform(0.05, 0.08))
    y = horizon * (rng.uniform(0.62, 0.84) if low else rng.uniform(0.24, 0.46))
    across = rng.uniform(0.56, 0.76)
    if brief.motif == "cat":
        across, y, radius = (
            rng.uniform(0.42, 0.52),
            size[1] * rng.uniform(0.36, 0.42),
            unit * rng.uniform(0.2, 0.25),
        )
    return Light(size[0] * (across if facing > 0 else 1 - across), y, radius, moon)


def _finished(scene: Scene) -> Image.Image:
    brief, rng = scene.brief, chance("finish", scene.rng.random())
    picture = scene.canvas.image
    on_paper = brief.place in {"abstract", "garden"} or brief.watercolour
    if on_paper:
        picture = paper(
            picture, rng, strength=0.42 if brief.watercolour or brief.place == "garden" else 0.35
        )
    else:
        picture = vignette(picture, strength=0.75)
    return grain(picture, rng)

"""The composer: from a prompt, a size, a seed and references to a finished picture."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from PIL import Image, ImageChops, ImageOps

from playground.art.backdrops import BACKDROPS
from playground.art.canvas import Canvas
from playground.art.lettering import is_drawable, poster
from playground.art.palette import MOODS, Palette
from playground.art.prompt_parser import SUBJECT_BACKDROPS, ParsedPrompt, parse_prompt
from playground.art.recolouring import recolour
from playground.art.references import hang_on_line, prepare
from playground.art.scene import USUAL_VIEW, Light, Scene, View
from playground.art.sky import snowfall
from playground.art.subjects import SUBJECTS
from playground.art.texture import Size, levels, seeded, smooth_noise, white_noise

WHAT_IT_DRAWS = (
    "This demonstration painter draws lighthouses, boats, foxes, cabins, mountains, forests "
    "and the sea."
)
_NAMES = {
    "sea": "The open sea",
    "mountain": "Mountains",
    "forest": "A forest",
    "lighthouse": "A lighthouse",
    "boat": "A sailing boat",
    "cabin": "A cabin",
    "fox": "A red fox",
}
_PLACES = {"sea": "by the sea", "mountain": "in the mountains", "forest": "in the forest"}
_MOOD_PHRASES = {
    **{mood: f"at {mood}" for mood in ("dusk", "sunset", "night", "dawn")},
    **{mood: f"in {mood}" for mood in ("winter", "autumn", "mist")},
    "day": "by day",
    "neon": "in neon light",
    "spring": "in spring light",
}
_GRAIN = 0.025  # share of grey noise blended in; costs about one byte of PNG per pixel
_HORIZONS = (0.25, 0.85)  # the highest and the lowest, as a share of the height
_LARGEST_GRAIN = 1_050_000  # pixels; above it the grain is enlarged, as in a real enlargement


def paint(
    prompt: str,
    *,
    size: Size,
    seed: int,
    references: Sequence[Image.Image] = (),
    negative: str = "",
    view: View = USUAL_VIEW,
) -> Image.Image:
    """Paint a picture; the same prompt, size (pixels), seed and references give the same pixels.

    What the ``negative`` prompt names is left out. References are pictures of any mode and size;
    the scene takes their colours, unless the ``view`` has others, and shows them.
    """
    parsed = parse_prompt(prompt, negative)
    scene, shown = _scene(prompt, parsed, size, seed, view), [prepare(one) for one in references]
    if view.palette is None:
        scene = replace(scene, palette=recolour(scene.palette, shown))
    if scene.prompt.backdrop is None:
        poster(scene, prompt, shown)
        return _finished(scene)
    BACKDROPS[scene.prompt.backdrop](scene)
    if shown:
        hang_on_line(scene, shown)
    if scene.prompt.subject:
        SUBJECTS[scene.prompt.subject](scene)
    if scene.prompt.is_snowing or (scene.prompt.mood == "winter" and scene.rng.random() < 0.5):
        snowfall(scene)
    return _finished(scene)


def palette_of(prompt: str, seed: int, negative: str = "") -> Palette:
    """Return the colours that a prompt and a seed have by themselves."""
    return _plan(prompt, seed).choice(MOODS[parse_prompt(prompt, negative).mood])


def _plan(prompt: str, seed: int) -> Random:
    """Return the generator that decides what a prompt leaves open."""
    return seeded("plan", prompt, seed)


def can_draw(prompt: str, negative: str = "") -> bool:
    """Tell whether a prompt names something to draw; if not, it becomes a poster of its words."""
    return parse_prompt(prompt, negative).backdrop is not None


def caption(prompt: str, *, reference_count: int = 0, negative: str = "") -> str:
    """Return a caption of what `paint` paints for a prompt."""
    parsed = parse_prompt(prompt, negative)
    one = reference_count == 1
    whose = "your reference" if one else f"your {reference_count} references"
    colours = f"in {'its' if one else 'their'} colours"
    if parsed.backdrop is None:
        words = "Your words on a poster" if is_drawable(prompt) else "A tile for each character"
        shown = f" with {whose} as {'a disc' if one else 'discs'}, {colours}"
        return f"{words}{shown if reference_count else ''}. {WHAT_IT_DRAWS}"
    guests = ["snow"] if parsed.is_snowing else []
    if reference_count:
        guests.append(f"{whose} on a line, {colours}")
    words = _scene_phrase(parsed, parsed.backdrop)
    return f"{words} with {' and '.join(guests)}" if guests else words


def _scene_phrase(parsed: ParsedPrompt, backdrop: str) -> str:
    """Name what is painted, where and when; the place only where it does not go without saying."""
    drawn = parsed.subject or backdrop
    is_usual = backdrop == SUBJECT_BACKDROPS.get(drawn, (backdrop,))[0] and drawn != "fox"
    where = "" if is_usual else _PLACES[backdrop]
    return " ".join(filter(None, (_NAMES[drawn], where, _MOOD_PHRASES[parsed.mood])))


def _scene(prompt: str, parsed: ParsedPrompt, size: Size, seed: int, view: View) -> Scene:
    """Decide what a prompt and a seed leave open: the palette, the horizon, and the light."""
    rng, unit = _plan(prompt, seed), min(size) * view.zoom
    usual = rng.choice(MOODS[parsed.mood])
    palette = view.palette or usual
    highest, lowest = _HORIZONS
    horizon = size[1] * min(max(rng.uniform(0.52, 0.66) + view.shift[1], highest), lowest)
    facing = rng.choice((1, -1))
    is_moon = parsed.is_moonlit or (palette.dark and parsed.mood != "dusk")
    is_low = parsed.mood in {"dusk", "sunset", "dawn"} and not is_moon
    radius = unit * (rng.uniform(0.065, 0.1) if is_low else rng.uniform(0.05, 0.08))
    y = horizon * (rng.uniform(0.62, 0.84) if is_low else rng.uniform(0.24, 0.46))
    across = rng.uniform(0.56, 0.76)
    x = size[0] * view.across(across if facing > 0 else 1 - across)
    light = Light(x, y * view.zoom + horizon * (1 - view.zoom), radius, is_moon)
    canvas = Canvas(size, seeded("tooth", prompt, seed))
    details = seeded("details", prompt, seed, view.variant) if view.variant else rng
    return Scene(canvas, palette, details, parsed, light, horizon, facing, view)


def _finished(scene: Scene) -> Image.Image:
    """Add paper or dark corners, and film grain."""
    rng = seeded("finish", scene.rng.random())
    picture, prompt = scene.canvas.image, scene.prompt
    if prompt.is_watercolour or prompt.backdrop is None:
        strength = 0.42 if prompt.is_watercolour else 0.35
        return _grained(_on_paper(picture, rng, strength=strength), rng)
    return _grained(_vignetted(picture), rng)


def _vignetted(picture: Image.Image) -> Image.Image:
    gradient = Image.radial_gradient("L").resize(picture.size, Image.Resampling.BICUBIC)
    rim = ImageOps.invert(levels(gradient, 0.45, 1.6))
    dark = ImageChops.multiply(picture, ImageOps.colorize(rim, "#101028", "white"))
    return Image.blend(picture, dark, 0.75)


def _on_paper(picture: Image.Image, rng: Random, *, strength: float) -> Image.Image:
    fine = (picture.size[0] // 3, picture.size[1] // 3)
    tooth = smooth_noise(rng, picture.size, cells=fine, octaves=2)
    blotch = smooth_noise(rng, picture.size, cells=(4, 4), octaves=5)
    rough = levels(Image.blend(tooth, blotch, 0.25), -2.6, 0.8)
    pressed = ImageChops.multiply(picture, Image.merge("RGB", (rough, rough, rough)))
    return Image.blend(picture, pressed, strength)


def _grained(picture: Image.Image, rng: Random) -> Image.Image:
    width, height = picture.size
    shrink = max(1.0, (width * height / _LARGEST_GRAIN) ** 0.5)
    dust = white_noise(rng, (max(int(width / shrink), 1), max(int(height / shrink), 1)))
    sheet = dust.resize(picture.size, Image.Resampling.BICUBIC) if shrink > 1 else dust
    return Image.blend(picture, Image.merge("RGB", (sheet, sheet, sheet)), _GRAIN)

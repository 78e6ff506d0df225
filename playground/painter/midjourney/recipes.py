"""Recipes: what a picture of a task is made from, so that a button can make another one of it."""

import io
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import SystemRandom

from PIL import Image

from playground.art.blending import blend, replace_part, set_back, tint
from playground.art.composer import paint, palette_of
from playground.art.palette import MOODS, Palette
from playground.art.scene import USUAL_VIEW, View
from playground.painter.midjourney.buttons import GRID_PICTURES, Button
from playground.painter.midjourney.prompts import FlaggedPrompt
from playground.painter.rendering import RenderedPicture

Size = tuple[int, int]
Ratio = tuple[int, int]

_SIDE = 640  # pixels of a square picture; others have as many
_SMALLEST_ZOOM = 0.3  # below, figures dissolve
_FARTHEST = 0.35  # that a view may be moved
_SEEDS = 2**32
_FAR_APART = 90  # of colours that nobody takes for the same


@dataclass(frozen=True, slots=True, eq=False)
class Recipe:
    """One picture. Without words it blends its references.

    ``part`` is where it is seen, if not everywhere.
    """

    words: str
    seed: int
    size: Size
    references: tuple[Image.Image, ...] = ()
    negative: str = ""
    view: View = USUAL_VIEW
    part: "Part | None" = None


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """The white part of a mask, in the picture of another recipe."""

    below: Recipe
    mask: Image.Image


def new_recipes(prompt: FlaggedPrompt, references: tuple[Image.Image, ...]) -> tuple[Recipe, ...]:
    """Return four recipes for a prompt, or for a blend of the references."""
    first = secrets.randbelow(_SEEDS) if prompt.seed is None else prompt.seed
    size = _size(prompt.ratio or (1, 1))
    return tuple(
        Recipe(prompt.words, first + index, size, references, prompt.negative)
        for index in range(GRID_PICTURES)
    )


def _size(ratio: Ratio) -> Size:
    """Return an even size of this ratio."""
    stretch = (ratio[0] / ratio[1]) ** 0.5
    return round(_SIDE * stretch / 2) * 2, round(_SIDE / stretch / 2) * 2


# --- what buttons make of them --------------------------------------------------------------------


def pressed(
    button: Button, shown: Sequence[Recipe], prompt: FlaggedPrompt, mask: Image.Image | None
) -> tuple[Recipe, ...]:
    """Return the recipes of a button under pictures; the words and the mask are the person's."""
    parent = shown[button.number - 1]
    if button.kind == "pick":
        return (parent,)
    if button.kind == "enlarge":
        return (_enlarged(parent, variant=int(button.is_bold)),)
    recipe = _worded(replace(parent, size=_size(prompt.ratio or parent.size)), prompt)
    if button.kind == "again":
        again = FlaggedPrompt(recipe.words, recipe.size, negative=recipe.negative)
        return new_recipes(again, recipe.references)
    if button.kind == "region":
        assert mask is not None  # noqa: S101 - a modal without it is refused
        return _repainted(replace(recipe, words=prompt.words or recipe.words), Part(parent, mask))
    return tuple(_viewed(recipe, view) for view in _views(recipe, button, prompt.zoom))


def _views(recipe: Recipe, button: Button, zoom_out: float | None) -> list[View]:
    """Return how the four pictures of a button see the scene."""
    view = recipe.view
    match button.kind:
        case "variation":
            return [replace(view, palette=palette) for palette in _palettes(recipe)]
        case "vary":
            return _varied(recipe, is_bold=button.is_bold)
        case "zoom":
            zoom = view.zoom * (1 / zoom_out if zoom_out else button.zoom)
            return _moved(replace(view, zoom=max(zoom, _SMALLEST_ZOOM)))
        case _:
            return _moved(replace(view, shift=_shifted(view.shift, button.shift)))


def _worded(recipe: Recipe, prompt: FlaggedPrompt) -> Recipe:
    if not (prompt.words and recipe.words):
        return recipe
    return replace(recipe, words=prompt.words, negative=prompt.negative)


def _enlarged(recipe: Recipe, *, variant: int) -> Recipe:
    wide, high = recipe.size
    view = replace(recipe.view, variant=recipe.view.variant + variant)
    return _viewed(replace(recipe, size=(wide * 2, high * 2)), view)


def _palettes(recipe: Recipe) -> list[Palette]:
    """Choose colours that differ from one another, and from those of before, as far as can be."""
    before = _colours(recipe)
    known = [palette for palettes in MOODS.values() for palette in palettes if palette != before]
    mixed = SystemRandom().sample(known, len(known))
    chosen = [before] if before else []
    for palette in mixed:
        if all(_distance(palette, other) >= _FAR_APART for other in chosen):
            chosen.append(palette)
    others = [palette for palette in chosen if palette != before]
    return [*others, *(one for one in mixed if one not in others)][:GRID_PICTURES]


def _distance(one: Palette, other: Palette) -> int:
    """Return how far the colours of two skies are apart: their sum, each 0 to 255."""
    middle = len(one.sky) // 2
    return sum(abs(a - b) for a, b in zip(one.sky[middle], other.sky[middle], strict=True))


def _varied(recipe: Recipe, *, is_bold: bool) -> list[View]:
    """Change details; if it is bold, the colours as well."""
    view = recipe.view
    views = [replace(view, variant=view.variant + number) for number in range(1, GRID_PICTURES + 1)]
    if not is_bold:
        return views
    coloured = zip(views, _palettes(recipe), strict=True)
    return [replace(one, palette=palette) for one, palette in coloured]


def _moved(view: View) -> list[View]:
    """Return four views that differ in details; the first has those of before."""
    return [replace(view, variant=view.variant + number) for number in range(GRID_PICTURES)]


def _shifted(before: tuple[float, float], more: tuple[float, float]) -> tuple[float, float]:
    across, down = (
        min(max(was + by, -_FARTHEST), _FARTHEST) for was, by in zip(before, more, strict=True)
    )
    return across, down


def _viewed(recipe: Recipe, view: View) -> Recipe:
    """See a picture, and what is below it, in another way."""
    part = recipe.part
    below = replace(part, below=_viewed(part.below, view)) if part else None
    return replace(recipe, view=view, part=below)


def _repainted(recipe: Recipe, part: Part) -> tuple[Recipe, ...]:
    """Paint a part of a picture anew, four times."""
    seeds = [secrets.randbelow(_SEEDS) for _ in range(GRID_PICTURES)]
    return tuple(replace(recipe, seed=seed, part=part) for seed in seeds)


# --- pictures -------------------------------------------------------------------------------------


def painted(recipe: Recipe) -> Image.Image:
    """Paint one picture; takes some tenths of a second, so call it in a thread."""
    if recipe.part is None:
        return _painted(recipe, recipe.view)
    below = replace(recipe.part.below, size=recipe.size)
    above = _painted(recipe, replace(recipe.view, palette=_colours(below)))
    return replace_part(painted(below), above, recipe.part.mask)


def _colours(recipe: Recipe) -> Palette | None:
    """Return the colours of a picture, None for those of a blend."""
    if recipe.view.palette or not recipe.words:
        return recipe.view.palette
    return palette_of(recipe.words, recipe.seed, recipe.negative)


def _painted(recipe: Recipe, view: View) -> Image.Image:
    """Paint a picture by itself."""
    size, seed = recipe.size, recipe.seed
    if not recipe.words:
        blended = blend(recipe.references, size=size, seed=seed + view.variant)
        coloured = tint(blended, view.palette) if view.palette else blended
        return set_back(coloured, zoom=view.zoom, shift=view.shift)
    return paint(
        recipe.words,
        size=size,
        seed=seed,
        references=recipe.references,
        negative=recipe.negative,
        view=view,
    )


def as_file(pictures: Sequence[Image.Image], seed: int) -> RenderedPicture:
    """Return one picture as a file, or four in two rows."""
    sheet = pictures[0]
    if len(pictures) > 1:
        wide, high = sheet.size
        sheet = Image.new("RGB", (2 * wide, 2 * high))
        for index, picture in enumerate(pictures):
            sheet.paste(picture, (index % 2 * wide, index // 2 * high))
    file = io.BytesIO()
    sheet.save(file, "PNG", compress_level=4)
    return RenderedPicture(file.getvalue(), "", seed)

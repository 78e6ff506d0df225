"""Posters of words: a prompt that names nothing to draw, in letters or as tiles of shapes."""

import math
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import cast

from PIL import Image, ImageDraw, ImageFont

from playground.art.canvas import Mask
from playground.art.colour import Gradient, Rgb, mix
from playground.art.references import PreparedReference, paste_disc
from playground.art.scene import Scene
from playground.art.shapes import Shape, arc, box, ellipse, filled_below, soft_skyline, stroke
from playground.art.texture import seeded

_MOST_CHARACTERS = 160
_MOST_TILES = 60
_LONGEST_WORD = 18  # longer ones are broken
_SMALLEST = 5  # pixels of a letter
_LEADING = 1.12  # from line to line, in heights of a letter
_BORDER = 0.055  # of the shorter side


def poster(scene: Scene, words: str, references: Sequence[PreparedReference]) -> None:
    """Paint a poster of words, with a disc that rises over ribbons or shows references."""
    palette = scene.palette
    scene.canvas.wash(Gradient(palette.sky[:2] if palette.dark else palette.sky[-1:-3:-1]))
    _discs(scene, references)
    _ribbons(scene)
    _border(scene)
    if is_drawable(words):
        _letters(scene, drawable(words))
    else:
        _tiles(scene, [c for c in words if c.isprintable() and not c.isspace()][:_MOST_TILES])


# --- words ----------------------------------------------------------------------------------------


@cache
def _glyph_is_known(character: str) -> bool:
    font = _font(24)
    unknown, glyph = font.getmask("\U0010fffe"), font.getmask(character)
    return (glyph.size, bytes(glyph)) != (unknown.size, bytes(unknown))


def drawable(words: str) -> str:
    """Return words in capitals, as far as the font has letters for them."""
    plain = "".join(map(_in_the_font, words[: 4 * _MOST_CHARACTERS].upper()))
    text = " ".join(plain.split())
    return text if len(text) <= _MOST_CHARACTERS else text[: _MOST_CHARACTERS - 1] + "…"


def _in_the_font(character: str) -> str:
    """Return a character, or the letter it is based on, or nothing."""
    if character.isspace():
        return " "
    based_on = unicodedata.normalize("NFKD", character)[0]
    return next((one for one in (character, based_on) if _glyph_is_known(one)), "")


def is_drawable(words: str) -> bool:
    """Tell whether the font has letters for most of the words."""
    letters = [c for c in words[: 4 * _MOST_CHARACTERS] if not c.isspace()]
    known = sum(bool(_in_the_font(c)) for c in letters)
    return known > 0 and 2 * known >= len(letters)


def _letters(scene: Scene, text: str) -> None:
    left, top, wide, high = _text_area(scene)
    font, lines = _fitted(text, wide, high, scene.unit * 0.17)
    image = Image.new("L", (scene.width, scene.height))
    pen = ImageDraw.Draw(image)
    for row, line in enumerate(lines):
        y = top + row * font.size * _LEADING
        pen.text((left, y), line, fill=255, font=font, stroke_width=font.size * 0.022)
    palette, canvas = scene.palette, scene.canvas
    ink = palette.light if palette.dark else palette.near
    for off, colour in ((max(round(scene.unit * 0.005), 1), palette.accent), (0, ink)):
        canvas.stamp(Mask(image, (off, off, scene.width + off, scene.height + off)), colour)


def _text_area(scene: Scene) -> tuple[float, float, float, float]:
    """Return left, top, width and height of what letters or tiles may cover."""
    return 0.11 * scene.width, 0.1 * scene.height, 0.78 * scene.width, 0.43 * scene.height


def _fitted(
    text: str, wide: float, high: float, largest: float
) -> tuple[ImageFont.FreeTypeFont, list[str]]:
    """Return the largest font with which a text fits, and its lines."""
    font = _font(largest)
    while True:
        lines = _wrapped(text, font, wide)
        fits = max(map(font.getlength, lines)) <= wide and len(lines) * font.size * _LEADING <= high
        if fits or font.size <= _SMALLEST:
            return font, lines
        font = _font(font.size * 0.93)


def _font(size: float) -> ImageFont.FreeTypeFont:
    # Without FreeType, Pillow raises an ImportError for a size; its wheels contain it.
    return cast("ImageFont.FreeTypeFont", ImageFont.load_default(size))


def _wrapped(text: str, font: ImageFont.FreeTypeFont, wide: float) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        for start in range(0, len(word), _LONGEST_WORD):
            piece = word[start : start + _LONGEST_WORD]
            longer = f"{lines[-1]} {piece}" if lines else piece
            if lines and font.getlength(longer) <= wide:
                lines[-1] = longer
            else:
                lines.append(piece)
    return lines


# --- tiles ----------------------------------------------------------------------------------------


def _tiles(scene: Scene, characters: Sequence[str]) -> None:
    """Lay one tile for each character: the same character is always the same shape."""
    left, top, wide, high = _text_area(scene)
    count = max(len(characters), 1)
    fitting = (n for n in range(1, count) if math.ceil(count / n) * wide / n <= high)
    columns = next(fitting, count)
    cell = min(wide / columns, high)
    palette = scene.palette
    inks = [palette.accent, palette.lamp, palette.glow, palette.light, palette.far]
    for index, character in enumerate(characters):
        x, y = left + index % columns * cell, top + index // columns * cell
        rng = seeded("tile", character)
        below, above = rng.sample(inks, 2)
        ground = mix(below, palette.near if palette.dark else palette.light, 0.45)
        scene.canvas.fill([box(x, y, x + cell * 0.96, y + cell * 0.96)], ground)
        shape = rng.choice(_forms(x, y, cell * 0.96))
        scene.canvas.fill(shape, above)
        scene.canvas.shade(shape, mix(above, palette.near, 0.5), side="bottom", strength=0.5)


def _forms(x: float, y: float, cell: float) -> list[list[Shape]]:
    """Return the shapes that a tile may show."""
    middle = (x + cell / 2, y + cell / 2)
    ends = [(x, y), (x + cell, y), (x + cell, y + cell), (x, y + cell)]
    quarters = [[ends[q], *arc(ends[q], cell, q / 4, 0.25)] for q in range(4)]
    return [
        *([quarter] for quarter in quarters),
        [quarters[0], quarters[2]],
        [arc((middle[0], y + cell), cell / 2, 0.5, 0.5)],
        [arc((x, middle[1]), cell / 2, 0.75, 0.5)],
        [ellipse(*middle, cell * 0.36)],
        [ends[:3]],
        [box(x, y + cell * s / 7, x + cell, y + cell * (s + 1) / 7) for s in (0, 2, 4, 6)],
    ]


# --- decoration -----------------------------------------------------------------------------------


def _discs(scene: Scene, references: Sequence[PreparedReference]) -> None:
    """Draw a disc at the lower side, or one for each reference."""
    rng, unit, palette = scene.rng, scene.unit, scene.palette
    share = rng.uniform(0.5, 0.78)
    if not references:
        disc = ellipse(scene.across(share), scene.height * 0.71, unit * rng.uniform(0.15, 0.2))
        scene.canvas.fill([disc], palette.accent)
        scene.canvas.shade([disc], mix(palette.accent, palette.near, 0.5), side="bottom")
        return
    for index, reference in enumerate(references):
        count = len(references)
        x = share if count == 1 else (index + 0.8) / (count + 0.6)
        spot = (scene.across(x), scene.height * 0.72)
        paste_disc(scene, reference, spot, min(unit * 0.17, scene.width * 0.4 / count))


def _ribbons(scene: Scene) -> None:
    """Let broad bands flow across the foot of the poster."""
    rng, palette, unit, height = scene.rng, scene.palette, scene.unit, scene.height
    tones: list[Rgb] = [palette.glow, palette.land(0.25), palette.lamp, palette.land(0.7)]
    start = rng.randrange(len(tones))
    for step in range(5):
        y = height * (0.78 + 0.05 * step)
        line = soft_skyline(rng, scene.width, y, unit * 0.04, waves=rng.uniform(0.7, 1.3))
        tone = tones[(start + step) % len(tones)]
        body = filled_below(line, height + 2)
        scene.canvas.fill([body], tone)
        side = "right" if step % 2 else "left"
        scene.canvas.shade([body], mix(tone, palette.near, 0.45), side=side, strength=0.6)
        scene.canvas.fill([stroke(line, unit * 0.003)], palette.light, opacity=0.7)


def _border(scene: Scene) -> None:
    """Leave the paper bare around the poster."""
    edge, width, height = scene.unit * _BORDER, scene.width, scene.height
    top, bottom = box(-2, -2, width + 2, edge), box(-2, height - edge, width + 2, height + 2)
    left, right = box(-2, -2, edge, height + 2), box(width - edge, -2, width + 2, height + 2)
    paper = mix(scene.palette.light, scene.palette.haze, 0.15)
    for side in (top, bottom, left, right):
        scene.canvas.fill([side], paper)

"""The gallery: references shown inside the picture, on an easel, on a line, or as moons."""

import math
from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Literal

from PIL import Image

from playground.art.brief import Brief
from playground.art.canvas import Stencil
from playground.art.colour import WHITE, Fade, Rgb, mix
from playground.art.land import grass
from playground.art.references import Reference, screen_print
from playground.art.scene import Scene
from playground.art.shapes import Place, Point, Shape, box, down_to, ellipse, height_at, stroke
from playground.art.texture import chance

Way = Literal["moon", "disc", "line", "easel"]

_BLEED = 2  # pixels printed beyond the edge, which a turned print needs to end cleanly
_BROAD = {"boat", "whale", "castle", "cat", "fox"}  # motifs that an easel would stand in front of


def show_behind(scene: Scene, references: Sequence[Reference]) -> None:
    """Show what belongs behind the motif: references on a line, as moons or as discs."""
    way = _way(scene.brief, len(references))
    if way in {"moon", "disc"}:
        _moons(scene, references)
    elif way == "line" and references:
        _line(scene, references, _whim(scene))


def show_in_front(scene: Scene, references: Sequence[Reference]) -> None:
    """Show what belongs before everything else: a reference on an easel."""
    if references and _way(scene.brief, len(references)) == "easel":
        _easel(scene, references[0])


def hanging(brief: Brief, count: int) -> str:
    """Name `count` references, how they are shown, and whose the colours are."""
    one = count == 1
    way = _way(brief, count)
    places = {
        "moon": "as a moon" if one else "as moons",
        "disc": "as a disc" if one else "as discs",
        "line": "on a line",
        "easel": "on an easel",
    }
    whose = "your reference" if one else f"your {count} references"
    return f"{whose} {places[way]}, in {'its' if one else 'their'} colours"


def _way(brief: Brief, count: int) -> Way:
    """Choose how references are shown: an easel needs ground, and room beside the motif."""
    if brief.place == "space":
        return "moon"
    if brief.place == "abstract":
        return "disc"
    return "line" if count > 1 or brief.motif in _BROAD else "easel"


def _whim(scene: Scene) -> Random:
    """Open chance of our own, so that the scene stays as it is without references."""
    return chance("gallery", scene.light.x, scene.horizon)


def _easel(scene: Scene, reference: Reference) -> None:
    """Stand an easel on a knoll in the near corner that the picture faces."""
    unit = scene.unit
    wide, high = _sides(reference, 0.37)
    reach = min(unit * (wide * 0.58 + 0.045), scene.width / 2)
    place = Place(scene.across(1 - reach / scene.width), scene.height - unit * 0.05, unit)
    knoll = _knoll(scene, place)
    wood = mix(scene.palette.near, mix(scene.palette.lamp, scene.palette.accent, 0.3), 0.42)
    _legs(scene, place, (wide, high), wood)
    low = 0.15
    _hang(scene, place.at(box(-wide / 2, low + high, wide / 2, low)), reference)
    _ledge(scene, place, (wide, low + high), wood)
    grass(replace(scene, rng=_whim(scene)), knoll, count=140, tall=unit * 0.035)


def _sides(reference: Reference, size: float) -> tuple[float, float]:
    """Tell width and height of a print that covers the same area in any shape."""
    return size * math.sqrt(reference.aspect), size / math.sqrt(reference.aspect)


def _knoll(scene: Scene, place: Place) -> Shape:
    """Raise a soft hill under the easel; returns its skyline across the whole picture."""
    unit, palette = scene.unit, scene.palette
    line = [
        (x, scene.height + unit * (0.03 - 0.105 * math.exp(-(((x - place.x) / unit * 2.3) ** 2))))
        for x in (scene.width * step / 90 for step in range(-1, 92))
    ]
    tone = palette.land(0.93)
    scene.canvas.fill(
        [down_to(line, scene.height + 6)], Fade((mix(tone, palette.glow, 0.12), palette.near))
    )
    return line


def _legs(scene: Scene, place: Place, sides: tuple[float, float], wood: Rgb) -> None:
    wide, high = sides
    top, out = 0.15 + high + 0.07, wide * 0.36
    dark = mix(scene.palette.near, wood, 0.4)
    scene.canvas.fill([place.at(stroke([(0.0, top - 0.02), (0.035, 0.02)], 0.011))], dark)
    legs = [stroke([(s * 0.012, top), (s * (out + 0.02), -0.012)], 0.013, 0.017) for s in (-1, 1)]
    rung = stroke([(-out * 0.86, 0.062), (out * 0.86, 0.062)], 0.01)
    pale = mix(wood, scene.palette.light, 0.2)
    scene.canvas.fill([place.at(part) for part in (*legs, rung)], Fade((pale, wood)))


def _ledge(scene: Scene, place: Place, at: tuple[float, float], wood: Rgb) -> None:
    """Lay the ledge under the print, and clamp its top."""
    wide, top = at
    pale = mix(wood, scene.palette.light, 0.22)
    scene.canvas.fill([place.at(box(-wide * 0.55, 0.152, wide * 0.55, 0.13))], Fade((pale, wood)))
    scene.canvas.fill([place.at(box(-0.009, top + 0.085, 0.009, top - 0.004))], pale)
    scene.canvas.fill([place.at(box(-0.022, top + 0.008, 0.022, top - 0.012))], wood)


def _line(scene: Scene, references: Sequence[Reference], whim: Random) -> None:
    """Peg the references to a line across the sky."""
    unit, palette = scene.unit, scene.palette
    cord = [
        (scene.width * share, scene.height * (0.07 + 0.28 * share * (1 - share)))
        for share in (step / 60 for step in range(-1, 62))
    ]
    scene.canvas.fill([stroke(cord, max(unit * 0.0045, 1))], mix(palette.near, palette.sky[0], 0.2))
    count = len(references)
    pitch = scene.width / unit / (count + 0.35)
    for index, reference in enumerate(references):
        x = scene.across(0.25) if count == 1 else scene.width * (index + 0.675) / (count + 0.35)
        wide, high = _sides(reference, min(0.34, pitch * 0.86))
        shrink = min(1.0, min(pitch * 0.92, 0.44) / wide)
        _pegged(scene, (x, height_at(cord, x)), (wide * shrink, high * shrink), reference, whim)


def _pegged(
    scene: Scene, spot: Point, sides: tuple[float, float], reference: Reference, whim: Random
) -> None:
    wide, high = sides
    turn = whim.uniform(-0.055, 0.055)
    place = Place(*spot, scene.unit)
    _hang(scene, place.at(_turned(box(-wide / 2, 0.004, wide / 2, 0.004 - high), turn)), reference)
    pegs = [
        place.at(_turned(box(x - 0.006, 0.02, x + 0.006, -0.018), turn))
        for x in (-wide * 0.34, wide * 0.34)
    ]
    scene.canvas.fill(pegs, mix(scene.palette.accent, scene.palette.lamp, 0.3))


def _turned(points: Shape, turn: float) -> Shape:
    across, up = math.cos(turn), math.sin(turn)
    return [(x * across - y * up, x * up + y * across) for x, y in points]


def _hang(scene: Scene, corners: Shape, reference: Reference) -> None:
    """Print a reference on paper with a margin; corners run clockwise from the top left."""
    canvas, palette, unit = scene.canvas, scene.palette, scene.unit
    paper = mix(palette.light, palette.haze if palette.dark else WHITE, 0.2)
    shadow = [(x + unit * 0.008, y + unit * 0.012) for x, y in corners]
    canvas.fill([shadow], palette.near, opacity=0.5, blur=unit * 0.009)
    canvas.fill([corners], paper)
    inner = _inset(corners, unit * 0.013)
    wide, high = math.dist(inner[0], inner[1]), math.dist(inner[1], inner[2])
    size = (max(round(wide), 4) + 2 * _BLEED, max(round(high), 4) + 2 * _BLEED)
    picture = screen_print(reference, size, paper=paper, shade=_shade(scene))
    if cut := canvas.stencil([inner]):
        canvas.image.paste(_laid(picture, inner, cut), cut.box, cut.mask)
    canvas.shade([inner], mix(palette.near, palette.sky[1], 0.4), side="bottom", strength=0.07)


def _shade(scene: Scene) -> Rgb:
    return mix(scene.palette.sky[1], scene.palette.light, 0.0 if scene.palette.dark else 0.6)


def _inset(corners: Shape, margin: float) -> Shape:
    """Shrink a rectangle, however it is turned, by a margin on every side."""
    (left, top), right, _, low = corners
    wide, high = math.dist(corners[0], right), math.dist(corners[0], low)
    ahead = ((right[0] - left) / wide, (right[1] - top) / wide)
    down = ((low[0] - left) / high, (low[1] - top) / high)
    return [
        (x + margin * (ahead[0] * h + down[0] * v), y + margin * (ahead[1] * h + down[1] * v))
        for (x, y), (h, v) in zip(corners, ((1, 1), (-1, 1), (-1, -1), (1, -1)), strict=True)
    ]


def _laid(picture: Image.Image, corners: Shape, cut: Stencil) -> Image.Image:
    """Turn a picture so that it fills a turned rectangle inside a stencil's box."""
    (x, y), right, _, low = corners
    ux, uy, vx, vy = right[0] - x, right[1] - y, low[0] - x, low[1] - y
    area = ux * vy - uy * vx
    wide, high = picture.width - 2 * _BLEED, picture.height - 2 * _BLEED
    a, b, d, e = vy / area * wide, -vx / area * wide, -uy / area * high, ux / area * high
    left, top = cut.box[0] - x, cut.box[1] - y
    matrix = (a, b, a * left + b * top + _BLEED, d, e, d * left + e * top + _BLEED)
    return picture.transform(cut.size, Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC)


def _moons(scene: Scene, references: Sequence[Reference]) -> None:
    """Hang the references as discs where there is no ground: one high up, several in a row."""
    count = len(references)
    for index, reference in enumerate(references):
        radius = scene.unit * min(0.16, 0.39 / count)
        x = scene.across(0.74 if count == 1 else (index + 0.8) / (count + 0.6))
        lift = 0.0 if count == 1 else 0.05 * math.cos((index + 0.5) / count * math.tau)
        _moon(scene, (x, scene.height * 0.25 + scene.unit * lift), radius, reference)


def _moon(scene: Scene, spot: Point, radius: float, reference: Reference) -> None:
    canvas, palette = scene.canvas, scene.palette
    disc = ellipse(*spot, radius)
    if scene.brief.place == "space":
        canvas.glow(spot, radius * 1.9, palette.glow, strength=0.55)
        canvas.light([ellipse(*spot, radius * 1.02)], palette.light, blur=radius * 0.03)
    else:
        canvas.fill([ellipse(*spot, radius * 1.045)], palette.light)
    if cut := canvas.stencil([disc]):
        picture = screen_print(reference, cut.size, paper=palette.light, shade=_shade(scene))
        canvas.image.paste(picture, cut.box, cut.mask)
    canvas.shade([disc], mix(palette.near, palette.sky[1], 0.3), side="bottom", strength=0.25)

"""References inside the picture: pegged to a line across the sky, or as discs on a poster."""

import math
from collections.abc import Sequence

from PIL import Image, ImageFilter

from playground.art.canvas import Mask
from playground.art.colour import WHITE, Rgb, mix
from playground.art.palette import Palette
from playground.art.references import PreparedReference, screen_print
from playground.art.scene import Scene
from playground.art.shapes import Point, Shape, box, ellipse, stroke, y_at
from playground.art.texture import Size, seeded


def hang_on_line(scene: Scene, references: Sequence[PreparedReference]) -> None:
    """Peg references to a line across the sky."""
    unit, palette, count = scene.unit, scene.palette, len(references)
    shares = [step / 60 for step in range(-1, 62)]
    line = [(scene.width * s, scene.height * (0.07 + 0.28 * s * (1 - s))) for s in shares]
    ink = mix(palette.near, palette.sky[0], 0.2)
    scene.canvas.fill([stroke(line, max(unit * 0.0045, 1))], ink)
    # A generator of its own, so that the rest of the scene is the same without references.
    rng = seeded("references", scene.light.x, scene.horizon)
    alone = 0.74 if scene.prompt.subject == "lighthouse" else 0.25
    pitch = scene.width / unit / (count + 0.35)
    for index, reference in enumerate(references):
        x = scene.across(alone) if count == 1 else scene.width * (index + 0.675) / (count + 0.35)
        side = unit * min(0.34, pitch * 0.86)
        wide = min(side * math.sqrt(reference.aspect), unit * pitch * 0.92, unit * 0.44)
        size = (max(round(wide), 8), max(round(wide / reference.aspect), 8))
        sheet = _sheet(reference, size, palette, margin=round(unit * 0.013))
        turned = sheet.rotate(rng.uniform(-3, 3), Image.Resampling.BICUBIC, expand=True)
        _paste(scene, turned, (x, y_at(line, x)))
        xs = (x - wide * 0.34, x + wide * 0.34)
        scene.canvas.fill(
            [_peg(line, at, unit) for at in xs], mix(palette.accent, palette.lamp, 0.3)
        )


def _sheet(
    reference: PreparedReference, size: Size, palette: Palette, *, margin: int
) -> Image.Image:
    """Print a reference on paper with a margin."""
    paper = mix(palette.light, palette.haze if palette.dark else WHITE, 0.2)
    sheet = Image.new("RGBA", size, (*paper, 255))
    inner = (max(size[0] - 2 * margin, 4), max(size[1] - 2 * margin, 4))
    picture = screen_print(reference, inner, paper=paper, tint=_tint(palette))
    sheet.paste(picture, ((size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2))
    return sheet


def _tint(palette: Palette) -> Rgb:
    return mix(palette.sky[1], palette.light, 0.0 if palette.dark else 0.6)


def _paste(scene: Scene, sheet: Image.Image, spot: Point) -> None:
    """Paste a sheet with its shadow; the middle of its upper edge is at a spot."""
    canvas, alpha = scene.canvas, sheet.getchannel("A")
    left, top = round(spot[0] - sheet.width / 2), round(spot[1])
    x, y = left + round(scene.unit * 0.008), top + round(scene.unit * 0.012)
    shadow = alpha.filter(ImageFilter.GaussianBlur(scene.unit * 0.006))
    where = (x, y, x + sheet.width, y + sheet.height)
    canvas.stamp(Mask(shadow, where), scene.palette.near, opacity=0.5)
    canvas.image.paste(sheet.convert("RGB"), (left, top), alpha)


def _peg(line: Shape, x: float, unit: float) -> Shape:
    y = y_at(line, x)
    return box(x - unit * 0.006, y - unit * 0.014, x + unit * 0.006, y + unit * 0.022)


def paste_disc(scene: Scene, reference: PreparedReference, spot: Point, radius: float) -> None:
    """Print a reference as a disc with a pale rim."""
    canvas, palette = scene.canvas, scene.palette
    canvas.fill([ellipse(*spot, radius * 1.045)], palette.light)
    if mask := canvas.mask([ellipse(*spot, radius)]):
        picture = screen_print(reference, mask.size, paper=palette.light, tint=_tint(palette))
        canvas.image.paste(picture, mask.box, mask.image)

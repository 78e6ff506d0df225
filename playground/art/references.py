"""References: pictures that people attach, printed in few inks and shown in the picture."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageFilter, ImageOps

from playground.art.canvas import Mask
from playground.art.colour import WHITE, Rgb, mix
from playground.art.palette import Palette
from playground.art.scene import Scene
from playground.art.shapes import Point, box, ellipse, stroke, y_at
from playground.art.texture import Size, seeded

_FINE = 480  # pixels on the longer side that a print is made from
_PIXEL_ART = 64  # up to this many pixels the squares of a picture stay sharp
_ASPECTS = (0.66, 1.9)  # the slimmest and the widest print: width by height
_INKS = 10  # of one print


@dataclass(frozen=True, slots=True, eq=False)
class PreparedReference:
    """A picture at the size that prints need: RGBA, cropped to a moderate aspect."""

    picture: Image.Image
    is_pixel_art: bool


def prepare(image: Image.Image) -> PreparedReference:
    """Prepare a picture of any mode and shape for printing; of a very long strip, a part."""
    slim, wide = _ASPECTS
    width = min(image.width, max(1, round(image.height * wide)))
    height = min(image.height, max(1, round(image.width / slim)))
    left, top = (image.width - width) // 2, (image.height - height) // 3
    part = image.crop((left, top, left + width, top + height))
    scale = min(1.0, _FINE / max(part.size))
    size = (round(part.width * scale) or 1, round(part.height * scale) or 1)
    small = _eight_bits(part)
    if scale < 1:
        small = small.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    return PreparedReference(small, max(image.size) <= _PIXEL_ART)


def _eight_bits(image: Image.Image) -> Image.Image:
    """Convert to RGBA; Pillow clips 16 bits to 255 instead of scaling them."""
    if image.mode.startswith("I"):
        return image.convert("I").point(lambda grey: grey * (1 / 257)).convert("L").convert("RGBA")
    return image.convert("RGBA" if image.has_transparency_data else "RGB").convert("RGBA")


def hang_on_line(scene: Scene, references: Sequence[PreparedReference]) -> None:
    """Peg references to a line across the sky."""
    unit, palette, count = scene.unit, scene.palette, len(references)
    shares = [step / 60 for step in range(-1, 62)]
    line = [(scene.width * s, scene.height * (0.07 + 0.28 * s * (1 - s))) for s in shares]
    string = stroke(line, max(unit * 0.0045, 1))
    scene.canvas.fill([string], mix(palette.near, palette.sky[0], 0.2))
    # A generator of its own, so that the rest of the scene is the same without references.
    rng = seeded("references", scene.light.x, scene.horizon)
    alone = 0.74 if scene.prompt.subject == "lighthouse" else 0.25
    pitch = scene.width / unit / (count + 0.35)
    for index, reference in enumerate(references):
        x = scene.across(alone) if count == 1 else scene.width * (index + 0.675) / (count + 0.35)
        aspect = reference.picture.width / reference.picture.height
        side = unit * min(0.34, pitch * 0.86)
        wide = min(side * math.sqrt(aspect), unit * pitch * 0.92, unit * 0.44)
        size = (max(round(wide), 8), max(round(wide / aspect), 8))
        sheet = _sheet(reference, size, palette, margin=round(unit * 0.013))
        turned = sheet.rotate(rng.uniform(-3, 3), Image.Resampling.BICUBIC, expand=True)
        _paste(scene, turned, (x, y_at(line, x)))
        spots = [(at, y_at(line, at)) for at in (x - wide * 0.34, x + wide * 0.34)]
        across, up, down = unit * 0.006, unit * 0.014, unit * 0.022
        pegs = [box(px - across, py - up, px + across, py + down) for px, py in spots]
        scene.canvas.fill(pegs, mix(palette.accent, palette.lamp, 0.3))


def _sheet(
    reference: PreparedReference, size: Size, palette: Palette, *, margin: int
) -> Image.Image:
    """Print a reference on paper with a margin."""
    paper = mix(palette.light, palette.haze if palette.dark else WHITE, 0.2)
    sheet = Image.new("RGBA", size, (*paper, 255))
    inner = (max(size[0] - 2 * margin, 4), max(size[1] - 2 * margin, 4))
    picture = _printed(reference, inner, palette, paper=paper)
    sheet.paste(picture, ((size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2))
    return sheet


def _paste(scene: Scene, sheet: Image.Image, spot: Point) -> None:
    """Paste a sheet with its shadow; the middle of its upper edge is at a spot."""
    canvas, alpha = scene.canvas, sheet.getchannel("A")
    left, top = round(spot[0] - sheet.width / 2), round(spot[1])
    x, y = left + round(scene.unit * 0.008), top + round(scene.unit * 0.012)
    shadow = alpha.filter(ImageFilter.GaussianBlur(scene.unit * 0.006))
    where = (x, y, x + sheet.width, y + sheet.height)
    canvas.stamp(Mask(shadow, where), scene.palette.near, opacity=0.5)
    canvas.image.paste(sheet.convert("RGB"), (left, top), alpha)


def paste_disc(scene: Scene, reference: PreparedReference, spot: Point, radius: float) -> None:
    """Print a reference as a disc with a pale rim."""
    canvas, palette = scene.canvas, scene.palette
    canvas.fill([ellipse(*spot, radius * 1.045)], palette.light)
    if mask := canvas.mask([ellipse(*spot, radius)]):
        picture = _printed(reference, mask.image.size, palette, paper=palette.light)
        canvas.image.paste(picture, mask.box, mask.image)


def _printed(
    reference: PreparedReference, size: Size, palette: Palette, *, paper: Rgb
) -> Image.Image:
    """Print a reference in few flat inks, covering `size`; a tint calms all of them a little."""
    sheet = Image.new("RGBA", reference.picture.size, (*paper, 255))
    sheet.alpha_composite(reference.picture)
    resampling = Image.Resampling.NEAREST if reference.is_pixel_art else Image.Resampling.BICUBIC
    # Enough pixels for clean edges, and never slow.
    scale = min(max(*size, 300), 420) / max(size)
    work = max(round(size[0] * scale), 8), max(round(size[1] * scale), 8)
    flat = ImageOps.fit(sheet.convert("RGB"), work, resampling, centering=(0.5, 0.4))
    inked = flat.quantize(_INKS) if reference.is_pixel_art else _separated(flat)
    printed = inked.convert("RGB")
    tint = mix(palette.sky[1], palette.light, 0.0 if palette.dark else 0.6)
    tinted = Image.blend(printed, Image.new("RGB", printed.size, tint), 0.08)
    return tinted.resize(size, Image.Resampling.LANCZOS)


def _separated(flat: Image.Image) -> Image.Image:
    """Separate a picture into few flat inks: noise goes, small features stay."""
    calm = flat.reduce(2).filter(ImageFilter.MedianFilter(3))
    clear = Image.blend(calm, ImageOps.autocontrast(calm, cutoff=1, preserve_tone=True), 0.15)
    inks = clear.quantize(_INKS, Image.Quantize.MAXCOVERAGE, kmeans=2)
    sheet = clear.resize(flat.size, Image.Resampling.BICUBIC)
    separated = sheet.quantize(palette=inks, dither=Image.Dither.NONE)
    return separated.filter(ImageFilter.ModeFilter(5))

"""Harmony: a palette retuned to the colours of references; what is light or dark stays so."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from PIL import Image

from playground.art.colour import BLACK, WHITE, Rgb, mix
from playground.art.palette import Palette
from playground.art.references import Reference
from playground.art.texture import levels

# Lightness, green to red, blue to yellow: OKLab, https://bottosson.github.io/posts/oklab/
Lab = tuple[float, float, float]

_GREY = 0.03  # below this chroma nobody would name a hue


@dataclass(frozen=True, slots=True)
class Swatch:
    """One colour of the references, and how much of them it covers (0 to 1)."""

    lab: Lab
    share: float
    aloft: float  # the same in their upper third, where skies are

    @property
    def chroma(self) -> float:
        """Tell how far from grey this colour is."""
        return _chroma(self.lab)

    def apart(self, others: Sequence["Swatch"]) -> float:
        """Tell how far this colour is from the nearest of the others."""
        return min((_distance(self.lab, other.lab) for other in others), default=1.0)


def harmonise(palette: Palette, found: Sequence[Swatch]) -> Palette:
    """Give a palette the hues of references: sky, land, light and the one strong ink."""
    if not found:
        return palette
    high = max(found, key=lambda s: (s.share + 1.2 * s.aloft) * (0.4 + 4 * min(s.chroma, 0.2)))
    low = max(found, key=lambda s: s.share**0.5 * (s.apart([high]) + 0.01) * (0.3 + s.lab[0]))
    sky = [high, low]
    land = max(found, key=lambda s: s.share**0.8 * (s.apart(sky) + 0.03) * (1.25 - s.lab[0]))
    strong = max(found, key=lambda s: s.share**0.15 * s.chroma * (0.03 + s.apart(sky)))
    ground = _between(land.lab, high.lab, 0.3)
    steps = max(len(palette.sky) - 1, 1)
    return replace(
        palette,
        sky=tuple(
            _tuned(tone, _between(high.lab, low.lab, (step / steps) ** 1.2), most=0.15)
            for step, tone in enumerate(palette.sky)
        ),
        far=_tuned(palette.far, ground, most=0.11),
        near=_tuned(palette.near, ground, most=0.05, loyal=0.95),
        light=_tuned(palette.light, low.lab, most=0.03, loyal=0.97),
        glow=_tuned(palette.glow, _between(low.lab, strong.lab, 0.25), most=0.13, loyal=0.9),
        lamp=mix(palette.lamp, _tuned(palette.lamp, low.lab, most=0.13, loyal=0.95), 0.5),
        accent=_accent(palette.accent, strong.lab),
    )


def pigments(swatches: Sequence[Swatch], *, count: int = 6) -> tuple[Rgb, ...]:
    """Choose inks that differ: the references' own, then lighter and darker ones of them."""
    found = list(swatches)
    chosen: list[Swatch] = []
    while found and len(chosen) < count:
        best = max(found, key=lambda s: s.share**0.3 * s.apart(chosen))
        if best.apart(chosen) < 0.06:
            break
        chosen.append(best)
        found.remove(best)
    inks = [_rgb(swatch.lab) for swatch in chosen]
    if not inks:
        return ()
    spare = [mix(ink, end, part) for part in (0.4, 0.65) for ink in inks for end in (WHITE, BLACK)]
    while len(spare) + len(inks) < count:
        spare += [mix(spare[-1], WHITE, 0.3)]
    return tuple((inks + spare)[:count])


def swatches(references: Sequence[Reference]) -> Iterator[Swatch]:
    """Find the colours that pictures are made of; what is transparent does not count."""
    for reference in references:
        for lab, share, aloft in _covered(reference.picture):
            yield Swatch(lab, share / len(references), aloft / len(references))


def _covered(picture: Image.Image) -> Iterator[tuple[Lab, float, float]]:
    """Tell a picture's main colours, and what share each has of it and of its upper third."""
    small = picture.copy()
    small.thumbnail((96, 96))
    plates = small.convert("RGB").quantize(12, kmeans=2)
    solid = levels(small.getchannel("A"), 0.37, 0.38)
    third = (0, 0, small.width, max(small.height // 3, 1))
    whole, top = plates.histogram(solid), plates.crop(third).histogram(solid.crop(third))
    inks = iter(plates.getpalette() or [])
    for index, colour in enumerate(zip(inks, inks, inks, strict=True)):
        if whole[index]:
            yield _lab(colour), whole[index] / sum(whole), top[index] / (sum(top) or 1)


def _tuned(tone: Rgb, source: Lab, *, most: float, loyal: float = 0.82) -> Rgb:
    """Turn a tone to a source's hue; `loyal` is how much of its own lightness it keeps."""
    light = _lab(tone)[0] * loyal + source[0] * (1 - loyal)
    # Very dark and very light inks carry little colour before they look wrong.
    calm = min(1.0, (light / max(source[0], 0.05)) ** 1.1) * min(1.0, max(0.25, 4.4 - light * 4))
    return _rgb(_with_chroma((light, source[1], source[2]), min(_chroma(source) * calm, most)))


def _accent(tone: Rgb, source: Lab) -> Rgb:
    """Keep the palette's own strong ink where the references have none."""
    if _chroma(source) < _GREY:
        return tone
    light = _lab(tone)[0] * 0.6 + source[0] * 0.4
    return _rgb(_with_chroma((light, source[1], source[2]), max(_chroma(source), 0.13)))


def _chroma(lab: Lab) -> float:
    return math.hypot(lab[1], lab[2])


def _with_chroma(lab: Lab, wanted: float) -> Lab:
    part = wanted / max(_chroma(lab), 1e-6)
    return lab[0], lab[1] * part, lab[2] * part


def _distance(one: Lab, other: Lab) -> float:
    """Tell colours apart mostly by hue: lightness is the palette's own affair."""
    light, red, yellow = (a - b for a, b in zip(one, other, strict=True))
    return math.hypot(light * 0.5, red * 1.6, yellow * 1.6)


def _between(one: Lab, other: Lab, share: float) -> Lab:
    light, red, yellow = (a + (b - a) * share for a, b in zip(one, other, strict=True))
    return light, red, yellow


def _lab(colour: Rgb) -> Lab:
    red, green, blue = (_linear(value / 255) for value in colour)
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    middle = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    return (
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    )


def _rgb(lab: Lab) -> Rgb:
    """Leave OKLab; a colour that no screen shows is greyed until one does."""
    light = min(max(lab[0], 0.0), 1.0)
    parts = [1 - step / 24 for step in range(25)]
    candidates = (_screen((light, lab[1] * part, lab[2] * part)) for part in parts)
    shown = next(c for c in candidates if all(-0.002 <= value <= 1.002 for value in c))
    red, green, blue = (round(255 * _gamma(min(max(value, 0.0), 1.0))) for value in shown)
    return red, green, blue


def _screen(lab: Lab) -> tuple[float, float, float]:
    light, red, yellow = lab
    long = (light + 0.3963377774 * red + 0.2158037573 * yellow) ** 3
    middle = (light - 0.1055613458 * red - 0.0638541728 * yellow) ** 3
    short = (light - 0.0894841775 * red - 1.2914855480 * yellow) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _gamma(value: float) -> float:
    return 12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055

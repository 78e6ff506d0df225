"""Recolouring: gives a palette the colours of references and keeps what is light and dark."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from PIL import Image

from playground.art.colour import BLACK, WHITE, Rgb, brightness, mix
from playground.art.palette import Palette
from playground.art.references import PreparedReference
from playground.art.texture import levels

_COLOURS = 12  # found in one reference
_GREY = 0.12  # up to this strength nobody would name a hue
_VIVID = 0.6  # the least strength of an accent


@dataclass(frozen=True, slots=True)
class Swatch:
    """One colour of the references, and what share it has of them and of their upper third."""

    colour: Rgb
    share: float
    share_above: float

    @property
    def strength(self) -> float:
        """Return how far the colour is from grey, 0 to 1."""
        return (max(self.colour) - min(self.colour)) / 255

    @property
    def brightness(self) -> float:
        """Return the perceived lightness, 0 to 1."""
        return brightness(self.colour)

    def distance(self, *others: "Swatch") -> float:
        """Return how far the hue is from the nearest of the others, 0 to about 1."""
        return min(_distance(self.colour, other.colour) for other in others)


def recolour(palette: Palette, references: Sequence[PreparedReference]) -> Palette:
    """Give sky, land, light and accent of a palette the colours of references."""
    found = [swatch for one in references for swatch in _swatches(one.picture)]
    if not found:
        return palette
    high = max(found, key=lambda s: (s.share + 1.2 * s.share_above) * (0.2 + min(s.strength, 0.5)))
    low = max(found, key=lambda s: s.share**0.5 * (s.distance(high) + 0.01) * (0.3 + s.brightness))
    land = max(
        found, key=lambda s: s.share**0.8 * (s.distance(high, low) + 0.03) * (1.25 - s.brightness)
    )
    strong = max(found, key=lambda s: s.share**0.15 * s.strength * (0.03 + s.distance(high, low)))
    ground, last = mix(land.colour, high.colour, 0.3), len(palette.sky) - 1
    tones = [mix(high.colour, low.colour, (step / last) ** 1.2) for step in range(last + 1)]
    accent = palette.accent
    if strong.strength > _GREY:
        accent = _like(accent, _vivid(strong), 0.6)
    return replace(
        palette,
        sky=tuple(map(_like, palette.sky, tones)),
        far=_like(palette.far, ground),
        near=_like(palette.near, ground, 0.95),
        light=mix(palette.light, _like(palette.light, low.colour, 0.97), 0.5),
        glow=_like(palette.glow, mix(low.colour, strong.colour, 0.25), 0.9),
        lamp=mix(palette.lamp, _like(palette.lamp, low.colour, 0.95), 0.5),
        accent=accent,
    )


def _swatches(picture: Image.Image) -> list[Swatch]:
    """Return a picture's main colours; what is transparent does not count."""
    small = picture.copy()
    small.thumbnail((96, 96))
    reduced = small.convert("RGB").quantize(_COLOURS, kmeans=2)
    opaque = levels(small.getchannel("A"), 0.37, 0.38)
    third = (0, 0, small.width, max(small.height // 3, 1))
    whole = reduced.histogram(opaque)
    top = reduced.crop(third).histogram(opaque.crop(third))
    values = iter(reduced.getpalette() or [])
    return [
        Swatch(colour, whole[index] / sum(whole), top[index] / (sum(top) or 1))
        for index, colour in enumerate(zip(values, values, values, strict=True))
        if whole[index]
    ]


def _like(tone: Rgb, source: Rgb, loyalty: float = 0.82) -> Rgb:
    """Tint or shade a source until it is as bright as a tone; `loyalty` says how exactly."""
    wanted = brightness(tone) * loyalty + brightness(source) * (1 - loyalty)
    own = brightness(source)
    if wanted <= own:
        return mix(source, BLACK, 1 - wanted / max(own, 0.01))
    return mix(source, WHITE, (wanted - own) / max(1 - own, 0.01))


def _vivid(swatch: Swatch) -> Rgb:
    """Move a colour away from grey until it can be an accent."""
    grey, stretch = swatch.brightness * 255, max(1.0, _VIVID / swatch.strength)
    red, green, blue = (min(max(round(grey + (v - grey) * stretch), 0), 255) for v in swatch.colour)
    return red, green, blue


def _distance(one: Rgb, other: Rgb) -> float:
    """Return the distance of two colours without most of their brightness."""
    dark = (brightness(one) - brightness(other)) * 255
    parts = (a - b - dark * 0.7 for a, b in zip(one, other, strict=True))
    return math.hypot(*parts) / 255

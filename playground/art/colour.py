"""Colours: eight-bit triples, gradients, and how they mix."""

from dataclasses import dataclass

Rgb = tuple[int, int, int]

WHITE: Rgb = (255, 255, 255)
BLACK: Rgb = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Gradient:
    """A vertical gradient, from the top stop to the bottom stop."""

    stops: tuple[Rgb, ...]


Paint = Rgb | Gradient


def from_hex(code: str) -> Rgb:
    """Read a colour from six hexadecimal digits."""
    return int(code[0:2], 16), int(code[2:4], 16), int(code[4:6], 16)


def mix(first: Rgb, second: Rgb, share: float) -> Rgb:
    """Blend two colours; `share` is the part of the second, 0 to 1."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def colour_at(stops: tuple[Rgb, ...], share: float) -> Rgb:
    """Return the colour at `share` (0 to 1) of a gradient's length."""
    place = min(max(share, 0.0), 1.0) * (len(stops) - 1)
    index = min(int(place), len(stops) - 2)
    return mix(stops[index], stops[index + 1], place - index) if len(stops) > 1 else stops[0]


def brightness(colour: Rgb) -> float:
    """Return the perceived lightness of a colour, 0 to 1 (Rec. 601 weights)."""
    red, green, blue = colour
    return (0.299 * red + 0.587 * green + 0.114 * blue) / 255

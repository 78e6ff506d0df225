"""The sizes of a model: by rule, nearest to an aspect ratio, and as the facts of a text."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Annotated, TypedDict

from msgspec import Meta

from bot.core.models import AnySize, Size, parse_size
from bot.gateways.aspect_ratios import (
    INVISIBLE_DIFFERENCE,
    AspectRatio,
    parse_ratio,
    ratio_of,
)

Positive = Annotated[int, Meta(gt=0)]

# Up to this factor a number of pixels counts as about the same.
_MAX_PIXEL_FACTOR = 2
USUAL_PIXELS = 1024 * 1024

# What people are offered, where a model can do it.
COMMON_RATIOS = ("1:1", "3:2", "2:3", "16:9", "9:16", "4:3", "3:4", "21:9")


class SizeRuleFacts(TypedDict):
    """The numbers of a size rule for a text, None where it has none; edges as text."""

    min_edge: str | None
    max_edge: str | None
    step: int | None
    min_pixels: int | None
    max_pixels: int | None
    max_ratio: str | None


class AllowedSizes(SizeRuleFacts):
    """The sizes a person may type: ``allowed`` is a comma list, the rest is the rule's.

    ``longest_name`` is the maximum length if any name is accepted, because none is known.
    """

    allowed: str
    longest_name: int | None


@dataclass(frozen=True, slots=True)
class SizeRule:
    """The WIDTHxHEIGHT a model accepts; edges in pixels, ``max_ratio`` of long to short edge."""

    max_edge: Positive
    min_edge: Positive = 1
    step: Positive = 1
    min_pixels: Positive = 1
    max_pixels: Positive | None = None
    max_ratio: Annotated[float, Meta(ge=1)] = math.inf

    def accepts_size(self, size: Size) -> bool:
        """Tell whether the rule allows this size."""
        short, long = sorted((size.width, size.height))
        pixels = short * long
        return (
            self.min_edge <= short
            and long <= self.max_edge
            and short % self.step == long % self.step == 0
            and self.min_pixels <= pixels <= (self.max_pixels or pixels)
            and long <= short * self.max_ratio
        )

    def sizes_of(self, ratio: AspectRatio, *, pixels: int) -> list[Size]:
        """Return allowed sizes of a ratio, of about so many pixels; none if there is none."""
        allowed = [size for size in self._exact_sizes(ratio, pixels) if self.accepts_size(size)]
        if near := [size for size in allowed if _pixel_difference(size, pixels) == 0]:
            return near
        rounded = [size for size in self._rounded_sizes(ratio, pixels) if self.accepts_size(size)]
        return rounded or allowed

    def _exact_sizes(self, ratio: AspectRatio, pixels: int) -> Iterator[Size]:
        """Yield the sizes of exactly this ratio around a number of pixels, and at the limits."""
        wide, high = ratio.width * self.step, ratio.height * self.step
        wanted = math.sqrt(pixels / (wide * high))
        least = max(self.min_edge / min(wide, high), math.sqrt(self.min_pixels / (wide * high)))
        most = self.max_edge // max(wide, high)
        if self.max_pixels:
            most = min(most, math.floor(math.sqrt(self.max_pixels / (wide * high))))
        for times in {math.floor(wanted), math.ceil(wanted), math.ceil(least), most}:
            yield Size(wide * times, high * times)

    def _rounded_sizes(self, ratio: AspectRatio, pixels: int) -> Iterator[Size]:
        """Yield the sizes of nearly this ratio around a number of pixels, and at the limits."""
        most = math.floor(min(self.max_edge, self.max_edge / ratio.value) / self.step)
        least = math.ceil(max(self.min_edge, self.min_edge / ratio.value) / self.step)
        wanted = math.sqrt(pixels / ratio.value) / self.step
        for steps in {math.floor(wanted), math.ceil(wanted), least, most}:
            high = steps * self.step
            yield Size(round(high * ratio.value / self.step) * self.step, high)

    @property
    def facts(self) -> SizeRuleFacts:
        """Return its numbers for a text."""
        return SizeRuleFacts(
            min_edge=str(max(self.min_edge, self.step)),
            max_edge=str(self.max_edge),
            step=self.step if self.step > 1 else None,
            min_pixels=self.min_pixels if self.max_pixels else None,
            max_pixels=self.max_pixels,
            max_ratio=f"{self.max_ratio:g}" if math.isfinite(self.max_ratio) else None,
        )


NO_SIZE_RULE = SizeRuleFacts(
    min_edge=None, max_edge=None, step=None, min_pixels=None, max_pixels=None, max_ratio=None
)


@lru_cache(maxsize=4096)
def nearest_size(
    ratio: AspectRatio, sizes: tuple[str, ...], rule: SizeRule | None
) -> AnySize | None:
    """Return the size nearest to a ratio, of about the pixels of the first size; None if far.

    ``sizes`` are a model's own, ``rule`` allows others. A listed size is preferred to another one
    of the same ratio.
    """
    listed = [parse_size(size) for size in sizes]
    pixels = next((size.width * size.height for size in listed if isinstance(size, Size)), 0)
    pixels = pixels or USUAL_PIXELS
    by_rule = rule.sizes_of(ratio, pixels=pixels) if rule else []
    values = {size: ratio_of(size) for size in (*listed, *by_rule)}
    allowed = {size: value for size, value in values.items() if value and ratio.allows(value)}

    def rank(size: AnySize) -> tuple[float, ...]:
        return (
            round(ratio.difference(allowed[size]), 2),
            _pixel_difference(size, pixels),
            size not in listed,
            _exact_pixel_difference(size, pixels),
        )

    return min(allowed, key=rank, default=None)


@lru_cache(maxsize=1024)
def common_ratios(sizes: tuple[str, ...], rule: SizeRule | None) -> dict[str, str]:
    """Return the sizes of a model for the usual ratios, by ratio, where it has one."""
    ratios = filter(None, map(parse_ratio, COMMON_RATIOS))
    found = {ratio.name: nearest_size(ratio, sizes, rule) for ratio in ratios}
    return {name: str(size) for name, size in found.items() if size}


@lru_cache(maxsize=1024)
def ratio_name(size: AnySize) -> str | None:
    """Return the ratio of a size as people write it, such as 16:9; None where it does not say.

    A usual ratio stands for every size that looks like it: 1344x768 is 16:9.
    """
    value = ratio_of(size)
    if value is None:
        return None
    usual = [ratio for name in COMMON_RATIOS if (ratio := parse_ratio(name))]
    nearest = min(usual, key=lambda ratio: ratio.difference(value))
    if nearest.difference(value) <= INVISIBLE_DIFFERENCE:
        return nearest.name
    exact = Fraction(size.width, size.height) if isinstance(size, Size) else Fraction(value)
    exact = exact.limit_denominator(100)
    return f"{exact.numerator}:{exact.denominator}"


@lru_cache(maxsize=1024)
def offered_sizes(sizes: tuple[str, ...], rule: SizeRule | None, auto: str) -> dict[str, str]:
    """Return what people are offered: the usual ratios, each with its size, and the own sizes.

    ``auto`` is the word that lets the model decide, empty where it cannot.
    """
    own = dict.fromkeys([*filter(None, [auto]), *sizes])
    return {**common_ratios(sizes, rule), **{size: size for size in own}}


def _exact_pixel_difference(size: AnySize, pixels: int) -> float:
    """Return the logarithm of the factor between the pixels; 0 where a size has none."""
    return abs(math.log(size.width * size.height / pixels)) if isinstance(size, Size) else 0


def _pixel_difference(size: AnySize, pixels: int) -> float:
    """Return the same, with 0 for about as many pixels."""
    exact = _exact_pixel_difference(size, pixels)
    return 0 if exact <= math.log(_MAX_PIXEL_FACTOR) else exact

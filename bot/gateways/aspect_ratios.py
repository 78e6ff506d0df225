"""Aspect ratios, as people type them and as models name them."""

import math
import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from bot.core.models import AnySize, NamedSize, Size

# What a size may differ from the ratio that was typed: 3:2 for 16:9, but not 1:1 for 4:3.
MAX_DIFFERENCE = math.log(1.25)
# Up to this difference nobody sees that it is another ratio: 1360x768 is 16:9, 1024x1000 a square.
INVISIBLE_DIFFERENCE = math.log(1.05)
_MAX_RATIO = 50
_MAX_TYPED = 32

_NUMBER = r"([0-9]{1,4}(?:\.[0-9]{1,2})?)"
_RATIO = re.compile(rf"{_NUMBER} ?[:/] ?{_NUMBER}")
# In the name of a size that a model has itself, such as 16:9 and ASPECT_16_9.
_IN_NAME = re.compile(r"(?:.*[^0-9])?([0-9]{1,2})[:_x]([0-9]{1,2})")

# A word stands for every size of its orientation; the nearest to this ratio is taken.
_WORDS = {
    (1, 1): "square 方 方形 方图 正方 正方形",
    (3, 2): "landscape horizontal 横 横版 横向 横图 横屏 橫 橫向",
    (2, 3): "portrait vertical 竖 竖版 竖向 竖图 竖屏 纵向 豎 豎向",
    (16, 9): "wide widescreen 宽 宽屏 宽幅 寬 寬屏",
    (9, 16): "tall 高 长图",
}


@dataclass(frozen=True, slots=True)
class AspectRatio:
    """A ratio of width to height in lowest terms; ``name`` is what was typed, in one spelling.

    ``is_word``: it was a word, so that every size of the same orientation will do.
    """

    name: str
    width: int
    height: int
    is_word: bool = False

    @property
    def value(self) -> float:
        """Return the width for a height of 1."""
        return self.width / self.height

    def difference(self, value: float) -> float:
        """Return how far another ratio is away, as the logarithm of the factor."""
        return abs(math.log(value / self.value))

    def allows(self, value: float) -> bool:
        """Tell whether a size of another ratio may stand for this one."""
        if _orientation(value) != _orientation(self.value):
            return False
        return self.is_word or self.difference(value) <= MAX_DIFFERENCE

    def looks_like(self, value: float) -> bool:
        """Tell whether a size of another ratio shows what was typed; for a word every one does."""
        return self.is_word or self.difference(value) <= INVISIBLE_DIFFERENCE


def _orientation(value: float) -> int:
    """Return 1 for landscape, -1 for portrait and 0 for square."""
    logarithm = math.log(value)
    return 0 if abs(logarithm) <= INVISIBLE_DIFFERENCE else round(math.copysign(1, logarithm))


@lru_cache(maxsize=1024)
def parse_ratio(text: str) -> AspectRatio | None:
    """Parse ``16:9``, or a word such as ``landscape``; None if it is none of these."""
    text = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    if len(text) > _MAX_TYPED:
        return None
    if word := _BY_WORD.get(text):
        return word
    if not (found := _RATIO.fullmatch(text)):
        return None
    wide, high = map(Fraction, found.groups())
    if not wide or not high or not 1 / _MAX_RATIO <= wide / high <= _MAX_RATIO:
        return None
    lowest = wide / high
    name = f"{float(wide):g}:{float(high):g}"
    return AspectRatio(name, lowest.numerator, lowest.denominator)


def _word(word: str, ratio: tuple[int, int]) -> AspectRatio:
    return AspectRatio(word, *ratio, is_word=True)


_BY_WORD = {word: _word(word, ratio) for ratio, words in _WORDS.items() for word in words.split()}


def ratio_of(size: AnySize) -> float | None:
    """Return the width of a size for a height of 1; None where it does not say."""
    if isinstance(size, Size):
        return size.width / size.height if size.width and size.height else None
    if isinstance(size, NamedSize) and (found := _IN_NAME.fullmatch(size.name)):
        wide, high = map(int, found.groups())
        return wide / high if wide and high else None
    return None

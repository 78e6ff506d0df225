"""Find the sizes of a model that come nearest to a size that it does not accept."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from bot.core.models import Size, parse_size
from bot.gateways.aspect_ratios import AspectRatio, parse_ratio, ratio_of
from bot.gateways.model_abilities import ModelAbilities
from bot.gateways.sizes import USUAL_PIXELS, SizeRule

# Ratios whose logarithms differ by less than this look the same, such as 16:9 and 1344x768.
_SAME_RATIO = 0.02
# Of a ratio's whole numbers; 100 is finer than anybody sees.
_LARGEST_PART = 100


@dataclass(frozen=True, slots=True)
class _Shape:
    """The ratio of width to height, and how many pixels there are, None if nobody knows."""

    ratio: float
    pixels: int | None


def nearest_sizes(model: ModelAbilities, typed: str, *, most: int) -> list[str]:
    """Return up to ``most`` sizes that the model accepts: by ratio, then by number of pixels.

    ``auto`` comes last, if the model has it. For words that mean no size, its first sizes are
    returned.
    """
    wanted = _shape(typed)
    sizes = list(model.sizes)
    if wanted is not None:
        sizes = sorted([*_by_rule(model.size_rule, wanted), *sizes], key=_distance_from(wanted))
    named = [size for size in dict.fromkeys(sizes) if size != "auto"]
    return [*named[: most - model.auto], *["auto"] * model.auto]


def _shape(text: str) -> _Shape | None:
    size, typed = parse_size(text), parse_ratio(text)
    ratio = typed.value if typed else ratio_of(size)
    if ratio is None:
        return None
    return _Shape(ratio, size.width * size.height if isinstance(size, Size) else None)


def _distance_from(wanted: _Shape) -> Callable[[str], tuple[float, float]]:
    """Return what measures sizes: by their ratio in steps that one can see, then by pixels."""

    def distance(size: str) -> tuple[float, float]:
        shape = _shape(size)
        if shape is None:
            return math.inf, math.inf
        ratios = abs(math.log(shape.ratio / wanted.ratio))
        pixels = (shape.pixels or USUAL_PIXELS) / (wanted.pixels or USUAL_PIXELS)
        return ratios // _SAME_RATIO, abs(math.log(pixels))

    return distance


def _by_rule(rule: SizeRule | None, wanted: _Shape) -> list[str]:
    """Return the size nearest to the wanted one that the rule allows, if there is one."""
    if rule is None:
        return []
    most = min(rule.max_ratio, _LARGEST_PART)
    value = min(max(wanted.ratio, 1 / most), most)
    lowest = Fraction(value).limit_denominator(_LARGEST_PART)
    ratio = AspectRatio(str(lowest), lowest.numerator, lowest.denominator)
    sizes = map(str, rule.sizes_of(ratio, pixels=wanted.pixels or USUAL_PIXELS))
    return sorted(sizes, key=_distance_from(wanted))[:1]

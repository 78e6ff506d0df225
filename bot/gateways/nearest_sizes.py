"""Find the sizes of a model that come nearest to a size that it does not accept."""

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

from bot.core.models import AnySize, NamedSize, Size, parse_size
from bot.gateways.model_abilities import ModelAbilities, SizeRule

_RATIO = re.compile(r"(\d{1,3})\s*:\s*(\d{1,3})")
# For a ratio without pixels.
_USUAL_PIXELS = 1024 * 1024
# Ratios whose logarithms differ by less than this look the same, such as 16:9 and 1344x768.
_SAME_RATIO = 0.02


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
    wanted = _shape(parse_size(typed))
    sizes = list(model.sizes)
    if wanted is not None:
        sizes = sorted([*_by_rule(model.size_rule, wanted), *sizes], key=_distance_from(wanted))
    named = [size for size in dict.fromkeys(sizes) if size != "auto"]
    return [*named[: most - model.auto], *["auto"] * model.auto]


def _shape(size: AnySize) -> _Shape | None:
    if isinstance(size, Size) and size.width and size.height:
        return _Shape(size.width / size.height, size.width * size.height)
    if isinstance(size, NamedSize) and (parts := _RATIO.fullmatch(size.name)):
        width, height = int(parts[1]), int(parts[2])
        return _Shape(width / height, None) if width and height else None
    return None


def _distance_from(wanted: _Shape) -> Callable[[str], tuple[float, float]]:
    """Return what measures sizes: by their ratio in steps that one can see, then by pixels."""

    def distance(size: str) -> tuple[float, float]:
        shape = _shape(parse_size(size))
        if shape is None:
            return math.inf, math.inf
        ratios = abs(math.log(shape.ratio / wanted.ratio))
        pixels = (shape.pixels or _USUAL_PIXELS) / (wanted.pixels or _USUAL_PIXELS)
        return ratios // _SAME_RATIO, abs(math.log(pixels))

    return distance


def _by_rule(rule: SizeRule | None, wanted: _Shape) -> Iterator[str]:
    """Yield the sizes around the wanted one that the rule allows."""
    if rule is None:
        return
    ratio = min(max(wanted.ratio, 1 / rule.max_ratio), rule.max_ratio)
    pixels = max(wanted.pixels or _USUAL_PIXELS, rule.min_pixels)
    width = math.sqrt(min(pixels, rule.max_pixels or pixels) * ratio)
    height = width / ratio
    fit = min(1.0, rule.max_edge / max(width, height))
    fit = max(fit, rule.min_edge / min(width, height))
    sides = (_multiples_around(side * fit, rule.step) for side in (width, height))
    around = (Size(*pair) for pair in product(*sides))
    # One is enough: its neighbours differ by a step only.
    allowed = sorted(
        filter(rule.accepts_size, around), key=lambda size: abs(size.width / size.height - ratio)
    )
    yield from map(str, allowed[:1])


def _multiples_around(side: float, step: int) -> tuple[int, int]:
    below = math.floor(side / step) * step
    return below, below + step

"""Count units: what requests, credits and prices count is one picture, or one grid of four."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.core.models import Picture


def count_units(grids: Iterable[int]) -> int:
    """Count the units of pictures, by the number of the grid of each; 0 where it is of none."""
    numbers = list(grids)
    return numbers.count(0) + len({number for number in numbers if number})


def most_of_a_unit(grids: Iterable[int]) -> int:
    """Return how many pictures the largest unit has."""
    sizes = Counter(number for number in grids if number)
    return max(sizes.values(), default=1)


def first_units(pictures: Sequence[Picture], most: int) -> tuple[Picture, ...]:
    """Return the pictures of the first ``most`` units."""
    places: dict[int, int] = {}
    for place, picture in enumerate(pictures):
        places.setdefault(picture.grid or -1 - place, len(places))
    return tuple(
        picture
        for place, picture in enumerate(pictures)
        if places[picture.grid or -1 - place] < most
    )


def units_of_slot(pictures: Sequence[Picture], slot: int, *, most: int) -> tuple[Picture, ...]:
    """Return the pictures of the first ``most`` units as those of a slot of their job."""
    return tuple(replace(each, slot=slot) for each in first_units(pictures, most))


def joined_units(parts: Iterable[Sequence[Picture]], *, after: int = 0) -> tuple[Picture, ...]:
    """Return the pictures of several requests; each grid gets a number of its own, from ``after``.

    In each part grids are counted from 1.
    """
    joined: list[Picture] = []
    for part in parts:
        joined += (replace(each, grid=each.grid + after) if each.grid else each for each in part)
        after = max((each.grid for each in joined), default=after) or after
    return tuple(joined)

"""What the pictures of a reply are: single ones, whole grids, or the four of a grid."""

from typing import Literal

from bot.images.conversion import GRID_PICTURES

Gives = Literal["picture", "grid"]
"""What comes for one picture that was asked for: one, or four in two rows of one file."""

Layout = Literal["single", "grid", "cells"]
"""Each picture of a reply is one by itself, a whole grid, or one of the four of a grid."""


def layout_of(gives: Gives, *, found: int, n: int) -> Layout:
    """Tell what the ``found`` pictures of a reply are, of which ``n`` units were asked for."""
    if gives == "picture":
        return "single"
    return "cells" if found > n else "grid"


def most_pictures(n: int, layout: Layout) -> int:
    """Return how many pictures of a reply ``n`` units have at most."""
    return n * GRID_PICTURES if layout == "cells" else n


def units_among(found: int, layout: Layout) -> int:
    """Return how many units so many pictures of a reply are."""
    return -(-found // GRID_PICTURES) if layout == "cells" else found

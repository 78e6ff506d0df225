"""Refuse an operation on pictures of which one comes twice."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.errors.base import EaselError
from bot.core.models import Reference


@dataclass(eq=False, kw_only=True)
class ReferencesSame(EaselError):
    """The ``number``-th picture of an operation is the ``first``-th once more."""

    first: int
    number: int
    message_id = "error-references-same"


def check_different(pictures: Sequence[Reference]) -> None:
    """Refuse a picture that comes twice: it would be paid for, and change nothing.

    Raises:
        ReferencesSame
    """
    hashes = [each.sha256 for each in pictures]
    for number, sha256 in enumerate(hashes, 1):
        if (first := hashes.index(sha256) + 1) < number:
            raise ReferencesSame(first=first, number=number)

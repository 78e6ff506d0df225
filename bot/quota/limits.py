"""Limits, their periods, and how a grant shares a hold, as pure functions."""

import re
from dataclasses import dataclass
from enum import StrEnum

HOUR_MS = 3_600_000
MAX_CREDITS = 1_000_000  # of a server's admins
MAX_OPERATOR_CREDITS = 10**12  # of all servers together; sums of them stay far below 64 bits
MAX_COST = 10_000  # credits for one picture


class Period(StrEnum):
    """The length of a rolling period that ends now."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    @property
    def ms(self) -> int:
        """Return its length in milliseconds; a month has 30 days."""
        return _HOURS[self] * HOUR_MS


_HOURS = {Period.HOUR: 1, Period.DAY: 24, Period.WEEK: 7 * 24, Period.MONTH: 30 * 24}


@dataclass(frozen=True, slots=True)
class Limit:
    """*N credits per period*; None is unlimited, 0 allows nothing."""

    credits: int | None
    period: Period

    def __str__(self) -> str:
        return f"{'unlimited' if self.credits is None else self.credits}/{self.period}"


LimitSet = tuple[Limit, ...]
Cap = tuple[int, Period]


def caps(limits: LimitSet) -> tuple[Cap, ...]:
    """Return the limits that are numbers."""
    return tuple((limit.credits, limit.period) for limit in limits if limit.credits is not None)


def split_hold(asked: int, *, room: int, granted: int) -> int | None:
    """Return what the person's own level pays, a grant the rest; None if both are too little.

    Of 4 credits with room for 3 and 5 granted: 3, and the grant pays 1. With room for 0: 0, and
    the grant pays 4. With room for 3 and nothing granted: None.
    """
    own = min(asked, room)
    return own if asked - own <= granted else None


def split_charge(own: int, *, charged: int) -> int:
    """Return what the person's own level pays in the end: the grant's part is returned first.

    Of 4 credits the own level paid 3 and a grant 1. Charged 3 in the end: 3, so the grant has its
    1 back. Charged 1: 1, so the grant has 1 back and the own level 2.
    """
    return min(own, charged)


def parse_limits(text: str) -> LimitSet:
    """Parse limits as the operator writes them: ``5/hour, 20/day``; an empty text has none.

    Raises ValueError with a sentence.
    """
    limits = tuple(_parse_limit(part.strip()) for part in text.split(",") if text.strip())
    if len({limit.period for limit in limits}) < len(limits):
        raise ValueError(f"{text!r} contains a period twice: write one limit for each period")
    return limits


def _parse_limit(text: str) -> Limit:
    found = re.fullmatch(r"([0-9]{1,13})\s*/\s*(hour|day|week|month)", text)
    if not found or int(found[1]) > MAX_OPERATOR_CREDITS:
        raise ValueError(
            f"{text!r} is not a limit: write a number from 0 to {MAX_OPERATOR_CREDITS}, a slash, "
            "and hour, day, week or month, such as 20/day"
        )
    return Limit(int(found[1]), Period(found[2]))

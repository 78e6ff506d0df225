"""Limits, periods, and which limits decide, as pure functions."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.core.errors.quotas import LimitLevel

HOUR_MS = 3_600_000
MAX_CREDITS = 1_000_000
MAX_COST = 10_000  # credits for one picture

# Whose limits an admin sets; a person and a role are written user:ID and role:ID.
EVERYONE = "everyone"
SERVER = "server"


def user_subject(user_id: int) -> str:
    """Return the subject of a person's limits."""
    return f"user:{user_id}"


def role_subject(role_id: int) -> str:
    """Return the subject of a role's limits."""
    return f"role:{role_id}"


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


@dataclass(frozen=True, slots=True)
class Rule:
    """The limits of one level: all limits of at least one of its sets must have room."""

    level: LimitLevel
    sets: tuple[LimitSet, ...]

    @property
    def caps(self) -> tuple[tuple[Cap, ...], ...]:
        """Return the sets without unlimited limits."""
        return tuple(map(caps, self.sets))

    @property
    def is_free(self) -> bool:
        """Whether one of the sets limits nothing."""
        return not all(self.caps)


def personal_rule(
    *, own: LimitSet, roles: Sequence[LimitSet], everyone: LimitSet, default: LimitSet
) -> Rule:
    """Return the rule of the first level that has any limit; it decides alone.

    Everyone 20/day and Bob 100/month: Bob has only 100/month. Role A 5/hour and 20/day, role B
    50/day: allowed if both of A's hold or B's holds. Role 0 and role 10: 10. Everyone unlimited
    and the server 100/month: 100 for all together, because ``server_rules`` apply as well.
    Everyone 0/day and Bob granted 5: Bob has 5, because ``split_hold`` asks the grant.
    """
    if own:
        return Rule(LimitLevel.USER, (own,))
    if limited := tuple(limits for limits in roles if limits):
        return Rule(LimitLevel.ROLE, limited)
    if everyone:
        return Rule(LimitLevel.EVERYONE, (everyone,))
    return Rule(LimitLevel.DEFAULT, (default,))


def server_rules(*, own: LimitSet, quota: LimitSet) -> tuple[Rule, Rule]:
    """Return the rules for the sum of a server: by its admins, and by the operator.

    Both apply, to everybody there. Everyone unlimited and the server 100/month: 100 for all
    together. SERVER_QUOTA 50/day and the server 80/week: no more than 50 of the 80 on one day.
    """
    return Rule(LimitLevel.SERVER, (own,)), Rule(LimitLevel.SERVER_QUOTA, (quota,))


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
    found = re.fullmatch(r"([0-9]{1,7})\s*/\s*(hour|day|week|month)", text)
    if not found or int(found[1]) > MAX_CREDITS:
        raise ValueError(
            f"{text!r} is not a limit: write a number from 0 to {MAX_CREDITS}, a slash, "
            "and hour, day, week or month, such as 20/day"
        )
    return Limit(int(found[1]), Period(found[2]))

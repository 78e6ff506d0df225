"""Allowances: what is left of a limit, and which limit a refusal names."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.core.errors.quotas import BudgetSpent, QuotaSpent
from bot.database.transaction import Transaction
from bot.quota.levels import LimitCheck, LimitLevel
from bot.quota.limits import Cap, Period
from bot.quota.meters import Window
from bot.quota.repository import read_frees_at, read_used


@dataclass(frozen=True, slots=True)
class Allowance:
    """A limit that applies to a person now: *limit credits per period*.

    ``used`` is charged and ``held`` is held by running jobs; ``frees_at`` is when something next
    leaves the period, in milliseconds since the epoch, None when nothing is in it. Of the
    operator's budget all of them are millionths of the operator's currency.
    """

    level: LimitLevel
    limit: int
    period: Period
    used: int
    held: int
    frees_at: int | None

    @property
    def left(self) -> int:
        """Return the credits that remain."""
        return max(0, self.limit - self.used - self.held)


@dataclass(frozen=True, slots=True)
class _Exceeded:
    """A limit without room, when it has room again, and the error that says so."""

    limit: int
    frees_at: int | None
    error: QuotaSpent | BudgetSpent


def room(rows: Transaction, check: LimitCheck, at: int) -> int:
    """Return how many of the asked credits the rule has room for, by its roomiest set."""
    return min(check.asked, _least(_roomiest(rows, check, at)))


def refusal(
    rows: Transaction, checks: Sequence[LimitCheck], at: int
) -> QuotaSpent | BudgetSpent | None:
    """Return the error for the limit that frees last; of a rule, only the best set counts.

    None if every limit has room.
    """
    longest = []
    for check in checks:
        sets = [_exceeded_caps(rows, check, caps, at) for caps in check.rule.caps]
        if check.asked and all(sets):
            longest.append(min((max(spent, key=_wait) for spent in sets), key=_wait))
    return max(longest, key=_wait).error if longest else None


def _exceeded_caps(
    rows: Transaction, check: LimitCheck, caps: Sequence[Cap], at: int
) -> list[_Exceeded]:
    found = []
    asked = check.asked - check.granted
    for cap, period in caps:
        window = Window.ending(at, check.meter, period)
        used, _ = read_used(rows, window)
        missing = used + asked - cap
        if missing > 0 and asked > 0:
            frees_at = None if asked > cap else read_frees_at(rows, window, missing)
            error = _error(check, cap, period, max(0, cap - used), frees_at)
            found.append(_Exceeded(cap, frees_at, error))
    return found


def _error(
    check: LimitCheck, cap: int, period: Period, left: int, frees_at: int | None
) -> QuotaSpent | BudgetSpent:
    if check.rule.level is LimitLevel.BUDGET:
        return BudgetSpent(frees_at=frees_at)
    return QuotaSpent(
        level=check.rule.level,
        limit=cap,
        period=period,
        left=left,
        credits=check.asked,
        frees_at=frees_at,
    )


def _wait(spent: _Exceeded) -> tuple[float, int]:
    """Order by when it frees, then the smaller limit last."""
    return math.inf if spent.frees_at is None else spent.frees_at, -spent.limit


def roomiest(rows: Transaction, check: LimitCheck, at: int) -> list[Allowance]:
    """Return the allowances of the roomiest set of a rule."""
    found = _roomiest(rows, check, at)
    return [_saying_when(rows, check, allowance, at) for allowance in found]


def tightest(rows: Transaction, checks: Sequence[LimitCheck], at: int) -> Allowance | None:
    """Return the allowance that leaves least, with ``frees_at`` only if nothing is left.

    Computing ``frees_at`` takes longer than all sums, and every finished job asks.
    """
    found = [(check, each) for check in checks for each in _roomiest(rows, check, at)]
    if not found:
        return None
    check, allowance = min(found, key=lambda pair: pair[1].left)
    return allowance if allowance.left else _saying_when(rows, check, allowance, at)


def used_of(rows: Transaction, check: LimitCheck, cap: Cap, at: int) -> Allowance:
    """Return what is used and held of a limit, without ``frees_at``."""
    limit, period = cap
    window = Window.ending(at, check.meter, period)
    used, held = read_used(rows, window)
    return Allowance(
        level=check.rule.level,
        limit=limit,
        period=period,
        used=used - held,
        held=held,
        frees_at=None,
    )


def _roomiest(rows: Transaction, check: LimitCheck, at: int) -> list[Allowance]:
    sets = [[used_of(rows, check, cap, at) for cap in caps] for caps in check.rule.caps]
    return max(sets, key=_least)


def _least(allowances: Sequence[Allowance]) -> int:
    return min(allowance.left for allowance in allowances)


def _saying_when(rows: Transaction, check: LimitCheck, allowance: Allowance, at: int) -> Allowance:
    frees_at = read_frees_at(rows, Window.ending(at, check.meter, allowance.period), 1)
    return replace(allowance, frees_at=frees_at)

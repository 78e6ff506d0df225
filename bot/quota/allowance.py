"""What is left of a limit, and which limit a refusal names."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.core.errors.quotas import BudgetSpent, LimitLevel, QuotaSpent
from bot.database.transaction import Transaction
from bot.quota.meters import Meter, Values
from bot.quota.rules import Cap, Period, Rule
from bot.quota.windows import Window


@dataclass(frozen=True, slots=True)
class Claim:
    """What a request asks of one level: the rule must have room for it on the meter.

    ``granted`` is what a grant can pay of it in this level's place.
    """

    meter: Meter
    rule: Rule
    asked: int
    granted: int = 0


@dataclass(frozen=True, slots=True)
class Allowance:
    """One limit that applies to somebody now: *limit credits per period*.

    ``used`` is charged and ``held`` belongs to running jobs; ``frees_at`` is when something next
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
class _Spent:
    """A limit without room, how long it takes until there is some, and how to say so."""

    limit: int
    frees_at: int | None
    error: QuotaSpent | BudgetSpent


def all_hold(claims: Sequence[Claim], at: int, values: Values) -> str:
    """Return the SQL that is true when every claim's rule has room for it."""
    return " AND ".join(_holds(claim, at, values) for claim in claims if claim.asked) or "TRUE"


def _holds(claim: Claim, at: int, values: Values) -> str:
    sets = (
        " AND ".join(
            f"{Window(claim.meter, period, at).used(values)} "
            f"<= {values.add_number(cap - claim.asked)}"
            for cap, period in caps
        )
        for caps in claim.rule.caps
    )
    return f"({' OR '.join(f'({caps})' for caps in sets)})"


def room(rows: Transaction, claim: Claim, at: int) -> int:
    """Return how much of a claim its rule has room for, by the set that leaves most."""
    return min(claim.asked, _least(_roomiest(rows, claim, at)))


def refusal(rows: Transaction, claims: Sequence[Claim], at: int) -> QuotaSpent | BudgetSpent:
    """Return the limit to wait for: every rule must hold, but only one of a rule's sets."""
    longest = []
    for claim in claims:
        sets = [_spent(rows, claim, caps, at) for caps in claim.rule.caps]
        if claim.asked and all(sets):
            longest.append(min((max(spent, key=_wait) for spent in sets), key=_wait))
    return max(longest, key=_wait).error


def _spent(rows: Transaction, claim: Claim, caps: Sequence[Cap], at: int) -> list[_Spent]:
    found = []
    asked = claim.asked - claim.granted
    for cap, period in caps:
        window = Window(claim.meter, period, at)
        used, _ = window.sums(rows)
        missing = used + asked - cap
        if missing > 0 and asked > 0:
            frees_at = None if asked > cap else window.frees_at(rows, missing)
            error = _error(claim, cap, period, max(0, cap - used), frees_at)
            found.append(_Spent(cap, frees_at, error))
    return found


def _error(
    claim: Claim, cap: int, period: Period, left: int, frees_at: int | None
) -> QuotaSpent | BudgetSpent:
    if claim.rule.level is LimitLevel.BUDGET:
        return BudgetSpent(frees_at=frees_at)
    return QuotaSpent(
        level=claim.rule.level,
        limit=cap,
        period=period,
        left=left,
        credits=claim.asked,
        frees_at=frees_at,
    )


def _wait(spent: _Spent) -> tuple[float, int]:
    """Order by time to wait, and what frees at the same time by how little it is."""
    return math.inf if spent.frees_at is None else spent.frees_at, -spent.limit


def roomiest(rows: Transaction, claim: Claim, at: int) -> list[Allowance]:
    """Return the allowances of that set of a rule which leaves most."""
    found = _roomiest(rows, claim, at)
    return [_saying_when(rows, claim, allowance, at) for allowance in found]


def tightest(rows: Transaction, claims: Sequence[Claim], at: int) -> Allowance | None:
    """Return the allowance that leaves least; it says when more frees only if nothing is left.

    That takes longer than all sums, and every finished job asks.
    """
    found = [(claim, each) for claim in claims for each in _roomiest(rows, claim, at)]
    if not found:
        return None
    claim, allowance = min(found, key=lambda pair: pair[1].left)
    return allowance if allowance.left else _saying_when(rows, claim, allowance, at)


def _roomiest(rows: Transaction, claim: Claim, at: int) -> list[Allowance]:
    sets = [[_allowance(rows, claim, cap, at) for cap in caps] for caps in claim.rule.caps]
    return max(sets, key=_least)


def _least(allowances: Sequence[Allowance]) -> int:
    return min(allowance.left for allowance in allowances)


def _allowance(rows: Transaction, claim: Claim, cap: Cap, at: int) -> Allowance:
    limit, period = cap
    window = Window(claim.meter, period, at)
    used, held = window.sums(rows)
    return Allowance(
        level=claim.rule.level,
        limit=limit,
        period=period,
        used=used - held,
        held=held,
        frees_at=None,
    )


def _saying_when(rows: Transaction, claim: Claim, allowance: Allowance, at: int) -> Allowance:
    frees_at = Window(claim.meter, allowance.period, at).frees_at(rows, 1)
    return replace(allowance, frees_at=frees_at)

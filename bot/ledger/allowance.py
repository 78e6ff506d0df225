"""What is left of a limit, and which limit a refusal names."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bot.errors import LimitLevel, QuotaSpent
from bot.ledger.meters import Meter, Values, Window
from bot.ledger.rules import Cap, Period, Rule
from bot.store import Tx

MeteredRule = tuple[Meter, Rule]


@dataclass(frozen=True, slots=True)
class Allowance:
    """One limit that applies to somebody now: *limit credits per period*.

    ``used`` is charged and ``held`` belongs to running jobs; ``frees_at`` is when something next
    leaves the period, in milliseconds since the epoch, None when nothing is in it.
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


def all_hold(rules: Sequence[MeteredRule], asked: int, at: int, values: Values) -> str:
    """Return the SQL that is true when every rule has room for the credits."""
    return " AND ".join(_holds(rule, meter, asked, at, values) for meter, rule in rules) or "TRUE"


def _holds(rule: Rule, meter: Meter, asked: int, at: int, values: Values) -> str:
    sets = (
        " AND ".join(
            f"{Window(meter, period, at).used(values)} <= {values.add_number(cap - asked)}"
            for cap, period in caps
        )
        for caps in rule.caps
    )
    return f"({' OR '.join(f'({caps})' for caps in sets)})"


async def refusal(rows: Tx, rules: Sequence[MeteredRule], asked: int, at: int) -> QuotaSpent:
    """Return the limit to wait for: every rule must hold, but only one of a rule's sets."""
    longest = []
    for meter, rule in rules:
        sets = [await _spent(rows, meter, rule.level, caps, asked, at) for caps in rule.caps]
        if all(sets):
            longest.append(min((max(spent, key=_wait) for spent in sets), key=_wait))
    return max(longest, key=_wait)


async def _spent(
    rows: Tx, meter: Meter, level: LimitLevel, caps: Sequence[Cap], asked: int, at: int
) -> list[QuotaSpent]:
    found = []
    for cap, period in caps:
        window = Window(meter, period, at)
        used, _ = await window.sums(rows)
        missing = used + asked - cap
        if missing > 0:
            found.append(
                QuotaSpent(
                    level=level,
                    limit=cap,
                    period=period,
                    left=max(0, cap - used),
                    credits=asked,
                    frees_at=None if asked > cap else await window.frees_at(rows, missing),
                )
            )
    return found


def _wait(spent: QuotaSpent) -> tuple[float, int]:
    """Order by time to wait, and what frees at the same time by how little it is."""
    return math.inf if spent.frees_at is None else spent.frees_at, -spent.limit


async def roomiest(rows: Tx, meter: Meter, rule: Rule, at: int) -> list[Allowance]:
    """Return the allowances of that set of a rule which leaves most."""
    sets = [
        [await _allowance(rows, meter, rule.level, cap, at) for cap in caps] for caps in rule.caps
    ]
    return max(sets, key=lambda allowances: min(allowance.left for allowance in allowances))


async def _allowance(rows: Tx, meter: Meter, level: LimitLevel, cap: Cap, at: int) -> Allowance:
    limit, period = cap
    window = Window(meter, period, at)
    used, held = await window.sums(rows)
    return Allowance(
        level=level,
        limit=limit,
        period=period,
        used=used - held,
        held=held,
        frees_at=await window.frees_at(rows, 1),
    )

"""How much of the operator's budget is spent: asked in every settlement, so it only adds up."""

from dataclasses import dataclass

from bot.database.transaction import Transaction
from bot.quota.meters import budget
from bot.quota.rules import LimitSet, Period, caps
from bot.quota.windows import Window


@dataclass(frozen=True, slots=True)
class Outlay:
    """What of one limit of the budget is spent, and what running jobs hold; all in micros."""

    limit: int
    period: Period
    spent: int
    held: int

    @property
    def left(self) -> int:
        """Return what remains."""
        return max(0, self.limit - self.spent - self.held)


def read_outlays(rows: Transaction, limits: LimitSet, *, at: int) -> tuple[Outlay, ...]:
    """Return what is spent and held of each limit at this moment."""
    found = []
    for limit, period in caps(limits):
        used, held = Window(budget(), period, at).sums(rows)
        found.append(Outlay(limit, period, used - held, held))
    return tuple(found)

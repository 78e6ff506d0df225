"""Tell the operator how much of OPERATOR_BUDGET is spent, after the commit that spent it."""

from collections.abc import Iterator, Sequence

from bot.database.database import Database
from bot.gateways.routing.operator_alerts import BudgetReached, OperatorAlerts
from bot.quota.allowances import Allowance
from bot.quota.ledger import Ledger

ALERT_PERCENTS = (100, 80, 50)  # of the operator's budget, the most urgent first


def reached(budget: Sequence[Allowance], price: int) -> Iterator[BudgetReached]:
    """Yield the percentage of each part of the budget that a settlement of this price reached."""
    for part in budget:
        before, after = part.used - price, part.used
        for percent in ALERT_PERCENTS:
            if before * 100 < part.limit * percent <= after * 100:
                yield BudgetReached(percent, part.limit, part.period)
                break


async def alert_of_refusal(
    database: Database, ledger: Ledger, alerts: OperatorAlerts, price: int
) -> None:
    """Tell the operator that a request of this price was refused, as the budget is spent."""
    budget = await database.read(ledger.budget_used)
    for part in budget:
        # What is more than the whole budget says nothing about how much of it is spent.
        if part.left < price <= part.limit:
            alerts.budget(BudgetReached(100, part.limit, part.period))

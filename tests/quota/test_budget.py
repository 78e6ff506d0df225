"""The operator's budget: what the pictures cost them, in millionths of their currency."""

import pytest

from bot.core.errors.quotas import BudgetSpent, QuotaSpent
from bot.core.models import OPERATOR
from bot.quota.allowances import Allowance
from bot.quota.levels import LimitLevel
from bot.quota.limits import Period
from tests.quota.ledger_driver import DAY, HOUR, NOON, LedgerDriver, requester

BOB = requester(1)


def test_a_spent_budget_stops_everybody(engine_url: str) -> None:
    """The terminal's jobs cost the operator the same money."""
    with LedgerDriver.open(engine_url, budget="1000/month, 5000/day") as driver:
        driver.hold(BOB, price=600)
        driver.hold(OPERATOR, price=400)
        for who in (BOB, OPERATOR):
            with pytest.raises(BudgetSpent) as spent:
                driver.hold(who, price=1)
            assert spent.value.frees_at == NOON + 30 * DAY
        driver.hold(BOB, price=0)


def test_a_job_beyond_the_whole_budget_is_not_told_to_wait(engine_url: str) -> None:
    """No time must be promised that never comes."""
    with LedgerDriver.open(engine_url, budget="1000/month") as driver:
        with pytest.raises(BudgetSpent) as spent:
            driver.hold(BOB, price=1001)
        assert spent.value.frees_at is None


def test_a_grant_does_not_lift_the_budget(engine_url: str) -> None:
    """It is the operator's money."""
    with LedgerDriver.open(engine_url, default="1/day", budget="1000/month") as driver:
        driver.grant(1, 5)
        with pytest.raises(BudgetSpent):
            driver.hold(BOB, 3, price=1001)
        with pytest.raises(QuotaSpent):
            driver.hold(BOB, 7, price=1001)
        driver.hold(BOB, 3, price=1000)
        assert driver.member(1).granted == 3


@pytest.mark.parametrize(
    ("delivered", "price", "left"),
    [(4, None, 1000), (3, None, 750), (0, None, 0), (3, 800, 800), (4, 1500, 1500), (0, 0, 0)],
)
def test_what_the_job_did_cost_stays(
    engine_url: str, delivered: int, price: int | None, left: int
) -> None:
    """More or less than expected; without cost rows the share of what was made."""
    with LedgerDriver.open(engine_url, budget="9000/week") as driver:
        job_id = driver.hold(BOB, 4, price=1000)
        assert driver.budget() == (
            Allowance(LimitLevel.BUDGET, 9000, Period.WEEK, 0, 1000, NOON + 7 * DAY),
        )
        driver.clock.ms += HOUR
        driver.settle(job_id, delivered, price=price)
        (allowance,) = driver.budget()
        assert (allowance.used, allowance.held) == (left, 0)
        metered = driver.rows("SELECT hour, credits FROM meters WHERE subject LIKE 'budget%'")
        assert [tuple(row) for row in metered] == [(NOON // HOUR, left)]


def test_a_share_of_the_price_is_rounded_up(engine_url: str) -> None:
    with LedgerDriver.open(engine_url, budget="9000/week") as driver:
        driver.settle(driver.hold(BOB, 3, price=1000), 1)
        (allowance,) = driver.budget()
        assert allowance.used == 334


def test_a_price_that_nobody_expected_is_counted(engine_url: str) -> None:
    """The meter of that hour may not exist yet."""
    with LedgerDriver.open(engine_url, budget="9000/week") as driver:
        driver.settle(driver.hold(BOB), 1, price=70)
        (allowance,) = driver.budget()
        assert allowance.used == 70


def test_without_a_budget_nothing_is_told_and_nothing_refused(engine_url: str) -> None:
    """What was paid is counted all the same: a budget may be stated tomorrow."""
    with LedgerDriver.open(engine_url) as driver:
        driver.hold(BOB, price=10**12)
        assert driver.budget() == ()
        metered = driver.rows("SELECT credits FROM meters WHERE subject LIKE 'budget%'")
        assert [row["credits"] for row in metered] == [10**12]


def test_what_costs_nothing_asks_nothing(engine_url: str) -> None:
    """A job of 0 credits passes where the day is spent, and a free one where the budget is."""
    with LedgerDriver.open(
        engine_url, default="0/day", total_quota="0/day", budget="0/day"
    ) as driver:
        driver.hold(BOB, 0)
        driver.settle(driver.hold(BOB, 0), 0)
        assert driver.rows("SELECT * FROM meters") == []

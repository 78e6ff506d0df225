"""Totals that are spread over several rows, and folded when they are a day old."""

from pathlib import Path

import pytest

from bot.core.models import OPERATOR
from bot.database.transaction import Transaction
from tests.quota.ledger_driver import DAY, HOUR, NOON, LedgerDriver, ManualClock

MANY = 40


def totals(driver: LedgerDriver) -> dict[str, int]:
    """Return the sums of the totals by subject."""
    found = driver.rows(
        "SELECT subject, CAST(SUM(credits) AS BIGINT) AS credits FROM meters"
        " WHERE subject LIKE 'operator%' OR subject LIKE 'budget%' GROUP BY subject"
    )
    return {row["subject"]: row["credits"] for row in found}


def used(driver: LedgerDriver) -> list[int]:
    """Return what the operator is told of both totals: used and held."""
    told = (*driver.allowances(OPERATOR), *driver.budget())
    return [allowance.used + allowance.held for allowance in told]


def test_a_folded_total_counts_the_same(engine_url: str) -> None:
    """A month has 720 hours, and each hold sums them; one that is not counted is given twice."""
    with LedgerDriver.open(engine_url, total_quota="9000/month", budget="90000/month") as driver:
        jobs = [driver.hold(OPERATOR, 2, 30) for _ in range(MANY)]
        for hours, delivered in ((0, 1), (HOUR, 0), (3 * HOUR, 1), (3 * DAY, 0)):
            driver.clock.ms = NOON + hours
            driver.database.write(driver.ledger.fold_stripes)
            driver.settle(jobs.pop(), delivered, price=40 * delivered)
        assert totals(driver).keys() == {"operator", "budget"}
        assert used(driver) == [2 * (MANY - 4) + 2, 30 * (MANY - 4) + 80]
        driver.settle(jobs.pop(), 2, price=70)
        assert used(driver) == [2 * (MANY - 4) + 2, 30 * (MANY - 4) + 120]


def test_young_rows_stay_spread_on_a_server_only(engine_url: str) -> None:
    """On a server two jobs that add to one row would wait for each other; SQLite reads one."""
    with LedgerDriver.open(engine_url, total_quota="9000/month") as driver:
        for _ in range(MANY):
            driver.hold(OPERATOR)
        driver.database.write(driver.ledger.fold_stripes)
        is_server = engine_url.startswith("postgresql")
        assert (len(totals(driver)) > 8) == is_server
        assert sum(totals(driver).values()) == MANY
        assert used(driver) == [MANY]


def test_what_a_server_had_spread_counts_on_sqlite(tmp_path: Path) -> None:
    """Who moves back to SQLite must not have the month's money a second time."""
    clock = ManualClock()
    with LedgerDriver.open(tmp_path, clock=clock, total_quota="90/month") as driver:
        insert = "INSERT INTO meters (subject, hour, credits) VALUES ($1, $2, 10)"
        for number in range(9):
            subject = f"operator:{number}"
            driver.database.write(Transaction.write, insert, subject, NOON // HOUR - number // 2)
        driver.database.write(driver.ledger.fold_stripes)
        assert totals(driver) == {"operator": 90}
        assert driver.refused(OPERATOR).left == 0


@pytest.mark.parametrize("times", [1, 2])
def test_folding_twice_is_harmless(engine_url: str, times: int) -> None:
    """Several processes do it each day."""
    with LedgerDriver.open(engine_url, total_quota="90/month") as driver:
        driver.hold(OPERATOR, 7)
        driver.clock.ms += 2 * DAY
        for _ in range(times):
            driver.database.write(driver.ledger.fold_stripes)
        assert totals(driver) == {"operator": 7}

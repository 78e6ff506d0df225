"""A server's own costs, as an admin set them."""

import pytest

from bot.core.errors.quotas import CostOutOfRange, NoSuchCost
from tests.quota.ledger_driver import ADMIN, SERVER_ID, LedgerDriver

ELSEWHERE = 11


def set_cost(driver: LedgerDriver, model: str, quality: str | None, credits: int) -> None:
    driver.database.write(
        driver.ledger.set_cost,
        server_id=SERVER_ID,
        model=model,
        quality=quality,
        credits=credits,
        actor_id=ADMIN,
    )


def remove_cost(driver: LedgerDriver, model: str, quality: str | None) -> None:
    driver.database.write(
        driver.ledger.remove_cost, server_id=SERVER_ID, model=model, quality=quality, actor_id=ADMIN
    )


def costs(driver: LedgerDriver, server_id: int | None) -> dict[tuple[int, str, str], int]:
    return driver.database.read(driver.ledger.costs, server_id)


def test_admins_set_replace_and_remove_costs(engine_url: str) -> None:
    """Each with a line in the audit."""
    with LedgerDriver.open(engine_url) as driver:
        set_cost(driver, "painter", None, 2)
        set_cost(driver, "painter", "high", 0)
        set_cost(driver, "painter", "high", 10_000)
        found = {(SERVER_ID, "painter", ""): 2, (SERVER_ID, "painter", "high"): 10_000}
        assert costs(driver, SERVER_ID) == found == costs(driver, None)
        assert costs(driver, ELSEWHERE) == {}
        remove_cost(driver, "painter", None)
        assert costs(driver, None) == {(SERVER_ID, "painter", "high"): 10_000}
        with pytest.raises(NoSuchCost):
            remove_cost(driver, "painter", None)
        changes = driver.database.read(driver.ledger.changes, SERVER_ID, most=9)
    assert [(c.action, c.subject, c.old, c.new) for c in changes] == [
        ("cost-removed", "cost:painter", "2", None),
        ("cost-set", "cost:painter high", "0", "10000"),
        ("cost-set", "cost:painter high", None, "0"),
        ("cost-set", "cost:painter", None, "2"),
    ]


@pytest.mark.parametrize("credits", [-1, 10_001])
def test_a_cost_outside_the_range_is_refused(engine_url: str, credits: int) -> None:
    """A picture for less than nothing would fill accounts."""
    with LedgerDriver.open(engine_url) as driver:
        with pytest.raises(CostOutOfRange) as refused:
            set_cost(driver, "painter", None, credits)
        assert refused.value.facts == {"credits": credits, "limit": 10_000}
        assert costs(driver, None) == {}

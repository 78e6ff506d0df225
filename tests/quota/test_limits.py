"""What people are told about their limits, and what admins may set."""

from pathlib import Path

import pytest

from bot.core.errors.quotas import LimitAboveCeiling, LimitOutOfRange, NoSuchLimit
from bot.quota.allowances import Allowance
from bot.quota.levels import EVERYONE, SERVER, LimitLevel, role_subject, user_subject
from bot.quota.limits import Limit, Period
from tests.quota.ledger_driver import ADMIN, DAY, HOUR, NOON, SERVER_ID, LedgerDriver, requester

BOB = requester(1)


def remove(driver: LedgerDriver, subject: str, period: Period | None) -> None:
    driver.database.write(
        driver.ledger.remove_limit,
        server_id=SERVER_ID,
        subject=subject,
        period=period,
        actor_id=ADMIN,
    )


def test_usage_tells_every_limit_that_applies(engine_url: str) -> None:
    """/usage: charged, held by running jobs, left, and when something frees."""
    with LedgerDriver.open(
        engine_url, default="5/hour, 9/day", server_quota="20/month", total_quota="30/month"
    ) as driver:
        driver.limit(SERVER, "12/week")
        driver.settle(driver.hold(BOB, 2), 1)
        driver.clock.ms += HOUR
        driver.hold(BOB, 3)
        driver.hold(requester(2), 1)
        allowances = driver.allowances(BOB)
    assert allowances == (
        Allowance(LimitLevel.DEFAULT, 5, Period.HOUR, 0, 3, NOON + 2 * HOUR),
        Allowance(LimitLevel.DEFAULT, 9, Period.DAY, 1, 3, NOON + DAY),
        Allowance(LimitLevel.SERVER, 12, Period.WEEK, 1, 4, NOON + 7 * DAY),
        Allowance(LimitLevel.SERVER_QUOTA, 20, Period.MONTH, 1, 4, NOON + 30 * DAY),
    )
    assert [allowance.left for allowance in allowances] == [2, 5, 7, 15]


def test_a_card_tells_the_tightest_limit(engine_url: str) -> None:
    """The person sees what they can really still spend, in this server."""
    with LedgerDriver.open(engine_url, default="9/day") as driver:
        assert driver.left(BOB) == 9
        driver.limit(SERVER, "4/month")
        driver.hold(BOB, 1)
        assert driver.left(BOB) == 3


def test_nothing_used_frees_nothing(engine_url: str) -> None:
    """A released hold leaves no time behind."""
    with LedgerDriver.open(engine_url, default="9/day") as driver:
        driver.settle(driver.hold(BOB, 1), 0)
        assert [allowance.frees_at for allowance in driver.allowances(BOB)] == [None]


def test_without_limits_there_is_nothing_to_tell(engine_url: str) -> None:
    """An operator may set no limit at all."""
    with LedgerDriver.open(engine_url) as driver:
        driver.hold(BOB, 1_000)
        assert driver.left(BOB) is None


def test_a_total_of_a_large_bot_holds_to_the_last_credit(engine_url: str) -> None:
    """A million credits a month are too few for a bot in a hundred thousand servers."""
    total = 10**12
    with LedgerDriver.open(engine_url, total_quota=f"{total}/month") as driver:
        driver.settle(driver.hold(BOB, total // 2), total // 2)
        driver.clock.ms += 2 * HOUR
        driver.hold(requester(2), total // 2 - 2)
        driver.clock.ms += 2 * HOUR
        refused = driver.refused(BOB, 3)
        assert (refused.left, refused.limit) == (2, total)
        driver.hold(BOB, 2)


def test_a_lowered_limit_leaves_nothing_rather_than_less(engine_url: str) -> None:
    """Nobody is told of negative credits."""
    with LedgerDriver.open(engine_url, default="9/day") as driver:
        driver.hold(BOB, 9)
        driver.limit(EVERYONE, "3/day")
        assert driver.left(BOB) == 0
        assert driver.refused(BOB).left == 0


def test_of_several_roles_the_one_that_leaves_most_is_told(engine_url: str) -> None:
    """One of them is enough."""
    both = requester(1, SERVER_ID, 7, 8)
    with LedgerDriver.open(engine_url) as driver:
        driver.limit(role_subject(7), "2/hour, 90/day")
        driver.limit(role_subject(8), "8/day")
        driver.hold(both, 1)
        (allowance,) = driver.allowances(both)
    assert (allowance.level, allowance.limit, allowance.left) == (LimitLevel.ROLE, 8, 7)


def test_admins_set_replace_and_remove_limits(engine_url: str) -> None:
    """One limit for each period of a subject, in this server only."""
    with LedgerDriver.open(engine_url) as driver:
        driver.limit(user_subject(1), "5/hour, 20/day")
        driver.limit(user_subject(1), "30/day")
        driver.limit(EVERYONE, "unlimited/day", server_id=11)
        limits = driver.database.read(driver.ledger.limits, SERVER_ID)
        assert {subject: sorted(map(str, found)) for subject, found in limits.items()} == {
            "user:1": ["30/day", "5/hour"]
        }
        remove(driver, user_subject(1), Period.HOUR)
        driver.limit(user_subject(1), "7/week")
        remove(driver, user_subject(1), None)
        with pytest.raises(NoSuchLimit):
            remove(driver, user_subject(1), None)


def test_every_change_is_audited(engine_url: str) -> None:
    """Admins can find out who changed what."""
    with LedgerDriver.open(engine_url) as driver:
        driver.limit(user_subject(1), "5/hour")
        driver.limit(user_subject(1), "unlimited/hour")
        remove(driver, user_subject(1), Period.HOUR)
        audit = driver.rows("SELECT * FROM audit ORDER BY id")
    assert [tuple(row)[1:] for row in audit] == [
        (SERVER_ID, NOON, ADMIN, "limit-set", "user:1", None, "5/hour", None),
        (SERVER_ID, NOON, ADMIN, "limit-set", "user:1", "5/hour", "unlimited/hour", None),
        (SERVER_ID, NOON, ADMIN, "limit-removed", "user:1", "unlimited/hour", None, None),
    ]


@pytest.mark.parametrize("credits", [-1, 1_000_001])
def test_a_limit_outside_the_range_is_refused(engine_url: str, credits: int) -> None:
    """The sentence names the range."""
    with LedgerDriver.open(engine_url) as driver, pytest.raises(LimitOutOfRange) as refused:
        driver.database.write(
            driver.ledger.set_limit,
            server_id=SERVER_ID,
            subject=EVERYONE,
            limit=Limit(credits, Period.DAY),
            actor_id=ADMIN,
        )
    assert refused.value.facts == {"credits": credits, "limit": 1_000_000}


def test_a_limit_above_the_operators_ceiling_is_refused(engine_url: str) -> None:
    """It would promise what SERVER_QUOTA never grants."""
    with LedgerDriver.open(engine_url, server_quota="50/day") as driver:
        driver.limit(EVERYONE, "50/day")
        driver.limit(EVERYONE, "51/week")
        with pytest.raises(LimitAboveCeiling) as refused:
            driver.limit(user_subject(1), "51/day")
    assert refused.value.facts == {"credits": 51, "limit": 50, "period": "day"}


@pytest.mark.parametrize(
    "of",
    ["", "AND server_id = 1", "AND server_id = 1 AND user_id = 1"],
    ids=["operator", "server", "person"],
)
def test_what_runs_is_found_without_reading_every_charge(tmp_path: Path, of: str) -> None:
    """/usage must stay quick with a million charges."""
    sums = "SELECT SUM(credits) FROM charges WHERE state = 'held' AND at > 5 "
    with LedgerDriver.open(tmp_path) as driver:
        (plan,) = driver.rows(f"EXPLAIN QUERY PLAN {sums} {of}")
    assert "charges_held" in plan["detail"]

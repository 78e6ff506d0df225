"""Holding and settling: who may spend, what is charged, what comes back."""

import asyncio
from pathlib import Path

import pytest

from bot.core.errors.quotas import QuotaSpent, TooManyDoubtful
from bot.core.models import OPERATOR
from bot.database.opening import open_file
from bot.quota.ledger import Settlement
from bot.quota.levels import EVERYONE, SERVER, LimitLevel, role_subject, user_subject
from bot.quota.picture_counts import PictureCounts
from tests.quota.ledger_driver import (
    DAY,
    HOUR,
    NOON,
    SERVER_ID,
    LedgerDriver,
    ManualClock,
    ledger_of,
    requester,
)

BOB = requester(1)
ANN = requester(2)


async def test_twenty_at_once_get_exactly_the_five_credits_there_are(tmp_path: Path) -> None:
    """The closest existing bot lets all of them pass."""
    ledger = ledger_of(ManualClock(), default="5/day")
    async with open_file(tmp_path / "easel.db", backup_dir=tmp_path, now=ManualClock()) as database:
        holds = (
            database.write(ledger.hold, job_id=f"job {number}", requester=BOB, credits=1)
            for number in range(20)
        )
        attempts = await asyncio.gather(*holds, return_exceptions=True)
    assert attempts.count(None) == 5
    assert sum(isinstance(attempt, QuotaSpent) for attempt in attempts) == 15


def test_a_refusal_says_which_limit_and_when_it_frees(engine_url: str) -> None:
    """A person can decide to wait, and knows for how long."""
    with LedgerDriver.open(engine_url, default="5/day") as driver:
        driver.hold(BOB, 2)
        driver.clock.ms += HOUR
        driver.hold(BOB, 2)
        spent = driver.refused(BOB, 3)
        assert (spent.level, spent.limit, spent.period) == (LimitLevel.DEFAULT, 5, "day")
        assert (spent.left, spent.credits, spent.frees_at) == (1, 3, NOON + DAY)
        driver.clock.ms = NOON + DAY - 1
        driver.refused(BOB, 3)
        driver.clock.ms += 1
        driver.hold(BOB, 3)


def test_waiting_for_more_than_the_first_charge(engine_url: str) -> None:
    """Several charges, some in the same hour, must leave before there is room."""
    with LedgerDriver.open(engine_url, default="5/day") as driver:
        for minutes in (0, 1, 2, 90, 91):
            driver.clock.ms = NOON + minutes * 60_000
            driver.hold(BOB)
        waits = [driver.refused(BOB, credits).frees_at for credits in range(1, 6)]
    assert waits == [NOON + DAY + minutes * 60_000 for minutes in (0, 1, 2, 90, 91)]


def test_waiting_cannot_help_when_the_limit_is_smaller_than_the_request(
    engine_url: str,
) -> None:
    """No time must be promised that never comes."""
    with LedgerDriver.open(engine_url, default="5/day") as driver:
        assert driver.refused(BOB, 6).frees_at is None


def test_all_limits_of_a_subject_apply_and_the_longest_wait_is_told(engine_url: str) -> None:
    """Telling the hour's limit would send the person away for too short a time."""
    with LedgerDriver.open(engine_url, default="1/hour, 2/day") as driver:
        driver.hold(BOB)
        assert driver.refused(BOB).period == "hour"
        driver.clock.ms += HOUR
        driver.hold(BOB)
        spent = driver.refused(BOB)
        assert (spent.period, spent.frees_at) == ("day", NOON + DAY)


def test_of_two_spent_levels_the_one_that_frees_last_is_told(engine_url: str) -> None:
    """Both must have room, so the person waits for the later."""
    with LedgerDriver.open(engine_url, default="1/week", server_quota="1/day") as driver:
        driver.hold(BOB)
        assert driver.refused(BOB).level is LimitLevel.DEFAULT
        assert driver.refused(ANN).level is LimitLevel.SERVER_QUOTA


def test_own_limits_replace_those_of_everyone(engine_url: str) -> None:
    """Everyone 2/day, Bob 4/month: Bob has only 4/month."""
    with LedgerDriver.open(engine_url) as driver:
        driver.limit(EVERYONE, "2/day")
        driver.limit(user_subject(1), "4/month")
        for _ in range(4):
            driver.hold(BOB)
        assert driver.refused(BOB).level is LimitLevel.USER
        driver.hold(ANN, 2)
        assert driver.refused(ANN).level is LimitLevel.EVERYONE


def test_one_role_with_a_whole_set_that_holds_is_enough(engine_url: str) -> None:
    """Role A 2/hour and 3/day, role B 5/day: five in one hour, through B."""
    both = requester(1, SERVER_ID, 7, 8)
    with LedgerDriver.open(engine_url) as driver:
        driver.limit(role_subject(7), "2/hour, 3/day")
        driver.limit(role_subject(8), "5/day")
        driver.hold(both, 5)
        assert driver.refused(both).limit == 5
        only_a = requester(3, SERVER_ID, 7)
        driver.hold(only_a, 2)
        assert driver.refused(only_a).period == "hour"


def test_a_role_of_nothing_does_not_take_from_another(engine_url: str) -> None:
    """Role 0 and role 10: 10."""
    with LedgerDriver.open(engine_url) as driver:
        driver.limit(role_subject(7), "0/day")
        driver.limit(role_subject(8), "10/day")
        driver.hold(requester(1, SERVER_ID, 7, 8), 10)
        assert driver.refused(requester(2, SERVER_ID, 7)).limit == 0


def test_of_two_spent_roles_the_one_that_frees_first_is_told(engine_url: str) -> None:
    """One of them is enough, so the person waits for the sooner."""
    both = requester(1, SERVER_ID, 7, 8)
    with LedgerDriver.open(engine_url) as driver:
        driver.limit(role_subject(7), "1/week")
        driver.limit(role_subject(8), "1/hour")
        driver.hold(both)
        assert driver.refused(both).frees_at == NOON + HOUR


def test_unlimited_lifts_only_its_own_level(engine_url: str) -> None:
    """Everyone unlimited, server 3/month: three for all together."""
    with LedgerDriver.open(engine_url, default="0/day") as driver:
        driver.limit(EVERYONE, "unlimited/day")
        driver.limit(SERVER, "3/month")
        driver.hold(BOB, 2)
        driver.hold(ANN, 1)
        assert driver.refused(ANN).level is LimitLevel.SERVER
        driver.hold(requester(1, server_id=11), 0)


def test_the_operators_ceilings_hold_for_each_server_and_for_all(engine_url: str) -> None:
    """No admin can spend more of the operator's money than was allotted."""
    with LedgerDriver.open(engine_url, server_quota="2/day", total_quota="3/day") as driver:
        driver.limit(user_subject(1), "unlimited/day")
        driver.hold(BOB, 2)
        assert driver.refused(BOB).level is LimitLevel.SERVER_QUOTA
        driver.hold(requester(1, server_id=11), 1)
        assert driver.refused(requester(1, server_id=11)).level is LimitLevel.TOTAL


def test_direct_messages_count_as_one_more_server(engine_url: str) -> None:
    """The operator's ceiling for each server holds for all direct messages together, too."""
    with LedgerDriver.open(engine_url, default="2/day", server_quota="3/day") as driver:
        driver.hold(OPERATOR, 5)
        driver.hold(requester(1, server_id=0), 2)
        assert driver.refused(requester(1, server_id=0)).level is LimitLevel.DEFAULT
        spent = driver.refused(requester(2, server_id=0), 2)
        assert (spent.level, spent.left) == (LimitLevel.SERVER_QUOTA, 1)
        driver.clock.ms += DAY - HOUR  # the ceiling now looks at the cut hour's charges
        driver.refused(requester(2, server_id=0), 2)
        driver.hold(requester(2, server_id=0), 1)


def test_the_terminal_has_only_the_total(engine_url: str) -> None:
    """The operator is nobody's member."""
    with LedgerDriver.open(
        engine_url, default="0/day", server_quota="0/day", total_quota="4/day"
    ) as driver:
        driver.hold(OPERATOR, 3)
        assert driver.refused(OPERATOR, 2).level is LimitLevel.TOTAL
        meters = driver.rows("SELECT subject FROM meters")
        assert [row["subject"].split(":")[0] for row in meters] == ["operator"]
        (allowance,) = driver.allowances(OPERATOR)
        assert (allowance.level, allowance.left) == (LimitLevel.TOTAL, 1)


def test_what_was_not_delivered_comes_back(engine_url: str) -> None:
    """Three of four pictures cost three credits."""
    with LedgerDriver.open(engine_url, default="4/day") as driver:
        job_id = driver.hold(BOB, 4)
        assert driver.settle(job_id, 3) == Settlement(3, 1)
        assert driver.left(BOB) == 1


def test_settling_twice_changes_nothing(engine_url: str) -> None:
    """After a crash a job may be settled again; the second time must not give more back."""
    with LedgerDriver.open(engine_url, default="4/day") as driver:
        job_id = driver.hold(BOB, 4)
        driver.settle(job_id, 3)
        assert driver.settle(job_id, 0) is None
        assert driver.settle("no such job", 1) is None
        assert driver.left(BOB) == 1


def test_a_release_returns_at_the_hour_of_its_hold(engine_url: str) -> None:
    """A job over the hour must not leave one hour too full and another too empty."""
    with LedgerDriver.open(engine_url, default="4/day") as driver:
        job_id = driver.hold(BOB, 4)
        driver.clock.ms += 2 * HOUR
        driver.settle(job_id, 0)
        assert [row["credits"] for row in driver.rows("SELECT credits FROM meters")] == [0] * 4
        driver.hold(BOB, 4)


def test_doubt_returns_to_the_person_but_not_to_the_operator(engine_url: str) -> None:
    """The picture may have been made: the operator may have to pay for it."""
    with LedgerDriver.open(engine_url, default="4/day", total_quota="5/day") as driver:
        job_id = driver.hold(BOB, 4)
        settled = driver.settle(job_id, 1, doubtful=2)
        assert settled == Settlement(1, 3)
        assert driver.left(BOB) == 3
        spent = driver.refused(ANN, 3)
        assert (spent.level, spent.left) == (LimitLevel.TOTAL, 2)


def test_after_three_doubtful_requests_in_a_day_the_next_is_refused(engine_url: str) -> None:
    """Nobody can let the operator pay for nothing again and again, and nobody pays for nothing."""
    with LedgerDriver.open(engine_url, default="9/day") as driver:
        for _ in range(3):
            assert driver.settle(driver.hold(BOB), 0, doubtful=1) == Settlement(0, 1)
            driver.clock.ms += HOUR
        assert driver.settle(driver.hold(ANN, 2), 1, doubtful=1) == Settlement(1, 1)
        driver.hold(requester(1, server_id=11))
        with pytest.raises(TooManyDoubtful) as refused:
            driver.hold(BOB)
        assert (refused.value.limit, refused.value.frees_at) == (3, NOON + DAY)
        driver.clock.ms = NOON + DAY - 1
        with pytest.raises(TooManyDoubtful):
            driver.hold(BOB)
        driver.clock.ms += 1
        running = driver.hold(BOB)
        assert driver.settle(running, 0, doubtful=1) == Settlement(0, 1)
        with pytest.raises(TooManyDoubtful) as refused:
            driver.hold(BOB)
        assert refused.value.frees_at == NOON + HOUR + DAY


def test_what_was_paid_and_lost_limits_the_requester_but_not_what_we_lost(engine_url: str) -> None:
    """A full disk of the operator must not lock anybody out."""
    with LedgerDriver.open(engine_url, max_doubtful_per_day=1) as driver:
        for pictures in (PictureCounts(), PictureCounts(missing=1), PictureCounts(delivered=1)):
            driver.settle_pictures(driver.hold(BOB), pictures)
        driver.settle_pictures(driver.hold(BOB), PictureCounts(lost=1))
        with pytest.raises(TooManyDoubtful):
            driver.hold(BOB)
        driver.hold(OPERATOR)


def test_a_reset_forgets_doubtful_requests(engine_url: str) -> None:
    with LedgerDriver.open(engine_url, max_doubtful_per_day=1) as driver:
        driver.settle(driver.hold(BOB), 0, doubtful=1)
        driver.clock.ms += 1
        driver.reset(1)
        driver.hold(BOB)
        assert driver.doubtful(BOB).count == 0


def test_the_operators_ceilings_count_what_brought_nothing(engine_url: str) -> None:
    """With SERVER_QUOTA at 3 a day 36 paid requests had passed; the server's own limit is free."""
    with LedgerDriver.open(
        engine_url, server_quota="3/day", total_quota="4/day", max_doubtful_per_day=99
    ) as driver:
        driver.limit(SERVER, "3/day")
        for pictures in (PictureCounts(lost=1), PictureCounts(missing=1)):
            assert driver.settle_pictures(driver.hold(BOB), pictures) == Settlement(0, 1)
        driver.settle(driver.hold(BOB), 0, doubtful=1)
        spent = driver.refused(BOB)
        assert (spent.level, spent.left) == (LimitLevel.SERVER_QUOTA, 0)
        used = {allowance.level: allowance.used for allowance in driver.allowances(BOB)}
        assert (used[LimitLevel.SERVER], used[LimitLevel.SERVER_QUOTA]) == (0, 3)
        driver.hold(requester(1, server_id=11))
        assert driver.refused(requester(1, server_id=11)).level is LimitLevel.TOTAL


def test_charges_of_the_future_count(engine_url: str) -> None:
    """A clock that was set back must not hand out the day's credits a second time."""
    with LedgerDriver.open(engine_url, default="2/day") as driver:
        driver.hold(BOB, 2)
        driver.clock.ms -= 3 * DAY
        assert driver.refused(BOB).frees_at == NOON + DAY


@pytest.mark.parametrize("credits", [-1, -5])
def test_negative_credits_are_a_defect_that_the_database_stops(
    engine_url: str, credits: int
) -> None:
    """A wrong price must not fill somebody's account."""
    check = pytest.raises(Exception, match=r"(?i)check constraint")
    with LedgerDriver.open(engine_url, default="2/day") as driver, check:
        driver.hold(BOB, credits)

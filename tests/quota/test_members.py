"""Grants, resets and blocks: what admins decide about one person."""

import pytest

from bot.core.errors.quotas import Blocked, GrantOutOfRange, NotBlocked
from bot.quota.audit import Change
from bot.quota.ledger import Settlement
from bot.quota.levels import EVERYONE, LimitLevel, Member, role_subject
from tests.quota.ledger_driver import ADMIN, DAY, HOUR, NOON, SERVER_ID, LedgerDriver, requester

BOB = requester(1)
ANN = requester(2)


def test_a_grant_pays_once_the_own_level_is_spent(engine_url: str) -> None:
    """Extra credits must not be used up while the day's own would do."""
    with LedgerDriver.open(engine_url, default="4/day") as driver:
        assert driver.grant(1, 3) == 3
        driver.hold(BOB, 3)
        assert driver.member(1).granted == 3
        driver.hold(BOB, 2)
        assert driver.member(1).granted == 2
        driver.hold(BOB, 2)
        assert driver.refused(BOB).level is LimitLevel.DEFAULT
        assert driver.grant(1, 1) == 1
        driver.hold(BOB)


@pytest.mark.parametrize(("used", "left"), [(0, 2), (4, 0)])
def test_a_grant_that_was_committed_too_late_is_taken_back(
    engine_url: str, used: int, left: int
) -> None:
    """The admin was told that nothing was changed, and repeats it: it must count once."""
    with LedgerDriver.open(engine_url, default="0/day") as driver:
        driver.grant(1, 2)
        driver.grant(1, 3)
        if used:
            driver.hold(BOB, used)
        driver.database.write(driver.ledger.undo_grant, server_id=SERVER_ID, user_id=1, credits=3)
        assert driver.member(1).granted == left
        change = driver.changes()[0]
        assert (change.actor_id, change.old, change.new) == (0, str(5 - used), str(left))


def test_a_grant_serves_where_nothing_is_allowed(engine_url: str) -> None:
    """Everyone 0 and Bob granted 5: Bob has 5, and only in this server."""
    with LedgerDriver.open(engine_url) as driver:
        driver.limit(EVERYONE, "0/day")
        driver.limit(EVERYONE, "0/day", server_id=11)
        driver.grant(1, 5)
        driver.hold(BOB, 5)
        driver.refused(BOB)
        driver.grant(1, 5)
        driver.refused(requester(1, server_id=11))
        driver.refused(ANN)


def test_a_grant_lifts_neither_the_servers_nor_the_operators_total(engine_url: str) -> None:
    """An admin cannot give away what the operator pays for."""
    with LedgerDriver.open(
        engine_url, default="1/day", server_quota="4/day", total_quota="5/day"
    ) as t:
        t.grant(1, 9)
        t.hold(BOB, 4)
        spent = t.refused(BOB)
        assert (spent.level, spent.left) == (LimitLevel.SERVER_QUOTA, 0)
        t.hold(requester(1, server_id=11), 1)
        assert (t.refused(requester(3, server_id=12))).level is LimitLevel.TOTAL
        assert (t.member(1)).granted == 6


def test_of_several_roles_the_roomiest_pays_before_the_grant(engine_url: str) -> None:
    """The grant pays as little as possible."""
    both = requester(1, SERVER_ID, 7, 8)
    with LedgerDriver.open(engine_url) as driver:
        driver.limit(role_subject(7), "1/hour, 90/day")
        driver.limit(role_subject(8), "3/day")
        driver.grant(1, 2)
        driver.hold(both, 5)
        assert driver.member(1).granted == 0


def test_what_was_not_delivered_returns_to_the_grant_first(engine_url: str) -> None:
    """Four asked, one of them granted, two delivered: the grant has its one back."""
    with LedgerDriver.open(engine_url, default="3/day") as driver:
        driver.grant(1, 1)
        job_id = driver.hold(BOB, 4)
        settled = driver.settle(job_id, 2)
        assert settled == Settlement(2, 2, granted_back=1)
        assert driver.member(1).granted == 1
        assert driver.left(BOB) == 1
        driver.hold(BOB, 1)
        granted = driver.hold(BOB, 1)
        assert driver.settle(granted, 1) == Settlement(1, 0)
        assert driver.member(1).granted == 0


def test_a_refusal_in_spite_of_a_grant_tells_when_both_together_suffice(
    engine_url: str,
) -> None:
    """Waiting for all of it would be too long."""
    with LedgerDriver.open(engine_url, default="4/day") as driver:
        driver.hold(BOB, 2)
        driver.clock.ms += HOUR
        driver.hold(BOB, 2)
        driver.grant(1, 1)
        assert driver.refused(BOB, 3).frees_at == NOON + DAY
        assert driver.refused(BOB, 4).frees_at == NOON + HOUR + DAY
        assert driver.refused(BOB, 6).frees_at is None
        driver.clock.ms = NOON + DAY
        driver.hold(BOB, 3)


@pytest.mark.parametrize("credits", [-1, 0, 1_000_001])
def test_a_grant_outside_the_range_is_refused(engine_url: str, credits: int) -> None:
    """A negative grant would take what another admin gave."""
    with LedgerDriver.open(engine_url) as driver:
        with pytest.raises(GrantOutOfRange) as refused:
            driver.grant(1, credits)
        assert refused.value.facts == {"credits": credits, "limit": 1_000_000}
        assert driver.member(1) == Member()


def test_a_reset_forgets_what_a_person_used(engine_url: str) -> None:
    """For their own level: the server's total stays."""
    with LedgerDriver.open(engine_url, default="4/month", server_quota="7/month") as driver:
        driver.settle(driver.hold(BOB, 2), 2)
        driver.clock.ms += 2 * HOUR
        driver.settle(driver.hold(BOB, 2), 2)
        driver.reset(1)
        assert [(a.used, a.left) for a in driver.allowances(BOB)] == [(0, 4), (4, 3)]
        driver.clock.ms += 1
        driver.hold(BOB, 3)
        assert driver.refused(BOB).level is LimitLevel.SERVER_QUOTA
        assert [a.frees_at for a in driver.allowances(BOB)] == [
            NOON + 2 * HOUR + 1 + 30 * DAY,
            NOON + 30 * DAY,
        ]


def test_what_runs_at_a_reset_still_counts(engine_url: str) -> None:
    """A reset while jobs run must not double what a person may hold."""
    with LedgerDriver.open(engine_url, default="4/day") as driver:
        driver.settle(driver.hold(BOB), 1)
        running = driver.hold(BOB, 3)
        driver.reset(1)
        driver.clock.ms += HOUR
        (allowance,) = driver.allowances(BOB)
        assert (allowance.used, allowance.held, allowance.frees_at) == (0, 3, NOON + DAY)
        spent = driver.refused(BOB, 2)
        assert (spent.left, spent.frees_at) == (1, NOON + DAY)
        driver.hold(BOB, 1)
        assert driver.refused(BOB, 4).frees_at == NOON + HOUR + DAY
        driver.settle(running, 3)
        driver.hold(BOB, 3)


def test_a_reset_in_the_future_waits_for_its_moment(engine_url: str) -> None:
    """After the clock was set back, everything up to the reset would cost nothing."""
    with LedgerDriver.open(engine_url, default="4/day") as driver:
        driver.reset(1)
        driver.clock.ms -= 2 * DAY
        driver.settle(driver.hold(BOB, 4), 4)
        driver.refused(BOB)


def test_a_blocked_person_is_refused_with_the_reason(engine_url: str) -> None:
    """In this server alone; what they were granted stays."""
    with LedgerDriver.open(engine_url) as driver:
        driver.grant(1, 2)
        driver.block(1, "spam")
        for reason in ("spam", ""):
            with pytest.raises(Blocked) as refused:
                driver.hold(BOB, 0)
            assert refused.value.reason == reason
            driver.block(1, "")
        driver.hold(requester(1, server_id=11))
        driver.unblock(1)
        driver.hold(BOB)
        assert driver.member(1) == Member(granted=2)
        with pytest.raises(NotBlocked):
            driver.unblock(1)


def test_decisions_about_people_are_audited_the_newest_first(engine_url: str) -> None:
    """Even those of one millisecond, and only of this server."""
    with LedgerDriver.open(engine_url) as driver:
        driver.grant(1, 5, reason="won the contest")
        driver.grant(1, 2)
        driver.reset(1)
        driver.block(1, "spam")
        driver.unblock(1)
        changes = driver.database.read(driver.ledger.changes, SERVER_ID, most=9)
        page = driver.database.read(driver.ledger.changes, SERVER_ID, most=2, skip=1)
        elsewhere = driver.database.read(driver.ledger.changes, 11, most=9)
    told = [(c.action, c.old, c.new, c.reason) for c in changes]
    assert told == [
        ("unblocked", None, None, None),
        ("blocked", None, None, "spam"),
        ("reset", None, None, None),
        ("granted", "5", "7", ""),
        ("granted", "0", "5", "won the contest"),
    ]
    assert changes[0] == Change(changes[0].id, NOON, ADMIN, "unblocked", "user:1", None, None, None)
    assert page == changes[1:3]
    assert elsewhere == []

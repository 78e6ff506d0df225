"""Grants, resets and blocks: what admins decide about one person."""

from pathlib import Path

import pytest

from bot.core.errors.quotas import Blocked, GrantOutOfRange, LimitLevel, NotBlocked
from bot.quota.admin_repository import Member
from bot.quota.audit import Change
from bot.quota.ledger import Settlement
from bot.quota.rules import EVERYONE, role
from tests.quota.till import ADMIN, DAY, HOUR, NOON, SERVER_ID, Till, requester

BOB = requester(1)
ANN = requester(2)


def test_a_grant_pays_once_the_own_level_is_spent(tmp_path: Path) -> None:
    """Extra credits must not be used up while the day's own would do."""
    with Till.open(tmp_path, default="4/day") as till:
        assert till.grant(1, 3) == 3
        till.hold(BOB, 3)
        assert till.member(1).granted == 3
        till.hold(BOB, 2)
        assert till.member(1).granted == 2
        till.hold(BOB, 2)
        assert till.refused(BOB).level is LimitLevel.DEFAULT
        assert till.grant(1, 1) == 1
        till.hold(BOB)


def test_a_grant_serves_where_nothing_is_allowed(tmp_path: Path) -> None:
    """Everyone 0 and Bob granted 5: Bob has 5, and only in this server."""
    with Till.open(tmp_path) as till:
        till.limit(EVERYONE, "0/day")
        till.limit(EVERYONE, "0/day", server_id=11)
        till.grant(1, 5)
        till.hold(BOB, 5)
        till.refused(BOB)
        till.grant(1, 5)
        till.refused(requester(1, server_id=11))
        till.refused(ANN)


def test_a_grant_lifts_neither_the_servers_nor_the_operators_total(tmp_path: Path) -> None:
    """An admin cannot give away what the operator pays for."""
    with Till.open(tmp_path, default="1/day", server_quota="4/day", total_quota="5/day") as t:
        t.grant(1, 9)
        t.hold(BOB, 4)
        spent = t.refused(BOB)
        assert (spent.level, spent.left) == (LimitLevel.SERVER_QUOTA, 0)
        t.hold(requester(1, server_id=11), 1)
        assert (t.refused(requester(3, server_id=12))).level is LimitLevel.TOTAL
        assert (t.member(1)).granted == 6


def test_of_several_roles_the_roomiest_pays_before_the_grant(tmp_path: Path) -> None:
    """The grant pays as little as possible."""
    both = requester(1, SERVER_ID, 7, 8)
    with Till.open(tmp_path) as till:
        till.limit(role(7), "1/hour, 90/day")
        till.limit(role(8), "3/day")
        till.grant(1, 2)
        till.hold(both, 5)
        assert till.member(1).granted == 0


def test_what_was_not_delivered_returns_to_the_grant_first(tmp_path: Path) -> None:
    """Four asked, one of them granted, two delivered: the grant has its one back."""
    with Till.open(tmp_path, default="3/day") as till:
        till.grant(1, 1)
        job_id = till.hold(BOB, 4)
        settled = till.settle(job_id, 2)
        assert settled == Settlement(2, 2, doubt_charged=False, granted_back=1)
        assert till.member(1).granted == 1
        assert till.left(BOB) == 1
        till.hold(BOB, 1)
        granted = till.hold(BOB, 1)
        assert till.settle(granted, 1) == Settlement(1, 0, doubt_charged=False)
        assert till.member(1).granted == 0


def test_a_refusal_in_spite_of_a_grant_tells_when_both_together_suffice(
    tmp_path: Path,
) -> None:
    """Waiting for all of it would be too long."""
    with Till.open(tmp_path, default="4/day") as till:
        till.hold(BOB, 2)
        till.clock.ms += HOUR
        till.hold(BOB, 2)
        till.grant(1, 1)
        assert till.refused(BOB, 3).frees_at == NOON + DAY
        assert till.refused(BOB, 4).frees_at == NOON + HOUR + DAY
        assert till.refused(BOB, 6).frees_at is None
        till.clock.ms = NOON + DAY
        till.hold(BOB, 3)


@pytest.mark.parametrize("credits", [-1, 0, 1_000_001])
def test_a_grant_outside_the_range_is_refused(tmp_path: Path, credits: int) -> None:
    """A negative grant would take what another admin gave."""
    with Till.open(tmp_path) as till:
        with pytest.raises(GrantOutOfRange) as refused:
            till.grant(1, credits)
        assert refused.value.facts == {"credits": credits, "limit": 1_000_000}
        assert till.member(1) == Member()


def test_a_reset_forgets_what_a_person_used(tmp_path: Path) -> None:
    """For their own level: the server's total stays."""
    with Till.open(tmp_path, default="4/month", server_quota="7/month") as till:
        till.settle(till.hold(BOB, 2), 2)
        till.clock.ms += 2 * HOUR
        till.settle(till.hold(BOB, 2), 2)
        till.reset(1)
        assert [(a.used, a.left) for a in till.allowances(BOB)] == [(0, 4), (4, 3)]
        till.clock.ms += 1
        till.hold(BOB, 3)
        assert till.refused(BOB).level is LimitLevel.SERVER_QUOTA
        assert [a.frees_at for a in till.allowances(BOB)] == [
            NOON + 2 * HOUR + 1 + 30 * DAY,
            NOON + 30 * DAY,
        ]


def test_what_runs_at_a_reset_still_counts(tmp_path: Path) -> None:
    """A reset while jobs run must not double what a person may hold."""
    with Till.open(tmp_path, default="4/day") as till:
        till.settle(till.hold(BOB), 1)
        running = till.hold(BOB, 3)
        till.reset(1)
        till.clock.ms += HOUR
        (allowance,) = till.allowances(BOB)
        assert (allowance.used, allowance.held, allowance.frees_at) == (0, 3, NOON + DAY)
        spent = till.refused(BOB, 2)
        assert (spent.left, spent.frees_at) == (1, NOON + DAY)
        till.hold(BOB, 1)
        assert till.refused(BOB, 4).frees_at == NOON + HOUR + DAY
        till.settle(running, 3)
        till.hold(BOB, 3)


def test_a_reset_in_the_future_waits_for_its_moment(tmp_path: Path) -> None:
    """After the clock was set back, everything up to the reset would cost nothing."""
    with Till.open(tmp_path, default="4/day") as till:
        till.reset(1)
        till.clock.ms -= 2 * DAY
        till.settle(till.hold(BOB, 4), 4)
        till.refused(BOB)


def test_a_blocked_person_is_refused_with_the_reason(tmp_path: Path) -> None:
    """In this server alone; what they were granted stays."""
    with Till.open(tmp_path) as till:
        till.grant(1, 2)
        till.block(1, "spam")
        for reason in ("spam", ""):
            with pytest.raises(Blocked) as refused:
                till.hold(BOB, 0)
            assert refused.value.reason == reason
            till.block(1, "")
        till.hold(requester(1, server_id=11))
        till.unblock(1)
        till.hold(BOB)
        assert till.member(1) == Member(granted=2)
        with pytest.raises(NotBlocked):
            till.unblock(1)


def test_decisions_about_people_are_audited_the_newest_first(tmp_path: Path) -> None:
    """Even those of one millisecond, and only of this server."""
    with Till.open(tmp_path) as till:
        till.grant(1, 5, reason="won the contest")
        till.grant(1, 2)
        till.reset(1)
        till.block(1, "spam")
        till.unblock(1)
        changes = till.database.read(till.ledger.changes, SERVER_ID, most=9)
        page = till.database.read(till.ledger.changes, SERVER_ID, most=2, skip=1)
        elsewhere = till.database.read(till.ledger.changes, 11, most=9)
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

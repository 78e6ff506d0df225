"""What was spent, read back; and what is forgotten, by age or at somebody's wish."""

from pathlib import Path

import pytest

from bot.core.errors.quotas import QuotaSpent
from bot.quota.ledger import Settlement
from bot.quota.reports import Day
from bot.quota.repository import Charge
from bot.quota.rules import Limit, Period, role, user
from tests.quota.till import DAY, HOUR, NOON, SERVER_ID, TAGS, Till, requester

BOB = requester(1)
ANN = requester(2)
NOBODY = TAGS.pseudonym(1)
# NOON is at 22:13:20 of this day of UTC.
TODAY = NOON // DAY * DAY


def by_day(till: Till, user_id: int | None, days: int) -> list[Day]:
    return till.database.read(
        till.ledger.usage_by_day, server_id=SERVER_ID, user_id=user_id, days=days
    )


def exported(
    till: Till, *, since: int = 0, after: str | None = None, most: int = 99
) -> list[Charge]:
    return till.database.read(
        till.ledger.charges, server_id=SERVER_ID, since=since, after=after, most=most
    )


def forget(till: Till, *, before: int, most: int = 99) -> int:
    return till.database.write(till.ledger.forget_charges, before=before, most=most)


def make_anonymous(till: Till, user_id: int) -> None:
    till.database.write(till.ledger.make_anonymous, user_id)


def test_usage_by_day_has_every_day_of_utc(tmp_path: Path) -> None:
    """A chart with holes would shift; a day begins at midnight, not 24 hours ago."""
    with Till.open(tmp_path, default="3/hour") as till:
        for at, who, credits in (
            (TODAY - 2 * DAY - 1, BOB, 2),
            (TODAY - 2 * DAY, BOB, 1),
            (TODAY - DAY - 1, ANN, 2),
            (TODAY, ANN, 1),
            (NOON, requester(1, server_id=11), 2),
            (TODAY + DAY, ANN, 1),
        ):
            till.clock.ms = at
            till.hold(who, credits)
        till.clock.ms = NOON
        till.grant(1, 2)
        till.hold(BOB, 5)
        days = [TODAY - 2 * DAY, TODAY - DAY, TODAY]
        assert by_day(till, None, 3) == list(map(Day, days, (3, 0, 6)))
        assert by_day(till, 1, 3) == list(map(Day, days, (1, 0, 3)))
        assert by_day(till, 7, 1) == [Day(TODAY, 0)]


def test_an_export_tells_every_charge_once_page_by_page(tmp_path: Path) -> None:
    """With what a grant paid and what was forgiven, and of this server alone."""
    with Till.open(tmp_path, default="3/day") as till:
        till.settle(till.hold(BOB), 1)
        till.clock.ms += HOUR
        till.hold(requester(1, server_id=11))
        till.grant(1, 2)
        granted = till.hold(BOB, 4)
        till.clock.ms += HOUR
        doubtful = till.hold(ANN, 3)
        till.settle(doubtful, 1, doubtful=1)
        entries = exported(till)
        assert entries[1:] == [
            Charge(granted, NOON + HOUR, 1, "held", credits=4, granted=2, doubtful=0),
            Charge(doubtful, NOON + 2 * HOUR, 2, "settled", credits=1, granted=0, doubtful=1),
        ]
        first = exported(till, most=2)
        assert first + exported(till, after=first[-1].job_id, most=2) == entries
        assert exported(till, since=NOON + HOUR) == entries[1:]


def test_old_charges_go_in_batches_and_their_sums_stay(tmp_path: Path) -> None:
    """A million rows at once would keep everybody waiting; /quota usage looks back further."""
    with Till.open(tmp_path, default="9/day") as till:
        for _ in range(3):
            till.settle(till.hold(BOB), 1)
        running = till.hold(BOB)
        till.clock.ms += 41 * DAY
        recent = till.hold(BOB)
        before = till.clock.ms - 40 * DAY
        assert [forget(till, before=before, most=2) for _ in range(3)] == [2, 1, 0]
        assert [charge.job_id for charge in exported(till)] == [running, recent]
        assert (by_day(till, 1, 42))[0] == Day(TODAY, 4)
        assert till.settle(running, 0) == Settlement(0, 1, doubt_charged=False)
        assert forget(till, before=before) == 1
        assert (by_day(till, 1, 42))[0] == Day(TODAY, 3)


def test_deleting_ones_data_frees_no_credits(tmp_path: Path) -> None:
    """Else /mydata delete would be a new day's credits; it counts in every server."""
    elsewhere = requester(1, server_id=11)
    with Till.open(tmp_path, default="3/day") as till:
        for who in (BOB, elsewhere, ANN):
            till.settle(till.hold(who, 2), 2)
        make_anonymous(till, 1)
        make_anonymous(till, 1)
        for who in (BOB, elsewhere, ANN):
            assert till.refused(who, 2).left == 1
            assert till.left(who) == 1
            till.hold(who)
            till.refused(who)
        assert by_day(till, 1, 1) == [Day(TODAY, 3)]
        known = till.rows("SELECT user_id FROM charges UNION SELECT user_id FROM anonymous")
        assert {row["user_id"] for row in known} == {NOBODY, 2}
        meters = till.rows("SELECT subject FROM meters")
        assert not any(row["subject"].endswith(":1") for row in meters)


def test_what_admins_decided_holds_for_an_anonymous_person(tmp_path: Path) -> None:
    """A block, a limit or a grant is the admins' word, not the person's data."""
    with Till.open(tmp_path, default="9/day") as till:
        till.limit(user(1), "1/day")
        till.grant(1, 3)
        till.grant(2, 3)
        running = till.hold(BOB, 2)
        make_anonymous(till, 1)
        later = till.hold(BOB, 2)
        assert till.refused(BOB).left == 0
        assert till.settle(running, 1) == Settlement(1, 1, False, granted_back=1)
        assert till.settle(later, 0) == Settlement(0, 2, False, granted_back=2)
        assert till.member(1).granted == 3
        assert till.member(2).granted == 3
        till.clock.ms += HOUR
        till.reset(1)
        assert till.left(BOB) == 1
        till.clock.ms += HOUR
        till.hold(BOB)
        assert till.refused(BOB, 4).left == 0


def test_limits_of_roles_that_are_gone_are_removed(tmp_path: Path) -> None:
    """A deleted role's limit would stand in /quota show for ever."""
    with Till.open(tmp_path) as till:
        till.limit(role(7), "1/hour, 5/day")
        till.limit(role(8), "2/day")
        till.limit(role(7), "3/day", server_id=11)
        for gone, count in (((), 0), ((7, 9), 2), ((7, 9), 0)):
            roles_gone = till.ledger.roles_gone
            assert till.database.write(roles_gone, server_id=SERVER_ID, role_ids=gone) == count
        limits = till.database.read(till.ledger.limits, SERVER_ID)
        changes = till.database.read(till.ledger.changes, SERVER_ID, most=2)
        elsewhere = till.database.read(till.ledger.limits, 11)
    assert limits == {"role:8": (Limit(2, Period.DAY),)}
    assert elsewhere == {"role:7": (Limit(3, Period.DAY),)}
    assert {(c.action, c.actor_id, c.subject, c.old, c.new) for c in changes} == {
        ("role-gone", 0, "role:7", "1/hour", None),
        ("role-gone", 0, "role:7", "5/day", None),
    }


def test_doubts_are_counted_across_a_deletion(tmp_path: Path) -> None:
    """Else every deletion would bring new free pictures in doubt."""
    with Till.open(tmp_path, max_doubtful_per_day=1) as till:
        till.settle(till.hold(BOB), 0, doubtful=1)
        make_anonymous(till, 1)
        settled = till.settle(till.hold(BOB), 0, doubtful=1)
    assert settled == Settlement(1, 0, doubt_charged=True)


def test_a_cut_hour_without_its_charges_promises_no_moment(tmp_path: Path) -> None:
    """The clock was set back by weeks after charges had been deleted."""
    with Till.open(tmp_path, default="2/month") as till:
        till.settle(till.hold(BOB, 2), 2)
        till.clock.ms += 41 * DAY
        forget(till, before=till.clock.ms - 40 * DAY)
        till.clock.ms -= 20 * DAY
        with pytest.raises(QuotaSpent) as refused:
            till.hold(BOB)
    assert refused.value.frees_at is None

"""Reports of past charges, and their deletion by age or on a person's request."""

import pytest

from bot.core.errors.quotas import QuotaSpent, TooManyDoubtful
from bot.quota.audit import Action
from bot.quota.ledger import Settlement
from bot.quota.levels import role_subject, user_subject
from bot.quota.limits import Limit, Period
from bot.quota.reports import Day
from bot.quota.repository import Charge
from tests.quota.ledger_driver import DAY, HOUR, NOON, SERVER_ID, TAGS, LedgerDriver, requester

BOB = requester(1)
ANN = requester(2)
NOBODY = TAGS.pseudonym(1)
# NOON is at 22:13:20 of this day of UTC.
TODAY = NOON // DAY * DAY


def by_day(driver: LedgerDriver, user_id: int | None, days: int) -> list[Day]:
    return driver.database.read(
        driver.ledger.usage_by_day, server_id=SERVER_ID, user_id=user_id, days=days
    )


def exported(driver: LedgerDriver, *, since: int = 0, most: int = 99) -> list[Charge]:
    found: list[Charge] = []
    place, is_end = None, False
    while not is_end:
        page = driver.database.read(
            driver.ledger.charges, server_id=SERVER_ID, since=since, place=place, most=most
        )
        found += page.charges
        place, is_end = page.next, page.next is None
    return found


def forget(driver: LedgerDriver, *, before: int, most: int = 99) -> int:
    return driver.database.write(driver.ledger.forget_charges, before=before, most=most)


def test_usage_by_day_has_every_day_of_utc(engine_url: str) -> None:
    """A chart with holes would shift; a day begins at midnight, not 24 hours ago."""
    with LedgerDriver.open(engine_url, default="3/hour") as driver:
        for at, who, credits in (
            (TODAY - 2 * DAY - 1, BOB, 2),
            (TODAY - 2 * DAY, BOB, 1),
            (TODAY - DAY - 1, ANN, 2),
            (TODAY, ANN, 1),
            (NOON, requester(1, server_id=11), 2),
            (TODAY + DAY, ANN, 1),
        ):
            driver.clock.ms = at
            driver.hold(who, credits)
        driver.clock.ms = NOON
        driver.grant(1, 2)
        driver.hold(BOB, 5)
        days = [TODAY - 2 * DAY, TODAY - DAY, TODAY]
        assert by_day(driver, None, 3) == list(map(Day, days, (3, 0, 6)))
        assert by_day(driver, 1, 3) == list(map(Day, days, (1, 0, 3)))
        assert by_day(driver, 7, 1) == [Day(TODAY, 0)]


def test_an_export_tells_every_charge_once_page_by_page(engine_url: str) -> None:
    """With what a grant paid and what was forgiven, and of this server alone."""
    with LedgerDriver.open(engine_url, default="3/day") as driver:
        driver.settle(driver.hold(BOB), 1)
        driver.clock.ms += HOUR
        driver.hold(requester(1, server_id=11))
        driver.grant(1, 2)
        granted = driver.hold(BOB, 4)
        driver.clock.ms += HOUR
        doubtful = driver.hold(ANN, 3)
        driver.settle(doubtful, 1, doubtful=1)
        entries = exported(driver)
        assert entries[1:] == [
            Charge(granted, NOON + HOUR, 1, "held", credits=4, granted=2, doubtful=0),
            Charge(doubtful, NOON + 2 * HOUR, 2, "settled", credits=1, granted=0, doubtful=1),
        ]
        assert all(exported(driver, most=most) == entries for most in (1, 2, 3, 4))
        assert exported(driver, since=NOON + HOUR) == entries[1:]


def test_old_charges_go_in_batches_and_their_sums_stay(engine_url: str) -> None:
    """A million rows at once would keep everybody waiting; /quota usage looks back further."""
    with LedgerDriver.open(engine_url, default="9/day") as driver:
        for _ in range(3):
            driver.settle(driver.hold(BOB), 1)
        running = driver.hold(BOB)
        driver.clock.ms += 41 * DAY
        recent = driver.hold(BOB)
        before = driver.clock.ms - 40 * DAY
        assert [forget(driver, before=before, most=2) for _ in range(3)] == [2, 1, 0]
        assert [charge.job_id for charge in exported(driver)] == [running, recent]
        assert (by_day(driver, 1, 42))[0] == Day(TODAY, 4)
        assert driver.settle(running, 0) == Settlement(0, 1)
        assert forget(driver, before=before) == 1
        assert (by_day(driver, 1, 42))[0] == Day(TODAY, 3)


def test_deleting_ones_data_frees_no_credits(engine_url: str) -> None:
    """Else /mydata delete would be a new day's credits; it counts in every server."""
    elsewhere = requester(1, server_id=11)
    with LedgerDriver.open(engine_url, default="3/day") as driver:
        for who in (BOB, elsewhere, ANN):
            driver.settle(driver.hold(who, 2), 2)
        driver.make_anonymous(1)
        driver.make_anonymous(1)
        for who in (BOB, elsewhere, ANN):
            assert driver.refused(who, 2).left == 1
            assert driver.left(who) == 1
            driver.hold(who)
            driver.refused(who)
        assert by_day(driver, 1, 1) == [Day(TODAY, 3)]
        known = driver.rows("SELECT user_id FROM charges UNION SELECT user_id FROM anonymous")
        assert {row["user_id"] for row in known} == {NOBODY, 2}
        meters = driver.rows("SELECT subject FROM meters")
        people = [row["subject"] for row in meters if row["subject"].startswith("user:")]
        assert people
        assert not any(subject.endswith(":1") for subject in people)


def test_what_admins_decided_holds_for_an_anonymous_person(engine_url: str) -> None:
    """A block, a limit or a grant is the admins' word, not the person's data."""
    with LedgerDriver.open(engine_url, default="9/day") as driver:
        driver.limit(user_subject(1), "1/day")
        driver.grant(1, 3)
        driver.grant(2, 3)
        running = driver.hold(BOB, 2)
        driver.make_anonymous(1)
        later = driver.hold(BOB, 2)
        assert driver.refused(BOB).left == 0
        assert driver.settle(running, 1) == Settlement(1, 1, granted_back=1)
        assert driver.settle(later, 0) == Settlement(0, 2, granted_back=2)
        assert driver.member(1).granted == 3
        assert driver.member(2).granted == 3
        driver.clock.ms += HOUR
        driver.reset(1)
        assert driver.left(BOB) == 1
        driver.clock.ms += HOUR
        driver.hold(BOB)
        assert driver.refused(BOB, 4).left == 0


def test_limits_of_roles_that_are_gone_are_removed(engine_url: str) -> None:
    """A deleted role's limit would stand in /quota show for ever."""
    with LedgerDriver.open(engine_url) as driver:
        driver.limit(role_subject(7), "1/hour, 5/day")
        driver.limit(role_subject(8), "2/day")
        driver.limit(role_subject(7), "3/day", server_id=11)
        for gone, count in (((), 0), ((7, 9), 2), ((7, 9), 0)):
            removed = driver.database.write(
                driver.ledger.subjects_gone,
                server_id=SERVER_ID,
                subjects=[role_subject(role_id) for role_id in gone],
                action=Action.ROLE_GONE,
            )
            assert removed == count
        limits = driver.database.read(driver.ledger.limits, SERVER_ID)
        changes = driver.database.read(driver.ledger.changes, SERVER_ID, most=2)
        elsewhere = driver.database.read(driver.ledger.limits, 11)
    assert limits == {"role:8": (Limit(2, Period.DAY),)}
    assert elsewhere == {"role:7": (Limit(3, Period.DAY),)}
    assert {(c.action, c.actor_id, c.subject, c.old, c.new) for c in changes} == {
        ("role-gone", 0, "role:7", "1/hour", None),
        ("role-gone", 0, "role:7", "5/day", None),
    }


def test_doubts_are_counted_across_a_deletion(engine_url: str) -> None:
    """Else every deletion would allow new requests in doubt."""
    with LedgerDriver.open(engine_url, max_doubtful_per_day=1) as driver:
        driver.settle(driver.hold(BOB), 0, doubtful=1)
        driver.make_anonymous(1)
        with pytest.raises(TooManyDoubtful):
            driver.hold(BOB)


def test_a_cut_hour_without_its_charges_promises_no_moment(engine_url: str) -> None:
    """The clock was set back by weeks after charges had been deleted."""
    with LedgerDriver.open(engine_url, default="2/month") as driver:
        driver.settle(driver.hold(BOB, 2), 2)
        driver.clock.ms += 41 * DAY
        forget(driver, before=driver.clock.ms - 40 * DAY)
        driver.clock.ms -= 20 * DAY
        with pytest.raises(QuotaSpent) as refused:
            driver.hold(BOB)
    assert refused.value.frees_at is None

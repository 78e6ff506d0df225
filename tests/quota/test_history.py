"""What was spent, read back; and what is forgotten, by age or at somebody's wish."""

from pathlib import Path

import pytest

from bot.core.errors.quotas import QuotaSpent
from bot.quota.history import Charge, Day
from bot.quota.ledger import Settlement
from bot.quota.rules import Limit, Period, role, user
from tests.quota.till import DAY, HOUR, NOON, SERVER_ID, TAGS, Till, requester

BOB = requester(1)
ANN = requester(2)
NOBODY = TAGS.pseudonym(1)
# NOON is at 22:13:20 of this day of UTC.
TODAY = NOON // DAY * DAY


async def by_day(till: Till, user_id: int | None, days: int) -> list[Day]:
    async with till.database.reading() as rows:
        return await till.ledger.usage_by_day(rows, server_id=SERVER_ID, user_id=user_id, days=days)


async def exported(
    till: Till, *, since: int = 0, after: str | None = None, most: int = 99
) -> list[Charge]:
    async with till.database.reading() as rows:
        return await till.ledger.charges(
            rows, server_id=SERVER_ID, since=since, after=after, most=most
        )


async def forget(till: Till, *, before: int, most: int = 99) -> int:
    async with till.database.transaction() as tx:
        return await till.ledger.forget_charges(tx, before=before, most=most)


async def make_anonymous(till: Till, user_id: int) -> None:
    async with till.database.transaction() as tx:
        await till.ledger.make_anonymous(tx, user_id)


async def test_usage_by_day_has_every_day_of_utc(tmp_path: Path) -> None:
    """A chart with holes would shift; a day begins at midnight, not 24 hours ago."""
    async with Till.open(tmp_path, default="3/hour") as till:
        for at, who, credits in (
            (TODAY - 2 * DAY - 1, BOB, 2),
            (TODAY - 2 * DAY, BOB, 1),
            (TODAY - DAY - 1, ANN, 2),
            (TODAY, ANN, 1),
            (NOON, requester(1, server_id=11), 2),
            (TODAY + DAY, ANN, 1),
        ):
            till.clock.ms = at
            await till.hold(who, credits)
        till.clock.ms = NOON
        await till.grant(1, 2)
        await till.hold(BOB, 5)
        days = [TODAY - 2 * DAY, TODAY - DAY, TODAY]
        assert await by_day(till, None, 3) == list(map(Day, days, (3, 0, 6)))
        assert await by_day(till, 1, 3) == list(map(Day, days, (1, 0, 3)))
        assert await by_day(till, 7, 1) == [Day(TODAY, 0)]


async def test_an_export_tells_every_charge_once_page_by_page(tmp_path: Path) -> None:
    """With what a grant paid and what was forgiven, and of this server alone."""
    async with Till.open(tmp_path, default="3/day") as till:
        await till.settle(await till.hold(BOB), 1)
        till.clock.ms += HOUR
        await till.hold(requester(1, server_id=11))
        await till.grant(1, 2)
        granted = await till.hold(BOB, 4)
        till.clock.ms += HOUR
        doubtful = await till.hold(ANN, 3)
        await till.settle(doubtful, 1, doubtful=1)
        entries = await exported(till)
        assert entries[1:] == [
            Charge(granted, NOON + HOUR, 1, "held", credits=4, granted=2, doubtful=0),
            Charge(doubtful, NOON + 2 * HOUR, 2, "settled", credits=1, granted=0, doubtful=1),
        ]
        first = await exported(till, most=2)
        assert first + await exported(till, after=first[-1].job_id, most=2) == entries
        assert await exported(till, since=NOON + HOUR) == entries[1:]


async def test_old_charges_go_in_batches_and_their_sums_stay(tmp_path: Path) -> None:
    """A million rows at once would keep everybody waiting; /quota usage looks back further."""
    async with Till.open(tmp_path, default="9/day") as till:
        for _ in range(3):
            await till.settle(await till.hold(BOB), 1)
        running = await till.hold(BOB)
        till.clock.ms += 41 * DAY
        recent = await till.hold(BOB)
        before = till.clock.ms - 40 * DAY
        assert [await forget(till, before=before, most=2) for _ in range(3)] == [2, 1, 0]
        assert [charge.job_id for charge in await exported(till)] == [running, recent]
        assert (await by_day(till, 1, 42))[0] == Day(TODAY, 4)
        assert await till.settle(running, 0) == Settlement(0, 1, doubt_charged=False)
        assert await forget(till, before=before) == 1
        assert (await by_day(till, 1, 42))[0] == Day(TODAY, 3)


async def test_deleting_ones_data_frees_no_credits(tmp_path: Path) -> None:
    """Else /mydata delete would be a new day's credits; it counts in every server."""
    elsewhere = requester(1, server_id=11)
    async with Till.open(tmp_path, default="3/day") as till:
        for who in (BOB, elsewhere, ANN):
            await till.settle(await till.hold(who, 2), 2)
        await make_anonymous(till, 1)
        await make_anonymous(till, 1)
        for who in (BOB, elsewhere, ANN):
            assert (await till.refused(who, 2)).left == 1
            assert await till.left(who) == 1
            await till.hold(who)
            await till.refused(who)
        assert await by_day(till, 1, 1) == [Day(TODAY, 3)]
        known = await till.rows("SELECT user_id FROM charges UNION SELECT user_id FROM anonymous")
        assert {row["user_id"] for row in known} == {NOBODY, 2}
        meters = await till.rows("SELECT subject FROM meters")
        assert not any(row["subject"].endswith(":1") for row in meters)


async def test_what_admins_decided_holds_for_an_anonymous_person(tmp_path: Path) -> None:
    """A block, a limit or a grant is the admins' word, not the person's data."""
    async with Till.open(tmp_path, default="9/day") as till:
        await till.limit(user(1), "1/day")
        await till.grant(1, 3)
        await till.grant(2, 3)
        running = await till.hold(BOB, 2)
        await make_anonymous(till, 1)
        later = await till.hold(BOB, 2)
        assert (await till.refused(BOB)).left == 0
        assert await till.settle(running, 1) == Settlement(1, 1, False, granted_back=1)
        assert await till.settle(later, 0) == Settlement(0, 2, False, granted_back=2)
        assert (await till.member(1)).granted == 3
        assert (await till.member(2)).granted == 3
        till.clock.ms += HOUR
        await till.reset(1)
        assert await till.left(BOB) == 1
        till.clock.ms += HOUR
        await till.hold(BOB)
        assert (await till.refused(BOB, 4)).left == 0


async def test_limits_of_roles_that_are_gone_are_removed(tmp_path: Path) -> None:
    """A deleted role's limit would stand in /quota show for ever."""
    async with Till.open(tmp_path) as till:
        await till.limit(role(7), "1/hour, 5/day")
        await till.limit(role(8), "2/day")
        await till.limit(role(7), "3/day", server_id=11)
        for gone, count in (((), 0), ((7, 9), 2), ((7, 9), 0)):
            async with till.database.transaction() as tx:
                assert await till.ledger.roles_gone(tx, server_id=SERVER_ID, role_ids=gone) == count
        async with till.database.reading() as rows:
            limits = await till.ledger.limits(rows, SERVER_ID)
            changes = await till.ledger.changes(rows, SERVER_ID, most=2)
            elsewhere = await till.ledger.limits(rows, 11)
    assert limits == {"role:8": (Limit(2, Period.DAY),)}
    assert elsewhere == {"role:7": (Limit(3, Period.DAY),)}
    assert {(c.action, c.actor_id, c.subject, c.old, c.new) for c in changes} == {
        ("role-gone", 0, "role:7", "1/hour", None),
        ("role-gone", 0, "role:7", "5/day", None),
    }


async def test_doubts_are_counted_across_a_deletion(tmp_path: Path) -> None:
    """Else every deletion would bring new free pictures in doubt."""
    async with Till.open(tmp_path, max_doubtful_per_day=1) as till:
        await till.settle(await till.hold(BOB), 0, doubtful=1)
        await make_anonymous(till, 1)
        settled = await till.settle(await till.hold(BOB), 0, doubtful=1)
    assert settled == Settlement(1, 0, doubt_charged=True)


async def test_a_cut_hour_without_its_charges_promises_no_moment(tmp_path: Path) -> None:
    """The clock was set back by weeks after charges had been deleted."""
    async with Till.open(tmp_path, default="2/month") as till:
        await till.settle(await till.hold(BOB, 2), 2)
        till.clock.ms += 41 * DAY
        await forget(till, before=till.clock.ms - 40 * DAY)
        till.clock.ms -= 20 * DAY
        with pytest.raises(QuotaSpent) as refused:
            await till.hold(BOB)
    assert refused.value.frees_at is None

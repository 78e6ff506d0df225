"""Two transactions at the same moment, on two processes' connections to one server."""

import asyncio
import os
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.core.errors.quotas import NotBlocked, QuotaSpent
from bot.core.job_ids import new_job_id
from bot.core.models import Requester
from bot.database.database import Database
from bot.database.opening import open_database
from bot.database.transaction import Row, Transaction
from bot.quota.ledger import Ledger
from bot.quota.levels import SERVER
from bot.quota.limits import Limit, Period
from bot.quota.picture_counts import PictureCounts
from tests.database.postgresql_server import Server
from tests.quota.inexact_ledgers import LedgerWithoutLocks
from tests.quota.ledger_driver import (
    ADMIN,
    SERVER_ID,
    ManualClock,
    ledger_of,
    requester,
)

RACES = int(os.environ.get("EASEL_RACES", "100"))
SOME = 40


@dataclass(frozen=True)
class Processes:
    """Two of them, each with connections of its own; ``ledger`` is the same in both."""

    one: Database
    other: Database
    ledger: Ledger

    async def rows(self, sql: str) -> list[Row]:
        """Read the database."""
        return await self.one.read(Transaction.query, sql)


@asynccontextmanager
async def processes(
    postgresql: Server, folder: Path, kind: type[Ledger] = Ledger
) -> AsyncIterator[Processes]:
    url, clock = postgresql.migrated_database(), ManualClock()
    ledger = ledger_of(clock, kind=kind, max_doubtful_per_day=99)
    async with (
        open_database(url, backup_dir=folder, now=clock) as one,
        open_database(url, backup_dir=folder, now=clock) as other,
    ):
        yield Processes(one, other, ledger)


async def hold(database: Database, ledger: Ledger, who: Requester) -> str:
    job_id = new_job_id(ManualClock().ms)
    await database.write(ledger.hold, job_id=job_id, requester=who, credits=1)
    return job_id


async def race(both: Processes, user_id: int) -> None:
    """Delete somebody's data while they ask, and while what they asked for ends in doubt."""
    who, ledger = requester(user_id), both.ledger
    ending = await hold(both.one, ledger, who)
    await asyncio.gather(
        hold(both.one, ledger, who),
        both.other.write(ledger.make_anonymous, user_id),
        both.one.write(ledger.settle, ending, PictureCounts(in_doubt=1), each=1),
    )


async def left_behind(both: Processes) -> int:
    """Return how many new charges lie under the id of somebody who is anonymous."""
    found = await both.rows("SELECT 1 FROM charges WHERE user_id > 0 AND state = 'held'")
    return len(found)


async def delete_beside_holds(both: Processes, races: int) -> None:
    for user_id in range(1, races + 1):
        await race(both, user_id)


async def check_people(both: Processes) -> None:
    """Let the deletions end; then every meter is that of a pseudonym, and of its charges."""
    ledger = both.ledger
    for row in await both.rows("SELECT job_id, user_id FROM charges WHERE user_id > 0"):
        await both.one.write(ledger.move_charges, row["user_id"], [row["job_id"]])
    found = await both.rows(
        "SELECT subject, credits, (SELECT CAST(COALESCE(SUM(own_credits), 0) AS BIGINT)"
        " FROM charges WHERE subject = 'user:10:' || CAST(user_id AS TEXT)) AS charged"
        " FROM meters WHERE subject LIKE 'user:%'"
    )
    assert found
    assert all(row["credits"] == row["charged"] for row in found)
    assert all(row["subject"].startswith("user:10:-") or not row["credits"] for row in found)


async def test_a_deletion_beside_holds_leaves_no_charge_behind(
    postgresql: Server, tmp_path: Path
) -> None:
    """Whoever is anonymous must not be found by a charge, and must not get their credits again."""
    async with processes(postgresql, tmp_path) as both:
        await delete_beside_holds(both, SOME)
        assert await left_behind(both) == 0
        await check_people(both)


@pytest.mark.slow
async def test_many_deletions_beside_holds_leave_no_charge_behind(
    postgresql: Server, tmp_path: Path
) -> None:
    """The moment between reading who is anonymous and the charge is short."""
    async with processes(postgresql, tmp_path) as both:
        await delete_beside_holds(both, RACES)
        assert await left_behind(both) == 0
        await check_people(both)


async def test_without_the_persons_lock_a_charge_stays_behind(
    postgresql: Server, tmp_path: Path
) -> None:
    """Else the tests above would find nothing."""
    async with processes(postgresql, tmp_path, LedgerWithoutLocks) as both:
        await delete_beside_holds(both, SOME)
        assert await left_behind(both) > 0


async def test_two_admins_in_one_millisecond_are_both_recorded(
    postgresql: Server, tmp_path: Path
) -> None:
    """An entry that is missing, or a wrong value before the change, hides what somebody did."""
    async with processes(postgresql, tmp_path) as both:
        ledger = both.ledger
        of = {"server_id": SERVER_ID, "actor_id": ADMIN}
        changes = []
        for number in range(1, SOME + 1):
            for database in (both.one, both.other):
                changes += [
                    database.write(ledger.grant, user_id=1, credits=number, reason="", **of),
                    database.write(
                        ledger.set_limit, subject=SERVER, limit=Limit(number, Period.DAY), **of
                    ),
                ]
        await asyncio.gather(*changes)
        audit = await both.rows("SELECT action, old_value, new_value FROM audit ORDER BY id")
    assert len(audit) == len(changes)
    for action in ("granted", "limit-set"):
        entries = [(row[1], row[2]) for row in audit if row["action"] == action]
        assert [old for old, _ in entries[1:]] == [new for _, new in entries[:-1]]


async def test_of_two_admins_who_lift_a_block_one_is_told_that_there_is_none(
    postgresql: Server, tmp_path: Path
) -> None:
    """Two entries would say that somebody was unblocked who was not blocked."""
    async with processes(postgresql, tmp_path) as both:
        ledger = both.ledger
        of = {"server_id": SERVER_ID, "user_id": 1, "actor_id": ADMIN}
        for _ in range(SOME):
            await both.one.write(ledger.block, reason="spam", **of)
            lifted = await asyncio.gather(
                *(database.write(ledger.unblock, **of) for database in (both.one, both.other)),
                return_exceptions=True,
            )
            assert {type(each) for each in lifted} == {NotBlocked, type(None)}


async def test_the_first_limit_of_a_server_counts_the_holds_that_were_under_way(
    postgresql: Server, tmp_path: Path
) -> None:
    """The hold after it must see all that came before, also what locked no limit."""
    async with processes(postgresql, tmp_path) as both:
        ledger, may_commit = both.ledger, threading.Event()

        def hold_slowly(tx: Transaction) -> None:
            ledger.hold(tx, job_id=new_job_id(1), requester=requester(1), credits=1)
            may_commit.wait(60)

        holding = asyncio.create_task(both.one.write(hold_slowly))
        limit = Limit(1, Period.DAY)
        limiting = asyncio.create_task(limit_when_held(both, limit))
        try:
            async with asyncio.timeout(60):
                await waiting_for_a_lock(both, unless=limiting)
        finally:
            may_commit.set()
        await asyncio.gather(holding, limiting)
        with pytest.raises(QuotaSpent):
            await hold(both.other, ledger, requester(2))


async def limit_when_held(both: Processes, limit: Limit) -> None:
    """Set a limit of the server once a hold has its locks."""
    shared = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ShareLock'"
    while not await both.rows(shared):
        pass
    await both.other.write(
        both.ledger.set_limit, server_id=SERVER_ID, subject=SERVER, limit=limit, actor_id=ADMIN
    )


async def waiting_for_a_lock(both: Processes, *, unless: asyncio.Task[None]) -> None:
    """Return when a transaction waits for a lock; the task must not end before."""
    waits = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    while not await both.rows(waits):
        assert not unless.done(), "it did not wait"

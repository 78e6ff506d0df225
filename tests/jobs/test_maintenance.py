"""What the bot does once a day: what fails today does not end the others, nor tomorrow."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.core.clock import Clock
from bot.database.database import Database
from bot.database.errors import PostgresqlError
from bot.database.opening import open_database, open_file
from bot.database.transaction import Transaction
from bot.jobs.maintenance import (
    CHARGE_RETENTION_MS,
    CHARGES_PER_BATCH,
    Maintenance,
    MaintenanceTask,
    SharedMaintenance,
    delete_old_charges,
)
from bot.jobs.repository.chores import CLAIM_MS
from tests.database.postgresql_server import Server
from tests.quota.ledger_driver import NOON, LedgerDriver, ManualClock, requester

DAY_MS = 24 * 3_600_000


async def test_charges_of_forty_days_ago_go_in_batches_and_the_meters_stay(tmp_path: Path) -> None:
    """The table stays small, however long the bot runs; a chart of the last year is still true."""
    clock = ManualClock(NOON)
    with LedgerDriver.open(tmp_path, clock=clock) as driver:
        for _ in range(2 * CHARGES_PER_BATCH + 1):
            driver.settle(driver.hold(requester()), delivered=1)
        clock.ms += CHARGE_RETENTION_MS // 2
        younger = driver.hold(requester())
        clock.ms += CHARGE_RETENTION_MS // 2 + 3_600_000
        async with open_file(tmp_path / "easel.db", backup_dir=tmp_path, now=clock) as database:
            await delete_old_charges(database, driver.ledger, clock)
        left = driver.rows("SELECT job_id FROM charges")
        sums = driver.rows("SELECT SUM(credits) AS n FROM meters WHERE subject = 'operator'")
    assert [row["job_id"] for row in left] == [younger]
    assert [row["n"] for row in sums] == [2 * CHARGES_PER_BATCH + 2]


async def test_a_task_that_fails_ends_neither_the_others_nor_tomorrow() -> None:
    """A gateway that is away must not keep old pictures on the disk."""
    done: list[str] = []
    days = asyncio.Event()

    async def fails() -> None:
        done.append("fails")
        raise RuntimeError("a defect")

    async def works() -> None:
        done.append("works")

    async def sleep(_seconds: float) -> None:
        if len(done) >= 6:
            days.set()
            await asyncio.Event().wait()

    async with Maintenance((fails, works), Clock(sleep=sleep)) as maintenance:
        maintenance.begin()
        await asyncio.wait_for(days.wait(), 60)
    assert done == ["fails", "works"] * 3


async def test_an_outage_of_the_database_is_no_defect() -> None:
    """A failover would fill the log with stack traces that nobody can mend."""

    async def is_interrupted() -> None:
        raise PostgresqlError("the server is away", state=None, is_passing=True)

    async def is_defect() -> None:
        raise RuntimeError("a defect")

    async with Maintenance((), Clock()) as maintenance:
        with capture_logs() as logged:
            maintenance.begin(is_interrupted, is_defect)
            await asyncio.sleep(0)
    events = [record["event"] for record in logged]
    assert events == ["maintenance.interrupted", "maintenance.failed"]


async def test_the_first_minute_belongs_to_people() -> None:
    """Old cards are told at once; a vault of 100,000 files is cleared when nobody waits for it."""
    events: list[str] = []
    over = asyncio.Event()

    async def sleep(seconds: float) -> None:
        events.append(f"{seconds:g} s")
        if len(events) == 5:
            over.set()
            await asyncio.Event().wait()

    def task(name: str) -> MaintenanceTask:
        async def run() -> None:
            events.append(name)

        return run

    clock = Clock(sleep=sleep)
    async with Maintenance((task("offers"),), clock, patient=(task("vault"),)) as maintenance:
        maintenance.begin(task("cards"))
        await asyncio.wait_for(over.wait(), 60)
    assert events == ["cards", "offers", "60 s", "vault", "86400 s"]


@pytest.fixture
async def databases(postgresql: Server, tmp_path: Path) -> AsyncIterator[list[Database]]:
    """Open one database as four processes do."""
    url = postgresql.migrated_database()
    async with AsyncExitStack() as stack:
        opening = partial(open_database, url, backup_dir=tmp_path, now=lambda: NOON, connections=1)
        yield [await stack.enter_async_context(opening()) for _ in range(4)]


async def test_one_of_several_processes_does_a_chore_once_a_day(databases: list[Database]) -> None:
    """Each of them would go through all jobs, at the same time as the others."""
    done: list[str] = []

    def shared(database: Database, process: int) -> SharedMaintenance:
        async def jobs() -> None:
            done.append(f"jobs {process}")
            if process == int(done[0][-1]) and len(done) == 1:
                await all_looked.wait()

        async def presses() -> None:
            done.append("presses")

        return SharedMaintenance(database, {"jobs": jobs, "presses": presses}, Clock())

    async def run_all() -> None:
        await asyncio.gather(*(each.run_due() for each in processes))

    async def pass_time(ms: int) -> None:
        sql = "UPDATE chores SET due_at = due_at - $1"
        await databases[0].write(Transaction.write, sql, ms)

    all_looked = asyncio.Event()
    processes = [shared(each, number) for number, each in enumerate(databases)]
    running = [asyncio.create_task(each.run_due()) for each in processes]
    while sum(each.done() for each in running) < len(running) - 1:
        await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    all_looked.set()
    await asyncio.gather(*running)
    assert sorted(each[:4] for each in done) == ["jobs", "pres"]
    await run_all()
    await pass_time(DAY_MS - 60_000)
    await run_all()
    assert len(done) == 2
    await pass_time(60_000)
    await run_all()
    assert len(done) == 4


async def test_a_chore_that_failed_or_whose_process_died_is_done_by_another(
    databases: list[Database],
) -> None:
    """Old data would stay until tomorrow, and tomorrow the same process may fail again."""
    done: list[str] = []

    async def fails() -> None:
        raise RuntimeError("a defect")

    async def works() -> None:
        done.append("works")

    first = SharedMaintenance(databases[0], {"jobs": fails}, Clock())
    second = SharedMaintenance(databases[1], {"jobs": works}, Clock())
    await first.run_due()
    await second.run_due()
    assert done == []  # the first may still be at it
    await databases[0].write(Transaction.write, "UPDATE chores SET due_at = due_at - $1", CLAIM_MS)
    await second.run_due()
    await first.run_due()
    assert done == ["works"]

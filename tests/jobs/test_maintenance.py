"""What the bot does once a day: what fails today does not end the others, nor tomorrow."""

import asyncio
from pathlib import Path

from bot.core.clock import Clock
from bot.database.opening import open_file
from bot.jobs.maintenance import (
    CHARGE_RETENTION_MS,
    CHARGES_PER_BATCH,
    Maintenance,
    MaintenanceTask,
    delete_old_charges,
)
from tests.quota.ledger_driver import NOON, LedgerDriver, ManualClock, requester


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

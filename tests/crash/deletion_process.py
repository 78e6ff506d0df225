"""A process to be killed while it deletes: ``python -m tests.crash.deletion_process FOLDER``.

It writes 400 jobs of one person, deletes them, and says so as soon as some rows are gone.
"""

import asyncio
import sys
import time
from pathlib import Path

from bot.database.opening import open_file
from bot.database.transaction import Transaction
from tests.jobs.test_personal_data import ADA, PersonalDataHarness

JOBS = 400


async def delete_jobs(folder: Path) -> None:
    """Delete, watched by a second task that speaks at the first look behind a batch."""
    backup = folder / "backup"
    async with open_file(folder / "easel.db", backup_dir=backup, now=lambda: 0) as database:
        harness = PersonalDataHarness(folder, database)
        for number in range(JOBS):
            await harness.finished_job(
                ADA, b"%d" % number, prompt=f"nobody may read this: {number}"
            )
        deleting = asyncio.create_task(harness.deletion.delete(ADA.user_id))
        while not await database.read(_some_are_gone):
            pass
        await database.write(_stop)
        await deleting


def _some_are_gone(rows: Transaction) -> bool:
    (row,) = rows.query("SELECT COUNT(*) AS jobs FROM jobs")
    return bool(row["jobs"] < JOBS)


def _stop(_: Transaction) -> None:
    print("some are gone", flush=True)  # noqa: T201 - the test waits for it
    # Nobody else writes from here on: the kill finds the rest.
    time.sleep(60)


if __name__ == "__main__":
    asyncio.run(delete_jobs(Path(sys.argv[1])))

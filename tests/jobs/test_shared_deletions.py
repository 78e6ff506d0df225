"""A deletion that was cut off, on a server of a database where every process completes it."""

import asyncio
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

from bot.database.opening import open_database
from bot.database.transaction import Transaction
from tests.database.postgresql_server import Server
from tests.jobs.test_personal_data import ADA, BEN, START_MS, PersonalDataHarness

JOBS = 130  # more than are read at once
OLD_HOURS = 250  # whose charges were forgotten
PROCESSES = 3


async def test_processes_that_start_at_once_complete_a_deletion(
    postgresql: Server, tmp_path: Path
) -> None:
    """What Ada spent is counted once, and neither a row nor a file of hers waits for tomorrow."""
    url = postgresql.migrated_database()
    async with AsyncExitStack() as stack:
        opening = partial(open_database, url, backup_dir=tmp_path, now=lambda: START_MS)
        databases = [await stack.enter_async_context(opening()) for _ in range(PROCESSES)]
        processes = [PersonalDataHarness(tmp_path, each) for each in databases]
        one = processes[0]
        for number in range(JOBS):
            await one.finished_job(ADA, b"one%d" % number)
        await one.finished_job(BEN, b"both")
        await one.database.write(
            Transaction.write,
            "INSERT INTO meters (subject, hour, credits)"
            " SELECT 'user:10:1', hour, 1 FROM generate_series(1, $1::int) AS hour",
            OLD_HOURS,
        )
        for each in processes:
            each.now_ms = one.now_ms + 1000
        await one.database.write(one.ledger.make_anonymous, ADA.user_id)
        await asyncio.gather(*(each.deletion.complete() for each in processes))
        assert one.files() == [b"both"]
        rows = await one.database.read(Transaction.query, "SELECT user_id FROM jobs")
        assert [row["user_id"] for row in rows] == [BEN.user_id]
        ((mine,),) = await one.database.read(
            Transaction.query,
            "SELECT SUM(credits) FROM meters WHERE subject LIKE 'user:10:-%'",
        )
        assert mine == JOBS + OLD_HOURS

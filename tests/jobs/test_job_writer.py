"""What waits for a job's next transaction is written once."""

import asyncio
from pathlib import Path

import pytest

from bot.database.opening import open_database
from bot.database.transaction import Transaction
from bot.jobs.job_writer import JobWriter
from tests.quota.ledger_driver import NOON


async def test_what_was_committed_is_not_left_by_a_caller_who_is_cancelled(
    engine_url: str, tmp_path: Path
) -> None:
    """A process that ends at that moment would write the cost of a picture a second time."""
    runs: list[str] = []

    def cancel_after_commit(tx: Transaction) -> None:
        tx.on_commit(writing.cancel)

    opening = open_database(engine_url, backup_dir=tmp_path, now=lambda: NOON)
    async with opening as database:
        writer = JobWriter(database, "person:1")
        writer.leave(lambda _: runs.append("left"))
        writing = asyncio.create_task(writer.write(cancel_after_commit))
        with pytest.raises(asyncio.CancelledError):
            await writing
        await writer.write_left()
    assert runs == ["left"]

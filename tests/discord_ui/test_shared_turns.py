"""The turns in which the shards of all processes identify."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from itertools import pairwise

import pytest

from bot.database.database import Database
from bot.database.opening import open_database
from bot.database.transaction import Transaction
from bot.discord_ui.identify_turns import Wanted
from bot.discord_ui.shared_turns import SPACING_MS, SharedTurns, reserve_turn
from tests.database.postgresql_server import Server


@pytest.fixture
async def processes(
    postgresql: Server, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[list[Database]]:
    url, folder = postgresql.migrated_database(), tmp_path_factory.mktemp("backup")
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(
                open_database(url, backup_dir=folder, now=lambda: 0, connections=4)
            )
            for _ in range(3)
        ]


async def test_the_turns_of_all_processes_are_five_seconds_apart(processes: list[Database]) -> None:
    """Whoever identifies sooner is refused, and begins again."""
    asked = time.monotonic()
    waits = await asyncio.gather(
        *(database.write(reserve_turn, 0) for database in processes for _ in range(20))
    )
    took_ms = (time.monotonic() - asked) * 1000
    turns = sorted(wait or 0 for wait in waits)
    assert len(turns) == 60
    # They were asked for within so many milliseconds, which are missing in the later waits.
    apart = [after - before for before, after in pairwise(turns)]
    assert all(gap + took_ms > 5_000 for gap in apart)
    assert turns[-1] + took_ms >= 59 * SPACING_MS - 1


async def test_the_buckets_do_not_wait_for_each_other(processes: list[Database]) -> None:
    """A large bot would start as slowly as one of one bucket."""
    waits = await asyncio.gather(
        *(database.write(reserve_turn, bucket) for bucket, database in enumerate(processes))
    )
    assert max(wait or 0 for wait in waits) < 1000


async def test_a_turn_that_would_be_too_late_is_left_to_others(processes: list[Database]) -> None:
    """One that nobody uses would keep all others waiting for nothing."""
    database = processes[0]
    assert await database.write(reserve_turn, 0, earliest_ms=60_000) is not None
    for _ in range(3):
        assert await database.write(reserve_turn, 0, latest_ms=30_000) is None
    wait = await database.write(reserve_turn, 0)
    assert 60_000 < (wait or 0) <= 60_000 + SPACING_MS


async def test_a_database_that_is_away_gives_no_turn_and_ends_no_bot(
    processes: list[Database], postgresql: Server
) -> None:
    """discord.py ends the whole bot for whatever is raised while a shard connects again."""

    def break_table(tx: Transaction) -> None:
        tx.write("ALTER TABLE identifies RENAME TO away")

    await processes[0].write(break_table)
    assert await SharedTurns(processes[1]).reserve(Wanted(0)) is None

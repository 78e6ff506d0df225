"""Permits that several processes on one database share: never one too many, none lost."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from random import Random

import psycopg
import pytest

from bot.database.errors import PostgresqlError
from bot.database.opening import open_database, open_notifications
from bot.database.postgresql.permits import Permits
from bot.database.postgresql.session import ProcessSession, open_session
from bot.database.postgresql.transaction import lock_key
from tests.database.postgresql_server import Server
from tests.database.test_session import QUICK
from tests.quota.ledger_driver import NOON
from tests.waiting import until

NAME = "somewhere: a place"
HELD = """
SELECT COUNT(*) FROM pg_locks, generate_series(1, 20) AS n
WHERE locktype = 'advisory' AND objsubid = 1
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
AND (classid::bigint << 32 | objid::bigint) = hashtextextended(%s || ':' || n, 0)
"""


@dataclass
class Processes:
    """Sessions in this process, each as another process has one."""

    url: str
    folder: Path

    @asynccontextmanager
    async def another(
        self, on_regained: Callable[[], Awaitable[object]] | None = None
    ) -> AsyncIterator[tuple[Permits, ProcessSession]]:
        """Open what one more process has; a function is awaited before its permits are regained."""
        async with AsyncExitStack() as stack:
            opening = open_database(self.url, backup_dir=self.folder, now=lambda: NOON)
            database = await stack.enter_async_context(opening)
            session = await stack.enter_async_context(open_session(self.url, waits=QUICK))
            if on_regained is not None:
                session.on_regained(on_regained)
            notifications = open_notifications(self.url, database)
            permits = Permits(session, await stack.enter_async_context(notifications))
            yield await stack.enter_async_context(permits), session

    def held(self) -> int:
        """Return how many permits are held, as the server sees it."""
        with closing(psycopg.connect(self.url, autocommit=True)) as connection:
            row = connection.execute(HELD, (f"permit:{NAME}",)).fetchone()
            assert row is not None
            return int(row[0])

    async def until_held(self, number: int) -> None:
        """Wait until the server has freed what was released."""
        async with asyncio.timeout(5):
            while await asyncio.to_thread(self.held) != number:  # noqa: ASYNC110 - nothing tells it
                await asyncio.sleep(0.01)


@pytest.fixture
def processes(postgresql: Server, tmp_path: Path) -> Processes:
    return Processes(postgresql.migrated_database(), tmp_path)


async def test_all_processes_together_hold_no_more_than_there_are(processes: Processes) -> None:
    """More jobs than the operator allows would run at once."""
    async with processes.another() as (first, _), processes.another() as (second, _):
        assert await first.take(NAME, of=3, most=2) == 2
        assert await second.take(NAME, of=3, most=2) == 1
        assert await first.take(NAME, of=3) == 0
        assert processes.held() == 3
        first.release(NAME)
        await processes.until_held(2)
        assert await second.take(NAME, of=3) == 1


async def test_a_permit_is_never_taken_twice_by_its_own_process(processes: Processes) -> None:
    """A session may take its own lock again: it would count as one more, and stay locked."""
    chance, mine = Random(1), 0
    async with processes.another() as (permits, _):
        for _ in range(200):  # the server plans a statement anew after some uses
            if mine and chance.random() < 0.5:
                permits.release(NAME)
                mine -= 1
            else:
                mine += await permits.take(NAME, of=5)
            assert permits.count(NAME) == permits.held(NAME) == mine <= 5
        await processes.until_held(mine)
        permits.release(NAME, mine)
        await processes.until_held(0)


async def test_a_dead_process_leaves_its_permits(processes: Processes) -> None:
    """Nobody cleans up after a killed process: its session ends with it."""
    async with processes.another() as (first, _):
        async with processes.another() as (second, _):
            assert await second.take(NAME, of=2, most=2) == 2
            assert await first.take(NAME, of=2) == 0
        await processes.until_held(0)
        assert await first.take(NAME, of=2) == 1


async def test_a_released_permit_is_told_to_whoever_waits(processes: Processes) -> None:
    """Without that a job would wait until somebody looks again."""
    async with processes.another() as (first, _), processes.another() as (second, _):
        freed, freed_elsewhere = asyncio.Event(), asyncio.Event()
        second.on_freed(NAME, freed.set)
        second.on_freed("another", freed_elsewhere.set)
        assert await first.take(NAME, of=1) == 1
        second.want(NAME)
        async with asyncio.timeout(5):
            await until(lambda: first.is_wanted(NAME))
            assert not second.is_wanted(NAME)
            first.release(NAME)
            await freed.wait()
        assert not freed_elsewhere.is_set()
        assert await second.take(NAME, of=1) == 1


async def test_after_a_lost_session_nothing_new_starts_before_all_is_held_again(
    processes: Processes,
) -> None:
    """Its jobs still run while others took their permits: one more would be one too many."""
    regained = asyncio.Event()

    async def take_meanwhile() -> None:
        assert await second.take(NAME, of=3, most=2) == 2

    async with processes.another() as (second, _):
        async with processes.another(take_meanwhile) as (first, session):
            assert await first.take(NAME, of=3, most=2) == 2
            first.on_freed(NAME, regained.set)
            await asyncio.to_thread(end_session, processes.url, session)
            async with asyncio.timeout(10):
                await regained.wait()
            assert (first.count(NAME), first.held(NAME)) == (2, 1)
            assert await first.take(NAME, of=3) == 0
            second.release(NAME)
            await processes.until_held(2)
            assert await first.take(NAME, of=3) == 0  # it is one of those in use
            assert (first.count(NAME), first.held(NAME)) == (2, 2)
        await processes.until_held(1)


def end_session(url: str, session: ProcessSession) -> None:
    """End the session of one process, as a cut network does."""
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory'"
            " AND (classid::bigint << 32 | objid::bigint) = %s",
            (lock_key(f"process:{session.owner}"),),
        )


async def test_without_a_session_nothing_is_taken_and_nothing_is_kept(
    processes: Processes,
) -> None:
    """What is released meanwhile must not be taken again after it."""
    regained = asyncio.Event()

    async def ask_meanwhile() -> None:
        with pytest.raises(PostgresqlError):
            await permits.take(NAME, of=3)
        permits.release(NAME)

    async with processes.another() as (permits, session), asyncio.TaskGroup() as asking:
        assert await permits.take(NAME, of=3, most=2) == 2
        session.on_lost(lambda: asking.create_task(ask_meanwhile()))
        permits.on_freed(NAME, regained.set)
        await asyncio.to_thread(end_session, processes.url, session)
        async with asyncio.timeout(10):
            await regained.wait()
        await processes.until_held(1)
        assert (permits.count(NAME), permits.held(NAME)) == (1, 1)

"""The session by which a process on PostgreSQL shows that it lives."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import closing

import psycopg
import pytest

from bot.core.errors.base import StartRefused
from bot.core.liveness import SessionWaits
from bot.database.postgresql.session import ProcessSession, open_session
from tests.database.postgresql_server import Server

QUICK = SessionWaits(check_s=0.02, answer_s=2.0, lease_s=30.0, dead_s=0.1, rest_s=0.0, taken_s=0.1)


@pytest.fixture
def url(postgresql: Server) -> str:
    return postgresql.new_database()


@pytest.fixture
async def session(url: str) -> AsyncIterator[ProcessSession]:
    async with open_session(url, waits=QUICK) as session:
        yield session


def end_backends(url: str) -> None:
    """End every other session on the database, as an operator or a failover does."""
    with closing(psycopg.connect(url, autocommit=True)) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


async def test_a_process_is_alive_until_its_session_ends(url: str, session: ProcessSession) -> None:
    """Jobs of a living process must stay with it, those of a dead one must not."""
    assert not await session.others_alive()
    async with open_session(url, waits=QUICK) as other:
        assert await session.others_alive()
        assert not await session.is_dead(other.owner)
        assert not await other.is_dead(session.owner)
    assert await session.is_dead(other.owner)
    assert not await session.is_dead(session.owner)
    assert not await session.others_alive()


async def test_a_lost_session_is_regained_with_its_locks(url: str, session: ProcessSession) -> None:
    """Nothing is sent until what others may have taken meanwhile is known."""
    heard: list[str] = []
    regained = asyncio.Event()

    async def take_more_locks() -> None:
        heard.append("regained")
        assert not session.may_send
        await session.run(lambda connection: connection.execute("SELECT 1"))
        regained.set()

    session.on_lost(lambda: heard.append("lost"))
    session.on_regained(take_more_locks)
    async with open_session(url, waits=QUICK) as other:
        assert session.may_send
        await asyncio.to_thread(end_backends, url)
        await asyncio.wait_for(regained.wait(), 10)
        await asyncio.wait_for(session.until_may_send(), 10)
        await asyncio.wait_for(other.until_may_send(), 10)
        assert heard == ["lost", "regained"]
        assert not await other.is_dead(session.owner)


async def test_nobody_is_taken_for_dead_soon_after_a_connect(url: str) -> None:
    """After a failover all processes are about to come back: their jobs are not orphans."""
    resting = SessionWaits(check_s=0.02, dead_s=0.0, rest_s=30.0)
    async with open_session(url, waits=resting) as session:
        assert session.may_send
        assert not session.may_adopt
        assert not await session.is_dead("0" * 32)


async def test_a_cluster_runs_once(url: str, session: ProcessSession) -> None:
    """Two processes on the same shards would answer every command twice."""
    async with open_session(url, cluster=1, waits=QUICK):
        with pytest.raises(StartRefused, match="CLUSTER=1"):
            async with open_session(url, cluster=1, waits=QUICK):
                pass
        async with open_session(url, cluster=2, waits=QUICK):
            pass
    async with open_session(url, cluster=1, waits=QUICK):
        pass


async def test_a_process_that_was_stopped_does_not_rely_on_its_session(url: str) -> None:
    """A machine may sleep for minutes: others have taken over what it believes to be its own."""
    long_ago = SessionWaits(check_s=60.0, lease_s=0.0, rest_s=0.0)
    async with open_session(url, waits=long_ago) as session:
        assert not session.may_send
        assert not session.may_adopt


async def test_a_server_that_does_not_answer_is_left(postgresql: Server, url: str) -> None:
    """A half-open connection must not keep a process in the belief that it is alive."""
    waits = SessionWaits(check_s=0.02, answer_s=0.2, lease_s=0.5, rest_s=0.0)
    lost, regained = asyncio.Event(), asyncio.Event()

    async def hear() -> None:
        regained.set()

    async with open_session(url, waits=waits) as session:
        session.on_lost(lost.set)
        session.on_regained(hear)
        sleeping = session.run(lambda connection: connection.execute("SELECT pg_sleep(20)"))
        with pytest.raises(Exception, match="lost"):
            await sleeping
        await asyncio.wait_for(lost.wait(), 10)
        await asyncio.wait_for(regained.wait(), 10)
        await asyncio.wait_for(session.until_may_send(), 10)


async def test_without_a_server_the_start_is_refused(postgresql: Server) -> None:
    """The operator gets a sentence, not a stack."""
    with pytest.raises(StartRefused, match="DATABASE_URL"):
        async with open_session("postgresql://easel@127.0.0.1:1/none", waits=QUICK):
            pass

"""Transactions that wait together share one COMMIT, and none of them notices."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.database.connection import Connection
from bot.database.database import Database
from bot.database.opening import open_file
from bot.database.transaction import Transaction
from tests.database.sqlite_connections import writer_of
from tests.database.test_database import COUNTER, insert, names
from tests.database.test_outage import commits_wait

CHILD = """
CREATE TABLE child (name TEXT REFERENCES counter (name) DEFERRABLE INITIALLY DEFERRED);
CREATE TRIGGER undo BEFORE INSERT ON counter WHEN NEW.name = 'undo'
BEGIN
    SELECT RAISE(ROLLBACK, 'everything is undone');
END;
"""


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with open_file(
        tmp_path / "easel.db",
        backup_dir=tmp_path / "backup",
        now=lambda: 0,
        migrations=[COUNTER, CHILD],
    ) as database:
        yield database


@asynccontextmanager
async def busy(database: Database) -> AsyncIterator[None]:
    """Hold the writer's thread: what is asked of it in this context waits together."""
    held, may_go = threading.Event(), threading.Event()

    def hold(_: Transaction) -> None:
        held.set()
        assert may_go.wait(10)

    holding = asyncio.create_task(database.write(hold))
    assert await asyncio.to_thread(held.wait, 10)
    try:
        yield
    finally:
        may_go.set()
        await holding


async def together(database: Database, *names: str) -> list[BaseException | None]:
    """Insert each name in a transaction of its own, all in one group; return their errors."""
    async with busy(database):
        tasks = [asyncio.create_task(database.write(insert, name)) for name in names]
        await asyncio.sleep(0)
    return await asyncio.gather(*tasks, return_exceptions=True)


async def test_many_share_one_commit(database: Database) -> None:
    """A COMMIT waits for the disk; fifty people must not wait for fifty of them."""
    statements: list[str] = []
    await writer_of(database).set_trace_callback(statements.append)
    assert await together(database, *map(str, range(50))) == [None] * 50
    assert statements.count("COMMIT") == 2  # one of them is the transaction that held the thread
    assert len(await names(database)) == 50


async def test_nobody_is_answered_before_the_commit(database: Database) -> None:
    """What a power cut would forget has not happened."""
    async with commits_wait(database, skip=1) as (began, may_end):
        async with busy(database):
            tasks = [asyncio.create_task(database.write(insert, name)) for name in "abc"]
            await asyncio.sleep(0)
        await asyncio.to_thread(began.wait, 10)
        await asyncio.sleep(0.02)
        assert not any(task.done() for task in tasks)
        may_end.set()
        await asyncio.gather(*tasks)
    assert await names(database) == ["a", "b", "c"]


async def test_each_sees_those_before_it(database: Database) -> None:
    """Otherwise two of a group would both have the last credit."""

    def count_and_insert(tx: Transaction, name: str) -> int:
        insert(tx, name)
        return len(tx.query("SELECT name FROM counter"))

    async with busy(database):
        tasks = [asyncio.create_task(database.write(count_and_insert, name)) for name in "abc"]
        await asyncio.sleep(0)
    assert await asyncio.gather(*tasks) == [1, 2, 3]


async def test_one_that_fails_takes_no_other_with_it(database: Database) -> None:
    """What it wrote before is undone, what the others wrote is not."""

    def half(tx: Transaction) -> None:
        insert(tx, "half")
        raise ValueError

    async with busy(database):
        tasks = [
            asyncio.create_task(database.write(insert, "a")),
            asyncio.create_task(database.write(half)),
            asyncio.create_task(database.write(insert, "a")),
            asyncio.create_task(database.write(insert, "b")),
        ]
        await asyncio.sleep(0)
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(end) for end in ends] == [
        type(None),
        ValueError,
        sqlite3.IntegrityError,
        type(None),
    ]
    assert await names(database) == ["a", "b"]


async def test_a_commit_that_fails_fails_all_of_its_group(database: Database) -> None:
    """Nothing of it is written, so nobody may be told that it is."""

    def orphan(tx: Transaction) -> None:
        tx.write("INSERT INTO child VALUES ('nobody')")

    async with busy(database):
        tasks = [
            asyncio.create_task(database.write(insert, "a")),
            asyncio.create_task(database.write(orphan)),
        ]
        await asyncio.sleep(0)
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(end) for end in ends] == [sqlite3.IntegrityError] * 2
    assert ends[0] is not ends[1]
    await database.write(insert, "b")
    assert await names(database) == ["b"]


async def test_an_error_that_undoes_everything_fails_those_before_it_alone(
    database: Database,
) -> None:
    """SQLite does so on a full disk: who comes later runs in a transaction of its own."""
    ends = await together(database, "a", "undo", "b", "c")
    assert [type(end) for end in ends[:2]] == [sqlite3.IntegrityError] * 2
    assert ends[2:] == [None, None]
    assert await names(database) == ["b", "c"]


async def test_whoever_leaves_a_group_takes_only_the_own_part_along(database: Database) -> None:
    """A cancelled task neither stays in the commit nor stops it."""
    async with busy(database):
        tasks = [asyncio.create_task(database.write(insert, name)) for name in "abc"]
        await asyncio.sleep(0)
        tasks[1].cancel()
        await asyncio.sleep(0)
    await asyncio.gather(*tasks, return_exceptions=True)
    assert [task.cancelled() for task in tasks] == [False, True, False]
    assert await names(database) == ["a", "c"]


async def test_a_connection_that_closes_ends_everybody_who_waits(tmp_path: Path) -> None:
    """However many they are: a task that waits for ever would keep the process from ending."""
    opened = Connection.open(
        tmp_path / "a.db", begin="BEGIN", pragmas=(), busy_s=1, ended=lambda _: None
    )
    async with opened as closing:
        urgent = closing.start(lambda _: None, is_urgent=True)
        others = [closing.start(lambda _: None) for _ in range(20)]
        stopped = closing.stop()
        ends = await asyncio.gather(
            urgent.ended, *(each.ended for each in others), return_exceptions=True
        )
        assert stopped is not None
        await stopped
    assert {type(end) for end in ends} == {ValueError}


async def test_whoever_must_be_answered_comes_first(database: Database) -> None:
    """Fifty running jobs must not let a person wait for the first response."""
    order: list[str] = []

    def note(_: Transaction, name: str) -> None:
        order.append(name)

    def note_commit(statement: str) -> None:
        if statement == "COMMIT":
            order.append(statement)

    await writer_of(database).set_trace_callback(note_commit)
    async with busy(database):
        jobs = [asyncio.create_task(database.write(note, f"job {n}")) for n in range(50)]
        await asyncio.sleep(0)
        person = asyncio.create_task(database.write_soon(lambda tx: note(tx, "person")))
        await asyncio.sleep(0)
    await asyncio.gather(person, *jobs)
    held, first, *others = order
    assert (held, first) == ("COMMIT", "person")
    # A few jobs share the commit of the person, who waits for no more of them.
    assert others.index("COMMIT") == 8
    assert [each for each in others if each != "COMMIT"] == [f"job {n}" for n in range(50)]

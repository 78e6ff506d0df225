"""What the database promises: transactions that are whole, and nobody else's."""

import asyncio
import re
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, closing
from pathlib import Path

import pytest

from bot.core.errors.base import StartRefused
from bot.database.database import Database
from bot.database.opening import database_path, open_file
from bot.database.transaction import Transaction, rewritten
from tests.database.sync_database import SyncDatabase

COUNTER = "CREATE TABLE counter (name TEXT PRIMARY KEY, n BIGINT NOT NULL);"
INSERT = "INSERT INTO counter (name, n) VALUES ($1, 0)"


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """Return a database with one table."""
    async with opened(tmp_path) as database:
        yield database


def opened(folder: Path) -> AbstractAsyncContextManager[Database]:
    return open_file(
        folder / "easel.db", backup_dir=folder / "backup", now=lambda: 0, migrations=[COUNTER]
    )


async def names(database: Database) -> list[str]:
    rows = await database.read(Transaction.query, "SELECT name FROM counter ORDER BY name")
    return [row["name"] for row in rows]


def insert(tx: Transaction, *names: str) -> None:
    for name in names:
        tx.write(INSERT, name)


@pytest.mark.parametrize(
    ("written", "sqlite"),
    [
        ("SELECT $1, $12, $1", "SELECT ?1, ?12, ?1"),
        ("SELECT '$1', 'it''s $2', \"$3\", $4", "SELECT '$1', 'it''s $2', \"$3\", ?4"),
        ("SELECT $1 -- not $2\n, $3 /* nor\n $4 */", "SELECT ?1 -- not $2\n, ?3 /* nor\n $4 */"),
    ],
)
def test_parameters_are_rewritten_only_where_they_are_parameters(written: str, sqlite: str) -> None:
    """Otherwise a prompt's or comment's dollar sign would change a statement."""
    assert rewritten(written) == sqlite


async def test_parameters_are_bound_by_number_not_by_appearance(database: Database) -> None:
    """SQLite itself would bind $2 first here: silently the wrong value."""
    row = await database.read(
        Transaction.one, "SELECT $2 AS second, $1 AS first, $2 AS again", "one", "two"
    )
    assert row is not None
    assert tuple(row) == ("two", "one", "two")
    assert row["first"] == "one"


def test_a_statement_tells_which_rows_it_changed() -> None:
    """Conditional updates decide by these rows."""

    def change(tx: Transaction) -> None:
        tx.write(COUNTER)
        insert(tx, "a", "b")
        assert len(tx.query("UPDATE counter SET n = n + 1 RETURNING n")) == 2
        assert tx.one("SELECT n FROM counter WHERE name = $1", "nobody") is None

    with SyncDatabase.open() as database:
        database.write(change)


async def test_an_exception_rolls_everything_back(database: Database) -> None:
    """A job without its hold, or a hold without its job, must not stay."""

    def half_a_job(tx: Transaction) -> None:
        insert(tx, "a")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await database.write(half_a_job)
    assert await names(database) == []
    await database.write(insert, "b")
    assert await names(database) == ["b"]


async def test_a_failing_statement_rolls_everything_back(database: Database) -> None:
    """The database's own guards end the transaction like any other exception."""
    with pytest.raises(sqlite3.IntegrityError):
        await database.write(insert, "a", "a")
    assert await names(database) == []
    await database.write(insert, "b")
    assert await names(database) == ["b"]


async def test_a_constraint_checked_at_the_commit_rolls_everything_back(database: Database) -> None:
    """What a COMMIT refuses must not stay open, nor turn up in the next transaction."""

    def break_a_deferred_promise(tx: Transaction) -> None:
        insert(tx, "a")
        tx.write(
            "CREATE TABLE child (name TEXT REFERENCES counter (name) DEFERRABLE INITIALLY DEFERRED)"
        )
        tx.write("INSERT INTO child VALUES ('nobody')")

    with pytest.raises(sqlite3.IntegrityError):
        await database.write(break_a_deferred_promise)
    await database.write(insert, "b")
    assert await names(database) == ["b"]


@pytest.mark.parametrize("steps", range(0, 150, 2))
async def test_a_task_cancelled_anywhere_leaves_all_or_nothing(
    database: Database, steps: int
) -> None:
    """A cancelled task must leave neither half of its work nor an open transaction."""
    task = asyncio.create_task(database.write(insert, "a", "b"))
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    left = await names(database)
    assert left == ["a", "b"] or (left == [] and task.cancelled())
    await database.write(insert, "c")


async def test_a_cancelled_task_waits_for_the_end_of_its_transaction(database: Database) -> None:
    """Whoever cleans up after a cancellation finds all of it or nothing, and nothing later."""
    began, may_end = threading.Event(), threading.Event()

    def work(tx: Transaction) -> None:
        insert(tx, "a")
        began.set()
        assert may_end.wait(10)

    task = asyncio.create_task(database.write(work))
    await asyncio.to_thread(began.wait, 10)
    for _ in range(3):
        task.cancel()
        await asyncio.sleep(0)
    assert not task.done()
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await names(database) == []


async def test_a_task_that_is_cancelled_while_it_waits_changes_nothing(database: Database) -> None:
    """Nobody wants it any more, so it need not begin."""
    may_end = threading.Event()
    first = asyncio.create_task(database.write(lambda _: may_end.wait(10)))
    second = asyncio.create_task(database.write(insert, "a"))
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.sleep(0)
    may_end.set()
    await asyncio.wait((first, second))
    assert second.cancelled()
    assert await names(database) == []


async def test_a_begin_that_waits_for_another_process_is_rolled_back_when_cancelled(
    database: Database, tmp_path: Path
) -> None:
    """A BEGIN still running in the thread would lock everybody out for good."""
    other = sqlite3.connect(tmp_path / "easel.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    task = asyncio.create_task(database.write(insert, "a"))
    for _ in range(3):
        await asyncio.sleep(0)
        task.cancel()
    other.execute("ROLLBACK")
    with pytest.raises(asyncio.CancelledError):
        await task
    other.execute("BEGIN IMMEDIATE")
    other.close()
    assert await names(database) == []


async def test_transactions_of_many_tasks_do_not_interleave(database: Database) -> None:
    """Two tasks that read before they write must not both see the old value."""

    def add_one(tx: Transaction, *, fails: bool) -> None:
        row = tx.one("SELECT n FROM counter")
        assert row is not None
        tx.write("UPDATE counter SET n = $1", row["n"] + 1)
        if fails:
            raise RuntimeError

    await database.write(insert, "a")
    tasks = (database.write(add_one, fails=number % 3 == 0) for number in range(30))
    await asyncio.gather(*tasks, return_exceptions=True)
    (row,) = await database.read(Transaction.query, "SELECT n FROM counter")
    assert row["n"] == 20


async def test_two_processes_take_turns(database: Database, tmp_path: Path) -> None:
    """A terminal job beside the bot waits for the file, it does not fail."""

    async def add(where: Database, prefix: str) -> None:
        for number in range(20):
            await where.write(insert, f"{prefix}{number}")

    async with opened(tmp_path) as other:
        await asyncio.gather(add(database, "bot"), add(other, "terminal"))
    assert len(await names(database)) == 40


async def test_a_reader_cannot_write(database: Database) -> None:
    """A question like /usage must never change the data."""
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await database.read(insert, "a")


async def test_a_reader_sees_one_moment_while_others_write(database: Database) -> None:
    """Sums that are read one after the other must belong together."""
    has_read, was_written = threading.Event(), threading.Event()

    def read_twice(rows: Transaction) -> None:
        assert rows.query("SELECT name FROM counter") == []
        has_read.set()
        assert was_written.wait(10)
        assert rows.query("SELECT name FROM counter") == []

    reading = asyncio.create_task(database.read(read_twice))
    await asyncio.to_thread(has_read.wait, 10)
    await database.write(insert, "a")
    was_written.set()
    await reading
    assert await names(database) == ["a"]


async def test_a_long_read_keeps_no_short_one_waiting(database: Database) -> None:
    """Somebody exports a year while others look at their credits."""
    may_end = threading.Event()

    def long(rows: Transaction) -> bool:
        return may_end.wait(30) and rows.query("SELECT name FROM counter") == []

    reading = asyncio.create_task(database.read_long(long))
    async with asyncio.timeout(20):
        await database.write(insert, "a")
        assert await names(database) == ["a"]
    assert not reading.done()
    may_end.set()
    await reading


async def test_a_long_read_cannot_write(database: Database) -> None:
    """The one writer is the only one."""
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await database.read_long(insert, "a")


async def test_every_commit_is_flushed_and_references_are_checked(database: Database) -> None:
    """At a lower level a power cut forgets that a request was sent, and pays it twice."""
    pragmas = [
        await database.write(Transaction.one, f"PRAGMA {name}")
        for name in ("synchronous", "journal_mode", "foreign_keys")
    ]
    assert [tuple(row) for row in pragmas if row] == [(2,), ("wal",), (1,)]


def test_a_database_url_names_a_relative_or_an_absolute_file() -> None:
    """Operators know these URLs from elsewhere."""
    assert database_path("sqlite:///data/easel.db") == Path("data/easel.db")
    assert database_path("sqlite:////srv/easel.db") == Path("/srv/easel.db")


@pytest.mark.parametrize(
    "url",
    ["", "data/easel.db", "sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite:///a.db?mode=ro",
     "postgresql://localhost/easel"],
)  # fmt: skip
def test_any_other_url_is_refused_with_the_mend(url: str) -> None:
    """The operator learns the variable's name and how to write it, not a traceback."""
    with pytest.raises(StartRefused, match=r"DATABASE_URL.*sqlite:///data/easel\.db"):
        database_path(url)


async def test_what_was_deleted_is_nowhere_in_the_files(tmp_path: Path, database: Database) -> None:
    """Rows of every length, changed, split over pages and deleted: not a word of them stays."""
    lengths = [3, 40, 300, 1_200, 9_000]
    words = [f"word-{number:04}-" for number in range(500)]
    for number, word in enumerate(words):
        await database.write(insert, word * lengths[number % len(lengths)])
    await database.write(Transaction.write, "UPDATE counter SET name = name || '!' WHERE n = 0")
    await database.write(insert, "kept")
    await database.write(Transaction.write, "DELETE FROM counter WHERE name <> 'kept'")
    assert await database.empty_log()
    left = b"".join(path.read_bytes() for path in tmp_path.glob("easel.db*"))
    assert re.findall(rb"word-\d{4}-", left) == []
    assert b"kept" in left


async def test_the_log_cannot_be_emptied_while_somebody_reads_it(
    tmp_path: Path, database: Database
) -> None:
    """A backup that runs is not disturbed, and nobody waits for it; the next time it works."""
    await database.write(insert, "first")
    with closing(sqlite3.connect(tmp_path / "easel.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT COUNT(*) FROM counter").fetchone() == (1,)
        await database.write(insert, "second")
        async with asyncio.timeout(2):
            assert not await database.empty_log()
    assert await database.empty_log()
    assert await names(database) == ["first", "second"]


async def test_writers_wait_for_each_other_also_after_a_cancelled_emptying(
    tmp_path: Path, database: Database
) -> None:
    """A terminal beside the bot must not make every later request of the bot fail."""
    for steps in range(1, 8):
        emptying = asyncio.create_task(database.empty_log())
        for _ in range(steps):
            await asyncio.sleep(0)
        emptying.cancel()
        await asyncio.wait([emptying])

    with closing(sqlite3.connect(tmp_path / "easel.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        writing = asyncio.create_task(database.write(insert, "a"))
        for _ in range(50):
            await asyncio.to_thread(int)  # about as long as a step of the database
        other.execute("COMMIT")
        await writing
    assert await names(database) == ["a"]

"""A database that is locked, full, slow or gone: what has happened is written later, once."""

import asyncio
import resource
import shutil
import sqlite3
import threading
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from itertools import count
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.database.database import Database
from bot.database.opening import open_file
from bot.database.outage import DatabaseBusy, DatabaseLost, DatabaseWaits, is_passing
from bot.database.transaction import Transaction
from tests.database.sqlite_connections import writer_of
from tests.database.test_database import COUNTER, insert, names

SOON = DatabaseWaits(busy_s=0.02, answer_s=0.05, first_pause_s=0.001, longest_pause_s=0.01)


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Database]:
    async with open_file(
        folder / "data" / "easel.db",
        backup_dir=folder / "backup",
        now=lambda: 0,
        migrations=[COUNTER],
        waits=SOON,
    ) as database:
        yield database


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with opened(tmp_path) as database:
        yield database


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the write lock as another program does, such as a copy or an editor of databases."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.close()


@asynccontextmanager
async def commits_wait(
    database: Database, *, skip: int = 0
) -> AsyncIterator[tuple[threading.Event, threading.Event]]:
    """Stop a COMMIT in the database's thread; yield when it began, and what lets it go.

    The first ``skip`` ones are not stopped.
    """
    began, may_end, commits = threading.Event(), threading.Event(), count()

    def before(statement: str) -> None:
        if statement == "COMMIT" and next(commits) == skip:
            began.set()
            assert may_end.wait(30)

    await writer_of(database).set_trace_callback(before)
    try:
        yield began, may_end
    finally:
        may_end.set()


def never(_tx: Transaction) -> None:
    raise AssertionError


async def until_tried(events: Sequence[Mapping[str, object]]) -> None:
    async with asyncio.timeout(30):
        while not events:  # noqa: ASYNC110 - the log has no event to wait for
            await asyncio.sleep(0.01)


async def test_what_has_happened_is_written_when_the_lock_is_gone(
    database: Database, tmp_path: Path
) -> None:
    """Another program's lock of 25 s must not leave a job open until the next start."""
    with capture_logs() as events:
        with locked(tmp_path / "data" / "easel.db"):
            writing = [
                asyncio.create_task(database.write_when_possible(insert, name)) for name in "ab"
            ]
            await until_tried(events)
            await asyncio.sleep(0.2)  # several tries later
            assert not any(task.done() for task in writing)
        await asyncio.gather(*writing)
    assert await names(database) == ["a", "b"]
    told = [(event["event"], event["log_level"]) for event in events]
    assert told == [("database.unavailable", "warning"), ("database.available", "info")]


async def test_a_full_disk_is_waited_for(database: Database) -> None:
    """SQLITE_FULL, with a limit of pages that stands for the disk."""

    def pages(tx: Transaction, most: int) -> None:
        tx.query(f"PRAGMA max_page_count={most}")

    def much(tx: Transaction) -> None:
        insert(tx, "x" * 100_000)

    await database.write(pages, 1)
    with capture_logs() as events:
        writing = asyncio.create_task(database.write_when_possible(much))
        await until_tried(events)
        assert events[0]["error"] == "database or disk is full"
        assert await names(database) == []
        await database.write(pages, 1_000_000)
        await writing
    assert len(await names(database)) == 1


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let every write behind ``size`` bytes of a file fail, as a bad disk does (EFBIG)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_an_input_output_error_is_waited_for(database: Database) -> None:
    """SQLITE_IOERR_WRITE, such as of a network disk that comes back."""
    with capture_logs() as events:
        with largest_file(300_000):
            writing = asyncio.create_task(
                database.write_when_possible(lambda tx: insert(tx, "x" * 1_000_000))
            )
            await until_tried(events)
            await asyncio.sleep(0.1)
            assert not writing.done()
        await writing
    assert events[0]["error"] == "disk I/O error"
    assert len(await names(database)) == 1


@pytest.mark.parametrize(
    ("code", "passes"),
    [
        (sqlite3.SQLITE_IOERR_FSYNC, True),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, True),
        (sqlite3.SQLITE_READONLY, True),
        (sqlite3.SQLITE_CORRUPT, False),
        (sqlite3.SQLITE_CONSTRAINT, False),
    ],
)
def test_only_what_passes_is_tried_again(code: int, *, passes: bool) -> None:
    """Damage is told at once; a disk that comes back is not."""
    error = sqlite3.OperationalError("as SQLite says it")
    error.sqlite_errorcode = code
    assert is_passing(error) is passes


async def test_a_refusal_is_not_an_outage(database: Database) -> None:
    """What the database decides is final."""
    await database.write(insert, "a")
    with pytest.raises(sqlite3.IntegrityError):
        await database.write_when_possible(insert, "a")


async def test_a_wait_for_the_database_ends_with_the_process(
    tmp_path: Path,
) -> None:
    """A stop must not hang on a disk that never comes back."""
    async with opened(tmp_path) as database:
        with locked(tmp_path / "data" / "easel.db"):
            waiting = asyncio.create_task(database.write_when_possible(insert, "a"))
            await asyncio.sleep(0.05)
            waiting.cancel()
            await asyncio.wait((waiting,))
            assert waiting.cancelled()
    async with opened(tmp_path) as database:
        assert await names(database) == []


async def test_somebody_who_must_be_answered_does_not_wait_for_a_lock(
    database: Database, tmp_path: Path
) -> None:
    """Discord takes an answer for three seconds; what was refused must not happen later."""
    with locked(tmp_path / "data" / "easel.db"), pytest.raises(DatabaseBusy):
        await database.write_soon(lambda tx: insert(tx, "a"), undo=lambda tx: insert(tx, "undone"))
    await database.write(insert, "b")
    assert await names(database) == ["b"]


async def test_a_transaction_whose_caller_went_rolls_back_before_its_commit(
    database: Database,
) -> None:
    """It asks just before the COMMIT, so that there is nothing to undo."""
    may_end = threading.Event()

    def slow(tx: Transaction) -> None:
        insert(tx, "a")
        assert may_end.wait(30)

    with pytest.raises(DatabaseBusy):
        await database.write_soon(slow, undo=lambda tx: insert(tx, "undone"))
    may_end.set()
    await database.write(insert, "b")
    assert await names(database) == ["b"]


async def test_a_commit_that_comes_too_late_is_undone(database: Database) -> None:
    """A disk that takes 30 s for one sync: the caller was told that nothing was done."""

    def undo(tx: Transaction) -> None:
        tx.write("DELETE FROM counter WHERE name = 'a'")
        insert(tx, "undone")

    async with commits_wait(database) as (began, may_end):
        with pytest.raises(DatabaseBusy):
            await database.write_soon(lambda tx: insert(tx, "a"), undo=undo)
        assert began.is_set()
        may_end.set()
        async with asyncio.timeout(30):
            while await names(database) != ["undone"]:  # noqa: ASYNC110 - written by a task
                await asyncio.sleep(0.01)


async def test_what_is_in_memory_follows_a_commit_that_comes_too_late(database: Database) -> None:
    """A cache that differs from the database would charge a cost that nobody can look up."""
    committed = list[str]()
    async with commits_wait(database) as (_, may_end):
        with pytest.raises(DatabaseBusy):
            await database.write_soon(
                lambda tx: insert(tx, "late"), on_commit=lambda: committed.append("late")
            )
        may_end.set()
        await database.write_soon(
            lambda tx: insert(tx, "next"), on_commit=lambda: committed.append("next"), within_s=30
        )
    with pytest.raises(sqlite3.IntegrityError):
        await database.write_soon(lambda tx: insert(tx, "next"), on_commit=committed.pop)
    assert committed == ["late", "next"] == sorted(await names(database))


async def test_a_read_that_fails_is_logged(database: Database) -> None:
    """A failing disk must not stay unknown to the operator because nothing was to be written."""

    def fails(_rows: Transaction) -> None:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR_READ
        raise error

    with capture_logs() as events:
        for _ in range(2):
            with pytest.raises(sqlite3.OperationalError):
                await database.read(fails)
        assert await names(database) == []
    told = [(event["event"], event["log_level"]) for event in events]
    assert told == [("database.unavailable", "warning"), ("database.available", "info")]


async def test_what_is_written_soon_answers_and_refuses_like_any_other(database: Database) -> None:
    """In all other minutes of the year."""
    assert await database.write_soon(lambda _: 7, undo=never) == 7
    await database.write(insert, "a")
    with pytest.raises(sqlite3.IntegrityError):
        await database.write_soon(lambda tx: insert(tx, "a"), undo=never)


@pytest.mark.parametrize("replaced", [False, True])
async def test_a_lost_file_is_noticed(tmp_path: Path, *, replaced: bool) -> None:
    """Whatever is written into a deleted file is gone with the process, and nobody is told."""
    with capture_logs() as events:
        async with opened(tmp_path) as database:
            await database.write(insert, "a")
            copy = shutil.copytree(tmp_path / "data", tmp_path / "copy")
            shutil.rmtree(tmp_path / "data")
            if replaced:
                copy.rename(tmp_path / "data")
            for _ in range(2):
                with pytest.raises(DatabaseLost):
                    await database.write(insert, "b")
            with pytest.raises(DatabaseLost):
                await database.write_soon(lambda tx: insert(tx, "b"), undo=never)
    assert [(each["event"], each["log_level"]) for each in events] == [("database.lost", "error")]

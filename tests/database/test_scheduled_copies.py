"""The files of scheduled copies: which are made, which count, and which are deleted."""

import errno
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.database.backup import CopyStopped, DatabaseDamaged
from bot.database.scheduled_copies import (
    LEFT_FREE_BYTES,
    MOST_DAYS,
    delete_old_copies,
    make_scheduled_copy,
    newest_backup,
)

NOON = 1_790_000_000_000
HOUR_MS, DAY_MS = 3_600_000, 86_400_000


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "easel.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE numbers (n BIGINT, filling TEXT)")
        connection.executemany(
            "INSERT INTO numbers VALUES ($1, $2)", [(n, "x" * 3000) for n in range(5000)]
        )
        connection.commit()
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backup"


def named(folder: Path, at: int, database: str = "easel") -> Path:
    folder.mkdir(exist_ok=True)
    stamp = datetime.fromtimestamp(at / 1000, UTC).strftime("%Y%m%dT%H%M%SZ")
    path = folder / f"{database}-scheduled-{stamp}.db"
    path.write_text("a copy")
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_copy_is_private_whole_and_the_newest(database: Path, folder: Path) -> None:
    """Its age is in its name, so that copying the folder elsewhere does not make it younger."""
    size = make_scheduled_copy(folder, database, now=NOON)
    (path,) = folder.iterdir()
    newest = newest_backup(folder, database, now=NOON + HOUR_MS)
    assert newest is not None
    assert (newest.path, newest.made_at, path.stat().st_size) == (path, NOON, size)
    assert (path.stat().st_mode & 0o077, folder.stat().st_mode & 0o077) == (0, 0)
    with closing(sqlite3.connect(path)) as copied:
        assert copied.execute("SELECT COUNT(*) FROM numbers").fetchone() == (5000,)


def test_only_scheduled_copies_count_and_are_deleted(database: Path, folder: Path) -> None:
    """Copies from before a migration or made by hand are an operator's only way back."""
    days = [named(folder, NOON - day * DAY_MS) for day in range(10)]
    others = [
        "easel-v12-1790000000000.db",
        "easel-scheduled-monday.db",
        "easel-scheduled-20269999T999999Z.db",
        "easel-scheduled-20260101T000000Z.db.bak",
        "my-easel-scheduled-20260101T000000Z.db",
        "other-scheduled-20260101T000000Z.db",
    ]
    for name in others:
        (folder / name).write_text("mine")
    assert delete_old_copies(folder, database, keep=7, now=NOON) == 3
    assert names(folder) == sorted([*others, *(path.name for path in days[:7])])
    assert delete_old_copies(folder, database, keep=7, now=NOON) == 0


def test_no_copy_outlives_the_time_for_which_deletions_are_repeated(
    database: Path, folder: Path
) -> None:
    """A bot that was off for a year would restore what people had deleted."""
    old, new = named(folder, NOON - (MOST_DAYS + 1) * DAY_MS), named(folder, NOON)
    assert delete_old_copies(folder, database, keep=7, now=NOON) == 1
    assert (old.exists(), new.exists()) == (False, True)


def test_copies_of_the_future_neither_count_nor_push_others_out(
    database: Path, folder: Path
) -> None:
    """A machine whose clock was wrong for an hour must not stay without backups until then."""
    future = [named(folder, NOON + year * 365 * DAY_MS) for year in (1, 2)]
    now = named(folder, NOON)
    newest = newest_backup(folder, database, now=NOON + 1)
    assert newest is not None
    assert newest.path == now
    delete_old_copies(folder, database, keep=2, now=NOON)
    assert names(folder) == sorted([now.name, future[1].name])


def test_nothing_is_there_before_the_first_copy(database: Path, folder: Path) -> None:
    """The folder is created by the first copy."""
    assert newest_backup(folder, database, now=NOON) is None


def test_a_copy_leaves_room_for_the_bot(database: Path, folder: Path) -> None:
    """A backup that fills the disk would stop the bot that it is made for."""
    size = database.stat().st_size
    with pytest.raises(OSError, match="no room for another copy") as full:
        make_scheduled_copy(
            folder, database, now=NOON, free=lambda _: 2 * size + LEFT_FREE_BYTES - 1
        )
    assert full.value.errno == errno.ENOSPC
    assert names(folder) == []
    make_scheduled_copy(folder, database, now=NOON, free=lambda _: 2 * size + LEFT_FREE_BYTES)


def test_what_a_killed_process_left_is_removed(database: Path, folder: Path) -> None:
    """Parts of a gigabyte would add up."""
    part = named(folder, NOON - DAY_MS).rename(folder / "easel-scheduled-20260101T000000Z.db.part")
    make_scheduled_copy(folder, database, now=NOON)
    assert not part.exists()


def test_a_damaged_database_replaces_no_copy(database: Path, folder: Path) -> None:
    """Seven days of damaged copies would push out the last good one."""
    data = database.read_bytes()
    database.write_bytes(data[:8192] + b"\xff" * (len(data) - 8192))
    with pytest.raises(DatabaseDamaged):
        make_scheduled_copy(folder, database, now=NOON)
    assert names(folder) == []


def test_a_copy_in_steps_is_of_one_moment(database: Path, folder: Path) -> None:
    """Somebody writes at each step: it neither begins again for ever nor mixes two moments."""
    steps = 0
    with closing(sqlite3.connect(database)) as connection:

        def write() -> bool:
            nonlocal steps
            steps += 1
            connection.execute("UPDATE numbers SET n = n + 1")
            connection.commit()
            return steps > 100

        make_scheduled_copy(folder, database, now=NOON, is_stopped=write)
    (path,) = folder.iterdir()
    with closing(sqlite3.connect(path)) as copied:
        row = copied.execute("SELECT COUNT(*), MIN(n), MAX(n) FROM numbers").fetchone()
    assert row == (5000, 0, 4999)
    assert steps > 2


@pytest.mark.parametrize("asked", [0, 1, 2, 4])
def test_a_stopped_copy_leaves_nothing(database: Path, folder: Path, asked: int) -> None:
    """A bot that is stopped ends at once, however large its database."""
    questions = iter(range(asked))
    with pytest.raises(CopyStopped):
        make_scheduled_copy(
            folder, database, now=NOON, is_stopped=lambda: next(questions, None) is None
        )
    assert names(folder) == []

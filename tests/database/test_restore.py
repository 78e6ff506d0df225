"""Prepare a backup: what cannot be written whole is not put in the place of the database."""

import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import pytest

from bot.database.backup import copy_database
from bot.database.migrator import migrate, shipped
from bot.database.restore import prepare_backup
from bot.database.transaction import Transaction, run_transaction


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """Make a backup of a database with a write-ahead log, as every backup is."""
    with closing(sqlite3.connect(tmp_path / "easel.db", isolation_level=None)) as database:
        database.row_factory = sqlite3.Row
        database.execute("PRAGMA journal_mode=WAL")
        run = partial(migrate, migrations=shipped(), back_up=lambda _: None, now=lambda: 1)
        run_transaction(database, "BEGIN IMMEDIATE", run)
        copy_database(tmp_path / "easel.db", tmp_path / "backup.db")
    return tmp_path / "backup.db"


def _change(tx: Transaction, *, extra: str = "") -> list[str]:
    """Write what a restore marks, and return which files there are meanwhile."""
    tx.write("CREATE TABLE marks (mark TEXT)")
    tx.write("INSERT INTO marks VALUES ($1)", "mark" + extra)
    main, *_ = tx.query("PRAGMA database_list")
    return [path.name for path in Path(str(main["file"])).parent.glob("*.restoring*")]


def test_what_is_prepared_is_in_the_one_file_that_is_renamed(tmp_path: Path, backup: Path) -> None:
    """A log beside it would be left behind, with the marks of the open jobs."""
    target = tmp_path / "easel.db.restoring"
    assert f"{target.name}-wal" not in prepare_backup(backup, target, _change, now=lambda: 2)
    opened = sqlite3.connect(f"{target.as_uri()}?mode=ro&immutable=1", uri=True)
    with closing(opened) as prepared:
        assert prepared.execute("SELECT mark FROM marks").fetchall() == [("mark",)]


@contextmanager
def _full_disk(most_bytes: int) -> Iterator[None]:
    """Let no file of this process become larger."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_becomes_full_is_told(tmp_path: Path, backup: Path) -> None:
    """Half a database is never put in the place of the present one."""
    target = tmp_path / "easel.db.restoring"
    change = partial(_change, extra="m" * 60_000)
    with _full_disk(backup.stat().st_size), pytest.raises(sqlite3.Error):
        prepare_backup(backup, target, change, now=lambda: 2)
    assert not list(tmp_path.glob("*restoring*"))

"""Prepare a backup: what cannot be written whole is not put in the place of the database."""

import os
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import pytest

from bot.database.backup import copy_database
from bot.database.migrator import migrate, shipped
from bot.database.restore import prepare_backup, replace_database
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


def _prepared(tmp_path: Path, backup: Path) -> Path:
    target = tmp_path / "easel.db.restoring"
    prepare_backup(backup, target, _change, now=lambda: 2)
    return target


def test_a_present_database_that_its_disk_does_not_serve_is_moved_aside(
    tmp_path: Path, backup: Path
) -> None:
    """A restore is what the operator needs then; its log belongs to it."""
    path, aside = tmp_path / "easel.db", tmp_path / "easel.db.before"
    with closing(sqlite3.connect(path)) as killed:
        killed.execute("CREATE TABLE more (text TEXT)")
        killed.commit()
        log = path.with_name("easel.db-wal").read_bytes()
        dead = tmp_path / "dead.db"
        dead.write_bytes(path.read_bytes())
    path.write_bytes(dead.read_bytes())
    path.with_name("easel.db-wal").write_bytes(log)
    prepared = _prepared(tmp_path, backup)
    with _full_disk(0):
        replace_database(path, prepared, aside)
    assert aside.with_name("easel.db.before-wal").read_bytes() == log
    assert not path.with_name("easel.db-wal").exists()
    with closing(sqlite3.connect(path)) as restored:
        assert restored.execute("SELECT mark FROM marks").fetchall() == [("mark",)]


def test_half_a_copy_of_the_present_database_is_removed(
    tmp_path: Path, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would fill the disk that is full."""

    def refuse(*_: object) -> None:
        raise OSError

    prepared = _prepared(tmp_path, backup)
    monkeypatch.setattr(os, "link", refuse)  # as on a file system without links
    with _full_disk(5000), pytest.raises(OSError, match="too large"):
        replace_database(tmp_path / "easel.db", prepared, tmp_path / "easel.db.before")
    assert not [*tmp_path.glob("*.before*"), *tmp_path.glob("*restoring*")]

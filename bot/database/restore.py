"""Put a backup in the place of the database; the one before it is moved aside."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from bot.core.private_files import create_private_file
from bot.database.backup import (
    DatabaseDamaged,
    is_foreign,
    read_only,
    schema_version,
    sync_to_disk,
    telling_damage,
)
from bot.database.database import SQLITE_ENDS
from bot.database.migrator import migrate, shipped
from bot.database.transaction import Transaction, run_transaction

T = TypeVar("T")

_MOST_PROBLEMS = 3


class BackupRefused(Exception):
    """The file is no backup that this Easel can restore; the text says why."""


@dataclass(frozen=True, slots=True)
class ForgottenCharges:
    """What was charged since a backup: how often, and how many credits together."""

    count: int
    credits: int


def prepare_backup(
    file: Path, target: Path, change: Callable[[Transaction], T], *, now: Callable[[], int]
) -> T:
    """Copy a backup into ``target``, check it, migrate and change it there; FILE stays as it is.

    Raises:
        BackupRefused: it is damaged, not Easel's, or newer than this Easel.
        OSError, sqlite3.Error: it cannot be read, or the copy not be written.
    """
    target.unlink(missing_ok=True)
    create_private_file(target)
    try:
        with telling_damage(), closing(sqlite3.connect(target, isolation_level=None)) as copied:
            with closing(read_only(file)) as source:
                source.backup(copied)
            _check(copied)
            copied.row_factory = sqlite3.Row
            changed = run_transaction(copied, "BEGIN IMMEDIATE", partial(_migrated, change, now))
    except DatabaseDamaged as damage:
        _remove(target)
        raise BackupRefused(f"it is damaged ({damage})") from damage
    except BaseException:
        _remove(target)
        raise
    sync_to_disk(target)
    return changed


def forgotten_charges(present: Path, prepared: Path) -> ForgottenCharges | None:
    """Return what ``present`` charged and ``prepared`` does not know, None if it is unreadable."""
    try:
        with closing(read_only(present)) as database:
            database.execute(
                "ATTACH $1 AS restored", (f"{prepared.absolute().as_uri()}?mode=ro&immutable=1",)
            )
            count, credits_ = database.execute(
                "SELECT COUNT(*), COALESCE(SUM(present.credits), 0) FROM main.charges AS present"
                " LEFT JOIN restored.charges AS known"
                " ON known.job_id = present.job_id AND known.state = 'settled'"
                " WHERE present.state = 'settled' AND present.credits > 0"
                " AND known.job_id IS NULL"
            ).fetchone()
    except sqlite3.Error:
        return None
    return ForgottenCharges(count, credits_)


def replace_database(path: Path, prepared: Path, aside: Path) -> None:
    """Move the database with its log to ``aside``, and the prepared one to its place."""
    # The log first: without it the file is older, but never mixed with the other one's log.
    for end in SQLITE_ENDS[1:]:
        with suppress(FileNotFoundError):
            path.with_name(path.name + end).rename(aside.with_name(aside.name + end))
    if path.exists():
        _give_second_name(path, aside)
    prepared.replace(path)
    sync_to_disk(path.parent)


def _give_second_name(path: Path, aside: Path) -> None:
    try:
        # At every moment there is a database: a start in between must not make an empty one.
        os.link(path, aside)
    except OSError:
        path.rename(aside)  # a file system without links


def _check(copied: sqlite3.Connection) -> None:
    checked = copied.execute(f"PRAGMA integrity_check({_MOST_PROBLEMS})")
    problems = [str(row[0]) for row in checked]
    if problems != ["ok"]:
        raise DatabaseDamaged("; ".join(problems))
    if is_foreign(copied):
        raise BackupRefused("it is not a database of Easel")
    version, ours = schema_version(copied), len(shipped())
    if version == 0:
        raise BackupRefused("it is empty")
    if version > ours:
        raise BackupRefused(f"its version {version} is newer than this Easel's {ours}")


def _migrated(change: Callable[[Transaction], T], now: Callable[[], int], tx: Transaction) -> T:
    # The backup itself is the copy from before the migration.
    migrate(tx, migrations=shipped(), back_up=lambda _: None, now=now)
    return change(tx)


def _remove(target: Path) -> None:
    for end in SQLITE_ENDS:
        target.with_name(target.name + end).unlink(missing_ok=True)

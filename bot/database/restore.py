"""Put a backup in the place of the database; the one before it is moved aside."""

import os
import shutil
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
from bot.database.errors import primary_code
from bot.database.migrator import migrate, shipped
from bot.database.opening import SQLITE_ENDS
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
    _remove(target)  # with the log of a restore that was killed
    create_private_file(target)
    try:
        with telling_damage(), closing(sqlite3.connect(target, isolation_level=None)) as copied:
            with closing(read_only(file)) as source:
                source.backup(copied)
            # A write that fails raises: of a log, nobody would tell that it stays beside the file.
            copied.execute("PRAGMA journal_mode=DELETE")
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
    """Put the prepared database into the place of the one at ``path``, which is kept as ``aside``.

    A process may die at any moment: until the last step the one before is at ``path``, whole.

    Raises:
        BackupRefused: another program has the one before open.
        OSError, sqlite3.Error: the disk is full, or the folder cannot be written.
    """
    try:
        if path.exists():
            _write_log_into_file(path)
            _keep_as(path, aside)
    except BaseException:
        _remove(prepared)
        raise
    # What is left of a log belongs to no database, or to a damaged one, which no start opens.
    for end in SQLITE_ENDS[1:]:
        with suppress(FileNotFoundError):
            path.with_name(path.name + end).rename(aside.with_name(aside.name + end))
    sync_to_disk(path.parent)
    prepared.replace(path)
    sync_to_disk(path.parent)


def _write_log_into_file(path: Path) -> None:
    """Leave everything in the one file: a log would be taken for that of the new database."""
    try:
        with telling_damage(), closing(sqlite3.connect(path, isolation_level=None)) as present:
            present.execute("PRAGMA journal_mode=DELETE")
    except DatabaseDamaged:
        return
    except sqlite3.OperationalError as error:
        if primary_code(error) == sqlite3.SQLITE_IOERR:
            return  # as with a damaged one: its logs are moved with it
        if primary_code(error) != sqlite3.SQLITE_BUSY:
            raise
        raise BackupRefused("another program has the database open, so close that first") from error


def _keep_as(path: Path, aside: Path) -> None:
    """Give the database a second name, or copy it: at every moment there is one at ``path``."""
    try:
        os.link(path, aside)
    except OSError:  # a file system without links
        copied = aside.with_name(f"{aside.name}.part")
        try:
            create_private_file(copied)
            shutil.copyfile(path, copied)
            sync_to_disk(copied)
            copied.rename(aside)
        except BaseException:
            copied.unlink(missing_ok=True)
            raise


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

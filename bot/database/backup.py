"""Check and copy a database file while a bot may use it; nothing is migrated."""

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

_BUSY_TIMEOUT_S = 10.0
_MOST_PROBLEMS = 3
_PRIMARY = 0xFF  # of an extended error code (https://sqlite.org/rescode.html)
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_PAGES_PER_STEP = 2000  # 8 MB
_STEPS_PER_CHECK = 10_000  # of the virtual machine of SQLite: about a millisecond


@dataclass(frozen=True, slots=True)
class DatabaseStatus:
    """What an intact database contains: ``rows`` of each table, open jobs, the oldest charge.

    ``oldest_charge_at`` is in milliseconds since the epoch, None when nothing was charged.
    """

    version: int
    rows: dict[str, int]
    open_jobs: int
    oldest_charge_at: int | None


class DatabaseDamaged(Exception):
    """The file is not an intact database; the text says what is wrong."""


class DatabaseForeign(Exception):
    """The file is the database of another program."""


class CopyStopped(Exception):
    """Whoever asked for the copy does not wait for it any more; nothing is left of it."""


def never() -> bool:
    """Return that nobody stops the copy."""
    return False


def read_status(path: Path) -> DatabaseStatus:
    """Check the file and count its rows in one transaction; nothing is written.

    Raises:
        DatabaseDamaged: it is not an intact database.
        DatabaseForeign: another program has made it.
        sqlite3.Error: it cannot be read.
    """
    with telling_damage(), closing(read_only(path)) as database:
        database.execute("BEGIN")
        if is_foreign(database):
            raise DatabaseForeign
        if problems := find_damage(database):
            raise DatabaseDamaged("; ".join(problems))
        return _status(database)


def copy_database(path: Path, target: Path, *, is_stopped: Callable[[], bool] = never) -> int:
    """Copy what is committed into ``target``, check the copy, and sync it to the disk.

    Writers go on meanwhile. The copy is named TARGET.part until it is complete. ``is_stopped`` is
    asked every few milliseconds.

    Returns:
        How large it is, in bytes.

    Raises:
        CopyStopped: ``is_stopped`` said so.
        DatabaseDamaged: the database is; nothing was copied.
        OSError, sqlite3.Error: it could not be written; nothing is left of it.
    """
    part = target.with_name(f"{target.name}.part")
    part.unlink(missing_ok=True)
    # It contains people's prompts: no other user of the machine may read it.
    part.touch(mode=0o600, exist_ok=False)
    try:
        with telling_damage():
            _fill(path, part, is_stopped)
            size = _settle(part, is_stopped)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    sync_to_disk(target.parent)
    return size


def read_only(path: Path) -> sqlite3.Connection:
    """Open the file without changing anything in its folder."""
    # Even mode=ro makes -wal and -shm files and leaves them, in the name of this process's user.
    # Without a -wal nobody has the database open, and everything is in the one file.
    alone = not path.with_name(f"{path.name}-wal").exists()
    mode = "mode=ro&immutable=1" if alone else "mode=ro"
    return sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True, isolation_level=None)


def find_damage(database: sqlite3.Connection) -> Sequence[str]:
    """Return what is damaged; nothing for an intact database."""
    found = [str(row[0]) for row in database.execute(f"PRAGMA quick_check({_MOST_PROBLEMS})")]
    return () if found == ["ok"] else found


def schema_version(database: sqlite3.Connection) -> int:
    """Return the schema's version, 0 for an empty database."""
    tables = "SELECT COUNT(*) FROM sqlite_schema WHERE name = 'migrations'"
    if not database.execute(tables).fetchone()[0]:
        return 0
    return int(database.execute("SELECT MAX(version) FROM migrations").fetchone()[0] or 0)


def is_foreign(database: sqlite3.Connection) -> bool:
    """Return whether the file has tables, but not those of Easel."""
    (tables,) = database.execute("SELECT COUNT(*) FROM sqlite_schema").fetchone()
    columns = {str(row[1]) for row in database.execute("PRAGMA table_info(migrations)")}
    return bool(tables) and "version" not in columns


@contextmanager
def telling_damage() -> Iterator[None]:
    """Raise what SQLite says of a damaged file as DatabaseDamaged."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & _PRIMARY in _DAMAGE:
            raise DatabaseDamaged(str(error)) from error
        raise


def _status(database: sqlite3.Connection) -> DatabaseStatus:
    tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    names = [str(name) for (name,) in database.execute(f"{tables} ORDER BY name")]
    rows = {name: _count(database, f'"{name}"') for name in names}
    return DatabaseStatus(
        version=schema_version(database),
        rows=rows,
        open_jobs=_count(database, "jobs WHERE ended_at IS NULL") if "jobs" in rows else 0,
        oldest_charge_at=_oldest_charge(database) if rows.get("charges") else None,
    )


def _count(database: sqlite3.Connection, what: str) -> int:
    sql = f"SELECT COUNT(*) FROM {what}"  # noqa: S608 - a table's name, as the database tells it
    return int(database.execute(sql).fetchone()[0])


def _oldest_charge(database: sqlite3.Connection) -> int:
    return int(database.execute("SELECT MIN(at) FROM charges").fetchone()[0])


def _fill(path: Path, part: Path, is_stopped: Callable[[], bool]) -> None:
    def stop_if_asked(_status: int, _remaining: int, _total: int) -> None:
        if is_stopped():
            raise CopyStopped
        # A little at a time: the commits of the bot would wait for one of a gigabyte.
        sync_to_disk(part)

    # Not read-only: the last connection to a database removes its -wal when it closes.
    source = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=_BUSY_TIMEOUT_S,
        isolation_level=None,
    )
    with closing(source), closing(sqlite3.connect(part)) as copied:
        # An incomplete copy is deleted, so it needs no rollback journal.
        copied.execute("PRAGMA journal_mode=OFF")
        # In one transaction: without it the copy begins again at every write of another connection.
        source.execute("BEGIN")
        source.execute("SELECT COUNT(*) FROM sqlite_schema").fetchone()
        source.backup(copied, pages=_PAGES_PER_STEP, progress=stop_if_asked)


def _settle(part: Path, is_stopped: Callable[[], bool]) -> int:
    with closing(read_only(part)) as copied:
        copied.set_progress_handler(is_stopped, _STEPS_PER_CHECK)
        try:
            problems = find_damage(copied)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
                raise CopyStopped from error
            raise
        if problems:
            raise DatabaseDamaged("; ".join(problems))
    sync_to_disk(part)
    return part.stat().st_size


def sync_to_disk(path: Path) -> None:
    """Sync a file, or a folder's entries, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

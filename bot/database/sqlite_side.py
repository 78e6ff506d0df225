"""A SQLite file from which rows are moved, or to which."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from bot.core.private_files import create_private_file, make_private_folder
from bot.database.backup import read_only, sync_to_disk
from bot.database.migrator import migrate, shipped
from bot.database.moving import Columns, Values
from bot.database.opening import SQLITE_ENDS
from bot.database.transaction import SqliteTransaction

_ROWS_AT_ONCE = 10_000


class SqliteSide:
    """A connection in a transaction; ``repaired`` counts texts that PostgreSQL cannot hold."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.repaired = 0
        connection.text_factory = self._text

    def columns(self) -> Mapping[str, Columns]:
        """Return the tables with the names of their columns."""
        found = self._connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        )
        return {
            name: [row[1] for row in self._connection.execute(f'PRAGMA table_info("{name}")')]
            for (name,) in found.fetchall()
        }

    def references(self) -> Mapping[str, set[str]]:
        """Return the tables whose rows those of each table name."""
        return {
            table: {
                row[2] for row in self._connection.execute(f'PRAGMA foreign_key_list("{table}")')
            }
            for table in self.columns()
        }

    def rows(self, select: str) -> Iterator[Values]:
        """Yield what a SELECT finds, a few rows at a time."""
        cursor = self._connection.execute(select)
        while rows := cursor.fetchmany(_ROWS_AT_ONCE):
            yield from rows

    def clear(self, table: str) -> None:
        """Delete what the migrations themselves have put into a table."""
        self._connection.execute(f'DELETE FROM "{table}"')  # noqa: S608 - as it tells its name

    def insert(self, table: str, columns: Columns, rows: Iterable[Values]) -> None:
        """Insert rows."""
        names = ", ".join(f'"{column}"' for column in columns)
        places = ", ".join("?" * len(columns))
        self._connection.executemany(
            f'INSERT INTO "{table}" ({names}) VALUES ({places})',  # noqa: S608 - as above
            rows,
        )

    def _text(self, raw: bytes) -> str:
        """Return a text that PostgreSQL can hold (datatype-character)."""
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            text = "\0"
        if "\0" not in text:
            return text
        self.repaired += 1
        return raw.decode(errors="replace").replace("\0", "\ufffd")


@contextmanager
def sqlite_source(path: Path) -> Iterator[SqliteSide]:
    """Open the file for reading: nothing in its folder is changed."""
    with closing(read_only(path)) as connection:
        connection.execute("BEGIN")
        yield SqliteSide(connection)


@contextmanager
def sqlite_target(path: Path, now: Callable[[], int]) -> Iterator[SqliteSide]:
    """Make a file with the tables, which is at ``path`` once the body has ended, and never before.

    Raises:
        OSError, sqlite3.Error: it cannot be written; nothing is left of it.
    """
    part = path.with_name(f"{path.name}.moving")
    make_private_folder(path.parent)
    _remove(part)  # of a move that was killed
    create_private_file(part)
    try:
        with closing(sqlite3.connect(part, isolation_level=None)) as connection:
            # An incomplete file is deleted, so it needs no rollback journal.
            connection.execute("PRAGMA journal_mode=OFF")
            connection.execute("PRAGMA foreign_keys=ON")
            connection.execute("BEGIN")
            _make_tables(connection, now)
            yield SqliteSide(connection)
            connection.execute("COMMIT")
        sync_to_disk(part)
        part.rename(path)
    finally:
        _remove(part)
    sync_to_disk(path.parent)


def _make_tables(connection: sqlite3.Connection, now: Callable[[], int]) -> None:
    connection.row_factory = sqlite3.Row
    tx = SqliteTransaction(connection)
    migrate(tx, migrations=shipped(), back_up=lambda _: None, now=now)
    connection.row_factory = None


def _remove(part: Path) -> None:
    for end in SQLITE_ENDS:
        part.with_name(part.name + end).unlink(missing_ok=True)

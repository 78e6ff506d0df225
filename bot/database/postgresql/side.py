"""A PostgreSQL database from which rows are moved, or to which, while no bot uses it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from itertools import count
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from bot.database.migrator import migrate, shipped
from bot.database.moving import Columns, MoveRefused, Values
from bot.database.postgresql.connect import ServerConnection, connect, errors_translated
from bot.database.postgresql.connections import READ, WRITE
from bot.database.postgresql.facts import programs_left, tables_of, version_of
from bot.database.postgresql.faults import CREATE
from bot.database.postgresql.transaction import PostgresqlTransaction, lock_key
from bot.database.transaction import Transaction

_ROWS_AT_ONCE = 10_000
# The other side may need long between two statements here.
_NO_HASTE = (
    "SET LOCAL statement_timeout = 0",
    "SET LOCAL idle_in_transaction_session_timeout = 0",
)


class PostgresqlSide:
    """A connection in a transaction."""

    def __init__(self, connection: ServerConnection) -> None:
        self._connection = connection
        self._numbers = count(1)

    def columns(self) -> Mapping[str, Columns]:
        """Return the tables with the names of their columns."""
        found: dict[str, list[str]] = {table: [] for table in tables_of(self._connection)}
        columns = self._connection.execute(
            "SELECT relname, attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid"
            " WHERE relnamespace = current_schema()::regnamespace AND attnum > 0"
            " AND NOT attisdropped AND attgenerated = '' ORDER BY attnum"
        )
        for table, column in columns.fetchall():
            if table in found:
                found[table].append(column)
        return found

    def rows(self, select: str) -> Iterator[Values]:
        """Yield what a SELECT finds, a few rows at a time."""
        name = f"move_{next(self._numbers)}"
        self._run(f"DECLARE {name} NO SCROLL CURSOR FOR {select}")
        cursor = self._connection.cursor(binary=True, row_factory=tuple_row)
        fetch = f"FETCH {_ROWS_AT_ONCE} FROM {name}"
        while rows := cursor.execute(fetch).fetchall():
            yield from rows
        self._run(f"CLOSE {name}")

    def clear(self, table: str) -> None:
        """Delete what the migrations themselves have put into a table."""
        self._run(f'DELETE FROM "{table}"')  # noqa: S608 - a name that the server told

    def insert(self, table: str, columns: Columns, rows: Iterable[Values]) -> None:
        """Insert rows."""
        names = ", ".join(f'"{column}"' for column in columns)
        into = f'COPY "{table}" ({names}) FROM STDIN'
        with self._connection.cursor().copy(into) as copy:
            for row in rows:
                copy.write_row(row)

    def change(self, function: Callable[[Transaction], object]) -> None:
        """Change what was moved, in the same transaction."""
        function(PostgresqlTransaction(self._connection))

    def _run(self, sql: str) -> None:
        self._connection.execute(sql)


@contextmanager
def postgresql_source(parameters: str) -> Iterator[PostgresqlSide]:
    """Open the database for reading.

    Raises:
        MoveRefused: a bot uses it, or it is of another version.
        PostgresqlError: the server refuses.
    """
    with errors_translated(), _alone(parameters) as connection:
        connection.execute(READ)
        version, ours = version_of(connection), len(shipped())
        if version != ours:
            raise MoveRefused(
                f"the server's database has version {version}, and this Easel's is {ours}: use the "
                "Easel of that version, or start this one once, which upgrades an older database"
            )
        _begin(connection)
        yield PostgresqlSide(connection)


@contextmanager
def postgresql_target(parameters: str, now: Callable[[], int]) -> Iterator[PostgresqlSide]:
    """Make the tables, and commit once the body has ended.

    Raises:
        MoveRefused: a bot uses it, or it has tables.
        PostgresqlError: the server refuses; nothing is left of it.
    """
    with errors_translated(), _alone(parameters) as connection:
        if tables_of(connection):
            raise MoveRefused(
                f"the server's database has tables already: make a new one with {CREATE}"
            )
        connection.execute(WRITE)
        _begin(connection)
        tx = PostgresqlTransaction(connection)
        migrate(tx, migrations=shipped(), back_up=lambda _: None, now=now, engine="PostgreSQL")
        yield PostgresqlSide(connection)
        connection.execute("COMMIT")
        connection.execute("ANALYZE")  # or the first requests would be planned for empty tables


@contextmanager
def _alone(parameters: str) -> Iterator[ServerConnection]:
    """Keep every start away, which takes the same lock, and refuse while one has gone on."""
    with closing(connect(parameters)) as connection:
        connection.execute("SELECT pg_advisory_lock($1)", (lock_key("migrations"),))
        if others := programs_left(connection):
            raise MoveRefused(
                f"the server's database is in use ({others} connections): stop every bot, and wait "
                "for other commands"
            )
        yield connection


def _begin(connection: psycopg.Connection[Any]) -> None:
    for setting in _NO_HASTE:
        connection.execute(setting)

"""A database without a loop: each transaction runs where it is called."""

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Concatenate, ParamSpec, Self, TypeVar

from bot.database.errors import RunAgain
from bot.database.migrator import migrate, shipped
from bot.database.opening import database_path, is_postgresql
from bot.database.postgresql.connect import (
    ServerConnection,
    connect,
    errors_translated,
    parameters_of,
)
from bot.database.postgresql.connections import READ, WRITE
from bot.database.postgresql.transaction import PostgresqlTransaction
from bot.database.transaction import Transaction, run_transaction

P = ParamSpec("P")
T = TypeVar("T")


@cache
def migrated() -> sqlite3.Connection:
    """Return a database with the tables, to copy: ten times faster than the migrations."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.row_factory = sqlite3.Row
    run_transaction(
        connection,
        "BEGIN IMMEDIATE",
        lambda tx: migrate(tx, migrations=shipped(), back_up=lambda _: None, now=lambda: 0),
    )
    return connection


class SyncDatabase(ABC):
    """``Database`` without an event loop, for tests of what happens within a transaction."""

    @classmethod
    @contextmanager
    def open(cls, place: Path | str | None = None) -> Iterator["SyncDatabase"]:
        """Open the file or the DATABASE_URL, or a database in memory, with Easel's tables."""
        if isinstance(place, str):
            if is_postgresql(place):
                with closing(connect(parameters_of(place))) as connection:
                    yield _Postgresql(connection)
                return
            place = database_path(place)
        with _Sqlite.opened(place) as database:
            yield database

    def write(
        self,
        function: Callable[Concatenate[Transaction, P], T],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run a function as one transaction."""
        return self._write(lambda tx: function(tx, *args, **kwargs))

    def read(
        self,
        function: Callable[Concatenate[Transaction, P], T],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run a function that only reads."""
        return self._read(lambda tx: function(tx, *args, **kwargs))

    @abstractmethod
    def _write(self, function: Callable[[Transaction], T]) -> T: ...

    @abstractmethod
    def _read(self, function: Callable[[Transaction], T]) -> T: ...


class _Sqlite(SyncDatabase):
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @classmethod
    @contextmanager
    def opened(cls, path: Path | None) -> Iterator[Self]:
        where, is_new = path or ":memory:", path is None or not path.exists()
        with closing(sqlite3.connect(where, isolation_level=None)) as connection:
            connection.row_factory = sqlite3.Row
            if is_new:
                migrated().backup(connection)
            connection.execute("PRAGMA journal_mode=WAL")
            # A test outlives no power cut.
            connection.execute("PRAGMA synchronous=OFF")
            connection.execute("PRAGMA foreign_keys=ON")
            database = cls(connection)
            database.write(migrate, migrations=shipped(), back_up=lambda _: None, now=lambda: 0)
            yield database

    def _write(self, function: Callable[[Transaction], T]) -> T:
        return run_transaction(self._connection, "BEGIN IMMEDIATE", function)

    def _read(self, function: Callable[[Transaction], T]) -> T:
        return run_transaction(self._connection, "BEGIN", function)


class _Postgresql(SyncDatabase):
    def __init__(self, connection: ServerConnection) -> None:
        self._connection = connection

    def _write(self, function: Callable[[Transaction], T]) -> T:
        try:
            return self._run(WRITE, function)
        except RunAgain:
            return self._run(WRITE, function, is_again=True)

    def _read(self, function: Callable[[Transaction], T]) -> T:
        return self._run(READ, function)

    def _run(
        self, begin: str, function: Callable[[Transaction], T], *, is_again: bool = False
    ) -> T:
        connection = self._connection
        try:
            with errors_translated(), connection.pipeline():
                connection.execute(begin)
                result = function(PostgresqlTransaction(connection, is_again=is_again))
                connection.execute("COMMIT")
        except BaseException:
            connection.rollback()
            raise
        return result

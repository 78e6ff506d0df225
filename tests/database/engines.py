"""The engine that the tests run on: SQLite, or a PostgreSQL server with EASEL_ENGINE=postgresql.

A folder has one database, whoever opens it: ``easel.db``, or one of the server, whose address is
beside it for other processes.
"""

import atexit
import os
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import pytest
from psycopg import Connection

# SimCord replaces time.monotonic while it runs: what is loaded now keeps the real one.
import bot.database.postgresql.session  # noqa: F401
from bot.core.liveness import SessionWaits
from bot.database.postgresql.connect import connect, parameters_of
from tests.database.postgresql_server import Server, postgresql_server

IS_POSTGRESQL = os.environ.get("EASEL_ENGINE") == "postgresql"
FILE = "easel.db"
SHORT_WAITS = SessionWaits(check_s=0.02, lease_s=2.0, dead_s=0.05, rest_s=0.0)
"""For a session of a test: nobody is taken for dead there who may come back."""
_ADDRESS = "easel.postgresql"


class SqlConnection(Protocol):
    """What tests need of a connection of either engine; a parameter is written ``?``."""

    def execute(self, sql: str, params: Sequence[Any] = (), /) -> Any:
        """Run a statement."""


def sqlite_only(why: str) -> pytest.MarkDecorator:
    """Leave a test out on the other engine: it is about what SQLite does."""
    return pytest.mark.skipif(IS_POSTGRESQL, reason=why)


@cache
def running_server() -> Server:
    """Start the server of this process; it ends with the process."""
    stack = ExitStack()
    server = stack.enter_context(postgresql_server())
    atexit.register(stack.close)
    return server


def drop_databases() -> None:
    """Drop the databases of the server of this process, if there is one."""
    if running_server.cache_info().currsize:
        running_server().drop_databases()


def url_of(folder: Path) -> str:
    """Return the DATABASE_URL of a folder; the first time the database is made."""
    if not IS_POSTGRESQL:
        return f"sqlite:///{folder / FILE}"
    address = folder / _ADDRESS
    if not address.exists():
        folder.mkdir(parents=True, exist_ok=True)
        address.write_text(running_server().migrated_database())
    return address.read_text()


def empty_url_of(folder: Path) -> str:
    """Give a folder a database of the server that has no tables yet; return its DATABASE_URL."""
    (folder / _ADDRESS).write_text(url := running_server().new_database())
    return url


def field_of(column: str, name: str) -> str:
    """Return the SQL of a field of what is stored as JSON."""
    return f"CAST({column} AS JSON) ->> '{name}'" if IS_POSTGRESQL else f"{column} ->> '{name}'"


@contextmanager
def connected(folder: Path) -> Iterator[SqlConnection]:
    """Look into the database of a folder as another program would; commit at the end."""
    if not IS_POSTGRESQL:
        with closing(sqlite3.connect(folder / FILE)) as database, database:
            yield database
        return
    with closing(connect(parameters_of(url_of(folder)))) as connection, connection.transaction():
        yield _WithMarks(connection)


@dataclass
class _WithMarks:
    connection: Connection[Any]

    def execute(self, sql: str, params: Sequence[Any] = (), /) -> Any:
        numbers = count(1)
        return self.connection.execute(re.sub(r"\?", lambda _: f"${next(numbers)}", sql), params)


def rows_of(folder: Path, sql: str) -> list[tuple[Any, ...]]:
    """Read rows of the database of a folder."""
    with connected(folder) as database:
        return [tuple(row) for row in database.execute(sql).fetchall()]


def tables_of(folder: Path) -> list[tuple[str]]:
    """Return the names of the tables in the database of a folder."""
    if IS_POSTGRESQL:
        return rows_of(folder, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return rows_of(folder, "SELECT name FROM sqlite_master WHERE type = 'table'")

"""Open a database of a PostgreSQL server: check that it is one for Easel, and migrate it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from functools import partial

from bot.core.errors.base import StartRefused
from bot.core.metrics import NO_METRICS, Metrics
from bot.database import migrator
from bot.database.database import Database, observe_transaction
from bot.database.outage import WAITS, DatabaseWaits
from bot.database.postgresql.connect import connect, parameters_of, unusable_refused
from bot.database.postgresql.connections import READ, WRITE, Connections
from bot.database.postgresql.rows import NamedRow

LEAST_VERSION = 15
CREATE = "CREATE DATABASE easel TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"
"""Makes a database for Easel, on every version of PostgreSQL and whatever the server's default."""
# libpq's names of the two collations that compare bytes (https://www.postgresql.org/docs/current/collation.html).
_BYTE_ORDERS = frozenset({"C", "POSIX", "C.UTF-8", "C.UTF8", "C.utf8"})
_READERS = 2


@asynccontextmanager
async def open_postgresql(
    url: str,
    *,
    now: Callable[[], int],
    connections: int,
    owner: str = "",
    migrations: Sequence[str] | None = None,
    waits: DatabaseWaits = WAITS,
    metrics: Metrics = NO_METRICS,
) -> AsyncIterator[Database]:
    """Open the database as ``bot.database.opening.open_database`` does."""
    with unusable_refused():
        parameters = parameters_of(url, owner=owner)
    async with AsyncExitStack() as stack:
        with unusable_refused():
            await asyncio.to_thread(check_server, parameters)
            database = await _connected(stack, parameters, connections, waits, metrics)
            await database.write(
                migrator.migrate,
                migrations=migrator.shipped() if migrations is None else migrations,
                back_up=lambda _: None,  # the operator backs a server up
                now=now,
                engine="PostgreSQL",
            )
        stack.push_async_callback(database.leave_later)
        yield database


def check_server(parameters: str) -> None:
    """Raise StartRefused where texts would not be compared as bytes, or commits be forgotten.

    Raises PostgresqlError where the server cannot be reached.
    """
    with closing(connect(parameters)) as connection:
        version = connection.info.server_version // 10_000
        if version < LEAST_VERSION:
            raise StartRefused(
                f"The PostgreSQL server has version {version}, and Easel needs {LEAST_VERSION} or "
                "newer: upgrade it, or point DATABASE_URL to another one."
            )
        # From version 17 on there is a provider of PostgreSQL's own, whose locale has a column.
        row = connection.execute(
            "SELECT pg_encoding_to_char(encoding) AS encoding, datlocprovider::text AS provider,"
            " datname AS name, datcollate AS collation, to_jsonb(found) ->> 'datlocale' AS locale"
            ", current_setting('synchronous_commit') AS confirms"
            " FROM pg_database AS found WHERE datname = current_database()"
        ).fetchone()
    if row is None or row["encoding"] != "UTF8" or not _compares_bytes(row):
        raise StartRefused(
            "The PostgreSQL database compares or stores text in another way than Easel needs: make "
            f"a new one with {CREATE}; and point DATABASE_URL to it."
        )
    if row["confirms"] == "off":
        raise StartRefused(
            "The PostgreSQL database confirms before it has written (synchronous_commit=off), so a "
            "crash would forget paid requests: set it with ALTER DATABASE "
            f"{row['name']} SET synchronous_commit = on."
        )


def _compares_bytes(row: NamedRow) -> bool:
    if row["provider"] == "c":
        return row["collation"] in _BYTE_ORDERS
    return row["provider"] == "b" and row["locale"] in _BYTE_ORDERS


async def _connected(
    stack: AsyncExitStack, parameters: str, size: int, waits: DatabaseWaits, metrics: Metrics
) -> Database:
    wrote, read = (partial(observe_transaction, metrics, kind) for kind in ("write", "read"))
    writer = Connections(parameters, WRITE, size=size, ended=wrote)
    reader = Connections(parameters, READ, size=_READERS, ended=read)
    long_reader = Connections(parameters, READ, size=1, ended=read)
    for connections in (writer, reader, long_reader):
        stack.push_async_callback(connections.close)
    return Database(writer, reader, long_reader, waits)

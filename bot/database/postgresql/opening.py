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
from bot.database.postgresql.connections import READ, WRITE, ConnectionPool
from bot.database.postgresql.facts import (
    LEAST_VERSION,
    has_other_tables,
    programs_left,
    read_facts,
    shares_connections,
)
from bot.database.postgresql.faults import CREATE, POOLED, forgetful, refused_for

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
    parameters = checked_parameters(url, owner=owner)
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


def checked_parameters(url: str, *, owner: str = "") -> str:
    """Return libpq's parameters for a URL; raises StartRefused where it is none."""
    with unusable_refused():
        return parameters_of(url, owner=owner)


def server_checked(url: str) -> str:
    """Return libpq's parameters for a URL; raises StartRefused as ``check_server``."""
    parameters = checked_parameters(url)
    with unusable_refused():
        check_server(parameters)
    return parameters


def refuse_in_use(parameters: str) -> None:
    """Raise StartRefused while another process of Easel is connected to the database."""
    with closing(connect(parameters)) as connection:
        if count := programs_left(connection):
            raise StartRefused(
                f"The PostgreSQL database is in use ({count} connections): stop every bot, wait "
                "for other commands, and try again."
            )


def check_server(parameters: str) -> None:
    """Raise StartRefused where the database, or the way to it, is none for Easel.

    Raises PostgresqlError where the server cannot be reached.
    """
    with closing(connect(parameters)) as connection:
        found = read_facts(connection)
        is_others = has_other_tables(connection)
    if found.major < LEAST_VERSION:
        raise StartRefused(
            f"The PostgreSQL server has version {found.major}, and Easel needs {LEAST_VERSION} or "
            "newer: upgrade it, or point DATABASE_URL to another one."
        )
    if not found.is_fitting:
        raise StartRefused(
            "The PostgreSQL database compares or stores text in another way than Easel needs: make "
            f"a new one with {CREATE}; and point DATABASE_URL to it."
        )
    if is_others:
        raise StartRefused(
            "The PostgreSQL database contains tables of another program: make one for Easel alone "
            f"with {CREATE}; and point DATABASE_URL to it."
        )
    if found.forgets_commits:
        raise refused_for(forgetful(found.database))
    if shares_connections(parameters):
        raise refused_for(POOLED)


async def _connected(
    stack: AsyncExitStack, parameters: str, size: int, waits: DatabaseWaits, metrics: Metrics
) -> Database:
    wrote, read = (partial(observe_transaction, metrics, kind) for kind in ("write", "read"))
    writer = ConnectionPool(parameters, WRITE, size=size, ended=wrote)
    reader = ConnectionPool(parameters, READ, size=_READERS, ended=read)
    long_reader = ConnectionPool(parameters, READ, size=1, ended=read)
    for connections in (writer, reader, long_reader):
        stack.push_async_callback(connections.close)
    return Database(writer, reader, long_reader, waits)

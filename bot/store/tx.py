"""A transaction, and how one begins and ends however its task ends."""

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import TypeVar

import aiosqlite

Row = sqlite3.Row
Value = str | int | float | bytes | None

T = TypeVar("T")

# Quoted strings, quoted names and comments come first, so that a $1 inside them is left alone.
_PARAMETER = re.compile(r"""'[^']*'|"[^"]*"|--[^\n]*|/\*.*?\*/|\$(?P<number>\d+)""", re.DOTALL)


class Tx:
    """One transaction: parameters are written ``$1, $2 …``, rows are read by column name."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def execute(self, sql: str, *params: Value) -> int:
        """Run a statement that returns nothing and return how many rows it changed."""
        return (await self._connection.execute(rewritten(sql), params)).rowcount

    async def one(self, sql: str, *params: Value) -> Row | None:
        """Return the first row, or None."""
        rows = await self.all(sql, *params)
        return rows[0] if rows else None

    async def all(self, sql: str, *params: Value) -> list[Row]:
        """Return every row, also those of ``RETURNING``."""
        return list(await self._connection.execute_fetchall(rewritten(sql), params))


@lru_cache(maxsize=512)
def rewritten(sql: str) -> str:
    """Write ``$n`` as ``?n``: SQLite takes ``$n`` for a name and binds by first appearance."""
    return _PARAMETER.sub(lambda found: f"?{found['number']}" if found["number"] else found[0], sql)


@asynccontextmanager
async def transaction(connection: aiosqlite.Connection, begin: str) -> AsyncIterator[Tx]:
    """Begin, then commit, or roll back whatever went wrong: no transaction is ever left open.

    aiosqlite's thread works in order, so a statement whose task was cancelled ends before the
    rollback, and a rollback after a commit finds nothing to do.
    """
    try:
        await _to_the_end(connection.execute(begin))
        yield Tx(connection)
        await _to_the_end(connection.execute("COMMIT"))
    except BaseException:
        await _to_the_end(connection.rollback())
        raise


async def _to_the_end(work: Awaitable[T]) -> T:
    """Await the work to its end even when cancelled meanwhile, then let the cancellation rise."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait((task,))
        except asyncio.CancelledError as asked:
            cancelled = asked
    if cancelled:
        raise cancelled from task.exception()
    return task.result()

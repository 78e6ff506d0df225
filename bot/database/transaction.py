"""A transaction, and how one begins and ends however its task ends."""

import asyncio
import re
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import aiosqlite

Row = sqlite3.Row
Value = str | int | float | bytes | None

T = TypeVar("T")

# Quoted strings, quoted names and comments come first, so that a $1 inside them is left alone.
_PARAMETER = re.compile(r"""'[^']*'|"[^"]*"|--[^\n]*|/\*.*?\*/|\$(?P<number>\d+)""", re.DOTALL)


Statements = deque[tuple[str, Sequence[Value]]]


class Connection(sqlite3.Connection):
    """SQLite's own, in its thread: it runs what was put off before the next statement.

    Each visit to the thread costs more than most statements.
    """

    def __init__(self, put_off: Statements, *args: object, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]  # as sqlite3.connect has them
        self._put_off = put_off

    def execute(self, sql: str, parameters: Sequence[Value] = (), /) -> sqlite3.Cursor:  # type: ignore[override]  # only sequences are bound here
        """Run what was put off, then the statement; what fails is left for ``rollback``.

        So nothing runs without the BEGIN before it.
        """
        while self._put_off:
            super().execute(*self._put_off[0])
            self._put_off.popleft()
        return super().execute(sql, parameters)

    def rollback(self) -> None:
        """Forget what was put off, and roll back."""
        self._put_off.clear()
        super().rollback()


@dataclass(frozen=True, slots=True)
class Line:
    """A connection, and what it runs before the next statement."""

    connection: aiosqlite.Connection
    put_off: Statements


class Transaction:
    """One transaction: parameters are written ``$1, $2 …``, rows are read by column name."""

    def __init__(self, line: Line) -> None:
        self._connection = line.connection
        self._put_off = line.put_off

    def put_off(self, sql: str, *params: Value) -> None:
        """Run a statement together with the next one, or with the commit.

        It is for those whose answer nobody looks at; where it fails, that next one raises.
        """
        self._put_off.append((rewritten(sql), params))

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
async def transaction(line: Line, begin: str) -> AsyncIterator[Transaction]:
    """Begin, then commit, or roll back whatever went wrong: no transaction is ever left open.

    It begins with its first statement; whatever that reads is read inside of it.
    aiosqlite's thread works in order, so a statement whose task was cancelled, also the first and
    the last one, ends before the rollback, and a rollback after a commit finds nothing to do.
    """
    try:
        line.put_off.append((begin, ()))
        yield Transaction(line)
        await line.connection.execute("COMMIT")
    except BaseException:
        await _to_the_end(line.connection.rollback())
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

"""A SQLite connection with a thread that runs one whole transaction at a time."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Self, TypeVar

import aiosqlite

from bot.database.transaction import Transaction, run_transaction

T = TypeVar("T")

# How long a statement waits for another process, such as a terminal job beside the bot.
_BUSY_TIMEOUT_S = 10.0
_ROWS_AT_ONCE = 64  # of aiosqlite's own cursors, which are not used here


class _CallerGone(Exception):
    """The caller of the transaction was cancelled before its COMMIT."""


class Connection(aiosqlite.Connection):
    """A connection with a thread of its own, which runs one transaction after the other."""

    @classmethod
    @asynccontextmanager
    async def open(cls, path: Path, *, pragmas: Sequence[str]) -> AsyncIterator[Self]:
        """Open the file, set the pragmas, and close it at the end."""
        connect = partial(
            sqlite3.connect,
            path,
            timeout=_BUSY_TIMEOUT_S,
            isolation_level=None,  # sqlite3 itself must not begin transactions
        )
        connection = cls(connect, _ROWS_AT_ONCE)
        async with connection:
            connection.row_factory = sqlite3.Row
            for pragma in pragmas:
                await connection.execute_fetchall(f"PRAGMA {pragma}")
            yield connection

    async def transaction(self, begin: str, function: Callable[[Transaction], T]) -> T:
        """Run BEGIN, the function and COMMIT, or ROLLBACK whatever is raised.

        Cancelling the caller rolls back what is not committed yet. The cancellation is raised
        after the transaction has ended, also when it was committed.
        """
        caller_gone = threading.Event()
        running = asyncio.ensure_future(
            self._execute(self._transaction, begin, function, caller_gone)  # type: ignore[no-untyped-call]  # aiosqlite's
        )
        cancelled: asyncio.CancelledError | None = None
        while not running.done():
            try:
                await asyncio.wait((running,))
            except asyncio.CancelledError as asked:
                cancelled = asked
                caller_gone.set()
        if cancelled:
            raise cancelled from running.exception()
        result: T = running.result()
        return result

    async def empty_log(self) -> bool:
        """Move the write-ahead log into the database file; return False if a reader prevents it."""
        emptied: bool = await self._execute(self._empty_log)  # type: ignore[no-untyped-call]  # aiosqlite's
        return emptied

    def _transaction(
        self, begin: str, function: Callable[[Transaction], T], caller_gone: threading.Event
    ) -> T:
        def unless_gone(tx: Transaction) -> T:
            result = function(tx)
            if caller_gone.is_set():
                raise _CallerGone
            return result

        if caller_gone.is_set():
            raise _CallerGone
        return run_transaction(self._conn, begin, unless_gone)

    def _empty_log(self) -> bool:
        try:
            self._conn.execute("PRAGMA busy_timeout=0")
            (is_busy, *_) = self._conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            self._conn.execute(f"PRAGMA busy_timeout={int(_BUSY_TIMEOUT_S * 1000)}")
        return not is_busy

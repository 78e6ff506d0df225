"""A SQLite connection with a thread that runs one whole transaction at a time."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Generic, Self, TypeVar

import aiosqlite

from bot.database.transaction import Transaction, run_transaction

T = TypeVar("T")

_ROWS_AT_ONCE = 64  # of aiosqlite's own cursors, which are not used here


class _CallerGone(Exception):
    """The caller of the transaction had gone before its COMMIT."""


@dataclass(frozen=True, slots=True)
class RunningTransaction(Generic[T]):
    """A transaction in the thread of its connection; ``ended`` has its result or its error."""

    ended: asyncio.Future[T]
    caller_gone: threading.Event

    def abandon(self) -> None:
        """Let it roll back, unless its COMMIT has begun."""
        self.caller_gone.set()


class Connection(aiosqlite.Connection):
    """A connection with a thread of its own, which runs one transaction after the other."""

    @classmethod
    @asynccontextmanager
    async def open(
        cls, path: Path, *, pragmas: Sequence[str], busy_s: float
    ) -> AsyncIterator[Self]:
        """Open the file, set the pragmas, and close it at the end.

        A statement waits ``busy_s`` seconds for other processes.
        """
        connect = partial(
            sqlite3.connect,
            path,
            timeout=busy_s,
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
        running = self.start(begin, function)
        ended = running.ended
        cancelled: asyncio.CancelledError | None = None
        while not ended.done():
            try:
                await asyncio.wait((ended,))
            except asyncio.CancelledError as asked:
                cancelled = asked
                running.abandon()
        if cancelled:
            raise cancelled from ended.exception()
        return ended.result()

    def start(self, begin: str, function: Callable[[Transaction], T]) -> "RunningTransaction[T]":
        """Start a transaction, whose caller may abandon it."""
        caller_gone = threading.Event()
        ended: asyncio.Future[T] = asyncio.ensure_future(
            self._execute(self._transaction, begin, function, caller_gone)  # type: ignore[no-untyped-call]  # aiosqlite's
        )
        return RunningTransaction(ended, caller_gone)

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
        (before,) = self._conn.execute("PRAGMA busy_timeout").fetchone()
        try:
            self._conn.execute("PRAGMA busy_timeout=0")
            (is_busy, *_) = self._conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            self._conn.execute(f"PRAGMA busy_timeout={before}")
        return not is_busy

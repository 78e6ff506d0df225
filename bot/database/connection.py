"""A SQLite connection with a thread that runs the waiting transactions in groups."""

import asyncio
import copy
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Self, TypeVar

import aiosqlite

from bot.database.group_commit import run_together
from bot.database.running import RunningTransaction, wait_for_end
from bot.database.transaction import Transaction

T = TypeVar("T")

_CLOSED = "the connection is closed"
_ROWS_AT_ONCE = 64  # of aiosqlite's own cursors, which are not used here
# Of those that nobody waits for at a screen, so many share a COMMIT with those that somebody does.
_MOST_BESIDE_URGENT = 8


class Connection(aiosqlite.Connection):
    """A connection with a thread of its own; ``begin`` is the statement that begins a group.

    ``ended`` is called in the loop after each transaction, with the seconds since it was asked for.
    """

    def __init__(
        self,
        connect: Callable[[], sqlite3.Connection],
        begin: str,
        ended: Callable[[float], object],
    ) -> None:
        super().__init__(connect, _ROWS_AT_ONCE)
        self._begin = begin
        self._ended = ended
        self._urgent: deque[RunningTransaction[object]] = deque()
        self._others: deque[RunningTransaction[object]] = deque()
        self._working: asyncio.Task[None] | None = None

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        path: Path,
        *,
        begin: str,
        pragmas: Sequence[str],
        busy_s: float,
        ended: Callable[[float], object],
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
        connection = cls(connect, begin, ended)
        async with connection:
            connection.row_factory = sqlite3.Row
            for pragma in pragmas:
                await connection.execute_fetchall(f"PRAGMA {pragma}")
            yield connection

    async def transaction(self, function: Callable[[Transaction], T]) -> T:
        """Run the function as a transaction, rolled back on whatever is raised."""
        return await wait_for_end(self.start(function))

    def start(
        self, function: Callable[[Transaction], T], *, is_urgent: bool = False
    ) -> RunningTransaction[T]:
        """Start a transaction, whose caller may abandon it; ``is_urgent`` ones run first."""
        if not self._running:
            raise ValueError(_CLOSED)
        running = RunningTransaction(function, asyncio.get_running_loop().create_future())
        waiting = self._urgent if is_urgent else self._others
        waiting.append(running)
        if self._working is None:
            self._working = asyncio.get_running_loop().create_task(self._work())
        return running

    async def empty_log(self) -> bool:
        """Move the write-ahead log into the database file; return False if a reader prevents it."""
        emptied: bool = await self._execute(self._empty_log)  # type: ignore[no-untyped-call]  # aiosqlite's
        return emptied

    async def _work(self) -> None:
        """Let the thread run what waits, until nothing does."""
        try:
            while self._urgent or self._others:
                await self._execute(self._run_waiting)  # type: ignore[no-untyped-call]  # aiosqlite's
        except ValueError as closed:  # by somebody else, so each of those who wait is told
            while left := self._take():
                for each in left:
                    each.fail(copy.copy(closed))
                _end_all(left)
        finally:
            self._working = None

    def _run_waiting(self) -> None:
        while group := self._take():
            run_together(self._conn, self._begin, group)
            loop = group[0].ended.get_loop()
            loop.call_soon_threadsafe(self._end_group, group)

    def _end_group(self, group: Sequence[RunningTransaction[object]]) -> None:
        _end_all(group)
        now = perf_counter()
        for each in group:
            self._ended(now - each.asked_at)
            for function in each.committed:
                function()

    def _take(self) -> list[RunningTransaction[object]]:
        """Take a group from what waits, in the thread: a deque's ends need no lock."""
        urgent = [self._urgent.popleft() for _ in range(len(self._urgent))]
        most = _MOST_BESIDE_URGENT if urgent else len(self._others)
        others = [self._others.popleft() for _ in range(min(most, len(self._others)))]
        return urgent + others

    def _empty_log(self) -> bool:
        (before,) = self._conn.execute("PRAGMA busy_timeout").fetchone()
        try:
            self._conn.execute("PRAGMA busy_timeout=0")
            (is_busy, *_) = self._conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            self._conn.execute(f"PRAGMA busy_timeout={before}")
        return not is_busy


def _end_all(members: Sequence[RunningTransaction[object]]) -> None:
    for member in members:
        member.end()

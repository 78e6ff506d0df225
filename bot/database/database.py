"""The open database, on either engine: transactions that write, and that read."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Concatenate, ParamSpec, Protocol, TypeVar

import structlog

from bot.core.background_task import OwnedTasks
from bot.core.metrics import TRANSACTIONS, Metrics
from bot.database.errors import DATABASE_ERRORS
from bot.database.outage import DatabaseBusy, DatabaseLost, DatabaseWaits, OutageLog, is_passing
from bot.database.running import RunningTransaction
from bot.database.transaction import Transaction

log: structlog.stdlib.BoundLogger = structlog.get_logger()

P = ParamSpec("P")
T = TypeVar("T")

LONG_ROWS = 500
"""So many rows a transaction changes, or a long one looks at, while people wait."""


class Connections(Protocol):
    """What one engine has for one kind of transaction: those that write, or those that read."""

    async def transaction(self, function: Callable[[Transaction], T]) -> T:
        """Run the function as a transaction, rolled back on whatever is raised."""

    def start(
        self, function: Callable[[Transaction], T], *, is_urgent: bool = False
    ) -> RunningTransaction[T]:
        """Start a transaction, whose caller may abandon it; ``is_urgent`` ones run first."""


class Database:
    """The open database.

    A transaction is an ordinary function, ``function(tx, …)``: it runs whole in the thread of the
    connection, so it cannot be interrupted, cancelled in the middle or left half done. It may run
    more than once, after each of which but the last it is rolled back.
    """

    def __init__(
        self,
        writer: Connections,
        reader: Connections,
        long_reader: Connections,
        waits: DatabaseWaits,
        *,
        check: Callable[[], None] | None = None,
        empty_log: Callable[[], Awaitable[bool]] | None = None,
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._long_reader = long_reader
        self._check = check
        self._empty_log = empty_log
        self.waits = waits
        self._outage = OutageLog()
        self._read_outage = OutageLog()  # reads go on while another program holds the write lock
        self._later = OwnedTasks(
            lambda error: log.error("database.not_written_later", exc_info=error)
        )

    async def write(
        self,
        function: Callable[Concatenate[Transaction, P], T],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run a function as the one writing transaction, and return what it returns.

        It is committed at the end and rolled back on any exception. If the caller is cancelled,
        the cancellation is raised when the transaction has ended.
        """
        with self._outage.watched():
            return await self._writer.transaction(
                self._checked(lambda tx: function(tx, *args, **kwargs))
            )

    async def write_when_possible(
        self,
        function: Callable[Concatenate[Transaction, P], T],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Write as ``write`` does, again and again while the database is locked, full or away.

        For what has happened already, such as the end of a job: it is written as soon as the
        database is back. Any other error is raised.
        """
        for pause_s in self.waits.pauses():
            try:
                return await self.write(function, *args, **kwargs)
            except (*DATABASE_ERRORS, DatabaseLost) as error:
                if not is_passing(error):
                    raise
            await self.waits.sleep(pause_s)
        raise AssertionError  # there is always another pause

    async def write_soon(
        self,
        function: Callable[[Transaction], T],
        *,
        undo: Callable[[Transaction], object] | None = None,
        on_commit: Callable[[], object] | None = None,
        within_s: float | None = None,
    ) -> T:
        """Run a writing transaction for somebody who waits for a response, by default in 2 seconds.

        The transaction is rolled back when its caller has given up before the COMMIT. If the COMMIT
        itself takes too long, ``undo`` is written after it; without one it stays, so it must be
        harmless twice. ``on_commit`` is called after each COMMIT, also after one that is too late:
        it updates what is kept in memory.

        Raises:
            DatabaseBusy: it is not committed, or is about to be undone; without ``undo`` it may
                be committed later.
            DatabaseLost: the file is gone.
        """
        limit_s = self.waits.answer_s if within_s is None else within_s
        running = self._writer.start(self._checked(function), is_urgent=True)
        if on_commit is not None:
            running.ended.add_done_callback(partial(_call_after_commit, on_commit))
        try:
            await asyncio.wait((running.ended,), timeout=limit_s)
            if running.ended.done():
                with self._outage.watched():
                    return running.ended.result()
        except DATABASE_ERRORS as error:
            if is_passing(error):
                raise DatabaseBusy from error
            raise
        except asyncio.CancelledError:
            self._abandon(running, undo)
            raise
        self._outage.failed(TimeoutError(f"no answer within {limit_s:.1f} s"))
        self._abandon(running, undo)
        raise DatabaseBusy

    def _checked(self, function: Callable[[Transaction], T]) -> Callable[[Transaction], T]:
        check = self._check
        if check is None:
            return function

        def checked(tx: Transaction) -> T:
            check()
            return function(tx)

        return checked

    def _abandon(
        self, running: RunningTransaction[T], undo: Callable[[Transaction], object] | None
    ) -> None:
        running.abandon()
        # Nobody is told of its error, also if the process ends before it has ended.
        running.ended.add_done_callback(asyncio.Future.exception)
        self._later.start(self._undo_late(running, undo))

    async def _undo_late(
        self, running: RunningTransaction[T], undo: Callable[[Transaction], object] | None
    ) -> None:
        await asyncio.wait((running.ended,))
        if running.ended.exception() is None and undo is not None:
            await self.write_when_possible(undo)
            log.info("database.late_commit_undone")

    async def leave_later(self) -> None:
        """Give up what is to be undone later: the database closes."""
        await self._later.end()

    async def read(
        self,
        function: Callable[Concatenate[Transaction, P], T],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run a function on one consistent snapshot; it cannot write and waits for no writer.

        Somebody waits for it at a screen: what may take longer than a few milliseconds, such as a
        search or an export, is for ``read_long``.
        """
        with self._read_outage.watched():
            return await self._reader.transaction(lambda tx: function(tx, *args, **kwargs))

    async def read_long(
        self,
        function: Callable[Concatenate[Transaction, P], T],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Read as ``read`` does, on a connection of its own, for which no ``read`` waits.

        One that looks at more than LONG_ROWS rows is cut into several: others of its kind wait.
        """
        with self._read_outage.watched():
            return await self._long_reader.transaction(lambda tx: function(tx, *args, **kwargs))

    async def empty_log(self) -> bool:
        """Move the write-ahead log into the file and empty it, so that no deleted content remains.

        Returns:
            False when a reader still uses the log: it stays until the next checkpoint. True also
            where the database has no such file.
        """
        return True if self._empty_log is None else await self._empty_log()


def observe_transaction(metrics: Metrics, kind: str, seconds: float) -> None:
    """Count how long a transaction took, from when it was asked for; ``kind`` is read or write."""
    metrics.observe(TRANSACTIONS, seconds, kind)


def _call_after_commit(on_commit: Callable[[], object], ended: asyncio.Future[T]) -> None:
    if ended.exception() is None:
        on_commit()

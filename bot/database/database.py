"""The SQLite database: one connection that writes, and two that read."""

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from functools import partial
from pathlib import Path
from typing import Concatenate, ParamSpec, Self, TypeVar

import structlog

from bot.core.errors.base import StartRefused
from bot.core.metrics import NO_METRICS, TRANSACTIONS, Metrics
from bot.core.private_files import create_private_file, make_private_folder, restrict_files
from bot.database import migrator
from bot.database.backup import is_foreign, read_only
from bot.database.connection import Connection
from bot.database.faults import FOREIGN, unusable
from bot.database.group_commit import RunningTransaction
from bot.database.outage import (
    WAITS,
    DatabaseBusy,
    DatabaseLost,
    DatabaseWaits,
    OpenFile,
    OutageLog,
    is_passing,
)
from bot.database.transaction import Transaction

log: structlog.stdlib.BoundLogger = structlog.get_logger()

P = ParamSpec("P")
T = TypeVar("T")

_ALL = ("foreign_keys=ON", "cache_size=-16384")
# At synchronous=NORMAL a power cut forgets committed rows: a request would be paid twice.
# A checkpoint every 1000 pages, the default, would delay one hold in a hundred by 2 ms.
# secure_delete overwrites deleted content: people may have their prompts deleted for good.
_WRITER = (
    *_ALL,
    "secure_delete=ON",
    "journal_mode=WAL",
    "synchronous=FULL",
    "wal_autocheckpoint=4000",
)
_READER = (*_ALL, "query_only=ON")
# What it reads, nobody reads again soon.
_LONG_READER = (*_READER, "cache_size=-4096")
LONG_ROWS = 500
"""So many rows a transaction changes, or a long one looks at, while people wait."""
SQLITE_ENDS = ("", "-wal", "-shm", "-journal")
"""How the names end of the files that are one database to SQLite."""


def database_path(url: str) -> Path:
    """Return the file of ``sqlite:///relative.db`` or ``sqlite:////absolute.db``.

    Raises StartRefused for anything else.
    """
    if found := re.fullmatch(r"sqlite:///([^:?#][^?#]*)", url):
        return Path(found[1])
    raise StartRefused(
        "DATABASE_URL names no SQLite file: write it like sqlite:///data/easel.db, "
        "or sqlite:////srv/easel.db for an absolute path."
    )


class Database:
    """The open database.

    A transaction is an ordinary function, ``function(tx, …)``: it runs whole in the thread of the
    connection, so it cannot be interrupted, cancelled in the middle or left half done.
    """

    def __init__(
        self,
        writer: Connection,
        reader: Connection,
        long_reader: Connection,
        file: OpenFile,
        waits: DatabaseWaits,
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._long_reader = long_reader
        self._file = file
        self.waits = waits
        self._outage = OutageLog()
        self._read_outage = OutageLog()  # reads go on while another program holds the write lock
        self._later: set[asyncio.Task[object]] = set()

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        path: Path,
        *,
        backup_dir: Path,
        now: Callable[[], int],
        migrations: Sequence[str] | None = None,
        waits: DatabaseWaits = WAITS,
        metrics: Metrics = NO_METRICS,
    ) -> AsyncIterator[Self]:
        """Open the file, migrate it (by default to the shipped version), and close it at the end.

        Raises StartRefused when the file cannot be used or a newer Easel has written it.
        """
        async with AsyncExitStack() as stack:
            try:
                database = await stack.enter_async_context(cls._connected(path, waits, metrics))
                await database._bring_up_to_date(path, backup_dir, now, migrations)
                restrict_files(*(path.with_name(path.name + end) for end in SQLITE_ENDS))
            except (OSError, sqlite3.Error) as error:
                raise StartRefused(unusable(error).sentence(path)) from error
            try:
                yield database
            finally:
                await database._leave_later()

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
            except (sqlite3.Error, DatabaseLost) as error:
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
        except sqlite3.Error as error:
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
        def in_the_open_file(tx: Transaction) -> T:
            self._file.check()
            return function(tx)

        return in_the_open_file

    def _abandon(
        self, running: RunningTransaction[T], undo: Callable[[Transaction], object] | None
    ) -> None:
        running.abandon()
        # Nobody is told of its error, also if the process ends before it has ended.
        running.ended.add_done_callback(asyncio.Future.exception)
        self._keep(self._undo_late(running, undo))

    async def _undo_late(
        self, running: RunningTransaction[T], undo: Callable[[Transaction], object] | None
    ) -> None:
        await asyncio.wait((running.ended,))
        if running.ended.exception() is None and undo is not None:
            await self.write_when_possible(undo)
            log.info("database.late_commit_undone")

    def _keep(self, writing: Coroutine[object, object, object]) -> None:
        task = asyncio.get_running_loop().create_task(writing)
        self._later.add(task)
        task.add_done_callback(self._written_later)

    def _written_later(self, task: asyncio.Task[object]) -> None:
        self._later.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("database.not_written_later", exc_info=error)

    async def _leave_later(self) -> None:
        for task in self._later:
            task.cancel()
        await asyncio.gather(*self._later, return_exceptions=True)

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
            False when a reader still uses the log: it stays until the next checkpoint.
        """
        return await self._writer.empty_log()

    @classmethod
    @asynccontextmanager
    async def _connected(
        cls, path: Path, waits: DatabaseWaits, metrics: Metrics
    ) -> AsyncIterator[Self]:
        # aiosqlite's thread would outlive a failed opening, and the loop: fail here first.
        make_private_folder(path.parent)
        create_private_file(path)
        _refuse_foreign(path)
        wrote = partial(_observe, metrics, "write")
        read = partial(_observe, metrics, "read")
        connect = partial(Connection.open, path, busy_s=waits.busy_s)
        async with (
            connect(begin="BEGIN IMMEDIATE", pragmas=_WRITER, ended=wrote) as writer,
            connect(begin="BEGIN", pragmas=_READER, ended=read) as reader,
            connect(begin="BEGIN", pragmas=_LONG_READER, ended=read) as long_reader,
        ):
            yield cls(writer, reader, long_reader, OpenFile(path), waits)

    async def _bring_up_to_date(
        self,
        path: Path,
        backup_dir: Path,
        now: Callable[[], int],
        migrations: Sequence[str] | None,
    ) -> None:
        await self.write(
            migrator.migrate,
            migrations=migrator.shipped() if migrations is None else migrations,
            back_up=partial(_back_up, path, backup_dir, now),
            now=now,
        )


def _observe(metrics: Metrics, kind: str, seconds: float) -> None:
    metrics.observe(TRANSACTIONS, seconds, kind)


def _call_after_commit(on_commit: Callable[[], object], ended: asyncio.Future[T]) -> None:
    if ended.exception() is None:
        on_commit()


def _refuse_foreign(path: Path) -> None:
    """Raise StartRefused, before anything is changed, for the database of another program."""
    with closing(read_only(path)) as database:
        if is_foreign(database):
            raise StartRefused(FOREIGN.sentence(path))


def _back_up(path: Path, backup_dir: Path, now: Callable[[], int], version: int) -> None:
    """Copy what is committed, while the migrating transaction keeps other writers out."""
    copy = backup_dir / f"{path.stem}-v{version}-{now()}.db"
    make_private_folder(copy.parent)
    part = copy.with_suffix(".part")
    create_private_file(part)
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(part)) as target:
        source.backup(target)
    part.replace(copy)

"""SQLite: one writer behind a lock, one reader, and the file's way into them."""

import asyncio
import re
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Self

import aiosqlite

from bot.core.errors.base import StartRefused
from bot.database import migrator
from bot.database.transaction import Connection, Line, Statements, Transaction, transaction

# How long a statement waits for another process, such as a terminal job beside the bot.
_BUSY_TIMEOUT_S = 10.0

_BOTH = ("foreign_keys=ON", "cache_size=-16384")
# At synchronous=NORMAL a power cut forgets committed rows: a request would be paid twice.
# A checkpoint for every 1000 pages, as by default, is one hold of a hundred, and takes 2 ms.
# What is deleted is overwritten: people may have their words deleted for good.
_WRITER = (
    *_BOTH,
    "secure_delete=ON",
    "journal_mode=WAL",
    "synchronous=FULL",
    "wal_autocheckpoint=4000",
)
_READER = (*_BOTH, "query_only=ON")


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
    """The open database; every change goes through ``transaction``."""

    def __init__(self, writer: Line, reader: Line) -> None:
        self._writer, self._writing = writer, asyncio.Lock()
        self._reader, self._reading = reader, asyncio.Lock()

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        path: Path,
        *,
        backup_dir: Path,
        now: Callable[[], int],
        migrations: Sequence[str] | None = None,
    ) -> AsyncIterator[Self]:
        """Open the file, bring it up to date (by default to what Easel ships), close it at the end.

        Raises StartRefused when the file cannot be used or a newer Easel has written it.
        """
        async with AsyncExitStack() as stack:
            try:
                database = await stack.enter_async_context(cls._connected(path))
                await database._bring_up_to_date(path, backup_dir, now, migrations)
            except (OSError, sqlite3.Error) as error:
                raise StartRefused(
                    f"The database {path} cannot be used ({error}): point DATABASE_URL to a "
                    f"file that Easel may create and write, and keep {backup_dir} writable."
                ) from error
            yield database

    @asynccontextmanager
    async def transaction(self, exclusive: Sequence[str] = ()) -> AsyncIterator[Transaction]:  # noqa: ARG002 - for PostgreSQL
        """Open the one writing transaction: committed at the end, rolled back on any exception.

        A cancellation is held until the commit or rollback under way has ended. ``exclusive``
        names the subjects whose sums decide; SQLite has one writer, so it needs no lock on them.
        """
        async with self._writing, transaction(self._writer, "BEGIN IMMEDIATE") as tx:
            yield tx

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Transaction]:
        """Open one consistent view that cannot write and does not wait for a writer."""
        async with self._reading, transaction(self._reader, "BEGIN") as rows:
            yield rows

    async def empty_log(self) -> bool:
        """Write what is committed into the one file, so that what was deleted is nowhere any more.

        Returns:
            False when somebody reads what the log holds: it stays until it is next written to.
        """
        async with self._writing:
            try:
                await self._writer.connection.execute_fetchall("PRAGMA busy_timeout=0")
                (row,) = await self._writer.connection.execute_fetchall(
                    "PRAGMA wal_checkpoint(TRUNCATE)"
                )
            finally:
                timeout_ms = int(_BUSY_TIMEOUT_S * 1000)
                await self._writer.connection.execute_fetchall(f"PRAGMA busy_timeout={timeout_ms}")
        return bool(row[0] == 0)

    @classmethod
    @asynccontextmanager
    async def _connected(cls, path: Path) -> AsyncIterator[Self]:
        path.parent.mkdir(parents=True, exist_ok=True)
        # aiosqlite's thread outlives a failed opening, and the loop: fail here, without it.
        sqlite3.connect(path).close()
        async with _connection(path, _WRITER) as writer, _connection(path, _READER) as reader:
            yield cls(writer, reader)

    async def _bring_up_to_date(
        self,
        path: Path,
        backup_dir: Path,
        now: Callable[[], int],
        migrations: Sequence[str] | None,
    ) -> None:
        async def back_up(version: int) -> None:
            await self._copy(backup_dir / f"{path.stem}-v{version}-{now()}.db")

        if migrations is None:
            migrations = migrator.shipped()
        async with self.transaction() as tx:
            await migrator.migrate(tx, migrations=migrations, back_up=back_up, now=now)

    async def _copy(self, copy: Path) -> None:
        """Copy what is committed, through the reader, while the writer keeps others out."""
        copy.parent.mkdir(parents=True, exist_ok=True)
        part = copy.with_suffix(".part")
        async with aiosqlite.connect(part) as target:
            await self._reader.connection.backup(target)
        part.replace(copy)


@asynccontextmanager
async def _connection(path: Path, pragmas: Sequence[str]) -> AsyncIterator[Line]:
    put_off: Statements = deque()
    opened = aiosqlite.connect(
        path,
        timeout=_BUSY_TIMEOUT_S,
        isolation_level=None,  # sqlite3 itself must begin nothing
        factory=partial(Connection, put_off),
    )
    async with opened as connection:
        connection.row_factory = sqlite3.Row
        for pragma in pragmas:
            await connection.execute_fetchall(f"PRAGMA {pragma}")
        yield Line(connection, put_off)

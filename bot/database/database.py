"""SQLite: one connection that writes, one that reads, and the file's way into them."""

import re
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from functools import partial
from pathlib import Path
from typing import Concatenate, ParamSpec, Self, TypeVar

from bot.core.errors.base import StartRefused
from bot.database import migrator
from bot.database.connection import Connection
from bot.database.transaction import Transaction

P = ParamSpec("P")
T = TypeVar("T")

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
    """The open database.

    A transaction is an ordinary function, ``function(tx, …)``: it runs whole in the thread of the
    connection, so that nothing of it can be awaited, cancelled or left half done.
    """

    def __init__(self, writer: Connection, reader: Connection) -> None:
        self._writer = writer
        self._reader = reader

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

    async def write(
        self,
        function: Callable[Concatenate[Transaction, P], T],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run a function as the one writing transaction, and return what it returns.

        It is committed at the end, rolled back on any exception, and never left open: where the
        caller is cancelled, that rises when the transaction has ended.
        """
        return await self._writer.transaction(
            "BEGIN IMMEDIATE", lambda tx: function(tx, *args, **kwargs)
        )

    async def read(
        self,
        function: Callable[Concatenate[Transaction, P], T],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run a function on one consistent view; it cannot write and waits for no writer."""
        return await self._reader.transaction("BEGIN", lambda tx: function(tx, *args, **kwargs))

    async def empty_log(self) -> bool:
        """Write what is committed into the one file, so that what was deleted is nowhere any more.

        Returns:
            False when somebody reads what the log holds: it stays until it is next written to.
        """
        return await self._writer.empty_log()

    @classmethod
    @asynccontextmanager
    async def _connected(cls, path: Path) -> AsyncIterator[Self]:
        path.parent.mkdir(parents=True, exist_ok=True)
        # aiosqlite's thread outlives a failed opening, and the loop: fail here, without it.
        sqlite3.connect(path).close()
        async with (
            Connection.open(path, pragmas=_WRITER) as writer,
            Connection.open(path, pragmas=_READER) as reader,
        ):
            yield cls(writer, reader)

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


def _back_up(path: Path, backup_dir: Path, now: Callable[[], int], version: int) -> None:
    """Copy what is committed, while the transaction that migrates keeps others out."""
    copy = backup_dir / f"{path.stem}-v{version}-{now()}.db"
    copy.parent.mkdir(parents=True, exist_ok=True)
    part = copy.with_suffix(".part")
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(part)) as target:
        source.backup(target)
    part.replace(copy)

"""The SQLite database: one connection that writes and one that reads."""

import re
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from functools import partial
from pathlib import Path
from typing import Concatenate, ParamSpec, Self, TypeVar

from bot.core.errors.base import StartRefused
from bot.core.private_files import create_private_file, make_private_folder, restrict_files
from bot.database import migrator
from bot.database.connection import Connection
from bot.database.transaction import Transaction

P = ParamSpec("P")
T = TypeVar("T")

_BOTH = ("foreign_keys=ON", "cache_size=-16384")
# At synchronous=NORMAL a power cut forgets committed rows: a request would be paid twice.
# A checkpoint every 1000 pages, the default, would delay one hold in a hundred by 2 ms.
# secure_delete overwrites deleted content: people may have their prompts deleted for good.
_WRITER = (
    *_BOTH,
    "secure_delete=ON",
    "journal_mode=WAL",
    "synchronous=FULL",
    "wal_autocheckpoint=4000",
)
_READER = (*_BOTH, "query_only=ON")
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
        """Open the file, migrate it (by default to the shipped version), and close it at the end.

        Raises StartRefused when the file cannot be used or a newer Easel has written it.
        """
        async with AsyncExitStack() as stack:
            try:
                database = await stack.enter_async_context(cls._connected(path))
                await database._bring_up_to_date(path, backup_dir, now, migrations)
                restrict_files(*(path.with_name(path.name + end) for end in SQLITE_ENDS))
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

        It is committed at the end and rolled back on any exception. If the caller is cancelled,
        the cancellation is raised when the transaction has ended.
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
        """Run a function on one consistent snapshot; it cannot write and waits for no writer."""
        return await self._reader.transaction("BEGIN", lambda tx: function(tx, *args, **kwargs))

    async def empty_log(self) -> bool:
        """Move the write-ahead log into the file and empty it, so that no deleted content remains.

        Returns:
            False when a reader still uses the log: it stays until the next checkpoint.
        """
        return await self._writer.empty_log()

    @classmethod
    @asynccontextmanager
    async def _connected(cls, path: Path) -> AsyncIterator[Self]:
        # aiosqlite's thread would outlive a failed opening, and the loop: fail here first.
        make_private_folder(path.parent)
        create_private_file(path)
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
    """Copy what is committed, while the migrating transaction keeps other writers out."""
    copy = backup_dir / f"{path.stem}-v{version}-{now()}.db"
    make_private_folder(copy.parent)
    part = copy.with_suffix(".part")
    create_private_file(part)
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(part)) as target:
        source.backup(target)
    part.replace(copy)

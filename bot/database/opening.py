"""Open the database that DATABASE_URL names: a SQLite file, or one of a PostgreSQL server."""

import re
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    closing,
    nullcontext,
)
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bot.core.errors.base import StartRefused
from bot.core.liveness import (
    SESSION_WAITS,
    FileLiveness,
    Liveness,
    SessionWaits,
    hold_file_liveness,
)
from bot.core.metrics import NO_METRICS, Metrics
from bot.core.private_files import create_private_file, make_private_folder, restrict_files
from bot.core.process_lock import LockFolders
from bot.core.sharding import Cluster
from bot.database import migrator
from bot.database.backup import is_foreign, read_only
from bot.database.connection import Connection
from bot.database.database import Database, observe_transaction
from bot.database.faults import FOREIGN, unusable
from bot.database.notifications import LocalNotifications, Notifications
from bot.database.outage import WAITS, DatabaseWaits, OpenFile
from bot.database.postgresql.permits import Permits
from bot.database.postgresql_url import driver_needed

if TYPE_CHECKING:  # psycopg, which it imports, is an extra
    from bot.database.postgresql.session import ProcessSession

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
SQLITE_ENDS = ("", "-wal", "-shm", "-journal")
"""How the names end of the files that are one database to SQLite."""
CONNECTIONS = 8
"""So many transactions write at once to a server, by default."""
_POSTGRESQL = ("postgresql://", "postgres://")


def database_path(url: str) -> Path:
    """Return the file of ``sqlite:///relative.db`` or ``sqlite:////absolute.db``.

    Raises StartRefused for anything else.
    """
    if found := re.fullmatch(r"sqlite:///([^:?#][^?#]*)", url):
        return Path(found[1])
    raise StartRefused(
        "DATABASE_URL names no SQLite file: write it like sqlite:///data/easel.db, "
        "or sqlite:////srv/easel.db for an absolute path; a server is postgresql://easel@db/easel."
    )


def is_postgresql(url: str) -> bool:
    """Return whether DATABASE_URL names a database of a PostgreSQL server."""
    return url.startswith(_POSTGRESQL)


def open_database(
    url: str,
    *,
    backup_dir: Path,
    now: Callable[[], int],
    connections: int = CONNECTIONS,
    owner: str = "",
    waits: DatabaseWaits = WAITS,
    metrics: Metrics = NO_METRICS,
) -> AbstractAsyncContextManager[Database]:
    """Open the database of a URL, migrate it to the shipped version, and close it at the end.

    A file is copied into ``backup_dir`` before that; up to ``connections`` write at once to a
    server; ``now`` is in milliseconds since the epoch, ``owner`` the id of this process.

    Raises StartRefused when it cannot be used or a newer Easel has written it.
    """
    if not is_postgresql(url):
        path = database_path(url)
        return open_file(path, backup_dir=backup_dir, now=now, waits=waits, metrics=metrics)
    with driver_needed():
        from bot.database.postgresql.opening import open_postgresql  # noqa: PLC0415 - an extra
    return open_postgresql(
        url, now=now, connections=connections, owner=owner, waits=waits, metrics=metrics
    )


def open_liveness(
    url: str,
    folders: LockFolders,
    *,
    cluster: int | None = None,
    waits: SessionWaits = SESSION_WAITS,
) -> AbstractAsyncContextManager[Liveness]:
    """Hold what shows the other processes on the database that this one lives.

    That is a lock in each of ``folders`` for a file, and a session of its own on a server.
    ``cluster`` is which of a bot's processes this is, None for a command of the terminal.

    Raises StartRefused where that is impossible, or another process is the same cluster.
    """
    if not is_postgresql(url):
        return hold_file_liveness(folders)
    with driver_needed():
        from bot.database.postgresql.session import open_session  # noqa: PLC0415 - an extra
    return open_session(url, cluster=cluster, waits=waits)


def open_permits(
    liveness: Liveness, notifications: Notifications
) -> AbstractAsyncContextManager[Permits | None]:
    """Open the permits that this process shares with others; a file has one bot: None."""
    session = _session_of(liveness)
    return nullcontext() if session is None else Permits(session, notifications)


async def refuse_other_sharding(liveness: Liveness, cluster: Cluster) -> None:
    """Refuse a start beside processes that divide the bot's shards in another way.

    Raises StartRefused. Over a file there is one process.
    """
    if (session := _session_of(liveness)) is not None:
        from bot.database.postgresql.sharding import hold_sharding  # noqa: PLC0415 - an extra

        await hold_sharding(session, cluster)


def _session_of(liveness: Liveness) -> "ProcessSession | None":
    """Return the session by which a process lives on a server; None where it holds files."""
    if isinstance(liveness, FileLiveness):
        return None
    from bot.database.postgresql.session import ProcessSession  # noqa: PLC0415 - an extra

    assert isinstance(liveness, ProcessSession)  # noqa: S101 - there is no other
    return liveness


@asynccontextmanager
async def open_notifications(url: str, database: Database) -> AsyncIterator[Notifications]:
    """Hear in this context what other processes write to the open database of a URL.

    Raises StartRefused when that cannot be.
    """
    if not is_postgresql(url):
        yield LocalNotifications()
        return
    from bot.database.postgresql.listener import Listener  # noqa: PLC0415 - an extra

    listener = Listener(url, database)
    async with listener.listening():
        yield listener


@asynccontextmanager
async def open_file(
    path: Path,
    *,
    backup_dir: Path,
    now: Callable[[], int],
    migrations: Sequence[str] | None = None,
    waits: DatabaseWaits = WAITS,
    metrics: Metrics = NO_METRICS,
) -> AsyncIterator[Database]:
    """Open a SQLite file as ``open_database`` does; by default it gets the shipped migrations."""
    async with AsyncExitStack() as stack:
        try:
            database = await stack.enter_async_context(_connected(path, waits, metrics))
            await database.write(
                migrator.migrate,
                migrations=migrator.shipped() if migrations is None else migrations,
                back_up=partial(_back_up, path, backup_dir, now),
                now=now,
            )
            restrict_files(*(path.with_name(path.name + end) for end in SQLITE_ENDS))
        except (OSError, sqlite3.Error) as error:
            raise StartRefused(unusable(error).sentence(path)) from error
        stack.push_async_callback(database.leave_later)
        yield database


@asynccontextmanager
async def _connected(path: Path, waits: DatabaseWaits, metrics: Metrics) -> AsyncIterator[Database]:
    # aiosqlite's thread would outlive a failed opening, and the loop: fail here first.
    make_private_folder(path.parent)
    create_private_file(path)
    _refuse_foreign(path)
    wrote, read = (partial(observe_transaction, metrics, kind) for kind in ("write", "read"))
    connect = partial(Connection.open, path, busy_s=waits.busy_s)
    async with (
        connect(begin="BEGIN IMMEDIATE", pragmas=_WRITER, ended=wrote) as writer,
        connect(begin="BEGIN", pragmas=_READER, ended=read) as reader,
        connect(begin="BEGIN", pragmas=_LONG_READER, ended=read) as long_reader,
    ):
        file = OpenFile(path)
        yield Database(
            writer, reader, long_reader, waits, check=file.check, empty_log=writer.empty_log
        )


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

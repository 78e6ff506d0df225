"""The session of a process on a PostgreSQL server: advisory locks that end with the process.

It is one connection of its own, which leads to the server directly: a pooler in between would give
the session to others. The server frees its locks when it ends, as the kernel does with locks of
files; so there is no table of heartbeats, and no clock of another machine matters.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from functools import partial
from time import monotonic
from typing import Any, TypeVar
from uuid import uuid4

import psycopg
import structlog
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from bot.core.background_task import BackgroundTask
from bot.core.errors.base import StartRefused
from bot.core.liveness import SESSION_WAITS, SessionWaits
from bot.database.errors import PostgresqlError
from bot.database.outage import growing_pauses
from bot.database.postgresql.connect import (
    connect,
    errors_translated,
    name_of,
    parameters_of,
    unusable_refused,
)
from bot.database.postgresql.transaction import lock_key

log: structlog.stdlib.BoundLogger = structlog.get_logger()

T = TypeVar("T")
Connection = psycopg.Connection[Any]

# Where a process' machine has lost its power or its network, the server ends its session after 19 s
# (runtime: tcp_keepalives_idle).
_SERVER_SIDE = (
    "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=3 -c tcp_keepalives_count=3"
    " -c tcp_user_timeout=15000 -c idle_session_timeout=0"
)
_PROCESSES = "processes"
_HOLDERS = (
    "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND (classid::bigint << 32 | objid::bigint) = $1 AND pid <> pg_backend_pid()"
)
_UNLOCK = "SELECT pg_advisory_unlock_all()"
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 5.0


class ProcessSession:
    """The session of this process; ``owner`` is its id. It is connected again when it is lost.

    ``cluster`` is which part of the bot it is: a second process cannot be the same one.
    """

    has_others = True

    def __init__(
        self,
        url: str,
        *,
        cluster: int | None = None,
        waits: SessionWaits = SESSION_WAITS,
    ) -> None:
        self.owner = uuid4().hex
        self._parameters = _session_parameters(parameters_of(url, owner=self.owner))
        self._cluster = cluster
        self._waits = waits
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="session")
        self._opened: Connection | None = None
        self._connection: Connection | None = None  # the same, as long as it can be used
        self._is_regained = False
        self._connected_at = self._confirmed_at = 0.0
        self._changed = asyncio.Condition()
        self._lost: list[Callable[[], object]] = []
        self._regained: list[Callable[[], Awaitable[object]]] = []
        self._watching = BackgroundTask()

    # --- what others ask ----------------------------------------------------------------------

    @property
    def may_send(self) -> bool:
        """Whether nobody can have taken over the jobs of this process.

        It is also False when the process was stopped, or too busy to check.
        """
        return self._is_regained and monotonic() - self._confirmed_at < self._waits.lease_s

    @property
    def may_adopt(self) -> bool:
        """Whether what looks dead is dead."""
        return self.may_send and monotonic() - self._connected_at >= self._waits.rest_s

    async def until_may_send(self) -> None:
        """Wait for ``may_send``."""
        if not self.may_send:
            async with self._changed:
                await self._changed.wait_for(lambda: self.may_send)

    async def is_dead(self, owner: str) -> bool:
        """Return whether an owner's lock stays free for ``dead_s``, and end its connections if so.

        It looks who holds locks: two that try the same one would see each other. A process that was
        stopped in the middle of a transaction would hold the rows of its jobs for ever.
        """
        if owner == self.owner:
            return False
        until = monotonic() + self._waits.dead_s
        with suppress(PostgresqlError):
            while self.may_adopt and not await self.is_held(f"process:{owner}"):
                left_s = until - monotonic()
                if left_s <= 0:
                    await self.run(partial(_end_connections, owner))
                    return True
                await asyncio.sleep(min(left_s, self._waits.check_s))
        return False

    async def others_alive(self) -> bool:
        """Return whether another process has a session; True where that cannot be known."""
        try:
            return await self.is_held(_PROCESSES)
        except PostgresqlError:
            return True

    async def is_held(self, name: str) -> bool:
        """Return whether another session holds a lock; raises PostgresqlError."""
        return bool(await self.run(lambda connection: _holders(connection, name)))

    def on_lost(self, callback: Callable[[], object]) -> None:
        """Call a function when the session is lost; it must not wait."""
        self._lost.append(callback)

    def on_regained(self, callback: Callable[[], Awaitable[object]]) -> None:
        """Await a function when there is a new session, before ``may_send`` is True again.

        Where it raises PostgresqlError the session is connected anew, and all are called again.
        """
        self._regained.append(callback)

    async def run(self, function: Callable[[Connection], T]) -> T:
        """Run a function in the thread of the connection, which is in autocommit.

        It is for locks of the session, which the next session does not have: see ``on_regained``.

        Raises:
            PostgresqlError: the server refused something, or the session is lost.
        """
        connection = self._connection
        if connection is None:
            raise _lost()
        running = asyncio.get_running_loop().run_in_executor(
            self._thread, _translated, function, connection
        )
        # Python 3.11's wait_for loses a cancellation that comes in the moment of the answer.
        await asyncio.wait((running,), timeout=self._waits.answer_s)
        if running.done():
            return running.result()
        running.add_done_callback(asyncio.Future.exception)
        _cut(connection)
        raise _lost()

    # --- its life -----------------------------------------------------------------------------

    async def begin(self) -> None:
        """Connect, and stay connected in a task of this object.

        Raises:
            PostgresqlError: the server cannot be reached.
            StartRefused: another process is the same cluster.
        """
        await self._connect()
        self._watching.start(self._watch())

    async def close(self) -> None:
        """Give the locks up."""
        await self._watching.end()
        # The server itself frees them a moment after the connection has ended.
        with suppress(PostgresqlError):
            await self.run(lambda connection: connection.execute(_UNLOCK))
        self._is_regained, self._connection = False, None
        await asyncio.to_thread(self._thread.shutdown)
        if self._opened is not None:
            self._opened.close()

    async def _connect(self) -> None:
        began, loop = monotonic(), asyncio.get_running_loop()
        self._connection = await loop.run_in_executor(self._thread, self._connected)
        self._connected_at = self._confirmed_at = began
        for callback in self._regained:
            await callback()
        self._is_regained = True
        await self._tell()

    def _connected(self) -> Connection:
        """Connect in the thread, and take the locks of this process."""
        if self._opened is not None:
            self._opened.close()
        self._opened = connect(self._parameters)
        with errors_translated():
            self._take_locks(self._opened)
        return self._opened

    def _take_locks(self, connection: Connection) -> None:
        # What the server still takes for this process' session is one that lost its network.
        own = f"process:{self.owner}"
        for pid in _holders(connection, own):
            connection.execute("SELECT pg_terminate_backend($1::int, 5000)", (pid,))
        connection.execute("SELECT pg_advisory_lock_shared($1)", (lock_key(_PROCESSES),))
        is_free = _try_lock(connection, own, 0)
        if self._cluster is not None:
            name = f"cluster:{self._cluster}"
            if not _try_lock(connection, name, self._waits.taken_s):
                raise StartRefused(
                    f"Another process already runs as CLUSTER={self._cluster} on this database: "
                    "stop it first, or give this one another CLUSTER."
                )
        if not is_free:
            raise _lost()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._waits.check_s)
            try:
                await self._check()
            except Exception as error:
                # Whatever it is: without this task the process would send nothing for ever.
                if not isinstance(error, PostgresqlError):
                    log.exception("session.defect")
                self._lose(error)
                await self._reconnect()

    async def _check(self) -> None:
        began = monotonic()
        await self.run(lambda connection: connection.execute("SELECT 1"))
        self._confirmed_at = began
        await self._tell()

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def _lose(self, error: Exception) -> None:
        log.warning("session.lost", error=str(error))
        self._is_regained, self._connection = False, None
        for callback in self._lost:
            callback()

    async def _reconnect(self) -> None:
        for pause_s in growing_pauses(_FIRST_PAUSE_S, _LONGEST_PAUSE_S):
            try:
                await self._connect()
            except PostgresqlError as error:
                log.debug("session.not_regained", error=str(error))
            except StartRefused as refused:
                log.warning("session.cluster_taken", hint=str(refused))
            except Exception:
                log.exception("session.defect")
            else:
                log.info("session.regained")
                return
            self._connection = None
            await asyncio.sleep(pause_s)


@asynccontextmanager
async def open_session(
    url: str, *, cluster: int | None = None, waits: SessionWaits = SESSION_WAITS
) -> AsyncIterator[ProcessSession]:
    """Open a session of this process, and end it, and so its locks, at the end.

    Raises StartRefused where there is no server, or another process is the same cluster.
    """
    with unusable_refused():
        session = ProcessSession(url, cluster=cluster, waits=waits)
    try:
        with unusable_refused():
            await session.begin()
        yield session
    finally:
        await session.close()


def _session_parameters(parameters: str) -> str:
    given: dict[str, Any] = conninfo_to_dict(parameters)
    options = f"{given.get('options') or ''} {_SERVER_SIDE}".strip()
    return make_conninfo("", **{**given, "options": options})


def _translated(function: Callable[[Connection], T], connection: Connection) -> T:
    with errors_translated():
        return function(connection)


def _holders(connection: Connection, name: str) -> list[int]:
    rows = connection.execute(_HOLDERS, (lock_key(name),)).fetchall()
    return [row["pid"] for row in rows]


def _end_connections(owner: str, connection: Connection) -> None:
    connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND application_name = $1",
        (name_of(owner),),
    )


def _try_lock(connection: Connection, name: str, within_s: float) -> bool:
    until = monotonic() + within_s
    while True:
        found = connection.execute("SELECT pg_try_advisory_lock($1) AS held", (lock_key(name),))
        row = found.fetchone()
        if row is not None and row["held"]:
            return True
        if monotonic() >= until:
            return False
        connection.execute("SELECT pg_sleep(0.1)")


def _cut(connection: Connection) -> None:
    """End a connection under a thread that waits for it: what it waits for is an error then."""
    with (
        suppress(OSError, psycopg.Error),
        socket.socket(fileno=os.dup(connection.fileno())) as twin,
    ):
        twin.shutdown(socket.SHUT_RDWR)


def _lost() -> PostgresqlError:
    return PostgresqlError("the session of this process is lost", state=None, is_passing=True)

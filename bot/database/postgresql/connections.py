"""Connections to PostgreSQL with a thread each, which run the waiting transactions."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter, sleep
from typing import Any, TypeVar
from uuid import uuid4

import psycopg

from bot.database.errors import PostgresqlError, RunAgain
from bot.database.outage import growing_pauses
from bot.database.postgresql.connect import (
    ServerConnection,
    connect,
    errors_translated,
    may_succeed_at_once,
)
from bot.database.postgresql.transaction import PostgresqlTransaction
from bot.database.running import RunningTransaction, wait_for_end
from bot.database.transaction import Transaction

T = TypeVar("T")

READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
WRITE = "BEGIN"
# Its row is locked from the first statement of a transaction to its end.
_COUNT = "UPDATE connection_commits SET number = number + 1 WHERE connection = $1 RETURNING number"
_LAST = "SELECT number FROM connection_commits WHERE connection = $1 FOR UPDATE"
_BEGIN_TO_COUNT = (
    "INSERT INTO connection_commits (connection, number, at)"
    " VALUES ($1, 0, CAST(extract(epoch FROM now()) * 1000 AS BIGINT))"
)
_FORGET = (
    "DELETE FROM connection_commits WHERE connection IN (SELECT connection FROM connection_commits"
    " WHERE at < CAST(extract(epoch FROM now() - INTERVAL '30 days') * 1000 AS BIGINT)"
    " FOR UPDATE SKIP LOCKED)"
)
_NO_TABLE = "42P01"
_CLOSED = "the connection is closed"
# Two transactions that wait for each other: the server ends one of them, which then may run.
_MOST_RUNS = 5
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.05, 2.0


class ConnectionPool:
    """At most ``size`` connections, opened when they are needed; ``begin`` begins a transaction.

    ``ended`` is called in the loop after each transaction, with the seconds since it was asked for.
    """

    def __init__(
        self, parameters: str, begin: str, *, size: int, ended: Callable[[float], object]
    ) -> None:
        self._parameters = parameters
        self._begin = begin
        self._ended = ended
        self._urgent: deque[RunningTransaction[Any]] = deque()
        self._others: deque[RunningTransaction[Any]] = deque()
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="postgresql")
        self._of_thread = threading.local()
        self._open: set[ServerConnection] = set()
        self._is_closed = False

    async def transaction(self, function: Callable[[Transaction], T]) -> T:
        """Run the function as a transaction, rolled back on whatever is raised."""
        return await wait_for_end(self.start(function))

    def start(
        self, function: Callable[[Transaction], T], *, is_urgent: bool = False
    ) -> RunningTransaction[T]:
        """Start a transaction, whose caller may abandon it; ``is_urgent`` ones run first."""
        if self._is_closed:
            raise ValueError(_CLOSED)
        running = RunningTransaction(function, asyncio.get_running_loop().create_future())
        (self._urgent if is_urgent else self._others).append(running)
        self._threads.submit(self._run_next)
        return running

    async def close(self) -> None:
        """Let the running transactions end, and close the connections."""
        self._is_closed = True
        await asyncio.to_thread(self._threads.shutdown)
        for connection in self._open:
            connection.close()

    # --- in the threads -----------------------------------------------------------------------

    def _run_next(self) -> None:
        running = self._take()
        try:
            self._run(running)
        except BaseException as error:  # noqa: BLE001 - its caller raises it
            running.fail(error)
        running.ended.get_loop().call_soon_threadsafe(self._end, running)

    def _take(self) -> RunningTransaction[Any]:
        try:
            return self._urgent.popleft()
        except IndexError:
            return self._others.popleft()

    def _end(self, running: RunningTransaction[Any]) -> None:
        running.end()
        self._ended(perf_counter() - running.asked_at)
        for function in running.committed:
            function()

    def _run(self, running: RunningTransaction[Any]) -> None:
        """Run a transaction, again if the server, or an old connection, is the only reason."""
        for number in range(1, _MOST_RUNS + 1):
            is_old = self._has_connection
            connection = self._connection()
            try:
                self._run_once(connection, running, is_again=number > 1)
            except PostgresqlError as error:
                is_stale = is_old and connection.broken
                # Once these are closed, nobody has asked whether a lost COMMIT was one.
                is_last = number == _MOST_RUNS or self._is_closed
                if is_last or not (is_stale or may_succeed_at_once(error)):
                    raise
            else:
                return

    def _run_once(
        self, connection: ServerConnection, running: RunningTransaction[Any], *, is_again: bool
    ) -> None:
        number: int | None = None
        try:
            with errors_translated(), connection.pipeline():
                connection.execute(self._begin)
                counted = self._counted(connection)
                running.run(PostgresqlTransaction(connection, is_again=is_again))
                # Before the COMMIT is sent, so that whoever asks for the number waits for its end.
                number = self._number(counted)
                connection.execute("COMMIT")
        except BaseException:
            if connection.broken and number is not None and self._was_committed(number):
                return
            self._roll_back(connection)
            raise

    def _counted(self, connection: ServerConnection) -> psycopg.Cursor[Any] | None:
        """Count a writing transaction, as the first thing that it does."""
        if self._begin != WRITE or not self._of_thread.is_counted:
            return None
        return connection.execute(_COUNT, (self._of_thread.name,))

    def _number(self, counted: psycopg.Cursor[Any] | None) -> int | None:
        if counted is None:
            return None
        row = counted.fetchone()
        if row is None:  # it was too old, and nobody could tell whether this COMMIT was one
            self._of_thread.is_counted = False
            raise RunAgain
        return int(row["number"])

    def _roll_back(self, connection: ServerConnection) -> None:
        try:
            connection.rollback()
        except psycopg.Error:
            connection.close()

    def _was_committed(self, number: int) -> bool:
        """Ask whether a transaction was committed whose connection was lost at its COMMIT.

        It asks until the server answers, or these connections are closed: nobody else can tell.
        """
        name = self._of_thread.name
        for pause_s in growing_pauses(_FIRST_PAUSE_S, _LONGEST_PAUSE_S):
            if self._is_closed:
                break
            try:
                with errors_translated():
                    row = self._connection().execute(_LAST, (name,)).fetchone()
            except PostgresqlError as error:
                if not error.is_passing:
                    raise
            else:
                return row is not None and row["number"] >= number
            sleep(pause_s)
        return False

    @property
    def _has_connection(self) -> bool:
        connection = getattr(self._of_thread, "connection", None)
        return connection is not None and not connection.closed

    def _connection(self) -> ServerConnection:
        """Return the connection of this thread, a new one if the last one was lost."""
        if not self._has_connection:
            self._open.discard(getattr(self._of_thread, "connection", None))
            self._of_thread.connection = connect(self._parameters)
            self._open.add(self._of_thread.connection)
            self._of_thread.is_counted = False
        if self._begin == WRITE and not self._of_thread.is_counted:
            self._begin_to_count(self._of_thread.connection)
        connection: ServerConnection = self._of_thread.connection
        return connection

    def _begin_to_count(self, connection: psycopg.Connection[Any]) -> None:
        """Give a connection a row of its own, unless the database has no tables yet."""
        name = uuid4().hex
        try:
            with errors_translated():
                connection.execute(_FORGET)
                connection.execute(_BEGIN_TO_COUNT, (name,))
        except PostgresqlError as error:
            if error.state != _NO_TABLE:
                raise
            return
        self._of_thread.name, self._of_thread.is_counted = name, True

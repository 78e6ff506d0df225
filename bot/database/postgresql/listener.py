"""Notifications through PostgreSQL: LISTEN on a connection of its own, and NOTIFY."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import psycopg
import structlog

from bot.core.background_task import BackgroundTask
from bot.core.errors.base import StartRefused
from bot.database.database import Database
from bot.database.errors import DATABASE_ERRORS, PostgresqlError, is_passing_error
from bot.database.notifications import MAX_BYTES, Notifications
from bot.database.outage import DatabaseBusy, growing_pauses
from bot.database.postgresql.connect import errors_translated, parameters_of
from bot.database.transaction import Transaction

log: structlog.stdlib.BoundLogger = structlog.get_logger()

# One for all of Easel's own: a process that subscribes later needs no further statement.
_CHANNEL = "easel"
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 5.0


@dataclass(frozen=True, slots=True)
class ListenerWaits:
    """How long is waited, in seconds: a silent server is asked so often, and answers so soon."""

    check_every_s: float = 10.0
    answer_s: float = 5.0


LISTENER_WAITS = ListenerWaits()


class Listener(Notifications):
    """Listens on one connection, and opens another when it is lost.

    The connection must lead to the server itself: a pooler that lends it for one transaction only
    would hear nothing.
    """

    def __init__(self, url: str, database: Database, waits: ListenerWaits = LISTENER_WAITS) -> None:
        super().__init__()
        self._waits = waits
        self._parameters = parameters_of(url)
        self._database = database

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Listen in this context.

        Raises:
            StartRefused: the server accepts no further connection.
        """
        try:
            connection = await self._connect()
        except PostgresqlError as error:
            raise StartRefused(
                f"The PostgreSQL database accepts no connection that listens ({error}): check its "
                "max_connections, then start again."
            ) from error
        async with BackgroundTask() as listening:
            listening.start(self._listen(connection))
            yield

    async def publish(self, channel: str, payload: str) -> None:
        """Publish in a transaction of its own."""
        try:
            await self._database.write_soon(partial(self._publish_now, channel, payload))
        except (DatabaseBusy, *DATABASE_ERRORS) as error:
            if not isinstance(error, DatabaseBusy) and not is_passing_error(error):
                raise
            log.warning("notification.lost", channel=channel)

    def _publish_now(self, channel: str, payload: str, tx: Transaction) -> None:
        # A server lets one transaction with a NOTIFY commit at a time, also while it syncs its disk
        # (src/backend/commands/async.c). A notification outlives no crash, so it needs no sync.
        tx.write("SELECT set_config('synchronous_commit', 'off', TRUE)")
        self.publish_with(tx, channel, payload)

    def publish_with(self, tx: Transaction, channel: str, payload: str) -> None:
        """Publish with the COMMIT of a transaction."""
        text = f"{channel} {payload}"
        if len(text.encode()) > MAX_BYTES:
            raise ValueError(f"a notification of {channel} is too long")
        tx.write("SELECT pg_notify($1, $2)", _CHANNEL, text)

    async def _connect(self) -> psycopg.AsyncConnection[Any]:
        with errors_translated():
            connection = await psycopg.AsyncConnection.connect(self._parameters, autocommit=True)
            try:
                await connection.execute(f"LISTEN {_CHANNEL}")
            except BaseException:
                await connection.close()
                raise
        return connection

    async def _listen(self, connection: psycopg.AsyncConnection[Any]) -> None:
        while True:
            try:
                await self._hear(connection)
            except (psycopg.Error, TimeoutError) as error:
                log.warning("notifications.interrupted", error=str(error).strip())
            finally:
                await connection.close()
            connection = await self._reconnect()
            log.info("notifications.heard_again")
            self._reconnected()

    async def _hear(self, connection: psycopg.AsyncConnection[Any]) -> None:
        """Deliver what arrives until the connection is lost, also one that is lost in silence."""
        while True:
            async for heard in connection.notifies(timeout=self._waits.check_every_s):
                channel, _, payload = heard.payload.partition(" ")
                self._deliver(channel, payload)
            async with asyncio.timeout(self._waits.answer_s):
                await connection.execute("SELECT 1")

    async def _reconnect(self) -> psycopg.AsyncConnection[Any]:
        for pause_s in growing_pauses(_FIRST_PAUSE_S, _LONGEST_PAUSE_S):
            try:
                return await self._connect()
            except PostgresqlError as error:
                log.debug("notifications.not_connected", error=str(error))
            await asyncio.sleep(pause_s)
        raise AssertionError  # there is always another pause

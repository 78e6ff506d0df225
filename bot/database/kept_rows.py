"""What is kept in memory of the database: read once, and again when any process changes it."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from typing import Self, TypeVar

import structlog

from bot.core.background_task import BackgroundTask
from bot.database.database import Database
from bot.database.errors import DATABASE_ERRORS
from bot.database.notifications import Notifications
from bot.database.outage import DatabaseLost, is_passing
from bot.database.transaction import Transaction

log: structlog.stdlib.BoundLogger = structlog.get_logger()

T = TypeVar("T")

EVERYTHING = ""
"""Stands for all keys."""


class KeptRows(BackgroundTask, ABC):
    """Keeps rows in memory, by keys such as a server's id: an async context manager.

    A change is read, made and committed in one transaction, so that none is lost, whichever
    processes make several at once. It is published on ``channel`` with its COMMIT.
    """

    channel: str

    def __init__(self, database: Database, notifications: Notifications) -> None:
        super().__init__()
        self._database = database
        self._notifications = notifications
        self._stale: dict[str, None] = {}  # keys, the oldest first
        self._is_stale = asyncio.Event()
        self._kept_meanwhile: list[Callable[[], object]] = []
        notifications.subscribe(self.channel, self._read_again)
        notifications.on_reconnect(partial(self._read_again, EVERYTHING))

    async def __aenter__(self) -> Self:
        self.start(self._work())
        return self

    @abstractmethod
    def _read(self, rows: Transaction, key: str) -> Callable[[], None]:
        """Read a key, or EVERYTHING; return what then replaces it in memory."""

    async def load(self) -> None:
        """Read everything that was written before."""
        await self._load(EVERYTHING)

    def _changed(self, tx: Transaction, key: str, keep: Callable[[], object]) -> None:
        """Keep a change in memory after its COMMIT, and let other processes read it."""
        self._notifications.publish_with(tx, self.channel, key)
        tx.on_commit(partial(self._keep, key, keep))

    def _lock(self, tx: Transaction, key: str) -> None:
        tx.lock(f"{self.channel}:{key}")

    def _keep(self, key: str, keep: Callable[[], object]) -> None:
        keep()
        self._kept_meanwhile.append(keep)
        # A later change of another process may have been read before this was called.
        self._read_again(key)

    def _read_again(self, key: str) -> None:
        self._stale[key] = None
        self._is_stale.set()

    async def _work(self) -> None:
        while True:
            await self._is_stale.wait()
            self._is_stale.clear()
            while self._stale:
                key = next(iter(self._stale))
                del self._stale[key]
                await self._load_when_possible(key)

    async def _load_when_possible(self, key: str) -> None:
        for pause_s in self._database.waits.pauses():
            try:
                await self._load(key)
            except (*DATABASE_ERRORS, DatabaseLost) as error:
                if not is_passing(error):
                    log.exception("kept_rows.not_read", channel=self.channel)
                    return
            except Exception:
                # What cannot be read must not keep the other keys as they were.
                log.exception("kept_rows.not_read", channel=self.channel)
                return
            else:
                return
            await self._database.waits.sleep(pause_s)

    async def _load(self, key: str) -> None:
        """Read a key; what this process has changed meanwhile may not be in it yet."""
        self._kept_meanwhile.clear()
        replace = await self._database.read_long(self._read, key)
        replace()
        for keep in self._kept_meanwhile:
            keep()

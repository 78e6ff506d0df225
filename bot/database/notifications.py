"""Notifications between the processes on one database: what one wrote, the others read again."""

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable

import structlog

from bot.database.transaction import Transaction

log: structlog.stdlib.BoundLogger = structlog.get_logger()

MAX_BYTES = 7000
"""So long a channel and a payload may be together; PostgreSQL allows 8000 bytes (sql-notify)."""


class Notifications(ABC):
    """Tells every process on the database, this one included, in the order of the COMMITs.

    What is published while a process has no connection is lost to it: it hears of the reconnect.
    Callbacks are called in the event loop, and must not wait.
    """

    def __init__(self) -> None:
        self._callbacks = defaultdict[str, list[Callable[[str], object]]](list)
        self._reconnect_callbacks: list[Callable[[], object]] = []

    def subscribe(self, channel: str, callback: Callable[[str], object]) -> None:
        """Call a function with each payload that is published on a channel."""
        self._callbacks[channel].append(callback)

    def on_reconnect(self, callback: Callable[[], object]) -> None:
        """Call a function when notifications may have been lost, and are heard again."""
        self._reconnect_callbacks.append(callback)

    @abstractmethod
    async def publish(self, channel: str, payload: str) -> None:
        """Publish now; an outage of the database loses it, and is not raised.

        For what was committed before: a job's transaction must not publish, see ``publish_with``.
        """

    @abstractmethod
    def publish_with(self, tx: Transaction, channel: str, payload: str) -> None:
        """Publish with the COMMIT of a transaction, or not at all if that is rolled back.

        For transactions that are few, such as those of admins: PostgreSQL lets one of them commit
        at a time.
        """

    def _deliver(self, channel: str, payload: str) -> None:
        for callback in self._callbacks[channel]:
            try:
                callback(payload)
            except Exception:
                # One subscriber's defect must not keep the others from hearing.
                log.exception("notification.defect", channel=channel)

    def _reconnected(self) -> None:
        for callback in self._reconnect_callbacks:
            try:
                callback()
            except Exception:
                log.exception("notification.defect")


class LocalNotifications(Notifications):
    """Within this process: the database has no other that would have to hear."""

    async def publish(self, channel: str, payload: str) -> None:
        """Call who has subscribed, at once."""
        self._deliver(channel, payload)

    def publish_with(self, tx: Transaction, channel: str, payload: str) -> None:
        """Call who has subscribed after the COMMIT."""
        tx.on_commit(lambda: self._deliver(channel, payload))

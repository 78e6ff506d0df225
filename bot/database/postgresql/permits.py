"""Permits that the processes on one database share: all of them together hold at most so many.

A permit is an advisory lock of the process' session. The server frees it when the session ends:
there is nothing to clean up after a killed process.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any, Self

import structlog

from bot.core.background_task import OwnedTasks
from bot.database.errors import DATABASE_ERRORS
from bot.database.notifications import Notifications

if TYPE_CHECKING:  # psycopg, which it imports, is an extra
    from bot.database.postgresql.session import ProcessSession

log: structlog.stdlib.BoundLogger = structlog.get_logger()

CHANNEL = "permits"
# A session gets a lock again that it holds already: CASE leaves those out before anything is tried,
# which two conditions of WHERE, evaluated in any order, do not. Without a sort LIMIT ends the scan
# before another lock is taken.
_TAKE = (
    "SELECT n FROM generate_series(1, $2) AS n"
    " WHERE CASE WHEN n = ANY (CAST($3 AS BIGINT[])) THEN FALSE"
    " ELSE pg_try_advisory_lock(hashtextextended($1 || ':' || n, 0)) END LIMIT $4"
)
_FREE = "SELECT pg_advisory_unlock(hashtextextended($1 || ':' || CAST($2 AS BIGINT), 0))"
# Whoever waits for a permit says so this often; it is believed for so long.
_WANT_EVERY_S, _WANTED_S = 1.0, 3.0


class Permits:
    """The permits of this process, by name: an async context manager.

    It knows how many it needs, and which numbers it holds: fewer once the session was lost, which
    frees all. Then no new permit is given before those in use are held again.
    """

    def __init__(self, session: "ProcessSession", notifications: Notifications) -> None:
        self._session = session
        self._notifications = notifications
        self._needs: Counter[str] = Counter()
        self._limits: dict[str, int] = {}
        self._held: dict[str, set[int]] = {}  # changed in the session's thread
        self._taking = asyncio.Lock()
        self._freed_callbacks: dict[str, Callable[[], object]] = {}
        self._wanted_at: dict[str, float] = {}
        self._told_at: dict[str, float] = {}
        self._released: set[str] = set()
        self._is_released = asyncio.Event()
        self._messages = asyncio.Queue[str]()
        self._tasks = OwnedTasks(lambda defect: log.error("permits.defect", exc_info=defect))

    async def __aenter__(self) -> Self:
        self._session.on_lost(self._lost)
        self._session.on_regained(self._regained)
        self._notifications.subscribe(CHANNEL, self._heard)
        # To tell may take long, and others are not to wait for what is free until then.
        self._tasks.start(self._free_all())
        self._tasks.start(self._publish_all())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._tasks.end()

    # --- what others call ---------------------------------------------------------------------

    def count(self, name: str) -> int:
        """Return how many permits of a name were taken here, and not given back."""
        return self._needs[name]

    def held(self, name: str) -> int:
        """Return how many of these are held: fewer after the session was lost."""
        return min(self._needs[name], len(self._held.get(name, ())))

    async def take(self, name: str, *, of: int, most: int = 1) -> int:
        """Take up to ``most`` of ``of`` permits, without waiting for one; return how many.

        Raises PostgresqlError: the session is lost.
        """
        async with self._taking:
            self._limits[name] = of
            self._needs[name] += most
            taken = 0
            try:
                await self._session.run(partial(self._fill, name))
                lacking = self._needs[name] - len(self._held.get(name, ()))
                taken = min(most, max(0, most - lacking))
            finally:
                self.release(name, most - taken)
            return taken

    def release(self, name: str, count: int = 1) -> None:
        """Give permits back, which are free for others a moment later."""
        if count:
            self._needs[name] -= count
            self._released.add(name)
            self._is_released.set()

    def on_freed(self, name: str, callback: Callable[[], object]) -> None:
        """Call a function when a permit of that name may be free; it must not wait."""
        self._freed_callbacks[name] = callback

    def want(self, name: str) -> None:
        """Tell the other processes that a permit is waited for here."""
        if monotonic() - self._told_at.get(name, -_WANT_EVERY_S) >= _WANT_EVERY_S:
            self._told_at[name] = monotonic()
            self._tell("wanted", name)

    def is_wanted(self, name: str) -> bool:
        """Return whether another process waits for a permit."""
        return monotonic() - self._wanted_at.get(name, -_WANTED_S) < _WANTED_S

    # --- the session --------------------------------------------------------------------------

    def _fill(self, name: str, connection: Any) -> None:
        """Take in the session's thread what is needed; ``connection`` is one of psycopg."""
        held = self._held.setdefault(name, set())
        if (lacking := self._needs[name] - len(held)) > 0:
            numbers = "{" + ",".join(map(str, held)) + "}"
            found = connection.execute(
                _TAKE, (f"permit:{name}", self._limits[name], numbers, lacking)
            )
            held.update(row["n"] for row in found.fetchall())

    def _free_surplus(self, names: set[str], connection: Any) -> list[str]:
        freed = []
        for name in names:
            held = self._held.get(name, set())
            while len(held) > self._needs[name]:
                connection.execute(_FREE, (f"permit:{name}", max(held)))
                held.remove(max(held))
                freed.append(name)
        return freed

    def _lost(self) -> None:
        self._held = {}

    async def _regained(self) -> None:
        for name in list(+self._needs):
            await self._session.run(partial(self._fill, name))
        for callback in self._freed_callbacks.values():
            callback()

    # --- the other processes ------------------------------------------------------------------

    def _tell(self, what: str, name: str) -> None:
        self._messages.put_nowait(f"{self._session.owner} {what} {name}")

    def _heard(self, payload: str) -> None:
        owner, what, name = payload.split(" ", 2)
        if owner == self._session.owner:
            return
        if what == "wanted":
            self._wanted_at[name] = monotonic()
        elif callback := self._freed_callbacks.get(name):
            callback()

    async def _free_all(self) -> None:
        while True:
            await self._is_released.wait()
            self._is_released.clear()
            names, self._released = self._released, set()
            try:
                freed = await self._session.run(partial(self._free_surplus, names))
            except DATABASE_ERRORS as error:  # the server frees what a lost session held
                log.debug("permits.not_freed", error=str(error))
                freed = []
            for name in filter(self.is_wanted, set(freed)):
                self._tell("free", name)
            self._forget(names)

    async def _publish_all(self) -> None:
        while True:
            message = await self._messages.get()
            try:
                await self._notifications.publish(CHANNEL, message)
            except DATABASE_ERRORS:
                log.exception("permits.not_told")

    def _forget(self, names: set[str]) -> None:
        """Forget names without a permit, such as that of a person who asked once."""
        for name in names:
            if not self._needs[name] and not self._held.get(name):
                del self._needs[name]
                self._held.pop(name, None)
        old = monotonic() - _WANTED_S
        self._wanted_at = {name: at for name, at in self._wanted_at.items() if at > old}
        self._told_at = {name: at for name, at in self._told_at.items() if at > old}

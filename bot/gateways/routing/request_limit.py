"""A gateway's limit of concurrent requests: of one process, or of all of them together."""

import asyncio
from contextlib import suppress
from typing import Protocol

from bot.database.errors import DATABASE_ERRORS
from bot.database.postgresql.permits import Permits

# So often a permit is tried again without a notification.
TRY_EVERY_S = 1.0


class RequestLimit(Protocol):
    """Lets so many requests through at once; ``asyncio.Semaphore`` does so for one process."""

    def locked(self) -> bool:
        """Return whether a further request has to wait, as far as is known."""

    async def acquire(self) -> bool:
        """Wait until another request may be sent."""

    def release(self) -> None:
        """Let the next request through."""


class SharedLimit:
    """The limit of a gateway over all processes; here the first that comes is the first to go."""

    def __init__(self, permits: Permits, gateway: str, at_once: int) -> None:
        self._permits = permits
        self._name = f"gateway:{gateway}"
        self._at_once = at_once
        self._in_order = asyncio.Lock()
        self._waiting = 0
        self._spare = 0  # permits of requests that have ended, for those that wait here
        self._is_full = False
        self._freed = asyncio.Event()
        permits.on_freed(self._name, self._freed.set)

    def locked(self) -> bool:
        """Return whether requests wait here, or no permit was free when it was last tried."""
        return self._is_full or self._in_order.locked()

    async def acquire(self) -> bool:
        """Wait for a permit; while the session is lost there is none."""
        self._waiting += 1
        try:
            async with self._in_order:
                while not await self._is_taken():
                    with suppress(TimeoutError):
                        async with asyncio.timeout(TRY_EVERY_S):
                            await self._freed.wait()
        finally:
            self._waiting -= 1
            if self._spare and not self._waiting:
                self._permits.release(self._name, self._spare)
                self._spare = 0
        return True

    async def _is_taken(self) -> bool:
        self._freed.clear()
        if self._spare:
            self._spare -= 1
            return True
        taken = 0
        with suppress(*DATABASE_ERRORS):
            taken = await self._permits.take(self._name, of=self._at_once)
        self._is_full = not taken
        if not taken:
            self._permits.want(self._name)
        return taken > 0

    def release(self) -> None:
        """Hand the permit to the next request here, or to another process that waits for one."""
        self._is_full = False
        is_kept = self._waiting and not self._permits.is_wanted(self._name)
        # After a lost session it may be one that others have.
        if is_kept and self._permits.held(self._name) >= self._permits.count(self._name):
            self._spare += 1
            self._freed.set()
        else:
            self._permits.release(self._name)

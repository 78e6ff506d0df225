"""One change at a time of what is kept in memory and in the database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.database.database import Database
from bot.database.outage import DatabaseBusy


class ChangeLock:
    """Lets one change be made at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Wait for the others, however long they take."""
        async with self._lock:
            yield

    @asynccontextmanager
    async def held_soon(self) -> AsyncIterator[float]:
        """Wait for the others for somebody who waits; yield the seconds that a change may take.

        Raises:
            DatabaseBusy: the others take too long.
        """
        now_s = asyncio.get_running_loop().time
        until_s = now_s() + self._database.waits.answer_s
        try:
            async with asyncio.timeout_at(until_s):
                await self._lock.acquire()
        except TimeoutError:
            raise DatabaseBusy from None
        try:
            yield max(until_s - now_s(), 0)
        finally:
            self._lock.release()

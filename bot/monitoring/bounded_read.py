"""Ask for something that may take long, and wait for it only so long."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Generic, Self, TypeVar

import structlog

T = TypeVar("T")

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class BoundedRead(Generic[T]):
    """Runs one read at a time: an async context manager, which ends it.

    A slow database or disk neither delays who asks for longer than ``within_s``, nor gets a second
    question before it has answered the first.
    """

    def __init__(
        self, read: Callable[[], Coroutine[object, object, T]], *, within_s: float
    ) -> None:
        self._read = read
        self._within_s = within_s
        self._running: asyncio.Task[T | None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait((self._running,))

    async def value(self) -> T | None:
        """Return what was read, None where that fails or takes too long.

        Calls during a read share its result; a result that comes too late is dropped.
        """
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._read_if_possible())
        running = self._running
        await asyncio.wait((running,), timeout=self._within_s)
        return running.result() if running.done() else None

    async def _read_if_possible(self) -> T | None:
        try:
            return await self._read()
        except Exception as error:  # noqa: BLE001 - whatever it is, there is no value
            log.debug("monitoring.not_read", error=repr(error))
            return None

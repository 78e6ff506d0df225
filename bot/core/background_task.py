"""A task that goes on beside everything else, and ends with its owner."""

import asyncio
from collections.abc import Coroutine
from typing import Self


class BackgroundTask:
    """Owns one task until it is ended: an async context manager."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.end()

    def start(self, work: Coroutine[object, object, None]) -> None:
        """Start the task."""
        self._task = asyncio.get_running_loop().create_task(work)

    async def end(self) -> None:
        """Stop the task in the middle of anything; harmless twice."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))

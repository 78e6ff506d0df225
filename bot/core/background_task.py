"""Tasks that go on beside everything else, and end with their owner."""

import asyncio
from collections.abc import Callable, Coroutine
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


class OwnedTasks:
    """Owns any number of tasks until they have ended; ``failed`` is called with what one raises."""

    def __init__(self, failed: Callable[[BaseException], object]) -> None:
        self._failed = failed
        self._tasks: set[asyncio.Task[object]] = set()

    def start(self, work: Coroutine[object, object, object]) -> None:
        """Start a task."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def idle(self) -> None:
        """Wait until those that run now have ended."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def end(self) -> None:
        """Stop all in the middle of anything; harmless twice."""
        for task in self._tasks:
            task.cancel()
        await self.idle()

    def _ended(self, task: asyncio.Task[object]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed(error)

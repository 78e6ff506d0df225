"""Ask the process that works on a job to stop it, and do so when another process asks."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from secrets import token_hex

import structlog

from bot.core.background_task import OwnedTasks
from bot.database.notifications import Notifications

log: structlog.stdlib.BoundLogger = structlog.get_logger()

ANSWER_S = 10.0
"""So long is waited for a process that may be busy, or dead."""

_STOP, _ANSWER, _ENDED = "stop", "stop_answer", "job_ended"

StopJob = Callable[[str], Awaitable[str | None]]
"""Stops a job of this process and says in a word what came of it; None if it has no such job."""


class StopRequests:
    """Sends and answers them; it owns the tasks that stop jobs for others."""

    def __init__(self, notifications: Notifications, *, answer_s: float = ANSWER_S) -> None:
        self._notifications = notifications
        self._answer_s = answer_s
        self._waiting: dict[str, asyncio.Future[str]] = {}
        self._tasks = OwnedTasks(lambda error: log.error("job.stop_not_told", exc_info=error))
        notifications.subscribe(_ANSWER, self._answered)

    def serve(self, stop: StopJob, *, ended: Callable[[str], object]) -> None:
        """Stop jobs for others by ``stop``; call ``ended`` with those that others have ended."""
        self._notifications.subscribe(_STOP, partial(self._asked, stop))
        self._notifications.subscribe(_ENDED, ended)

    async def ask(self, job_id: str) -> str | None:
        """Return what came of a job in another process; None if that does not answer in time."""
        key = token_hex(8)
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiting[key] = answer
        try:
            await self._notifications.publish(_STOP, f"{key} {job_id}")
            async with asyncio.timeout(self._answer_s):
                return await answer
        except TimeoutError:
            return None
        finally:
            del self._waiting[key]

    async def tell_ended(self, job_id: str) -> None:
        """Tell the process that works on a job that it was ended in the database."""
        await self._notifications.publish(_ENDED, job_id)

    async def close(self) -> None:
        """End the tasks; who asked hears nothing."""
        await self._tasks.end()

    def _asked(self, stop: StopJob, payload: str) -> None:
        key, _, job_id = payload.partition(" ")
        self._tasks.start(self._stop(stop, key, job_id))

    async def _stop(self, stop: StopJob, key: str, job_id: str) -> None:
        try:
            outcome = await stop(job_id)
        except Exception:
            # Whoever asked is told that nobody answers.
            log.exception("job.not_stopped", job=job_id)
            return
        if outcome is not None:
            await self._notifications.publish(_ANSWER, f"{key} {outcome}")

    def _answered(self, payload: str) -> None:
        key, _, outcome = payload.partition(" ")
        answer = self._waiting.get(key)
        if answer is not None and not answer.done():
            answer.set_result(outcome)

"""Shows how far a job is: the newest state, not too often, and nothing after the end.

The gateway's line is never kept waiting for Discord: what it reports is noted at once, and a task
of the job's own shows it.
"""

import asyncio
from abc import ABC, abstractmethod
from dataclasses import replace
from types import TracebackType
from typing import ClassVar, Self

import structlog

from bot.core.clock import Clock
from bot.core.models import Job
from bot.gateways.events import Preview, Progress, Received
from bot.jobs.attempts import SlotEvent
from bot.jobs.courier import Courier, JobProgress
from bot.jobs.queue.queue import Queue
from bot.jobs.queue.waiting_list import Ticket

log: structlog.stdlib.BoundLogger = structlog.get_logger()

PROGRESS_INTERVAL_S = 2.0
QUEUE_INTERVAL_S = 5.0
# An estimate is shown anew in so many steps, each of at least so many seconds.
ESTIMATE_STEPS = 10
MIN_ESTIMATE_STEP_S = 5.0
QUEUE_ESTIMATE_STEP_S = 15.0


class ThrottledUpdates(ABC):
    """Shows news at most every ``pace_s`` seconds, from when it is opened until it is left."""

    pace_s: ClassVar[float]

    def __init__(self, job: Job, courier: Courier, clock: Clock) -> None:
        self._job = job
        self._courier = courier
        self._clock = clock
        self._news = asyncio.Event()
        self._over = False
        self._pause: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._showing = asyncio.get_running_loop().create_task(self._show())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        # An edit under way is awaited: it must not arrive after the result.
        self._over = True
        self._news.set()
        if self._pause is not None:
            self._pause.cancel()
        await self._showing

    async def _show(self) -> None:
        while not self._over:
            self._news.clear()
            await self._try_update()
            await self._rest()
            if not self._over:
                await self._wait_for_news()

    async def _wait_for_news(self) -> None:
        alarm = self._alarm(self._stale_in_s())
        try:
            await self._clock.wait(self._news.wait(), "progress")
        finally:
            alarm.cancel()
            await asyncio.wait((alarm,))

    def _alarm(self, after_s: float | None) -> asyncio.Future[None]:
        loop = asyncio.get_running_loop()
        return loop.create_future() if after_s is None else loop.create_task(self._ring(after_s))

    async def _ring(self, after_s: float) -> None:
        await self._clock.wait(self._clock.sleep(after_s), "estimate")
        self._news.set()

    async def _rest(self) -> None:
        if not self._over:
            self._pause = asyncio.get_running_loop().create_task(self._sleep())
            await asyncio.wait((self._pause,))

    async def _sleep(self) -> None:
        await self._clock.wait(self._clock.sleep(self.pace_s), "pace")

    async def _try_update(self) -> None:
        try:
            await self._update()
        except Exception:
            # Progress is a kindness: the pictures come without it, too.
            log.exception("progress_update.failed", job=self._job.id)

    @abstractmethod
    async def _update(self) -> None:
        """Show the newest state."""

    @abstractmethod
    def _stale_in_s(self) -> float | None:
        """Return in how many seconds what is shown is old without any news, None for never."""


class ProgressUpdates(ThrottledUpdates):
    """One job's progress."""

    pace_s = PROGRESS_INTERVAL_S

    def __init__(
        self,
        job: Job,
        courier: Courier,
        clock: Clock,
        *,
        started_at: int,
        usual_ms: int | None,
        slots: int,
    ) -> None:
        super().__init__(job, courier, clock)
        self._painting = JobProgress(started_at, done=0, total=job.request.n, usual_ms=usual_ms)
        self._slots = slots

    def report(self, what: SlotEvent) -> None:
        """Note what a slot has to tell; of several slots only what is done counts."""
        match what:
            case Received(pictures=pictures):
                done = self._painting.done + len(pictures)
                self._painting = replace(self._painting, done=done)
            case Preview(picture=picture):
                self._painting = replace(self._painting, preview=picture)
            case Progress(fraction=fraction) if self._slots == 1:
                self._painting = replace(self._painting, fraction=fraction)
        self._news.set()

    async def _update(self) -> None:
        elapsed_ms = max(0, self._clock.now() - self._painting.started_at)
        self._painting = replace(self._painting, elapsed_ms=elapsed_ms)
        await self._courier.update(self._job, self._painting)

    def _stale_in_s(self) -> float | None:
        painting = self._painting
        if painting.usual_ms is None or painting.is_overdue:
            return None
        to_go_s = (painting.usual_ms - painting.elapsed_ms) / 1000
        if painting.fraction is not None or painting.preview is not None:
            return to_go_s
        return min(to_go_s, max(MIN_ESTIMATE_STEP_S, painting.usual_ms / 1000 / ESTIMATE_STEPS))


class QueueUpdates(ThrottledUpdates):
    """One job's place in the queue; the card, just placed, says the first."""

    pace_s = QUEUE_INTERVAL_S

    def __init__(
        self, job: Job, courier: Courier, clock: Clock, *, queue: Queue, ticket: Ticket
    ) -> None:
        super().__init__(job, courier, clock)
        self._queue = queue
        self._ticket = ticket
        ticket.on_move = self._news.set

    async def _show(self) -> None:
        await self._rest()
        await super()._show()

    async def _update(self) -> None:
        if (place := self._queue.changed_position(self._ticket)) is not None:
            await self._courier.update(self._job, place)

    def _stale_in_s(self) -> float:
        return QUEUE_ESTIMATE_STEP_S

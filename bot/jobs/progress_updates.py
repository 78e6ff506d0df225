"""Show a job's progress, or its position in the queue, while it is worked on.

A gateway's connection never waits for Discord: a report only replaces the state, and a task of
the job shows the newest state, with a pause after each update, and nothing after the end.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import ClassVar

import structlog

from bot.core.clock import Clock
from bot.core.models import Job
from bot.gateways.events import Preview, Received, RequestRefused, Sending, TaskProgress
from bot.jobs.attempts import SlotEvent
from bot.jobs.courier import STARTS_NOW, Courier, JobProgress
from bot.jobs.queue.queue import KEPT_UP_TO_DATE, Queue
from bot.jobs.queue.waiting_list import Ticket

log: structlog.stdlib.BoundLogger = structlog.get_logger()

PROGRESS_INTERVAL_S = 2.0
QUEUE_INTERVAL_S = 5.0
# An estimate is shown anew in so many steps, each of at least so many seconds.
ESTIMATE_STEPS = 10
MIN_ESTIMATE_STEP_S = 5.0
QUEUE_ESTIMATE_STEP_S = 15.0


class ThrottledUpdates(ABC):
    """Shows changes at most every ``interval_s`` seconds."""

    interval_s: ClassVar[float]

    def __init__(self, job: Job, courier: Courier, clock: Clock) -> None:
        self._job = job
        self._courier = courier
        self._clock = clock
        self._changed = asyncio.Event()
        self._updating = False
        self._closed = False

    @asynccontextmanager
    async def shown(self) -> AsyncIterator[None]:
        """Show the changes in this context, and nothing after it."""
        task = asyncio.get_running_loop().create_task(self._show())
        try:
            yield
        finally:
            self._closed = True
            # An update under way is awaited: it must not arrive after the result.
            if not self._updating:
                task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def stop(self) -> None:
        """Begin no further update; who does not wait for one under way shows the next after it."""
        self._closed = True
        self._changed.set()

    async def _show(self) -> None:
        while not self._closed:
            self._changed.clear()
            self._updating = True
            try:
                await self._update()
            except Exception:
                # The pictures come without progress, too.
                log.exception("progress_update.failed", job=self._job.id)
            self._updating = False
            if not self._closed:
                await self._clock.wait(self._clock.sleep(self.interval_s), "pace")
                await self._wait_for_change(self._outdated_in_s())

    async def _wait_for_change(self, outdated_in_s: float | None) -> None:
        if outdated_in_s is None:
            await self._clock.wait(self._changed.wait(), "progress")
            return
        alarm = asyncio.get_running_loop().create_task(self._change_after(outdated_in_s))
        try:
            await self._clock.wait(self._changed.wait(), "progress")
        finally:
            alarm.cancel()
            await asyncio.wait((alarm,))

    async def _change_after(self, seconds: float) -> None:
        await self._clock.wait(self._clock.sleep(seconds), "estimate")
        self._changed.set()

    @abstractmethod
    async def _update(self) -> None:
        """Show the newest state."""

    @abstractmethod
    def _outdated_in_s(self) -> float | None:
        """Return in how many seconds what is shown is outdated by time alone, None for never."""


class ProgressUpdates(ThrottledUpdates):
    """Shows how far a running job is, and that it starts while none of its requests is out.

    ``begun`` requests were sent by a dead process. For ``quiet_s`` seconds nothing is shown, so
    that a quick result is the first news of a job that started at once. ``is_shown``: its card
    says already that it is being painted, so it is edited only where something else is to be told.
    """

    interval_s = PROGRESS_INTERVAL_S

    def __init__(
        self,
        job: Job,
        courier: Courier,
        clock: Clock,
        progress: JobProgress,
        *,
        slots: int,
        begun: int = 0,
        quiet_s: float = 0.0,
        is_shown: bool = False,
    ) -> None:
        super().__init__(job, courier, clock)
        self._progress = progress
        self._slots = slots
        self._requests_out = begun
        self._quiet_s = quiet_s
        self._is_shown = is_shown
        self._says_starting = False

    def report(self, event: SlotEvent) -> None:
        """Note an event of a slot; of several slots only finished pictures count."""
        match event:
            case Sending():
                self._requests_out += 1
            case RequestRefused():
                self._requests_out -= 1
            case Received():
                done = self._progress.done + event.units
                self._progress = replace(self._progress, done=done)
            case Preview(picture=picture):
                self._progress = replace(self._progress, preview=picture)
            case TaskProgress(fraction=fraction) if self._slots == 1:
                self._progress = replace(self._progress, fraction=fraction)
        if self._progress.done < self._progress.total:  # else the result follows
            self._is_shown = self._is_shown and isinstance(event, Sending)
            self._changed.set()

    @property
    def _is_painting(self) -> bool:
        """Whether a gateway has a request, or had one that brought pictures."""
        return self._requests_out > 0 or self._progress.done > 0

    async def _show(self) -> None:
        if self._quiet_s:
            await self._clock.wait(self._clock.sleep(self._quiet_s), "pace")
        if self._is_painting and self._is_shown:
            self._changed.clear()
            step_s = self._estimate_step_s()
            await self._wait_for_change(None if step_s is None else step_s - self._quiet_s)
        elif not self._is_painting:
            await self._wait_for_change(PROGRESS_INTERVAL_S)
        await super()._show()

    async def _update(self) -> None:
        if self._is_painting:
            elapsed_ms = max(0, self._clock.now() - self._progress.started_at)
            self._progress = replace(self._progress, elapsed_ms=elapsed_ms)
            await self._courier.update(self._job, self._progress)
        elif not self._says_starting:
            await self._courier.update(self._job, STARTS_NOW)
        self._says_starting = not self._is_painting

    def _outdated_in_s(self) -> float | None:
        progress = self._progress
        if not self._is_painting:
            return None if self._says_starting else PROGRESS_INTERVAL_S
        step_s = self._estimate_step_s()
        if progress.usual_ms is None or step_s is None or progress.is_overdue:
            return None
        rest_s = (progress.usual_ms - progress.elapsed_ms) / 1000
        if progress.fraction is not None or progress.preview is not None:
            return rest_s
        return min(rest_s, step_s)

    def _estimate_step_s(self) -> float | None:
        usual_ms = self._progress.usual_ms
        return (
            None if usual_ms is None else max(MIN_ESTIMATE_STEP_S, usual_ms / 1000 / ESTIMATE_STEPS)
        )


class QueueUpdates(ThrottledUpdates):
    """Shows a waiting job's position; the first was shown when the card was placed."""

    interval_s = QUEUE_INTERVAL_S

    def __init__(
        self, job: Job, courier: Courier, clock: Clock, *, queue: Queue, ticket: Ticket
    ) -> None:
        super().__init__(job, courier, clock)
        self._queue = queue
        self._ticket = ticket
        ticket.on_move = self._changed.set

    async def _show(self) -> None:
        await self._clock.wait(self._clock.sleep(self.interval_s), "pace")
        await super()._show()

    async def _update(self) -> None:
        if (position := self._queue.changed_position(self._ticket)) is not None:
            await self._courier.update(self._job, position)

    def _outdated_in_s(self) -> float | None:
        """Return None far from the front: the queue wakes a card that comes near."""
        shown = self._ticket.shown
        is_far = shown is not None and shown.ahead >= KEPT_UP_TO_DATE
        return None if is_far else QUEUE_ESTIMATE_STEP_S

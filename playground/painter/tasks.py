"""Asynchronous tasks: answered with an id at once and polled until they are done."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from secrets import token_hex

from playground.painter.errors import Json, PainterError

MAX_UNFINISHED_PERCENT = 99  # of a task that is not done

# What new-api answers for a task that it does not have, with the status 400.
UNKNOWN: Json = {"code": "task_not_exist", "message": "task_not_exist", "data": None}


@dataclass(slots=True)
class PaintTask:
    """One request: under way until ``finished_at``, then with a reply or the reason for none."""

    action: str
    submitted_at: float
    finished_at: float | None = None
    reply: Json | None = None
    fail_reason: str = ""
    id: str = field(default_factory=lambda: token_hex(16))

    @property
    def status(self) -> str:
        """Return the status in new-api's words."""
        if self.finished_at is None:
            return "IN_PROGRESS"
        return "SUCCESS" if self.reply else "FAILURE"


class PaintTaskRegistry:
    """The latest tasks, at most ``capacity``; each typically takes ``typical_s``."""

    def __init__(self, *, capacity: int, typical_s: float, now: Callable[[], float]) -> None:
        self._capacity, self._typical_s, self._now = capacity, typical_s, now
        self._tasks: dict[str, PaintTask] = {}
        self._running: set[asyncio.Task[None]] = set()

    def submit(self, action: str, work: Callable[[], Awaitable[Json]]) -> Json:
        """Start a task and return its id; raises PainterError while too many are under way."""
        self._drop_a_finished_task()
        task = PaintTask(action, self._now())
        self._tasks[task.id] = task
        running = asyncio.create_task(self._run(task, work))
        self._running.add(running)
        running.add_done_callback(self._running.discard)
        return {"code": "success", "message": "", "data": task.id}

    def find(self, task_id: str) -> Json | None:
        """Return the progress of a task; None if there is none."""
        task = self._tasks.get(task_id)
        return {"code": "success", "message": "", "data": self._facts(task)} if task else None

    async def close(self) -> None:
        """Cancel every running task."""
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _run(self, task: PaintTask, work: Callable[[], Awaitable[Json]]) -> None:
        try:
            task.reply = await work()
        except PainterError as error:
            task.fail_reason = error.message
        finally:
            task.finished_at = self._now()

    def _drop_a_finished_task(self) -> None:
        if len(self._tasks) < self._capacity:
            return
        done = next((one.id for one in self._tasks.values() if one.finished_at is not None), None)
        if done is None:
            message = f"{self._capacity} tasks are under way: try again when one is done."
            raise PainterError(message, "rate_limit_exceeded", status=429, kind="requests")
        del self._tasks[done]

    def _facts(self, task: PaintTask) -> Json:
        return {
            "task_id": task.id,
            "platform": "easel",
            "action": task.action,
            "status": task.status,
            "fail_reason": task.fail_reason,
            "submit_time": int(task.submitted_at),
            "start_time": int(task.submitted_at),
            "finish_time": int(task.finished_at or 0),
            "progress": f"{self._percent(task)}%",
            "data": task.reply,
        }

    def _percent(self, task: PaintTask) -> int:
        if task.finished_at is not None:
            return 100
        spent_s = max(0.0, self._now() - task.submitted_at)
        return min(MAX_UNFINISHED_PERCENT, int(100 * spent_s / max(self._typical_s, 0.001)))

"""Tasks: orders that are answered at once and looked at until they are done."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from secrets import token_hex

from playground.painter.refused import Json, Refused

MOST_PERCENT = 99  # of a task that is not done

# What new-api answers for a task that it does not have, with the status 400.
UNKNOWN: Json = {"code": "task_not_exist", "message": "task_not_exist", "data": None}


@dataclass(slots=True)
class Task:
    """One order: under way until ``finished_at``, then with a reply or the reason for none."""

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


class Tasks:
    """The latest tasks, at most ``room``; each usually takes ``usual_s``."""

    def __init__(self, *, room: int, usual_s: float, now: Callable[[], float]) -> None:
        self._room, self._usual_s, self._now = room, usual_s, now
        self._tasks: dict[str, Task] = {}
        self._running: set[asyncio.Task[None]] = set()

    def submit(self, action: str, work: Callable[[], Awaitable[Json]]) -> Json:
        """Begin a task and say its id; raises Refused while too many are under way."""
        self._make_room()
        task = Task(action, self._now())
        self._tasks[task.id] = task
        running = asyncio.create_task(self._run(task, work))
        self._running.add(running)
        running.add_done_callback(self._running.discard)
        return {"code": "success", "message": "", "data": task.id}

    def look(self, task_id: str) -> Json | None:
        """Say how far a task is; None if there is none."""
        task = self._tasks.get(task_id)
        return {"code": "success", "message": "", "data": self._facts(task)} if task else None

    async def close(self) -> None:
        """End what is under way."""
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _run(self, task: Task, work: Callable[[], Awaitable[Json]]) -> None:
        try:
            task.reply = await work()
        except Refused as refused:
            task.fail_reason = refused.message
        finally:
            task.finished_at = self._now()

    def _make_room(self) -> None:
        if len(self._tasks) < self._room:
            return
        done = next((one.id for one in self._tasks.values() if one.finished_at is not None), None)
        if done is None:
            message = f"{self._room} tasks are under way: try again when one is done."
            raise Refused(message, "rate_limit_exceeded", status=429, kind="requests")
        del self._tasks[done]

    def _facts(self, task: Task) -> Json:
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

    def _percent(self, task: Task) -> int:
        if task.finished_at is not None:
            return 100
        spent_s = max(0.0, self._now() - task.submitted_at)
        return min(MOST_PERCENT, int(100 * spent_s / max(self._usual_s, 0.001)))

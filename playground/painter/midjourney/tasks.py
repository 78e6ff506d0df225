"""Tasks: started by a submit, fetched until they are done, and gone on with by their buttons."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal
from uuid import uuid4

from yarl import URL

from playground.painter.errors import Json, PainterError
from playground.painter.midjourney.buttons import Button
from playground.painter.midjourney.recipes import Recipe
from playground.painter.midjourney.refusals import SubmitRefusedError, unknown_task

Status = Literal["NOT_START", "IN_PROGRESS", "MODAL", "SUCCESS", "FAILURE"]

_UNFINISHED = 99  # percent
_MS = 1000


@dataclass(slots=True)
class Task:
    """One task; ``submitted_at`` and ``finished_at`` are in seconds.

    ``recipes`` are its pictures, ``picture`` the name of their file. A task with
    a ``waiting`` button wants words; until it has them, ``parent`` is the one with that button.
    """

    action: str
    prompt: str
    submitted_at: float
    waiting: Button | None = None
    parent: "Task | None" = None
    status: Status = "NOT_START"
    finished_at: float | None = None
    recipes: tuple[Recipe, ...] = ()
    buttons: tuple[Button, ...] = ()
    picture: str = ""
    final_prompt: str = ""
    fail_reason: str | None = None
    id: str = field(default_factory=lambda: str(uuid4().int)[:16])

    @property
    def is_over(self) -> bool:
        """Whether nothing will change."""
        return self.finished_at is not None

    def button(self, custom_id: str) -> Button | None:
        """Return a button of its pictures."""
        return next((one for one in self.buttons if one.custom_id == custom_id), None)

    def json(self, address: Callable[[str], URL], *, percent: int) -> Json:
        """Return it as a fetch shows it; ``address`` is that of a file."""
        finished = None if self.finished_at is None else int(self.finished_at * _MS)
        submitted = int(self.submitted_at * _MS)
        return {
            "id": self.id,
            "action": self.action,
            "botType": "MID_JOURNEY",
            "customId": self.waiting.custom_id if self.waiting else None,
            "status": self.status,
            "progress": f"{percent}%",
            "prompt": self.prompt,
            "promptEn": self.prompt,
            "description": f"/{self.action.lower()} {self.prompt}".rstrip(),
            "submitTime": submitted,
            "startTime": submitted,
            "finishTime": finished,
            "failReason": self.fail_reason,
            "state": "",
            "imageUrl": str(address(self.picture)) if self.picture else "",
            "buttons": [one.json() for one in self.buttons],
            "properties": {"finalPrompt": self.final_prompt},
        }


class TaskRegistry:
    """The latest tasks, at most ``capacity``; each typically takes ``typical_s``."""

    def __init__(self, *, capacity: int, typical_s: float, now: Callable[[], float]) -> None:
        self._capacity, self._typical_s, self._now = capacity, typical_s, now
        self._tasks: dict[str, Task] = {}
        self._running: set[asyncio.Task[None]] = set()

    def add(
        self, action: str, prompt: str, *, waiting: Button | None = None, parent: Task | None = None
    ) -> Task:
        """Add a task, which waits if a button does; raises SubmitRefusedError if all are busy."""
        if len(self._tasks) >= self._capacity:
            self._drop_one()
        task = Task(action, prompt, self._now(), waiting, parent)
        if waiting:
            task.status = "MODAL"
        self._tasks[task.id] = task
        return task

    def _drop_one(self) -> None:
        """Drop the oldest task that nobody waits for."""
        idle = (one.id for one in self._tasks.values() if one.is_over or one.status == "MODAL")
        oldest = next(idle, None)
        if oldest is None:
            raise SubmitRefusedError(23, "队列已满,请稍后尝试")
        del self._tasks[oldest]

    def start(self, task: Task, work: Callable[[], Awaitable[None]]) -> None:
        """Let a task be worked on."""
        running = asyncio.create_task(self._run(task, work))
        self._running.add(running)
        running.add_done_callback(self._running.discard)

    async def _run(self, task: Task, work: Callable[[], Awaitable[None]]) -> None:
        task.status = "IN_PROGRESS"
        try:
            await work()
            task.status = "SUCCESS"
        except PainterError as error:
            task.status, task.fail_reason = "FAILURE", error.message
        finally:
            task.finished_at = self._now()

    def find(self, task_id: str) -> Task:
        """Return a task; raises SubmitRefusedError if there is none."""
        if task := self._tasks.get(task_id):
            return task
        raise unknown_task()

    def percent(self, task: Task) -> int:
        """Return how far a task is."""
        if task.is_over:
            return 100
        if task.status == "MODAL":
            return 0
        spent_s = max(0.0, self._now() - task.submitted_at)
        return min(_UNFINISHED, int(100 * spent_s / max(self._typical_s, 0.001)))

    async def close(self) -> None:
        """Cancel every running task."""
        running = list(self._running)
        for one in running:
            one.cancel()
        await asyncio.gather(*running, return_exceptions=True)

"""Ask gateways for the seeds of finished tasks, which is free, when somebody wants to know them.

What was told is kept with the attempt, so that nobody is asked again.
"""

import asyncio

import structlog

from bot.core.errors.base import EaselError
from bot.core.errors.gateway import GatewayErrorKind, GatewayFailure
from bot.core.errors.texts import SeedLater, SeedUnknown
from bot.core.models import Billed, Job
from bot.database.database import Database
from bot.gateways.text_call_client import TaskName, TextCallClient
from bot.jobs.repository.attempt_seeds import FinishedTask, read_finished_tasks, write_seed

log: structlog.stdlib.BoundLogger = structlog.get_logger()

Kind = GatewayErrorKind

_MOST_DIGITS = 18  # of a number that a database keeps
# What may be different in a few minutes.
_FOR_A_WHILE = frozenset(
    {
        Kind.UNREACHABLE,
        Kind.RATE_LIMITED,
        Kind.TIMEOUT_UNKNOWN,
        Kind.AUTH,
        Kind.QUOTA,
        Kind.BAD_RESPONSE,
    }
)


class TaskSeeds:
    """Asks, and owns what is under way: two presses in a moment are one request."""

    def __init__(self, database: Database, client: TextCallClient) -> None:
        self._database = database
        self._client = client
        self._asking: dict[str, asyncio.Task[tuple[int, ...]]] = {}

    async def may_ask(self, job: Job) -> bool:
        """Tell whether a gateway can be asked for a seed that nobody knows."""
        tasks = await self._database.read(read_finished_tasks, job.id)
        return any(self._is_asked(task, job) for task in tasks)

    def _is_asked(self, task: FinishedTask, job: Job) -> bool:
        return task.seed is None and self._client.has_value("seed", _name(task, job))

    async def ask(self, job: Job) -> tuple[int, ...]:
        """Return the seeds of a job's tasks, and keep what a gateway has told now.

        Raises:
            SeedUnknown, SeedLater: not one is known.
        """
        asking = self._asking.get(job.id)
        if asking is None:
            asking = asyncio.get_running_loop().create_task(self._asked(job))
            self._asking[job.id] = asking
            asking.add_done_callback(lambda ended: self._ended(job.id, ended))
        return await asyncio.shield(asking)

    def _ended(self, job_id: str, ended: "asyncio.Task[tuple[int, ...]]") -> None:
        self._asking.pop(job_id, None)
        if not ended.cancelled():
            ended.exception()  # whoever asked may have left

    async def close(self) -> None:
        """End what is under way: it was free."""
        asking = list(self._asking.values())
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)

    # --- one question -----------------------------------------------------------------------------

    async def _asked(self, job: Job) -> tuple[int, ...]:
        tasks = await self._database.read(read_finished_tasks, job.id)
        known = [task.seed for task in tasks if task.seed is not None]
        told = await asyncio.gather(
            *(self._told(task, _name(task, job)) for task in tasks if self._is_asked(task, job)),
            return_exceptions=True,
        )
        seeds = (*known, *(seed for seed in told if isinstance(seed, int)))
        if seeds:
            return tuple(dict.fromkeys(seeds))
        for failed in told:
            if isinstance(failed, BaseException):
                raise failed
        raise SeedUnknown  # the gateway, or its call, is there no more

    async def _told(self, task: FinishedTask, name: TaskName) -> int:
        if self._client.rests(name.gateway):
            raise SeedLater
        try:
            text = await self._client.value("seed", name)
        except GatewayFailure as failure:
            raise _refusal(failure) from failure
        if not (text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS):
            log.warning("seed.unreadable", gateway=name.gateway)
            raise SeedUnknown
        seed = int(text)
        await self._database.write_when_possible(write_seed, task.attempt, seed)
        return seed


def _name(task: FinishedTask, job: Job) -> TaskName:
    return TaskName(task.attempt.gateway, job.request.model, task.task_id)


def _refusal(failure: GatewayFailure) -> EaselError:
    """Return what a person is told of a failure."""
    is_broken = failure.kind is Kind.UPSTREAM and failure.billed is not Billed.NO
    return SeedLater() if is_broken or failure.kind in _FOR_A_WHILE else SeedUnknown()

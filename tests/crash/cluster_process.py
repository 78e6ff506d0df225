"""One of several processes over a PostgreSQL server.

``python -m tests.crash.cluster_process PLAN``, where PLAN is a :class:`ClusterPlan` as JSON.

The process keeps jobs open, one for each of its people, until it is told to end (SIGTERM); then it
sees through what is left, also of processes that died meanwhile. It prints its owner's id once it
is ready. What it shows is a line in a file that all processes write: the number of the process,
what it did, and for which job.
"""

import asyncio
import itertools
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bot.core import logging as bot_logging
from bot.core.clock import Clock
from bot.core.liveness import SessionWaits
from bot.core.models import CardAddress, Job
from bot.database.errors import DATABASE_ERRORS, is_passing_error
from bot.database.outage import DatabaseBusy
from bot.jobs.courier import (
    DeliveryReport,
    JobFailure,
    JobProgress,
    JobResult,
    QueuePosition,
)
from bot.jobs.queue.queue import QueueFull
from bot.jobs.repository.unfinished_jobs import owners_of_unfinished
from bot.jobs.take_overs import TakeOvers
from bot.services import Services, open_services
from tests.crash.service_process import (
    CrashPoint,
    FolderCourier,
    attachment,
    settings,
    submit,
)

# Each process has numbers of its own, so that each prompt is asked for once.
NUMBERS_EACH = 1_000_000
PASSING_S = 0.05
MOST_LEFT_S = 100.0


class ClusterPlan(msgspec.Struct, frozen=True):
    """What one process does; ``number`` counts all processes, ``jobs`` it keeps open.

    None of its pauses is longer than ``longest_sleep_s``.
    """

    folder: str
    gateway: str
    database: str
    number: int
    jobs: int
    waits: SessionWaits
    longest_sleep_s: float


@dataclass(frozen=True)
class NotingCourier(FolderCourier):
    """Writes down which process did what, and when: before it does it."""

    number: int
    actions: Path

    def _note(self, what: str, job: Job) -> None:
        with self.actions.open("a") as file:
            file.write(f"{self.number} {what} {job.id}\n")

    async def place(self, job: Job, *, state: QueuePosition | JobProgress) -> CardAddress | None:
        """Give the card a number."""
        self._note("place", job)
        return await super().place(job, state=state)

    async def update(self, job: Job, state: QueuePosition | JobProgress) -> None:
        """Show nothing."""
        self._note("update", job)

    async def deliver(self, job: Job, result: JobResult) -> DeliveryReport:
        """Replace the card by its pictures."""
        self._note("deliver", job)
        return await super().deliver(job, result)

    async def after_delivery(self, job: Job, messages: Sequence[CardAddress]) -> None:
        """Add nothing."""

    async def end(self, job: Job, failure: JobFailure) -> bool:
        """Write the sentence's id."""
        self._note("end", job)
        return await super().end(job, failure)


async def run(plan: ClusterPlan) -> None:
    """Keep jobs open until the end, and see all through."""
    folder, ending = Path(plan.folder), asyncio.Event()
    cards = folder / "cards"
    cards.mkdir(parents=True, exist_ok=True)
    courier = NotingCourier(cards, CrashPoint(folder), plan.number, folder / "actions")
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ending.set)
    clock = Clock(sleep=lambda seconds: asyncio.sleep(min(seconds, plan.longest_sleep_s)))
    given = settings(folder, plan.gateway).model_copy(update={"database_url": plan.database})
    opening = open_services(given, clock, cluster=plan.number, session_waits=plan.waits)
    async with opening as services, TakeOvers(services.recovery, clock) as take_overs:
        taken = await services.recovery.take_over()
        await services.recovery.resume(taken, lambda _job, _card: courier, attachment)
        take_overs.begin(lambda _job, _card: courier, attachment)
        print(services.repository.owner, flush=True)  # noqa: T201 - the test reads it
        numbers = itertools.count(plan.number * NUMBERS_EACH)
        people = [keep_asking(services, courier, numbers, ending) for _ in range(plan.jobs)]
        await asyncio.gather(*people)
        await ending.wait()
        async with asyncio.timeout(MOST_LEFT_S):
            await until_nothing_is_left(services)
            await services.job_service.drained()


async def keep_asking(
    services: Services, courier: FolderCourier, numbers: "itertools.count[int]", end: asyncio.Event
) -> None:
    """Ask for one picture after the other until the end."""
    while not end.is_set():
        try:
            job = await submit(services, courier, next(numbers))
            await services.job_service.wait_for_end(job.id)
        except (DatabaseBusy, QueueFull, *DATABASE_ERRORS) as error:
            if not (isinstance(error, DatabaseBusy | QueueFull) or is_passing_error(error)):
                raise
            await asyncio.sleep(PASSING_S)  # they are told to come again


async def until_nothing_is_left(services: Services) -> None:
    """Wait until every job of every process has ended, and its card says so."""
    while True:
        try:
            if not await services.database.read(owners_of_unfinished):
                return
        except DATABASE_ERRORS as error:
            if not is_passing_error(error):
                raise
        await asyncio.sleep(PASSING_S)


if __name__ == "__main__":
    bot_logging.configure(level="ERROR", style="console", secrets=())
    asyncio.run(run(msgspec.json.decode(sys.argv[1], type=ClusterPlan)))

"""A process that holds credits: ``python -m tests.quota.holder FOLDER END DEFAULT SERVER BUDGET``.

The last three are quotas. It says "ready", waits for a line, holds 125 times at once, each with its
job, and says the id of each job that was granted. END is ``settle``: each hold is settled as
delivered at once; or ``leave``: everything stays held. It ends when nobody talks to it any more.
"""

import asyncio
import sys
from pathlib import Path

from bot.core.errors.base import Refusal
from bot.core.models import ImageRequest, Job, JobState, Requester, new_job_id
from bot.core.process_lock import hold_process_lock
from bot.jobs.repository.repository import JobRepository
from tests.quota.till import SERVER_ID, Till

AT_ONCE = 125
PEOPLE = 25
PRICE = 10


def somebody(number: int) -> Requester:
    """Return one of the people, by turns."""
    return Requester(1 + number % PEOPLE, SERVER_ID, "somebody")


class Holder:
    """One process at the till."""

    def __init__(self, till: Till, repository: JobRepository) -> None:
        self._till = till
        self._repository = repository

    async def hold(self, who: Requester, *, settles: bool) -> None:
        """Hold one credit for a job and say so, unless it is refused."""
        now = self._till.clock()
        request = ImageRequest(prompt="a fox", model="painter", size="auto", n=1)
        job = Job(new_job_id(now), request, who, 1, now)
        try:
            async with self._till.database.transaction(self._till.ledger.subjects(who)) as tx:
                await self._till.ledger.hold(
                    tx, job_id=job.id, requester=who, credits=1, price=PRICE
                )
                await self._repository.queued(tx, job)
        except Refusal:
            return
        print(job.id, flush=True)  # noqa: T201 - the test counts them
        if settles:
            await self._settle(job)

    async def _settle(self, job: Job) -> None:
        async with self._till.database.transaction(self._till.ledger.subjects(job.requester)) as tx:
            await self._repository.ended(tx, job.id, JobState.DONE)
            await self._till.ledger.settle(tx, job.id, delivered=1)


async def main(folder: Path, end: str, default: str, server_quota: str, budget: str) -> None:
    """Hold everything at once, when told."""
    with hold_process_lock(folder / "run") as owner:
        till_open = Till.open(folder, default=default, server_quota=server_quota, budget=budget)
        async with till_open as till:
            holder = Holder(till, JobRepository(owner=owner, now=till.clock))
            print("ready", flush=True)  # noqa: T201
            await asyncio.to_thread(sys.stdin.readline)
            await asyncio.gather(
                *(holder.hold(somebody(n), settles=end == "settle") for n in range(AT_ONCE))
            )
            await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    place, *words = sys.argv[1:]
    asyncio.run(main(Path(place), *words))

"""A process that holds credits in a database which other processes use at the same time.

``python -m tests.quota.holding_process FOLDER URL KIND END HOLDS DEFAULT SERVER TOTAL BUDGET``: the
last four are quotas. It prints "ready", waits for a line, holds HOLDS times, 50 at once, each with
its job, and prints the id of each job whose hold succeeded. KIND is ``exact``, or names a ledger
that is not. END is ``settle``: each hold is settled as delivered at once; or ``leave``: everything
stays held. It ends when its standard input is closed.
"""

import asyncio
import sys
from pathlib import Path

from bot.core.errors.base import Refusal
from bot.core.job_ids import new_job_id
from bot.core.models import ImageRequest, Job, JobState, Requester
from bot.core.process_lock import LockFolders, hold_process_lock
from bot.database.database import Database
from bot.database.opening import open_database
from bot.database.transaction import Transaction
from bot.jobs.repository.repository import JobRepository
from bot.quota.ledger import Ledger
from bot.quota.picture_counts import PictureCounts
from tests.quota.inexact_ledgers import LedgerWithoutLocks, LedgerWithoutMargin
from tests.quota.ledger_driver import SERVER_ID, ManualClock, ledger_of

IN_FLIGHT = 50
PEOPLE = 25
PRICE = 10
KINDS = {"exact": Ledger, "no locks": LedgerWithoutLocks, "no margin": LedgerWithoutMargin}


def somebody(number: int) -> Requester:
    """Return one of the people, by turns."""
    return Requester(1 + number % PEOPLE, SERVER_ID, "somebody")


class HoldingProcess:
    """One process that uses the ledger."""

    def __init__(
        self, database: Database, ledger: Ledger, repository: JobRepository, clock: ManualClock
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._repository = repository
        self._clock = clock
        self._in_flight = asyncio.Semaphore(IN_FLIGHT)

    async def hold(self, who: Requester, *, settles: bool) -> None:
        """Hold one credit for a job and say so, unless it is refused."""
        now = self._clock()
        request = ImageRequest(prompt="a fox", model="painter", size="auto", n=1)
        job = Job(new_job_id(now), request, who, 1, now)
        try:
            async with self._in_flight:
                await self._database.write(self._hold, job)
        except Refusal:
            return
        print(job.id, flush=True)  # noqa: T201 - the test counts them
        if settles:
            await self._database.write(self._settle, job)

    def _hold(self, tx: Transaction, job: Job) -> None:
        self._ledger.hold(tx, job_id=job.id, requester=job.requester, credits=1, price=PRICE)
        self._repository.queued(tx, job)

    def _settle(self, tx: Transaction, job: Job) -> None:
        self._repository.ended(tx, job.id, JobState.DONE)
        self._ledger.settle(tx, job.id, PictureCounts(delivered=1), each=1)


async def main(folder: Path, url: str, kind: str, end: str, holds: int, *quotas: str) -> None:
    """Hold everything at once, when told."""
    default, server_quota, total_quota, budget = quotas
    clock = ManualClock()
    ledger = ledger_of(
        clock,
        default=default,
        server_quota=server_quota,
        total_quota=total_quota,
        budget=budget,
        kind=KINDS[kind],
    )
    with hold_process_lock(LockFolders(folder / "easel.db", folder)) as owner:
        async with open_database(url, backup_dir=folder, now=clock) as database:
            process = HoldingProcess(database, ledger, JobRepository(owner=owner, now=clock), clock)
            print("ready", flush=True)  # noqa: T201
            await asyncio.to_thread(sys.stdin.readline)
            await asyncio.gather(
                *(process.hold(somebody(n), settles=end == "settle") for n in range(holds))
            )
            await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    place, address, what, how, number, *words = sys.argv[1:]
    asyncio.run(main(Path(place), address, what, how, int(number), *words))

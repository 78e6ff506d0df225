"""Nobody waits any more: a job in line is cancelled, one at work goes on without its card."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import structlog

from bot.core.errors.base import EaselError, Refusal
from bot.core.models import CardAddress, Job, JobState, Requester
from bot.database.database import Database
from bot.database.transaction import Transaction
from bot.jobs.courier import Courier, JobFailure, JobProgress, JobResult, QueuePosition
from bot.jobs.queue.queue import Queue
from bot.jobs.queue.waiting_list import Ticket
from bot.jobs.repository.repository import JobRepository
from bot.quota.ledger import Ledger

log: structlog.stdlib.BoundLogger = structlog.get_logger()


@dataclass(eq=False, kw_only=True)
class JobCancelled(EaselError):
    """Somebody cancelled the job before its request was sent."""

    message_id = "error-stopped"


@dataclass(eq=False, kw_only=True)
class RequesterDetached(EaselError):
    """Somebody stopped waiting for a job whose request was sent: it goes on without its card."""

    message_id = "error-stopped-waiting"


@dataclass(eq=False, kw_only=True)
class NotYoursToCancel(Refusal):
    """Only the requester, and who may manage messages there, stops a job."""

    message_id = "error-not-yours-to-stop"


@dataclass(eq=False, kw_only=True)
class NothingToCancel(Refusal):
    """The job has ended already, or is about to."""

    message_id = "error-nothing-to-stop"


class DetachableCourier:
    """A courier whose person may stop waiting: from then on it carries nothing more."""

    def __init__(self, courier: Courier) -> None:
        self._courier = courier
        self._one_at_a_time = asyncio.Lock()
        self._ends = False
        self._detached = False

    async def detach(self, job: Job) -> bool:
        """End the card for whoever waited; return False where its end is under way already."""
        if self._ends or self._detached:
            return False
        self._detached, is_told = True, False
        try:
            async with self._one_at_a_time:
                ending = JobFailure(RequesterDetached(), JobState.CANCELLED)
                is_told = await self._courier.end(job, ending)
        finally:
            # Where the card cannot say so, the job goes on as if nobody had asked.
            self._detached = is_told
        return is_told

    async def place(self, job: Job, *, waiting: QueuePosition) -> CardAddress | None:
        """Place the card."""
        return await self._courier.place(job, waiting=waiting)

    async def update(self, job: Job, state: QueuePosition | JobProgress) -> None:
        """Show how far the job is, to whoever still waits."""
        async with self._one_at_a_time:
            if not self._detached:
                await self._courier.update(job, state)

    async def deliver(self, job: Job, result: JobResult) -> Sequence[CardAddress]:
        """Hand over the pictures; where nobody waits, no message shows them."""
        async with self._one_at_a_time:
            if self._detached:
                return ()
            self._ends = True
            return await self._courier.deliver(job, result)

    async def end(self, job: Job, ending: JobFailure) -> bool:
        """Say why there are no pictures; where nobody waits, the card has said enough."""
        async with self._one_at_a_time:
            if self._detached:
                return True
            self._ends = True
            return await self._courier.end(job, ending)


class Cancellation:
    """Stops the jobs of this process, for those who may."""

    def __init__(
        self, *, database: Database, ledger: Ledger, repository: JobRepository, queue: Queue
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._repository = repository
        self._queue = queue
        self._open: dict[str, tuple[DetachableCourier, Ticket]] = {}

    @contextmanager
    def track(self, job: Job, courier: Courier, ticket: Ticket) -> Iterator[Courier]:
        """Let the job be stopped while it is at work; it speaks through what this yields."""
        stoppable = DetachableCourier(courier)
        self._open[job.id] = stoppable, ticket
        try:
            yield stoppable
        finally:
            del self._open[job.id]

    async def cancel(self, job_id: str, by: Requester, *, moderates: bool) -> None:
        """Cancel a job in line and free its credits; end only the card of one that was begun.

        ``moderates`` tells whether they may manage messages where the card is.

        Raises:
            NotYoursToStop: they neither asked for it nor moderate.
            NothingToStop: it has ended.
        """
        written = await self._database.read(self._repository.job, job_id)
        if written is None or not written.is_open:
            raise NothingToCancel
        if not (moderates or by.user_id == written.job.requester.user_id):
            raise NotYoursToCancel
        if await self.cancel_queued(written.job, JobCancelled()):
            log.info("job.cancelled", job=job_id, by=by.user_id)
        elif await self._detach(written.job):
            log.info("job.detached", job=job_id, by=by.user_id)
        else:
            raise NothingToCancel

    async def cancel_queued(self, job: Job, error: EaselError) -> bool:
        """Cancel a job that only waits, in whichever process; return False if it does not.

        Against the start of its work, the journal decides.
        """
        if not await self._database.write(self._withdraw, job, error):
            return False
        if (found := self._open.get(job.id)) is not None:
            # Its own task tells the card.
            self._queue.dismiss(found[1])
        return True

    def _withdraw(self, tx: Transaction, job: Job, error: EaselError) -> bool:
        if not self._repository.cancelled(tx, job.id, error):
            return False
        self._ledger.settle(tx, job.id, delivered=0, price=0)
        return True

    async def _detach(self, job: Job) -> bool:
        found = self._open.get(job.id)
        return found is not None and await found[0].detach(job)

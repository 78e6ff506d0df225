"""Cancel a job of which nothing was sent, or detach the requester from a running one.

The first ends as cancelled and its credits are released. A request that was sent cannot be taken
back: the job goes on, its pictures are kept and charged, but its card shows nothing of it, and no
further request of it is sent. A job of another process is stopped by that one, which is asked.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import structlog
from structlog.contextvars import bound_contextvars

from bot.core.errors.base import EaselError, Refusal
from bot.core.models import AnnouncedCard, CardAddress, Job, JobState, Requester
from bot.database.database import Database
from bot.database.outage import DatabaseBusy
from bot.database.transaction import Transaction
from bot.images.references import Upload
from bot.jobs.courier import (
    Courier,
    DeliveryReport,
    JobFailure,
    JobProgress,
    JobResult,
    QueuePosition,
)
from bot.jobs.queue.queue import Queue
from bot.jobs.queue.waiting_list import Ticket
from bot.jobs.repository.repository import JobRepository
from bot.jobs.repository.rows import WrittenJob
from bot.jobs.send_gate import SendGate
from bot.jobs.stop_requests import StopRequests
from bot.quota.ledger import Ledger
from bot.quota.picture_counts import PictureCounts

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
    """Only the requester, and who may manage messages there, cancels a job."""

    message_id = "error-not-yours-to-stop"


@dataclass(eq=False, kw_only=True)
class AlreadyCancelled(Refusal):
    """The job was cancelled before, and nothing was charged."""

    message_id = "error-already-cancelled"


@dataclass(eq=False, kw_only=True)
class AlreadyDetached(Refusal):
    """Somebody stopped waiting for the job before."""

    message_id = "error-already-stopped-waiting"


@dataclass(eq=False, kw_only=True)
class NothingToCancel(Refusal):
    """The job has ended already, or is about to."""

    message_id = "error-nothing-to-stop"


@dataclass(eq=False, kw_only=True)
class StopUnanswered(Refusal):
    """The process that works on the job does not answer."""

    message_id = "error-stop-unanswered"


class DetachableCourier:
    """A courier that shows nothing more once its requester is detached.

    It also shows no progress while ``may_show`` says so: another process may have the job.
    """

    def __init__(self, courier: Courier, *, may_show: Callable[[], bool] = lambda: True) -> None:
        self._courier = courier
        self._may_show = may_show
        self._one_at_a_time = asyncio.Lock()
        self._is_ending = False
        self._is_detached = False
        self._is_elsewhere = False

    @property
    def is_ending(self) -> bool:
        """Whether the job's end is shown, or about to be."""
        return self._is_ending

    @property
    def is_detached(self) -> bool:
        """Whether the card shows nothing more."""
        return self._is_detached

    async def detach(self, job: Job) -> bool:
        """Say so on the card; return False if it cannot, or the job's end is under way already."""
        if self._is_ending:  # which may take long
            return False
        async with self._one_at_a_time:
            if self._is_ending or self._is_detached:
                return False
            failure = JobFailure(RequesterDetached(), JobState.CANCELLED)
            # Where the card cannot say so, the job goes on as if nobody had asked.
            self._is_detached = await self._courier.end(job, failure)
            return self._is_detached

    def stop_showing(self) -> None:
        """Show no progress any more: another process has the job, and the run here ends."""
        self._is_elsewhere = True

    def announced(self, job: Job) -> AnnouncedCard | None:
        """Return where the card is about to be placed."""
        return self._courier.announced(job)

    async def place(self, job: Job, *, state: QueuePosition | JobProgress) -> CardAddress | None:
        """Place the card."""
        return await self._courier.place(job, state=state)

    async def update(self, job: Job, state: QueuePosition | JobProgress) -> None:
        """Show how far the job is, unless the requester is detached."""
        async with self._one_at_a_time:
            if not (self._is_detached or self._is_elsewhere) and self._may_show():
                await self._courier.update(job, state)

    async def deliver(self, job: Job, result: JobResult) -> DeliveryReport:
        """Deliver the pictures; if the requester is detached, no message shows them."""
        async with self._one_at_a_time:
            if self._is_detached:
                return DeliveryReport()
            self._is_ending = True
            return await self._courier.deliver(job, result)

    async def after_delivery(self, job: Job, messages: Sequence[CardAddress]) -> None:
        """Add to the delivered messages what may come late."""
        await self._courier.after_delivery(job, messages)

    async def end(self, job: Job, failure: JobFailure) -> bool:
        """Say why there are no pictures, unless the requester is detached."""
        async with self._one_at_a_time:
            if self._is_detached:
                return True
            self._is_ending = True
            return await self._courier.end(job, failure)

    async def find_file(self, file: str, messages: Sequence[CardAddress]) -> Upload | None:
        """Fetch messages again, and find a file in them: nobody sees that."""
        return await self._courier.find_file(file, messages)


@dataclass(frozen=True, slots=True)
class _OpenJob:
    """A job of this process; one press of its button is handled after the other."""

    courier: DetachableCourier
    ticket: Ticket
    gate: SendGate
    pressing: asyncio.Lock = field(default_factory=asyncio.Lock)


_CANCELLED, _DETACHED = "cancelled", "detached"
_REFUSALS: dict[str, type[Refusal]] = {
    each.message_id: each for each in (AlreadyCancelled, AlreadyDetached, NothingToCancel)
}


class Cancellation:
    """Cancels jobs, those of other processes too, for those who may; ``owner`` is this process."""

    def __init__(
        self,
        *,
        database: Database,
        ledger: Ledger,
        repository: JobRepository,
        queue: Queue,
        requests: StopRequests,
        owner: str,
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._repository = repository
        self._queue = queue
        self._requests = requests
        self._owner = owner
        self._open: dict[str, _OpenJob] = {}
        requests.serve(self._stop_for_others, ended=self._has_ended)

    @contextmanager
    def tracked(
        self, job: Job, courier: DetachableCourier, ticket: Ticket, gate: SendGate
    ) -> Iterator[None]:
        """Let a job of this process be cancelled, or its requester detached, in this context."""
        self._open[job.id] = _OpenJob(courier, ticket, gate)
        try:
            yield
        finally:
            del self._open[job.id]

    async def cancel(self, job_id: str, by: Requester, *, moderates: bool) -> None:
        """Cancel an unsent job and release its credits; detach the requester of a running one.

        ``moderates`` tells whether they may manage messages where the card is.

        Raises:
            NotYoursToCancel: they neither asked for it nor moderate.
            AlreadyCancelled, AlreadyDetached, NothingToCancel: it was stopped, or has ended.
            StopUnanswered: another process works on it, and does not answer.
        """
        with bound_contextvars(job=job_id):
            await self._cancel(job_id, by, moderates=moderates)

    async def _cancel(self, job_id: str, by: Requester, *, moderates: bool) -> None:
        written = await self._database.read(self._repository.job, job_id)
        if written is None:
            raise NothingToCancel
        job = written.job
        if not (moderates or by.user_id == job.requester.user_id):
            raise NotYoursToCancel
        if (found := self._open.get(job_id)) is None:
            is_cancelled = await self._stop_elsewhere(job)
        else:
            is_cancelled = await self._stop_here(job, found)
        log.info("job.cancelled" if is_cancelled else "job.detached", by=by.user_id)

    async def _stop_here(self, job: Job, found: _OpenJob) -> bool:
        """Cancel a job of this process, or return False if its requester is detached now."""
        async with found.pressing:
            return await self.cancel_unsent(job, JobCancelled()) or await self._stop(job, found)

    async def _stop_elsewhere(self, job: Job) -> bool:
        """Do the same with a job that another process works on, or nobody any more."""
        if await self.cancel_unsent(job, JobCancelled()):
            return True
        written = await self._check_open(job)
        if written.owner == self._owner:
            raise NothingToCancel
        outcome = await self._requests.ask(job.id)
        if outcome is None:
            await self._check_open(job)
            raise StopUnanswered
        if outcome in _REFUSALS:
            raise _REFUSALS[outcome]
        return outcome == _CANCELLED

    async def _stop_for_others(self, job_id: str) -> str | None:
        """Stop a job of this process for another one, which has checked that somebody may."""
        found = self._open.get(job_id)
        written = await self._database.read(self._repository.job, job_id)
        if found is None or written is None:
            return None
        with bound_contextvars(job=job_id):
            try:
                is_cancelled = await self._stop_here(written.job, found)
            except (AlreadyCancelled, AlreadyDetached, NothingToCancel) as refusal:
                return refusal.message_id
        return _CANCELLED if is_cancelled else _DETACHED

    async def _check_open(self, job: Job) -> WrittenJob:
        """Return what is written of an open job; raise AlreadyCancelled or NothingToCancel."""
        written = await self._database.read(self._repository.job, job.id)
        if written is not None and written.state is JobState.CANCELLED:
            raise AlreadyCancelled
        if written is None or not written.is_open:
            raise NothingToCancel
        return written

    async def _stop(self, job: Job, found: _OpenJob) -> bool:
        """Send nothing more; detach the requester, or return True if nothing is out any more."""
        await self._check_open(job)
        if found.courier.is_detached:
            raise AlreadyDetached
        # First, so that nothing is sent while the card is told that nothing more will be.
        found.gate.close()
        # What waited is stopped now, so from here on nothing may say that nothing was changed.
        with suppress(DatabaseBusy):
            if await self.cancel_unsent(job, JobCancelled()):
                return True  # what was out has been refused meanwhile
        if not await found.courier.detach(job):
            if found.courier.is_ending:
                raise NothingToCancel
            log.warning("job.card_not_told")
        return False

    async def cancel_unsent(self, job: Job, error: EaselError) -> bool:
        """Cancel a job of any process; return False if it has ended, or a request of it is out.

        Whether it was cancelled or sent first, the database decides.

        Raises:
            DatabaseBusy: it did not say so in time; a late decision is told by the job's own task.
        """
        database = self._database
        if not await database.write_soon(lambda tx: self._cancel_unsent(tx, job, error)):
            return False
        if job.id in self._open:
            self._has_ended(job.id)
        else:
            await self._requests.tell_ended(job.id)
        return True

    def _has_ended(self, job_id: str) -> None:
        """Let a job of this process go on to its end, which is written; its task tells the card."""
        if (found := self._open.get(job_id)) is not None:
            self._queue.dismiss(found.ticket)
            found.gate.close()

    def _cancel_unsent(self, tx: Transaction, job: Job, error: EaselError) -> bool:
        repository = self._repository
        tx.lock(self._ledger.person_lock(job.requester.user_id))
        if not repository.cancelled(tx, job.id, error):
            return False
        self._ledger.settle(tx, job.id, PictureCounts(), each=0, price=0)
        return True

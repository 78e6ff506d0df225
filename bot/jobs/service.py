"""The corridor of every job: hold → card → references → slot → generate → deliver → settle.

The studio opens each transaction and hands it to the ledger and the journal, so that what they
write stands or falls together; no transaction spans the network. It speaks to the person who
asked only through a :class:`~bot.jobs.courier.Courier`.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace
from secrets import token_hex

import structlog

from bot.core.clock import Clock
from bot.core.errors.base import EaselError
from bot.core.errors.jobs import ShuttingDown, Unexpected
from bot.core.models import CardAddress, ImageRequest, Job, JobState, Picture, Requester, new_job_id
from bot.database.database import Database
from bot.database.transaction import Transaction
from bot.images.references import Attachments, ReferenceLoader
from bot.jobs.attempts import AttemptRunner, SlotResult
from bot.jobs.billing import Billing
from bot.jobs.cancellation import Cancellation
from bot.jobs.courier import Courier, JobFailure, JobResult
from bot.jobs.picture_retention import PictureRetention, StoredPicture
from bot.jobs.pricing import (
    Pricing,
    credits_per_picture,
    doubtful_credits,
    failures_of,
    job_failure,
    remaining_credits,
    worst_failure,
)
from bot.jobs.progress_updates import ProgressUpdates, QueueUpdates
from bot.jobs.queue.queue import Queue
from bot.jobs.queue.waiting_list import Ticket
from bot.jobs.repository.repository import JobRepository
from bot.jobs.repository.rows import WrittenAttempt
from bot.quota.ledger import Ledger

log: structlog.stdlib.BoundLogger = structlog.get_logger()

NO_ATTACHMENTS = Attachments()


@dataclass(frozen=True, slots=True)
class JobDependencies:
    """The rooms along the corridor."""

    database: Database
    ledger: Ledger
    repository: JobRepository
    billing: Billing
    pricing: Pricing
    queue: Queue
    references: ReferenceLoader
    slots: AttemptRunner
    cancellation: Cancellation
    retention: PictureRetention
    clock: Clock


class JobService:
    """Accepts requests and sees each job to its one end."""

    def __init__(self, parts: JobDependencies) -> None:
        self._database = parts.database
        self._ledger = parts.ledger
        self._repository = parts.repository
        self._billing = parts.billing
        self._pricing = parts.pricing
        self._queue = parts.queue
        self._references = parts.references
        self._slots = parts.slots
        self._cancellation = parts.cancellation
        self._retention = parts.retention
        self._clock = parts.clock
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False

    # --- the door -----------------------------------------------------------------------------

    async def submit(
        self,
        request: ImageRequest,
        requester: Requester,
        courier: Courier,
        *,
        attached: Attachments = NO_ATTACHMENTS,
        locale: str = "en",
        parent: str | None = None,
        private: bool = False,
    ) -> Job:
        """Hold the credits, place the card and start the job.

        What is ``attached`` joins the references of its request; ``parent`` is the job that it
        comes from; what is ``private`` only its requester sees.

        Raises:
            EaselError: nothing was held and no card is shown; CardNotPlaced: the card could not
                be shown, the job is cancelled and its hold released.
        """
        if self._closing:
            raise ShuttingDown
        self._references.check(attached, request)
        await self._retention.ensure_space()
        ticket = self._queue.enter(requester, request.model)
        try:
            now, credits_ = (
                self._clock.now(),
                self._pricing.credits_of(request, requester.server_id),
            )
            id_ = new_job_id(now)
            job = Job(id_, request, requester, credits_, now, locale, parent, private)
            await self._hold(job, attached)
            await self._place(job, courier, ticket)
        except BaseException:
            self._queue.leave(ticket)
            raise
        self._start(self._run(job, courier, ticket, attached=attached))
        return job

    async def is_private(self, job_id: str) -> bool:
        """Tell whether only its requester sees what becomes of a job."""
        written = await self._database.read(self._repository.job, job_id)
        return written is not None and written.job.private

    def resume(
        self,
        job: Job,
        courier: Courier,
        attempts: Sequence[WrittenAttempt],
        *,
        attached: Attachments = NO_ATTACHMENTS,
    ) -> None:
        """Let a dead process's job go on from its attempts; it was accepted and held before.

        What is ``attached`` was not fetched yet.
        """
        ticket = self._queue.readmit(job.requester, job.request.model)
        self._start(self._run(job, courier, ticket, attached=attached, attempts=attempts))

    async def drained(self, timeout_s: float | None = None) -> None:
        """Wait until no job runs, at most ``timeout_s`` seconds."""
        while self._tasks:
            _, running = await asyncio.wait(self._tasks, timeout=timeout_s)
            if running:
                return

    async def close(self, *, grace_s: float) -> None:
        """Accept nothing more, let jobs finish for a while, leave the rest to the journal."""
        self._closing = True
        await self.drained(grace_s)
        left = list(self._tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def settle_abandoned(
        self, job: Job, *, unsent: EaselError, sent: EaselError
    ) -> JobFailure | None:
        """End a job that nobody works on any more, by what the journal knows of it.

        Returns:
            What to tell the person, None when the pictures had been posted before.
        """
        told = await self._billing.settle_abandoned(job, unsent=unsent, sent=sent)
        await self._clear(job)
        return told

    # --- hold and card ------------------------------------------------------------------------

    async def _hold(self, job: Job, attached: Attachments) -> None:
        try:
            await self._billing.hold(job, attached=attached.addresses)
        except asyncio.CancelledError:
            # It comes as well when everything was committed.
            await self._billing.settle(job, JobState.CANCELLED)
            raise
        request = job.request
        log.info("job.queued", job=job.id, model=request.model, n=request.n, credits=job.credits)

    async def _place(self, job: Job, courier: Courier, ticket: Ticket) -> None:
        try:
            card = await courier.place(job, waiting=self._queue.position(ticket))
            if card is not None:
                await self._database.write(self._placed, job, card)
        except BaseException:
            # Nobody saw the card, or it could not be written down: the job never happened.
            await self._billing.settle(job, JobState.CANCELLED)
            raise

    def _placed(self, tx: Transaction, job: Job, card: CardAddress) -> None:
        self._repository.placed(tx, job.id, card)
        self._repository.posted(tx, job.id, card)

    def _start(self, run: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(run)
        self._tasks.add(task)
        task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (defect := task.exception()) is not None:
            log.error("job.unfinished", exc_info=defect)  # the next start ends it

    # --- the way of a job ---------------------------------------------------------------------

    async def _run(
        self,
        job: Job,
        courier: Courier,
        ticket: Ticket,
        *,
        attached: Attachments = NO_ATTACHMENTS,
        attempts: Sequence[WrittenAttempt] = (),
    ) -> None:
        with self._cancellation.track(job, courier, ticket) as carrier:
            try:
                if (ready := await self._with_references(job, carrier, attached)) is not None:
                    await self._turn(job, carrier, ticket)
                    await self._work(ready, carrier, attempts)
            except EaselError as refusal:  # such as a model that went while the bot was away
                await self._end_unpainted(job, carrier, refusal)
            except Exception as defect:  # noqa: BLE001 - a defect of ours must still end the job
                await self._end_after_defect(job, carrier, defect)
            finally:
                self._queue.leave(ticket)

    async def _with_references(
        self, job: Job, courier: Courier, attached: Attachments
    ) -> Job | None:
        """Fetch what was attached, before the slot: Discord keeps it for a while only."""
        await self._references.renew(job.request)
        if not attached.uploads:
            return job
        try:
            request = await self._references.fetch_and_keep(attached, job.request)
        except EaselError as error:
            await self._fail(job, courier, error, ())
            return None
        job = replace(job, request=request)
        await self._database.write(self._repository.referenced, job)
        return job

    async def _turn(self, job: Job, courier: Courier, ticket: Ticket) -> None:
        if not self._queue.request_start(ticket):
            async with QueueUpdates(job, courier, self._clock, queue=self._queue, ticket=ticket):
                await self._queue.wait_for_start(ticket)

    async def _work(self, job: Job, courier: Courier, attempts: Sequence[WrittenAttempt]) -> None:
        started = job.created_at if attempts else self._clock.now()
        is_open = await self._database.write(self._repository.reached, job.id, JobState.WORKING)
        if not is_open:
            await self._tell_as_written(job, courier)
            return
        slots = await self._paint(job, courier, started, attempts)
        pictures = tuple(p for slot in slots for p in slot.pictures)[: job.request.n]
        if pictures:
            await self._hand_over(job, courier, slots, pictures, started)
        else:
            await self._fail(job, courier, worst_failure(failures_of(slots)), slots)
        await self._clear(job)

    async def _paint(
        self, job: Job, courier: Courier, started: int, attempts: Sequence[WrittenAttempt]
    ) -> list[SlotResult]:
        begun = {attempt.key.slot: attempt for attempt in attempts}
        portions = self._slots.pictures_per_slot(job.request, begun)
        usual_ms = self._queue.usual_ms(job.request.model)
        async with ProgressUpdates(
            job, courier, self._clock, started_at=started, usual_ms=usual_ms, slots=len(portions)
        ) as bulletin:

            def paint(index: int, asked: int) -> Coroutine[None, None, SlotResult]:
                if index in begun:
                    return self._slots.resume(job, begun[index], report=bulletin.report)
                return self._slots.generate(job, index, asked, report=bulletin.report)

            # All of them end before one's defect does: none is sent for a job that has ended.
            painted = await asyncio.gather(
                *(paint(index, portions[index]) for index in sorted(portions)),
                return_exceptions=True,
            )
        return [_unless_defect(slot) for slot in painted]

    # --- the end of a job ---------------------------------------------------------------------

    async def _hand_over(
        self,
        job: Job,
        courier: Courier,
        slots: Sequence[SlotResult],
        pictures: tuple[Picture, ...],
        started: int,
    ) -> None:
        adopted: Sequence[StoredPicture] = ()
        if not job.requester.is_operator:
            adopted = await self._retention.store(job, pictures)
        result = await self._database.write(self._received, job, slots, pictures, started, adopted)
        delivered, doubtful = len(pictures) * credits_per_picture(job), doubtful_credits(job, slots)
        try:
            messages = await courier.deliver(job, result)
        except EaselError as error:
            await self._fail(job, courier, error, slots)
            return
        await self._database.write(self._delivered, job, messages)
        await self._billing.settle(
            job, JobState.DONE, result.shortfall, delivered=delivered, doubtful=doubtful
        )
        log.info("job.done", job=job.id, pictures=len(pictures), ms=result.took_ms)

    def _received(
        self,
        tx: Transaction,
        job: Job,
        slots: Sequence[SlotResult],
        pictures: tuple[Picture, ...],
        started: int,
        adopted: Sequence[StoredPicture],
    ) -> JobResult:
        self._repository.moved(tx, job.id, JobState.RECEIVED)
        self._retention.record(tx, job, adopted)
        result = self._result(tx, job, slots, pictures, started)
        return replace(result, kept=bool(adopted))

    def _result(
        self,
        tx: Transaction,
        job: Job,
        slots: Sequence[SlotResult],
        pictures: tuple[Picture, ...],
        started: int,
    ) -> JobResult:
        """Foretell the settlement: the card shows it, and the credits move only afterwards."""
        charged, doubtful = len(pictures) * credits_per_picture(job), doubtful_credits(job, slots)
        failures = failures_of(slots)
        doubt_charged = doubtful > 0 and not self._ledger.forgives(tx, job.id)
        charged += doubtful if doubt_charged else 0
        tightest = self._ledger.left(tx, job.requester)
        return JobResult(
            pictures=pictures,
            asked=job.request.n,
            took_ms=self._clock.now() - started,
            charged=charged,
            remaining=remaining_credits(tightest, returned=job.credits - charged),
            shortfall=worst_failure(failures) if failures else None,
            doubt_charged=doubt_charged,
        )

    def _delivered(self, tx: Transaction, job: Job, messages: Sequence[CardAddress]) -> None:
        self._repository.moved(tx, job.id, JobState.DELIVERED)
        self._repository.told(tx, job.id)
        for message in messages:
            self._repository.posted(tx, job.id, message)

    async def _fail(
        self, job: Job, courier: Courier, error: EaselError, slots: Sequence[SlotResult]
    ) -> None:
        # What costs no credits can be in doubt as well.
        state = JobState.UNKNOWN if any(slot.doubtful for slot in slots) else JobState.FAILED
        settled = await self._billing.settle(
            job, state, error, doubtful=doubtful_credits(job, slots)
        )
        if settled is None:
            await self._tell_as_written(job, courier)
            return
        log.info("job.failed", job=job.id, state=state, error=error.message_id)
        await self.report_failure(job, courier, job_failure(error, state, settled))

    async def _end_after_defect(self, job: Job, courier: Courier, defect: Exception) -> None:
        reference = token_hex(4)
        log.error("job.defect", job=job.id, reference=reference, exc_info=defect)
        await self._end_unpainted(job, courier, Unexpected(reference=reference))

    async def _end_unpainted(self, job: Job, courier: Courier, error: EaselError) -> None:
        job_failure = await self.settle_abandoned(job, unsent=error, sent=error)
        if job_failure is not None:
            await self.report_failure(job, courier, job_failure)

    async def _tell_as_written(self, job: Job, courier: Courier) -> None:
        """Say how somebody else ended the job meanwhile."""
        written = await self._database.read(self._repository.job, job.id)
        if written is not None and written.error is not None:
            await self.report_failure(job, courier, JobFailure(written.error, written.state))

    async def report_failure(self, job: Job, courier: Courier, job_failure: JobFailure) -> None:
        """Make the card of an ended job say so."""
        is_told = await courier.end(job, job_failure)
        await self._database.write(
            self._repository.told if is_told else self._repository.not_told, job.id
        )

    async def _clear(self, job: Job) -> None:
        await asyncio.to_thread(self._slots.remove_files, job)


def _unless_defect(slot: SlotResult | BaseException) -> SlotResult:
    if isinstance(slot, BaseException):
        raise slot
    return slot

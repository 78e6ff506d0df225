"""The life of one job: hold, card, references, queue, generation, delivery, settlement.

Every transaction writes the job's state and its credits together; none spans the network. What a
dead process left, the next start takes over from the state that was written last (recovery.py).
"""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from secrets import token_hex
from time import perf_counter

import structlog

from bot.core.errors.base import EaselError
from bot.core.errors.jobs import (
    NeitherPostedNorKept,
    PicturesKept,
    PicturesLost,
    PicturesMissing,
    RestNotSent,
    Unexpected,
)
from bot.core.metrics import DELIVERY, QUEUE_WAIT
from bot.core.models import CardAddress, Job, JobState, Picture
from bot.core.units import count_units, first_units, joined_units, most_of_a_unit
from bot.database.transaction import Transaction
from bot.images.references import NO_ATTACHMENTS, Attachments
from bot.jobs.attempts import SlotContext, SlotResult, worst_failure
from bot.jobs.cancellation import DetachableCourier, JobCancelled
from bot.jobs.courier import Courier, JobFailure, JobProgress, JobResult, QueuePosition
from bot.jobs.job_ending import JobDependencies, report_failure, settle_abandoned, until_own
from bot.jobs.picture_retention import StoredPicture
from bot.jobs.pricing import credits_per_picture, remaining_credits
from bot.jobs.progress_updates import PROGRESS_INTERVAL_S, ProgressUpdates, QueueUpdates
from bot.jobs.queue.waiting_list import Ticket
from bot.jobs.reference_addresses import ReferenceAddresses
from bot.jobs.repository.kept_pictures import insert_kept_pictures
from bot.jobs.repository.ownership import JobTakenOver
from bot.jobs.repository.rows import WrittenAttempt
from bot.jobs.repository.task_buttons import read_buttons
from bot.jobs.send_gate import SendGate

LEAVING_S = 2.0

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class JobRun:
    """Takes one job from its hold to its end; ``attempts`` are those of a dead process."""

    def __init__(
        self,
        deps: JobDependencies,
        job: Job,
        courier: Courier,
        ticket: Ticket,
        *,
        attached: Attachments = NO_ATTACHMENTS,
        attempts: Sequence[WrittenAttempt] = (),
    ) -> None:
        self.job = job
        self._deps = deps
        self._courier = DetachableCourier(courier, may_show=lambda: deps.liveness.may_send)
        self._ticket = ticket
        self._attached = attached
        self._begun = {attempt.key.slot: attempt for attempt in attempts}
        self._gate = SendGate()
        self._writer = deps.billing.writer_of(job)
        self._started_at = job.created_at
        self._starts_at_once = False
        self._delivered: Sequence[CardAddress] = ()
        self.ended = asyncio.Event()

    @property
    def awaited_bytes(self) -> int:
        """How many bytes of attachments are not in the content store yet."""
        return sum(upload.size for upload in self._attached.uploads)

    def stop_showing(self) -> None:
        """Show no progress any more, also while the cancelled task still ends."""
        self._courier.stop_showing()

    # --- before the task ----------------------------------------------------------------------

    async def accept(self) -> None:
        """Hold the credits and place the card.

        Raises:
            EaselError: nothing was held, or the card could not be placed and the hold is released.
        """
        with self._deps.first_responses.awaited():
            await self._hold_and_place()
        if not self._starts_at_once or self._attached.uploads:
            await self._writer.write_left()

    async def _hold_and_place(self) -> None:
        job, deps = self.job, self._deps
        card = self._courier.announced(job)
        await deps.billing.hold(job, attached=self._attached.urls, card=card)
        try:
            await until_own(deps, job)  # which the COMMIT may have outlasted
            placed = await self._courier.place(job, state=self._first_state())
        except BaseException:
            # Nobody saw the card: the job never happened.
            with suppress(JobTakenOver):
                await deps.billing.settle(job, JobState.CANCELLED)
            raise
        if placed is not None:
            self._writer.leave(deps.repository.placed, job.id, placed)
        request = job.request
        log.info("job.queued", job=job.id, model=request.model, n=request.n, credits=job.credits)

    def _first_state(self) -> QueuePosition | JobProgress:
        """Return what the card shows first: a job that starts at once is being painted."""
        queue, ticket = self._deps.queue, self._ticket
        self._starts_at_once = queue.starts_at_once(ticket)
        if self._starts_at_once and not self._attached.uploads:
            self._started_at = self._deps.clock.now()
            return self._progress()
        ticket.shown = queue.position(ticket)
        return ticket.shown

    def _progress(self) -> JobProgress:
        request = self.job.request
        usual_ms = self._deps.queue.usual_ms(request.model)
        return JobProgress(self._started_at, done=0, total=request.n, usual_ms=usual_ms)

    # --- the task -----------------------------------------------------------------------------

    async def run(self) -> None:
        """See an accepted job to its end."""
        deps = self._deps
        with deps.cancellation.tracked(self.job, self._courier, self._ticket, self._gate):
            try:
                await deps.first_responses.let_pass()
                if await self._load_references():
                    await self._work()
            except EaselError as error:  # such as a model that is no longer offered
                await self._end_early(error)
            except Exception:
                reference = token_hex(4)
                log.exception("job.defect", job=self.job.id, reference=reference)
                await self._end_early(Unexpected(reference=reference))
            except asyncio.CancelledError:  # the process ends, also where the database is locked
                with suppress(TimeoutError, JobTakenOver):
                    async with asyncio.timeout(LEAVING_S):
                        await self._writer.write_left()
                raise
            finally:
                deps.queue.leave(self._ticket)
                self.ended.set()
        try:
            await self._courier.after_delivery(self.job, self._delivered)
        except Exception:
            log.exception("job.after_delivery_failed", job=self.job.id)

    async def _load_references(self) -> bool:
        """Fetch the attachments before waiting, as Discord keeps them only for a while.

        Return False if that failed and the job has ended.
        """
        deps = self._deps
        if self._begun:
            return True
        try:
            request = await deps.references.fetch_and_keep(self._attached, self.job.request)
        except EaselError as error:
            await self._fail(error)
            return False
        self._attached = NO_ATTACHMENTS
        if request == self.job.request:
            return True
        self.job = replace(self.job, request=request)
        await self._writer.write(deps.repository.referenced, self.job)
        return True

    async def _work(self) -> None:
        """Wait for the start, and paint."""
        deps, job, ticket = self._deps, self.job, self._ticket
        async with AsyncExitStack() as shown:
            starts = deps.queue.request_start(ticket) or await deps.queue.started_at_once(ticket)
            if not starts:
                self._starts_at_once = False
                await self._writer.write_left()
                updates = QueueUpdates(
                    job, self._courier, deps.clock, queue=deps.queue, ticket=ticket
                )
                await shown.enter_async_context(updates.shown())
                await deps.queue.wait_for_start(ticket)
                # An update under way may wait for Discord: the job's place must not.
                updates.stop()
            await self._paint()

    async def _paint(self) -> None:
        """Generate and deliver the pictures, unless the job was cancelled."""
        deps, job = self._deps, self.job
        if not self._begun:
            self._started_at = deps.clock.now()
            waited_ms = max(self._started_at - job.created_at, 0)
            deps.metrics.observe(QUEUE_WAIT, waited_ms / 1000)
        slots = await self._generate()
        found = joined_units(slot.pictures for slot in slots)
        pictures = first_units(found, job.request.n)
        if pictures:
            await self._deliver(pictures, slots)
        elif any(slot.failure for slot in slots):
            await self._fail(worst_failure(slots), slots)
        else:  # it was stopped before anything was sent
            await self._end(JobState.CANCELLED, JobCancelled())
        await asyncio.to_thread(deps.attempts.remove_files, job)

    async def _generate(self) -> list[SlotResult]:
        deps, job = self._deps, self.job
        asked = deps.attempts.pictures_per_slot(job.request, self._begun)
        updates = ProgressUpdates(
            job,
            self._courier,
            deps.clock,
            self._progress(),
            slots=len(asked),
            begun=len(self._begun),
            quiet_s=PROGRESS_INTERVAL_S if self._starts_at_once else 0,
            is_shown=self._starts_at_once and self._ticket.shown is None,
        )
        addresses = ReferenceAddresses(
            self._courier, deps.database, deps.references, deps.clock.now
        )
        shared = SlotContext(self._gate, self._writer, updates.report, addresses.renew)
        async with updates.shown():
            runs = [
                deps.attempts.run_slot(
                    job,
                    slot,
                    asked[slot],
                    begun=self._begun.get(slot),
                    is_only=len(asked) == 1,
                    shared=shared,
                )
                for slot in sorted(asked)
            ]
            # All of them end before one's defect does: none is sent for a job that has ended.
            results = await asyncio.gather(*runs, return_exceptions=True)
            # What follows may wait for Discord: the job's place is free before.
            self._leave_queue(results)
        return await self._slots([asked[slot] for slot in sorted(asked)], results)

    async def _slots(
        self, asked: Sequence[int], results: Sequence[SlotResult | BaseException]
    ) -> list[SlotResult]:
        """Return what the slots brought; a defect in one does not take the pictures of others."""
        has_pictures = any(isinstance(each, SlotResult) and each.pictures for each in results)
        slots: list[SlotResult] = []
        for n, result in zip(asked, results, strict=True):
            if isinstance(result, SlotResult):
                slots.append(result)
            elif isinstance(result, asyncio.CancelledError) and self._gate.is_closed:
                slots.append(SlotResult(n))
            elif isinstance(result, Exception) and has_pictures:
                log.error("job.slot_defect", job=self.job.id, exc_info=result)
                await self._deps.billing.close_attempts(self.job, writer=self._writer)
                slots.append(SlotResult(n))
            else:
                raise result
        return slots

    def _leave_queue(self, results: Sequence[SlotResult | BaseException]) -> None:
        queue = self._deps.queue
        painted = any(isinstance(each, SlotResult) and each.pictures for each in results)
        if painted and not self._begun:
            queue.leave_painted(self._ticket)
        else:
            queue.leave(self._ticket)

    async def _deliver(self, pictures: tuple[Picture, ...], slots: Sequence[SlotResult]) -> None:
        deps, job = self._deps, self.job
        stored: Sequence[StoredPicture] = ()
        if not job.requester.is_operator:
            stored = await deps.retention.store(job, pictures)
        result = await self._writer.write(self._record_received, pictures, slots, stored)
        await deps.liveness.until_may_send()
        began_s = perf_counter()
        try:
            report = await self._courier.deliver(job, result)
        except Exception as error:  # noqa: BLE001 - whatever it is, what is kept is paid for
            await self._end_undelivered(error, result, slots)
            return
        # Only whoever stopped waiting has been told where to look for what is nowhere posted.
        if not report.posted and not (result.kept and self._courier.is_detached):
            await self._end_undelivered(NeitherPostedNorKept(), result, slots)
            return
        # They can get what is posted or kept; what this bot lost is not charged.
        delivered = result.units_of(report.posted)
        self._delivered = report.messages
        deps.metrics.observe(DELIVERY, perf_counter() - began_s)
        await deps.billing.settle_delivered(
            job,
            result.shortfall,
            delivered=delivered,
            messages=report.messages,
            writer=self._writer,
        )
        missing = job.request.n - delivered
        log.info("job.done", job=job.id, pictures=delivered, missing=missing, ms=result.took_ms)

    async def _end_undelivered(
        self, error: Exception, result: JobResult, slots: Sequence[SlotResult]
    ) -> None:
        """End a job whose pictures could not be posted; charge them if the person can get them."""
        defect = None if isinstance(error, EaselError) else error
        log.warning("job.not_delivered", job=self.job.id, kept=result.kept, exc_info=defect)
        if not result.kept:
            told = error if isinstance(error, EaselError) else NeitherPostedNorKept()
            await self._fail(told, slots)
            return
        await self._end(JobState.DONE, PicturesKept(), kept=result)

    def _record_received(
        self,
        tx: Transaction,
        pictures: tuple[Picture, ...],
        slots: Sequence[SlotResult],
        stored: Sequence[StoredPicture],
    ) -> JobResult:
        """Return the result with what the settlement will be: the credits move after delivery."""
        deps, job = self._deps, self.job
        deps.repository.delivery_begun(tx, job.id)
        insert_kept_pictures(tx, job.id, stored, at=deps.clock.now())
        grids = [each.grid for each in pictures]
        units = count_units(grids)
        missing = job.request.n - units
        charged = units * credits_per_picture(job)
        return JobResult(
            pictures=pictures,
            asked=len(pictures) + missing * most_of_a_unit(grids),
            took_ms=deps.clock.now() - self._started_at,
            charged=charged,
            remaining=remaining_credits(
                deps.ledger.left(tx, job.requester), returned=job.credits - charged
            ),
            shortfall=_shortfall(
                slots,
                missing=missing,
                is_stopped=self._gate.is_closed and not all(slot.pictures for slot in slots),
            ),
            kept=bool(stored),
            actions=deps.actions.offered(
                job, read_buttons(tx, job.id), server_id=job.requester.server_id
            ),
        )

    # --- without pictures ---------------------------------------------------------------------

    async def _fail(self, error: EaselError, slots: Sequence[SlotResult] = ()) -> None:
        is_in_doubt = any(slot.is_in_doubt for slot in slots)
        await self._end(JobState.UNKNOWN if is_in_doubt else JobState.FAILED, error)

    async def _end(
        self, state: JobState, error: EaselError, *, kept: JobResult | None = None
    ) -> None:
        """End the job without posting pictures; those ``kept`` are in /history."""
        deps, job = self._deps, self.job
        delivered = kept.units if kept else 0
        settled = await deps.billing.settle(
            job, state, error, delivered=delivered, writer=self._writer
        )
        if settled is None:
            await self._report_written_failure()
            return
        log.info("job.ended", job=job.id, state=state, error=error.message_id)
        failure = JobFailure(error, state, settled.charged, kept)
        await report_failure(deps, job, self._courier, failure)

    async def _end_early(self, error: EaselError) -> None:
        """End the job after an error outside its attempts, by what is written of them."""
        failure = await settle_abandoned(
            self._deps, self.job, unsent=error, sent=error, lost=error, writer=self._writer
        )
        if failure is not None:
            await report_failure(self._deps, self.job, self._courier, failure)

    async def _report_written_failure(self) -> None:
        """Report how somebody else, or another process, has ended the job meanwhile."""
        written = await self._deps.database.read(self._deps.repository.job, self.job.id)
        if written is not None and written.error is not None:
            failure = JobFailure(written.error, written.state)
            await report_failure(self._deps, self.job, self._courier, failure)


def _shortfall(slots: Sequence[SlotResult], *, missing: int, is_stopped: bool) -> EaselError | None:
    """Return why pictures are missing, None if none is."""
    if any(slot.failure for slot in slots):
        return worst_failure(slots)
    if any(slot.lost for slot in slots):
        return PicturesLost()
    if missing <= 0:
        return None
    return RestNotSent() if is_stopped else PicturesMissing()

"""Look again at tasks that outlived their budget, ever more seldom, for a day.

Their job has ended in doubt. What comes late is kept for /history and told to its requester once;
the job is not reopened. One transaction books it, so that it is harmless twice, also beside a
repeated request, a deletion and a restart.
"""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing

import structlog
from structlog.contextvars import bound_contextvars

from bot.core.background_task import BackgroundTask
from bot.core.errors.gateway import GatewayErrorKind, GatewayFailure
from bot.core.errors.jobs import PicturesLate
from bot.core.models import JobState, Requester
from bot.core.units import units_of_slot
from bot.database.transaction import Transaction
from bot.gateways.events import Answered, GatewayRequest, Received
from bot.jobs.courier import JobFailure
from bot.jobs.job_ending import JobDependencies, report_failure
from bot.jobs.picture_retention import StoredPicture
from bot.jobs.pricing import credits_per_picture
from bot.jobs.recovery import OpenCourier
from bot.jobs.repository.costs import read_price
from bot.jobs.repository.job_counts import count_late_pictures
from bot.jobs.repository.kept_pictures import insert_kept_pictures, read_kept_pictures
from bot.jobs.repository.late_attempts import (
    LateAttempt,
    claim_look,
    due_attempts,
    look_again,
    receive_late,
    tell_late,
)
from bot.jobs.repository.ownership import JobTakenOver, lock_job
from bot.jobs.repository.rows import Cost
from bot.jobs.repository.settled_pictures import read_picture_counts
from bot.jobs.repository.task_buttons import insert_buttons

log: structlog.stdlib.BoundLogger = structlog.get_logger()

LOOK_EVERY_S = 300.0
SHORTEST_PAUSE_MS = 60 * 1000
LONGEST_PAUSE_MS = 2 * 60 * 60 * 1000
LOOKS_FOR_MS = 24 * 60 * 60 * 1000

# After these the task may still bring its pictures at the next look.
_MAY_PASS = frozenset(
    {
        GatewayErrorKind.TASK_UNFINISHED,
        GatewayErrorKind.DOWNLOAD_FAILED,
        GatewayErrorKind.DISK_FULL,
        GatewayErrorKind.AUTH,
    }
)

FindRequester = Callable[[Requester], Awaitable[Requester | None]]
"""Return a person with the roles that they have now; None if that cannot be known."""


class LateTasks(BackgroundTask):
    """Looks at them every few minutes, until it is left."""

    def __init__(self, deps: JobDependencies) -> None:
        super().__init__()
        self._deps = deps

    def begin(self, open_courier: OpenCourier, find_requester: FindRequester) -> None:
        """Start, in a task that belongs to this object."""
        self.start(self._look_for_ever(open_courier, find_requester))

    async def _look_for_ever(
        self, open_courier: OpenCourier, find_requester: FindRequester
    ) -> None:
        clock = self._deps.clock
        while True:
            await clock.wait(clock.sleep(LOOK_EVERY_S), "pause")
            try:
                await self.look(open_courier, find_requester)
            except Exception:
                # One task's defect must not end the others.
                log.exception("late_task.defect")

    async def look(self, open_courier: OpenCourier, find_requester: FindRequester) -> None:
        """Look once at every task whose time has come."""
        database, now = self._deps.database, self._deps.clock.now()
        for late in await database.read(due_attempts, now):
            if not await database.write(claim_look, late, self._next_look(late, now)):
                continue  # another process looks
            if not late.job.is_open and late.job.state is not JobState.DELIVERED:
                with bound_contextvars(job=late.job.job.id):
                    try:
                        await self._look_at(late, open_courier, find_requester)
                    except JobTakenOver:  # which is no Exception: it would end all looks
                        log.info("job.taken_over_elsewhere")

    def _next_look(self, late: LateAttempt, now: int) -> int | None:
        since_ms = now - late.ended_at
        if since_ms >= LOOKS_FOR_MS:
            return None
        return now + min(max(since_ms, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS)

    async def _look_at(
        self, late: LateAttempt, open_courier: OpenCourier, find_requester: FindRequester
    ) -> None:
        job, key = late.job.job, late.attempt.key
        folder = self._deps.attempts.late_folder(job)
        folder.mkdir(parents=True, exist_ok=True)
        request = GatewayRequest(
            # Nothing is sent late, whatever the task asks for.
            job.request,
            late.attempt.asked,
            folder,
            f"slot-{key.slot}",
            modal_sent=True,
        )
        try:
            received = await self._received(late, request)
            if received is None:
                return
            pictures = units_of_slot(received.pictures, key.slot, most=received.units)
            stored = await self._deps.retention.store(job, pictures)
            if not stored:
                return  # the disk refused: the next look tries again
            requester = await find_requester(job.requester)
            error = await self._deps.database.write_when_possible(
                self._book, late, received, stored, requester
            )
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        if error is None:
            return
        log.info("job.delivered_late", job=job.id, pictures=len(stored), credits=error.credits)
        if (card := late.job.placed) is not None:
            failure = JobFailure(error, JobState.DONE, error.credits)
            await report_failure(self._deps, job, open_courier(job, card), failure)

    async def _received(self, late: LateAttempt, request: GatewayRequest) -> Received | None:
        key, task_id = late.attempt.key, late.attempt.task_id or ""
        events = self._deps.attempts.router.look(
            request, gateway=key.gateway, task_id=task_id, sent_at=late.sent_at
        )
        try:
            async with aclosing(events):
                async for event in events:
                    if isinstance(event, Answered):
                        await self._deps.database.write(
                            insert_buttons, key, event.task_id, event.buttons
                        )
                    if isinstance(event, Received):
                        return event
        except GatewayFailure as failure:
            if failure.kind not in _MAY_PASS:
                await self._deps.database.write(look_again, key, None)
        return None

    def _book(
        self,
        tx: Transaction,
        late: LateAttempt,
        received: Received,
        stored: Sequence[StoredPicture],
        requester: Requester | None,
    ) -> PicturesLate | None:
        """Turn the doubt into a late delivery; return what to tell, None for the second time."""
        deps, job, attempt = self._deps, late.job.job, late.attempt
        tx.lock(deps.ledger.person_lock(job.requester.user_id))  # their data may just be deleted
        lock_job(tx, job.id)  # nor taken down meanwhile
        now_written = deps.repository.job(tx, job.id)
        if now_written is None or now_written.job.requester.user_id != job.requester.user_id:
            return None  # their data was deleted meanwhile
        if now_written.removed:
            return None  # a moderator took it down meanwhile
        lost = received.lost_by_gateway(attempt.asked)
        cost = Cost(job.request.model, received.units, lost, received.usage)
        if not receive_late(tx, attempt.key, cost):
            return None
        count_late_pictures(tx, deps.metrics, cost)
        kept = read_kept_pictures(tx, job.id)
        insert_kept_pictures(tx, job.id, stored, at=deps.clock.now(), after=kept)
        credits_ = deps.ledger.charge_late(
            tx,
            job.id,
            requester,
            late=received.units,
            each=credits_per_picture(job),
            pictures=read_picture_counts(tx, job.id, delivered=None),
            price=read_price(tx, job.id),
        )
        error = PicturesLate(count=len(stored), credits=credits_, slot=attempt.key.slot)
        tell_late(tx, job.id, error, owner=deps.repository.owner)
        return error

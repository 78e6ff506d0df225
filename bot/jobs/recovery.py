"""What a start does with the jobs of dead processes.

A job goes on where nothing can be paid twice: its request was never sent, or a gateway has a task,
an answer or pictures for it. Every other one ends once: nobody knows of a card, or it waited for
too long → cancelled and released; its request was sent → ``unknown``, released by the rule for
doubts; its pictures were posted → settled. Then the cards are told, also one that was announced
just before the death, if Discord took it.
"""

import asyncio
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from bot.core.errors.base import EaselError
from bot.core.errors.jobs import Interrupted, InterruptedInDoubt
from bot.core.models import AnnouncedCard, AttachmentUrls, CardAddress, Job
from bot.core.process_lock import is_dead, others_alive
from bot.database.database import Database
from bot.images.references import FetchAttachment, attachments_at
from bot.jobs.cancellation import Cancellation
from bot.jobs.courier import Courier, JobFailure
from bot.jobs.repository.repository import JobRepository
from bot.jobs.repository.rows import WrittenAttempt, WrittenJob
from bot.jobs.service import JobService

log: structlog.stdlib.BoundLogger = structlog.get_logger()

OpenCourier = Callable[[Job, CardAddress | AnnouncedCard], Courier]


@dataclass(eq=False, kw_only=True)
class WaitedTooLong(EaselError):
    """The bot was away for so long that nobody may want the picture any more."""

    message_id = "error-waited-too-long"


@dataclass(eq=False, kw_only=True)
class CancelledByOperator(EaselError):
    """The operator cancelled the job before its request was sent."""

    message_id = "error-cancelled-by-operator"


@dataclass(frozen=True, slots=True)
class UnreportedFailure:
    """A job that has ended while its card still says something else, if there is a card."""

    job: Job
    card: CardAddress | AnnouncedCard
    ending: JobFailure


@dataclass(frozen=True, slots=True)
class ResumableJob:
    """A job that goes on from its attempts, or from the start when it has none."""

    job: Job
    card: CardAddress
    attempts: Sequence[WrittenAttempt]
    attached: AttachmentUrls | None = None


@dataclass(frozen=True, slots=True)
class Recovery:
    """Takes over what dead processes left.

    ``owner`` is this process, ``locks`` the folder of everybody's locks, ``jobs`` that of the
    pictures of open jobs, ``vault`` that of kept pictures. What was not sent within
    ``max_queue_age_ms`` is not painted any more.
    """

    database: Database
    repository: JobRepository
    job_service: JobService
    cancellation: Cancellation
    owner: str
    locks: Path
    jobs: Path
    content_store: Path
    now: Callable[[], int]
    max_queue_age_ms: int

    async def take_over(self) -> list[UnreportedFailure | ResumableJob]:
        """Take every abandoned job, oldest first; return those that go on or have to be told."""
        taken = [await self._take(found) for found in await self._abandoned()]
        await self._tidy()
        return [job for job in taken if job is not None]

    async def end_operator_jobs(self) -> None:
        """End the terminal's abandoned jobs; those of Discord wait for the bot."""
        for found in await self._abandoned():
            if found.job.requester.is_operator:
                await self._end(found)

    async def resume(
        self,
        taken: Sequence[UnreportedFailure | ResumableJob],
        reopen: OpenCourier,
        read: FetchAttachment,
    ) -> None:
        """Let the jobs go on, and make the other cards say how theirs ended, one by one.

        ``read`` fetches one attachment at a time: a start is no reason to flood Discord.
        """
        one_by_one = _OneByOne(read)
        for each in taken:
            if isinstance(each, ResumableJob):
                courier = reopen(each.job, each.card)
                attached = attachments_at(each.attached, one_by_one.read)
                self.job_service.resume(each.job, courier, each.attempts, attached=attached)
        for each in taken:
            if isinstance(each, UnreportedFailure):
                await self._tell(each, reopen)

    async def _tell(self, untold: UnreportedFailure, reopen: OpenCourier) -> None:
        try:
            await self.job_service.report_failure(
                untold.job, reopen(untold.job, untold.card), untold.ending
            )
        except Exception:
            # One card's defect must not end the others, nor the start; the next one tries again.
            log.exception("card.defect", job=untold.job.id)

    async def cancel(self, found: WrittenJob) -> bool:
        """Cancel a job that only waits, or whose process is gone; return False for any other."""
        error = CancelledByOperator()
        if await self.cancellation.cancel_queued(found.job, error):
            return True
        if not (found.is_open and is_dead(self.locks, found.owner) and await self._adopt(found)):
            return False
        await self.job_service.settle_abandoned(found.job, unsent=error, sent=InterruptedInDoubt())
        return True

    async def _abandoned(self) -> list[WrittenJob]:
        unfinished = await self.database.read(self.repository.unfinished)
        owners = {found.owner for found in unfinished}
        dead = {owner for owner in owners if is_dead(self.locks, owner)}
        return [found for found in unfinished if found.owner in dead]

    async def _adopt(self, found: WrittenJob) -> bool:
        return await self.database.write(self.repository.adopt, found.job.id, owner=found.owner)

    async def _take(self, found: WrittenJob) -> UnreportedFailure | ResumableJob | None:
        if not await self._adopt(found):
            return None
        attempts = await self.database.read(self.repository.attempts, found.job.id)
        if isinstance(found.card, CardAddress) and self._may_go_on(found, attempts):
            log.info("job.taken_over", job=found.job.id, was=found.state)
            return ResumableJob(found.job, found.card, attempts, found.attached)
        ending = await self._end(found)
        if ending is None or found.card is None:
            return None
        return UnreportedFailure(found.job, found.card, ending)

    def _may_go_on(self, found: WrittenJob, attempts: Sequence[WrittenAttempt]) -> bool:
        if not found.is_open:
            return False
        if attempts:
            return any(attempt.has_something for attempt in attempts)
        return not self._is_stale(found)

    def _is_stale(self, found: WrittenJob) -> bool:
        return self.now() - found.job.created_at > self.max_queue_age_ms

    async def _end(self, found: WrittenJob) -> JobFailure | None:
        log.info("job.recovered", job=found.job.id, was=found.state)
        if found.error is not None:
            return JobFailure(found.error, found.state)
        unsent = WaitedTooLong() if self._is_stale(found) else Interrupted()
        return await self.job_service.settle_abandoned(
            found.job, unsent=unsent, sent=InterruptedInDoubt()
        )

    async def _tidy(self) -> None:
        """Remove what killed processes left: files of ended jobs, their locks, half a picture."""
        # A job is written before it has files, so one that began meanwhile is not among these.
        found = await asyncio.to_thread(lambda: list(self.jobs.glob("*")))
        unfinished = await self.database.read(self.repository.unfinished)
        open_jobs = {written.job.id for written in unfinished if written.is_open}
        for folder in found:
            if folder.name not in open_jobs:
                await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        await asyncio.to_thread(self._clear_parts)

    def _clear_parts(self) -> None:
        # Whoever wrote one of these held a lock before; one who starts now wrote none of them.
        parts = list(self.content_store.rglob("*.part"))
        if others_alive(self.locks, self.owner):
            return
        for part in parts:
            part.unlink(missing_ok=True)


class _OneByOne:
    """Reads one address at a time."""

    def __init__(self, read: FetchAttachment) -> None:
        self._read = read
        self._reading = asyncio.Lock()

    async def read(self, url: str) -> bytes:
        """Fetch what lies there when it is its turn."""
        async with self._reading:
            return await self._read(url)

"""Take over the jobs of dead processes at a start: resume them, or end them once.

A job is resumed where nothing can be paid twice: its request was never sent, or a gateway has a
task, an answer or pictures for it. Every other one ends: without a known card, or after waiting
too long → cancelled and released; its request was sent → ``unknown``, released; two processes died
delivering its pictures → kept, or lost if the disk refuses; its pictures were posted → settled.
Then the cards are updated, also one that was announced just before the death, if Discord took it.
"""

import asyncio
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog
from structlog.contextvars import bound_contextvars

from bot.core.errors.base import EaselError
from bot.core.errors.jobs import Interrupted, InterruptedInDoubt, NeitherPostedNorKept
from bot.core.metrics import RECOVERIES
from bot.core.models import AnnouncedCard, AttachmentUrls, CardAddress, Job
from bot.core.process_lock import LockFolders, is_dead, others_alive
from bot.images.references import FetchAttachment, attachments_at
from bot.jobs.courier import Courier, JobFailure
from bot.jobs.job_ending import JobDependencies, report_failure, settle_abandoned
from bot.jobs.received_files import bring_received_files
from bot.jobs.repository.kept_pictures import insert_kept_pictures, read_kept_pictures
from bot.jobs.repository.rows import WrittenAttempt, WrittenJob
from bot.jobs.service import JobService

MAX_DELIVERIES = 2  # pictures that two processes died delivering are only kept

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
    """A job that has ended while its card, if there is one, still says something else."""

    job: Job
    card: CardAddress | AnnouncedCard
    failure: JobFailure


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

    ``owner`` is this process; ``locks`` are everybody's. The folders hold the pictures of open jobs
    and files that are not complete. What was not sent within ``max_queue_age_ms`` is not sent.
    """

    deps: JobDependencies
    job_service: JobService
    owner: str
    locks: LockFolders
    jobs_folder: Path
    part_folder: Path
    max_queue_age_ms: int

    async def take_over(self) -> list[UnreportedFailure | ResumableJob]:
        """Take every abandoned job, oldest first; return those to resume or to report."""
        await self._set_unreadable_aside()
        taken = []
        for found in await self._abandoned():
            with bound_contextvars(job=found.job.id):
                taken.append(await self._take_or_set_aside(found))
        await self._remove_stale_files()
        return [job for job in taken if job is not None]

    async def end_operator_jobs(self) -> None:
        """End the terminal's abandoned jobs; those of Discord wait for the bot."""
        for found in await self._abandoned():
            if found.job.requester.is_operator:
                with bound_contextvars(job=found.job.id):
                    await self._end(found)

    async def resume(
        self,
        taken: Sequence[UnreportedFailure | ResumableJob],
        open_courier: OpenCourier,
        fetch: FetchAttachment,
    ) -> None:
        """Resume jobs, and then report on the other cards how theirs ended, one by one.

        Attachments are fetched one at a time, so that a start does not flood Discord.
        """
        fetch = _one_at_a_time(fetch)
        for each in taken:
            if isinstance(each, ResumableJob):
                courier = open_courier(each.job, each.card)
                attached = attachments_at(each.attached, fetch)
                self.job_service.resume(each.job, courier, each.attempts, attached=attached)
        for each in taken:
            if isinstance(each, UnreportedFailure):
                with bound_contextvars(job=each.job.id):
                    await self._report(each, open_courier)

    async def _report(self, ended: UnreportedFailure, open_courier: OpenCourier) -> None:
        try:
            courier = open_courier(ended.job, ended.card)
            await report_failure(self.deps, ended.job, courier, ended.failure)
        except Exception:
            # One card's defect must not end the others, nor the start; the next one tries again.
            log.exception("card.defect")

    async def cancel(self, found: WrittenJob) -> bool:
        """Cancel an unsent job, or one whose process is dead; return False for any other."""
        error = CancelledByOperator()
        if await self.deps.cancellation.cancel_unsent(found.job, error):
            return True
        is_abandoned = found.is_open and is_dead(self.locks, found.owner)
        if not (is_abandoned and await self._adopt(found)):
            return False
        await self._settle(found, unsent=error)
        return True

    async def _abandoned(self) -> list[WrittenJob]:
        unfinished = await self.deps.database.read(self.deps.repository.unfinished)
        owners = {found.owner for found in unfinished}
        dead = {owner for owner in owners if is_dead(self.locks, owner)}
        return [found for found in unfinished if found.owner in dead]

    async def _adopt(self, found: WrittenJob) -> bool:
        adopt = self.deps.repository.adopt
        return await self.deps.database.write(adopt, found.job.id, owner=found.owner)

    async def _set_unreadable_aside(self) -> None:
        repository, database = self.deps.repository, self.deps.database
        for found in await database.read(repository.unreadable):
            if is_dead(self.locks, found.owner):
                with bound_contextvars(job=found.id):
                    log.error("job.unreadable", problem=found.problem)
                    await self._set_aside(found.id)

    async def _take_or_set_aside(
        self, found: WrittenJob
    ) -> UnreportedFailure | ResumableJob | None:
        try:
            return await self._take(found)
        except Exception as error:
            # One job's rows must not keep the others, nor the bot, from starting.
            is_of_its_rows = isinstance(error, sqlite3.IntegrityError | sqlite3.DataError)
            if isinstance(error, sqlite3.Error) and not is_of_its_rows:
                raise
            log.exception("job.unreadable")
            await self._set_aside(found.job.id)
            return None

    async def _set_aside(self, job_id: str) -> None:
        await self.deps.billing.set_aside(job_id)
        self.deps.metrics.count(RECOVERIES, "unreadable")

    async def _take(self, found: WrittenJob) -> UnreportedFailure | ResumableJob | None:
        if not await self._adopt(found):
            return None
        attempts = await self.deps.database.read(self.deps.repository.attempts, found.job.id)
        if (
            isinstance(found.card, CardAddress)
            and self._is_resumable(found, attempts)
            and await self._has_files(found, attempts)
        ):
            log.info("job.taken_over", was=found.state)
            self.deps.metrics.count(RECOVERIES, "resumed")
            return ResumableJob(found.job, found.card, attempts, found.attached)
        failure = await self._end(found)
        if failure is None or found.card is None:
            return None
        return UnreportedFailure(found.job, found.card, failure)

    async def _has_files(self, found: WrittenJob, attempts: Sequence[WrittenAttempt]) -> bool:
        """Bring what another machine received; return False if only /history has it by now."""
        kept = await self.deps.database.read(read_kept_pictures, found.job.id)
        try:
            await bring_received_files(self.deps.attempts, found.job, attempts, kept)
        except OSError as refused:
            log.warning("job.files_not_brought", error=type(refused).__name__)
            return False
        return True

    def _is_resumable(self, found: WrittenJob, attempts: Sequence[WrittenAttempt]) -> bool:
        if not found.is_open or found.deliveries >= MAX_DELIVERIES:
            return False
        if attempts:
            return any(attempt.has_something for attempt in attempts)
        return not self._is_stale(found)

    def _is_stale(self, found: WrittenJob) -> bool:
        return self.deps.clock.now() - found.job.created_at > self.max_queue_age_ms

    async def _end(self, found: WrittenJob) -> JobFailure | None:
        log.info("job.recovered", job=found.job.id, was=found.state)
        if found.error is not None:
            return JobFailure(found.error, found.state)
        unsent = WaitedTooLong() if self._is_stale(found) else Interrupted()
        failure = await self._settle(found, unsent=unsent)
        self.deps.metrics.count(RECOVERIES, "ended")
        return failure

    async def _settle(self, found: WrittenJob, *, unsent: EaselError) -> JobFailure | None:
        await self._keep_pictures(found)
        return await settle_abandoned(
            self.deps,
            found.job,
            unsent=unsent,
            sent=InterruptedInDoubt(),
            lost=NeitherPostedNorKept(),
        )

    async def _keep_pictures(self, found: WrittenJob) -> None:
        """Keep what is a file: the disk may have refused when its process lived."""
        deps, job = self.deps, found.job
        if not found.is_open or job.requester.is_operator:
            return
        attempts = await deps.database.read(deps.repository.attempts, job.id)
        pictures = await asyncio.to_thread(deps.attempts.received_pictures, job, attempts)
        stored = await deps.retention.store(job, pictures)
        if stored:
            await deps.database.write_when_possible(
                insert_kept_pictures, job.id, stored, at=deps.clock.now()
            )

    async def _remove_stale_files(self) -> None:
        """Remove what killed processes left: files of ended jobs, and unfinished files."""
        # A job is written before it has files, so one that began meanwhile is not among these.
        found = await asyncio.to_thread(lambda: list(self.jobs_folder.glob("*")))
        unfinished = await self.deps.database.read(self.deps.repository.unfinished)
        unreadable = await self.deps.database.read(self.deps.repository.unreadable)
        open_jobs = {written.job.id for written in unfinished if written.is_open}
        open_jobs.update(written.id for written in unreadable)
        for folder in found:
            if folder.name not in open_jobs:
                await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        await asyncio.to_thread(self._remove_parts)

    def _remove_parts(self) -> None:
        # Whoever wrote one of these held a lock before; one who starts now wrote none of them.
        parts = list(self.part_folder.rglob("*.part"))
        if others_alive(self.locks, self.owner):
            return
        for part in parts:
            part.unlink(missing_ok=True)


def _one_at_a_time(fetch: FetchAttachment) -> FetchAttachment:
    fetching = asyncio.Lock()

    async def fetch_alone(url: str) -> bytes:
        async with fetching:
            return await fetch(url)

    return fetch_alone

"""Take over the jobs of dead processes at a start: resume them, or end them once.

A job is resumed where nothing can be paid twice: its request was never sent, or a gateway has a
task, an answer or pictures for it. Every other one ends: without a known card, or after waiting
too long → cancelled and released; its request was sent → ``unknown``, released; two processes died
delivering its pictures → kept, or lost if the disk refuses; its pictures were posted → settled.
Then the cards are updated, also one that was announced just before the death, if Discord took it.
"""

import asyncio
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog
from structlog.contextvars import bound_contextvars

from bot.core.errors.base import EaselError
from bot.core.errors.jobs import Interrupted, InterruptedInDoubt, NeitherPostedNorKept
from bot.core.metrics import RECOVERIES
from bot.core.models import AnnouncedCard, AttachmentUrls, CardAddress, Job
from bot.database.errors import DATABASE_ERRORS, is_of_rows
from bot.database.outage import is_passing
from bot.database.transaction import Transaction
from bot.images.references import FetchAttachment, attachments_at
from bot.jobs.attempts import is_of_late_task
from bot.jobs.courier import Courier, JobFailure
from bot.jobs.job_ending import JobDependencies, report_failure, settle_abandoned
from bot.jobs.picture_retention import StoredPicture
from bot.jobs.received_files import bring_received_files
from bot.jobs.repository.kept_pictures import (
    KeptPicture,
    insert_kept_pictures,
    read_kept_pictures,
)
from bot.jobs.repository.ownership import JobTakenOver
from bot.jobs.repository.rows import UnreadableJob, WrittenAttempt, WrittenJob
from bot.jobs.repository.unfinished_jobs import (
    jobs_with_files,
    owners_of_unfinished,
    unfinished_of,
)
from bot.jobs.service import JobService
from bot.jobs.text_billing import TextBilling

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
class _AdoptedJob:
    """What is written of a job that is this process' now."""

    written: WrittenJob
    attempts: Sequence[WrittenAttempt]
    kept: Sequence[KeptPicture]


@dataclass(frozen=True, slots=True)
class Recovery:
    """Takes over what dead processes left.

    The folders hold the pictures of open jobs and files that are not complete. What was not sent
    within ``max_queue_age_ms`` is not sent.
    """

    deps: JobDependencies
    job_service: JobService
    jobs_folder: Path
    part_folder: Path
    max_queue_age_ms: int
    text_billing: TextBilling

    async def take_over(self) -> list[UnreportedFailure | ResumableJob]:
        """Take the jobs of dead processes, and remove the files that they left.

        It is for a start: before this process has files.
        """
        taken = await self.take_dead()
        await self._remove_job_folders()
        await self._remove_unfinished_files()
        return taken

    async def take_dead(self) -> list[UnreportedFailure | ResumableJob]:
        """Take every abandoned job, oldest first; return those to resume or to report.

        Requests to the chat model that were abandoned end.
        """
        taken = []
        await self.text_billing.end_abandoned()
        for found in await self._abandoned():
            with bound_contextvars(job=found.id):
                taken.append(await self._take_if_possible(found))
        return [job for job in taken if job is not None]

    async def _take_if_possible(
        self, found: WrittenJob | UnreadableJob
    ) -> UnreportedFailure | ResumableJob | None:
        try:
            return await self._take_or_set_aside(found)
        except JobTakenOver:
            log.info("job.taken_over_elsewhere")
        except DATABASE_ERRORS as error:
            # Those taken before are to go on; with others there is a next time for this one.
            if not (self.deps.liveness.has_others and is_passing(error)):
                raise
            log.info("job.not_taken_over", error=str(error))
        return None

    async def end_operator_jobs(self) -> None:
        """End the terminal's abandoned jobs; those of Discord wait for the bot."""
        for found in await self._abandoned():
            if isinstance(found, WrittenJob) and found.job.requester.is_operator:
                with bound_contextvars(job=found.job.id):
                    if adopted := await self._adopt(found):
                        await self._end(adopted)

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
        except JobTakenOver:
            log.info("job.taken_over_elsewhere")
        except Exception:
            # One card's defect must not end the others, nor the start; the next one tries again.
            log.exception("card.defect")

    async def cancel(self, found: WrittenJob) -> bool:
        """Cancel an unsent job, or one whose process is dead; return False for any other."""
        error = CancelledByOperator()
        if await self.deps.cancellation.cancel_unsent(found.job, error):
            return True
        is_abandoned = found.is_open and await self.deps.liveness.is_dead(found.owner)
        adopted = await self._adopt(found) if is_abandoned else None
        if adopted is None:
            return False
        await self._settle(adopted, unsent=error)
        return True

    async def _abandoned(self) -> list[WrittenJob | UnreadableJob]:
        database = self.deps.database
        dead = await self._dead(await database.read(owners_of_unfinished))
        return await database.read(unfinished_of, dead)

    async def _dead(self, owners: Sequence[str]) -> list[str]:
        """Return whose processes are gone; to be sure of all takes as long as of one."""
        dead = await asyncio.gather(*(self.deps.liveness.is_dead(owner) for owner in owners))
        return [owner for owner, is_dead in zip(owners, dead, strict=True) if is_dead]

    async def _adopt(self, found: WrittenJob) -> _AdoptedJob | None:
        """Make a dead process' job this one's, and return what its last commit has left.

        It is one transaction: where a later read failed, a living process would have the job, and
        nobody would go on with it.

        None where another process was faster, or the dead one has ended it after all.
        """
        return await self.deps.database.write(self._adopt_and_read, found)

    def _adopt_and_read(self, tx: Transaction, found: WrittenJob) -> _AdoptedJob | None:
        repository, job_id = self.deps.repository, found.job.id
        if not repository.adopt(tx, job_id, owner=found.owner):
            return None
        written = repository.job(tx, job_id) or found
        attempts, kept = repository.attempts(tx, job_id), read_kept_pictures(tx, job_id)
        return _AdoptedJob(written, attempts, kept)

    async def _take_or_set_aside(
        self, found: WrittenJob | UnreadableJob
    ) -> UnreportedFailure | ResumableJob | None:
        """Take a job; one job's rows must not keep the others, nor the bot, from starting."""
        if isinstance(found, UnreadableJob):
            log.error("job.unreadable", problem=found.problem)
            await self._set_aside(found.id, found.owner)
            return None
        try:
            return await self._take(found)
        except Exception as error:
            if isinstance(error, DATABASE_ERRORS) and not is_of_rows(error):
                raise
            log.exception("job.unreadable")
            await self._set_aside(found.job.id, found.owner)
            return None

    async def _set_aside(self, job_id: str, owner: str) -> None:
        await self.deps.database.write(self.deps.repository.adopt, job_id, owner=owner)
        await self.deps.billing.set_aside(job_id)
        self.deps.metrics.count(RECOVERIES, "unreadable")

    async def _take(self, found: WrittenJob) -> UnreportedFailure | ResumableJob | None:
        adopted = await self._adopt(found)
        if adopted is None:
            return None
        found = adopted.written
        if (
            isinstance(found.card, CardAddress)
            and self._is_resumable(found, adopted.attempts)
            and await self._has_files(adopted)
        ):
            log.info("job.taken_over", was=found.state)
            self.deps.metrics.count(RECOVERIES, "resumed")
            return ResumableJob(found.job, found.card, adopted.attempts, found.attached)
        failure = await self._end(adopted)
        if failure is None or found.card is None:
            return None
        return UnreportedFailure(found.job, found.card, failure)

    async def _has_files(self, adopted: _AdoptedJob) -> bool:
        """Bring what another machine received; return False if only /history has it by now."""
        job, runner = adopted.written.job, self.deps.attempts
        try:
            await bring_received_files(runner, job, adopted.attempts, adopted.kept)
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

    async def _end(self, adopted: _AdoptedJob) -> JobFailure | None:
        found = adopted.written
        log.info("job.recovered", job=found.job.id, was=found.state)
        if found.error is not None:
            return JobFailure(found.error, found.state)
        unsent = WaitedTooLong() if self._is_stale(found) else Interrupted()
        failure = await self._settle(adopted, unsent=unsent)
        self.deps.metrics.count(RECOVERIES, "ended")
        return failure

    async def _settle(self, adopted: _AdoptedJob, *, unsent: EaselError) -> JobFailure | None:
        await self._keep_pictures(adopted.written, adopted.attempts)
        return await settle_abandoned(
            self.deps,
            adopted.written.job,
            unsent=unsent,
            sent=InterruptedInDoubt(),
            lost=NeitherPostedNorKept(),
        )

    async def _keep_pictures(self, found: WrittenJob, attempts: Sequence[WrittenAttempt]) -> None:
        """Keep what is a file: the disk may have refused when its process lived."""
        deps, job = self.deps, found.job
        if not found.is_open or job.requester.is_operator:
            return
        pictures = await asyncio.to_thread(deps.attempts.received_pictures, job, attempts)
        stored = await deps.retention.store(job, pictures)
        if stored:
            await deps.database.write_when_possible(self._insert_kept, job, stored)

    def _insert_kept(self, tx: Transaction, job: Job, stored: Sequence[StoredPicture]) -> None:
        self.deps.repository.own(tx, job.id)
        insert_kept_pictures(tx, job.id, stored, at=self.deps.clock.now())

    async def _remove_job_folders(self) -> None:
        """Remove the files that killed processes left of ended jobs."""
        # A job is written before it has files, so one that began meanwhile is not among these.
        found = await asyncio.to_thread(lambda: list(self.jobs_folder.glob("*")))
        needed = await self.deps.database.read(jobs_with_files)
        stale = [folder for folder in found if folder.name not in needed]
        if (
            any(is_of_late_task(folder) for folder in stale)
            and await self.deps.liveness.others_alive()
        ):
            stale = [folder for folder in stale if not is_of_late_task(folder)]
        for folder in stale:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _remove_unfinished_files(self) -> None:
        # Whoever wrote one of these lived before; one who starts now wrote none of them.
        folder = self.part_folder
        parts = await asyncio.to_thread(lambda: list(folder.rglob("*.part")))
        if await self.deps.liveness.others_alive():
            return
        for part in parts:
            part.unlink(missing_ok=True)


def _one_at_a_time(fetch: FetchAttachment) -> FetchAttachment:
    fetching = asyncio.Lock()

    async def fetch_alone(url: str) -> bytes:
        async with fetching:
            return await fetch(url)

    return fetch_alone

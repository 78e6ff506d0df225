"""The job service: accepts requests, runs each job in a task, and ends with the process."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

import structlog
from structlog.contextvars import bound_contextvars

from bot.core.errors.jobs import ShuttingDown
from bot.core.job_ids import new_job_id
from bot.core.models import OPEN_STATES, ImageRequest, Job, Requester
from bot.database.outage import DatabaseBusy
from bot.images.references import NO_ATTACHMENTS, Attachments
from bot.jobs.courier import Courier
from bot.jobs.job_ending import JobDependencies
from bot.jobs.job_run import JobRun
from bot.jobs.repository.ownership import JobTakenOver, taken_over
from bot.jobs.repository.rows import WrittenAttempt
from bot.moderation.moderation import TextRefused

log: structlog.stdlib.BoundLogger = structlog.get_logger()


# So often a job of another process is looked at, which posts its pictures, or is dead.
LOOKS_ELSEWHERE = 15
LOOK_ELSEWHERE_S = 1.0


class DeclineListener(Protocol):
    """Hears of a request that became no job because of its words."""

    def __call__(self, request: ImageRequest, requester: Requester, *, private: bool) -> None:
        """Take note of it."""


class JobService:
    """Accepts requests and owns the tasks of all jobs."""

    def __init__(self, deps: JobDependencies) -> None:
        self._deps = deps
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._runs: dict[str, JobRun] = {}
        self._closing = False
        self.on_end: Callable[[Job], None] | None = None
        """Is called when a job has ended, in this process; it must neither wait nor raise."""
        self.on_declined: DeclineListener | None = None
        """Is called when the word list declined a request; as ``on_end``."""

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
        spoiler: bool = False,
    ) -> Job:
        """Hold the credits, place the card and start the job.

        What is ``attached`` joins the references of its request; ``parent`` is the job that it
        comes from; what is ``private`` only its requester sees, and what is a ``spoiler`` is
        hidden until somebody clicks it.

        Raises:
            EaselError: nothing was held and no card is shown; CardNotSent: the card could not
                be shown, the job is cancelled and its hold released.
        """
        if self._closing:
            raise ShuttingDown
        deps = self._deps
        if not deps.liveness.may_send:
            raise DatabaseBusy
        await deps.references.check(attached, request)
        await self._check_allowed(request, requester, private=private)
        awaited = sum(run.awaited_bytes for run in self._runs.values())
        await deps.retention.ensure_space(awaited + sum(upload.size for upload in attached.uploads))
        ticket = deps.queue.enter(requester, request.model)
        try:
            now = deps.clock.now()
            credits_ = deps.pricing.credits_of(request, requester.server_id)
            id_ = new_job_id(now)
            job = Job(id_, request, requester, credits_, now, locale, parent, private, spoiler)
            run = JobRun(deps, job, courier, ticket, attached=attached)
            with bound_contextvars(job=id_):
                is_accepted = await _accept(run)
        except BaseException:
            deps.queue.leave(ticket)
            raise
        if is_accepted:
            self._start(run)
        else:
            deps.queue.leave(ticket)
        return job

    async def _check_allowed(
        self, request: ImageRequest, requester: Requester, *, private: bool
    ) -> None:
        """Refuse a model that may not paint there, and a text that is forbidden."""
        deps, server_id = self._deps, requester.server_id
        deps.age_restriction.check(request.model, requester)
        try:
            await deps.moderation.check(request.free_texts, server_id=server_id)
        except TextRefused:
            # Who is blocked is told that, and nobody else hears of their words.
            await deps.database.read(deps.ledger.check_blocked, server_id, requester.user_id)
            if self.on_declined is not None:
                self.on_declined(request, requester, private=private)
            raise

    @property
    def is_closing(self) -> bool:
        """Whether it accepts nothing more, because the process ends."""
        return self._closing

    async def find(self, job_id: str) -> Job | None:
        """Return a job, None where there is no such id."""
        written = await self._deps.database.read(self._deps.repository.job, job_id)
        return None if written is None else written.job

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
        ticket = self._deps.queue.readmit(job.requester, job.request.model)
        self._start(JobRun(self._deps, job, courier, ticket, attached=attached, attempts=attempts))

    async def drop_taken_over(self) -> None:
        """Stop the jobs that other processes took over while this one was taken for dead."""
        read, owner = self._deps.database.read, self._deps.repository.owner
        for job_id in await read(taken_over, list(self._tasks), owner):
            if task := self._tasks.get(job_id):
                log.info("job.taken_over_elsewhere", job=job_id)
                # A write that is under way delays the end; its card is the other process' by now.
                self._runs[job_id].stop_showing()
                task.cancel()

    async def wait_for_end(self, job_id: str) -> None:
        """Wait until a job has ended: one of another process for a while only."""
        if run := self._runs.get(job_id):
            await run.ended.wait()
            return
        clock = self._deps.clock
        for _ in range(LOOKS_ELSEWHERE):
            written = await self._deps.database.read(self._deps.repository.job, job_id)
            if written is None or written.state not in OPEN_STATES:
                return
            await clock.wait(clock.sleep(LOOK_ELSEWHERE_S), "end elsewhere")

    async def drained(self, timeout_s: float | None = None) -> None:
        """Wait until no job runs, at most ``timeout_s`` seconds."""
        while self._tasks:
            _, running = await asyncio.wait(self._tasks.values(), timeout=timeout_s)
            if running:
                return

    async def close(self, *, grace_s: float) -> None:
        """Accept nothing more, let jobs finish for a while, leave the rest to the next start."""
        self._closing = True
        await self.drained(grace_s)
        unfinished = list(self._tasks.values())
        for task in unfinished:
            task.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)

    def _start(self, run: JobRun) -> None:
        # The task, and all that it starts, log the job's id, and of the interaction that asked.
        with bound_contextvars(job=run.job.id):
            task = asyncio.get_running_loop().create_task(run.run())
            task.add_done_callback(partial(self._ended, run.job))
        self._tasks[run.job.id] = task
        self._runs[run.job.id] = run

    def _ended(self, job: Job, task: asyncio.Task[None]) -> None:
        del self._tasks[job.id]
        self._runs.pop(job.id).ended.set()
        if task.cancelled():
            return
        defect = task.exception()
        if isinstance(defect, JobTakenOver):
            log.info("job.taken_over_elsewhere")
        elif defect is not None:
            log.error("job.unfinished", exc_info=defect)  # the next start ends it
        elif self.on_end is not None:
            self.on_end(job)


async def _accept(run: JobRun) -> bool:
    """Accept a job; return False if another process has it before it runs, and goes on with it."""
    try:
        await run.accept()
    except JobTakenOver:
        return False
    return True

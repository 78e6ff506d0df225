"""How a job ends that nobody works on any more, and how its card says so."""

import asyncio
from dataclasses import dataclass

from bot.core.clock import Clock
from bot.core.errors.base import EaselError
from bot.core.liveness import Liveness
from bot.core.metrics import NO_METRICS, Metrics
from bot.core.models import Job
from bot.database.database import Database
from bot.gateways.age_restriction import AgeRestriction
from bot.images.references import ReferenceLoader
from bot.jobs.action_offers import ActionOffers
from bot.jobs.attempts import AttemptRunner
from bot.jobs.billing import Billing
from bot.jobs.cancellation import Cancellation
from bot.jobs.courier import Courier, JobFailure
from bot.jobs.first_responses import FirstResponses
from bot.jobs.job_writer import JobWriter
from bot.jobs.picture_retention import PictureRetention
from bot.jobs.pricing import Pricing
from bot.jobs.queue.queue import Queue
from bot.jobs.repository.ownership import JobTakenOver, taken_over
from bot.jobs.repository.repository import JobRepository
from bot.moderation.moderation import PromptModeration
from bot.quota.ledger import Ledger


@dataclass(frozen=True, slots=True)
class JobDependencies:
    """What every job works with."""

    database: Database
    ledger: Ledger
    repository: JobRepository
    billing: Billing
    pricing: Pricing
    actions: ActionOffers
    queue: Queue
    references: ReferenceLoader
    attempts: AttemptRunner
    cancellation: Cancellation
    first_responses: FirstResponses
    retention: PictureRetention
    age_restriction: AgeRestriction
    moderation: PromptModeration
    liveness: Liveness
    clock: Clock
    metrics: Metrics = NO_METRICS


async def settle_abandoned(
    deps: JobDependencies,
    job: Job,
    *,
    unsent: EaselError,
    sent: EaselError,
    lost: EaselError,
    writer: JobWriter | None = None,
) -> JobFailure | None:
    """End a job that nobody works on any more, and remove its files.

    Returns:
        What to tell the person, None if the pictures were posted before.
    """
    failure = await deps.billing.settle_abandoned(
        job, unsent=unsent, sent=sent, lost=lost, writer=writer
    )
    await asyncio.to_thread(deps.attempts.remove_files, job)
    return failure


async def until_own(deps: JobDependencies, job: Job) -> None:
    """Wait until this process may act for a job that does not run yet.

    Raises:
        JobTakenOver: another process has it by then.
    """
    if deps.liveness.may_send:
        return
    await deps.liveness.until_may_send()
    if await deps.database.read(taken_over, [job.id], deps.repository.owner):
        raise JobTakenOver(job.id)


async def report_failure(
    deps: JobDependencies, job: Job, courier: Courier, failure: JobFailure
) -> None:
    """Make the card of an ended job say so, and record whether it could."""
    await deps.liveness.until_may_send()
    is_told = await courier.end(job, failure)
    repository = deps.repository
    written = repository.told if is_told else repository.not_told
    await deps.database.write_when_possible(written, job.id)

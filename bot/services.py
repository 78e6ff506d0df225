"""Open every service below Discord in one stack, for the bot and for the terminal."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from bot.base_services import (
    BaseServices,
    TextServices,
    open_base_services,
    open_text_services,
)
from bot.core.clock import Clock
from bot.core.liveness import SessionWaits
from bot.core.metrics import NO_METRICS, Metrics
from bot.core.pseudonyms import Pseudonyms
from bot.core.traces import NO_TRACES, Traces
from bot.database.database import Database
from bot.database.installation import open_pseudonyms
from bot.database.notifications import Notifications
from bot.gateways.age_restriction import AgeRestriction
from bot.gateways.catalogue import Catalogue
from bot.gateways.routing.offered_models import OfferedModels
from bot.gateways.routing.operator_alerts import OperatorAlerts
from bot.gateways.routing.request_limit import SharedLimit
from bot.gateways.routing.router import Router, SharedLimits
from bot.gateways.routing.shared_suspensions import SharedSuspensions
from bot.images.content_store import ContentStore
from bot.images.decoding import can_read_heic
from bot.images.references import ReferenceLoader
from bot.jobs.action_offers import ActionOffers
from bot.jobs.attempts import AttemptRunner
from bot.jobs.billing import Billing
from bot.jobs.cancellation import Cancellation
from bot.jobs.deleted_messages import DeletedMessages
from bot.jobs.first_responses import FirstResponses
from bot.jobs.job_ending import JobDependencies
from bot.jobs.late_tasks import LateTasks
from bot.jobs.personal_data.deletion import PersonalDataDeletion
from bot.jobs.personal_data.deletion_requests import DeletionRequests
from bot.jobs.personal_data.export import PersonalDataExport
from bot.jobs.picture_retention import PictureRetention, RetentionLimits
from bot.jobs.pricing import Pricing
from bot.jobs.queue.queue import Queue, QueueLimits
from bot.jobs.queue.shared_queue import OtherProcesses, SharedQueue
from bot.jobs.recovery import Recovery
from bot.jobs.reported_results import ReportedResults
from bot.jobs.repository.repository import JobRepository
from bot.jobs.server_costs import ServerCostStore
from bot.jobs.service import JobService
from bot.jobs.stop_requests import StopRequests
from bot.jobs.taken_down_files import TakenDownFiles
from bot.jobs.task_seeds import TaskSeeds
from bot.jobs.text_billing import TextBilling
from bot.jobs.text_requests import TextRequests
from bot.moderation.moderation import PromptModeration
from bot.quota.ledger import Ledger
from bot.settings.reload import ReloadPart
from bot.settings.reload_parts import GatewayReload, ModerationReload
from bot.settings.settings import USER_TAGS_KEY, Settings


@dataclass(frozen=True, slots=True)
class Services:
    """What the bot and the terminal share: everything below Discord."""

    database: Database
    notifications: Notifications
    ledger: Ledger
    catalogue: Catalogue
    pricing: Pricing
    actions: ActionOffers
    server_costs: ServerCostStore
    job_service: JobService
    cancellation: Cancellation
    recovery: Recovery
    late_tasks: LateTasks
    repository: JobRepository
    retention: PictureRetention
    content_store: ContentStore
    export: PersonalDataExport
    deletion: PersonalDataDeletion
    alerts: OperatorAlerts
    offers: OfferedModels
    queue: Queue
    router: Router
    age_restriction: AgeRestriction
    moderation: PromptModeration
    reload_parts: Sequence[ReloadPart]
    taken_down_files: TakenDownFiles
    deleted_messages: DeletedMessages
    reports: ReportedResults
    text_billing: TextBilling
    text_requests: TextRequests | None
    task_seeds: TaskSeeds


@asynccontextmanager
async def open_services(
    settings: Settings,
    clock: Clock,
    metrics: Metrics = NO_METRICS,
    traces: Traces = NO_TRACES,
    *,
    cluster: int | None = None,
    session_waits: SessionWaits | None = None,
) -> AsyncIterator[Services]:
    """Open every service below Discord; they count in ``metrics``, and trace jobs.

    ``cluster`` is which of the bot's processes this is, None for a command of the terminal.

    Raises:
        StartRefused: something in the settings or the data folder stops the start.
    """
    async with AsyncExitStack() as stack:
        base = await stack.enter_async_context(
            open_base_services(
                settings, clock, metrics, traces, cluster=cluster, session_waits=session_waits
            )
        )
        router = await stack.enter_async_context(await _router(stack, base))
        queue = await stack.enter_async_context(_queue(base))
        deps, server_costs = await _job_dependencies(base, router, queue, stack)
        job_service = JobService(deps)
        base.liveness.on_regained(job_service.drop_taken_over)
        texts = open_text_services(base, deps, router)
        stack.push_async_callback(_close, job_service, texts, grace_s=settings.shutdown_grace)
        yield _services(base, deps, job_service, texts, router=router, server_costs=server_costs)


async def _close(job_service: JobService, texts: TextServices, *, grace_s: float) -> None:
    """Let jobs and texts end at the same time."""
    closing = [job_service.close(grace_s=grace_s), texts.seeds.close()]
    if texts.requests is not None:
        closing.append(texts.requests.close(grace_s=grace_s))
    await asyncio.gather(*closing)


async def _router(stack: AsyncExitStack, base: BaseServices) -> Router:
    settings, clock = base.settings, base.clock
    router = Router(
        base.gateways,
        base.catalogue,
        clock=clock,
        alerts=base.alerts,
        proxies=settings.proxies,
        data_dir=settings.data_dir,
        unread_folder=settings.data_dir / "unread",
    )
    if base.permits is not None:
        suspensions = SharedSuspensions(
            base.database, base.notifications, owner=base.liveness.owner, now=clock.now
        )
        await stack.enter_async_context(suspensions)
        router.share(SharedLimits(partial(SharedLimit, base.permits), suspensions))
    return router


async def _job_dependencies(
    base: BaseServices, router: Router, queue: Queue, stack: AsyncExitStack
) -> tuple[JobDependencies, ServerCostStore]:
    settings, clock, database, catalogue = base.settings, base.clock, base.database, base.catalogue
    repository = JobRepository(
        owner=base.liveness.owner, now=clock.now, metrics=base.metrics, traces=base.traces
    )
    ledger, pseudonyms = await _open_ledger(base)
    retention = RetentionLimits(timedelta(days=settings.retention_days), settings.max_disk)
    opening = ServerCostStore(database, base.notifications, ledger)
    server_costs = await stack.enter_async_context(opening)
    await server_costs.load()
    stops = StopRequests(base.notifications)
    stack.push_async_callback(stops.close)
    has_ceilings = bool(settings.server_quota or settings.total_quota)
    pricing = Pricing(catalogue, server_costs.cache, has_ceilings=has_ceilings)
    deps = JobDependencies(
        database=database,
        ledger=ledger,
        repository=repository,
        billing=_billing(base, ledger, repository),
        pricing=pricing,
        actions=ActionOffers(database, router, pricing),
        queue=queue,
        references=ReferenceLoader(base.content_store, now=clock.now, reads_heic=can_read_heic),
        attempts=_attempts(base, repository, router, pseudonyms),
        cancellation=Cancellation(
            database=database,
            ledger=ledger,
            repository=repository,
            queue=queue,
            requests=stops,
            owner=base.liveness.owner,
        ),
        first_responses=FirstResponses(),
        retention=PictureRetention(database, base.content_store, retention, now=clock.now),
        age_restriction=AgeRestriction(
            catalogue, allowed_in_direct_messages=settings.allow_age_restricted_in_dms
        ),
        moderation=PromptModeration(base.rules, base.metrics),
        liveness=base.liveness,
        clock=clock,
        metrics=base.metrics,
    )
    return deps, server_costs


def _billing(base: BaseServices, ledger: Ledger, repository: JobRepository) -> Billing:
    settings = base.settings
    return Billing(
        base.database,
        ledger,
        repository,
        base.catalogue,
        base.alerts,
        max_requests_per_minute=settings.max_requests_per_minute,
        records_presses=settings.has_server,
    )


def _attempts(
    base: BaseServices, repository: JobRepository, router: Router, pseudonyms: Pseudonyms
) -> AttemptRunner:
    return AttemptRunner(
        repository,
        base.catalogue,
        router,
        base.content_store,
        pseudonyms,
        base.settings.data_dir / "jobs",
        base.liveness,
    )


def _services(
    base: BaseServices,
    deps: JobDependencies,
    job_service: JobService,
    texts: TextServices,
    *,
    router: Router,
    server_costs: ServerCostStore,
) -> Services:
    settings, content_store = base.settings, base.content_store
    offers = _offers(base)
    files = TakenDownFiles(base.database, content_store)
    requests = DeletionRequests(
        base.locks.database, hashed=deps.attempts.pseudonyms.deletion_mark, now=base.clock.now
    )
    return Services(
        database=base.database,
        notifications=base.notifications,
        ledger=deps.ledger,
        catalogue=base.catalogue,
        pricing=deps.pricing,
        actions=deps.actions,
        server_costs=server_costs,
        job_service=job_service,
        cancellation=deps.cancellation,
        recovery=_recovery(base, deps, job_service, texts.billing),
        late_tasks=LateTasks(deps),
        repository=deps.repository,
        retention=deps.retention,
        content_store=content_store,
        export=PersonalDataExport(base.database, content_store),
        deletion=_deletion(base, deps, requests),
        alerts=base.alerts,
        offers=offers,
        queue=deps.queue,
        router=router,
        age_restriction=deps.age_restriction,
        moderation=deps.moderation,
        reload_parts=_reload_parts(base, deps, router, offers),
        taken_down_files=files,
        deleted_messages=DeletedMessages(base.database, files, forgets=settings.forget_deleted),
        reports=ReportedResults(
            base.database, deps.repository, files, requests, now=base.clock.now
        ),
        text_billing=texts.billing,
        text_requests=texts.requests,
        task_seeds=texts.seeds,
    )


def _reload_parts(
    base: BaseServices, deps: JobDependencies, router: Router, offers: OfferedModels
) -> Sequence[ReloadPart]:
    gateways = GatewayReload(base.catalogue, router, offers, base.metrics)
    return gateways, ModerationReload(deps.moderation)


def _offers(base: BaseServices) -> OfferedModels:
    return OfferedModels(
        base.gateways,
        base.catalogue,
        clock=base.clock,
        alerts=base.alerts,
        proxies=base.settings.proxies,
    )


def _recovery(
    base: BaseServices,
    deps: JobDependencies,
    job_service: JobService,
    text_billing: TextBilling,
) -> Recovery:
    settings = base.settings
    return Recovery(
        deps,
        job_service,
        jobs_folder=settings.data_dir / "jobs",
        part_folder=base.content_store.part_folder,
        max_queue_age_ms=settings.max_queue_age * 1000,
        text_billing=text_billing,
    )


def _deletion(
    base: BaseServices, deps: JobDependencies, requests: DeletionRequests
) -> PersonalDataDeletion:
    settings = base.settings
    return PersonalDataDeletion(
        database=base.database,
        ledger=deps.ledger,
        content_store=base.content_store,
        jobs=settings.data_dir / "jobs",
        unread=settings.data_dir / "unread",
        requests=requests,
    )


async def _open_ledger(base: BaseServices) -> tuple[Ledger, Pseudonyms]:
    settings = base.settings
    pseudonyms = await open_pseudonyms(
        base.database, settings.user_tags_key.get_secret_value(), settings.data_dir / USER_TAGS_KEY
    )
    ledger = Ledger(
        default=settings.default_quota,
        server_quota=settings.server_quota,
        total_quota=settings.total_quota,
        budget=settings.operator_budget,
        max_doubtful_per_day=settings.max_doubtful_per_day,
        pseudonym=pseudonyms.pseudonym,
        now=base.clock.now,
        metrics=base.metrics,
    )
    # Before the first hold: SQLite does not read what a server's database had spread.
    await base.database.write(ledger.fold_stripes)
    return ledger, pseudonyms


@asynccontextmanager
async def _queue(base: BaseServices) -> AsyncIterator[Queue]:
    settings, clock, usual_s = base.settings, base.clock, base.catalogue.usual_s
    limits = QueueLimits(
        max_running=settings.max_concurrent_jobs,
        max_running_per_user=settings.max_running_per_user,
        max_waiting=settings.max_queued_jobs,
        max_waiting_per_user=settings.max_waiting_per_user,
    )
    if base.permits is None:
        yield Queue(limits, usual_s=usual_s, now=clock.now, wait=clock.wait)
        return
    others = OtherProcesses(base.database, base.permits, base.liveness.owner)
    shared = SharedQueue(limits, others, usual_s=usual_s, now=clock.now, wait=clock.wait)
    async with shared:
        yield shared

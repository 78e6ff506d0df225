"""Open every service below Discord in one stack, for the bot and for the terminal."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import structlog

from bot.core.clock import Clock
from bot.core.errors.base import StartRefused
from bot.core.errors.jobs import PictureStorageAway
from bot.core.liveness import SESSION_WAITS, Liveness, SessionWaits
from bot.core.metrics import NO_METRICS, Metrics
from bot.core.private_files import prepare_data_folder
from bot.core.process_lock import LockFolders
from bot.core.pseudonyms import Pseudonyms
from bot.core.traces import NO_TRACES, Traces
from bot.database.database import Database
from bot.database.installation import open_pseudonyms
from bot.database.notifications import Notifications
from bot.database.opening import (
    hold_sharding,
    is_postgresql,
    open_database,
    open_liveness,
    open_notifications,
    open_permits,
)
from bot.database.postgresql.permits import Permits
from bot.database.scheduled_copies import BACKUP_FOLDER
from bot.gateways.age_restriction import AgeRestriction
from bot.gateways.catalogue import Catalogue
from bot.gateways.gateway import Gateway
from bot.gateways.routing.alert_claims import AlertClaims
from bot.gateways.routing.offered_models import OfferedModels
from bot.gateways.routing.operator_alerts import OperatorAlerts
from bot.gateways.routing.request_limit import SharedLimit
from bot.gateways.routing.router import Router, SharedLimits
from bot.gateways.routing.shared_suspensions import SharedSuspensions
from bot.images.content_store import ContentStore
from bot.images.decoding import can_read_heic
from bot.images.references import ReferenceLoader
from bot.images.storage_places import VAULT, open_storage
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
from bot.moderation.moderation import PromptModeration
from bot.moderation.rules import OperatorRules, read_rules
from bot.quota.ledger import Ledger
from bot.settings.cluster_settings import cluster_of
from bot.settings.gateway_settings import check_prices, read_gateways
from bot.settings.reload import ReloadPart
from bot.settings.reload_parts import GatewayReload, ModerationReload, tell_names
from bot.settings.settings import USER_TAGS_KEY, Settings, database_url, lock_folders

log: structlog.stdlib.BoundLogger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Services:
    """What the bot and the terminal share: everything below Discord."""

    database: Database
    notifications: Notifications
    ledger: Ledger
    catalogue: Catalogue
    pricing: Pricing
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


@asynccontextmanager
async def open_services(
    settings: Settings,
    clock: Clock,
    metrics: Metrics = NO_METRICS,
    traces: Traces = NO_TRACES,
    *,
    cluster: int | None = None,
    session_waits: SessionWaits = SESSION_WAITS,
) -> AsyncIterator[Services]:
    """Open every service below Discord; they count in ``metrics``, and trace jobs.

    ``cluster`` is which of the bot's processes this is, None for a command of the terminal.

    Raises:
        StartRefused: something in the settings or the data folder stops the start.
    """
    gateways = read_gateways(settings)
    check_prices(settings, gateways)
    catalogue = Catalogue.of(gateways)
    tell_names(metrics, gateways, catalogue)
    rules = await asyncio.to_thread(read_rules, settings.moderation_file)
    locks = lock_folders(settings)
    await asyncio.to_thread(prepare_data_folder, settings.data_dir)
    async with AsyncExitStack() as stack:
        url = database_url(settings)
        opening = open_liveness(url, locks, cluster=cluster, waits=session_waits)
        liveness = await stack.enter_async_context(opening)
        opened = _database(settings, clock, metrics, liveness.owner)
        database = await stack.enter_async_context(opened)
        notifications = await stack.enter_async_context(open_notifications(url, database))
        permits = await stack.enter_async_context(open_permits(liveness, notifications))
        if cluster is not None:
            await hold_sharding(liveness, cluster_of(settings))
        claims = None if permits is None else AlertClaims(database, clock.now)
        base = _Base(
            settings=settings,
            clock=clock,
            gateways=gateways,
            catalogue=catalogue,
            rules=rules,
            locks=locks,
            liveness=liveness,
            database=database,
            content_store=await _content_store(settings, database, clock),
            notifications=notifications,
            permits=permits,
            alerts=await stack.enter_async_context(OperatorAlerts(now=clock.now, claims=claims)),
            metrics=metrics,
            traces=traces,
        )
        router = await stack.enter_async_context(await _router(stack, base))
        queue = await stack.enter_async_context(_queue(base))
        deps, server_costs = await _job_dependencies(base, router, queue, stack)
        job_service = JobService(deps)
        base.liveness.on_regained(job_service.drop_taken_over)
        stack.push_async_callback(job_service.close, grace_s=settings.shutdown_grace)
        yield _services(base, deps, job_service, router, server_costs)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Base:
    """What the services are made from."""

    settings: Settings
    clock: Clock
    gateways: tuple[Gateway, ...]
    catalogue: Catalogue
    rules: OperatorRules
    content_store: ContentStore
    locks: LockFolders
    liveness: Liveness
    database: Database
    notifications: Notifications
    permits: Permits | None
    alerts: OperatorAlerts
    metrics: Metrics
    traces: Traces


async def _router(stack: AsyncExitStack, base: _Base) -> Router:
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
    base: _Base, router: Router, queue: Queue, stack: AsyncExitStack
) -> tuple[JobDependencies, ServerCostStore]:
    settings, clock, database, catalogue = base.settings, base.clock, base.database, base.catalogue
    repository = JobRepository(
        owner=base.liveness.owner, now=clock.now, metrics=base.metrics, traces=base.traces
    )
    pseudonyms = await open_pseudonyms(
        database, settings.user_tags_key.get_secret_value(), settings.data_dir / USER_TAGS_KEY
    )
    ledger = _ledger(settings, clock, pseudonyms, base.metrics)
    # Before the first hold: SQLite does not read what a server's database had spread.
    await database.write(ledger.fold_stripes)
    retention = RetentionLimits(timedelta(days=settings.retention_days), settings.max_disk)
    opening = ServerCostStore(database, base.notifications, ledger)
    server_costs = await stack.enter_async_context(opening)
    await server_costs.load()
    stops = StopRequests(base.notifications)
    stack.push_async_callback(stops.close)
    deps = JobDependencies(
        database=database,
        ledger=ledger,
        repository=repository,
        billing=Billing(
            database,
            ledger,
            repository,
            catalogue,
            base.alerts,
            max_requests_per_minute=settings.max_requests_per_minute,
            records_presses=is_postgresql(settings.database_url),
        ),
        pricing=Pricing(
            catalogue,
            server_costs.cache,
            has_ceilings=bool(settings.server_quota or settings.total_quota),
        ),
        queue=queue,
        references=ReferenceLoader(base.content_store, now=clock.now, reads_heic=can_read_heic),
        attempts=AttemptRunner(
            repository,
            catalogue,
            router,
            base.content_store,
            pseudonyms,
            settings.data_dir / "jobs",
            base.liveness,
        ),
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


def _services(
    base: _Base,
    deps: JobDependencies,
    job_service: JobService,
    router: Router,
    server_costs: ServerCostStore,
) -> Services:
    settings, content_store = base.settings, base.content_store
    offers = OfferedModels(
        base.gateways,
        base.catalogue,
        clock=base.clock,
        alerts=base.alerts,
        proxies=settings.proxies,
    )
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
        server_costs=server_costs,
        job_service=job_service,
        cancellation=deps.cancellation,
        recovery=_recovery(base, deps, job_service),
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
        reload_parts=(
            GatewayReload(base.catalogue, router, offers, base.metrics),
            ModerationReload(deps.moderation),
        ),
        taken_down_files=files,
        deleted_messages=DeletedMessages(base.database, files, forgets=settings.forget_deleted),
        reports=ReportedResults(
            base.database, deps.repository, files, requests, now=base.clock.now
        ),
    )


def _recovery(base: _Base, deps: JobDependencies, job_service: JobService) -> Recovery:
    settings = base.settings
    return Recovery(
        deps,
        job_service,
        base.liveness,
        jobs_folder=settings.data_dir / "jobs",
        part_folder=base.content_store.part_folder,
        max_queue_age_ms=settings.max_queue_age * 1000,
    )


def _deletion(
    base: _Base, deps: JobDependencies, requests: DeletionRequests
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


def _database(
    settings: Settings, clock: Clock, metrics: Metrics, owner: str
) -> AbstractAsyncContextManager[Database]:
    return open_database(
        database_url(settings),
        backup_dir=settings.data_dir / BACKUP_FOLDER,
        now=clock.now,
        connections=settings.database_connections,
        owner=owner,
        metrics=metrics,
    )


async def _content_store(settings: Settings, database: Database, clock: Clock) -> ContentStore:
    url = settings.content_store_url
    storage = open_storage(url, settings.data_dir, settings.s3_values)
    if url:  # a folder in DATA_DIR that cannot be written is told with each picture
        try:
            await storage.check()
        except PictureStorageAway:
            log.warning("content_store.away")  # it may come back while the bot runs
    content_store = ContentStore(database, storage, clock.now)
    await content_store.open(url or VAULT)
    is_elsewhere = content_store.total_bytes and not (settings.data_dir / VAULT).is_dir()
    if is_elsewhere and not url and is_postgresql(database_url(settings)):
        raise StartRefused(
            "The pictures of this database are in DATA_DIR of another machine: move its vault to a "
            "folder or bucket that all machines reach, and set CONTENT_STORE_URL to that on each; "
            f"if they are lost, create the folder {settings.data_dir / VAULT}."
        )
    return content_store


def _ledger(settings: Settings, clock: Clock, pseudonyms: Pseudonyms, metrics: Metrics) -> Ledger:
    return Ledger(
        default=settings.default_quota,
        server_quota=settings.server_quota,
        total_quota=settings.total_quota,
        budget=settings.operator_budget,
        max_doubtful_per_day=settings.max_doubtful_per_day,
        pseudonym=pseudonyms.pseudonym,
        now=clock.now,
        metrics=metrics,
    )


@asynccontextmanager
async def _queue(base: _Base) -> AsyncIterator[Queue]:
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

"""What all services are made from: settings, gateways, what processes share; and words."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import structlog

from bot.core.clock import Clock
from bot.core.errors.base import StartRefused
from bot.core.errors.jobs import PictureStorageAway
from bot.core.liveness import SESSION_WAITS, Liveness, SessionWaits
from bot.core.metrics import Metrics
from bot.core.private_files import prepare_data_folder
from bot.core.process_lock import LockFolders
from bot.core.traces import Traces
from bot.database.database import Database
from bot.database.notifications import Notifications
from bot.database.opening import (
    open_database,
    open_liveness,
    open_notifications,
    open_permits,
    refuse_other_sharding,
)
from bot.database.postgresql.permits import Permits
from bot.database.scheduled_copies import BACKUP_FOLDER
from bot.gateways.catalogue import Catalogue
from bot.gateways.gateway import Gateway
from bot.gateways.routing.alert_claims import AlertClaims
from bot.gateways.routing.operator_alerts import OperatorAlerts
from bot.gateways.routing.router import Router
from bot.gateways.text_call_client import TextCallClient
from bot.images.content_store import ContentStore
from bot.images.storage_places import VAULT, open_storage
from bot.images.vision_copies import VisionCopies
from bot.jobs.job_ending import JobDependencies
from bot.jobs.task_seeds import TaskSeeds
from bot.jobs.text_billing import TextBilling
from bot.jobs.text_requests import TextRequests
from bot.moderation.rules import OperatorRules, read_rules
from bot.settings.cluster_settings import cluster_of
from bot.settings.gateway_settings import check_prices, check_text_model, read_gateways
from bot.settings.reload_parts import tell_names
from bot.settings.settings import Settings, database_url, lock_folders
from bot.settings.text_sources import text_sources

log: structlog.stdlib.BoundLogger = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseServices:
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


@asynccontextmanager
async def open_base_services(
    settings: Settings,
    clock: Clock,
    metrics: Metrics,
    traces: Traces,
    *,
    cluster: int | None,
    session_waits: SessionWaits | None,
) -> AsyncIterator[BaseServices]:
    """Open them as ``bot.services.open_services`` says."""
    gateways = read_gateways(settings)
    check_prices(settings, gateways)
    check_text_model(settings, gateways)
    catalogue = Catalogue.of(gateways)
    tell_names(metrics, gateways, catalogue)
    rules = await asyncio.to_thread(read_rules, settings.moderation_file)
    locks, url = lock_folders(settings), database_url(settings)
    await asyncio.to_thread(prepare_data_folder, settings.data_dir)
    async with AsyncExitStack() as stack:
        opening = open_liveness(url, locks, cluster=cluster, waits=session_waits or SESSION_WAITS)
        liveness = await stack.enter_async_context(opening)
        opened = _database(settings, clock, metrics, liveness.owner)
        database = await stack.enter_async_context(opened)
        notifications = await stack.enter_async_context(open_notifications(url, database))
        permits = await stack.enter_async_context(open_permits(liveness, notifications))
        if cluster is not None:
            await refuse_other_sharding(liveness, cluster_of(settings))
        claims = None if permits is None else AlertClaims(database, clock.now)
        yield BaseServices(
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
    if is_elsewhere and not url and settings.has_server:
        raise StartRefused(
            "The pictures of this database are in DATA_DIR of another machine: move its vault to a "
            "folder or bucket that all machines reach, and set CONTENT_STORE_URL to that on each; "
            f"if they are lost, create the folder {settings.data_dir / VAULT}."
        )
    return content_store


@dataclass(frozen=True, slots=True)
class TextServices:
    """The billing, which ends what an earlier process left, and what asks for words.

    ``requests`` is None where nothing answers any.
    """

    billing: TextBilling
    requests: TextRequests | None
    seeds: TaskSeeds


def open_text_services(base: BaseServices, deps: JobDependencies, router: Router) -> TextServices:
    """Return them as the settings and the gateways say."""
    settings = base.settings
    billing = TextBilling(
        database=base.database,
        ledger=deps.ledger,
        alerts=base.alerts,
        liveness=base.liveness,
        clock=base.clock,
        metrics=base.metrics,
        max_requests_per_minute=settings.text_requests_per_minute,
        records_presses=settings.has_server,
    )
    calls = TextCallClient(router, base.clock)
    sources = text_sources(settings, router, calls)
    seeds = TaskSeeds(base.database, calls)
    if not sources:
        return TextServices(billing, None, seeds)
    copies = VisionCopies(base.content_store, deps.references)
    requests = TextRequests(sources, billing, copies, deps.moderation, base.clock)
    return TextServices(billing, requests, seeds)

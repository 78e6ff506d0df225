"""Open every service below Discord in one stack, for the bot and for the terminal."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from bot.core.clock import Clock
from bot.core.errors.base import StartRefused
from bot.core.private_files import restrict_data_folder
from bot.core.process_lock import LockFolders, hold_process_lock
from bot.core.pseudonyms import Pseudonyms, read_or_make_key
from bot.database.database import Database
from bot.gateways.age_restriction import AgeRestriction
from bot.gateways.catalogue import Catalogue
from bot.gateways.gateway import Gateway
from bot.gateways.gateway_config import parse_gateways, single_gateway
from bot.gateways.routing.offered_models import OfferedModels
from bot.gateways.routing.operator_alerts import OperatorAlerts
from bot.gateways.routing.router import Router
from bot.images.content_store import ContentStore
from bot.images.decoding import can_read_heic
from bot.images.references import ReferenceLoader
from bot.jobs.attempts import AttemptRunner
from bot.jobs.billing import Billing
from bot.jobs.cancellation import Cancellation
from bot.jobs.first_responses import FirstResponses
from bot.jobs.job_ending import JobDependencies
from bot.jobs.late_tasks import LateTasks
from bot.jobs.personal_data.deletion import PersonalDataDeletion
from bot.jobs.personal_data.deletion_requests import DeletionRequests
from bot.jobs.personal_data.export import PersonalDataExport
from bot.jobs.picture_retention import PictureRetention, RetentionLimits
from bot.jobs.pricing import Pricing, ServerCostCache
from bot.jobs.queue.queue import Queue, QueueLimits
from bot.jobs.recovery import Recovery
from bot.jobs.repository.repository import JobRepository
from bot.jobs.service import JobService
from bot.moderation.moderation import PromptModeration
from bot.moderation.rules import OperatorRules, read_rules
from bot.quota.ledger import Ledger
from bot.settings.fixes import FIXES
from bot.settings.settings import Settings, lock_folders


@dataclass(frozen=True, slots=True)
class Services:
    """What the bot and the terminal share: everything below Discord."""

    database: Database
    ledger: Ledger
    catalogue: Catalogue
    pricing: Pricing
    server_costs: ServerCostCache
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
    age_restriction: AgeRestriction
    moderation: PromptModeration


@asynccontextmanager
async def open_services(settings: Settings, clock: Clock) -> AsyncIterator[Services]:
    """Open every service below Discord.

    Raises:
        StartRefused: something in the settings or the data folder stops the start.
    """
    gateways = read_gateways(settings)
    catalogue = Catalogue.of(gateways)
    check_prices(settings, catalogue)
    rules = await asyncio.to_thread(read_rules, settings.moderation_file)
    locks = lock_folders(settings)
    await asyncio.to_thread(restrict_data_folder, settings.data_dir)
    async with AsyncExitStack() as stack:
        base = _Base(
            settings=settings,
            clock=clock,
            gateways=gateways,
            catalogue=catalogue,
            rules=rules,
            content_store=ContentStore(settings.data_dir / "vault", clock.now),
            locks=locks,
            owner=stack.enter_context(hold_process_lock(locks)),
            database=await stack.enter_async_context(_database(locks, clock)),
            alerts=await stack.enter_async_context(OperatorAlerts(now=clock.now)),
        )
        router = await stack.enter_async_context(
            Router(
                gateways,
                catalogue,
                clock=clock,
                alerts=base.alerts,
                proxies=settings.proxies,
                data_dir=settings.data_dir,
                unread_folder=settings.data_dir / "unread",
            )
        )
        deps = await _job_dependencies(base, router)
        job_service = JobService(deps)
        stack.push_async_callback(job_service.close, grace_s=settings.shutdown_grace)
        yield _services(base, deps, job_service)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Base:
    """What the services are made from; ``owner`` is the id of this process."""

    settings: Settings
    clock: Clock
    gateways: tuple[Gateway, ...]
    catalogue: Catalogue
    rules: OperatorRules
    content_store: ContentStore
    locks: LockFolders
    owner: str
    database: Database
    alerts: OperatorAlerts


async def _job_dependencies(base: _Base, router: Router) -> JobDependencies:
    settings, clock, database, catalogue = base.settings, base.clock, base.database, base.catalogue
    repository = JobRepository(owner=base.owner, now=clock.now)
    pseudonyms = Pseudonyms(read_or_make_key(settings.data_dir / "user-tags.key"))
    ledger = _ledger(settings, clock, pseudonyms)
    queue = _queue(settings, catalogue, clock)
    retention = RetentionLimits(timedelta(days=settings.retention_days), settings.max_disk)
    return JobDependencies(
        database=database,
        ledger=ledger,
        repository=repository,
        billing=Billing(database, ledger, repository, catalogue, base.alerts),
        pricing=Pricing(
            catalogue,
            ServerCostCache(await database.read(ledger.costs, None)),
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
        ),
        cancellation=Cancellation(
            database=database, ledger=ledger, repository=repository, queue=queue
        ),
        first_responses=FirstResponses(),
        retention=PictureRetention(database, base.content_store, retention, now=clock.now),
        age_restriction=AgeRestriction(
            catalogue, allowed_in_direct_messages=settings.allow_age_restricted_in_dms
        ),
        moderation=PromptModeration(base.rules),
        clock=clock,
    )


def _services(base: _Base, deps: JobDependencies, job_service: JobService) -> Services:
    settings, content_store = base.settings, base.content_store
    return Services(
        database=base.database,
        ledger=deps.ledger,
        catalogue=base.catalogue,
        pricing=deps.pricing,
        server_costs=deps.pricing.server_costs,
        job_service=job_service,
        cancellation=deps.cancellation,
        recovery=Recovery(
            deps,
            job_service,
            base.owner,
            locks=base.locks,
            jobs_folder=settings.data_dir / "jobs",
            content_store_folder=settings.data_dir / "vault",
            max_queue_age_ms=settings.max_queue_age * 1000,
        ),
        late_tasks=LateTasks(deps),
        repository=deps.repository,
        retention=deps.retention,
        content_store=content_store,
        export=PersonalDataExport(base.database, content_store),
        deletion=PersonalDataDeletion(
            database=base.database,
            ledger=deps.ledger,
            content_store=content_store,
            jobs=settings.data_dir / "jobs",
            unread=settings.data_dir / "unread",
            requests=DeletionRequests(
                base.locks.database,
                hashed=deps.attempts.pseudonyms.deletion_mark,
                now=base.clock.now,
            ),
        ),
        alerts=base.alerts,
        offers=OfferedModels(
            base.gateways,
            base.catalogue,
            clock=base.clock,
            alerts=base.alerts,
            proxies=settings.proxies,
        ),
        age_restriction=deps.age_restriction,
        moderation=deps.moderation,
    )


def _database(locks: LockFolders, clock: Clock) -> AbstractAsyncContextManager[Database]:
    return Database.open(locks.database, backup_dir=locks.data_dir / "backup", now=clock.now)


def _ledger(settings: Settings, clock: Clock, pseudonyms: Pseudonyms) -> Ledger:
    return Ledger(
        default=settings.default_quota,
        server_quota=settings.server_quota,
        total_quota=settings.total_quota,
        budget=settings.operator_budget,
        max_doubtful_per_day=settings.max_doubtful_per_day,
        pseudonym=pseudonyms.pseudonym,
        now=clock.now,
    )


def _queue(settings: Settings, catalogue: Catalogue, clock: Clock) -> Queue:
    limits = QueueLimits(
        max_running=settings.max_concurrent_jobs,
        max_running_per_user=settings.max_running_per_user,
        max_waiting=settings.max_queued_jobs,
        max_waiting_per_user=settings.max_waiting_per_user,
    )
    return Queue(limits, usual_s=catalogue.usual_s, now=clock.now, wait=clock.wait)


def read_gateways(settings: Settings) -> tuple[Gateway, ...]:
    """Return the gateways that the settings name.

    Raises:
        StartRefused: there is none, or it is described wrongly.
    """
    return tuple(_with_downloads(gateway, settings) for gateway in _described_gateways(settings))


def _with_downloads(gateway: Gateway, settings: Settings) -> Gateway:
    """Return the gateway with the hosts and networks that all gateways' pictures may come from."""
    download = replace(
        gateway.download,
        hosts=(*gateway.download.hosts, *settings.download_hosts),
        networks=(*gateway.download.networks, *settings.download_networks),
    )
    return replace(gateway, download=download)


def _described_gateways(settings: Settings) -> tuple[Gateway, ...]:
    keys = {name: key.api_key.get_secret_value() for name, key in settings.gateways.items()}
    if settings.gateways_file is not None:
        if settings.image_api_url:
            raise StartRefused(
                "IMAGE_API_URL and GATEWAYS_FILE are both set: keep one and empty the other."
            )
        return parse_gateways(_read(settings.gateways_file), keys)
    if keys:
        raise StartRefused(
            f"GATEWAYS__{next(iter(keys)).upper()}__API_KEY is set without GATEWAYS_FILE: "
            "name the file that holds this gateway, or use IMAGE_API_KEY."
        )
    return (_only_gateway(settings),)


def check_prices(settings: Settings, catalogue: Catalogue) -> None:
    """Raise StartRefused when there is a budget and some model of a gateway has no price."""
    if not (settings.operator_budget and catalogue.unpriced):
        return
    gateway, model = catalogue.unpriced[0]
    key = f'[gateways.{gateway}.abilities."{model}"]'
    where = f"{key} of {settings.gateways_file}"
    if settings.gateways_file is None:
        where = f"{key} of a gateways.toml, and name that file in GATEWAYS_FILE"
    raise StartRefused(
        f"OPERATOR_BUDGET needs a price of every model, and the gateway {gateway} has none for "
        f"{model}: write one like price = 0.04 under {where}, or leave OPERATOR_BUDGET empty."
    )


def _only_gateway(settings: Settings) -> Gateway:
    for name in ("image_api_url", "image_models"):
        if not getattr(settings, name):
            raise StartRefused(f"{name.upper()} is missing: {FIXES[name.upper()]}.")
    key = settings.image_api_key.get_secret_value()
    if not key:
        raise StartRefused(f"IMAGE_API_KEY is missing: {FIXES['IMAGE_API_KEY']}.")
    return single_gateway(url=settings.image_api_url, key=key, models=settings.image_models)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")  # Windows editors write a mark first
    except (OSError, UnicodeDecodeError):
        raise StartRefused(
            f"GATEWAYS_FILE cannot be read ({path}): {FIXES['GATEWAYS_FILE']}."
        ) from None

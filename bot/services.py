"""The house: every room below Discord, opened in one stack; the bot and the terminal share it."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bot.core.clock import Clock
from bot.core.errors.base import StartRefused
from bot.core.process_lock import hold_process_lock
from bot.core.pseudonyms import Pseudonyms, read_or_make_key
from bot.database.database import Database, database_path
from bot.gateways.catalogue import Catalogue
from bot.gateways.gateway import Gateway
from bot.gateways.gateway_config import parse_gateways, single_gateway
from bot.gateways.routing.offered_models import OfferedModels
from bot.gateways.routing.operator_alerts import OperatorAlerts
from bot.gateways.routing.router import Router
from bot.images.content_store import ContentStore
from bot.images.references import References
from bot.jobs.attempts import Slots
from bot.jobs.billing import Billing
from bot.jobs.cancellation import Cancellation
from bot.jobs.personal_data.deletion import Deletion
from bot.jobs.personal_data.export import Export
from bot.jobs.picture_retention import PictureRetention, RetentionLimits
from bot.jobs.pricing import Pricing
from bot.jobs.queue.queue import Limits, Queue
from bot.jobs.recovery import Recovery
from bot.jobs.repository.repository import JobRepository
from bot.jobs.service import JobService, Parts
from bot.quota.ledger import Ledger
from bot.quota.tariff import Tariff
from bot.settings import MENDS, Settings


@dataclass(frozen=True, slots=True)
class Services:
    """What the bot and the terminal share: everything below Discord."""

    store: Database
    ledger: Ledger
    catalogue: Catalogue
    costs: Pricing
    tariff: Tariff
    studio: JobService
    stops: Cancellation
    recovery: Recovery
    journal: JobRepository
    gallery: PictureRetention
    vault: ContentStore
    export: Export
    deletion: Deletion
    alarms: OperatorAlerts
    offers: OfferedModels


@asynccontextmanager
async def open_services(settings: Settings, seam: Clock) -> AsyncIterator[Services]:
    """Open every room below Discord.

    Raises:
        StartRefused: something in the settings or the data folder stops the start.
    """
    gateways = read_gateways(settings)
    catalogue = Catalogue.of(gateways)
    check_prices(settings, catalogue)
    async with AsyncExitStack() as stack:
        owner = stack.enter_context(hold_process_lock(settings.data_dir / "run"))
        store = await stack.enter_async_context(_store(settings, seam))
        alarms = await stack.enter_async_context(OperatorAlerts(now=seam.now))
        router = await stack.enter_async_context(
            Router(gateways, catalogue, seam=seam, alarms=alarms)
        )
        journal = JobRepository(owner=owner, now=seam.now)
        vault = ContentStore(settings.data_dir / "vault", seam.now)
        room = RetentionLimits(timedelta(days=settings.retention_days), settings.max_disk)
        gallery = PictureRetention(store, vault, room, now=seam.now)
        ledger = _ledger(settings, seam)
        queue = _queue(settings, catalogue, seam)
        stops = Cancellation(store=store, ledger=ledger, journal=journal, queue=queue)
        tariff = await _tariff(store, ledger)
        has_ceilings = bool(settings.server_quota or settings.total_quota)
        costs = Pricing(catalogue, tariff, has_ceilings)
        studio = JobService(
            Parts(
                store=store,
                ledger=ledger,
                journal=journal,
                books=Billing(store, ledger, journal, catalogue, alarms),
                costs=costs,
                queue=queue,
                references=References(vault, now=seam.now),
                slots=_slots(settings, store, journal, catalogue, router, vault),
                stops=stops,
                gallery=gallery,
                seam=seam,
            )
        )
        stack.push_async_callback(studio.close, grace_s=settings.shutdown_grace)
        recovery = _recovery(settings, seam, owner, store, journal, studio, stops)
        offers = OfferedModels(gateways, catalogue, seam=seam, alarms=alarms)
        yield Services(
            store=store,
            ledger=ledger,
            catalogue=catalogue,
            costs=costs,
            tariff=tariff,
            studio=studio,
            stops=stops,
            recovery=recovery,
            journal=journal,
            gallery=gallery,
            vault=vault,
            export=Export(store, vault),
            deletion=Deletion(
                store=store, ledger=ledger, vault=vault, jobs=settings.data_dir / "jobs"
            ),
            alarms=alarms,
            offers=offers,
        )


def read_gateways(settings: Settings) -> tuple[Gateway, ...]:
    """Return the gateways that the settings name.

    Raises:
        StartRefused: there is none, or it is described wrongly.
    """
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
    """Raise StartRefused when there is a budget and something that is offered has no price."""
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
            raise StartRefused(f"{name.upper()} is missing: {MENDS[name.upper()]}.")
    key = settings.image_api_key.get_secret_value()
    if not key:
        raise StartRefused(f"IMAGE_API_KEY is missing: {MENDS['IMAGE_API_KEY']}.")
    return single_gateway(url=settings.image_api_url, key=key, models=settings.image_models)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise StartRefused(
            f"GATEWAYS_FILE cannot be read ({path}): {MENDS['GATEWAYS_FILE']}."
        ) from None


def _store(settings: Settings, seam: Clock) -> AbstractAsyncContextManager[Database]:
    path = database_path(settings.database_url)
    return Database.open(path, backup_dir=settings.data_dir / "backup", now=seam.now)


def _slots(
    settings: Settings,
    store: Database,
    journal: JobRepository,
    catalogue: Catalogue,
    router: Router,
    vault: ContentStore,
) -> Slots:
    return Slots(
        store=store,
        journal=journal,
        catalogue=catalogue,
        router=router,
        vault=vault,
        user_tags=_user_tags(settings),
        folder=settings.data_dir / "jobs",
    )


def _recovery(
    settings: Settings,
    seam: Clock,
    owner: str,
    store: Database,
    journal: JobRepository,
    studio: JobService,
    stops: Cancellation,
) -> Recovery:
    return Recovery(
        store=store,
        journal=journal,
        studio=studio,
        stops=stops,
        owner=owner,
        locks=settings.data_dir / "run",
        jobs=settings.data_dir / "jobs",
        vault=settings.data_dir / "vault",
        now=seam.now,
        max_queue_age_ms=settings.max_queue_age * 1000,
    )


async def _tariff(store: Database, ledger: Ledger) -> Tariff:
    async with store.reading() as rows:
        return Tariff(await ledger.costs(rows, None))


def _ledger(settings: Settings, seam: Clock) -> Ledger:
    return Ledger(
        default=settings.default_quota,
        server_quota=settings.server_quota,
        total_quota=settings.total_quota,
        budget=settings.operator_budget,
        max_doubtful_per_day=settings.max_doubtful_per_day,
        pseudonym=_user_tags(settings).pseudonym,
        now=seam.now,
    )


def _user_tags(settings: Settings) -> Pseudonyms:
    return Pseudonyms(read_or_make_key(settings.data_dir / "user-tags.key"))


def _queue(settings: Settings, catalogue: Catalogue, seam: Clock) -> Queue:
    limits = Limits(
        slots=settings.max_concurrent_jobs,
        slots_per_user=settings.max_running_per_user,
        waiting=settings.max_queued_jobs,
        waiting_per_user=settings.max_waiting_per_user,
    )
    return Queue(limits, usual_s=catalogue.usual_s, now=seam.now, wait=seam.wait)

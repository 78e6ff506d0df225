"""The composition root: opens every part in one stack and hands each what it needs."""

from asyncio import to_thread
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Self

import structlog

from bot.core.clock import Clock
from bot.core.i18n.texts import Texts, discord_timestamp
from bot.core.metrics import Metrics
from bot.core.process_lock import hold_bot_lock
from bot.database.opening import is_postgresql
from bot.database.scheduled_copies import BACKUP_FOLDER
from bot.discord_ui.autocomplete import Autocomplete
from bot.discord_ui.buttons import StopButton
from bot.discord_ui.caller import Languages, with_present_roles
from bot.discord_ui.client import AllowedPlaces, Client
from bot.discord_ui.command_sync import SYNCED_FILE
from bot.discord_ui.couriers import Couriers
from bot.discord_ui.help_embeds import HelpLinks
from bot.discord_ui.log_channels import LogChannels
from bot.discord_ui.message_outbox import MessageOutbox
from bot.discord_ui.notifications import OwnerNotifier
from bot.discord_ui.uploads import MessagePictures, read_from_cdn
from bot.gateways.download import Downloader
from bot.gateways.reply.unread_files import UnreadFiles
from bot.images.references import MAX_MEGABYTES
from bot.jobs.job_lookup import JobLookup
from bot.jobs.job_retention import JobRetention
from bot.jobs.late_tasks import LateTasks
from bot.jobs.maintenance import Maintenance, MaintenanceTask, delete_old_charges
from bot.jobs.recovery import ResumableJob, UnreportedFailure
from bot.jobs.scheduled_backups import BackupSchedule, ScheduledBackups
from bot.jobs.take_overs import TakeOvers
from bot.monitoring.opening import open_metrics, open_traces, serve_monitoring
from bot.preferences.preference_store import PreferenceStore
from bot.preferences.preset_lookup import PresetLookup
from bot.preferences.style_store import ServerStyleStore
from bot.quota.chart import Charts
from bot.services import Services, open_services
from bot.settings.settings import (
    NOTHING_LIMITS_STRANGERS,
    Settings,
    database_file,
    lock_folders,
)
from bot.settings.summary import summarize
from cogs.button_guard import ButtonGuard
from cogs.dependencies import Dependencies
from cogs.factory import create_cogs
from cogs.option_choices import OptionChoices
from cogs.option_defaults import OptionDefaults
from cogs.refused_requests import RefusedRequests
from cogs.remedies import Remedies
from cogs.request_builder import RequestBuilder

log: structlog.stdlib.BoundLogger = structlog.get_logger()


LAST_ENTRIES_S = 3.0  # for what ended in the last moment


@dataclass(frozen=True, slots=True)
class Bot:
    """The services and the Discord client, ready to log in."""

    services: Services
    client: Client
    preference_store: PreferenceStore
    styles: ServerStyleStore


@dataclass(frozen=True, slots=True)
class _Parts:
    """What speaks to Discord beside the client."""

    couriers: Couriers
    log_channels: LogChannels
    owner: OwnerNotifier
    pictures: MessagePictures


@dataclass(frozen=True, slots=True)
class _BackgroundTasks:
    """What runs beside the requests, from the login on."""

    maintenance: Maintenance
    backups: ScheduledBackups
    late_tasks: LateTasks
    take_overs: TakeOvers
    log_channels: LogChannels

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings, bot: Bot, clock: Clock) -> AsyncIterator[Self]:
        """Own them in this context."""
        services = bot.services
        log_channels = LogChannels(
            bot.client, bot.preference_store, services.database, services.repository
        )
        services.job_service.on_end = log_channels.job_ended
        services.job_service.on_declined = log_channels.declined
        maintenance = Maintenance(
            (services.deletion.complete, services.offers.refresh),
            clock,
            patient=_patient_tasks(settings, bot, clock),
        )
        backups = _backups(settings, services, clock)
        take_overs = TakeOvers(services.recovery, clock)
        async with (
            log_channels,
            maintenance,
            backups,
            take_overs,
            services.late_tasks as late_tasks,
        ):
            yield cls(maintenance, backups, late_tasks, take_overs, log_channels)

    def begin(
        self, bot: Bot, taken: Sequence[UnreportedFailure | ResumableJob], couriers: Couriers
    ) -> None:
        """Start them; nobody waits until hundreds of old cards are told."""
        read = partial(read_from_cdn, bot.client)
        resume = partial(bot.services.recovery.resume, taken, couriers.reopen, read)
        self.maintenance.begin(resume)
        self.late_tasks.begin(couriers.reopen, partial(with_present_roles, bot.client))
        self.backups.begin()
        self.take_overs.begin(couriers.reopen, read)

    async def end(self) -> None:
        """End them, the log channels once they have posted what waits."""
        await self.log_channels.finish(within_s=LAST_ENTRIES_S)
        for task in (self.take_overs, self.maintenance, self.late_tasks, self.backups):
            await task.end()


@asynccontextmanager
async def open_bot(settings: Settings, clock: Clock) -> AsyncIterator[Bot]:
    """Open the services, take over the jobs of dead processes and add the cogs.

    Raises:
        StartRefused: something in the settings or the data folder stops the start.
    """
    async with AsyncExitStack() as stack:
        if not is_postgresql(settings.database_url):  # there it is the session of the cluster
            stack.enter_context(hold_bot_lock(lock_folders(settings)))
        metrics = open_metrics(settings)
        traces = await stack.enter_async_context(open_traces(settings))
        opening = open_services(settings, clock, metrics, traces, cluster=settings.cluster)
        services = await stack.enter_async_context(opening)
        taken = await services.recovery.take_over()
        preference_store = await _load_preferences(services, clock)
        styles = ServerStyleStore(services.database, now=clock.now)
        await styles.load()
        bot = Bot(services, _client(settings, preference_store, metrics), preference_store, styles)
        client, couriers = bot.client, _couriers(bot, clock)
        owner = OwnerNotifier(client)
        services.alerts.listener = owner.notify
        tasks = await stack.enter_async_context(_BackgroundTasks.open(settings, bot, clock))

        async def once_logged_in() -> None:
            _log_summary(bot, settings)
            tasks.begin(bot, taken, couriers)

        client.once_logged_in = once_logged_in
        client.once_closing = tasks.end
        downloader = await stack.enter_async_context(_downloader(settings, clock))
        pictures = MessagePictures(client, downloader)
        parts = _Parts(couriers, tasks.log_channels, owner, pictures)
        for cog in create_cogs(_dependencies(settings, bot, parts, clock)):
            await client.add_cog(cog)
        client.add_dynamic_items(StopButton)
        shards = client.shard_latencies
        monitoring = serve_monitoring(settings, services, metrics, shards=shards, clock=clock)
        await stack.enter_async_context(monitoring)
        yield bot


def _log_summary(bot: Bot, settings: Settings) -> None:
    application, services = bot.client.application, bot.services
    is_public = application is not None and application.bot_public
    summary = summarize(
        settings,
        models=[model.name for model in services.catalogue.models],
        gateways=[gateway.name for gateway in services.router.gateways],
        forbidden=services.moderation.rules.size,
        is_public=is_public,
    )
    log.info("bot.ready", **summary)
    if is_public and not settings.limits_strangers:
        facts, fix = NOTHING_LIMITS_STRANGERS
        log.warning("bot.unlimited", facts=facts, mend=fix)


async def _load_preferences(services: Services, clock: Clock) -> PreferenceStore:
    """Return what people and servers set, without what a restored backup must not bring back."""
    store = PreferenceStore(services.database, now=clock.now)
    for request in await services.deletion.undone_requests():
        await store.delete_person(request.user_id)
        await services.deletion.repeat(request)
    await services.reports.repeat_removals()
    await store.load()
    services.moderation.words_of = lambda server_id: store.server(server_id).words
    return store


def _backups(settings: Settings, services: Services, clock: Clock) -> ScheduledBackups:
    return ScheduledBackups(
        database_file(settings),
        settings.data_dir / BACKUP_FOLDER,
        BackupSchedule(settings.backup_every, settings.backup_keep),
        clock=clock,
        alerts=services.alerts,
    )


def _client(settings: Settings, preference_store: PreferenceStore, metrics: Metrics) -> Client:
    return Client(
        texts=Texts(when=discord_timestamp),
        languages=Languages(preference_store),
        synced_file=settings.data_dir / SYNCED_FILE,
        places=AllowedPlaces(
            frozenset(settings.allowed_servers),
            direct_messages=settings.allow_direct_messages,
            user_install=settings.allow_user_install,
        ),
        dev_guild_id=settings.dev_guild_id,
        hears_deletions=settings.forget_deleted,
        proxies=settings.proxies,
        metrics=metrics,
    )


def _downloader(settings: Settings, clock: Clock) -> Downloader:
    most = MAX_MEGABYTES * 1_000_000
    return Downloader((), clock=clock, proxies=settings.proxies, max_bytes=most)


def _couriers(bot: Bot, clock: Clock) -> Couriers:
    client, services, preference_store = bot.client, bot.services, bot.preference_store
    return Couriers(
        client,
        client.texts,
        MessageOutbox(client, services.database, services.repository, now=clock.now),
        services.content_store,
        clock,
        reroll_emoji=lambda server_id: preference_store.server(server_id).reroll,
        may_mention=lambda user_id: preference_store.person(user_id).ping,
    )


def _patient_tasks(settings: Settings, bot: Bot, clock: Clock) -> Sequence[MaintenanceTask]:
    services = bot.services
    keep = timedelta(days=settings.keep_jobs_days)
    old_jobs = JobRetention(services.database, services.ledger, keep=keep, clock=clock)
    return (
        bot.client.sync_commands,  # Discord may have refused them for a day
        services.taken_down_files.delete,
        services.retention.delete_expired,
        partial(delete_old_charges, services.database, services.ledger, clock.now),
        partial(to_thread, UnreadFiles(settings.data_dir / "unread", clock.now).delete_old),
        old_jobs.delete_old,  # the first time it may take hours
    )


def _dependencies(settings: Settings, bot: Bot, parts: _Parts, clock: Clock) -> Dependencies:
    services, client, preference_store = bot.services, bot.client, bot.preference_store
    presets = PresetLookup(preference_store=preference_store, styles=bot.styles, texts=client.texts)
    request_builder = _request_builder(bot, presets)
    option_defaults = OptionDefaults(
        request_builder=request_builder,
        catalogue=services.catalogue,
        preference_store=preference_store,
        presets=presets,
    )
    autocomplete = _autocomplete(bot, clock)
    job_lookup = JobLookup(
        database=services.database, repository=services.repository, ledger=services.ledger
    )
    return Dependencies(
        client=client,
        services=services,
        preference_store=preference_store,
        styles=bot.styles,
        couriers=parts.couriers,
        log_channels=parts.log_channels,
        owner=parts.owner,
        pictures=parts.pictures,
        request_builder=request_builder,
        refused_requests=_refused_requests(bot, request_builder, parts.couriers, clock),
        option_defaults=option_defaults,
        option_choices=OptionChoices(
            request_builder=request_builder,
            option_defaults=option_defaults,
            autocomplete=autocomplete,
            preference_store=preference_store,
            presets=presets,
            client=client,
        ),
        autocomplete=autocomplete,
        job_lookup=job_lookup,
        button_guard=ButtonGuard(
            client=client, job_lookup=job_lookup, preference_store=preference_store, now=clock.now
        ),
        charts=Charts(settings.data_dir / "charts", wait=clock.wait),
        links=HelpLinks(settings.help_url, settings.privacy_url),
        default_quota=settings.default_quota,
        server_quota=settings.server_quota,
        now=clock.now,
    )


def _request_builder(bot: Bot, presets: PresetLookup) -> RequestBuilder:
    return RequestBuilder(
        job_service=bot.services.job_service,
        catalogue=bot.services.catalogue,
        preference_store=bot.preference_store,
        presets=presets,
        age_restriction=bot.services.age_restriction,
    )


def _refused_requests(
    bot: Bot, request_builder: RequestBuilder, couriers: Couriers, clock: Clock
) -> RefusedRequests:
    return RefusedRequests(
        client=bot.client,
        request_builder=request_builder,
        couriers=couriers,
        remedies=Remedies(request_builder, bot.services),
        now=clock.now,
    )


def _autocomplete(bot: Bot, clock: Clock) -> Autocomplete:
    services = bot.services
    return Autocomplete(
        catalogue=services.catalogue,
        costs=services.pricing,
        texts=bot.client.texts,
        now=clock.now,
    )

"""The composition root: opens every part in one stack and hands each what it needs."""

from asyncio import to_thread
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import structlog

from bot.core.clock import Clock
from bot.core.i18n.texts import Texts, discord_timestamp
from bot.core.process_lock import hold_bot_lock
from bot.database.scheduled_copies import BACKUP_FOLDER
from bot.discord_ui.autocomplete import Autocomplete
from bot.discord_ui.buttons import StopButton
from bot.discord_ui.caller import Languages, with_present_roles
from bot.discord_ui.client import Client
from bot.discord_ui.command_sync import SYNCED_FILE
from bot.discord_ui.couriers import Couriers
from bot.discord_ui.help_embeds import HelpLinks
from bot.discord_ui.message_outbox import MessageOutbox
from bot.discord_ui.notifications import OwnerNotifier
from bot.discord_ui.uploads import MessagePictures, read_from_cdn
from bot.gateways.download import Downloader
from bot.gateways.reply.unread_files import UnreadFiles
from bot.images.references import MAX_MEGABYTES
from bot.jobs.job_lookup import JobLookup
from bot.jobs.job_retention import JobRetention
from bot.jobs.maintenance import Maintenance, MaintenanceTask, delete_old_charges
from bot.jobs.scheduled_backups import BackupSchedule, ScheduledBackups
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
from cogs.button_guard import ButtonGuard
from cogs.dependencies import Dependencies
from cogs.factory import create_cogs
from cogs.option_choices import OptionChoices
from cogs.option_defaults import OptionDefaults
from cogs.refused_requests import RefusedRequests
from cogs.remedies import Remedies
from cogs.request_builder import RequestBuilder

log: structlog.stdlib.BoundLogger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Bot:
    """The services and the Discord client, ready to log in."""

    services: Services
    client: Client
    preference_store: PreferenceStore
    styles: ServerStyleStore


@asynccontextmanager
async def open_bot(settings: Settings, clock: Clock) -> AsyncIterator[Bot]:
    """Open the services, take over the jobs of dead processes and add the cogs.

    Raises:
        StartRefused: something in the settings or the data folder stops the start.
    """
    async with AsyncExitStack() as stack:
        stack.enter_context(hold_bot_lock(lock_folders(settings)))
        services = await stack.enter_async_context(open_services(settings, clock))
        taken = await services.recovery.take_over()
        preference_store = PreferenceStore(services.database, now=clock.now)
        await _repeat_deletions(services, preference_store)
        await preference_store.load()
        styles = ServerStyleStore(services.database, now=clock.now)
        await styles.load()
        bot = Bot(services, _client(settings, preference_store), preference_store, styles)
        client, couriers = bot.client, _couriers(bot, clock)
        services.alerts.listener = OwnerNotifier(client, client.texts, client.languages).notify
        maintenance = await stack.enter_async_context(
            Maintenance(
                (services.deletion.complete, services.offers.refresh),
                clock,
                patient=_patient_tasks(settings, bot, clock),
            )
        )

        backups = await stack.enter_async_context(_backups(settings, services, clock))
        late_tasks = await stack.enter_async_context(services.late_tasks)

        async def once_logged_in() -> None:
            _warn_of_strangers(client, settings)
            read = partial(read_from_cdn, client)
            # Nobody waits until hundreds of old cards are told.
            maintenance.begin(partial(services.recovery.resume, taken, couriers.reopen, read))
            late_tasks.begin(couriers.reopen, partial(with_present_roles, client))
            backups.begin()

        client.once_logged_in = once_logged_in

        async def once_closing() -> None:
            for task in (maintenance, late_tasks, backups):
                await task.end()

        client.once_closing = once_closing
        downloader = await stack.enter_async_context(_downloader(settings, clock))
        pictures = MessagePictures(client, downloader)
        for cog in create_cogs(_dependencies(settings, bot, couriers, pictures, clock)):
            await client.add_cog(cog)
        client.add_dynamic_items(StopButton)
        yield bot


async def _repeat_deletions(services: Services, preference_store: PreferenceStore) -> None:
    """Delete again what a restored backup has brought back."""
    for request in await services.deletion.undone_requests():
        await preference_store.delete_person(request.user_id)
        await services.deletion.repeat(request)


def _warn_of_strangers(client: Client, settings: Settings) -> None:
    application = client.application
    if application is not None and application.bot_public and not settings.limits_strangers:
        facts, fix = NOTHING_LIMITS_STRANGERS
        log.warning("bot.unlimited", facts=facts, mend=fix)


def _backups(settings: Settings, services: Services, clock: Clock) -> ScheduledBackups:
    return ScheduledBackups(
        database_file(settings),
        settings.data_dir / BACKUP_FOLDER,
        BackupSchedule(settings.backup_every, settings.backup_keep),
        clock=clock,
        alerts=services.alerts,
    )


def _client(settings: Settings, preference_store: PreferenceStore) -> Client:
    return Client(
        texts=Texts(when=discord_timestamp),
        languages=Languages(preference_store),
        synced_file=settings.data_dir / SYNCED_FILE,
        allowed_servers=frozenset(settings.allowed_servers),
        direct_messages=settings.allow_direct_messages,
        user_install=settings.allow_user_install,
        dev_guild_id=settings.dev_guild_id,
        proxies=settings.proxies,
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
        services.retention.delete_expired,
        partial(delete_old_charges, services.database, services.ledger, clock.now),
        partial(to_thread, UnreadFiles(settings.data_dir / "unread", clock.now).delete_old),
        old_jobs.delete_old,  # the first time it may take hours
    )


def _dependencies(
    settings: Settings, bot: Bot, couriers: Couriers, pictures: MessagePictures, clock: Clock
) -> Dependencies:
    services, client, preference_store = bot.services, bot.client, bot.preference_store
    presets = PresetLookup(preference_store=preference_store, styles=bot.styles, texts=client.texts)
    request_builder = RequestBuilder(
        job_service=services.job_service,
        catalogue=services.catalogue,
        preference_store=preference_store,
        presets=presets,
    )
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
        couriers=couriers,
        pictures=pictures,
        request_builder=request_builder,
        refused_requests=_refused_requests(bot, request_builder, couriers, clock),
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

"""The composition root: opens every part in one stack and hands each what it needs."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import structlog

from bot.background_tasks import BackgroundTasks
from bot.core.clock import Clock
from bot.core.i18n.texts import Texts, discord_timestamp
from bot.core.metrics import Metrics
from bot.core.process_lock import hold_bot_lock
from bot.database.database import Database
from bot.discord_ui.autocomplete import Autocomplete
from bot.discord_ui.buttons import StopButton
from bot.discord_ui.caller import Languages
from bot.discord_ui.client import AllowedPlaces, Client
from bot.discord_ui.command_records import CommandFile, CommandRecord, CommandTable
from bot.discord_ui.command_sync import SYNCED_FILE
from bot.discord_ui.couriers import Couriers
from bot.discord_ui.help_embeds import HelpLinks
from bot.discord_ui.log_channels import LogChannels
from bot.discord_ui.message_outbox import MessageOutbox
from bot.discord_ui.notifications import OwnerNotifier
from bot.discord_ui.sharded_bot import DiscordConnection, use_api
from bot.discord_ui.shared_turns import SharedTurns
from bot.discord_ui.uploads import MessagePictures
from bot.gateways.download import Downloader
from bot.images.references import MAX_MEGABYTES
from bot.jobs.job_lookup import JobLookup
from bot.monitoring.opening import open_metrics, open_traces, serve_monitoring
from bot.preferences.preference_store import PreferenceStore
from bot.preferences.preset_lookup import PresetLookup
from bot.preferences.style_store import ServerStyleStore
from bot.quota.chart import Charts
from bot.services import Services, open_services
from bot.settings.cluster_settings import api_base, cluster_of
from bot.settings.settings import (
    NOTHING_LIMITS_STRANGERS,
    Settings,
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


@asynccontextmanager
async def open_bot(settings: Settings, clock: Clock) -> AsyncIterator[Bot]:
    """Open the services, take over the jobs of dead processes and add the cogs.

    Raises:
        StartRefused: something in the settings or the data folder stops the start.
    """
    async with AsyncExitStack() as stack:
        if not settings.has_server:  # there it is the session of the cluster
            stack.enter_context(hold_bot_lock(lock_folders(settings)))
        metrics = open_metrics(settings)
        traces = await stack.enter_async_context(open_traces(settings))
        opening = open_services(settings, clock, metrics, traces, cluster=settings.cluster)
        services = await stack.enter_async_context(opening)
        taken = await services.recovery.take_over()
        preference_store = PreferenceStore(services.database, services.notifications, now=clock.now)
        await stack.enter_async_context(preference_store)
        await _load_preferences(preference_store, services)
        styles = ServerStyleStore(services.database, services.notifications, now=clock.now)
        await stack.enter_async_context(styles)
        await styles.load()
        client = _client(settings, services.database, preference_store, metrics)
        bot = Bot(services, client, preference_store, styles)
        couriers = _couriers(bot, clock)
        owner = OwnerNotifier(client)
        services.alerts.listener = owner.notify
        tasks = await stack.enter_async_context(
            BackgroundTasks.open(settings, services, client, preference_store, clock)
        )

        async def once_logged_in() -> None:
            _log_summary(bot, settings)
            tasks.begin(services.recovery, client, taken, couriers)

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


async def _load_preferences(store: PreferenceStore, services: Services) -> None:
    """Load what people and servers set, without what a restored backup must not bring back."""
    for request in await services.deletion.undone_requests():
        await store.delete_person(request.user_id)
        await services.deletion.repeat(request)
    await services.reports.repeat_removals()
    await store.load()
    services.moderation.words_of = lambda server_id: store.server(server_id).words


def _client(
    settings: Settings, database: Database, preference_store: PreferenceStore, metrics: Metrics
) -> Client:
    return Client(
        texts=Texts(when=discord_timestamp),
        languages=Languages(preference_store),
        record=_command_record(settings, database),
        places=AllowedPlaces(
            frozenset(settings.allowed_servers),
            direct_messages=settings.allow_direct_messages,
            user_install=settings.allow_user_install,
        ),
        dev_guild_id=settings.dev_guild_id,
        hears_deletions=settings.forget_deleted,
        connection=_connection(settings, database),
        metrics=metrics,
    )


def _command_record(settings: Settings, database: Database) -> CommandRecord:
    if settings.has_server:
        return CommandTable(database, settings.dev_guild_id or 0)
    return CommandFile(settings.data_dir / SYNCED_FILE)


def _connection(settings: Settings, database: Database) -> DiscordConnection:
    base = api_base(settings)
    use_api(base)
    return DiscordConnection.of(
        cluster_of(settings),
        proxies=settings.proxies,
        reserve=SharedTurns(database).reserve,
        has_base=bool(base),
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

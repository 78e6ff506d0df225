"""The composition root: opens every part in one stack and hands each what it needs."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from bot.core.clock import Clock
from bot.core.i18n.texts import Texts, discord_timestamp
from bot.core.process_lock import hold_bot_lock
from bot.discord_ui.buttons import StopButton
from bot.discord_ui.caller import Languages
from bot.discord_ui.client import Client
from bot.discord_ui.courier import Couriers
from bot.discord_ui.message_outbox import MessageOutbox
from bot.discord_ui.notifications import OwnerNotifier
from bot.discord_ui.uploads import MessagePictures, read_from_cdn
from bot.gateways.download import Downloader
from bot.images.references import MAX_MEGABYTES
from bot.jobs.maintenance import Maintenance, MaintenanceTask, delete_old_charges
from bot.preferences.preference_store import PreferenceStore
from bot.services import Services, open_services
from bot.settings import Settings
from cogs.factory import CogDependencies, create_cogs


@dataclass(frozen=True, slots=True)
class Bot:
    """The house with its Discord client in front, ready to log in."""

    services: Services
    client: Client
    preference_store: PreferenceStore


@asynccontextmanager
async def open_bot(settings: Settings, clock: Clock) -> AsyncIterator[Bot]:
    """Open the house, end what dead processes left, and hang up the doors.

    Raises:
        StartRefused: something in the settings or the data folder stops the start.
    """
    async with AsyncExitStack() as stack:
        stack.enter_context(hold_bot_lock(settings.data_dir / "run"))
        services = await stack.enter_async_context(open_services(settings, clock))
        taken = await services.recovery.take_over()
        preference_store = PreferenceStore(services.database, now=clock.now)
        await preference_store.load()
        languages = Languages(preference_store)
        client = Client(
            texts=Texts(when=discord_timestamp),
            languages=languages,
            synced_file=settings.data_dir / "commands.sha256",
            allowed_servers=frozenset(settings.allowed_servers),
            direct_messages=settings.allow_direct_messages,
            user_install=settings.allow_user_install,
            dev_guild_id=settings.dev_guild_id,
        )
        couriers = _couriers(client, services, preference_store, clock)
        services.alerts.listener = OwnerNotifier(client, client.texts, languages).notify
        maintenance = await stack.enter_async_context(Maintenance(_chores(services, clock), clock))

        async def once_logged_in() -> None:
            await services.recovery.resume(taken, couriers.reopen, partial(read_from_cdn, client))
            maintenance.begin()

        client.once_logged_in = once_logged_in
        strangers = await stack.enter_async_context(
            Downloader((), clock=clock, max_bytes=MAX_MEGABYTES * 1_000_000)
        )
        pictures = MessagePictures(client, strangers)
        for door in create_cogs(
            CogDependencies(settings, clock, services, client, preference_store, couriers, pictures)
        ):
            await client.add_cog(door)
        client.add_dynamic_items(StopButton)
        yield Bot(services, client, preference_store)


def _couriers(
    client: Client, services: Services, preference_store: PreferenceStore, clock: Clock
) -> Couriers:
    outbox = MessageOutbox(client, services.database, services.repository, now=clock.now)
    return Couriers(
        client,
        client.texts,
        outbox,
        services.content_store,
        clock,
        reroll_emoji=lambda server_id: preference_store.server(server_id).reroll,
        may_mention=lambda user_id: preference_store.person(user_id).ping,
    )


def _chores(services: Services, clock: Clock) -> Sequence[MaintenanceTask]:
    return (
        services.deletion.complete,
        services.retention.delete_expired,
        partial(delete_old_charges, services.database, services.ledger, clock.now),
        services.offers.refresh,
    )

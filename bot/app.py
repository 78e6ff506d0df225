"""The composition root: opens every part in one stack and hands each what it needs."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from bot.core.clock import Clock
from bot.core.i18n.texts import Texts, discord_timestamp
from bot.core.process_lock import hold_bot_lock
from bot.discord_ui.attachments import Pictures, read_again
from bot.discord_ui.cards import Cards
from bot.discord_ui.client import Client
from bot.discord_ui.controls import StopButton
from bot.discord_ui.courier import Couriers
from bot.discord_ui.languages import Languages
from bot.discord_ui.notes import Notes
from bot.discord_ui.notices import OwnerNotices
from bot.discord_ui.outbox import Outbox
from bot.discord_ui.trimmings import Trimmings
from bot.gateways.download import Downloader
from bot.images.references import MAX_MEGABYTES
from bot.jobs.maintenance import Maintenance, MaintenanceTask, forget_old_charges
from bot.preferences.preference_store import PreferenceStore
from bot.services import Services, open_services
from bot.settings import Settings
from cogs.factory import CogDependencies, create_cogs


@dataclass(frozen=True, slots=True)
class Bot:
    """The house with its Discord client in front, ready to log in."""

    house: Services
    client: Client
    customs: PreferenceStore


@asynccontextmanager
async def open_bot(settings: Settings, seam: Clock) -> AsyncIterator[Bot]:
    """Open the house, end what dead processes left, and hang up the doors.

    Raises:
        StartRefused: something in the settings or the data folder stops the start.
    """
    async with AsyncExitStack() as stack:
        stack.enter_context(hold_bot_lock(settings.data_dir / "run"))
        house = await stack.enter_async_context(open_services(settings, seam))
        taken = await house.recovery.take_over()
        customs = PreferenceStore(house.store, now=seam.now)
        await customs.load()
        languages = Languages(customs)
        client = Client(
            texts=Texts(when=discord_timestamp),
            languages=languages,
            synced_file=settings.data_dir / "commands.sha256",
            allowed_servers=frozenset(settings.allowed_servers),
            direct_messages=settings.allow_direct_messages,
            user_install=settings.allow_user_install,
            dev_guild_id=settings.dev_guild_id,
        )
        couriers = _couriers(client, house, customs, seam)
        house.alarms.listener = OwnerNotices(client, client.texts, languages).tell
        chores = await stack.enter_async_context(Maintenance(_chores(house, seam), seam))

        async def once_logged_in() -> None:
            await house.recovery.go_on(taken, couriers.reopen, partial(read_again, client))
            chores.begin()

        client.once_logged_in = once_logged_in
        strangers = await stack.enter_async_context(
            Downloader((), seam=seam, max_bytes=MAX_MEGABYTES * 1_000_000)
        )
        pictures = Pictures(client, strangers)
        for door in create_cogs(
            CogDependencies(settings, seam, house, client, customs, couriers, pictures)
        ):
            await client.add_cog(door)
        client.add_dynamic_items(StopButton)
        yield Bot(house, client, customs)


def _couriers(client: Client, house: Services, customs: PreferenceStore, seam: Clock) -> Couriers:
    texts = client.texts
    outbox = Outbox(client, house.store, house.journal, now=seam.now)
    trimmings = Trimmings(texts, house.vault, lambda server: customs.server(server).reroll)
    return Couriers(
        client,
        Cards(texts),
        Notes(texts),
        outbox,
        trimmings,
        seam,
        may_call=lambda user_id: customs.person(user_id).ping,
    )


def _chores(house: Services, seam: Clock) -> Sequence[MaintenanceTask]:
    return (
        house.deletion.go_on,
        house.retention.clear,
        partial(forget_old_charges, house.store, house.ledger, seam.now),
        house.offers.refresh,
    )

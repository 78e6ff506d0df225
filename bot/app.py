"""The composition root: opens every part in one stack and hands each what it needs."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from discord.ext.commands import Cog

from bot.chores import Chores
from bot.client import Client
from bot.customs import Customs
from bot.delivery.attachments import Pictures, read_again
from bot.delivery.cards import Cards
from bot.delivery.controls import StopButton
from bot.delivery.courier import Couriers
from bot.delivery.customs_cards import CustomsCards
from bot.delivery.details import Details as DetailsCard
from bot.delivery.notes import Notes
from bot.delivery.notices import OwnerNotices
from bot.delivery.outbox import Outbox
from bot.delivery.quota_cards import QuotaCards
from bot.delivery.trimmings import Trimmings
from bot.errors import StartRefused
from bot.gallery import Gallery, Room
from bot.gateways.alarms import Alarms
from bot.gateways.catalogue import Catalogue
from bot.gateways.dialect import Gateway, parse_gateways, single_gateway
from bot.gateways.download import Downloader
from bot.gateways.offers import Offers
from bot.gateways.router import Router
from bot.i18n.texts import Texts, discord_timestamp
from bot.journal import Journal
from bot.ledger import Ledger
from bot.owner import only_bot, own
from bot.queue import Limits, Queue
from bot.records import Records
from bot.recovery import Recovery
from bot.references import MAX_MEGABYTES, References
from bot.seam import Seam
from bot.settings import MENDS, Settings
from bot.slots import Slots
from bot.stopping import Stops
from bot.store import Store, database_path
from bot.studio import Parts, Studio
from bot.user_tags import UserTags, read_or_make_key
from bot.vault import Vault
from cogs.choosing import Choosing
from cogs.desk import Desk
from cogs.details import Details
from cogs.editing import Editing
from cogs.history import History
from cogs.imagine import Imagine
from cogs.preferences import Personal
from cogs.presets import Presets
from cogs.pressing import Presses
from cogs.quota import Quota
from cogs.reception import Reception
from cogs.results import Results
from cogs.server import Server
from cogs.stopping import Stopping


@dataclass(frozen=True, slots=True)
class House:
    """What the bot and the terminal share: everything below Discord."""

    store: Store
    ledger: Ledger
    catalogue: Catalogue
    studio: Studio
    stops: Stops
    recovery: Recovery
    journal: Journal
    gallery: Gallery
    vault: Vault
    alarms: Alarms
    offers: Offers


@asynccontextmanager
async def open_house(settings: Settings, seam: Seam) -> AsyncIterator[House]:
    """Open every room below Discord.

    Raises:
        StartRefused: something in the settings or the data folder stops the start.
    """
    gateways = read_gateways(settings)
    catalogue = Catalogue.of(gateways)
    async with AsyncExitStack() as stack:
        owner = stack.enter_context(own(settings.data_dir / "run"))
        store = await stack.enter_async_context(_store(settings, seam))
        alarms = await stack.enter_async_context(Alarms(now=seam.now))
        router = await stack.enter_async_context(
            Router(gateways, catalogue, seam=seam, alarms=alarms)
        )
        journal = Journal(owner=owner, now=seam.now)
        vault = Vault(settings.data_dir / "vault", seam.now)
        gallery = _gallery(settings, store, vault, seam)
        ledger = _ledger(settings, seam)
        queue = _queue(settings, catalogue, seam)
        stops = Stops(store=store, ledger=ledger, journal=journal, queue=queue)
        studio = Studio(
            Parts(
                store=store,
                ledger=ledger,
                journal=journal,
                queue=queue,
                catalogue=catalogue,
                references=References(vault, now=seam.now),
                slots=_slots(settings, store, journal, catalogue, router, vault),
                stops=stops,
                gallery=gallery,
                seam=seam,
            )
        )
        stack.push_async_callback(studio.close, grace_s=settings.shutdown_grace)
        recovery = _recovery(settings, seam, owner, store, journal, studio, stops)
        yield House(
            store=store,
            ledger=ledger,
            catalogue=catalogue,
            studio=studio,
            stops=stops,
            recovery=recovery,
            journal=journal,
            gallery=gallery,
            vault=vault,
            alarms=alarms,
            offers=Offers(gateways, catalogue, seam=seam, alarms=alarms),
        )


@dataclass(frozen=True, slots=True)
class Bot:
    """The house with its Discord client in front, ready to log in."""

    house: House
    client: Client
    customs: Customs


@asynccontextmanager
async def open_bot(settings: Settings, seam: Seam) -> AsyncIterator[Bot]:
    """Open the house, end what dead processes left, and hang up the doors.

    Raises:
        StartRefused: something in the settings or the data folder stops the start.
    """
    async with AsyncExitStack() as stack:
        stack.enter_context(only_bot(settings.data_dir / "run"))
        house = await stack.enter_async_context(open_house(settings, seam))
        taken = await house.recovery.take_over()
        customs = Customs(house.store, now=seam.now)
        await customs.load()
        reception = Reception(studio=house.studio, catalogue=house.catalogue, customs=customs)
        texts = Texts(when=discord_timestamp)
        notes = Notes(texts)
        client = Client(
            texts=texts,
            synced_file=settings.data_dir / "commands.sha256",
            allowed_servers=frozenset(settings.allowed_servers),
            dev_guild_id=settings.dev_guild_id,
        )
        outbox = Outbox(client, house.store, house.journal, now=seam.now)
        trimmings = Trimmings(texts, house.vault, lambda server: customs.server(server).reroll)
        couriers = Couriers(client, Cards(texts), notes, outbox, trimmings, seam)
        house.alarms.listener = OwnerNotices(client, texts).tell
        chores = await stack.enter_async_context(Chores(house.offers, house.gallery, seam))

        async def once_logged_in() -> None:
            await house.recovery.go_on(taken, couriers.reopen, partial(read_again, client))
            chores.begin()

        client.once_logged_in = once_logged_in
        strangers = await stack.enter_async_context(
            Downloader((), seam=seam, max_bytes=MAX_MEGABYTES * 1_000_000)
        )
        pictures = Pictures(client, strangers)
        desk = _desk(client, house.catalogue, customs, reception)
        doors = (
            *_front_doors(desk, couriers, seam),
            *_result_doors(house, desk, couriers, pictures, seam),
            History(client=client, gallery=house.gallery, couriers=couriers, notes=notes),
        )
        for door in doors:
            await client.add_cog(door)
        await client.add_cog(Quota(store=house.store, ledger=house.ledger, cards=QuotaCards(texts)))
        client.add_dynamic_items(StopButton)
        await client.add_cog(Stopping(client=client, stops=house.stops))
        yield Bot(house, client, customs)


def _result_doors(
    house: House, desk: Desk, couriers: Couriers, pictures: Pictures, seam: Seam
) -> tuple[Cog, ...]:
    client, reception = desk.client, desk.reception
    records = Records(store=house.store, journal=house.journal, ledger=house.ledger)
    presses = Presses(client=client, records=records, reception=reception, now=seam.now)
    results = Results(
        client=client,
        reception=reception,
        records=records,
        presses=presses,
        customs=desk.customs,
        couriers=couriers,
        now=seam.now,
    )
    details = Details(
        client=client,
        reception=reception,
        records=records,
        presses=presses,
        gallery=house.gallery,
        cards=Cards(client.texts),
        details=DetailsCard(client.texts),
    )
    editing = Editing(
        client=client,
        reception=reception,
        records=records,
        presses=presses,
        gallery=house.gallery,
        catalogue=house.catalogue,
        couriers=couriers,
        pictures=pictures,
    )
    return results, details, editing


def _front_doors(desk: Desk, couriers: Couriers, seam: Seam) -> tuple[Cog, ...]:
    imagine = Imagine(
        reception=desk.reception,
        catalogue=desk.catalogue,
        couriers=couriers,
        choosing=desk.choosing,
        now=seam.now,
    )
    return imagine, Server(desk), Personal(desk), Presets(desk, couriers)


def _desk(client: Client, catalogue: Catalogue, customs: Customs, reception: Reception) -> Desk:
    cards = CustomsCards(client.texts)
    return Desk(
        client=client,
        reception=reception,
        catalogue=catalogue,
        customs=customs,
        choosing=Choosing(reception=reception, catalogue=catalogue, customs=customs, cards=cards),
        cards=cards,
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


def _store(settings: Settings, seam: Seam) -> AbstractAsyncContextManager[Store]:
    path = database_path(settings.database_url)
    return Store.open(path, backup_dir=settings.data_dir / "backup", now=seam.now)


def _gallery(settings: Settings, store: Store, vault: Vault, seam: Seam) -> Gallery:
    room = Room(timedelta(days=settings.retention_days), settings.max_disk)
    return Gallery(store, vault, room, now=seam.now)


def _slots(
    settings: Settings,
    store: Store,
    journal: Journal,
    catalogue: Catalogue,
    router: Router,
    vault: Vault,
) -> Slots:
    return Slots(
        store=store,
        journal=journal,
        catalogue=catalogue,
        router=router,
        vault=vault,
        user_tags=UserTags(read_or_make_key(settings.data_dir / "user-tags.key")),
        folder=settings.data_dir / "jobs",
    )


def _recovery(
    settings: Settings,
    seam: Seam,
    owner: str,
    store: Store,
    journal: Journal,
    studio: Studio,
    stops: Stops,
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


def _ledger(settings: Settings, seam: Seam) -> Ledger:
    return Ledger(
        default=settings.default_quota,
        server_quota=settings.server_quota,
        total_quota=settings.total_quota,
        max_doubtful_per_day=settings.max_doubtful_per_day,
        now=seam.now,
    )


def _queue(settings: Settings, catalogue: Catalogue, seam: Seam) -> Queue:
    limits = Limits(
        slots=settings.max_concurrent_jobs,
        slots_per_user=settings.max_running_per_user,
        waiting=settings.max_queued_jobs,
        waiting_per_user=settings.max_waiting_per_user,
    )
    return Queue(limits, usual_s=catalogue.usual_s, now=seam.now, wait=seam.wait)

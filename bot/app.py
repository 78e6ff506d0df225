"""The composition root: opens every part in one stack and hands each what it needs."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from discord.ext.commands import Cog

from bot.charts import Charts
from bot.chores import Chore, Chores, forget_old_charges
from bot.client import Client
from bot.customs import Customs
from bot.delivery.attachments import read_again
from bot.delivery.cards import Cards
from bot.delivery.controls import StopButton
from bot.delivery.courier import Couriers
from bot.delivery.customs_cards import CustomsCards
from bot.delivery.notes import Notes
from bot.delivery.notices import OwnerNotices
from bot.delivery.outbox import Outbox
from bot.delivery.quota_cards import QuotaCards
from bot.delivery.suggestions import Suggestions
from bot.gallery import Gallery
from bot.gateways.catalogue import Catalogue
from bot.house import House, open_house
from bot.i18n.texts import Texts, discord_timestamp
from bot.owner import only_bot
from bot.seam import Seam
from bot.settings import Settings
from bot.statement import Statement
from cogs.choosing import Choosing
from cogs.desk import Desk
from cogs.history import History
from cogs.imagine import Imagine
from cogs.mydata import MyData
from cogs.preferences import Personal
from cogs.presets import Presets
from cogs.quota import Quota
from cogs.quota_door import Desk as QuotaDesk
from cogs.reception import Reception
from cogs.results import Results
from cogs.server import Server
from cogs.stopping import Stopping
from cogs.usage import Usage


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
        cards, notes = Cards(texts), Notes(texts)
        client = Client(
            texts=texts,
            synced_file=settings.data_dir / "commands.sha256",
            allowed_servers=frozenset(settings.allowed_servers),
            direct_messages=settings.allow_direct_messages,
            user_install=settings.allow_user_install,
            dev_guild_id=settings.dev_guild_id,
        )
        outbox = Outbox(client, house.store, house.journal, now=seam.now)
        couriers = Couriers(client, cards, notes, outbox, seam)
        house.alarms.listener = OwnerNotices(client, texts).tell
        chores = await stack.enter_async_context(Chores(_chores(house, seam), seam))

        async def once_logged_in() -> None:
            await house.recovery.go_on(taken, couriers.reopen, partial(read_again, client))
            chores.begin()

        client.once_logged_in = once_logged_in
        suggestions = Suggestions(
            catalogue=house.catalogue, costs=house.costs, texts=texts, now=seam.now
        )
        desk = _desk(client, suggestions, house.catalogue, customs, reception)
        for door in (
            *_front_doors(desk, couriers),
            *_quota_doors(_quota_desk(settings, seam, house, client, suggestions), house.gallery),
        ):
            await client.add_cog(door)
        await client.add_cog(
            History(client=client, gallery=house.gallery, couriers=couriers, notes=notes)
        )
        await client.add_cog(
            Results(
                client=client,
                reception=reception,
                studio=house.studio,
                couriers=couriers,
                now=seam.now,
            )
        )
        await client.add_cog(
            MyData(
                client=client,
                export=house.export,
                deletion=house.deletion,
                customs=customs,
                now=seam.now,
            )
        )
        client.add_dynamic_items(StopButton)
        await client.add_cog(Stopping(client=client, stops=house.stops))
        yield Bot(house, client, customs)


def _front_doors(desk: Desk, couriers: Couriers) -> tuple[Cog, ...]:
    imagine = Imagine(
        reception=desk.reception,
        catalogue=desk.catalogue,
        couriers=couriers,
        choosing=desk.choosing,
    )
    return imagine, Server(desk), Personal(desk), Presets(desk, couriers)


def _chores(house: House, seam: Seam) -> Sequence[Chore]:
    return (
        house.deletion.go_on,
        house.gallery.clear,
        partial(forget_old_charges, house.store, house.ledger, seam.now),
        house.offers.refresh,
    )


def _desk(
    client: Client,
    suggestions: Suggestions,
    catalogue: Catalogue,
    customs: Customs,
    reception: Reception,
) -> Desk:
    cards = CustomsCards(client.texts)
    choosing = Choosing(reception=reception, suggestions=suggestions, customs=customs, cards=cards)
    return Desk(
        client=client,
        reception=reception,
        catalogue=catalogue,
        customs=customs,
        choosing=choosing,
        cards=cards,
    )


def _quota_doors(desk: QuotaDesk, gallery: Gallery) -> tuple[Cog, ...]:
    cards = QuotaCards(desk.client.texts)
    usage = Usage(store=desk.store, ledger=desk.ledger, gallery=gallery, cards=cards)
    return Quota(desk), usage


def _quota_desk(
    settings: Settings, seam: Seam, house: House, client: Client, suggestions: Suggestions
) -> QuotaDesk:
    return QuotaDesk(
        client=client,
        store=house.store,
        ledger=house.ledger,
        catalogue=house.catalogue,
        tariff=house.tariff,
        costs=house.costs,
        suggestions=suggestions,
        statement=Statement(house.store, house.ledger, now=seam.now),
        charts=Charts(settings.data_dir / "charts", wait=seam.wait),
        default=settings.default_quota,
        server_quota=settings.server_quota,
    )

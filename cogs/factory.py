"""The doors of the bot: every cog, with what it needs from the rooms behind it."""

from dataclasses import dataclass

from discord.ext.commands import Cog

from bot.core.clock import Clock
from bot.discord_ui.attachments import Pictures
from bot.discord_ui.cards import Cards
from bot.discord_ui.client import Client
from bot.discord_ui.courier import Couriers
from bot.discord_ui.customs_cards import CustomsCards
from bot.discord_ui.details import Details as DetailsCard
from bot.discord_ui.quota_cards import QuotaCards
from bot.discord_ui.suggestions import Suggestions
from bot.jobs.history.pages import HistoryPages
from bot.jobs.job_lookup import JobLookup
from bot.preferences.preference_store import PreferenceStore
from bot.quota.chart import Charts
from bot.quota.csv_export import Statement
from bot.services import Services
from bot.settings import Settings
from cogs.button_guard import ButtonGuard
from cogs.cancel import Cancel
from cogs.dependencies import Dependencies
from cogs.details import Details
from cogs.edit import Edit
from cogs.history import History
from cogs.imagine import Imagine
from cogs.mydata import MyData
from cogs.option_choices import OptionChoices
from cogs.preferences import Personal
from cogs.presets import Presets
from cogs.quota import Quota
from cogs.quota_base import Desk as QuotaDesk
from cogs.request_builder import RequestBuilder
from cogs.results import Results
from cogs.settings import SettingsCommands
from cogs.usage import Usage


@dataclass(frozen=True, slots=True)
class CogDependencies:
    """What lies behind all doors."""

    settings: Settings
    seam: Clock
    house: Services
    client: Client
    customs: PreferenceStore
    couriers: Couriers
    pictures: Pictures


def create_cogs(hall: CogDependencies) -> tuple[Cog, ...]:
    """Return every door, ready to be hung up."""
    house, client = hall.house, hall.client
    suggestions = Suggestions(
        catalogue=house.catalogue, costs=house.costs, texts=client.texts, now=hall.seam.now
    )
    desk = _desk(hall, suggestions)
    return (
        *_painting(hall, desk),
        *_results(hall, desk),
        *_looking_back(hall, desk),
        *_quota(hall, suggestions),
        Cancel(client=client, stops=house.stops),
    )


def _desk(hall: CogDependencies, suggestions: Suggestions) -> Dependencies:
    house, client, customs = hall.house, hall.client, hall.customs
    reception = RequestBuilder(
        studio=house.studio,
        catalogue=house.catalogue,
        customs=customs,
        languages=client.languages,
    )
    cards = CustomsCards(client.texts)
    choosing = OptionChoices(
        reception=reception, suggestions=suggestions, customs=customs, cards=cards
    )
    return Dependencies(
        client=client,
        reception=reception,
        catalogue=house.catalogue,
        customs=customs,
        choosing=choosing,
        cards=cards,
    )


def _painting(hall: CogDependencies, desk: Dependencies) -> tuple[Cog, ...]:
    imagine = Imagine(
        reception=desk.reception,
        catalogue=desk.catalogue,
        couriers=hall.couriers,
        choosing=desk.choosing,
    )
    return imagine, SettingsCommands(desk), Personal(desk), Presets(desk, hall.couriers)


def _results(hall: CogDependencies, desk: Dependencies) -> tuple[Cog, ...]:
    house, client, reception = hall.house, hall.client, desk.reception
    records = JobLookup(store=house.store, journal=house.journal, ledger=house.ledger)
    presses = ButtonGuard(client=client, records=records, reception=reception, now=hall.seam.now)
    results = Results(
        client=client,
        reception=reception,
        records=records,
        presses=presses,
        customs=desk.customs,
        couriers=hall.couriers,
        now=hall.seam.now,
    )
    details = Details(
        client=client,
        reception=reception,
        records=records,
        presses=presses,
        gallery=house.retention,
        cards=Cards(client.texts),
        details=DetailsCard(client.texts),
    )
    editing = Edit(
        client=client,
        reception=reception,
        records=records,
        presses=presses,
        gallery=house.retention,
        catalogue=house.catalogue,
        couriers=hall.couriers,
        pictures=hall.pictures,
    )
    return results, details, editing


def _looking_back(hall: CogDependencies, desk: Dependencies) -> tuple[Cog, ...]:
    house, client = hall.house, hall.client
    history = History(
        client=client,
        reception=desk.reception,
        store=house.store,
        ledger=house.ledger,
        album=HistoryPages(house.store, house.vault),
        gallery=house.retention,
        couriers=hall.couriers,
        now=hall.seam.now,
    )
    mydata = MyData(
        client=client,
        export=house.export,
        deletion=house.deletion,
        customs=hall.customs,
        now=hall.seam.now,
    )
    return history, mydata


def _quota(hall: CogDependencies, suggestions: Suggestions) -> tuple[Cog, ...]:
    settings, house, client = hall.settings, hall.house, hall.client
    desk = QuotaDesk(
        client=client,
        store=house.store,
        ledger=house.ledger,
        catalogue=house.catalogue,
        tariff=house.tariff,
        costs=house.costs,
        suggestions=suggestions,
        statement=Statement(house.store, house.ledger, now=hall.seam.now),
        charts=Charts(settings.data_dir / "charts", wait=hall.seam.wait),
        default=settings.default_quota,
        server_quota=settings.server_quota,
    )
    usage = Usage(
        store=house.store,
        ledger=house.ledger,
        gallery=house.retention,
        cards=QuotaCards(client.texts),
        languages=client.languages,
    )
    return Quota(desk), usage

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
from bot.jobs.history_pages import HistoryPages
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
    clock: Clock
    services: Services
    client: Client
    preference_store: PreferenceStore
    couriers: Couriers
    pictures: Pictures


def create_cogs(deps: CogDependencies) -> tuple[Cog, ...]:
    """Return every door, ready to be hung up."""
    services, client = deps.services, deps.client
    suggestions = Suggestions(
        catalogue=services.catalogue, costs=services.pricing, texts=client.texts, now=deps.clock.now
    )
    desk = _desk(deps, suggestions)
    return (
        *_painting(deps, desk),
        *_results(deps, desk),
        *_looking_back(deps, desk),
        *_quota(deps, suggestions),
        Cancel(client=client, cancellation=services.cancellation),
    )


def _desk(deps: CogDependencies, suggestions: Suggestions) -> Dependencies:
    services, client, preference_store = deps.services, deps.client, deps.preference_store
    request_builder = RequestBuilder(
        job_service=services.job_service,
        catalogue=services.catalogue,
        preference_store=preference_store,
        languages=client.languages,
    )
    cards = CustomsCards(client.texts)
    option_choices = OptionChoices(
        request_builder=request_builder,
        suggestions=suggestions,
        preference_store=preference_store,
        cards=cards,
    )
    return Dependencies(
        client=client,
        request_builder=request_builder,
        catalogue=services.catalogue,
        preference_store=preference_store,
        option_choices=option_choices,
        cards=cards,
    )


def _painting(deps: CogDependencies, desk: Dependencies) -> tuple[Cog, ...]:
    imagine = Imagine(
        request_builder=desk.request_builder,
        catalogue=desk.catalogue,
        couriers=deps.couriers,
        option_choices=desk.option_choices,
    )
    return imagine, SettingsCommands(desk), Personal(desk), Presets(desk, deps.couriers)


def _results(deps: CogDependencies, desk: Dependencies) -> tuple[Cog, ...]:
    services, client, request_builder = deps.services, deps.client, desk.request_builder
    job_lookup = JobLookup(
        database=services.database, repository=services.repository, ledger=services.ledger
    )
    button_guard = ButtonGuard(
        client=client, job_lookup=job_lookup, request_builder=request_builder, now=deps.clock.now
    )
    results = Results(
        client=client,
        request_builder=request_builder,
        job_lookup=job_lookup,
        button_guard=button_guard,
        preference_store=desk.preference_store,
        couriers=deps.couriers,
        now=deps.clock.now,
    )
    details = Details(
        client=client,
        request_builder=request_builder,
        job_lookup=job_lookup,
        button_guard=button_guard,
        retention=services.retention,
        cards=Cards(client.texts),
        details=DetailsCard(client.texts),
    )
    editing = Edit(
        client=client,
        request_builder=request_builder,
        job_lookup=job_lookup,
        button_guard=button_guard,
        retention=services.retention,
        catalogue=services.catalogue,
        couriers=deps.couriers,
        pictures=deps.pictures,
    )
    return results, details, editing


def _looking_back(deps: CogDependencies, desk: Dependencies) -> tuple[Cog, ...]:
    services, client = deps.services, deps.client
    history = History(
        client=client,
        request_builder=desk.request_builder,
        database=services.database,
        ledger=services.ledger,
        history_pages=HistoryPages(services.database, services.content_store),
        retention=services.retention,
        couriers=deps.couriers,
        now=deps.clock.now,
    )
    mydata = MyData(
        client=client,
        export=services.export,
        deletion=services.deletion,
        preference_store=deps.preference_store,
        now=deps.clock.now,
    )
    return history, mydata


def _quota(deps: CogDependencies, suggestions: Suggestions) -> tuple[Cog, ...]:
    settings, services, client = deps.settings, deps.services, deps.client
    desk = QuotaDesk(
        client=client,
        database=services.database,
        ledger=services.ledger,
        catalogue=services.catalogue,
        server_costs=services.server_costs,
        costs=services.pricing,
        suggestions=suggestions,
        statement=Statement(services.database, services.ledger, now=deps.clock.now),
        charts=Charts(settings.data_dir / "charts", wait=deps.clock.wait),
        default=settings.default_quota,
        server_quota=settings.server_quota,
    )
    usage = Usage(
        database=services.database,
        ledger=services.ledger,
        retention=services.retention,
        cards=QuotaCards(client.texts),
        languages=client.languages,
    )
    return Quota(desk), usage

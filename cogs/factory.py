"""The doors of the bot: every cog, with what it needs from the rooms behind it."""

from dataclasses import dataclass

from discord.ext.commands import Cog

from bot.core.clock import Clock
from bot.discord_ui.autocomplete import Autocomplete
from bot.discord_ui.client import Client
from bot.discord_ui.courier import Couriers
from bot.discord_ui.details_embed import DetailsEmbeds as DetailsCard
from bot.discord_ui.job_embeds import JobEmbeds
from bot.discord_ui.quota_embeds import QuotaEmbeds
from bot.discord_ui.settings_embeds import SettingsEmbeds
from bot.discord_ui.uploads import MessagePictures
from bot.jobs.history_pages import HistoryPages
from bot.jobs.job_lookup import JobLookup
from bot.preferences.preference_store import PreferenceStore
from bot.quota.chart import Charts
from bot.quota.csv_export import Statement
from bot.services import Services
from bot.settings import Settings
from cogs.button_guard import ButtonGuard
from cogs.cancel_button import CancelCog
from cogs.dependencies import Dependencies
from cogs.details_buttons import DetailsCog
from cogs.edit_form import EditCog
from cogs.history import HistoryCog
from cogs.imagine import ImagineCog
from cogs.mydata import MyDataCog
from cogs.option_choices import OptionChoices
from cogs.preferences import PreferencesCog
from cogs.presets import PresetsCog
from cogs.quota import QuotaCog
from cogs.quota_base import QuotaDependencies as QuotaDesk
from cogs.request_builder import RequestBuilder
from cogs.reroll_delete import RerollDeleteCog
from cogs.settings import SettingsCog
from cogs.usage import UsageCog


@dataclass(frozen=True, slots=True)
class CogDependencies:
    """What lies behind all doors."""

    settings: Settings
    clock: Clock
    services: Services
    client: Client
    preference_store: PreferenceStore
    couriers: Couriers
    pictures: MessagePictures


def create_cogs(deps: CogDependencies) -> tuple[Cog, ...]:
    """Return every door, ready to be hung up."""
    services, client = deps.services, deps.client
    suggestions = Autocomplete(
        catalogue=services.catalogue, costs=services.pricing, texts=client.texts, now=deps.clock.now
    )
    desk = _desk(deps, suggestions)
    return (
        *_painting(deps, desk),
        *_results(deps, desk),
        *_looking_back(deps, desk),
        *_quota(deps, suggestions),
        CancelCog(client=client, cancellation=services.cancellation),
    )


def _desk(deps: CogDependencies, suggestions: Autocomplete) -> Dependencies:
    services, client, preference_store = deps.services, deps.client, deps.preference_store
    request_builder = RequestBuilder(
        job_service=services.job_service,
        catalogue=services.catalogue,
        preference_store=preference_store,
        languages=client.languages,
    )
    cards = SettingsEmbeds(client.texts)
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
    imagine = ImagineCog(
        request_builder=desk.request_builder,
        catalogue=desk.catalogue,
        couriers=deps.couriers,
        option_choices=desk.option_choices,
    )
    return imagine, SettingsCog(desk), PreferencesCog(desk), PresetsCog(desk, deps.couriers)


def _results(deps: CogDependencies, desk: Dependencies) -> tuple[Cog, ...]:
    services, client, request_builder = deps.services, deps.client, desk.request_builder
    job_lookup = JobLookup(
        database=services.database, repository=services.repository, ledger=services.ledger
    )
    button_guard = ButtonGuard(
        client=client, job_lookup=job_lookup, request_builder=request_builder, now=deps.clock.now
    )
    results = RerollDeleteCog(
        client=client,
        request_builder=request_builder,
        job_lookup=job_lookup,
        button_guard=button_guard,
        preference_store=desk.preference_store,
        couriers=deps.couriers,
        now=deps.clock.now,
    )
    details = DetailsCog(
        client=client,
        request_builder=request_builder,
        job_lookup=job_lookup,
        button_guard=button_guard,
        retention=services.retention,
        cards=JobEmbeds(client.texts),
        details=DetailsCard(client.texts),
    )
    editing = EditCog(
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
    history = HistoryCog(
        client=client,
        request_builder=desk.request_builder,
        database=services.database,
        ledger=services.ledger,
        history_pages=HistoryPages(services.database, services.content_store),
        retention=services.retention,
        couriers=deps.couriers,
        now=deps.clock.now,
    )
    mydata = MyDataCog(
        client=client,
        export=services.export,
        deletion=services.deletion,
        preference_store=deps.preference_store,
        now=deps.clock.now,
    )
    return history, mydata


def _quota(deps: CogDependencies, suggestions: Autocomplete) -> tuple[Cog, ...]:
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
    usage = UsageCog(
        database=services.database,
        ledger=services.ledger,
        retention=services.retention,
        cards=QuotaEmbeds(client.texts),
        languages=client.languages,
    )
    return QuotaCog(desk), usage

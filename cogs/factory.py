"""Creates every cog of the bot."""

from discord.ext.commands import Cog

from bot.jobs.repository.text_requests import TextKind
from bot.jobs.text_requests import text_kinds
from cogs.cancel_button import CancelCog
from cogs.deleted_messages import DeletedMessagesCog
from cogs.dependencies import Dependencies
from cogs.describe import DescribeCog, SuggestionsCog
from cogs.details_buttons import DetailsCog
from cogs.edit_form import EditCog
from cogs.enlarging import EnlargingCog
from cogs.greeting import GreetingCog
from cogs.help import HelpCog
from cogs.history import HistoryCog
from cogs.imagine import ImagineCog
from cogs.mydata import MyDataCog
from cogs.operations import operation_cogs
from cogs.operator import OperatorCog
from cogs.picture_actions import PictureActionsCog
from cogs.preferences import PreferencesCog
from cogs.presets import PresetsCog
from cogs.quota import QuotaCog
from cogs.refusal_buttons import RefusalCog
from cogs.reports import ReportsCog
from cogs.reroll_delete import RerollDeleteCog
from cogs.seed_button import SeedCog
from cogs.settings import SettingsCog
from cogs.settings_overview import SettingsAreasCog
from cogs.shorten import ShortenCog
from cogs.spoiler_button import SpoilerCog
from cogs.styles import StylesCog
from cogs.task_actions import TaskActionsCog
from cogs.usage import UsageCog


def create_cogs(deps: Dependencies) -> tuple[Cog, ...]:
    """Return every cog, ready to be added to the client."""
    return (
        ImagineCog(deps),
        *_text_cogs(deps),
        *operation_cogs(deps),
        SuggestionsCog(deps),
        SettingsCog(deps),
        SettingsAreasCog(deps, SettingsCog.settings),
        PreferencesCog(deps),
        PresetsCog(deps),
        StylesCog(deps),
        RerollDeleteCog(deps),
        RefusalCog(deps),
        DetailsCog(deps),
        SeedCog(deps),
        SpoilerCog(deps),
        EditCog(deps),
        PictureActionsCog(deps),
        EnlargingCog(deps),
        TaskActionsCog(deps),
        HistoryCog(deps),
        MyDataCog(deps),
        QuotaCog(deps),
        UsageCog(deps),
        OperatorCog(deps),
        ReportsCog(deps),
        DeletedMessagesCog(deps),
        HelpCog(deps),
        GreetingCog(deps),
        CancelCog(deps),
    )


def _text_cogs(deps: Dependencies) -> tuple[Cog, ...]:
    """Return those that ask for words, as far as anything answers."""
    text_requests = deps.services.text_requests
    if text_requests is None:
        return ()
    cogs: dict[TextKind, type[DescribeCog | ShortenCog]] = {
        "describe": DescribeCog,
        "shorten": ShortenCog,
    }
    kinds = text_kinds(text_requests)
    return tuple(cog(deps, text_requests) for kind, cog in cogs.items() if kind in kinds)

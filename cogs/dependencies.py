"""What the doors of settings, preferences and presets share."""

from dataclasses import dataclass

from bot.discord_ui.client import Client
from bot.discord_ui.settings_embeds import SettingsEmbeds
from bot.gateways.catalogue import Catalogue
from bot.preferences.preference_store import PreferenceStore
from cogs.option_choices import OptionChoices
from cogs.request_builder import RequestBuilder


@dataclass(frozen=True, slots=True)
class Dependencies:
    """Where customs are read, changed and shown."""

    client: Client
    request_builder: RequestBuilder
    catalogue: Catalogue
    preference_store: PreferenceStore
    option_choices: OptionChoices
    cards: SettingsEmbeds

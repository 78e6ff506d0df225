"""What the doors of settings, preferences and presets share."""

from dataclasses import dataclass

from bot.discord_ui.client import Client
from bot.discord_ui.customs_cards import CustomsCards
from bot.gateways.catalogue import Catalogue
from bot.preferences.preference_store import PreferenceStore
from cogs.choosing import Choosing
from cogs.reception import Reception


@dataclass(frozen=True, slots=True)
class Desk:
    """Where customs are read, changed and shown."""

    client: Client
    reception: Reception
    catalogue: Catalogue
    customs: PreferenceStore
    choosing: Choosing
    cards: CustomsCards

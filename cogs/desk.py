"""What the doors of settings, preferences and presets share."""

from dataclasses import dataclass

from bot.client import Client
from bot.customs.customs import Customs
from bot.delivery.customs_cards import CustomsCards
from bot.gateways.catalogue import Catalogue
from cogs.choosing import Choosing
from cogs.reception import Reception


@dataclass(frozen=True, slots=True)
class Desk:
    """Where customs are read, changed and shown."""

    client: Client
    reception: Reception
    catalogue: Catalogue
    customs: Customs
    choosing: Choosing
    cards: CustomsCards

"""What the doors offer while somebody types, with the default marked: from memory alone."""

from collections.abc import Iterable

from discord import Interaction
from discord.app_commands import Choice

from bot.customs import Customs, UnknownLanguage
from bot.delivery.customs_cards import LONGEST_CHOICE, CustomsCards, Painted, language_name
from bot.gateways.catalogue import Catalogue, Option
from cogs.reception import Reception

Choices = list[Choice[str]]


class Choosing:
    """Offers models and their words, presets and languages."""

    def __init__(
        self, *, reception: Reception, catalogue: Catalogue, customs: Customs, cards: CustomsCards
    ) -> None:
        self._reception = reception
        self._catalogue = catalogue
        self._customs = customs
        self._cards = cards

    def painted(self, interaction: Interaction) -> Painted:
        """Return what would be painted if nothing more was typed."""
        typed = interaction.namespace
        server_id, user_id = interaction.guild_id or 0, interaction.user.id
        return self._reception.painted(server_id, user_id, model=typed.model, preset=typed.preset)

    def models(self, interaction: Interaction, typed: str) -> Choices:
        """Offer the models that may be used here."""
        names = self._catalogue.suggest_models(typed, self.offered(interaction))
        return self.marked_model(interaction, choices(names))

    def all_models(self, typed: str) -> Choices:
        """Offer every model that there is."""
        return choices(self._catalogue.suggest_models(typed))

    def sizes(self, interaction: Interaction, typed: str) -> Choices:
        """Offer the sizes of the model that would paint."""
        painted = self.painted(interaction)
        model = interaction.namespace.model or painted.model
        sizes = self._catalogue.suggest_sizes(model, typed)
        return self._marked(interaction, choices(sizes), painted.size)

    def words(self, interaction: Interaction, option: Option, typed: str) -> Choices:
        """Offer the words that the model that would paint has for an option."""
        painted = self.painted(interaction)
        model = interaction.namespace.model or painted.model
        words = self._catalogue.suggest_choices(model, option, typed)
        default = painted.quality if option == "quality" else None
        return self._marked(interaction, choices(words), default)

    def presets(self, interaction: Interaction, typed: str) -> Choices:
        """Offer the person's own presets."""
        return choices(self._customs.suggest_presets(interaction.user.id, typed))

    def offered(self, interaction: Interaction) -> tuple[str, ...]:
        """Return the models that may be used here, the default first."""
        default = self._default_model(interaction)
        return tuple(dict.fromkeys((default, *self._reception.models(interaction.guild_id or 0))))

    def marked_model(self, interaction: Interaction, offered: Iterable[Choice[str]]) -> Choices:
        """Say which model paints where none is chosen."""
        return self._marked(interaction, offered, self._default_model(interaction))

    def _default_model(self, interaction: Interaction) -> str:
        server_id, user_id = interaction.guild_id or 0, interaction.user.id
        preset = interaction.namespace.preset
        return self._reception.painted(server_id, user_id, preset=preset).model

    def _marked(
        self, interaction: Interaction, offered: Iterable[Choice[str]], default: str | None
    ) -> Choices:
        locale = self._reception.visitor(interaction).locale
        return self._cards.marked(offered, default, locale)


def choices(names: Iterable[str]) -> Choices:
    """Return names as Discord takes them."""
    return [Choice(name=name[:LONGEST_CHOICE], value=name[:LONGEST_CHOICE]) for name in names]


def language_choices(locales: Iterable[str], typed: str) -> Choices:
    """Offer languages in their own words."""
    named = {locale: language_name(locale) for locale in locales}
    wanted = typed.strip().casefold()
    return [
        Choice(name=name, value=locale)
        for locale, name in named.items()
        if wanted in name.casefold() or wanted in locale.casefold()
    ]


def spoken(typed: str, locales: Iterable[str]) -> str:
    """Return the language that somebody typed, by its code or by its own name.

    Raises:
        UnknownLanguage
    """
    named = {locale: language_name(locale) for locale in locales}
    wanted = typed.strip().casefold()
    for locale, name in named.items():
        if wanted in {locale.casefold(), name.casefold()}:
            return locale
    raise UnknownLanguage(language=typed, allowed=", ".join(named.values()))

"""What the doors offer while somebody types, with the default marked: from memory alone."""

from collections.abc import Iterable, Mapping

from discord import Interaction
from discord.app_commands import Choice

from bot.discord_ui.autocomplete import Autocomplete, Choices, plain_choices
from bot.discord_ui.caller import billed_server_id
from bot.discord_ui.settings_embeds import DefaultOptions, SettingsEmbeds
from bot.gateways.model_abilities import WordOption
from bot.preferences.preference_store import PreferenceStore
from bot.preferences.values import UnknownLanguage
from cogs.request_builder import RequestBuilder


class OptionChoices:
    """Offers models and their words, presets and languages."""

    def __init__(
        self,
        *,
        request_builder: RequestBuilder,
        suggestions: Autocomplete,
        preference_store: PreferenceStore,
        cards: SettingsEmbeds,
    ) -> None:
        self._request_builder = request_builder
        self._suggestions = suggestions
        self._preference_store = preference_store
        self._cards = cards

    def models(self, interaction: Interaction, typed: str) -> Choices:
        """Offer the models that may be used here, with what a picture costs."""
        offered = self._suggestions.models(
            typed,
            server_id=billed_server_id(interaction),
            locale=self._locale(interaction),
            quality=interaction.namespace.quality,
            among=self._offered(interaction),
        )
        return self._marked(interaction, offered, self._default_model(interaction))

    def all_models(self, interaction: Interaction, typed: str) -> Choices:
        """Offer every model that there is."""
        return self._suggestions.models(
            typed, server_id=billed_server_id(interaction), locale=self._locale(interaction)
        )

    def sizes(self, interaction: Interaction, typed: str) -> Choices:
        """Offer the sizes of the model that would paint."""
        painted = self.painted(interaction)
        sizes = self._suggestions.sizes(typed, model=self._model(interaction, painted))
        return self._marked(interaction, sizes, painted.size)

    def qualities(self, interaction: Interaction, typed: str) -> Choices:
        """Offer the qualities of the model that would paint, with what a picture costs."""
        painted = self.painted(interaction)
        qualities = self._suggestions.qualities(
            typed,
            model=self._model(interaction, painted),
            server_id=billed_server_id(interaction),
            locale=self._locale(interaction),
        )
        return self._marked(interaction, qualities, painted.quality)

    def words(self, interaction: Interaction, option: WordOption, typed: str) -> Choices:
        """Offer the words that the model that would paint has for an option."""
        model = self._model(interaction, self.painted(interaction))
        return self._suggestions.choices(option, typed, model=model)

    def presets(self, interaction: Interaction, typed: str) -> Choices:
        """Offer the person's own presets."""
        return plain_choices(self._preference_store.suggest_presets(interaction.user.id, typed))

    def painted(self, interaction: Interaction) -> DefaultOptions:
        """Return what would be painted if nothing more was typed."""
        typed = interaction.namespace
        server_id, user_id = billed_server_id(interaction), interaction.user.id
        return self._request_builder.painted(
            server_id, user_id, model=typed.model, preset=typed.preset
        )

    def _model(self, interaction: Interaction, painted: DefaultOptions) -> str:
        return interaction.namespace.model or painted.model

    def _offered(self, interaction: Interaction) -> tuple[str, ...]:
        """Return the models that may be used here, the default first."""
        default = self._default_model(interaction)
        return tuple(
            dict.fromkeys((default, *self._request_builder.models(billed_server_id(interaction))))
        )

    def _default_model(self, interaction: Interaction) -> str:
        server_id, user_id = billed_server_id(interaction), interaction.user.id
        preset = interaction.namespace.preset
        return self._request_builder.painted(server_id, user_id, preset=preset).model

    def _marked(
        self, interaction: Interaction, offered: Iterable[Choice[str]], default: str | None
    ) -> Choices:
        return self._cards.mark_default(offered, default, self._locale(interaction))

    def _locale(self, interaction: Interaction) -> str:
        return self._request_builder.caller(interaction).locale


def language_choices(names: Mapping[str, str], typed: str) -> Choices:
    """Offer languages, given by their locales, in their own words."""
    wanted = typed.strip().casefold()
    return [
        Choice(name=name, value=locale)
        for locale, name in names.items()
        if wanted in name.casefold() or wanted in locale.casefold()
    ]


def language_code(typed: str, names: Mapping[str, str]) -> str:
    """Return the locale of the language that somebody typed, by its code or by its own name.

    Raises:
        UnknownLanguage
    """
    wanted = typed.strip().casefold()
    for locale, name in names.items():
        if wanted in {locale.casefold(), name.casefold()}:
            return locale
    raise UnknownLanguage(language=typed, allowed=", ".join(names.values()))

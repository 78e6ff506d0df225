"""The choices offered for options while somebody types, with the default marked; from memory."""

from collections.abc import Mapping

from discord import Interaction
from discord.app_commands import Choice

from bot.core.models import ImageOptions, WordOption
from bot.core.operations import Operation
from bot.discord_ui.autocomplete import Autocomplete, Choices, plain_choices
from bot.discord_ui.caller import billed_server_id, caller_of, requester_of
from bot.discord_ui.client import Client
from bot.discord_ui.settings_embeds import DefaultOptions, SettingsEmbeds
from bot.preferences.preference_store import PreferenceStore
from bot.preferences.preset_lookup import PresetLookup
from bot.preferences.stored_preferences import UnknownLanguage
from cogs.option_defaults import OptionDefaults
from cogs.request_builder import RequestBuilder


class OptionChoices:
    """Offers models and their options, presets and languages."""

    def __init__(
        self,
        *,
        request_builder: RequestBuilder,
        option_defaults: OptionDefaults,
        autocomplete: Autocomplete,
        preference_store: PreferenceStore,
        presets: PresetLookup,
        client: Client,
    ) -> None:
        self._request_builder = request_builder
        self._option_defaults = option_defaults
        self._autocomplete = autocomplete
        self._preference_store = preference_store
        self._presets = presets
        self._languages = client.languages
        self._embeds = SettingsEmbeds(client.texts)

    def models(self, interaction: Interaction, typed: str) -> Choices:
        """Offer the models that may be used here, the default first, with a picture's cost."""
        locale, here = self._languages.personal(interaction), requester_of(interaction)
        default = self._option_defaults.of(
            here.server_id, here.user_id, preset=interaction.namespace.preset, here=here
        ).model
        allowed = dict.fromkeys((default, *self._request_builder.models_for(here)))
        choices = self._autocomplete.models(
            typed,
            server_id=here.server_id,
            locale=locale,
            quality=interaction.namespace.quality,
            among=[n for n in allowed if self._request_builder.age_restriction.allows(n, here)],
        )
        return self._embeds.mark_default(choices, default, locale)

    def models_with(self, operation: Operation, interaction: Interaction, typed: str) -> Choices:
        """Offer the models that have an operation and may be used here, with its cost."""
        here = requester_of(interaction)
        return self._autocomplete.models(
            typed,
            server_id=here.server_id,
            locale=self._languages.personal(interaction),
            among=self._request_builder.models_for(here, operation),
        )

    def sizes_of(self, operation: Operation, interaction: Interaction, typed: str) -> Choices:
        """Offer the sizes of an operation of the typed model, else of the one that is used."""
        options = ImageOptions(operation=operation, model=interaction.namespace.model)
        caller = caller_of(interaction, self._languages)
        model = self._request_builder.resolve(options, caller).model
        return self._autocomplete.sizes_of(operation, typed, model=model)

    def all_models(self, interaction: Interaction, typed: str) -> Choices:
        """Offer every model, also those that may not be used here."""
        return self._autocomplete.models(
            typed,
            server_id=billed_server_id(interaction),
            locale=self._languages.personal(interaction),
        )

    def sizes(self, interaction: Interaction, typed: str) -> Choices:
        """Offer the sizes of the model that would be used."""
        defaults = self._defaults(interaction)
        choices = self._autocomplete.sizes(typed, model=_model(interaction, defaults))
        locale = self._languages.personal(interaction)
        return self._embeds.mark_default(choices, defaults.size, locale)

    def qualities(self, interaction: Interaction, typed: str) -> Choices:
        """Offer the qualities of the model that would be used, with a picture's cost."""
        defaults, locale = self._defaults(interaction), self._languages.personal(interaction)
        choices = self._autocomplete.qualities(
            typed,
            model=_model(interaction, defaults),
            server_id=billed_server_id(interaction),
            locale=locale,
        )
        return self._embeds.mark_default(choices, defaults.quality, locale)

    def others(self, interaction: Interaction, option: WordOption, typed: str) -> Choices:
        """Offer the values that the model that would be used has for another option."""
        model = _model(interaction, self._defaults(interaction))
        return self._autocomplete.choices(option, typed, model=model)

    def presets(self, interaction: Interaction, typed: str) -> Choices:
        """Offer the person's own presets, then the styles of the server."""
        return plain_choices(
            self._presets.suggest(
                interaction.user.id,
                billed_server_id(interaction),
                typed,
                self._languages.personal(interaction),
            )
        )

    def own_presets(self, interaction: Interaction, typed: str) -> Choices:
        """Offer the person's own presets."""
        return plain_choices(self._preference_store.suggest_presets(interaction.user.id, typed))

    def _defaults(self, interaction: Interaction) -> DefaultOptions:
        """Return the defaults, given the model and the preset that were typed."""
        typed, here = interaction.namespace, requester_of(interaction)
        return self._option_defaults.of(
            here.server_id, here.user_id, model=typed.model, preset=typed.preset, here=here
        )


def _model(interaction: Interaction, defaults: DefaultOptions) -> str:
    return interaction.namespace.model or defaults.model


def language_choices(names: Mapping[str, str], typed: str) -> Choices:
    """Offer languages by their own names; ``names`` is by locale."""
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

"""/preferences: the settings of a person, which apply in every server."""

from collections.abc import Callable
from dataclasses import replace

from discord import Interaction, app_commands
from discord.ext import commands

from bot.core.models import ImageOptions
from bot.discord_ui.autocomplete import Choices
from bot.discord_ui.caller import billed_server_id
from bot.discord_ui.client import PERSONAL
from bot.discord_ui.settings_embeds import SettingsEmbeds
from bot.preferences.stored_preferences import PersonalPreferences
from cogs.dependencies import Dependencies
from cogs.option_choices import language_choices, language_code

PreferencesChange = Callable[[PersonalPreferences], PersonalPreferences]

_RESETS: dict[str, tuple[str, ...]] = {
    "defaults": ("model", "size", "n", "quality"),
    "language": ("language",),
}
_EVERYTHING = "everything"


class PreferencesCog(commands.Cog):
    """The commands that show and change a person's preferences."""

    preferences = app_commands.Group(
        name="preferences",
        description="Change how Easel works for you",
        guild_only=True,
        extras=PERSONAL,
    )

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps
        self._embeds = SettingsEmbeds(deps.client.texts)

    @preferences.command()
    async def show(self, interaction: Interaction) -> None:
        """Show your preferences."""
        preferences = self._deps.preference_store.person(interaction.user.id)
        await self._answer(interaction, preferences, changed=False)

    @preferences.command()
    @app_commands.describe(
        model="Default model",
        size="Default size for this model",
        n="Default number of pictures",
        quality="Default quality",
    )
    async def defaults(
        self,
        interaction: Interaction,
        model: str | None = None,
        size: str | None = None,
        n: app_commands.Range[int, 1, 10] | None = None,
        quality: str | None = None,
    ) -> None:
        """Set your default model, size, number of pictures and quality."""
        options = self._deps.option_defaults.checked(
            ImageOptions(model=model, size=size, n=n, quality=quality),
            otherwise=self._deps.option_defaults.of(
                billed_server_id(interaction), interaction.user.id, model=model
            ).model,
        )

        def change(preferences: PersonalPreferences) -> PersonalPreferences:
            kept = options.with_defaults(preferences.options)
            return replace(
                preferences, model=kept.model, size=kept.size, n=kept.n, quality=kept.quality
            )

        await self._change(interaction, change)

    @preferences.command()
    @app_commands.describe(language="Language of messages that only you see")
    async def language(self, interaction: Interaction, language: str) -> None:
        """Set the language of messages that only you see."""
        chosen = language_code(language, self._deps.client.texts.names)
        await self._change(interaction, lambda p: replace(p, language=chosen))

    @preferences.command()
    @app_commands.describe(private="Show your results only to you")
    async def private(self, interaction: Interaction, private: bool) -> None:
        """Set whether others see your results."""
        await self._change(interaction, lambda p: replace(p, private=private))

    @preferences.command()
    @app_commands.describe(spoiler="Hide your pictures until somebody clicks them")
    async def spoiler(self, interaction: Interaction, spoiler: bool) -> None:
        """Set whether your pictures are hidden as spoilers."""
        await self._change(interaction, lambda p: replace(p, spoiler=spoiler))

    @preferences.command()
    @app_commands.describe(ping="Mention you when a picture took a long time")
    async def ping(self, interaction: Interaction, ping: bool) -> None:
        """Set whether the bot may mention you."""
        await self._change(interaction, lambda p: replace(p, ping=ping))

    @preferences.command()
    @app_commands.describe(what="Preferences to reset")
    @app_commands.choices(
        what=[app_commands.Choice(name=name, value=name) for name in (*_RESETS, _EVERYTHING)]
    )
    async def reset(self, interaction: Interaction, what: str) -> None:
        """Reset your preferences; presets stay."""
        fresh = PersonalPreferences()

        def change(preferences: PersonalPreferences) -> PersonalPreferences:
            names = _RESETS.get(what)
            if names is None:
                return fresh
            return replace(preferences, **{name: getattr(fresh, name) for name in names})

        await self._change(interaction, change)

    @defaults.autocomplete("model")
    async def suggest_models(self, interaction: Interaction, typed: str) -> Choices:
        """Offer the models that may be used here."""
        return self._deps.option_choices.models(interaction, typed)

    @defaults.autocomplete("size")
    async def suggest_sizes(self, interaction: Interaction, typed: str) -> Choices:
        """Offer the sizes of the model that would be used."""
        return self._deps.option_choices.sizes(interaction, typed)

    @defaults.autocomplete("quality")
    async def suggest_qualities(self, interaction: Interaction, typed: str) -> Choices:
        """Offer the qualities of the model that would be used."""
        return self._deps.option_choices.qualities(interaction, typed)

    @language.autocomplete("language")
    async def suggest_languages(self, _: Interaction, typed: str) -> Choices:
        """Offer the languages that Easel speaks."""
        return language_choices(self._deps.client.texts.names, typed)

    async def _change(self, interaction: Interaction, change: PreferencesChange) -> None:
        preferences = await self._deps.preference_store.change_person(interaction.user.id, change)
        await self._answer(interaction, preferences, changed=True)

    async def _answer(
        self, interaction: Interaction, preferences: PersonalPreferences, *, changed: bool
    ) -> None:
        embed = self._embeds.preferences(
            preferences,
            self._deps.option_defaults.of(billed_server_id(interaction), interaction.user.id),
            locale=self._deps.client.languages.personal(interaction),
            changed=changed,
        )
        await interaction.response.send_message(embed=embed, ephemeral=True)

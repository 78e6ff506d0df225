"""/settings: the settings of a server, which its admins change."""

from collections.abc import Callable
from dataclasses import replace

import discord
from discord import Interaction, app_commands
from discord.ext import commands

from bot.core.models import ImageOptions
from bot.discord_ui.autocomplete import Choices, plain_choices
from bot.discord_ui.settings_embeds import SettingsEmbeds
from bot.preferences.access_rules import check_model
from bot.preferences.emoji import (
    NotAnEmoji,
    SameEmoji,
    custom_emoji_id,
    is_unicode_emoji,
    same_emoji,
)
from bot.preferences.stored_preferences import (
    MODERATIONS,
    Controls,
    Moderation,
    NothingChosen,
    ServerSettings,
    with_allowed,
    without_allowed,
)
from cogs.dependencies import Dependencies
from cogs.option_choices import language_choices, language_code
from cogs.settings_base import settings as settings_group
from cogs.settings_log import LogCommands
from cogs.settings_overview import SettingsOverview
from cogs.settings_words import WordCommands

SettingsChange = Callable[[ServerSettings], ServerSettings]

OPERATORS = "operator"
_MODERATIONS = [
    app_commands.Choice(name="The operator's default", value=OPERATORS),
    app_commands.Choice(name="auto: the model's usual strictness", value="auto"),
    app_commands.Choice(name="low: less strict, for models that support this", value="low"),
]
_CONTROLS = [
    app_commands.Choice(name="Anyone", value="anyone"),
    app_commands.Choice(name="Only the person who asked for the picture", value="requester"),
]
_RESETS: dict[str, tuple[str, ...]] = {
    "defaults": ("model", "size", "n", "spoiler"),
    "emojis": ("reroll", "delete"),
    "language": ("language",),
    "words": ("words",),
    "log": ("log_channel", "log_prompts"),
}
_EVERYTHING = "everything"


class SettingsCog(WordCommands, LogCommands):
    """The commands that show and change a server's settings."""

    settings = settings_group
    models = app_commands.Group(
        name="models", description="Set which models may be used here", parent=settings
    )
    channels = app_commands.Group(
        name="channels", description="Set where painting is allowed", parent=settings
    )
    roles = app_commands.Group(name="roles", description="Set who may paint here", parent=settings)

    def __init__(self, deps: Dependencies) -> None:
        super().__init__(deps)
        self._embeds = SettingsEmbeds(deps.client.texts)
        self._overview = SettingsOverview(deps)

    @settings.command()
    async def show(self, interaction: Interaction) -> None:
        """Show the settings of this server."""
        await self._overview.show(interaction)

    @settings.command()
    @app_commands.describe(
        model="Default model",
        size="Default size for this model",
        n="Default number of pictures",
        spoiler="Hide pictures until somebody clicks them",
    )
    async def defaults(
        self,
        interaction: Interaction,
        model: str | None = None,
        size: str | None = None,
        n: app_commands.Range[int, 1, 10] | None = None,
        spoiler: bool | None = None,
    ) -> None:
        """Set the default model, size and number of pictures."""
        current = self._deps.option_defaults.of(interaction.guild_id or 0)
        options = self._deps.option_defaults.checked(
            ImageOptions(model=model, size=size, n=n, spoiler=spoiler), otherwise=current.model
        )
        if options.model:
            check_model(self._settings(interaction), options.model, offered=self._offered)

        def change(settings: ServerSettings) -> ServerSettings:
            kept = options.with_defaults(settings.options)
            return replace(
                settings, model=kept.model, size=kept.size, n=kept.n, spoiler=kept.spoiler
            )

        await self._change(interaction, change)

    # --- allowed models, channels and roles ---------------------------------------------------

    @models.command(name="allow")
    @app_commands.describe(model="Model to allow")
    async def allow_model(self, interaction: Interaction, model: str) -> None:
        """Allow a model; once one is allowed, all others are refused."""
        name = self._deps.services.catalogue.model(model).name
        await self._change(interaction, lambda s: replace(s, models=with_allowed(s.models, name)))

    @models.command(name="remove")
    @app_commands.describe(model="Model to remove from the list")
    async def remove_model(self, interaction: Interaction, model: str) -> None:
        """Remove a model from the allowed list; an empty list allows all models."""
        listed = {name.casefold(): name for name in self._settings(interaction).models or ()}
        name = listed.get(model.strip().casefold(), model)
        await self._change(
            interaction, lambda s: replace(s, models=without_allowed(s.models, name, name=model))
        )

    @models.command(name="all")
    async def all_models(self, interaction: Interaction) -> None:
        """Allow all models."""
        await self._change(interaction, lambda s: replace(s, models=None))

    @channels.command(name="allow")
    @app_commands.describe(
        channel="Channel to allow, with its threads; a category includes its channels"
    )
    async def allow_channel(
        self, interaction: Interaction, channel: app_commands.AppCommandChannel
    ) -> None:
        """Allow painting in a channel; once one is allowed, all others are refused."""
        await self._change(
            interaction, lambda s: replace(s, channels=with_allowed(s.channels, channel.id))
        )

    @channels.command(name="remove")
    @app_commands.describe(channel="Channel to remove from the list")
    async def remove_channel(
        self, interaction: Interaction, channel: app_commands.AppCommandChannel
    ) -> None:
        """Remove a channel from the allowed list; an empty list allows all channels."""
        name = f"#{channel.name}"
        await self._change(
            interaction,
            lambda s: replace(s, channels=without_allowed(s.channels, channel.id, name=name)),
        )

    @channels.command(name="all")
    async def all_channels(self, interaction: Interaction) -> None:
        """Allow painting in all channels."""
        await self._change(interaction, lambda s: replace(s, channels=None))

    @roles.command(name="allow")
    @app_commands.describe(role="Role to allow")
    async def allow_role(self, interaction: Interaction, role: discord.Role) -> None:
        """Allow a role to paint; once one is allowed, all other people are refused."""
        everyone = role.is_default()
        await self._change(
            interaction,
            lambda s: replace(s, roles=None if everyone else with_allowed(s.roles, role.id)),
        )

    @roles.command(name="remove")
    @app_commands.describe(role="Role to remove from the list")
    async def remove_role(self, interaction: Interaction, role: discord.Role) -> None:
        """Remove a role from the allowed list; an empty list allows everyone."""
        await self._change(
            interaction,
            lambda s: replace(s, roles=without_allowed(s.roles, role.id, name=role.name)),
        )

    @roles.command(name="all")
    async def all_roles(self, interaction: Interaction) -> None:
        """Allow everyone to paint."""
        await self._change(interaction, lambda s: replace(s, roles=None))

    # --- other settings -----------------------------------------------------------------------

    @settings.command()
    @app_commands.describe(who="Who may use the buttons and reactions")
    @app_commands.choices(who=_CONTROLS)
    async def controls(self, interaction: Interaction, who: str) -> None:
        """Set who may use the buttons and reactions under a result."""
        chosen: Controls = "requester" if who == "requester" else "anyone"
        await self._change(interaction, lambda s: replace(s, controls=chosen))

    @settings.command()
    @app_commands.describe(reroll="Reaction that re-rolls", delete="Reaction that deletes")
    async def emojis(
        self, interaction: Interaction, reroll: str | None = None, delete: str | None = None
    ) -> None:
        """Set the reactions that work under a result."""
        if reroll is None and delete is None:
            raise NothingChosen
        if any(custom_emoji_id(typed.strip()) for typed in (reroll, delete) if typed):
            # Discord is asked for a custom emoji first, which may take longer than three seconds.
            await interaction.response.defer(ephemeral=True, thinking=True)
        again = reroll and await _checked_emoji(interaction.guild, reroll)
        away = delete and await _checked_emoji(interaction.guild, delete)

        def change(settings: ServerSettings) -> ServerSettings:
            changed = replace(
                settings, reroll=again or settings.reroll, delete=away or settings.delete
            )
            if same_emoji(changed.reroll, changed.delete):
                raise SameEmoji
            return changed

        await self._change(interaction, change)

    @settings.command()
    @app_commands.describe(level="How strictly prompts and pictures are judged")
    @app_commands.choices(level=_MODERATIONS)
    async def moderation(self, interaction: Interaction, level: str) -> None:
        """Set how strict moderation is, for models that support this."""
        chosen: Moderation | None = next((word for word in MODERATIONS if word == level), None)
        await self._change(interaction, lambda s: replace(s, moderation=chosen))

    @settings.command()
    @app_commands.describe(language="Language of messages that everyone sees")
    async def language(self, interaction: Interaction, language: str) -> None:
        """Set the language of public messages in this server."""
        chosen = language_code(language, self._deps.client.texts.names)
        await self._change(interaction, lambda s: replace(s, language=chosen))

    @settings.command()
    @app_commands.describe(what="Settings to reset")
    @app_commands.choices(
        what=[app_commands.Choice(name=name, value=name) for name in (*_RESETS, _EVERYTHING)]
    )
    async def reset(self, interaction: Interaction, what: str) -> None:
        """Reset the settings of this server."""
        fresh = ServerSettings()

        def change(settings: ServerSettings) -> ServerSettings:
            names = _RESETS.get(what)
            if names is None:
                return fresh
            return replace(settings, **{name: getattr(fresh, name) for name in names})

        await self._change(interaction, change)

    # --- autocomplete -------------------------------------------------------------------------

    @defaults.autocomplete("model")
    async def suggest_models(self, interaction: Interaction, typed: str) -> Choices:
        """Offer the models that may be used here."""
        return self._deps.option_choices.models(interaction, typed)

    @allow_model.autocomplete("model")
    async def suggest_all_models(self, interaction: Interaction, typed: str) -> Choices:
        """Offer every model."""
        return self._deps.option_choices.all_models(interaction, typed)

    @remove_model.autocomplete("model")
    async def suggest_allowed_models(self, interaction: Interaction, typed: str) -> Choices:
        """Offer the models on the list, also those that are no longer configured."""
        listed = self._settings(interaction).models or ()
        return plain_choices(self._deps.services.catalogue.suggest_models(typed, listed))

    @defaults.autocomplete("size")
    async def suggest_sizes(self, interaction: Interaction, typed: str) -> Choices:
        """Offer the sizes of the model that would be used."""
        return self._deps.option_choices.sizes(interaction, typed)

    @language.autocomplete("language")
    async def suggest_languages(self, _: Interaction, typed: str) -> Choices:
        """Offer the languages that Easel speaks."""
        return language_choices(self._deps.client.texts.names, typed)

    # --- deleted channels and roles -----------------------------------------------------------

    @commands.Cog.listener()
    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """Remove a deleted channel from the settings."""
        await self._remove_deleted(channel.guild)

    @commands.Cog.listener()
    async def on_guild_role_delete(self, role: discord.Role) -> None:
        """Remove a deleted role from the settings."""
        await self._remove_deleted(role.guild)

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Remove what was deleted while the bot was not running."""
        for server_id in self._deps.preference_store.servers:
            guild = self._deps.client.get_guild(server_id)
            # A server in an outage has an empty list of channels.
            if guild is not None and not guild.unavailable:
                await self._remove_deleted(guild)

    async def _remove_deleted(self, guild: discord.Guild) -> None:
        settings = self._deps.preference_store.server(guild.id)
        if _without_deleted(settings, guild) != settings:
            await self._deps.preference_store.change_server(
                guild.id, lambda s: _without_deleted(s, guild)
            )

    # --- answers ------------------------------------------------------------------------------

    @property
    def _offered(self) -> tuple[str, ...]:
        return tuple(model.name for model in self._deps.services.catalogue.models)

    def _settings(self, interaction: Interaction) -> ServerSettings:
        return self._deps.preference_store.server(interaction.guild_id or 0)

    async def _change(self, interaction: Interaction, change: SettingsChange) -> None:
        settings = await self._deps.preference_store.change_server(
            interaction.guild_id or 0, change
        )
        await self._answer(interaction, settings)

    async def _answer(self, interaction: Interaction, settings: ServerSettings) -> None:
        server_id = interaction.guild_id or 0
        models = self._deps.request_builder.allowed_models(server_id)
        embed = self._embeds.changed_settings(
            settings,
            self._deps.option_defaults.of(server_id),
            models=models,
            unmoderated=self._deps.services.catalogue.ignoring_moderation(
                settings.moderation, models
            ),
            locale=self._deps.client.languages.personal(interaction),
        )
        if interaction.response.is_done():
            await interaction.followup.send(embed=embed, ephemeral=True)
        else:
            await interaction.response.send_message(embed=embed, ephemeral=True)


async def _checked_emoji(guild: discord.Guild | None, typed: str) -> str:
    emoji = typed.strip()
    if is_unicode_emoji(emoji):
        return emoji
    emoji_id = custom_emoji_id(emoji)
    if guild is None or emoji_id is None:
        raise NotAnEmoji(emoji=emoji)
    try:
        return str(await guild.fetch_emoji(emoji_id))
    except discord.NotFound:
        raise NotAnEmoji(emoji=emoji) from None


def _without_deleted(settings: ServerSettings, guild: discord.Guild) -> ServerSettings:
    return settings.without_deleted(
        channels={channel.id for channel in guild.channels},
        roles={role.id for role in guild.roles},
    )

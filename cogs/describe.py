"""/describe: propose prompts for a picture, and paint the one that somebody chooses."""

import discord
from discord import Attachment, Interaction, app_commands
from discord.ext import commands

from bot.core.errors.jobs import CostChanged
from bot.core.models import ImageOptions
from bot.discord_ui.caller import CallerContext, caller_of
from bot.discord_ui.client import PERSONAL
from bot.discord_ui.suggestion_controls import (
    ChosenSuggestion,
    ImprovedButton,
    SuggestionButton,
)
from bot.discord_ui.uploads import upload_of
from bot.images.references import Upload
from bot.jobs.text_requests import Suggestions, TextRequests, suggested_prompts
from bot.preferences.access_rules import check_controls
from cogs.dependencies import Dependencies
from cogs.remedies import TypedRequest
from cogs.suggested_prompts import SuggestedPrompts


class DescribeCog(commands.Cog):
    """The command and the context menu; they are there only where something describes."""

    def __init__(self, deps: Dependencies, text_requests: TextRequests) -> None:
        self._deps = deps
        self._suggested = SuggestedPrompts(deps)
        self._text_requests = text_requests
        self._menu = app_commands.ContextMenu(name="Describe", callback=self.describe_message)
        self._menu.guild_only = True

    async def cog_load(self) -> None:
        """Add the context menu, which discord.py does not do for a cog."""
        self._deps.client.tree.add_command(self._menu)

    async def cog_unload(self) -> None:
        """Remove the context menu."""
        self._deps.client.tree.remove_command(self._menu.name, type=self._menu.type)

    @app_commands.command(extras=PERSONAL)
    @app_commands.guild_only()
    @app_commands.describe(picture="The picture to describe")
    async def describe(self, interaction: Interaction, picture: Attachment) -> None:
        """Get four prompts that would paint a picture like yours; only you see them."""
        caller = await self._suggested.admit(interaction)
        await self._answer(interaction, caller, upload_of(picture))

    async def describe_message(self, interaction: Interaction, message: discord.Message) -> None:
        """Describe the first picture of any message."""
        caller = await self._suggested.admit(interaction)
        written = await self._deps.job_lookup.by_message(message.id)
        if written is not None:
            self._deps.job_lookup.check_not_removed(written)
            settings = self._deps.preference_store.server(caller.requester.server_id)
            check_controls(settings, caller.requester, written.job)
        await self._answer(interaction, caller, self._deps.pictures.of(message)[0])

    async def _answer(
        self, interaction: Interaction, caller: CallerContext, upload: Upload
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        found = await self._text_requests.describe(upload, caller.requester, locale=caller.locale)
        await self._suggested.show(interaction, found, "describe", caller)


class SuggestionsCog(commands.Cog):
    """The buttons under suggestions: they paint also once nothing suggests any more."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps
        self._suggested = SuggestedPrompts(deps)

    async def cog_load(self) -> None:
        """Handle also the buttons that an earlier process sent."""
        self._deps.client.add_dynamic_items(SuggestionButton, ImprovedButton)

    @commands.Cog.listener()
    async def on_suggestion_pressed(
        self, interaction: Interaction, chosen: ChosenSuggestion
    ) -> None:
        """Paint a suggested prompt, as if its person had typed it into /imagine."""
        try:
            await self._paint(interaction, chosen)
        except Exception as error:  # noqa: BLE001 - the one handler answers what is expected
            await self._deps.client.answer_error(interaction, error)

    async def _paint(self, interaction: Interaction, chosen: ChosenSuggestion) -> None:
        guard = self._deps.button_guard
        self._deps.client.admit(interaction)
        await guard.check_request(interaction)
        caller = caller_of(interaction, self._deps.client.languages)
        prompts = await suggested_prompts(
            self._deps.services.database,
            chosen.text_id,
            chosen.number,
            user_id=interaction.user.id,
        )
        await self._confirm_cost(interaction, chosen, Suggestions(chosen.text_id, prompts), caller)
        if await guard.is_repeated(interaction, "suggestion", (chosen.text_id, chosen.number)):
            return
        options = ImageOptions(prompt=prompts[chosen.number - 1])
        await self._deps.refused_requests.submit(interaction, TypedRequest(options=options))

    async def _confirm_cost(
        self,
        interaction: Interaction,
        chosen: ChosenSuggestion,
        found: Suggestions,
        caller: CallerContext,
    ) -> None:
        """Raise CostChanged where the button showed another cost; from then on it shows this."""
        now = self._suggested.cost(found.prompts[chosen.number - 1], caller)
        if now == chosen.credits:
            return
        await interaction.response.edit_message(view=self._suggested.buttons(found, caller))
        raise CostChanged(credits=now)

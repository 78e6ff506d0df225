"""What commands that propose prompts share: who may ask, and how the answer is shown."""

from contextlib import suppress

import discord
from discord import Interaction

from bot.core.errors.base import Refusal
from bot.core.models import ImageOptions
from bot.discord_ui.caller import CallerContext, caller_of
from bot.discord_ui.suggestion_controls import SuggestedBy, suggestion_buttons, suggestions_embed
from bot.jobs.text_requests import Suggestions
from bot.preferences.access_rules import check_access
from cogs.dependencies import Dependencies
from cogs.derived_requests import DerivedRequests


class SuggestedPrompts:
    """Admits people as a request for pictures does, and shows them what was proposed."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps
        self._derived = DerivedRequests(deps)

    async def admit(self, interaction: Interaction) -> CallerContext:
        """Check what is checked where a picture is requested."""
        caller = caller_of(interaction, self._deps.client.languages)
        check_access(
            self._deps.preference_store.server(caller.requester.server_id), caller.requester
        )
        await self._deps.button_guard.check_request(interaction)
        return caller

    async def show(
        self, interaction: Interaction, found: Suggestions, by: SuggestedBy, caller: CallerContext
    ) -> None:
        """Show the prompts to whoever asked, with a button for each."""
        embed = suggestions_embed(
            self._deps.client.texts, found.prompts, caller.locale, by=by, credits=found.credits
        )
        await interaction.followup.send(
            embed=embed, view=self.buttons(found, caller), ephemeral=True
        )

    def buttons(self, found: Suggestions, caller: CallerContext) -> discord.ui.View:
        """Return a button for each prompt, with what painting it costs now."""
        costs = [self.cost(prompt, caller) for prompt in found.prompts]
        return suggestion_buttons(self._deps.client.texts, found.id, costs, caller.locale)

    def cost(self, prompt: str, caller: CallerContext) -> int:
        """Return what painting a prompt costs now."""
        return self._derived.credits(ImageOptions(prompt=prompt), caller)

    def log_decline(self, prompt: str, caller: CallerContext) -> None:
        """Tell moderators who was declined, without the words: nobody else would have seen them."""
        with suppress(Refusal):  # such as a prompt that is too long for any model
            request = self._deps.request_builder.check(ImageOptions(prompt=prompt), caller)
            self._deps.log_channels.declined(request, caller.requester, private=True)

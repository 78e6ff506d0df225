"""/shorten: propose shorter prompts, each with a button that paints it."""

from discord import Interaction, app_commands
from discord.ext import commands

from bot.discord_ui.client import PERSONAL
from bot.jobs.text_requests import TextRequests
from bot.moderation.moderation import TextRefused
from cogs.dependencies import Dependencies
from cogs.suggested_prompts import SuggestedPrompts


class ShortenCog(commands.Cog):
    """The command; it is there only where a gateway has ``calls.shorten``."""

    def __init__(self, deps: Dependencies, text_requests: TextRequests) -> None:
        self._text_requests = text_requests
        self._suggested = SuggestedPrompts(deps)

    @app_commands.command(extras=PERSONAL)
    @app_commands.guild_only()
    @app_commands.describe(prompt="The prompt to shorten")
    async def shorten(
        self, interaction: Interaction, prompt: app_commands.Range[str, 1, 4000]
    ) -> None:
        """Get shorter prompts for about the same picture; only you see them."""
        caller = await self._suggested.admit(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        try:
            found = await self._text_requests.shorten(
                prompt, caller.requester, locale=caller.locale
            )
        except TextRefused:
            self._suggested.log_decline(prompt, caller)
            raise
        await self._suggested.show(interaction, found, "shorten", caller)

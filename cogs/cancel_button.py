"""The button under a waiting or running job that cancels it, or detaches its requester."""

import discord
from discord.ext import commands

from bot.discord_ui.caller import requester_of
from cogs.dependencies import Dependencies


class CancelCog(commands.Cog):
    """Cancels jobs for their requesters and for moderators."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps

    @commands.Cog.listener()
    async def on_stop_pressed(self, interaction: discord.Interaction, job_id: str) -> None:
        """Stop the job; its card says so, and only a refusal is told."""
        try:
            # Editing the card may take longer than the three seconds that Discord allows.
            await interaction.response.defer()
            await self._deps.services.cancellation.cancel(
                job_id,
                requester_of(interaction),
                moderates=interaction.permissions.manage_messages,
            )
        except Exception as error:  # noqa: BLE001 - the one handler answers what is expected
            await self._deps.client.answer_error(interaction, error)

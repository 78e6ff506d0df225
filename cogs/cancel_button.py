"""What hangs under a card that waits: a button that cancels, or stops waiting."""

import discord
from discord.ext import commands

from bot.discord_ui.client import Client
from bot.jobs.cancellation import Cancellation
from cogs.request_builder import requester_of_call


class CancelCog(commands.Cog):
    """The door for who does not want to wait any more."""

    def __init__(self, *, client: Client, cancellation: Cancellation) -> None:
        self._client = client
        self._cancellation = cancellation

    @commands.Cog.listener()
    async def on_stop_pressed(self, interaction: discord.Interaction, job_id: str) -> None:
        """Stop the job; its card says so, and only who may not is answered."""
        try:
            # The card may take longer than the three seconds that Discord gives an answer.
            await interaction.response.defer()
            await self._cancellation.cancel(
                job_id,
                requester_of_call(interaction),
                moderates=interaction.permissions.manage_messages,
            )
        except Exception as error:  # noqa: BLE001 - the one handler tells what is expected
            await self._client.answer_error(interaction, error)

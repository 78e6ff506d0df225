"""/quota …: limits, grants, blocks and costs that server admins set, and what was used."""

from discord import Interaction
from discord.ext import commands

from bot.core.errors.jobs import OutdatedCommand, ServerNotListed
from bot.discord_ui.buttons import PageButton
from cogs.quota_base import quota
from cogs.quota_costs import CostCommands
from cogs.quota_limits import LIMITS, LimitCommands
from cogs.quota_members import MemberCommands
from cogs.quota_pages import PageReply
from cogs.quota_reports import CHANGES, ReportCommands


class QuotaCog(LimitCommands, MemberCommands, CostCommands, ReportCommands):
    """The door for admins: all its commands, and the pages of what they read."""

    quota = quota

    async def cog_load(self) -> None:
        """Answer also to pages that an earlier process sent."""
        self._desk.client.add_dynamic_items(PageButton)

    @commands.Cog.listener()
    async def on_list_page_chosen(self, interaction: Interaction, book: str, number: int) -> None:
        """Show another page.

        Only whoever typed the command sees its answer, and so the buttons.
        """
        try:
            await (await self._page(interaction, book, number)).replace(interaction)
        except Exception as error:  # noqa: BLE001 - discord.py would only log it
            await self._desk.client.answer_error(interaction, error)

    async def _page(self, interaction: Interaction, book: str, number: int) -> PageReply:
        if not self._desk.client.serves(interaction.guild_id):
            raise ServerNotListed
        if book == LIMITS:
            return await self.limits_page(interaction, number)
        if book == CHANGES:
            return await self.changes_page(interaction, number)
        raise OutdatedCommand

"""/quota: limits, grants, blocks and costs that server admins set, and reports of usage."""

from discord import Interaction, Permissions
from discord.ext import commands

from bot.core.errors.jobs import OutdatedCommand, ServerNotListed
from bot.discord_ui.buttons import PageButton
from bot.discord_ui.command_permissions import CommandNotAllowed, may_use_command
from cogs.quota_base import PageReply, quota
from cogs.quota_costs import CostCommands
from cogs.quota_limits import LIMITS, LimitCommands
from cogs.quota_members import MemberCommands
from cogs.quota_reports import CHANGES, ReportCommands


class QuotaCog(LimitCommands, MemberCommands, CostCommands, ReportCommands):
    """All commands of the group, and the buttons that change the pages of their lists."""

    quota = quota

    async def cog_load(self) -> None:
        """Handle also the pages that an earlier process sent."""
        self._deps.client.add_dynamic_items(PageButton)

    @commands.Cog.listener()
    async def on_list_page_chosen(
        self, interaction: Interaction, list_name: str, number: int
    ) -> None:
        """Show another page.

        Only the caller of the command sees its answer, and so the buttons; since then they may
        have lost the permission.
        """
        try:
            await (await self._page(interaction, list_name, number)).replace(interaction)
        except Exception as error:  # noqa: BLE001 - discord.py would only log it
            await self._deps.client.answer_error(interaction, error)

    async def _check_may_manage(self, interaction: Interaction) -> None:
        default = quota.default_permissions or Permissions()
        if not await may_use_command(self._deps.client, interaction, quota.name, default):
            raise CommandNotAllowed(command=quota.name)

    async def _page(self, interaction: Interaction, list_name: str, number: int) -> PageReply:
        if not self._deps.client.serves(interaction.guild_id):
            raise ServerNotListed
        await self._check_may_manage(interaction)
        if list_name == LIMITS:
            return await self.limits_page(interaction, number)
        if list_name == CHANGES:
            return await self.changes_page(interaction, number)
        raise OutdatedCommand

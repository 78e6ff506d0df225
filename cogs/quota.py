"""/quota: limits, grants, blocks and costs that server admins set, and reports of usage."""

from discord import Interaction
from discord.ext import commands

from bot.core.errors.jobs import OutdatedCommand
from bot.discord_ui.buttons import PageButton
from bot.discord_ui.command_permissions import check_may_use
from cogs.quota_base import PageReply, quota
from cogs.quota_costs import COSTS, CostCommands
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

    @commands.Cog.listener()
    async def on_settings_area_chosen(self, interaction: Interaction, area: str) -> None:
        """Show an area of /settings show that this cog has a list of."""
        if area not in {LIMITS, CHANGES, COSTS}:
            return
        try:
            if area == COSTS:
                await check_may_use(self._deps.client, interaction, quota)
                await self.list_costs(interaction)
            else:
                await (await self._page(interaction, area, 0)).send(interaction)
        except Exception as error:  # noqa: BLE001 - discord.py would only log it
            await self._deps.client.answer_error(interaction, error)

    async def _page(self, interaction: Interaction, list_name: str, number: int) -> PageReply:
        await check_may_use(self._deps.client, interaction, quota)
        if list_name == LIMITS:
            return await self.limits_page(interaction, number)
        if list_name == CHANGES:
            return await self.changes_page(interaction, number)
        raise OutdatedCommand

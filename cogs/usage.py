"""/usage: what is left for me, why, and what I asked for lately."""

from collections.abc import Sequence

from discord import Interaction, app_commands
from discord.ext import commands

from bot.core.models import Requester
from bot.database.database import Database
from bot.database.transaction import Transaction
from bot.discord_ui.caller import Languages
from bot.discord_ui.client import PERSONAL
from bot.discord_ui.quota_embeds import MOST_JOBS, JobRow, MemberStatus, QuotaEmbeds, UsageRow
from bot.jobs.picture_retention import PictureRetention
from bot.quota.admin_repository import Member
from bot.quota.allowances import Allowance
from bot.quota.ledger import Ledger
from cogs.request_builder import requester_of_call


class UsageCog(commands.Cog):
    """The door at which everybody sees their own credits."""

    def __init__(
        self,
        *,
        database: Database,
        ledger: Ledger,
        retention: PictureRetention,
        cards: QuotaEmbeds,
        languages: Languages,
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._retention = retention
        self._cards = cards
        self._languages = languages

    @app_commands.command(extras=PERSONAL)
    @app_commands.guild_only()
    async def usage(self, interaction: Interaction) -> None:
        """Show your limits, the credits you have left, and your last requests."""
        who = requester_of_call(interaction)
        allowances, member = await self._database.read(self._usage, who)
        past = await self._retention.recent_jobs(who.user_id, most=MOST_JOBS)
        locale = self._languages.personal(interaction)
        status = MemberStatus(member.granted, member.block_reason)
        embeds = [self._cards.usage(who, [_row(a) for a in allowances], locale, status=status)]
        if past:
            jobs = [JobRow(p.written.job, p.written.state, p.written.placed) for p in past]
            embeds.append(self._cards.jobs(jobs, locale))
        await interaction.response.send_message(embeds=embeds, ephemeral=True)

    def _usage(self, rows: Transaction, who: Requester) -> tuple[Sequence[Allowance], Member]:
        member = self._ledger.member(rows, who.server_id, who.user_id)
        return self._ledger.allowances(rows, who), member


def _row(allowance: Allowance) -> UsageRow:
    return UsageRow(
        level=allowance.level,
        limit=allowance.limit,
        period=allowance.period,
        used=allowance.used,
        held=allowance.held,
        left=allowance.left,
        frees_at=allowance.frees_at,
    )

"""/usage: one's own limits, credits left and last requests."""

from collections.abc import Sequence
from functools import partial

from discord import Interaction, app_commands
from discord.ext import commands

from bot.core.models import Requester
from bot.database.transaction import Transaction
from bot.discord_ui.caller import requester_of
from bot.discord_ui.client import PERSONAL
from bot.discord_ui.quota_embeds import MOST_JOBS, JobRow, MemberStatus, QuotaEmbeds, UsageRow
from bot.jobs.repository.rows import WrittenJob
from bot.quota.allowances import Allowance
from bot.quota.ledger import Ledger
from bot.quota.levels import EVERY_SERVER
from cogs.dependencies import Dependencies


class UsageCog(commands.Cog):
    """The command that shows a person their own credits."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps
        self._embeds = QuotaEmbeds(deps.client.texts)

    @app_commands.command(extras=PERSONAL)
    @app_commands.guild_only()
    async def usage(self, interaction: Interaction) -> None:
        """Show your limits, the credits you have left, and your last requests."""
        who = requester_of(interaction)
        services = self._deps.services
        allowances, status = await services.database.read(partial(read_usage, services.ledger), who)
        past = await services.retention.recent_jobs(who.user_id, most=MOST_JOBS)
        locale = self._deps.client.languages.personal(interaction)
        embeds = [
            self._embeds.usage(who, [usage_row(a) for a in allowances], locale, status=status)
        ]
        if past:
            jobs = [_job_row(each.written) for each in past]
            embeds.append(self._embeds.jobs(jobs, locale))
        await interaction.response.send_message(embeds=embeds, ephemeral=True)


def _job_row(written: WrittenJob) -> JobRow:
    if written.removed:
        return JobRow(written.job, "removed", card=None)
    return JobRow(written.job, written.state, written.placed)


def read_usage(
    ledger: Ledger, rows: Transaction, who: Requester
) -> tuple[Sequence[Allowance], MemberStatus]:
    """Return what is left of a person's limits, and what else decides about their requests."""
    member = ledger.member(rows, who.server_id, who.user_id)
    everywhere = ledger.member(rows, EVERY_SERVER, who.user_id).block_reason
    status = MemberStatus(
        member.granted,
        member.block_reason if everywhere is None else everywhere,
        ledger.doubtful(rows, who),
        is_everywhere=everywhere is not None,
    )
    return ledger.allowances(rows, who), status


def usage_row(allowance: Allowance) -> UsageRow:
    """Return a limit as it is shown."""
    return UsageRow(
        level=allowance.level,
        limit=allowance.limit,
        period=allowance.period,
        used=allowance.used,
        held=allowance.held,
        left=allowance.left,
        frees_at=allowance.frees_at,
        is_personal=allowance.level.is_personal,
    )

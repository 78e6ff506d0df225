"""/quota usage, export and audit: reports of usage, and the list of changes."""

from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import discord
from discord import Interaction, app_commands

from bot.discord_ui.quota_list_embeds import (
    CHANGES_ON_A_PAGE,
    CHART_FILE,
    ChangeRow,
    DayRow,
    ListPage,
)
from bot.quota.audit import Change
from bot.quota.csv_export import Statement
from bot.quota.levels import SERVER, user_subject
from cogs.dependencies import Dependencies
from cogs.quota_base import PageReply, QuotaCommands, checked_days, checked_user, guild_id_of, quota

CHANGES = "changes"
MAX_USAGE_DAYS = 90
MAX_EXPORT_DAYS = 40  # the ledger keeps single charges no longer
DEFAULT_DAYS = 30


class ReportCommands(QuotaCommands):
    """The commands that show usage and changes."""

    def __init__(self, deps: Dependencies) -> None:
        super().__init__(deps)
        self._statement = Statement(self._database, self._ledger, now=deps.now)

    @quota.command()
    @app_commands.describe(
        user="Person to show; if empty, the whole server",
        days="Number of days, 1 to 90; if empty, 30",
    )
    async def usage(
        self, interaction: Interaction, user: discord.User | None = None, days: int = DEFAULT_DAYS
    ) -> None:
        """Show how many credits were used on each day."""
        checked_days(days, limit=MAX_USAGE_DAYS)
        user_id = None if user is None else checked_user(user).id
        subject = SERVER if user_id is None else user_subject(user_id)
        await interaction.response.defer(ephemeral=True, thinking=True)
        rows = await self._used(guild_id_of(interaction), user_id, days)
        locale = self.locale(interaction)
        picture = await self._drawn(rows, locale)
        embed = self._report.usage(subject, rows, locale, with_chart=picture is not None)
        alt = self._report.alt_text(rows, locale)
        files = [discord.File(BytesIO(picture), CHART_FILE, description=alt)] if picture else []
        await interaction.followup.send(embed=embed, files=files, ephemeral=True)

    @quota.command()
    @app_commands.describe(days="Number of days, 1 to 40; if empty, 30")
    async def export(self, interaction: Interaction, days: int = DEFAULT_DAYS) -> None:
        """Export every charge of this server as a table for a spreadsheet."""
        checked_days(days, limit=MAX_EXPORT_DAYS)
        await interaction.response.defer(ephemeral=True, thinking=True)
        with TemporaryDirectory(prefix="easel-") as folder:
            written = await self._statement.write(
                Path(folder),
                server_id=guild_id_of(interaction),
                days=days,
                max_bytes=interaction.filesize_limit,
            )
            sentence = self._embeds.exported(written.count, self.locale(interaction))
            file = discord.File(written.path)
            await interaction.followup.send(sentence, file=file, ephemeral=True)

    @quota.command()
    async def audit(self, interaction: Interaction) -> None:
        """Show who changed what here, newest first."""
        await (await self.changes_page(interaction, 0)).send(interaction)

    async def changes_page(self, interaction: Interaction, number: int) -> PageReply:
        """Return a page of the changes."""
        size = CHANGES_ON_A_PAGE
        found = await self._database.read(
            self._ledger.changes, guild_id_of(interaction), most=size + 1, skip=number * size
        )
        page = ListPage(
            [_row(change) for change in found[:size]], number, is_last=len(found) <= size
        )
        locale = self.locale(interaction)
        embed = self._lists.changes(page, locale)
        return self.page_reply(interaction, CHANGES, page, embed)

    async def _used(self, server_id: int, user_id: int | None, days: int) -> list[DayRow]:
        found = await self._database.read(
            self._ledger.usage_by_day, server_id=server_id, user_id=user_id, days=days
        )
        return [
            DayRow(datetime.fromtimestamp(day.starts_at / 1000, UTC).date(), day.credits)
            for day in found
        ]

    async def _drawn(self, rows: list[DayRow], locale: str) -> bytes | None:
        if not any(row.credits for row in rows):
            return None
        return await self._deps.charts.draw(self._report.bars(rows, locale))


def _row(change: Change) -> ChangeRow:
    return ChangeRow(
        at=change.at,
        actor_id=change.actor_id,
        action=change.action,
        subject=change.subject,
        old=change.old,
        new=change.new,
        reason=change.reason,
    )

"""Report a result to the moderators of its server and to the operator, who remove or dismiss it."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import cast

import discord
import structlog
from discord import Interaction, app_commands
from discord.ext import commands

from bot.core.errors.base import Refusal
from bot.core.models import CardAddress, JobState
from bot.discord_ui.caller import server_of
from bot.discord_ui.discord_errors import DISCORD_ERRORS
from bot.discord_ui.modals import read_submitted_text
from bot.discord_ui.report_controls import (
    DECISIONS,
    REASON_FIELD,
    REPORT_FORM,
    Decision,
    ReportButton,
    report_buttons,
    report_form,
)
from bot.discord_ui.result_messages import delete_messages
from bot.jobs.repository.reports import Report
from bot.jobs.repository.rows import WrittenJob
from bot.preferences.stored_preferences import ServerSettings
from cogs.dependencies import Dependencies

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_WITH_PICTURES = {JobState.RECEIVED, JobState.DELIVERED, JobState.DONE}


@dataclass(eq=False, kw_only=True)
class NotReportable(Refusal):
    """The message shows no picture of this bot that others see."""

    message_id = "error-not-reportable"


@dataclass(eq=False, kw_only=True)
class NotYourReport(Refusal):
    """Only who may manage messages in the server decides about its reports."""

    message_id = "error-not-your-report"


class ReportsCog(commands.Cog):
    """The context menu, its form, and the buttons of moderators."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps
        self._embeds = deps.log_channels.embeds
        self._reports = deps.services.reports
        # Two reports of one result are one entry; where Discord is slow, other servers do not wait.
        self._telling = defaultdict[int, asyncio.Lock](asyncio.Lock)
        self._menu = app_commands.ContextMenu(name="Report", callback=self.report)
        self._menu.guild_only = True

    async def cog_load(self) -> None:
        """Add the context menu, and handle also the buttons that an earlier process sent."""
        self._deps.client.tree.add_command(self._menu)
        self._deps.client.add_dynamic_items(ReportButton)

    async def cog_unload(self) -> None:
        """Remove the context menu."""
        self._deps.client.tree.remove_command(self._menu.name, type=self._menu.type)

    # --- reporting ----------------------------------------------------------------------------

    async def report(self, interaction: Interaction, message: discord.Message) -> None:
        """Ask for a reason."""
        written = await self._reportable(message.id)
        locale = self._deps.client.languages.personal(interaction)
        if self._reports.rates.is_repeated(interaction.user.id, written.job.id):
            await interaction.response.send_message(self._thanks(locale), ephemeral=True)
            return
        form = report_form(self._deps.client.texts, message.id, locale)
        await interaction.response.send_modal(form)

    async def _reportable(self, message_id: int) -> WrittenJob:
        """Return the job whose pictures a message shows.

        Raises:
            NotReportable, ResultRemoved
        """
        written = await self._deps.job_lookup.by_message(message_id)
        if written is None or written.job.private or written.state not in _WITH_PICTURES:
            raise NotReportable
        self._deps.job_lookup.check_not_removed(written)
        return written

    @commands.Cog.listener()
    async def on_interaction(self, interaction: Interaction) -> None:
        """Take a form, also one that an earlier process showed."""
        if interaction.type is not discord.InteractionType.modal_submit:
            return
        # discord.py's type is a union of the data of every kind of interaction.
        data = cast("Mapping[str, object]", interaction.data or {})
        found = REPORT_FORM.fullmatch(str(data.get("custom_id")))
        if found is None:
            return
        try:
            reason = read_submitted_text(data, REASON_FIELD)
            await self._take(interaction, int(found["message_id"]), reason)
        except Exception as error:  # noqa: BLE001 - the one handler answers what is expected
            await self._deps.client.answer_error(interaction, error)

    async def _take(self, interaction: Interaction, message_id: int, reason: str) -> None:
        self._deps.client.admit(interaction)
        locale = self._deps.client.languages.personal(interaction)
        written = await self._reportable(message_id)
        rates, user_id, job_id = self._reports.rates, interaction.user.id, written.job.id
        if rates.is_repeated(user_id, job_id):
            await interaction.response.send_message(self._thanks(locale), ephemeral=True)
            return
        rates.count(user_id, job_id)
        is_told = False
        try:
            await interaction.response.defer(ephemeral=True, thinking=True)
            is_told = await self._pass_on(interaction, written, message_id, reason)
        finally:
            if not is_told:
                rates.allow_again(user_id, job_id)
        sentence = self._thanks(locale)
        if not is_told:
            sentence = self._deps.client.texts.say("report-not-told", locale)
        await interaction.followup.send(sentence, ephemeral=True)

    async def _pass_on(
        self, interaction: Interaction, written: WrittenJob, message_id: int, reason: str
    ) -> bool:
        """Write a report and tell of it; return whether somebody knows of it."""
        server_id = interaction.guild_id or 0
        place = CardAddress(interaction.channel_id or 0, message_id, application_id=0)
        async with self._telling[server_id]:
            report = await self._reports.add(written.job.id, server_id, place, reason)
            return await self._tell(report, written, interaction.guild)

    def _thanks(self, locale: str) -> str:
        return self._deps.client.texts.say("report-thanks", locale)

    async def _tell(self, report: Report, written: WrittenJob, guild: discord.Guild | None) -> bool:
        """Tell the moderators and the owner; return whether somebody knows of the report."""
        if report.log or report.owner:
            is_open = report.state == "open"
            await self._update(report, written, buttons=DECISIONS if is_open else ())
            return True
        texts, job = self._deps.client.texts, written.job

        async def make(locale: str, _: ServerSettings) -> discord.Embed:
            return self._embeds.report(report, job, locale)

        view_of = partial(report_buttons, texts, job.id, report.server_id)
        logged = await self._deps.log_channels.post(report.server_id, make, view_of)
        server = guild.name if guild else ""
        sent = await self._deps.owner.send(
            lambda locale: self._embeds.report(report, job, locale, server=server), view_of
        )
        if logged is not None:
            await self._reports.told(report, "log", logged)
        if sent is not None:
            await self._reports.told(report, "owner", sent)
        log.info("report.taken", job=job.id, logged=logged is not None, owner=sent is not None)
        return logged is not None or sent is not None

    # --- deciding -----------------------------------------------------------------------------

    @commands.Cog.listener()
    async def on_report_decided(
        self, interaction: Interaction, decision: Decision, job_id: str, server_id: int
    ) -> None:
        """Remove the result, or dismiss the report, for a moderator or the owner."""
        try:
            await self._check_moderator(interaction, server_id)
            await interaction.response.defer()
            if decision == "remove":
                await self._remove(interaction, job_id, server_id)
            else:
                report = await self._reports.dismiss(
                    job_id, server_id, actor_id=interaction.user.id
                )
                written = await self._deps.job_lookup.job(job_id)
                await self._update(_pressed(report, interaction), written, by=interaction.user.id)
        except Exception as error:  # noqa: BLE001 - the one handler answers what is expected
            await self._deps.client.answer_error(interaction, error)

    async def _check_moderator(self, interaction: Interaction, server_id: int) -> None:
        """Raise NotYourReport, or OperatorsOnly in direct messages."""
        if interaction.guild_id is None:
            await self._deps.client.check_operator(interaction.user)
            return
        who = interaction.user
        may = isinstance(who, discord.Member) and who.guild_permissions.manage_messages
        if interaction.guild_id != server_id or not may:
            raise NotYourReport

    async def _remove(self, interaction: Interaction, job_id: str, server_id: int) -> None:
        # The first pictures may be visible while others are being posted.
        await self._deps.services.job_service.wait_for_end(job_id)
        report = await self._reports.remove(job_id, server_id, actor_id=interaction.user.id)
        written = await self._deps.job_lookup.job(job_id)
        messages = await self._deps.job_lookup.messages(written)
        if interaction.guild is not None:
            messages = [each for each in messages if _is_in(interaction.guild, each, report)]
        services = self._deps.services
        left = await delete_messages(self._deps.client, services.deleted_messages, messages)
        await self._update(
            _pressed(report, interaction),
            written,
            by=interaction.user.id,
            buttons=("remove",) if left else (),
        )
        if left:
            locale = self._deps.client.languages.personal(interaction)
            sentence = self._deps.client.texts.say("delete-some-left", locale, count=left)
            await interaction.followup.send(sentence, ephemeral=True)

    # --- the entries --------------------------------------------------------------------------

    async def _update(
        self,
        report: Report,
        written: WrittenJob,
        *,
        by: int | None = None,
        buttons: Sequence[Decision] = (),
    ) -> None:
        """Show in both entries what is known now, and what can still be done."""
        # The owner decides in direct messages, which come to another process than its server.
        guild = await server_of(self._deps.client, report.server_id)
        show = partial(self._embeds.report, report, written.job, decided_by=by)
        if report.log is not None:
            locale = "" if guild is None else self._deps.client.languages.of_server(guild)
            await self._edit(report.log, show(locale), self._view(report, buttons, locale))
        if report.owner is not None:
            locale = await self._deps.owner.locale()
            server = "" if guild is None else guild.name
            embed = show(locale, server=server)
            await self._edit(report.owner, embed, self._view(report, buttons, locale))

    def _view(
        self, report: Report, buttons: Sequence[Decision], locale: str
    ) -> discord.ui.View | None:
        texts = self._deps.client.texts
        return report_buttons(texts, report.job_id, report.server_id, locale, only=buttons)

    async def _edit(
        self, entry: CardAddress, embed: discord.Embed, view: discord.ui.View | None
    ) -> None:
        channel = self._deps.client.get_partial_messageable(entry.channel_id)
        try:
            await channel.get_partial_message(entry.message_id).edit(embed=embed, view=view)
        except DISCORD_ERRORS as refused:
            log.info("report.not_updated", message=entry.message_id, error=repr(refused))


def _pressed(report: Report, interaction: Interaction) -> Report:
    """Return a report with the entry whose button was pressed: a crash may have hidden it."""
    if interaction.message is None:
        return report
    entry = CardAddress(interaction.message.channel.id, interaction.message.id, application_id=0)
    if interaction.guild_id is None:
        return replace(report, owner=entry)
    return replace(report, log=entry)


def _is_in(guild: discord.Guild, message: CardAddress, report: Report) -> bool:
    """Tell whether a message is in a server; an archived thread is not in the cache."""
    if message.channel_id == report.message.channel_id:
        return True
    return guild.get_channel_or_thread(message.channel_id) is not None

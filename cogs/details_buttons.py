"""The buttons under a result that show its details and send its original files."""

from collections.abc import Sequence
from dataclasses import replace

import discord
import structlog
from discord import Interaction
from discord.ext import commands

from bot.core.models import Picture
from bot.discord_ui.caller import CallerContext
from bot.discord_ui.details_embed import DetailsEmbeds
from bot.discord_ui.discord_errors import DISCORD_ERRORS
from bot.discord_ui.job_embeds import JobEmbeds, hide_declined_prompt_from_others
from bot.discord_ui.message_attachments import original_messages
from bot.discord_ui.seed_button import seed_button
from bot.images.conversion import max_bytes_each
from bot.jobs.job_lookup import FoundJob
from bot.jobs.repository.rows import WrittenJob
from bot.preferences.access_rules import check_controls
from cogs.dependencies import Dependencies

log: structlog.stdlib.BoundLogger = structlog.get_logger()

MEGABYTE = 1024 * 1024  # as Discord counts them


class DetailsCog(commands.Cog):
    """Shows the details of a job, and sends the files of its pictures."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps
        self._embeds = JobEmbeds(deps.client.texts)
        self._details = DetailsEmbeds(deps.client.texts)

    @commands.Cog.listener()
    async def on_details_pressed(self, interaction: Interaction, job_id: str) -> None:
        """Show everything that is known of a job."""
        await self._deps.button_guard.run(interaction, job_id, self._show)

    async def _show(
        self, interaction: Interaction, written: WrittenJob, caller: CallerContext
    ) -> None:
        settings = self._deps.preference_store.server(caller.requester.server_id)
        check_controls(settings, caller.requester, written.job)
        if await self._deps.button_guard.is_repeated(interaction, "details", written.job.id):
            return
        reader_id = caller.requester.user_id
        seen = hide_declined_prompt_from_others(written.job, written.error, reader_id=reader_id)
        found = await self._deps.job_lookup.details(replace(written, job=seen))
        details = self._details.message(
            found,
            caller.locale,
            server_id=caller.requester.server_id,
            for_operator=await self._is_operator(interaction.user),
        )
        files = [details.file] if details.file else []
        view = await self._controls(found, caller)
        await interaction.response.send_message(
            embed=details.embed,
            files=files,
            view=discord.utils.MISSING if view is None else view,
            ephemeral=True,
        )

    async def _controls(self, found: FoundJob, caller: CallerContext) -> discord.ui.View | None:
        """Return the button that asks for the seed, where a gateway may tell an unknown one."""
        job = found.written.job
        has_no_question = found.has_seeds_without_tasks or found.written.removed
        if has_no_question or not await self._deps.services.task_seeds.may_ask(job):
            return None
        return seed_button(self._deps.client.texts, job.id, caller.locale)

    @commands.Cog.listener()
    async def on_original_pressed(self, interaction: Interaction, job_id: str) -> None:
        """Send the files as the gateway sent them."""
        await self._deps.button_guard.run(interaction, job_id, self._send_originals)

    async def _send_originals(
        self, interaction: Interaction, written: WrittenJob, caller: CallerContext
    ) -> None:
        settings = self._deps.preference_store.server(caller.requester.server_id)
        check_controls(settings, caller.requester, written.job)
        if await self._deps.button_guard.is_repeated(interaction, "original", written.job.id):
            return
        pictures = await self._deps.services.retention.originals(written.job.id)
        await interaction.response.defer(ephemeral=True, thinking=True)
        limit = max_bytes_each(interaction.filesize_limit, 1)
        for message in original_messages(self._embeds, written.job, pictures, max_file_bytes=limit):
            await interaction.followup.send(files=message.files(), ephemeral=True)
        if too_large := [each for each in enumerate(pictures, 1) if each[1].bytes > limit]:
            sentence = self._too_large(too_large, limit, caller.locale)
            await interaction.followup.send(sentence, ephemeral=True)

    def _too_large(self, pictures: Sequence[tuple[int, Picture]], limit: int, locale: str) -> str:
        return self._deps.client.texts.say(
            "original-too-large",
            locale,
            count=len(pictures),
            numbers=", ".join(str(number) for number, _ in pictures),
            sizes=", ".join(f"{picture.bytes / MEGABYTE:.1f} MB" for _, picture in pictures),
            limit=limit // MEGABYTE,
        )

    async def _is_operator(self, user: discord.User | discord.Member) -> bool:
        try:
            return await self._deps.client.is_owner(user)
        except DISCORD_ERRORS as lost:
            log.info("details.operator_unknown", error=repr(lost))
            return False

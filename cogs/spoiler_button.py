"""The button under a result that hides its pictures as spoilers, or shows them again."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from discord import Interaction
from discord.ext import commands

from bot.core.models import CardAddress
from bot.discord_ui.caller import CallerContext
from bot.discord_ui.job_embeds import hide_declined_prompt
from bot.discord_ui.spoilers import hides_pictures
from bot.jobs.repository.rows import WrittenJob
from cogs.button_guard import DEBOUNCE_MS, Debouncer
from cogs.dependencies import Dependencies


class SpoilerCog(commands.Cog):
    """Hides and shows the pictures of results, for their requesters and for moderators."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps
        self._pressed = Debouncer(deps.now, within_ms=DEBOUNCE_MS)

    @commands.Cog.listener()
    async def on_spoiler_pressed(self, interaction: Interaction, job_id: str) -> None:
        """Hide the pictures if the message shows them, else show them."""
        await self._deps.button_guard.run(interaction, job_id, self._toggle)

    async def _toggle(
        self, interaction: Interaction, written: WrittenJob, caller: CallerContext
    ) -> None:
        hide = interaction.message is not None and not hides_pictures(interaction.message)
        who = caller.requester.user_id
        messages = await self._deps.job_lookup.markable_messages(
            written,
            by=who,
            moderated=interaction.channel_id if caller.may_manage else None,
            hide=hide,
        )
        # Whoever presses right after another one wants the same, not the opposite.
        is_repeated = self._pressed.is_repeated(written.job.id)
        # Uploading the pictures again may take longer than the three seconds that Discord allows.
        await interaction.response.defer()
        if is_repeated:
            return
        # The first pictures may be visible while others are being posted.
        await self._deps.services.job_service.wait_for_end(written.job.id)
        await self._deps.job_lookup.record_spoiler(written, by=who, hide=hide)
        with TemporaryDirectory(prefix="easel-") as folder:
            left = await self._mark(interaction, written, messages, Path(folder), hide=hide)
        if left:
            sentence = self._deps.client.texts.say("spoiler-some-left", caller.locale, count=left)
            await interaction.followup.send(sentence, ephemeral=True)

    async def _mark(
        self,
        interaction: Interaction,
        written: WrittenJob,
        messages: list[CardAddress],
        folder: Path,
        *,
        hide: bool,
    ) -> int:
        marker = self._deps.couriers.spoiler_marker
        job = replace(hide_declined_prompt(written.job, written.error), spoiler=hide)
        kept = (await self._deps.services.retention.kept_pictures(job.id)).by_number
        await marker.mark_pressed(interaction, job, kept, folder)
        here = interaction.message.id if interaction.message else 0
        others = [each for each in messages if each.message_id != here]
        return await marker.mark_others(others, job, kept, folder)

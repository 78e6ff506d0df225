"""Delete a result; first ask where others have responded to it, or where it is another's."""

from collections.abc import Sequence
from contextlib import suppress

import discord
import structlog
from discord import Interaction

from bot.core.errors.jobs import NotAskedYou
from bot.core.models import CardAddress
from bot.discord_ui.caller import CallerContext
from bot.discord_ui.deletion_question import DeletionAnswer, deletion_buttons
from bot.discord_ui.discord_errors import DISCORD_ERRORS
from bot.discord_ui.embed_style import requester_name
from bot.discord_ui.message_responses import have_others_responded
from bot.discord_ui.result_messages import delete_messages
from bot.discord_ui.short_lived_messages import ShortLivedMessages
from bot.jobs.repository.rows import WrittenJob
from cogs.button_guard import Debouncer
from cogs.dependencies import Dependencies

log: structlog.stdlib.BoundLogger = structlog.get_logger()

# A question that everybody sees, and as long is the same question not repeated.
QUESTION_STAYS_S = 60


class ResultDeletion:
    """Deletes results for a button, a reaction, or an answer to the question."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps
        self._questions = ShortLivedMessages()
        self._asked = Debouncer(deps.now, within_ms=QUESTION_STAYS_S * 1000)

    async def close(self) -> None:
        """Delete the questions that still stand in channels."""
        await self._questions.close()

    async def press(
        self, interaction: Interaction, written: WrittenJob, caller: CallerContext
    ) -> None:
        """Delete the messages of a result, or ask first, for the button under one of them."""
        here = interaction.message.id if interaction.message else 0
        messages = sorted(
            await self._deletable(interaction, written, caller),
            key=lambda message: message.message_id != here,
        )
        if await self._deps.button_guard.is_repeated(interaction, "delete", here):
            return
        await interaction.response.defer()
        user_id = caller.requester.user_id
        if user_id != written.job.requester.user_id or await self._concerns_others(
            written, messages
        ):
            await interaction.followup.send(
                await self._question(written, user_id, caller.locale),
                view=deletion_buttons(self._deps.client.texts, written.job.id, caller.locale),
                ephemeral=True,
            )
            return
        with suppress(discord.NotFound):
            # This works also where the bot may not see the channel.
            await interaction.delete_original_response()
        if any(each.message_id == here for each in messages):
            await self._deps.services.deleted_messages.messages_gone([here])
        others = [each for each in messages if each.message_id != here]
        left = await self._delete(written, others, by=user_id)
        if left:
            await interaction.followup.send(self._some_left(left, caller.locale), ephemeral=True)

    async def answer(
        self,
        answer: DeletionAnswer,
        interaction: Interaction,
        written: WrittenJob,
        caller: CallerContext,
    ) -> None:
        """Delete the messages of a result if the answer is yes; the question goes."""
        if answer.asked_id not in {None, interaction.user.id}:
            raise NotAskedYou
        messages: Sequence[CardAddress] = ()
        if answer.is_yes:
            messages = await self._deletable(interaction, written, caller)
        if await self._deps.button_guard.is_repeated(interaction, "deletion", answer):
            return
        await interaction.response.defer()
        left = 0
        if answer.is_yes:
            left = await self._delete(written, messages, by=interaction.user.id)
        with suppress(discord.NotFound):
            await interaction.delete_original_response()
        if left:
            await interaction.followup.send(self._some_left(left, caller.locale), ephemeral=True)

    async def react(
        self, message: discord.PartialMessage, written: WrittenJob, person: discord.Member
    ) -> None:
        """Delete the messages of a result, or ask first where everybody sees it.

        It is for the result's requester; nothing can be shown to one person who reacted alone.
        """
        messages = await self._deps.job_lookup.deletable_messages(
            written, by=person.id, moderated=None
        )
        messages.sort(key=lambda each: each.message_id != message.id)
        if await self._concerns_others(written, messages):
            await self._ask_in_channel(message, written, person)
        else:
            await self._delete(written, messages, by=person.id)

    async def _deletable(
        self, interaction: Interaction, written: WrittenJob, caller: CallerContext
    ) -> list[CardAddress]:
        return await self._deps.job_lookup.deletable_messages(
            written,
            by=caller.requester.user_id,
            moderated=interaction.channel_id if caller.may_manage else None,
        )

    async def _concerns_others(self, written: WrittenJob, messages: Sequence[CardAddress]) -> bool:
        """Tell whether others have responded; nobody can where one person alone sees a result."""
        requester = written.job.requester
        if written.job.private or not requester.server_id:
            return False
        return await have_others_responded(
            self._deps.client, messages, requester_id=requester.user_id
        )

    # --- the question -------------------------------------------------------------------------

    async def _question(self, written: WrittenJob, asked_id: int, locale: str) -> str:
        """Ask; say where the pictures stay, if they are kept."""
        texts, job = self._deps.client.texts, written.job
        is_own = asked_id == job.requester.user_id
        facts: dict[str, str | int] = {"name": requester_name(texts, job.requester, locale)}
        kind = "own" if is_own else "other"
        words = [texts.say(f"delete-question-{kind}", locale, **facts)]
        retention = self._deps.services.retention
        is_kept = not self._deps.services.deleted_messages.forgets
        if is_kept and (count := len(await retention.kept_references(job.id))):
            facts |= {"count": count, "deleted_at": retention.deleted_at(job.created_at)}
            words.append(texts.say(f"delete-kept-{kind}", locale, **facts))
        return " ".join(words)

    async def _ask_in_channel(
        self, message: discord.PartialMessage, written: WrittenJob, person: discord.Member
    ) -> None:
        if self._asked.is_repeated((person.id, written.job.id)):
            return
        texts = self._deps.client.texts
        locale = self._deps.client.languages.of_server(person.guild)  # everybody sees it
        question = await self._question(written, person.id, locale)
        buttons = deletion_buttons(texts, written.job.id, locale, asked_id=person.id)
        try:
            asked = await message.reply(
                f"{person.mention} {question}", view=buttons, mention_author=False
            )
        except DISCORD_ERRORS as lost:
            log.info("deletion.not_asked", error=repr(lost))
        else:
            self._questions.delete_later(asked, after_s=QUESTION_STAYS_S)

    # --- deleting -----------------------------------------------------------------------------

    async def _delete(
        self, written: WrittenJob, messages: Sequence[CardAddress], *, by: int
    ) -> int:
        """Delete messages; return how many are still there."""
        services = self._deps.services
        self._deps.log_channels.deleted(written.job, by=by)
        return await delete_messages(self._deps.client, services.deleted_messages, messages)

    def _some_left(self, left: int, locale: str) -> str:
        return self._deps.client.texts.say("delete-some-left", locale, count=left)

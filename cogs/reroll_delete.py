"""Re-roll and delete a result, by a button or by a reaction."""

from collections.abc import Awaitable, Callable
from functools import partial

import discord
import structlog
from discord import Interaction
from discord.ext import commands

from bot.core.errors.base import EaselError
from bot.core.errors.jobs import ShuttingDown
from bot.core.errors.quotas import Blocked
from bot.core.models import OPEN_STATES, JobState
from bot.core.presses import REACTION_MS
from bot.discord_ui.buttons import ResultButton
from bot.discord_ui.caller import (
    CallerContext,
    caller_of_reaction,
    may_manage_messages,
    may_use_commands,
)
from bot.discord_ui.courier_parts import ChannelTurns
from bot.discord_ui.deletion_question import DeletionAnswer, DeletionButton
from bot.discord_ui.discord_errors import DISCORD_ERRORS
from bot.discord_ui.short_lived_messages import ShortLivedMessages
from bot.jobs.repository.presses import PressRepeated
from bot.jobs.repository.rows import WrittenJob
from bot.preferences.emoji import same_emoji
from cogs.button_guard import Debouncer
from cogs.dependencies import Dependencies
from cogs.result_deletion import ResultDeletion

log: structlog.stdlib.BoundLogger = structlog.get_logger()

# A person is told of one refusal in this time; the message is deleted after a while.
REFUSAL_PAUSE_MS = 60_000
REFUSAL_STAYS_S = 10

ReactionAction = Callable[[discord.RawReactionActionEvent, discord.Member], Awaitable[None]]


class RerollDeleteCog(commands.Cog):
    """The buttons and reactions that re-roll and delete results."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps
        self._reacted = Debouncer(deps.now, within_ms=REACTION_MS)
        self._refused = Debouncer(deps.now, within_ms=REFUSAL_PAUSE_MS)
        self._refusals = ShortLivedMessages()
        self._deletion = ResultDeletion(deps)
        self._turns = ChannelTurns()
        self._waiting: set[tuple[int, int]] = set()

    async def cog_load(self) -> None:
        """Handle also the buttons that an earlier process sent."""
        self._deps.client.add_dynamic_items(ResultButton, DeletionButton)

    async def cog_unload(self) -> None:
        """Delete the refusals and questions that still stand in channels."""
        await self._refusals.close()
        await self._deletion.close()

    # --- buttons ------------------------------------------------------------------------------

    @commands.Cog.listener()
    async def on_again_pressed(self, interaction: Interaction, job_id: str) -> None:
        """Repeat the request."""
        await self._deps.button_guard.run_request(interaction, job_id, self._again)

    async def _again(self, interaction: Interaction, written: WrittenJob, _: CallerContext) -> None:
        if await self._deps.button_guard.is_repeated(interaction, "again", written.job.id):
            return
        self._deps.job_lookup.check_repeatable(written, by=interaction.user.id)
        await self._deps.refused_requests.repeat(interaction, written.job)

    @commands.Cog.listener()
    async def on_delete_pressed(self, interaction: Interaction, job_id: str) -> None:
        """Delete a result's messages, or ask first; /history keeps the pictures."""
        await self._deps.button_guard.run(interaction, job_id, self._deletion.press)

    @commands.Cog.listener()
    async def on_deletion_answered(self, interaction: Interaction, answer: DeletionAnswer) -> None:
        """Delete the result, or not, as somebody answered; their rights are checked again."""
        action = partial(self._deletion.answer, answer)
        await self._deps.button_guard.run(interaction, answer.job_id, action)

    # --- reactions ----------------------------------------------------------------------------

    @commands.Cog.listener()
    async def on_raw_reaction_add(self, reaction: discord.RawReactionActionEvent) -> None:
        """Re-roll or delete, also for messages that are not cached or older than a restart."""
        act, person = self._action(reaction), reaction.member
        if (
            act is None
            or person is None
            or person.bot
            or not self._deps.client.serves(reaction.guild_id)
            or not may_use_commands(person, reaction.channel_id)
        ):
            return
        try:
            await act(reaction, person)
        except Exception:
            log.exception("reaction.defect", message=reaction.message_id)

    def _action(self, reaction: discord.RawReactionActionEvent) -> ReactionAction | None:
        """Return what a reaction asks for: None for most emojis."""
        if reaction.guild_id is None:
            return None
        settings = self._deps.preference_store.server(reaction.guild_id)
        emoji = str(reaction.emoji)
        if same_emoji(emoji, settings.reroll):
            return self._reroll
        return self._delete_own if same_emoji(emoji, settings.delete) else None

    async def _reroll(
        self, reaction: discord.RawReactionActionEvent, person: discord.Member
    ) -> None:
        key = (person.id, reaction.message_id)
        # Somebody's reaction may wait for the end of a job longer than repeats are ignored.
        if self._reacted.is_repeated(key) or key in self._waiting:
            return
        channel = self._deps.client.get_partial_messageable(
            reaction.channel_id, guild_id=reaction.guild_id
        )
        message = channel.get_partial_message(reaction.message_id)
        self._waiting.add(key)
        try:
            # Discord takes one card a second in a channel: a thousand reactions must not fill the
            # queue with jobs that nobody sees yet.
            async with self._turns.turn(reaction.channel_id):
                await self._repeat(message, person)
        except PressRepeated:
            log.info("reaction.repeated", message=reaction.message_id)
        except ShuttingDown:
            log.info("reaction.came_too_late", message=reaction.message_id)
        except EaselError as refusal:
            await self._refuse(message, person, reaction.emoji, refusal)
        finally:
            self._waiting.discard(key)

    async def _repeat(self, message: discord.PartialMessage, person: discord.Member) -> None:
        written = await self._ended(message.id)
        if written is None:
            return
        # Discord is asked for this: not for messages of others, whose reactions come here as well.
        if not await self._deps.button_guard.may_repeat(person, message.channel.id):
            return
        self._deps.job_lookup.check_repeatable(written, by=person.id)
        caller = caller_of_reaction(person, message, self._deps.client.languages)
        courier = self._deps.couriers.replying(message, person.guild.filesize_limit)
        await self._deps.request_builder.repeat(written.job, caller, courier)

    async def _delete_own(
        self, reaction: discord.RawReactionActionEvent, person: discord.Member
    ) -> None:
        """Delete what the person requested themselves; the reactions of others do nothing."""
        written = await self._ended(reaction.message_id)
        if written is None or written.job.requester.user_id != person.id:
            return
        channel = self._deps.client.get_partial_messageable(
            reaction.channel_id, guild_id=reaction.guild_id
        )
        message = channel.get_partial_message(reaction.message_id)
        await self._deletion.react(message, written, person)

    async def _ended(self, message_id: int) -> WrittenJob | None:
        """Return the job that a message shows, unless it still runs.

        While its pictures are being posted, the first of them may be visible already: then its
        end is waited for.
        """
        written = await self._deps.job_lookup.by_message(message_id)
        if written is not None and written.state in {JobState.RECEIVED, JobState.DELIVERED}:
            await self._deps.services.job_service.wait_for_end(written.job.id)
            written = await self._deps.job_lookup.by_message(message_id)
        return None if written is None or written.state in OPEN_STATES else written

    async def _refuse(
        self,
        message: discord.PartialMessage,
        person: discord.Member,
        emoji: discord.PartialEmoji,
        refusal: EaselError,
    ) -> None:
        self._deps.client.count_refusal(refusal)
        if may_manage_messages(person.guild.me, message.channel.id):
            try:
                await message.remove_reaction(emoji, person)
            except DISCORD_ERRORS as lost:
                log.debug("reaction.not_removed", error=repr(lost))
        if self._refused.is_repeated(person.id):
            return
        if isinstance(refusal, Blocked):
            # The reason is for the blocked person only, and everybody reads this message.
            refusal = type(refusal)(reason="")
        locale = self._deps.client.languages.of_server(person.guild)  # everybody sees it
        sentence = self._deps.client.texts.sentence(refusal, locale)
        try:
            told = await message.reply(f"{person.mention} {sentence}", mention_author=False)
        except DISCORD_ERRORS as lost:
            log.info("reaction.refusal_not_sent", error=repr(lost))
        else:
            self._refusals.delete_later(told, after_s=REFUSAL_STAYS_S)

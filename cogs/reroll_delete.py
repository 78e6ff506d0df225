"""What hangs under a result: re-roll and delete, by a button or by a reaction."""

from collections.abc import Callable, Sequence
from contextlib import suppress

import discord
import structlog
from discord import Interaction
from discord.ext import commands

from bot.core.errors.base import EaselError
from bot.core.errors.quotas import Blocked
from bot.core.models import OPEN_STATES, CardAddress
from bot.discord_ui.buttons import ResultButton
from bot.discord_ui.client import Client
from bot.discord_ui.courier import Couriers
from bot.discord_ui.discord_errors import DISCORD_ERRORS
from bot.jobs.job_lookup import JobLookup
from bot.jobs.repository.rows import WrittenJob
from bot.preferences.emoji import same_emoji
from bot.preferences.preference_store import PreferenceStore
from cogs.button_guard import ButtonGuard, Debouncer
from cogs.request_builder import CallerContext, RequestBuilder

log: structlog.stdlib.BoundLogger = structlog.get_logger()

# The same person's 🔄 on one message counts once in this time.
TWICE_MS = 10_000
# One person reads at most one refusal in this time, and each goes away after a while.
REFUSAL_PAUSE_MS = 60_000
REFUSAL_STAYS_S = 10


class RerollDeleteCog(commands.Cog):
    """The door under every result."""

    def __init__(
        self,
        *,
        client: Client,
        request_builder: RequestBuilder,
        job_lookup: JobLookup,
        button_guard: ButtonGuard,
        preference_store: PreferenceStore,
        couriers: Couriers,
        now: Callable[[], int],
    ) -> None:
        self._client = client
        self._request_builder = request_builder
        self._job_lookup = job_lookup
        self._button_guard = button_guard
        self._preference_store = preference_store
        self._couriers = couriers
        self._reacted = Debouncer(now, within_ms=TWICE_MS)
        self._refused = Debouncer(now, within_ms=REFUSAL_PAUSE_MS)

    async def cog_load(self) -> None:
        """Answer also to the buttons that an earlier process hung up."""
        self._client.add_dynamic_items(ResultButton)

    # --- buttons ------------------------------------------------------------------------------

    @commands.Cog.listener()
    async def on_again_pressed(self, interaction: Interaction, job_id: str) -> None:
        """Paint the same once more."""
        await self._button_guard.let_paint(interaction, job_id, self._again)

    async def _again(
        self, interaction: Interaction, written: WrittenJob, caller: CallerContext
    ) -> None:
        if await self._button_guard.is_double(interaction, "again", written.job.id):
            return
        self._job_lookup.check_repeatable(written, by=interaction.user.id)
        await self._request_builder.again(
            written.job, caller, self._couriers.answering(interaction)
        )

    @commands.Cog.listener()
    async def on_delete_pressed(self, interaction: Interaction, job_id: str) -> None:
        """Take a result down; its requester still finds the pictures in the history."""
        await self._button_guard.let(interaction, job_id, self._delete)

    async def _delete(
        self, interaction: Interaction, written: WrittenJob, caller: CallerContext
    ) -> None:
        messages = await self._job_lookup.deletable_messages(
            written,
            by=caller.requester.user_id,
            moderated=interaction.channel_id if caller.may_manage else None,
        )
        await interaction.response.defer()
        here = interaction.message.id if interaction.message else 0
        with suppress(discord.NotFound):
            # This works also where the bot may not see the channel.
            await interaction.delete_original_response()
        for gone in [each for each in messages if each.message_id == here]:
            await self._job_lookup.record_deleted(gone)
        if left := await self._take_down([each for each in messages if each.message_id != here]):
            sentence = self._client.texts.say("delete-some-left", caller.locale, count=left)
            await interaction.followup.send(sentence, ephemeral=True)

    async def _take_down(self, messages: Sequence[CardAddress]) -> int:
        """Delete messages; return how many are still there."""
        left = 0
        for message in messages:
            channel = self._client.get_partial_messageable(message.channel_id)
            try:
                await channel.get_partial_message(message.message_id).delete()
            except discord.NotFound:
                log.debug("results.gone_before", message=message.message_id)
            except DISCORD_ERRORS as refused:
                log.info("results.not_deleted", error=repr(refused))
                left += 1
                continue
            await self._job_lookup.record_deleted(message)
        return left

    # --- reactions ----------------------------------------------------------------------------

    @commands.Cog.listener()
    async def on_raw_reaction_add(self, reaction: discord.RawReactionActionEvent) -> None:
        """Re-roll or delete, also a message that is in no cache and from before a restart."""
        person, server_id = reaction.member, reaction.guild_id
        if person is None or server_id is None or person.bot or not self._client.serves(server_id):
            return
        settings, emoji = self._preference_store.server(server_id), str(reaction.emoji)
        try:
            if same_emoji(emoji, settings.reroll):
                await self._reroll(reaction, person)
            elif same_emoji(emoji, settings.delete):
                await self._delete_own(reaction)
        except Exception:
            log.exception("results.defect", message=reaction.message_id)

    async def _reroll(
        self, reaction: discord.RawReactionActionEvent, person: discord.Member
    ) -> None:
        if self._reacted.did((person.id, reaction.message_id)):
            return
        channel = self._client.get_partial_messageable(
            reaction.channel_id, guild_id=reaction.guild_id
        )
        message = channel.get_partial_message(reaction.message_id)
        try:
            if written := await self._ended(reaction.message_id):
                self._job_lookup.check_repeatable(written, by=person.id)
                caller = self._request_builder.reactor(person, reaction.channel_id)
                courier = self._couriers.replying(message, person.guild.filesize_limit)
                await self._request_builder.again(written.job, caller, courier)
        except EaselError as refusal:
            await self._refuse(message, person, reaction.emoji, refusal)

    async def _delete_own(self, reaction: discord.RawReactionActionEvent) -> None:
        """Take down what the person asked for; others' ❌ is an opinion."""
        written = await self._ended(reaction.message_id)
        if written is None or written.job.requester.user_id != reaction.user_id:
            return
        messages = await self._job_lookup.deletable_messages(
            written, by=reaction.user_id, moderated=None
        )
        await self._take_down(messages)

    async def _ended(self, message_id: int) -> WrittenJob | None:
        """Return the job that a message shows, unless it still runs."""
        written = await self._job_lookup.by_message(message_id)
        return None if written is None or written.state in OPEN_STATES else written

    async def _refuse(
        self,
        message: discord.PartialMessage,
        person: discord.Member,
        emoji: discord.PartialEmoji,
        refusal: EaselError,
    ) -> None:
        try:
            await message.remove_reaction(emoji, person)
        except DISCORD_ERRORS as forbidden:
            log.debug("results.reaction_stays", error=repr(forbidden))
        if self._refused.did(person.id):
            return
        if isinstance(refusal, Blocked):
            # An admin wrote it for them, and everybody reads this.
            refusal = Blocked(reason="")
        locale = self._client.languages.of_server(person.guild)  # everybody sees it
        sentence = self._client.texts.sentence(refusal, locale)
        try:
            await message.reply(
                f"{person.mention} {sentence}", delete_after=REFUSAL_STAYS_S, mention_author=False
            )
        except DISCORD_ERRORS as lost:
            log.info("results.refusal_lost", error=repr(lost))

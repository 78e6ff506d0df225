"""Place, update, deliver and end the message of one job in Discord.

The message is edited through its interaction token while that is valid, and through the channel
afterwards. An edit replaces the whole message, so it is harmless twice. Where the message is gone,
its channel gets a new one, else its requester a direct one, else the pictures wait in the history.
What one person alone sees never comes to a channel.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import discord
import structlog
from discord.ui import View

from bot.core.errors.base import EaselError
from bot.core.errors.gateway import is_declined
from bot.core.errors.jobs import CardNotSent, NeitherPostedNorKept, NotDelivered, PicturesLate
from bot.core.models import AnnouncedCard, CardAddress, Job, JobState
from bot.discord_ui.buttons import (
    declined_buttons,
    result_buttons,
    retry_buttons,
    stop_button_row,
)
from bot.discord_ui.courier_parts import CourierParts, preview_files
from bot.discord_ui.discord_errors import (
    DISCORD_ERRORS,
    TokenExpired,
    first_accepted,
    is_refused,
)
from bot.discord_ui.job_embeds import hide_declined_prompt
from bot.discord_ui.job_message import JobMessage
from bot.discord_ui.message_outbox import (
    DIRECT_MESSAGE,
    ENDING,
    LATE,
    OutgoingMessage,
    nonce_of,
)
from bot.discord_ui.picture_delivery import PictureDelivery
from bot.discord_ui.uploads import find_file
from bot.images.references import Upload
from bot.jobs.cancellation import JobCancelled, RequesterDetached
from bot.jobs.courier import (
    DeliveryReport,
    JobFailure,
    JobProgress,
    JobResult,
    QueuePosition,
)

log: structlog.stdlib.BoundLogger = structlog.get_logger()

# Whoever stopped a job was there and needs no notice.
_STOPPED_BY_HAND = frozenset({JobCancelled.message_id, RequesterDetached.message_id})


class DiscordCourier:
    """Brings one job's pictures to its message, or as near to its requester as possible."""

    def __init__(self, parts: CourierParts, message: JobMessage) -> None:
        self._parts = parts
        self._message = message
        self._message_gone = False

    # --- the courier protocol -----------------------------------------------------------------

    def announced(self, job: Job) -> AnnouncedCard | None:
        """Return where ``place`` is about to post the job's message."""
        return self._message.announced(job)

    async def place(self, job: Job, *, state: QueuePosition | JobProgress) -> CardAddress:
        """Post the job's message: for everybody, or for its requester alone."""
        embed = self._parts.embeds.progress(job, state)
        view = stop_button_row(self._parts.texts, job, state)
        try:
            return await self._message.place(job, embed, view)
        except DISCORD_ERRORS as error:
            log.warning("job_message.not_placed", job=job.id, error=repr(error))
            raise CardNotSent from error

    async def update(self, job: Job, state: QueuePosition | JobProgress) -> None:
        """Show how far the job is, with what the gateway has painted so far."""
        if self._message_gone:
            return
        if job.spoiler and isinstance(state, JobProgress):
            state = replace(state, preview=None)
        embed = self._parts.embeds.progress(job, state)
        view = stop_button_row(self._parts.texts, job, state)
        preview = None if isinstance(state, QueuePosition) else state.preview
        files = partial(preview_files, self._parts.embeds, job, preview)
        try:
            await self._message.edit(job, [embed], files, view=view)
        except DISCORD_ERRORS as error:
            self._message_gone = isinstance(
                error, discord.NotFound | discord.Forbidden | TokenExpired
            )
            log.info("job_message.not_updated", job=job.id, error=repr(error))

    async def deliver(self, job: Job, result: JobResult) -> DeliveryReport:
        """Deliver the pictures in the job's message, a new or a direct one."""
        job = hide_declined_prompt(job, result.shortfall)
        try:
            async with self._parts.turns.turn(self._message.address.channel_id):
                report = await PictureDelivery(self._parts, self._message, job, result).deliver()
        except Exception as error:
            known = isinstance(error, (EaselError, *DISCORD_ERRORS))
            log.warning(
                "job_message.not_delivered", job=job.id, error=repr(error), exc_info=not known
            )
            # Only where Discord refused them may the bot's permissions be the reason.
            raise (NotDelivered if is_refused(error) else NeitherPostedNorKept) from error
        if not self._is_among(report.messages):
            elsewhere = self._parts.embeds.elsewhere(job, result.with_posted(report.posted))
            buttons = self._buttons(job, result)
            await self._message.edit_if_possible(job, elsewhere, buttons)
        return report

    async def find_file(self, file: str, messages: Sequence[CardAddress]) -> Upload | None:
        """Fetch messages again, and return a file of theirs with its fresh address."""
        return await find_file(self._parts.client, file, messages)

    async def after_delivery(self, job: Job, messages: Sequence[CardAddress]) -> None:
        """Notify a requester who waited long, and add the re-roll emoji.

        A new message notifies by itself, an edit does not. The emoji is only added where a
        reaction reaches the bot and counts for a server, and left out while many wait there.
        """
        address, server_id = self._message.address, job.requester.server_id
        if self._is_among(messages):
            await self._parts.notifier.reply(job, self._message, self._parts.notices.ready)
        here = [each for each in messages if each.channel_id == address.channel_id]
        if here and server_id and not address.only_by_token:
            with self._parts.reactions.place(address.channel_id) as is_free:
                if is_free:
                    emoji = self._parts.reroll_emoji(server_id)
                    await self._message.add_reactions(here, emoji)

    async def end(self, job: Job, failure: JobFailure) -> bool:
        """Say why there are no pictures; return False if nobody could be told."""
        notice = OutgoingMessage(
            self._parts.notices.no_pictures(job, failure),
            mentions=self._parts.notifier.mentioned(job),
        )
        try:
            if not await self._message.exists(job):
                return True  # nobody saw it
            if failure.error.message_id == PicturesLate.message_id:
                await self._tell_late(job, failure)
                return True
            await first_accepted(
                partial(self._end_in_message, job, failure),
                partial(self._say_in_new_message, job, ENDING, notice),
                partial(self._say_directly, job, ENDING, notice),
            )
        except DISCORD_ERRORS as error:
            log.warning("job_message.not_ended", job=job.id, error=repr(error))
            return is_refused(error)
        return True

    def _is_among(self, messages: Sequence[CardAddress]) -> bool:
        here = self._message.address.message_id
        return any(message.message_id == here for message in messages)

    def _buttons(self, job: Job, result: JobResult) -> View:
        kept = result.kept_numbers
        return result_buttons(self._parts.texts, job.id, job.locale, pictures=kept)

    # --- the end without pictures -------------------------------------------------------------

    async def _end_in_message(self, job: Job, failure: JobFailure) -> CardAddress:
        embeds, notices = self._parts.embeds, self._parts.notices
        embed, notice, buttons = embeds.ended(job, failure), notices.ended, None
        if failure.kept is not None:
            shown = hide_declined_prompt(job, failure.kept.shortfall)
            embed, notice = embeds.kept(shown, failure.kept), notices.ready
            buttons = self._buttons(job, failure.kept)
        elif failure.state is not JobState.CANCELLED:
            row = declined_buttons if is_declined(failure.error) else retry_buttons
            buttons = row(self._parts.texts, job.id, job.locale)
        card = await self._message.edit(job, [embed], view=buttons)
        if failure.error.message_id not in _STOPPED_BY_HAND:
            await self._parts.notifier.reply(job, self._message, notice)
        return card

    async def _tell_late(self, job: Job, failure: JobFailure) -> None:
        """Tell the requester, once, that pictures came after their job had ended.

        The job's message stays as it is: it may show other pictures of the job.
        """
        notice = OutgoingMessage(
            self._parts.notices.no_pictures(job, failure),
            reply_to=self._message.reference,
            mentions=job.requester.user_id,
            view=result_buttons(self._parts.texts, job.id, job.locale),
        )
        slot = str(failure.error.facts.get("slot") or 0)  # several may come late, each is told
        await first_accepted(
            partial(self._say_in_new_message, job, LATE, notice, slot),
            partial(self._say_directly, job, LATE, replace(notice, reply_to=None), slot),
        )

    async def _say_in_new_message(
        self, job: Job, part: int, notice: OutgoingMessage, slot: str = ""
    ) -> CardAddress:
        channel, nonce = self._message.channel_beside(job), nonce_of(job, part) + slot
        return await self._parts.outbox.post(job, part, channel, notice, nonce=nonce)

    async def _say_directly(
        self, job: Job, part: int, notice: OutgoingMessage, slot: str = ""
    ) -> CardAddress:
        direct, part = await self._parts.direct_channel(job), DIRECT_MESSAGE + part
        nonce = nonce_of(job, part) + slot
        return await self._parts.outbox.post(job, part, direct, notice, nonce=nonce)

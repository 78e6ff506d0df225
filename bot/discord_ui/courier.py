"""Place, update, deliver and end the message of one job in Discord.

The message is edited through its interaction token while that is valid, and through the channel
afterwards. An edit replaces the whole message, so it is harmless twice. Where the message is gone,
its channel gets a new one, else its requester a direct one, else the pictures wait in the history.
What one person alone sees never comes to a channel.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import discord
import structlog

from bot.core.clock import Clock
from bot.core.errors.jobs import CardNotSent, NotDelivered
from bot.core.i18n.texts import Texts
from bot.core.models import AnnouncedCard, CardAddress, Job, JobState, Picture
from bot.discord_ui.buttons import result_buttons, retry_buttons, stop_button_row
from bot.discord_ui.discord_errors import (
    DISCORD_ERRORS,
    TOO_LARGE,
    TokenExpired,
    first_accepted,
    is_refused,
)
from bot.discord_ui.job_embeds import JobEmbeds, hide_declined_prompt, preview_name
from bot.discord_ui.job_message import (
    JobMessage,
    answer_interaction,
    reply_to_message,
)
from bot.discord_ui.message_attachments import (
    FOLLOW_UP_FILES,
    AttachmentGroup,
    AttachmentPacker,
    ReferenceThumbnail,
    ReferenceThumbnails,
    picture_message,
)
from bot.discord_ui.message_outbox import (
    DIRECT_MESSAGE,
    ENDING,
    FIRST_RESULT,
    MessageChannel,
    MessageOutbox,
    OutgoingMessage,
)
from bot.discord_ui.notifications import NoticeTexts, RequesterNotifier
from bot.discord_ui.reposts import Reposter
from bot.images.content_store import ContentStore
from bot.images.conversion import max_bytes_each
from bot.jobs.cancellation import JobCancelled, RequesterDetached
from bot.jobs.courier import Courier, JobFailure, JobProgress, JobResult, QueuePosition

log: structlog.stdlib.BoundLogger = structlog.get_logger()

MOST_SHRINKS = 3
# Whoever stopped a job was there and needs no notice.
_STOPPED_BY_HAND = frozenset({JobCancelled.message_id, RequesterDetached.message_id})


@dataclass(frozen=True, slots=True)
class CourierParts:
    """What all couriers of one bot share; ``reroll_emoji`` is that of a server."""

    client: discord.Client
    texts: Texts
    embeds: JobEmbeds
    outbox: MessageOutbox
    packer: AttachmentPacker
    thumbnails: ReferenceThumbnails
    notices: NoticeTexts
    notifier: RequesterNotifier
    reroll_emoji: Callable[[int], str]


class Couriers:
    """Makes the couriers of one bot.

    ``reroll_emoji`` returns that of a server, ``may_mention`` whether a person wants to be notified
    after a long wait.
    """

    def __init__(
        self,
        client: discord.Client,
        texts: Texts,
        outbox: MessageOutbox,
        content_store: ContentStore,
        clock: Clock,
        *,
        reroll_emoji: Callable[[int], str],
        may_mention: Callable[[int], bool],
    ) -> None:
        embeds, packer = JobEmbeds(texts), AttachmentPacker()
        self._now = clock.now
        self._parts = CourierParts(
            client,
            texts,
            embeds,
            outbox,
            packer,
            ReferenceThumbnails(texts, content_store),
            NoticeTexts(texts),
            RequesterNotifier(outbox, now=clock.now, may_mention=may_mention),
            reroll_emoji,
        )
        self.reposter = Reposter(client, texts, embeds, outbox, packer)

    def answering(self, interaction: discord.Interaction) -> Courier:
        """Return the courier of a command that nobody has answered yet."""
        parts = self._parts
        place = partial(answer_interaction, parts.client, parts.outbox, interaction)
        return DiscordCourier(parts, JobMessage(parts.client, self._now, place=place))

    def replying(self, message: discord.PartialMessage, max_file_bytes: int) -> Courier:
        """Return the courier that replies to a message with a new one."""
        parts = self._parts
        place = partial(reply_to_message, parts.outbox, message, max_file_bytes)
        return DiscordCourier(parts, JobMessage(parts.client, self._now, place=place))

    def reopen(self, _job: Job, address: CardAddress | AnnouncedCard) -> Courier:
        """Return the courier of a message that an earlier process placed, or announced."""
        message = JobMessage(self._parts.client, self._now, address=address)
        return DiscordCourier(self._parts, message)


class DiscordCourier:
    """Brings one job's pictures to its message, or as near to its requester as possible."""

    def __init__(self, parts: CourierParts, message: JobMessage) -> None:
        self._parts = parts
        self._message = message
        self._message_gone = False
        self._thumbnail: ReferenceThumbnail | None = None
        self._left_out = 0

    # --- the courier protocol -----------------------------------------------------------------

    async def place(self, job: Job, *, waiting: QueuePosition) -> CardAddress:
        """Post the job's message: for everybody, or for its requester alone."""
        embed = self._parts.embeds.queued(job, waiting)
        view = stop_button_row(self._parts.texts, job, waiting)
        try:
            return await self._message.place(job, embed, view)
        except DISCORD_ERRORS as error:
            log.warning("job_message.not_placed", job=job.id, error=repr(error))
            raise CardNotSent from error

    async def update(self, job: Job, state: QueuePosition | JobProgress) -> None:
        """Show how far the job is, with what the gateway has painted so far."""
        if self._message_gone:
            return
        embeds, view = self._parts.embeds, stop_button_row(self._parts.texts, job, state)
        try:
            if isinstance(state, QueuePosition):
                await self._message.edit(job, [embeds.queued(job, state)], view=view)
            else:
                preview = state.preview
                files = partial(self._preview, job, preview) if preview else list[discord.File]
                await self._message.edit(job, [embeds.painting(job, state)], files, view=view)
        except DISCORD_ERRORS as error:
            self._message_gone = isinstance(
                error, discord.NotFound | discord.Forbidden | TokenExpired
            )
            log.info("job_message.not_updated", job=job.id, error=repr(error))

    async def deliver(self, job: Job, result: JobResult) -> Sequence[CardAddress]:
        """Deliver the pictures in the job's message, a new or a direct one, or keep them."""
        job = hide_declined_prompt(job, result.shortfall)
        address = self._message.address
        # Where follow-ups are few, no picture takes a message for itself.
        most = max_bytes_each(
            address.max_file_bytes, FOLLOW_UP_FILES if address.only_by_token else 1
        )
        groups = await self._parts.packer.pack(
            result.pictures, max_file_bytes=most, folder=result.pictures[0].path.parent
        )
        self._left_out = len(result.pictures) - sum(map(len, groups))
        self._thumbnail = await self._parts.thumbnails.draw(job)
        try:
            return await first_accepted(
                partial(self._deliver_in_message, job, result, groups),
                partial(self._deliver_in_new_message, job, result, groups),
                partial(self._deliver_directly, job, result, groups),
            )
        except DISCORD_ERRORS as error:
            log.warning(
                "job_message.not_delivered", job=job.id, kept=result.kept, error=repr(error)
            )
            if not result.kept:
                raise NotDelivered from error
        await self._say_that_they_are_kept(job, result)
        return ()

    async def after_delivery(self, job: Job, messages: Sequence[CardAddress]) -> None:
        """Notify a requester who waited long, and add the re-roll emoji.

        A new message notifies by itself, an edit does not. The emoji is only added where a
        reaction reaches the bot and counts for a server.
        """
        address, server_id = self._message.address, job.requester.server_id
        if any(message.message_id == address.message_id for message in messages):
            await self._parts.notifier.reply(job, self._message, self._parts.notices.ready)
        here = [each for each in messages if each.channel_id == address.channel_id]
        if here and server_id and not address.only_by_token:
            await self._message.add_reactions(here, self._parts.reroll_emoji(server_id))

    async def end(self, job: Job, failure: JobFailure) -> bool:
        """Say why there are no pictures; return False if nobody could be told."""
        notice = OutgoingMessage(
            self._parts.notices.no_pictures(job, failure),
            mentions=self._parts.notifier.mentioned(job),
        )
        try:
            if not await self._message.exists(job):
                return True  # nobody saw it
            await first_accepted(
                partial(self._end_in_message, job, failure),
                partial(self._end_in_new_message, job, notice),
                partial(self._end_directly, job, notice),
            )
        except DISCORD_ERRORS as error:
            log.warning("job_message.not_ended", job=job.id, error=repr(error))
            return is_refused(error)
        return True

    # --- delivery -----------------------------------------------------------------------------

    async def _deliver_in_message(
        self, job: Job, result: JobResult, groups: Sequence[AttachmentGroup]
    ) -> Sequence[CardAddress]:
        show = partial(self._show, job, result)
        message = await self._shrinking(groups[0], show)
        try:
            channel = self._message.channel_beside(job)
            rest = await self._post_rest(job, result, groups, channel, part=FIRST_RESULT)
        except DISCORD_ERRORS as error:
            # Commands are answered also where the bot may not write: all in one message, then.
            log.info("job_message.all_in_one", job=job.id, error=repr(error))
            everything = await self._parts.packer.pack_into_one(
                groups, max_file_bytes=message.max_file_bytes, folder=result.pictures[0].path.parent
            )
            self._left_out = len(result.pictures) - len(everything)
            message, rest = await self._shrinking(everything, show), ()
        return (message, *rest)

    async def _show(self, job: Job, result: JobResult, group: AttachmentGroup) -> CardAddress:
        shown = self._first_message(job, result, group)
        return await self._message.edit(job, list(shown.embeds), shown.files, view=shown.view)

    async def _deliver_in_new_message(
        self, job: Job, result: JobResult, groups: Sequence[AttachmentGroup]
    ) -> Sequence[CardAddress]:
        channel = self._message.channel_beside(job)
        return await self._post_all(job, result, groups, channel, part=FIRST_RESULT)

    async def _deliver_directly(
        self, job: Job, result: JobResult, groups: Sequence[AttachmentGroup]
    ) -> Sequence[CardAddress]:
        part = DIRECT_MESSAGE + FIRST_RESULT
        return await self._post_all(job, result, groups, await self._direct(job), part=part)

    async def _post_all(
        self,
        job: Job,
        result: JobResult,
        groups: Sequence[AttachmentGroup],
        channel: MessageChannel,
        *,
        part: int,
    ) -> Sequence[CardAddress]:
        notices = self._parts.notices
        closed = self._message.address.only_by_token and result.kept
        content = notices.token_expired(job) if closed else notices.message_gone(job)

        async def post(group: AttachmentGroup) -> CardAddress:
            message = replace(
                self._first_message(job, result, group),
                content=content,
                mentions=self._parts.notifier.mentioned(job),
            )
            return await self._parts.outbox.post(job, part, channel, message)

        first = await self._shrinking(groups[0], post)
        return (first, *await self._post_rest(job, result, groups, channel, part=part))

    async def _post_rest(
        self,
        job: Job,
        result: JobResult,
        groups: Sequence[AttachmentGroup],
        channel: MessageChannel,
        *,
        part: int,
    ) -> Sequence[CardAddress]:
        return [
            await self._shrinking(
                group, partial(self._post_more, job, result, channel, part + index)
            )
            for index, group in enumerate(groups[1:], 1)
        ]

    async def _post_more(
        self,
        job: Job,
        result: JobResult,
        channel: MessageChannel,
        part: int,
        group: AttachmentGroup,
    ) -> CardAddress:
        embeds, of = self._parts.embeds, len(result.pictures)
        files = [posted.file(job) for posted in group]
        shown = embeds.continued(job, files, first=group[0].number, of=of)
        message = picture_message(embeds, job, group, shown, of=of)
        return await self._parts.outbox.post(job, part, channel, message)

    def _first_message(
        self, job: Job, result: JobResult, group: AttachmentGroup
    ) -> OutgoingMessage:
        embeds, of = self._parts.embeds, len(result.pictures)
        files = [posted.file(job) for posted in group]
        left_out = self._left_out
        more = of - len(group) - left_out
        shown = embeds.result(job, result, files, more=more, left_out=left_out)
        message = picture_message(embeds, job, group, shown, of=of)
        message = replace(message, view=result_buttons(self._parts.texts, job.id, job.locale))
        return message if self._thumbnail is None else self._thumbnail.add_to(message)

    async def _shrinking(
        self, group: AttachmentGroup, post: Callable[[AttachmentGroup], Awaitable[CardAddress]]
    ) -> CardAddress:
        """Post smaller pictures where Discord takes less than it said."""
        for _ in range(MOST_SHRINKS):
            try:
                return await post(group)
            except discord.HTTPException as refused:
                if refused.code != TOO_LARGE and refused.status != 413:
                    raise
                size = sum(posted.picture.bytes for posted in group)
                log.info("job_message.too_large", bytes=size)
            group = await self._parts.packer.shrink(group, group[0].original.path.parent)
        return await post(group)

    async def _say_that_they_are_kept(self, job: Job, result: JobResult) -> None:
        buttons = result_buttons(self._parts.texts, job.id, job.locale)
        try:
            await self._message.edit(job, [self._parts.embeds.kept(job, result)], view=buttons)
        except DISCORD_ERRORS as error:
            log.info("job_message.not_edited", job=job.id, error=repr(error))

    # --- the end without pictures -------------------------------------------------------------

    async def _end_in_message(self, job: Job, failure: JobFailure) -> None:
        buttons = None
        if failure.state is not JobState.CANCELLED:
            buttons = retry_buttons(self._parts.texts, job.id, job.locale)
        await self._message.edit(job, [self._parts.embeds.ended(job, failure)], view=buttons)
        if failure.error.message_id not in _STOPPED_BY_HAND:
            await self._parts.notifier.reply(job, self._message, self._parts.notices.ended)

    async def _end_in_new_message(self, job: Job, notice: OutgoingMessage) -> None:
        await self._parts.outbox.post(job, ENDING, self._message.channel_beside(job), notice)

    async def _end_directly(self, job: Job, notice: OutgoingMessage) -> None:
        part = DIRECT_MESSAGE + ENDING
        await self._parts.outbox.post(job, part, await self._direct(job), notice)

    # --- parts of messages --------------------------------------------------------------------

    async def _direct(self, job: Job) -> discord.DMChannel:
        return await self._parts.client.create_dm(discord.Object(job.requester.user_id))

    def _preview(self, job: Job, picture: Picture) -> list[discord.File]:
        alt_text = self._parts.embeds.alt_text(job, picture, 1, 1)
        return [discord.File(picture.path, filename=preview_name(picture), description=alt_text)]

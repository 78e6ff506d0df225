"""Places, updates, delivers and ends one job's card in Discord.

A card is edited through its interaction token while that is young, and through the channel
afterwards: the same message either way. An edit states the whole message, so it is harmless
twice. Where there is no card any more, its channel gets a new message, else its requester a direct
one, else the pictures wait in the history. What one person alone sees never comes to a channel.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import discord
import structlog
from discord.ui import View

from bot.core.clock import Clock
from bot.core.errors.jobs import CardNotPlaced, NotDelivered
from bot.core.models import AnnouncedCard, CardAddress, Job, Picture
from bot.discord_ui.buttons import stop_button_row
from bot.discord_ui.job_embeds import JobEmbeds, hide_declined_prompt, preview_name
from bot.discord_ui.job_message import JobMessage, PlaceMessage, answer, refuse, reply
from bot.discord_ui.message_attachments import (
    AttachmentGroup,
    AttachmentPacker,
    ReferenceThumbnail,
    ResultExtras,
    picture_message,
    with_thumbnail,
)
from bot.discord_ui.message_outbox import (
    DIRECT_MESSAGE,
    DISCORD_ERRORS,
    ENDING,
    FIRST_RESULT,
    FOLLOW_UP_FILES,
    TOO_LARGE,
    MessageChannel,
    MessageOutbox,
    OutgoingMessage,
    TokenExpired,
    first_accepted,
    is_refused,
)
from bot.discord_ui.notifications import LateReplies, NoticeTexts
from bot.discord_ui.reposts import Reposter
from bot.images.conversion import max_bytes_each
from bot.jobs.cancellation import JobCancelled, RequesterDetached
from bot.jobs.courier import Courier, JobFailure, JobProgress, JobResult, QueuePosition

log: structlog.stdlib.BoundLogger = structlog.get_logger()

MOST_SHRINKS = 3
# Whoever stopped it was there.
_STOPPED_BY_HAND = frozenset({JobCancelled.message_id, RequesterDetached.message_id})


@dataclass(frozen=True, slots=True)
class CourierParts:
    """What every courier of a bot needs."""

    client: discord.Client
    cards: JobEmbeds
    notes: NoticeTexts
    outbox: MessageOutbox
    packer: AttachmentPacker
    trimmings: ResultExtras
    clock: Clock
    calls: LateReplies


class Couriers:
    """Makes the couriers of one bot.

    ``may_call`` tells whether a person wants to be called after a long wait.
    """

    def __init__(
        self,
        client: discord.Client,
        cards: JobEmbeds,
        notes: NoticeTexts,
        outbox: MessageOutbox,
        trimmings: ResultExtras,
        clock: Clock,
        *,
        may_call: Callable[[int], bool],
    ) -> None:
        packer = AttachmentPacker()
        calls = LateReplies(outbox, now=clock.now, may_call=may_call)
        self._desk = CourierParts(client, cards, notes, outbox, packer, trimmings, clock, calls)
        self.again = Reposter(client, cards, outbox, packer, trimmings)

    def answering(self, interaction: discord.Interaction) -> Courier:
        """Return the courier of a command that nobody has answered yet."""
        return DiscordCourier(
            self._desk, partial(answer, self._desk.client, self._desk.outbox, interaction)
        )

    def replying(self, message: discord.PartialMessage, max_file_bytes: int) -> Courier:
        """Return the courier that answers a message with a new one."""
        return DiscordCourier(
            self._desk, partial(reply, self._desk.outbox, message, max_file_bytes)
        )

    def reopen(self, _job: Job, card: CardAddress | AnnouncedCard) -> Courier:
        """Return the courier of a card that an earlier process placed, or was about to place."""
        return DiscordCourier(self._desk, refuse, card)


class DiscordCourier:
    """Carries one job's answer to its card, or as near to its requester as it gets."""

    def __init__(
        self,
        desk: CourierParts,
        post: PlaceMessage,
        card: CardAddress | AnnouncedCard | None = None,
    ) -> None:
        self._client = desk.client
        self._cards = desk.cards
        self._outbox = desk.outbox
        self._packer = desk.packer
        self._notes = desk.notes
        self._calls = desk.calls
        self._trimmings = desk.trimmings
        self._thumbnail: ReferenceThumbnail | None = None
        self._post_card = post
        self._card = JobMessage(desk.client, desk.clock.now, card)
        self._card_gone = False

    # --- the courier's verbs ------------------------------------------------------------------

    async def place(self, job: Job, *, waiting: QueuePosition) -> CardAddress:
        """Post the card: for everybody, or for its requester alone."""
        embed, view = self._cards.queued(job, waiting), self._stop_view(job, waiting)
        try:
            card = await self._post_card(job, embed, view)
        except DISCORD_ERRORS as lost:
            log.warning("card.not_placed", job=job.id, error=repr(lost))
            raise CardNotPlaced from lost
        self._card.placed(card)
        return card

    async def update(self, job: Job, state: QueuePosition | JobProgress) -> None:
        """Show how far the job is, with what the gateway has painted so far."""
        if self._card_gone:
            return
        view = self._stop_view(job, state)
        try:
            if isinstance(state, QueuePosition):
                await self._card.edit(job, [self._cards.queued(job, state)], view=view)
            else:
                preview = state.preview
                files = partial(self._preview, job, preview) if preview else list[discord.File]
                await self._card.edit(job, [self._cards.painting(job, state)], files, view=view)
        except DISCORD_ERRORS as lost:
            self._card_gone = isinstance(lost, discord.NotFound | discord.Forbidden | TokenExpired)
            log.info("card.not_updated", job=job.id, error=repr(lost))

    async def deliver(self, job: Job, result: JobResult) -> Sequence[CardAddress]:
        """Hand over the pictures: in the card, a new message or a direct one, or keep them."""
        job = hide_declined_prompt(job, result.shortfall)
        card = self._card.address
        # Where follow-ups are few, no picture takes a message for itself.
        most = max_bytes_each(card.max_file_bytes, FOLLOW_UP_FILES if card.only_by_token else 1)
        parcels = await self._packer.pack(
            result.pictures, max_file_bytes=most, folder=_folder_of(result)
        )
        self._thumbnail = await self._trimmings.thumbnail(job)
        ways = (self._on_the_card, self._in_a_new_message, self._directly)
        try:
            return await first_accepted(*(partial(way, job, result, parcels) for way in ways))
        except DISCORD_ERRORS as lost:
            log.warning("card.not_delivered", job=job.id, kept=result.kept, error=repr(lost))
            if not result.kept:
                raise NotDelivered from lost
        await self._say_that_they_are_kept(job, result)
        return ()

    async def end(self, job: Job, ending: JobFailure) -> bool:
        """Say why there are no pictures; somebody who can be told nowhere has been told."""
        words = OutgoingMessage(
            self._notes.without_card(job, ending), mentions=self._calls.whom(job)
        )
        try:
            if not await self._card.is_there(job):
                return True  # nobody saw it
            await first_accepted(
                partial(self._end_on_the_card, job, ending),
                partial(self._post_in_channel, job, ENDING, words),
                partial(self._post_directly, job, ENDING, words),
            )
        except DISCORD_ERRORS as lost:
            log.warning("card.not_ended", job=job.id, error=repr(lost))
            return is_refused(lost)
        return True

    # --- ways to hand the pictures over -------------------------------------------------------

    async def _on_the_card(
        self, job: Job, result: JobResult, parcels: Sequence[AttachmentGroup]
    ) -> Sequence[CardAddress]:
        show = partial(self._show, job, result)
        card = await self._shrinking(parcels[0], show)
        try:
            rest = await self._post_rest(
                job, result, parcels, self._card.beside(job), part=FIRST_RESULT
            )
        except DISCORD_ERRORS as lost:
            # Commands are answered also where the bot may not write: all on the card, then.
            log.info("card.squeezed", job=job.id, error=repr(lost))
            everything = await self._packer.squeeze(
                parcels, max_file_bytes=card.max_file_bytes, folder=_folder_of(result)
            )
            card, rest = await self._shrinking(everything, show), ()
        await self._invite_to_reroll(job, (card, *rest))
        await self._calls.call(job, self._card, self._notes.ready(job))
        return (card, *rest)

    async def _show(self, job: Job, result: JobResult, parcel: AttachmentGroup) -> CardAddress:
        letter = self._first_letter(job, result, parcel)
        return await self._card.edit(job, list(letter.embeds), letter.files, view=letter.view)

    async def _in_a_new_message(
        self, job: Job, result: JobResult, parcels: Sequence[AttachmentGroup]
    ) -> Sequence[CardAddress]:
        messages = await self._in_channel(
            job, result, parcels, self._card.beside(job), part=FIRST_RESULT
        )
        await self._invite_to_reroll(job, messages)
        return messages

    async def _directly(
        self, job: Job, result: JobResult, parcels: Sequence[AttachmentGroup]
    ) -> Sequence[CardAddress]:
        channel = await self._client.create_dm(discord.Object(job.requester.user_id))
        part = DIRECT_MESSAGE + FIRST_RESULT
        return await self._in_channel(job, result, parcels, channel, part=part)

    async def _in_channel(
        self,
        job: Job,
        result: JobResult,
        parcels: Sequence[AttachmentGroup],
        channel: MessageChannel,
        *,
        part: int,
    ) -> Sequence[CardAddress]:
        async def post(parcel: AttachmentGroup) -> CardAddress:
            letter = replace(
                self._first_letter(job, result, parcel),
                content=self._why_anew(job, result),
                mentions=self._calls.whom(job),
            )
            return await self._outbox.post(job, part, channel, letter)

        first = await self._shrinking(parcels[0], post)
        return (first, *await self._post_rest(job, result, parcels, channel, part=part))

    def _why_anew(self, job: Job, result: JobResult) -> str:
        if self._card.address.only_by_token and result.kept:
            return self._notes.answer_closed(job)
        return self._notes.card_gone(job)

    async def _invite_to_reroll(self, job: Job, messages: Sequence[CardAddress]) -> None:
        """Put arrows where a reaction reaches the bot, and counts for a server."""
        if job.requester.server_id and not self._card.address.only_by_token:
            await self._card.invite_to_reroll(messages, self._trimmings.reroll(job))

    def _first_letter(
        self, job: Job, result: JobResult, parcel: AttachmentGroup
    ) -> OutgoingMessage:
        of = len(result.pictures)
        names = [shown.file(job) for shown in parcel]
        embeds = self._cards.result(job, result, names, more=of - len(parcel))
        letter = picture_message(self._cards, job, parcel, embeds, of=of)
        letter = replace(letter, view=self._trimmings.controls(job))
        return with_thumbnail(letter, self._thumbnail)

    async def _post_rest(
        self,
        job: Job,
        result: JobResult,
        parcels: Sequence[AttachmentGroup],
        channel: MessageChannel,
        *,
        part: int,
    ) -> Sequence[CardAddress]:
        return [
            await self._post_more(job, part + index, channel, parcel, result)
            for index, parcel in enumerate(parcels[1:], 1)
        ]

    async def _post_more(
        self,
        job: Job,
        part: int,
        channel: MessageChannel,
        parcel: AttachmentGroup,
        result: JobResult,
    ) -> CardAddress:
        of = len(result.pictures)

        async def post(parcel: AttachmentGroup) -> CardAddress:
            names = [shown.file(job) for shown in parcel]
            embeds = self._cards.continued(job, names, first=parcel[0].number, of=of)
            letter = picture_message(self._cards, job, parcel, embeds, of=of)
            return await self._outbox.post(job, part, channel, letter)

        return await self._shrinking(parcel, post)

    async def _shrinking(
        self, parcel: AttachmentGroup, post: Callable[[AttachmentGroup], Awaitable[CardAddress]]
    ) -> CardAddress:
        """Post smaller pictures where Discord takes less than it said."""
        for _ in range(MOST_SHRINKS):
            try:
                return await post(parcel)
            except discord.HTTPException as refused:
                if refused.code != TOO_LARGE and refused.status != 413:
                    raise
                log.info("card.too_large", bytes=sum(shown.picture.bytes for shown in parcel))
            parcel = await self._packer.shrink(parcel, parcel[0].original.path.parent)
        return await post(parcel)

    async def _say_that_they_are_kept(self, job: Job, result: JobResult) -> None:
        try:
            rows = self._trimmings.controls(job)
            await self._card.edit(job, [self._cards.kept(job, result)], view=rows)
        except DISCORD_ERRORS as lost:
            log.info("card.not_edited", job=job.id, error=repr(lost))

    # --- words --------------------------------------------------------------------------------

    async def _end_on_the_card(self, job: Job, ending: JobFailure) -> None:
        row = self._trimmings.retry(job, ending)
        await self._card.edit(job, [self._cards.ended(job, ending)], view=row)
        if ending.error.message_id not in _STOPPED_BY_HAND:
            await self._calls.call(job, self._card, self._notes.ended(job))

    async def _post_in_channel(self, job: Job, part: int, words: OutgoingMessage) -> None:
        await self._outbox.post(job, part, self._card.beside(job), words)

    async def _post_directly(self, job: Job, part: int, words: OutgoingMessage) -> None:
        channel = await self._client.create_dm(discord.Object(job.requester.user_id))
        await self._outbox.post(job, DIRECT_MESSAGE + part, channel, words)

    def _stop_view(self, job: Job, state: QueuePosition | JobProgress) -> View:
        return stop_button_row(job.id, self._cards.stop_label(job, state))

    def _preview(self, job: Job, picture: Picture) -> list[discord.File]:
        words = self._cards.alt_text(job, picture, 1, 1)
        return [discord.File(picture.path, filename=preview_name(picture), description=words)]


def _folder_of(result: JobResult) -> Path:
    return result.pictures[0].path.parent

"""Post the pictures of one job in its message, in a new one, or to its requester directly.

Each way posts only what no earlier one has posted. The first message says what the pictures cost:
where fewer are posted than it said, it is edited.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial

import discord
import structlog

from bot.core.models import CardAddress, Job
from bot.discord_ui.buttons import delivered_buttons
from bot.discord_ui.courier_parts import CourierParts
from bot.discord_ui.discord_errors import DISCORD_ERRORS, first_successful, is_too_large
from bot.discord_ui.job_message import JobMessage
from bot.discord_ui.message_attachments import (
    FOLLOW_UP_FILES,
    AttachmentGroup,
    ReferenceThumbnail,
    picture_message,
)
from bot.discord_ui.message_outbox import (
    DIRECT_MESSAGE,
    FIRST_RESULT,
    MessageChannel,
    OutgoingMessage,
    edit_posted,
)
from bot.images.conversion import max_bytes_each
from bot.jobs.courier import DeliveryReport, JobResult

log: structlog.stdlib.BoundLogger = structlog.get_logger()

MOST_SHRINKS = 3


class PictureDelivery:
    """Delivers the pictures of one job, once."""

    def __init__(
        self, parts: CourierParts, message: JobMessage, job: Job, result: JobResult
    ) -> None:
        self._parts = parts
        self._message = message
        self._job = job
        self._result = result
        self._folder = result.pictures[0].path.parent
        self._thumbnail: ReferenceThumbnail | None = None
        self._shown: dict[CardAddress, frozenset[int]] = {}
        # The pictures that are posted unless something more fails, by number.
        self._expected: frozenset[int] = frozenset()
        # What the first message says, and how to edit it.
        self._said_left_out = 0
        self._edit_first: Callable[[], Awaitable[None]] | None = None

    async def deliver(self) -> DeliveryReport:
        """Post the pictures; return which, and where.

        If none can be posted, it raises what the last way raised.
        """
        groups = await self._groups()
        self._thumbnail = await self._parts.thumbnails.draw(self._job)
        try:
            await first_successful(
                partial(self._deliver_in_message, groups),
                partial(self._deliver_in_new_message, groups),
                partial(self._deliver_directly, groups),
            )
        except Exception as error:
            if not self._shown:
                raise
            log.warning(
                "job_message.delivered_in_part",
                job=self._job.id,
                posted=len(self._posted),
                of=len(self._result.pictures),
                error=repr(error),
                exc_info=not isinstance(error, DISCORD_ERRORS),
            )
        await self._correct_first_message()
        return DeliveryReport(tuple(self._shown), self._posted)

    async def _groups(self) -> list[AttachmentGroup]:
        address = self._message.address
        # Where follow-ups are few, no picture takes a message for itself.
        files = FOLLOW_UP_FILES if address.only_by_token else 1
        most = max_bytes_each(address.max_file_bytes, files)
        return await self._parts.packer.pack(
            self._result.pictures, max_file_bytes=most, folder=self._folder
        )

    @property
    def _posted(self) -> frozenset[int]:
        return frozenset[int]().union(*self._shown.values())

    # --- the ways -----------------------------------------------------------------------------

    async def _deliver_in_message(self, groups: Sequence[AttachmentGroup]) -> None:
        self._expected = _numbers(*groups)
        await self._shrinking(groups[0], self._show)
        try:
            channel = self._message.channel_beside(self._job)
            await self._post_rest(groups, channel, part=FIRST_RESULT)
        except Exception as error:  # noqa: BLE001 - the pictures come first, whatever it was
            log.info("job_message.all_in_one", job=self._job.id, error=repr(error))
            await self._show_all(groups)

    async def _show_all(self, groups: Sequence[AttachmentGroup]) -> None:
        """Add to the job's message what could not be posted beside it.

        A response to a command is possible also where the bot may not write.
        """
        card = self._message.address
        together = await self._parts.packer.pack_into_one(
            [groups[0], *(group for _, group in self._not_posted(groups))],
            max_file_bytes=card.max_file_bytes,
            folder=self._folder,
        )
        beside = (numbers for address, numbers in self._shown.items() if address != card)
        self._expected = _numbers(together).union(*beside)
        try:
            await self._shrinking(together, self._show)
        except discord.NotFound:
            self._shown.pop(card, None)  # it was deleted, with the pictures that it showed
            raise

    async def _deliver_in_new_message(self, groups: Sequence[AttachmentGroup]) -> None:
        channel = self._message.channel_beside(self._job)
        await self._post_all(groups, channel, part=FIRST_RESULT)

    async def _deliver_directly(self, groups: Sequence[AttachmentGroup]) -> None:
        channel = await self._parts.direct_channel(self._job)
        await self._post_all(groups, channel, part=DIRECT_MESSAGE + FIRST_RESULT)

    async def _post_all(
        self, groups: Sequence[AttachmentGroup], channel: MessageChannel, *, part: int
    ) -> None:
        if self._posted.isdisjoint(_numbers(groups[0])):
            self._expected = _numbers(*groups)
            await self._shrinking(groups[0], partial(self._post_first, channel, part))
        await self._post_rest(groups, channel, part=part)

    async def _post_rest(
        self, groups: Sequence[AttachmentGroup], channel: MessageChannel, *, part: int
    ) -> None:
        for index, group in self._not_posted(groups):
            await self._shrinking(group, partial(self._post_more, channel, part + index))

    def _not_posted(self, groups: Sequence[AttachmentGroup]) -> list[tuple[int, AttachmentGroup]]:
        """Return the groups of which no message shows anything, with their places in the order."""
        posted = self._posted
        return [
            (index, group)
            for index, group in enumerate(groups)
            if posted.isdisjoint(_numbers(group))
        ]

    async def _shrinking(
        self, group: AttachmentGroup, post: Callable[[AttachmentGroup], Awaitable[None]]
    ) -> None:
        """Post smaller pictures where Discord takes less than it said."""
        for _ in range(MOST_SHRINKS):
            try:
                await post(group)
            except discord.HTTPException as refused:
                if not is_too_large(refused):
                    raise
                size = sum(posted.picture.bytes for posted in group)
                log.info("job_message.too_large", bytes=size)
            else:
                return
            smaller = await self._parts.packer.shrink(group, self._folder)
            self._expected -= _numbers(group) - _numbers(smaller)
            group = smaller
        await post(group)

    # --- the messages -------------------------------------------------------------------------

    async def _show(self, group: AttachmentGroup) -> None:
        shown, left_out = self._first_message(group)
        card = await self._message.edit(self._job, list(shown.embeds), shown.files, view=shown.view)
        self._shown[card] = _numbers(group)
        self._said_left_out, self._edit_first = left_out, partial(self._show, group)

    async def _post_first(self, channel: MessageChannel, part: int, group: AttachmentGroup) -> None:
        job, notices = self._job, self._parts.notices
        closed = self._message.address.only_by_token and self._result.kept
        first, left_out = self._first_message(group)
        message = replace(
            first,
            content=notices.token_expired(job) if closed else notices.message_gone(job),
            mentions=self._parts.notifier.mentioned(job),
        )
        address = await self._parts.outbox.post(job, part, channel, message)
        self._shown[address] = _numbers(group)
        self._said_left_out = left_out
        self._edit_first = partial(self._edit_new, channel, address, group)

    async def _edit_new(
        self, channel: MessageChannel, address: CardAddress, group: AttachmentGroup
    ) -> None:
        message, _ = self._first_message(group)
        await edit_posted(channel, address.message_id, message)

    async def _post_more(self, channel: MessageChannel, part: int, group: AttachmentGroup) -> None:
        job, embeds, of = self._job, self._parts.embeds, len(self._result.pictures)
        files = [posted.file(job) for posted in group]
        shown = embeds.continued(job, files, first=group[0].number, of=of)
        message = picture_message(embeds, job, group, shown, of=of)
        address = await self._parts.outbox.post(job, part, channel, message)
        self._shown[address] = _numbers(group)

    def _first_message(self, group: AttachmentGroup) -> tuple[OutgoingMessage, int]:
        """Return the first message, and how many pictures it says are left out."""
        job, embeds, of = self._job, self._parts.embeds, len(self._result.pictures)
        left_out = of - len(self._expected)
        shown = embeds.result(
            job,
            self._result.with_posted(self._expected),
            [posted.file(job) for posted in group],
            more=len(self._expected) - len(group),
            left_out=left_out,
        )
        message = picture_message(embeds, job, group, shown, of=of)
        kept = self._result.kept_numbers
        actions = self._result.actions
        buttons = delivered_buttons(self._parts.texts, job, pictures=kept, actions=actions)
        message = replace(message, view=buttons)
        return (self._thumbnail.add_to(message) if self._thumbnail else message), left_out

    async def _correct_first_message(self) -> None:
        """Edit the first message where it does not say how many pictures there are, and cost."""
        left_out = len(self._result.pictures) - len(self._posted)
        if self._edit_first is None or left_out == self._said_left_out:
            return
        self._expected = self._posted
        try:
            await self._edit_first()
        except Exception as error:  # noqa: BLE001 - the pictures are there all the same
            log.info("job_message.not_corrected", job=self._job.id, error=repr(error))


def _numbers(*groups: AttachmentGroup) -> frozenset[int]:
    return frozenset(posted.number for group in groups for posted in group)

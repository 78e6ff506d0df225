"""What all couriers of one bot share, and the turns of channels in which they deliver."""

from asyncio import Semaphore
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from weakref import WeakValueDictionary

import discord

from bot.core.i18n.texts import Texts
from bot.core.models import Job, Picture
from bot.discord_ui.job_embeds import JobEmbeds, preview_name
from bot.discord_ui.message_attachments import AttachmentPacker, ReferenceThumbnails
from bot.discord_ui.message_outbox import MessageOutbox
from bot.discord_ui.notifications import NoticeTexts, RequesterNotifier

# Discord takes about four reactions a second in a channel, and nobody waits for the bot's own.
MOST_REACTIONS_WAITING = 4
# Of deliveries: each has up to eleven files open.
MOST_IN_ONE_CHANNEL = 5
MOST_IN_ALL = 50


class ChannelTurns:
    """Bounds how much is under way at a time, in one channel and in all.

    Discord's rate limit slows down one busy channel: the others do not wait for it.
    """

    def __init__(self) -> None:
        self._in_all = Semaphore(MOST_IN_ALL)
        self._in_channel: WeakValueDictionary[int, Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def turn(self, channel_id: int) -> AsyncIterator[None]:
        """Wait for a turn in a channel, and keep it in this context."""
        here = self._in_channel.setdefault(channel_id, Semaphore(MOST_IN_ONE_CHANNEL))
        async with here, self._in_all:
            yield


class ReactionPlaces:
    """The few places, in each channel, for first reactions that wait for Discord."""

    def __init__(self) -> None:
        self._waiting: Counter[int] = Counter()

    @contextmanager
    def place(self, channel_id: int) -> Iterator[bool]:
        """Take a place in this context; False if there is none, because the channel is limited."""
        is_free = self._waiting[channel_id] < MOST_REACTIONS_WAITING
        self._waiting[channel_id] += is_free
        try:
            yield is_free
        finally:
            self._waiting[channel_id] -= is_free
            if not self._waiting[channel_id]:
                del self._waiting[channel_id]


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
    turns: ChannelTurns
    reactions: ReactionPlaces
    reroll_emoji: Callable[[int], str]

    async def direct_channel(self, job: Job) -> discord.DMChannel:
        """Return where the job's requester reads direct messages."""
        return await self.client.create_dm(discord.Object(job.requester.user_id))


def preview_files(embeds: JobEmbeds, job: Job, picture: Picture | None) -> list[discord.File]:
    """Return what a message shows of an unfinished picture, nothing where there is none."""
    if picture is None:
        return []
    alt_text = embeds.alt_text(job, picture, 1, 1)
    return [discord.File(picture.path, filename=preview_name(picture), description=alt_text)]

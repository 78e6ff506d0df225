"""Post the messages of jobs exactly once, also after a lost answer or a crash.

Each message is written to the database before it is sent with a nonce. Discord posts a nonce once,
for a few minutes (resources/message, enforce_nonce); after that the message is searched for in its
channel. Follow-ups of an interaction have no nonce and cannot be searched for: one whose outcome is
unknown is sent again.
"""

import base64
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import discord
import structlog
from discord.ui import View
from discord.utils import MISSING
from yarl import URL

from bot.core.models import CardAddress, Job
from bot.database.database import Database
from bot.database.transaction import Transaction
from bot.discord_ui.discord_errors import CONNECTION_ERRORS, TokenExpired
from bot.jobs.repository import outbox_messages
from bot.jobs.repository.outbox_messages import OutboxMessage
from bot.jobs.repository.repository import JobRepository

log: structlog.stdlib.BoundLogger = structlog.get_logger()

# Discord remembers a nonce "for the past few minutes".
NONCE_LIFETIME_MS = 2 * 60 * 1000
MOST_TRIES = 3
# How many messages of a channel are searched.
MOST_SEARCHED = 200
# Our clock and Discord's may differ.
CLOCK_SKEW_MS = 60 * 1000

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
# The parts of a job: its own message, its messages with pictures, and words for its requester.
JOB_MESSAGE = 0
FIRST_RESULT = 1
MOST_FILES = 10  # attachments of a message (resources/message)
NOTICE = FIRST_RESULT + MOST_FILES
ENDING = NOTICE + 1
LATE = ENDING + 1
# Added for direct messages: a nonce counts for its author, not for its channel.
DIRECT_MESSAGE = 16


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """A new message; ``mentions`` is the one person whom it may notify."""

    content: str | None = None
    embeds: Sequence[discord.Embed] = ()
    files: Callable[[], list[discord.File]] = list
    file_names: Sequence[str] = ()
    reply_to: discord.MessageReference | None = None
    mentions: int | None = None
    view: View | None = None


@dataclass(frozen=True, slots=True)
class FollowUpChannel:
    """Sends follow-ups of the interaction that a job's message answers.

    They are for what a channel does not lead to: a message that one person alone sees
    (``ephemeral``), and places where the bot is not.
    """

    client: discord.Client
    address: CardAddress
    ephemeral: bool

    @property
    def id(self) -> int:
        """Return the channel in which they show."""
        return self.address.channel_id

    async def send(
        self, message: OutgoingMessage, mentions: discord.AllowedMentions
    ) -> discord.WebhookMessage:
        """Send one; it raises TokenExpired, and what discord.py raises."""
        if self.address.token is None:
            raise TokenExpired
        return await self._webhook(self.address.token).send(
            MISSING if message.content is None else message.content,
            embeds=message.embeds,
            files=message.files(),
            view=MISSING if message.view is None else message.view,
            ephemeral=self.ephemeral,
            allowed_mentions=mentions,
            wait=True,
        )

    async def edit(self, message_id: int, message: OutgoingMessage) -> None:
        """Replace the embeds and files of one; it raises as ``send`` does."""
        if self.address.token is None:
            raise TokenExpired
        await self._webhook(self.address.token).edit_message(
            message_id, embeds=message.embeds, attachments=message.files(), view=message.view
        )

    def _webhook(self, token: str) -> discord.Webhook:
        webhook = discord.Webhook.partial(self.address.application_id, token, client=self.client)
        # discord.py takes a partial one for a channel's own, which has no ephemeral messages.
        webhook.type = discord.WebhookType.application
        return webhook


MessageChannel = discord.PartialMessageable | discord.DMChannel | FollowUpChannel


def nonce_of(job: Job, part: int) -> str:
    """Return the nonce of one part of a job: 23 characters, of the 25 that Discord takes."""
    return base64.urlsafe_b64encode(uuid.UUID(job.id).bytes).decode().rstrip("=") + _DIGITS[part]


def repost_nonce(interaction_id: int, part: int) -> str:
    """Return the nonce of a part that an interaction asked to post again."""
    return f"{interaction_id}{_DIGITS[part]}"


class MessageOutbox:
    """Writes, sends and confirms new messages."""

    def __init__(
        self,
        client: discord.Client,
        database: Database,
        repository: JobRepository,
        *,
        now: Callable[[], int],
    ) -> None:
        self._client = client
        self._database = database
        self._repository = repository
        self._now = now

    async def withdraw(self, job: Job) -> None:
        """Write that the announced message was not placed for certain."""
        await self._database.write_when_possible(self._repository.not_placed, job.id)

    async def post(
        self,
        job: Job,
        part: int,
        channel: MessageChannel,
        message: OutgoingMessage,
        *,
        nonce: str | None = None,
    ) -> CardAddress:
        """Post a part of a job, or find it where it was posted before.

        With a ``nonce`` of its own it is no message of the job's run, so any process may post it.

        It raises what discord.py raises when it was refused, or when the connection broke too
        often, and JobTakenOver.
        """
        announce = self._announce_own if nonce is None else outbox_messages.announce
        entry = OutboxMessage(nonce or nonce_of(job, part), job.id, part, channel.id, self._now())
        for _ in range(MOST_TRIES - 1):
            try:
                return await self._post(channel, message, entry, announce)
            except CONNECTION_ERRORS as error:
                log.info("outbox.connection_broke", job=job.id, part=part, error=repr(error))
        return await self._post(channel, message, entry, announce)

    async def _post(
        self,
        channel: MessageChannel,
        message: OutgoingMessage,
        entry: OutboxMessage,
        announce: Callable[[Transaction, OutboxMessage], OutboxMessage],
    ) -> CardAddress:
        written = await self._database.write_when_possible(announce, entry)
        message_id = written.message_id or await self._find(channel, message, written)
        if message_id is None:
            message_id = await _send(channel, message, entry.nonce)
        address = CardAddress(written.channel_id, message_id, application_id=0)
        await self._database.write_when_possible(self._confirm, entry, address)
        return address

    def _announce_own(self, tx: Transaction, entry: OutboxMessage) -> OutboxMessage:
        self._repository.own(tx, entry.job_id)
        return outbox_messages.announce(tx, entry)

    def _confirm(self, tx: Transaction, entry: OutboxMessage, address: CardAddress) -> None:
        outbox_messages.confirm(tx, entry.nonce, address.message_id)
        self._repository.posted(tx, entry.job_id, address)

    async def _find(
        self, channel: MessageChannel, message: OutgoingMessage, written: OutboxMessage
    ) -> int | None:
        """Search for what was announced before Discord forgot its nonce.

        If it is not there it is announced anew: from now on Discord knows the nonce again.
        """
        if isinstance(channel, FollowUpChannel) or self._now() - written.at < NONCE_LIFETIME_MS:
            return None
        try:
            found = await find_own_message(
                self._client, channel, partial(_is_same, message), since=written.at
            )
        except discord.HTTPException as forbidden:
            # Better twice than never.
            log.info("outbox.search_failed", error=repr(forbidden))
            found = None
        if found is None:
            await self._database.write_when_possible(
                outbox_messages.announce_again, written.nonce, self._now()
            )
        return found


async def edit_posted(channel: MessageChannel, message_id: int, message: OutgoingMessage) -> None:
    """Replace the embeds and files of a posted message; it raises what discord.py raises."""
    if isinstance(channel, FollowUpChannel):
        await channel.edit(message_id, message)
        return
    await channel.get_partial_message(message_id).edit(
        embeds=message.embeds, attachments=message.files(), view=message.view
    )


async def find_own_message(
    client: discord.Client,
    channel: discord.abc.Messageable,
    is_wanted: Callable[[discord.Message], bool],
    *,
    since: int,
) -> int | None:
    """Return the bot's first message of that kind; ``since`` is in milliseconds since the epoch.

    It raises what discord.py raises when the channel cannot be read.
    """
    begun = datetime.fromtimestamp((since - CLOCK_SKEW_MS) / 1000, UTC)
    after = discord.Object(max(discord.utils.time_snowflake(begun), 0))
    async for message in channel.history(limit=MOST_SEARCHED, after=after, oldest_first=True):
        if client.user is not None and message.author.id == client.user.id and is_wanted(message):
            return message.id
    return None


async def _send(channel: MessageChannel, message: OutgoingMessage, nonce: str) -> int:
    people = [discord.Object(message.mentions)] if message.mentions else []
    mentions = discord.AllowedMentions(
        everyone=False, roles=False, users=people, replied_user=False
    )
    if isinstance(channel, FollowUpChannel):
        return (await channel.send(message, mentions)).id
    send = partial(
        channel.send,
        message.content,
        embeds=message.embeds,
        files=message.files(),
        view=message.view,
        nonce=nonce,
        allowed_mentions=mentions,
    )
    reply_to = message.reply_to
    return int((await (send() if reply_to is None else send(reference=reply_to))).id)


def _is_same(outgoing: OutgoingMessage, posted: discord.Message) -> bool:
    """Return whether a posted message has the same files, or without any the same words.

    File names belong to one job; the words beside files may be those of an earlier version.
    """
    if outgoing.file_names:
        return file_names_of(posted) == set(outgoing.file_names)
    return bool(outgoing.content) and posted.content == outgoing.content


def file_names_of(message: discord.Message) -> set[str]:
    """Return the names of a message's files.

    Discord lists a file that an embed shows only there, by its address
    (discord/discord-api-docs#1340).
    """
    shown = (media.url for embed in message.embeds for media in (embed.image, embed.thumbnail))
    in_embeds = {URL(url).name for url in shown if url}
    return in_embeds | {attachment.filename for attachment in message.attachments}

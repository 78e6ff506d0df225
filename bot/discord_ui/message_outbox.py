"""Posts a new message once, whatever becomes of the answer, or of this process.

Each is announced in the journal first and sent with a nonce. Discord posts a nonce once, for a few
minutes (resources/message, enforce_nonce); after that the message is looked for in its channel.
"""

import base64
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

import aiohttp
import discord
import structlog
from discord.http import Route
from discord.ui import View
from discord.utils import MISSING
from yarl import URL

from bot.core.models import AnnouncedCard, CardAddress, Job
from bot.database.database import Database
from bot.database.transaction import Transaction
from bot.discord_ui.buttons import stop_id
from bot.jobs.repository import outbox_messages
from bot.jobs.repository.outbox_messages import OutboxMessage
from bot.jobs.repository.repository import JobRepository

log: structlog.stdlib.BoundLogger = structlog.get_logger()

T = TypeVar("T")


class TokenExpired(discord.DiscordException):
    """What only its token led to is out of reach: the token died."""


# "Request entity too large": the limit was another than we were told.
TOO_LARGE = 40005
TOO_MANY_REQUESTS = 429
# Discord's codes for a token that is too old, or unknown.
TOKEN_EXPIRED_CODES = frozenset({50027, 10015})


async def first_accepted(*ways: Callable[[], Awaitable[T]]) -> T:
    """Go one way after the other while each is surely refused.

    It raises what the last one raised; after a request in doubt, no further way is tried.
    """
    for way in ways[:-1]:
        try:
            return await way()
        except TokenExpired:
            log.info("card.token_is_gone")
        except discord.HTTPException as refused:
            # What is too large here is too large everywhere.
            if refused.code == TOO_LARGE or not is_refused(refused):
                raise
            log.info("card.refused", code=refused.code, status=refused.status)
    return await ways[-1]()


def is_refused(error: BaseException) -> bool:
    """Tell whether nothing was posted, and asking again would not help."""
    if isinstance(error, TokenExpired):
        return True
    if not isinstance(error, discord.HTTPException):
        return False
    return 400 <= error.status < 500 and error.status != TOO_MANY_REQUESTS


# How far a channel is searched for a message that was announced.
MOST_SEARCHED = 200
# discord.py asks it of an Interaction only, which is gone after a restart.
ORIGINAL_RESPONSE = "/webhooks/{webhook_id}/{webhook_token}/messages/@original"
# Our clock and Discord's may differ.
CLOCK_SKEW_MS = 60 * 1000


async def find_by_token(client: discord.Client, card: AnnouncedCard) -> int | None:
    """Return the message that answers the card's interaction.

    None where it has no answer, or where the token died. It raises what discord.py raises when
    Discord cannot say.
    """
    route = Route(
        "GET", ORIGINAL_RESPONSE, webhook_id=card.application_id, webhook_token=card.token
    )
    try:
        answer = await client.http.request(route)
    except discord.HTTPException as refused:
        if refused.code in TOKEN_EXPIRED_CODES or isinstance(refused, discord.NotFound):
            return None
        raise
    return int(answer["id"])


async def find_in_channel(client: discord.Client, card: AnnouncedCard, job: Job) -> int | None:
    """Return the message in the card's channel that has the job's button, None without one.

    It raises what discord.py raises when the channel cannot be read.
    """
    channel = client.get_partial_messageable(card.channel_id)
    wanted = stop_id(job.id)
    return await find_own_message(
        client, channel, lambda message: wanted in _buttons(message), since=job.created_at
    )


async def find_own_message(
    client: discord.Client,
    channel: discord.abc.Messageable,
    is_it: Callable[[discord.Message], bool],
    *,
    since: int,
) -> int | None:
    """Return the bot's first message of that kind; ``since`` is in milliseconds since the epoch.

    It raises what discord.py raises when the channel cannot be read.
    """
    begun = datetime.fromtimestamp((since - CLOCK_SKEW_MS) / 1000, UTC)
    after = discord.Object(max(discord.utils.time_snowflake(begun), 0))
    async for message in channel.history(limit=MOST_SEARCHED, after=after, oldest_first=True):
        if client.user is not None and message.author.id == client.user.id and is_it(message):
            return message.id
    return None


def _buttons(message: discord.Message) -> list[str | None]:
    rows = [row for row in message.components if isinstance(row, discord.ActionRow)]
    return [item.custom_id for row in rows for item in row.children]


# So many pictures, at least, fit into one message there: ten come in five, and the card is one of
# them. Discord takes five follow-ups where the bot is not (receiving-and-responding).
FOLLOW_UP_FILES = 2


@dataclass(frozen=True, slots=True)
class FollowUpChannel:
    """Follow-ups of the interaction that a card answers, to its person alone if ``ephemeral``.

    They know no nonce, and nobody can look for them: what is in doubt is sent again.
    """

    client: discord.Client
    card: CardAddress
    ephemeral: bool

    @property
    def id(self) -> int:
        """Return the channel in which they show."""
        return self.card.channel_id

    async def send(
        self,
        content: str | None,
        *,
        embeds: Sequence[discord.Embed],
        files: Sequence[discord.File],
        view: View | None,
        allowed_mentions: discord.AllowedMentions,
    ) -> discord.WebhookMessage:
        """Send one; it raises TokenIsGone, and what discord.py raises."""
        if self.card.token is None:
            raise TokenExpired
        webhook = discord.Webhook.partial(
            self.card.application_id, self.card.token, client=self.client
        )
        # discord.py takes a partial one for a channel's own, which has no ephemeral messages.
        webhook.type = discord.WebhookType.application
        return await webhook.send(
            MISSING if content is None else content,
            embeds=embeds,
            files=files,
            view=MISSING if view is None else view,
            ephemeral=self.ephemeral,
            allowed_mentions=allowed_mentions,
            wait=True,
        )


# Discord remembers a nonce "for the past few minutes".
NONCE_LIFETIME_MS = 2 * 60 * 1000
MOST_TRIES = 3

# A line that broke: nobody knows what became of the request. discord.py passes on what aiohttp
# raises, except for two errors of other systems than this one.
CONNECTION_ERRORS = (aiohttp.ClientError, OSError)
# Everything that a request to Discord can end with.
DISCORD_ERRORS = (discord.DiscordException, *CONNECTION_ERRORS)

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
# What the parts of a job are: its card, its messages with pictures, and words for its requester.
JOB_MESSAGE = 0
FIRST_RESULT = 1
MOST_FILES = 10  # attachments of a message (resources/message)
NOTICE = FIRST_RESULT + MOST_FILES
ENDING = NOTICE + 1
# Added for direct messages: a nonce counts for its author, not for its channel.
DIRECT_MESSAGE = 16

MessageChannel = discord.PartialMessageable | discord.DMChannel | FollowUpChannel


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """A new message; ``mentions`` is the one person whom it may notify."""

    content: str | None = None
    embeds: Sequence[discord.Embed] = ()
    files: Callable[[], list[discord.File]] = list
    file_names: Sequence[str] = ()
    answers: discord.MessageReference | None = None
    mentions: int | None = None
    view: View | None = None


def nonce_of(job: Job, part: int) -> str:
    """Return the nonce of one part of a job: 23 characters, of the 25 that Discord takes."""
    return base64.urlsafe_b64encode(uuid.UUID(job.id).bytes).decode().rstrip("=") + _DIGITS[part]


def repost_nonce(interaction_id: int, part: int) -> str:
    """Return the nonce of a part that somebody asked for again, once for each time."""
    return f"{interaction_id}{_DIGITS[part]}"


class MessageOutbox:
    """Announces, sends and confirms new messages."""

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

    async def post(
        self,
        job: Job,
        part: int,
        channel: MessageChannel,
        letter: OutgoingMessage,
        *,
        nonce: str | None = None,
    ) -> CardAddress:
        """Post a part of a job, or find it where it was posted before.

        It raises what discord.py raises when it was refused, or when the line broke too often.
        """
        own_nonce = nonce or nonce_of(job, part)
        entry = OutboxMessage(own_nonce, job.id, part, channel.id, self._now())
        for _ in range(MOST_TRIES - 1):
            try:
                return await self._post(channel, letter, entry)
            except CONNECTION_ERRORS as broken:
                log.info("outbox.line_broke", job=job.id, part=part, error=repr(broken))
        return await self._post(channel, letter, entry)

    async def announce(self, job: Job, card: AnnouncedCard) -> None:
        """Write where a card is about to be placed."""
        await self._database.write(self._repository.announced, job.id, card)

    async def take_back(self, job: Job) -> None:
        """Write that the announced card surely was not placed."""
        await self._database.write(self._repository.not_placed, job.id)

    async def _post(
        self, channel: MessageChannel, letter: OutgoingMessage, entry: OutboxMessage
    ) -> CardAddress:
        written = await self._database.write(outbox_messages.announce, entry)
        message_id = written.message_id or await self._find(channel, letter, written)
        if message_id is None:
            message_id = await self._send(channel, letter, entry.nonce)
        address = CardAddress(written.channel_id, message_id, application_id=0)
        await self._database.write(self._confirm, entry, address)
        return address

    def _confirm(self, tx: Transaction, entry: OutboxMessage, address: CardAddress) -> None:
        outbox_messages.confirm(tx, entry.nonce, address.message_id)
        self._repository.posted(tx, entry.job_id, address)

    async def _send(self, channel: MessageChannel, letter: OutgoingMessage, nonce: str) -> int:
        people = [discord.Object(letter.mentions)] if letter.mentions else []
        mentions = discord.AllowedMentions(
            everyone=False, roles=False, users=people, replied_user=False
        )
        if isinstance(channel, FollowUpChannel):
            sent = await channel.send(
                letter.content,
                embeds=letter.embeds,
                files=letter.files(),
                view=letter.view,
                allowed_mentions=mentions,
            )
            return sent.id
        send = partial(
            channel.send,
            letter.content,
            embeds=letter.embeds,
            files=letter.files(),
            view=letter.view,
            nonce=nonce,
            allowed_mentions=mentions,
        )
        answers = letter.answers
        return int((await (send() if answers is None else send(reference=answers))).id)

    async def _find(
        self, channel: MessageChannel, letter: OutgoingMessage, written: OutboxMessage
    ) -> int | None:
        """Look for what was announced before Discord forgot its nonce.

        If it is not there it is announced anew: from now on Discord knows the nonce again.
        """
        if isinstance(channel, FollowUpChannel) or self._now() - written.at < NONCE_LIFETIME_MS:
            return None
        found = await self._search(channel, letter, since=written.at)
        if found is None:
            await self._database.write(outbox_messages.announce_again, written.nonce, self._now())
        return found

    async def _search(
        self, channel: discord.abc.Messageable, letter: OutgoingMessage, *, since: int
    ) -> int | None:
        try:
            return await find_own_message(
                self._client, channel, lambda message: _is_same(message, letter), since=since
            )
        except discord.HTTPException as forbidden:
            # Better twice than never.
            log.info("outbox.cannot_look", error=repr(forbidden))
        return None


def _is_same(message: discord.Message, letter: OutgoingMessage) -> bool:
    """Tell whether a message says the same; the names of files belong to one job."""
    if not letter.content and not letter.file_names:
        return False
    return message.content == (letter.content or "") and _file_names(message) == set(
        letter.file_names
    )


def _file_names(message: discord.Message) -> set[str]:
    """Return the names of a message's files.

    Discord lists a file that an embed shows only there, by its address
    (discord/discord-api-docs#1340).
    """
    shown = (media.url for embed in message.embeds for media in (embed.image, embed.thumbnail))
    in_embeds = {URL(url).name for url in shown if url}
    return in_embeds | {attachment.filename for attachment in message.attachments}

"""Posts a new message once, whatever becomes of the answer, or of this process.

Each is announced in the journal first and sent with a nonce. Discord posts a nonce once, for a few
minutes (resources/message, enforce_nonce); after that the message is looked for in its channel.
"""

import base64
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import aiohttp
import discord
import structlog
from discord.ui import View
from yarl import URL

from bot.core.models import AnnouncedCard, CardAddress, Job
from bot.database.database import Database
from bot.database.transaction import Transaction
from bot.discord_ui.packing import MOST_FILES
from bot.discord_ui.seeking import search
from bot.discord_ui.whisper import FollowUps
from bot.jobs.repository import outbox_messages
from bot.jobs.repository.outbox_messages import OutboxMessage
from bot.jobs.repository.repository import JobRepository

log: structlog.stdlib.BoundLogger = structlog.get_logger()

# Discord remembers a nonce "for the past few minutes".
NONCE_LIVES_MS = 2 * 60 * 1000
TRIES = 3

# A line that broke: nobody knows what became of the request. discord.py passes on what aiohttp
# raises, except for two errors of other systems than this one.
LineBroke = (aiohttp.ClientError, OSError)
# Everything that a request to Discord can end with.
Lost = (discord.DiscordException, *LineBroke)

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
# What the parts of a job are: its card, its messages with pictures, and words for its requester.
CARD = 0
FIRST_PARCEL = 1
NOTICE = FIRST_PARCEL + MOST_FILES
ENDING = NOTICE + 1
# Added for direct messages: a nonce counts for its author, not for its channel.
DIRECT = 16

Channel = discord.PartialMessageable | discord.DMChannel | FollowUps


@dataclass(frozen=True, slots=True)
class Letter:
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


def again(interaction_id: int, part: int) -> str:
    """Return the nonce of a part that somebody asked for again, once for each time."""
    return f"{interaction_id}{_DIGITS[part]}"


class Outbox:
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
        channel: Channel,
        letter: Letter,
        *,
        nonce: str | None = None,
    ) -> CardAddress:
        """Post a part of a job, or find it where it was posted before.

        It raises what discord.py raises when it was refused, or when the line broke too often.
        """
        own_nonce = nonce or nonce_of(job, part)
        message = OutboxMessage(own_nonce, job.id, part, channel.id, self._now())
        for _ in range(TRIES - 1):
            try:
                return await self._post(channel, letter, message)
            except LineBroke as broken:
                log.info("outbox.line_broke", job=job.id, part=part, error=repr(broken))
        return await self._post(channel, letter, message)

    async def announce(self, job: Job, card: AnnouncedCard) -> None:
        """Write where a card is about to be placed."""
        await self._database.write(self._repository.announced, job.id, card)

    async def take_back(self, job: Job) -> None:
        """Write that the announced card surely was not placed."""
        await self._database.write(self._repository.not_placed, job.id)

    async def _post(self, channel: Channel, letter: Letter, message: OutboxMessage) -> CardAddress:
        written = await self._database.write(outbox_messages.announce, message)
        message_id = written.message_id or await self._find(channel, letter, written)
        if message_id is None:
            message_id = await self._send(channel, letter, message.nonce)
        address = CardAddress(written.channel_id, message_id, application_id=0)
        await self._database.write(self._confirm, message, address)
        return address

    def _confirm(self, tx: Transaction, message: OutboxMessage, address: CardAddress) -> None:
        outbox_messages.confirm(tx, message.nonce, address.message_id)
        self._repository.posted(tx, message.job_id, address)

    async def _send(self, channel: Channel, letter: Letter, nonce: str) -> int:
        people = [discord.Object(letter.mentions)] if letter.mentions else []
        mentions = discord.AllowedMentions(
            everyone=False, roles=False, users=people, replied_user=False
        )
        if isinstance(channel, FollowUps):
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

    async def _find(self, channel: Channel, letter: Letter, written: OutboxMessage) -> int | None:
        """Look for what was announced before Discord forgot its nonce.

        If it is not there it is announced anew: from now on Discord knows the nonce again.
        """
        if isinstance(channel, FollowUps) or self._now() - written.at < NONCE_LIVES_MS:
            return None
        found = await self._search(channel, letter, since=written.at)
        if found is None:
            await self._database.write(outbox_messages.announce_again, written.nonce, self._now())
        return found

    async def _search(
        self, channel: discord.abc.Messageable, letter: Letter, *, since: int
    ) -> int | None:
        try:
            return await search(
                self._client, channel, lambda message: _is(message, letter), since=since
            )
        except discord.HTTPException as forbidden:
            # Better twice than never.
            log.info("outbox.cannot_look", error=repr(forbidden))
        return None


def _is(message: discord.Message, letter: Letter) -> bool:
    """Tell whether a message says the same; the names of files belong to one job."""
    if not letter.content and not letter.file_names:
        return False
    return message.content == (letter.content or "") and _files(message) == set(letter.file_names)


def _files(message: discord.Message) -> set[str]:
    """Return the names of a message's files.

    Discord lists a file that an embed shows only there, by its address
    (discord/discord-api-docs#1340).
    """
    shown = (media.url for embed in message.embeds for media in (embed.image, embed.thumbnail))
    in_embeds = {URL(url).name for url in shown if url}
    return in_embeds | {attachment.filename for attachment in message.attachments}

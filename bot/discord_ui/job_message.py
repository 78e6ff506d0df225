"""The message in Discord that shows one job: place it, edit it, find it after a crash.

Some job messages are reached through their interaction's token only: those that one person alone
sees, and those in places where the bot is not.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import discord
import structlog
from discord.http import Route
from discord.ui import View

from bot.core.errors.jobs import CardNotSent, NotDelivered
from bot.core.models import AnnouncedCard, CardAddress, Job
from bot.discord_ui.buttons import stop_id
from bot.discord_ui.caller import CallerPlace, place_of_caller
from bot.discord_ui.discord_errors import (
    CONNECTION_ERRORS,
    DISCORD_ERRORS,
    TOKEN_EXPIRED_CODES,
    TokenExpired,
    first_successful,
    is_refused,
)
from bot.discord_ui.message_outbox import (
    JOB_MESSAGE,
    MOST_TRIES,
    FollowUpChannel,
    MessageChannel,
    MessageOutbox,
    OutgoingMessage,
    find_own_message,
)

log: structlog.stdlib.BoundLogger = structlog.get_logger()

# One minute before Discord drops the token (15 minutes, receiving-and-responding).
TOKEN_LIFETIME_MS = 14 * 60 * 1000
# discord.py asks it of an Interaction only, which is gone after a restart.
ORIGINAL_RESPONSE = "/webhooks/{webhook_id}/{webhook_token}/messages/@original"

MakeFiles = Callable[[], list[discord.File]]
AnnounceMessage = Callable[[Job], AnnouncedCard]
PlaceMessage = Callable[[AnnouncedCard, Job, discord.Embed, View], Awaitable[CardAddress]]


async def answer_interaction(
    client: discord.Client,
    outbox: MessageOutbox,
    interaction: discord.Interaction,
    card: AnnouncedCard,
    job: Job,
    embed: discord.Embed,
    view: View,
) -> CardAddress:
    """Place a job's message as the answer to an interaction.

    An answer has no nonce; whether a lost one was posted is asked with the token.
    """
    ephemeral = _is_ephemeral(interaction, job)
    try:
        response = await interaction.response.send_message(
            embed=embed, view=view, ephemeral=ephemeral
        )
        message_id = response.message_id
        if response.is_ephemeral():  # Discord may want it so (topics/permissions)
            card = replace(card, only_by_token=True)
    except DISCORD_ERRORS as error:
        log.info("job_message.answer_lost", job=job.id, error=repr(error))
        message_id = await _find_response(client, card)
    if message_id is None:
        await outbox.withdraw(job)
        raise CardNotSent
    return card.placed(message_id)


def announced_answer(interaction: discord.Interaction, job: Job) -> AnnouncedCard:
    """Return where the answer to an interaction is about to be."""
    is_elsewhere = place_of_caller(interaction) is CallerPlace.ELSEWHERE
    return AnnouncedCard(
        channel_id=interaction.channel_id or 0,
        application_id=interaction.application_id,
        token=interaction.token,
        max_file_bytes=interaction.filesize_limit,
        only_by_token=_is_ephemeral(interaction, job) or is_elsewhere,
    )


def _is_ephemeral(interaction: discord.Interaction, job: Job) -> bool:
    # In their direct messages nobody else reads, and an ephemeral answer would not stay.
    return job.private and place_of_caller(interaction) is not CallerPlace.DIRECT


async def reply_to_message(
    outbox: MessageOutbox,
    message: discord.PartialMessage,
    card: AnnouncedCard,
    job: Job,
    embed: discord.Embed,
    view: View,
) -> CardAddress:
    """Place a job's message as a reply to another message."""
    channel = message.channel
    assert isinstance(channel, discord.PartialMessageable)  # noqa: S101 - how the cog made it
    outgoing = OutgoingMessage(
        embeds=[embed], reply_to=message.to_reference(fail_if_not_exists=False), view=view
    )
    try:
        return card.placed((await outbox.post(job, JOB_MESSAGE, channel, outgoing)).message_id)
    except discord.HTTPException as refused:
        if is_refused(refused):
            await outbox.withdraw(job)
        raise


@dataclass(frozen=True, slots=True)
class MessageContent:
    """What an edit makes of a message; the files are opened for each try."""

    embeds: list[discord.Embed]
    files: MakeFiles
    view: View | None


class JobMessage:
    """A job's message, edited through its token while that is valid, then through its channel.

    ``place`` posts a new one where ``announce`` says, ``address`` is where an earlier process
    placed it.
    """

    def __init__(
        self,
        client: discord.Client,
        now: Callable[[], int],
        *,
        announce: AnnounceMessage | None = None,
        place: PlaceMessage | None = None,
        address: CardAddress | AnnouncedCard | None = None,
    ) -> None:
        self._client = client
        self._now = now
        self._announce = announce
        self._place = place
        self._address = address
        self._token_expired = False

    def announced(self, job: Job) -> AnnouncedCard | None:
        """Return where it is about to be posted; None if an earlier process was to do that."""
        return None if self._announce is None else self._announce(job)

    async def place(self, job: Job, embed: discord.Embed, view: View) -> CardAddress:
        """Post it.

        Raises:
            CardNotSent: Discord did not take it, or an earlier process was to place it.
        """
        card = self.announced(job)
        if self._place is None or card is None:
            raise CardNotSent
        self._address = address = await self._place(card, job, embed, view)
        return address

    @property
    def address(self) -> CardAddress:
        """Return where it is.

        Raises:
            NotDelivered: it was never placed, or nobody has found it yet.
        """
        if not isinstance(self._address, CardAddress):
            raise NotDelivered
        return self._address

    async def exists(self, job: Job) -> bool:
        """Search for one that was only announced; return False if Discord never took it.

        It raises what discord.py raises when Discord cannot say.
        """
        if isinstance(self._address, AnnouncedCard):
            message_id = await self._find(job, self._address)
            if message_id is None:
                return False
            self._address = self._address.placed(message_id)
        return self._address is not None

    async def _find(self, job: Job, card: AnnouncedCard) -> int | None:
        if card.token and not self._is_token_old(job):
            message_id = await _find_response(self._client, card)
            if message_id is not None:
                return message_id
        if card.only_by_token:
            return None
        return await _find_in_channel(self._client, card, job)

    def channel_beside(self, job: Job) -> MessageChannel:
        """Return where further messages go: to those who see this one, and nobody else."""
        if self.address.only_by_token:
            return FollowUpChannel(self._client, self.address, ephemeral=job.private)
        return self._client.get_partial_messageable(self.address.channel_id)

    @property
    def reference(self) -> discord.MessageReference:
        """Return what a reply to it refers to, whether or not it still exists."""
        return self._message(self.address).to_reference(fail_if_not_exists=False)

    async def edit(
        self,
        job: Job,
        embeds: list[discord.Embed],
        files: MakeFiles = list,
        *,
        view: View | None = None,
    ) -> CardAddress:
        """Replace the whole message: harmless twice, so by every way that there is.

        It raises what discord.py raised on the last way, and TokenExpired where there is none.
        """
        content = MessageContent(embeds, files, view)
        ways: list[Callable[[], Awaitable[None]]] = []
        if self._has_token(job):
            ways.append(partial(self._edit_by_token, content))
        if not self.address.only_by_token:
            ways.append(partial(self._edit_in_channel, content))
        if not ways:
            raise TokenExpired
        await first_successful(*(partial(_until_connected, job, way) for way in ways))
        return self.address

    async def edit_if_possible(self, job: Job, embed: discord.Embed, view: View) -> None:
        """Replace what a message says that may be gone, or closed to the bot."""
        try:
            await self.edit(job, [embed], view=view)
        except DISCORD_ERRORS as error:
            log.info("job_message.not_edited", job=job.id, error=repr(error))

    async def add_reactions(self, messages: Sequence[CardAddress], emoji: str) -> None:
        """Put a first reaction under messages with pictures, where that is allowed."""
        for message in messages:
            try:
                await self._message(message).add_reaction(emoji)
            except DISCORD_ERRORS as forbidden:
                log.debug("job_message.no_reaction", error=repr(forbidden))

    def _has_token(self, job: Job) -> bool:
        """Return whether to use the token; where it is the only access, to its last second."""
        address = self.address
        old = self._token_expired if address.only_by_token else self._is_token_old(job)
        return bool(address.token) and not old

    async def _edit_by_token(self, content: MessageContent) -> None:
        address = self.address
        webhook = discord.Webhook.partial(
            address.application_id, address.token or "", client=self._client
        )
        try:
            await webhook.edit_message(
                address.message_id,
                embeds=content.embeds,
                attachments=content.files(),
                view=content.view,
            )
        except discord.HTTPException as refused:
            if refused.code in TOKEN_EXPIRED_CODES:
                self._token_expired = True
                raise TokenExpired from refused
            raise

    async def _edit_in_channel(self, content: MessageContent) -> None:
        await self._message(self.address).edit(
            embeds=content.embeds, attachments=content.files(), view=content.view
        )

    def _is_token_old(self, job: Job) -> bool:
        return self._token_expired or self._now() - job.created_at >= TOKEN_LIFETIME_MS

    def _message(self, address: CardAddress) -> discord.PartialMessage:
        channel = self._client.get_partial_messageable(address.channel_id)
        return channel.get_partial_message(address.message_id)


async def _until_connected(job: Job, way: Callable[[], Awaitable[None]]) -> None:
    """Try a way of editing anew while the connection breaks, a few times."""
    for _ in range(MOST_TRIES - 1):
        try:
            return await way()
        except CONNECTION_ERRORS as error:
            log.info("job_message.connection_broke", job=job.id, error=repr(error))
    return await way()


async def _find_response(client: discord.Client, card: AnnouncedCard) -> int | None:
    """Return the message that answers the interaction; None without one, or without the token.

    It raises what discord.py raises when Discord cannot say.
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


async def _find_in_channel(client: discord.Client, card: AnnouncedCard, job: Job) -> int | None:
    """Return the message in the channel that has the job's stop button, None without one.

    It raises what discord.py raises when the channel cannot be read.
    """
    wanted = stop_id(job.id)

    def has_button(message: discord.Message) -> bool:
        rows = [row for row in message.components if isinstance(row, discord.ActionRow)]
        return wanted in [item.custom_id for row in rows for item in row.children]

    channel = client.get_partial_messageable(card.channel_id)
    return await find_own_message(client, channel, has_button, since=job.created_at)

"""One job's card in Discord: the same message, whichever way it is edited.

Some cards have one way only, their interaction's token: those that one person alone sees, and
those in places where the bot is not.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import discord
import structlog
from discord.ui import View

from bot.core.errors.jobs import CardNotPlaced, NotDelivered
from bot.core.models import AnnouncedCard, CardAddress, Job
from bot.discord_ui.caller import CallerPlace, place_of_caller
from bot.discord_ui.message_outbox import (
    CONNECTION_ERRORS,
    DISCORD_ERRORS,
    JOB_MESSAGE,
    MOST_TRIES,
    TOKEN_EXPIRED_CODES,
    FollowUpChannel,
    MessageChannel,
    MessageOutbox,
    OutgoingMessage,
    TokenExpired,
    find_by_token,
    find_in_channel,
    is_refused,
)

log: structlog.stdlib.BoundLogger = structlog.get_logger()

# One minute before Discord drops the token (15 minutes, receiving-and-responding).
TOKEN_LIFETIME_MS = 14 * 60 * 1000

MakeFiles = Callable[[], list[discord.File]]


class JobMessage:
    """A card that is edited through its token while that is young, then through its channel."""

    def __init__(
        self,
        client: discord.Client,
        now: Callable[[], int],
        address: CardAddress | AnnouncedCard | None = None,
    ) -> None:
        self._client = client
        self._now = now
        self._address = address
        self._token_died = False

    def placed(self, address: CardAddress) -> None:
        """Say where it is."""
        self._address = address

    @property
    def address(self) -> CardAddress:
        """Return where it is.

        Raises:
            NotDelivered: it was never placed, or nobody has found it yet.
        """
        if not isinstance(self._address, CardAddress):
            raise NotDelivered
        return self._address

    async def is_there(self, job: Job) -> bool:
        """Find one that was only announced; return False if Discord never took it.

        It raises what discord.py raises when Discord cannot say.
        """
        if isinstance(self._address, AnnouncedCard):
            message_id = await self._found(job, self._address)
            if message_id is None:
                return False
            self._address = self._address.placed(message_id)
        return self._address is not None

    async def _found(self, job: Job, card: AnnouncedCard) -> int | None:
        if card.token and not self._is_late(job):
            message_id = await find_by_token(self._client, card)
            if message_id is not None:
                return message_id
        if card.only_by_token:
            return None
        return await find_in_channel(self._client, card, job)

    def beside(self, job: Job) -> MessageChannel:
        """Return where further messages of its job go: to who sees the card, and nobody else."""
        if self.address.only_by_token:
            return FollowUpChannel(self._client, self.address, ephemeral=job.private)
        return self._client.get_partial_messageable(self.address.channel_id)

    @property
    def reference(self) -> discord.MessageReference:
        """Return what a reply to it refers to, whether or not it is still there."""
        return self._message(self.address).to_reference(fail_if_not_exists=False)

    def _is_late(self, job: Job) -> bool:
        """Tell whether its token edits nothing any more."""
        return self._token_died or self._now() - job.created_at >= TOKEN_LIFETIME_MS

    async def edit(
        self,
        job: Job,
        embeds: list[discord.Embed],
        files: MakeFiles = list,
        *,
        view: View | None = None,
    ) -> CardAddress:
        """State the whole message; it raises what discord.py raises."""
        for _ in range(MOST_TRIES - 1):
            try:
                return await self._edit(job, embeds, files, view)
            except CONNECTION_ERRORS as broken:
                log.info("card.line_broke", job=job.id, error=repr(broken))
        return await self._edit(job, embeds, files, view)

    async def invite_to_reroll(self, messages: Sequence[CardAddress], emoji: str) -> None:
        """Put the first arrows under messages with pictures, where that is allowed."""
        for message in messages:
            try:
                await self._message(message).add_reaction(emoji)
            except DISCORD_ERRORS as forbidden:
                log.debug("card.no_reaction", error=repr(forbidden))

    async def _edit(
        self, job: Job, embeds: list[discord.Embed], files: MakeFiles, view: View | None
    ) -> CardAddress:
        card = self.address
        if card.token and self._trusts_token(job):
            webhook = discord.Webhook.partial(card.application_id, card.token, client=self._client)
            try:
                await webhook.edit_message(
                    card.message_id, embeds=embeds, attachments=files(), view=view
                )
            except discord.HTTPException as refused:
                if refused.code not in TOKEN_EXPIRED_CODES:
                    raise
                self._token_died = True
            else:
                return card
        if card.only_by_token:
            raise TokenExpired
        await self._message(card).edit(embeds=embeds, attachments=files(), view=view)
        return card

    def _trusts_token(self, job: Job) -> bool:
        """Tell whether to try the token: to its last second where there is no other way."""
        if self.address.only_by_token:
            return not self._token_died
        return not self._is_late(job)

    def _message(self, card: CardAddress) -> discord.PartialMessage:
        channel = self._client.get_partial_messageable(card.channel_id)
        return channel.get_partial_message(card.message_id)


PlaceMessage = Callable[[Job, discord.Embed, View], Awaitable[CardAddress]]


async def answer(
    client: discord.Client,
    outbox: MessageOutbox,
    interaction: discord.Interaction,
    job: Job,
    embed: discord.Embed,
    view: View,
) -> CardAddress:
    """Answer a command: there is no nonce, but the token tells what became of it."""
    place = place_of_caller(interaction)
    # In their direct messages nobody else reads, and an ephemeral answer would not stay.
    ephemeral = job.private and place is not CallerPlace.DIRECT
    card = AnnouncedCard(
        channel_id=interaction.channel_id or 0,
        application_id=interaction.application_id,
        token=interaction.token,
        max_file_bytes=interaction.filesize_limit,
        only_by_token=ephemeral or place is CallerPlace.ELSEWHERE,
    )
    await outbox.announce(job, card)
    try:
        answered = await interaction.response.send_message(
            embed=embed, view=view, ephemeral=ephemeral
        )
        message_id = answered.message_id
        if answered.is_ephemeral():  # Discord may want it so (topics/permissions)
            card = replace(card, only_by_token=True)
    except DISCORD_ERRORS as lost:
        log.info("card.answer_lost", job=job.id, error=repr(lost))
        message_id = await find_by_token(client, card)
    if message_id is None:
        await outbox.take_back(job)
        raise CardNotPlaced
    return card.placed(message_id)


async def reply(
    outbox: MessageOutbox,
    message: discord.PartialMessage,
    max_file_bytes: int,
    job: Job,
    embed: discord.Embed,
    view: View,
) -> CardAddress:
    """Answer a message with a new one."""
    channel = message.channel
    assert isinstance(channel, discord.PartialMessageable)  # noqa: S101 - how the door made it
    letter = OutgoingMessage(
        embeds=[embed], answers=message.to_reference(fail_if_not_exists=False), view=view
    )
    card = AnnouncedCard(channel.id, max_file_bytes=max_file_bytes)
    await outbox.announce(job, card)
    try:
        return card.placed((await outbox.post(job, JOB_MESSAGE, channel, letter)).message_id)
    except discord.HTTPException as refused:
        if is_refused(refused):
            await outbox.take_back(job)
        raise


async def refuse(job: Job, embed: discord.Embed, view: View) -> CardAddress:  # noqa: ARG001
    """Place nothing: an earlier process has placed the card, or nobody did."""
    raise CardNotPlaced

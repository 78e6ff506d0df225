"""One job's card in Discord: the same message, whichever way it is edited.

Some cards have one way only, their interaction's token: those that one person alone sees, and
those in places where the bot is not.
"""

from collections.abc import Callable, Sequence

import discord
import structlog
from discord.ui import View

from bot.core.errors.jobs import NotDelivered
from bot.core.models import AnnouncedCard, CardAddress, Job
from bot.discord_ui.message_outbox import TRIES, Channel, LineBroke, Lost
from bot.discord_ui.seeking import by_token, in_channel
from bot.discord_ui.ways import TOKEN_IS_DEAD, TokenIsGone
from bot.discord_ui.whisper import FollowUps

log: structlog.stdlib.BoundLogger = structlog.get_logger()

# One minute before Discord drops the token (15 minutes, receiving-and-responding).
TOKEN_IS_FRESH_MS = 14 * 60 * 1000

Files = Callable[[], list[discord.File]]


class Card:
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
            message_id = await by_token(self._client, card)
            if message_id is not None:
                return message_id
        if card.only_by_token:
            return None
        return await in_channel(self._client, card, job)

    def beside(self, job: Job) -> Channel:
        """Return where further messages of its job go: to who sees the card, and nobody else."""
        if self.address.only_by_token:
            return FollowUps(self._client, self.address, ephemeral=job.private)
        return self._client.get_partial_messageable(self.address.channel_id)

    @property
    def reference(self) -> discord.MessageReference:
        """Return what a reply to it refers to, whether or not it is still there."""
        return self._message(self.address).to_reference(fail_if_not_exists=False)

    def _is_late(self, job: Job) -> bool:
        """Tell whether its token edits nothing any more."""
        return self._token_died or self._now() - job.created_at >= TOKEN_IS_FRESH_MS

    async def edit(
        self,
        job: Job,
        embeds: list[discord.Embed],
        files: Files = list,
        *,
        view: View | None = None,
    ) -> CardAddress:
        """State the whole message; it raises what discord.py raises."""
        for _ in range(TRIES - 1):
            try:
                return await self._edit(job, embeds, files, view)
            except LineBroke as broken:
                log.info("card.line_broke", job=job.id, error=repr(broken))
        return await self._edit(job, embeds, files, view)

    async def invite_to_reroll(self, messages: Sequence[CardAddress], emoji: str) -> None:
        """Put the first arrows under messages with pictures, where that is allowed."""
        for message in messages:
            try:
                await self._message(message).add_reaction(emoji)
            except Lost as forbidden:
                log.debug("card.no_reaction", error=repr(forbidden))

    async def _edit(
        self, job: Job, embeds: list[discord.Embed], files: Files, view: View | None
    ) -> CardAddress:
        card = self.address
        if card.token and self._trusts_token(job):
            webhook = discord.Webhook.partial(card.application_id, card.token, client=self._client)
            try:
                await webhook.edit_message(
                    card.message_id, embeds=embeds, attachments=files(), view=view
                )
            except discord.HTTPException as refused:
                if refused.code not in TOKEN_IS_DEAD:
                    raise
                self._token_died = True
            else:
                return card
        if card.only_by_token:
            raise TokenIsGone
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

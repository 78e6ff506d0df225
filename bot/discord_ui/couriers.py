"""Make the couriers of one bot: of commands, of replies, and of messages from before a restart."""

from collections.abc import Callable
from functools import partial

import discord

from bot.core.clock import Clock
from bot.core.i18n.texts import Texts
from bot.core.models import AnnouncedCard, CardAddress, Job
from bot.discord_ui.courier import DiscordCourier
from bot.discord_ui.courier_parts import ChannelTurns, CourierParts, ReactionPlaces
from bot.discord_ui.job_embeds import JobEmbeds
from bot.discord_ui.job_message import (
    JobMessage,
    announced_answer,
    answer_interaction,
    reply_to_message,
)
from bot.discord_ui.message_attachments import AttachmentPacker, ReferenceThumbnails
from bot.discord_ui.message_outbox import MessageOutbox
from bot.discord_ui.notifications import NoticeTexts, RequesterNotifier
from bot.discord_ui.reposts import Reposter
from bot.discord_ui.spoilers import SpoilerMarker
from bot.images.content_store import ContentStore
from bot.jobs.courier import Courier


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
        thumbnails = ReferenceThumbnails(texts, content_store)
        self._now = clock.now
        self._parts = CourierParts(
            client,
            texts,
            embeds,
            outbox,
            packer,
            thumbnails,
            NoticeTexts(texts),
            RequesterNotifier(outbox, now=clock.now, may_mention=may_mention),
            ChannelTurns(),
            ReactionPlaces(),
            reroll_emoji,
        )
        self.reposter = Reposter(client, texts, embeds, outbox, packer)
        self.spoiler_marker = SpoilerMarker(client, embeds, thumbnails)

    def answering(self, interaction: discord.Interaction) -> Courier:
        """Return the courier of a command that has no response yet."""
        parts = self._parts
        announce = partial(announced_answer, interaction)
        place = partial(answer_interaction, parts.client, parts.outbox, interaction)
        message = JobMessage(parts.client, self._now, announce=announce, place=place)
        return DiscordCourier(parts, message)

    def replying(self, message: discord.PartialMessage, max_file_bytes: int) -> Courier:
        """Return the courier that replies to a message with a new one."""
        parts = self._parts
        card = AnnouncedCard(message.channel.id, max_file_bytes=max_file_bytes)
        place = partial(reply_to_message, parts.outbox, message)
        reply = JobMessage(parts.client, self._now, announce=lambda _: card, place=place)
        return DiscordCourier(parts, reply)

    def reopen(self, _job: Job, address: CardAddress | AnnouncedCard) -> Courier:
        """Return the courier of a message that an earlier process placed, or announced."""
        message = JobMessage(self._parts.client, self._now, address=address)
        return DiscordCourier(self._parts, message)

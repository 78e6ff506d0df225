"""Post the pictures of a finished job again, from the history."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import partial
from pathlib import Path

import discord
import structlog

from bot.core.errors.base import Refusal
from bot.core.errors.jobs import NotPosted
from bot.core.i18n.texts import Texts
from bot.core.models import Job, Picture
from bot.discord_ui.buttons import picture_buttons
from bot.discord_ui.caller import CallerPlace, place_of_caller
from bot.discord_ui.discord_errors import DISCORD_ERRORS, first_accepted
from bot.discord_ui.job_embeds import JobEmbeds
from bot.discord_ui.message_attachments import FOLLOW_UP_FILES, AttachmentPacker, picture_message
from bot.discord_ui.message_outbox import (
    FIRST_RESULT,
    MessageOutbox,
    OutgoingMessage,
    repost_nonce,
)
from bot.images.conversion import max_bytes_each

log: structlog.stdlib.BoundLogger = structlog.get_logger()


@dataclass(eq=False, kw_only=True)
class SomeNotPosted(Refusal):
    """Pictures of the history that cannot be made small enough for this channel."""

    count: int
    message_id = "error-some-not-posted"


class RepostAudience(Enum):
    """Who sees what was posted again."""

    EVERYBODY = auto()
    ONE_PERSON = auto()


class Reposter:
    """Posts in the channel; what is private, or where the bot may not write, to one person."""

    def __init__(
        self,
        client: discord.Client,
        texts: Texts,
        embeds: JobEmbeds,
        outbox: MessageOutbox,
        packer: AttachmentPacker,
    ) -> None:
        self._client = client
        self._texts = texts
        self._embeds = embeds
        self._outbox = outbox
        self._packer = packer

    async def post(
        self,
        interaction: discord.Interaction,
        job: Job,
        pictures: Sequence[Picture],
        folder: Path,
    ) -> RepostAudience:
        """Post a job's pictures again, where the interaction is; ``folder`` is for copies.

        The interaction must have had its response before.

        Raises:
            NotPosted: the bot cannot post here, not even to the person alone.
            SomeNotPosted: all but some were posted, which cannot be fitted to this channel.
        """
        place = place_of_caller(interaction)
        files = FOLLOW_UP_FILES if place is CallerPlace.ELSEWHERE else 1
        most = max_bytes_each(interaction.filesize_limit, files)
        # In their direct messages nobody else reads, and an ephemeral answer would not stay.
        alone = place is CallerPlace.ELSEWHERE or (job.private and place is not CallerPlace.DIRECT)
        audience = RepostAudience.ONE_PERSON if alone else RepostAudience.EVERYBODY
        try:
            groups = await self._packer.pack(pictures, max_file_bytes=most, folder=folder)
            for index, group in enumerate(groups):
                embeds = self._embeds.reposted(job, [posted.file(job) for posted in group])
                message = picture_message(self._embeds, job, group, embeds, of=len(pictures))
                if index == 0:
                    message = replace(message, view=picture_buttons(self._texts, job))
                to_all = partial(self._post_in_channel, interaction, job, index, message)
                to_one = partial(_post_to_one, interaction, message)
                # Once the channel refused, the rest stays together.
                everybody = audience is RepostAudience.EVERYBODY
                audience = await first_accepted(*((to_all, to_one) if everybody else (to_one,)))
        except DISCORD_ERRORS as error:
            log.info("history.not_posted", job=job.id, error=repr(error))
            raise NotPosted from error
        if missing := len(pictures) - sum(map(len, groups)):
            raise SomeNotPosted(count=missing)
        return audience

    async def _post_in_channel(
        self, interaction: discord.Interaction, job: Job, index: int, message: OutgoingMessage
    ) -> RepostAudience:
        channel = self._client.get_partial_messageable(interaction.channel_id or 0)
        nonce = repost_nonce(interaction.id, index)
        await self._outbox.post(job, FIRST_RESULT + index, channel, message, nonce=nonce)
        return RepostAudience.EVERYBODY


async def _post_to_one(
    interaction: discord.Interaction, message: OutgoingMessage
) -> RepostAudience:
    """Send a follow-up, which needs no permission and takes no nonce."""
    view = message.view or discord.utils.MISSING
    await interaction.followup.send(
        embeds=message.embeds, files=message.files(), view=view, ephemeral=True
    )
    return RepostAudience.ONE_PERSON

"""Post the pictures of a finished job again: all from the history, or one by itself."""

from collections.abc import Mapping, Sequence
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
from bot.core.task_actions import OfferedAction
from bot.discord_ui.buttons import buttons_of_one, delivered_buttons
from bot.discord_ui.caller import CallerPlace, place_of_caller
from bot.discord_ui.discord_errors import DISCORD_ERRORS, first_accepted
from bot.discord_ui.job_embeds import JobEmbeds
from bot.discord_ui.message_attachments import (
    FOLLOW_UP_FILES,
    AttachmentGroup,
    AttachmentPacker,
    picture_message,
)
from bot.discord_ui.message_outbox import (
    FIRST_RESULT,
    MessageOutbox,
    OutgoingMessage,
    repost_nonce,
)
from bot.discord_ui.single_picture_embeds import SinglePictureEmbeds
from bot.images.conversion import max_bytes_each
from bot.jobs.picture_retention import KeptPictures

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
        self._single = SinglePictureEmbeds(texts)
        self._outbox = outbox
        self._packer = packer

    async def post(
        self,
        interaction: discord.Interaction,
        job: Job,
        pictures: Mapping[int, Picture],
        folder: Path,
        *,
        actions: Sequence[OfferedAction] = (),
    ) -> RepostAudience:
        """Post a job's pictures again, where the interaction is; ``folder`` is for copies.

        ``pictures`` have their numbers in the job, ``actions`` are those of its task. The
        interaction must have had its response before.

        Raises:
            NotPosted: the bot cannot post here, not even to the person alone.
            SomeNotPosted: all but some were posted, which cannot be fitted to this channel.
        """
        audience = _audience(interaction, job)
        try:
            groups = await self._groups(interaction, pictures, folder)
            for index, group in enumerate(groups):
                embeds = self._embeds.reposted(job, [posted.file(job) for posted in group])
                message = picture_message(self._embeds, job, group, embeds, of=max(pictures))
                if index == 0:
                    numbers = list(pictures)
                    view = delivered_buttons(self._texts, job, pictures=numbers, actions=actions)
                    message = replace(message, view=view)
                nonce = repost_nonce(interaction.id, index)
                repost = _Repost(job, FIRST_RESULT + index, message, nonce)
                # Once the channel refused, the rest stays together.
                audience = await self._send(interaction, repost, audience)
        except DISCORD_ERRORS as error:
            log.info("history.not_posted", job=job.id, error=repr(error))
            raise NotPosted from error
        if missing := len(pictures) - sum(map(len, groups)):
            raise SomeNotPosted(count=missing)
        return audience

    async def post_one(
        self,
        interaction: discord.Interaction,
        job: Job,
        kept: KeptPictures,
        number: int,
        folder: Path,
    ) -> RepostAudience:
        """Post one of a job's pictures by itself, once for each message with the button.

        ``folder`` is for a copy. The interaction must have had its response before.

        Raises:
            NotPosted: as ``post``.
        """
        # The message with the button stays: a second press finds what the first one sent.
        pressed = interaction.message or interaction
        try:
            picture = {number: kept.by_number[number]}
            (group,) = await self._groups(interaction, picture, folder)
            is_own = interaction.user.id == job.requester.user_id
            posted_by = None if is_own else interaction.user.display_name
            message = self._message_of_one(job, group, of=kept.of, posted_by=posted_by)
            repost = _Repost(job, FIRST_RESULT, message, repost_nonce(pressed.id, number))
            return await self._send(interaction, repost, _audience(interaction, job))
        except DISCORD_ERRORS as error:
            log.info("picture.not_posted", job=job.id, error=repr(error))
            raise NotPosted from error

    def _message_of_one(
        self, job: Job, group: AttachmentGroup, *, of: int, posted_by: str | None
    ) -> OutgoingMessage:
        (posted,) = group
        embed = self._single.alone(
            job, posted.file(job), number=posted.number, of=of, posted_by=posted_by
        )
        buttons = buttons_of_one(self._texts, job.id, posted.number, job.locale)
        return replace(picture_message(self._embeds, job, group, [embed], of=of), view=buttons)

    async def _groups(
        self, interaction: discord.Interaction, pictures: Mapping[int, Picture], folder: Path
    ) -> list[AttachmentGroup]:
        is_elsewhere = place_of_caller(interaction) is CallerPlace.ELSEWHERE
        most = max_bytes_each(interaction.filesize_limit, FOLLOW_UP_FILES if is_elsewhere else 1)
        return await self._packer.pack(
            list(pictures.values()), max_file_bytes=most, folder=folder, numbers=list(pictures)
        )

    async def _send(
        self, interaction: discord.Interaction, repost: "_Repost", audience: RepostAudience
    ) -> RepostAudience:
        to_all = partial(self._post_in_channel, interaction, repost)
        to_one = partial(_post_to_one, interaction, repost.message)
        everybody = audience is RepostAudience.EVERYBODY
        return await first_accepted(*((to_all, to_one) if everybody else (to_one,)))

    async def _post_in_channel(
        self, interaction: discord.Interaction, repost: "_Repost"
    ) -> RepostAudience:
        channel = self._client.get_partial_messageable(interaction.channel_id or 0)
        await self._outbox.post(
            repost.job, repost.part, channel, repost.message, nonce=repost.nonce
        )
        return RepostAudience.EVERYBODY


@dataclass(frozen=True, slots=True)
class _Repost:
    """One message of a job that is posted again, as the outbox knows it."""

    job: Job
    part: int
    message: OutgoingMessage
    nonce: str


def _audience(interaction: discord.Interaction, job: Job) -> RepostAudience:
    """Return who sees what is posted again where the interaction is."""
    place = place_of_caller(interaction)
    # In their direct messages nobody else reads, and an ephemeral answer would not stay.
    alone = place is CallerPlace.ELSEWHERE or (job.private and place is not CallerPlace.DIRECT)
    return RepostAudience.ONE_PERSON if alone else RepostAudience.EVERYBODY


async def _post_to_one(
    interaction: discord.Interaction, message: OutgoingMessage
) -> RepostAudience:
    """Send a follow-up, which needs no permission and takes no nonce."""
    view = message.view or discord.utils.MISSING
    await interaction.followup.send(
        embeds=message.embeds, files=message.files(), view=view, ephemeral=True
    )
    return RepostAudience.ONE_PERSON

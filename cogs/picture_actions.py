"""Act on one of several pictures: choose it under a result, then vary it or post it by itself."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog
from discord import Interaction
from discord.ext import commands

from bot.core.errors.jobs import CostChanged, PrivateNotPosted
from bot.discord_ui.caller import CallerContext
from bot.discord_ui.job_embeds import (
    JobEmbeds,
    hide_declined_prompt,
    hide_declined_prompt_from_others,
)
from bot.discord_ui.message_attachments import (
    AttachmentGroup,
    AttachmentPacker,
    picture_message,
)
from bot.discord_ui.picture_controls import (
    ChosenPicture,
    PictureButton,
    PictureSelect,
)
from bot.discord_ui.reposts import RepostAudience
from bot.discord_ui.single_picture_embeds import SinglePictureEmbeds
from bot.images.conversion import max_bytes_each
from bot.jobs.picture_retention import KeptPictures
from bot.jobs.repository.rows import WrittenJob
from bot.preferences.access_rules import check_controls
from cogs.dependencies import Dependencies
from cogs.picture_offers import OffersForPictures
from cogs.posting_rules import check_may_post
from cogs.remedies import TypedRequest

log: structlog.stdlib.BoundLogger = structlog.get_logger()

POST_MESSAGES = {
    RepostAudience.EVERYBODY: "picture-posted",
    RepostAudience.ONE_PERSON: "history-posted-to-you",
}


class PictureActionsCog(commands.Cog):
    """The select under several pictures, and what is done with a chosen one at once.

    The form that *Use* opens is in ``edit_form``.
    """

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps
        self._offers = OffersForPictures(deps)
        self._cards = JobEmbeds(deps.client.texts)
        self._embeds = SinglePictureEmbeds(deps.client.texts)
        self._packer = AttachmentPacker()

    async def cog_load(self) -> None:
        """Handle also the selects and buttons that an earlier process sent."""
        self._deps.client.add_dynamic_items(PictureSelect, PictureButton)

    # --- choosing -----------------------------------------------------------------------------

    @commands.Cog.listener()
    async def on_picture_chosen(self, interaction: Interaction, chosen: ChosenPicture) -> None:
        """Show the picture to whoever chose it, with what they can do with it."""
        show = partial(self._show, chosen)
        await self._deps.button_guard.run(interaction, chosen.job_id, show)

    async def _show(
        self,
        chosen: ChosenPicture,
        interaction: Interaction,
        written: WrittenJob,
        caller: CallerContext,
    ) -> None:
        settings = self._deps.preference_store.server(caller.requester.server_id)
        check_controls(settings, caller.requester, written.job)
        if await self._deps.button_guard.is_repeated(interaction, "picture", chosen):
            return
        kept = await self._offers.kept(chosen)
        # The picture may take longer to send than the three seconds that Discord allows.
        await interaction.response.defer(ephemeral=True, thinking=True)
        offers = self._offers.offers(written, kept, chosen.number, caller)
        buttons = await self._offers.buttons(chosen, written, caller)
        reader_id = caller.requester.user_id
        job = hide_declined_prompt_from_others(written.job, written.error, reader_id=reader_id)
        job = replace(job, locale=caller.locale)
        with TemporaryDirectory(prefix="easel-") as folder:
            group = await self._fitted(interaction, kept, chosen.number, Path(folder))
            embed = self._embeds.chosen(
                # An embed cannot hide a spoiler: the file stands beside it.
                group[0].file(job) if group and not job.spoiler else None,
                caller.locale,
                number=chosen.number,
                of=kept.of,
                offers=offers,
            )
            message = picture_message(self._cards, job, group, [embed], of=kept.of)
            await interaction.followup.send(
                embeds=message.embeds,
                files=message.files(),
                view=buttons,
                ephemeral=True,
            )

    async def _fitted(
        self, interaction: Interaction, kept: KeptPictures, number: int, folder: Path
    ) -> AttachmentGroup:
        """Return the picture as it fits into the answer, nothing if it does not."""
        most = max_bytes_each(interaction.filesize_limit, 1)
        picture = kept.by_number[number]
        try:
            (group,) = await self._packer.pack(
                [picture], max_file_bytes=most, folder=folder, numbers=[number]
            )
        except Exception as error:  # noqa: BLE001 - the buttons work without it
            log.info("picture.not_shown", file=picture.path.name, error=repr(error))
            return ()
        return group

    # --- one more like it ---------------------------------------------------------------------

    @commands.Cog.listener()
    async def on_picture_vary_pressed(
        self, interaction: Interaction, chosen: ChosenPicture, credits: int
    ) -> None:
        """Paint one more picture like the chosen one, for the credits that the button showed."""
        vary = partial(self._vary, chosen, credits)
        await self._deps.button_guard.run_request(interaction, chosen.job_id, vary)

    async def _vary(
        self,
        chosen: ChosenPicture,
        shown_credits: int,
        interaction: Interaction,
        written: WrittenJob,
        caller: CallerContext,
    ) -> None:
        self._deps.job_lookup.check_repeatable(written, by=interaction.user.id)
        await self._deps.job_lookup.check_still_posted(
            written, by=interaction.user.id, channel_id=interaction.channel_id
        )
        reference = await self._offers.reference(chosen)
        offer = self._offers.of_reference(written, caller)
        if offer is not None and offer.credits != shown_credits:
            buttons = await self._offers.buttons(chosen, written, caller)
            await interaction.response.edit_message(view=buttons)
            raise CostChanged(credits=offer.credits)
        if await self._deps.button_guard.is_repeated(interaction, "vary", chosen):
            return
        # Where no model accepts it any more, the request is refused with the reason.
        model = offer.model if offer is not None else written.job.request.model
        request = TypedRequest(
            options=self._offers.options(written, model),
            references=(reference,),
            parent=chosen.job_id,
        )
        await self._deps.refused_requests.submit(interaction, request)

    # --- by itself ----------------------------------------------------------------------------

    @commands.Cog.listener()
    async def on_picture_post_pressed(
        self, interaction: Interaction, chosen: ChosenPicture
    ) -> None:
        """Post the picture in the channel, in a message of its own."""
        post = partial(self._post, chosen)
        await self._deps.button_guard.run_request(interaction, chosen.job_id, post)

    async def _post(
        self,
        chosen: ChosenPicture,
        interaction: Interaction,
        written: WrittenJob,
        caller: CallerContext,
    ) -> None:
        if written.job.private:
            raise PrivateNotPosted
        await check_may_post(self._deps, caller, written.job.request.model)
        await self._deps.job_lookup.check_still_posted(
            written, by=interaction.user.id, channel_id=interaction.channel_id
        )
        kept = await self._offers.kept(chosen)
        if await self._deps.button_guard.is_repeated(interaction, "post", chosen):
            return
        await interaction.response.defer(ephemeral=True, thinking=True)
        job = hide_declined_prompt(written.job, written.error)
        with TemporaryDirectory(prefix="easel-") as folder:
            seen = await self._deps.couriers.reposter.post_one(
                interaction, job, kept, chosen.number, Path(folder)
            )
        done = self._deps.client.texts.say(POST_MESSAGES[seen], caller.locale)
        await interaction.followup.send(done, ephemeral=True)

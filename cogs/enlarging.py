"""Enlarge one picture of a result: by a gateway that can, else by resampling it, which is free."""

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import discord
from discord import Interaction
from discord.ext import commands

from bot.core.errors.jobs import CostChanged, EnlargingGone
from bot.core.models import Job, Picture
from bot.discord_ui.caller import CallerContext
from bot.discord_ui.job_embeds import JobEmbeds, hide_declined_prompt_from_others
from bot.discord_ui.picture_controls import ChosenPicture, ModelOffer
from bot.discord_ui.picture_names import resampled_name
from bot.discord_ui.uploads import SPOILER_PREFIX
from bot.images.conversion import max_bytes_each
from bot.images.enlargement import Enlarger
from bot.jobs.picture_retention import KeptPictures
from bot.jobs.repository.rows import WrittenJob
from bot.preferences.access_rules import check_controls
from cogs.dependencies import Dependencies
from cogs.picture_offers import OffersForPictures


class EnlargingCog(commands.Cog):
    """Requests enlargements, and sends resampled pictures to whoever wants one."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps
        self._offers = OffersForPictures(deps)
        self._cards = JobEmbeds(deps.client.texts)
        self._enlarger = Enlarger()

    # --- by a gateway -------------------------------------------------------------------------

    @commands.Cog.listener()
    async def on_picture_enlarge_pressed(
        self, interaction: Interaction, chosen: ChosenPicture, credits: int
    ) -> None:
        """Request the enlargement, for the credits that the button showed."""
        enlarge = partial(self._enlarge, chosen, credits)
        await self._deps.button_guard.run_request(interaction, chosen.job_id, enlarge)

    async def _enlarge(
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
        picture = await self._offers.reference(chosen)
        offer = await self._confirmed(chosen, shown_credits, interaction, written, caller)
        if await self._deps.button_guard.is_repeated(interaction, "enlarge", chosen):
            return
        courier = self._deps.couriers.answering(interaction)
        await self._deps.request_builder.enlarge(picture, offer.model, written.job, caller, courier)

    async def _confirmed(
        self,
        chosen: ChosenPicture,
        shown_credits: int,
        interaction: Interaction,
        written: WrittenJob,
        caller: CallerContext,
    ) -> ModelOffer:
        """Return the offer that the button showed; else show what is offered now.

        Raises:
            CostChanged, EnlargingGone
        """
        offer = self._offers.of_enlarging(written, caller)
        if offer is not None and offer.credits == shown_credits:
            return offer
        buttons = await self._offers.buttons(chosen, written, caller)
        await interaction.response.edit_message(view=buttons)
        if offer is None:
            raise EnlargingGone
        raise CostChanged(credits=offer.credits)

    # --- by resampling ------------------------------------------------------------------------

    @commands.Cog.listener()
    async def on_picture_resample_pressed(
        self, interaction: Interaction, chosen: ChosenPicture
    ) -> None:
        """Send the picture with twice its sides; nothing is kept, and it costs nothing."""
        resample = partial(self._resample, chosen)
        await self._deps.button_guard.run(interaction, chosen.job_id, resample)

    async def _resample(
        self,
        chosen: ChosenPicture,
        interaction: Interaction,
        written: WrittenJob,
        caller: CallerContext,
    ) -> None:
        settings = self._deps.preference_store.server(caller.requester.server_id)
        check_controls(settings, caller.requester, written.job)
        services, reader_id = self._deps.services, caller.requester.user_id
        await services.database.read(
            services.ledger.check_blocked, caller.requester.server_id, reader_id
        )
        self._deps.job_lookup.check_not_removed(written)
        await self._deps.job_lookup.check_still_posted(
            written, by=interaction.user.id, channel_id=interaction.channel_id
        )
        kept = await self._offers.kept(chosen)
        if await self._deps.button_guard.is_repeated(interaction, "resample", chosen):
            return
        await interaction.response.defer(ephemeral=True, thinking=True)
        job = hide_declined_prompt_from_others(written.job, written.error, reader_id=reader_id)
        with TemporaryDirectory(prefix="easel-") as folder:
            larger = await self._enlarger.enlarge(
                kept.by_number[chosen.number],
                user_id=reader_id,
                max_bytes=max_bytes_each(interaction.filesize_limit, 1),
                folder=Path(folder),
            )
            said = self._deps.client.texts.say(
                "picture-resampled",
                caller.locale,
                number=str(chosen.number),
                width=str(larger.width),
                height=str(larger.height),
            )
            file = self._file(job, larger, chosen, kept)
            await interaction.followup.send(said, file=file, ephemeral=True)

    def _file(
        self, job: Job, larger: Picture, chosen: ChosenPicture, kept: KeptPictures
    ) -> discord.File:
        name = resampled_name(job.id, chosen.number, larger.format)
        words = self._cards.alt_text(job, larger, chosen.number, kept.of)
        prefix = SPOILER_PREFIX if job.spoiler else ""
        return discord.File(larger.path, filename=f"{prefix}{name}", description=words)

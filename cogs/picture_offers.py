"""What somebody can do with one picture of a result, and what each costs them now."""

from dataclasses import replace

from discord.ui import View

from bot.core.errors.jobs import PictureNotKept
from bot.core.models import ImageOptions, Reference
from bot.discord_ui.action_buttons import add_action_buttons
from bot.discord_ui.caller import CallerContext
from bot.discord_ui.picture_controls import (
    ChosenPicture,
    ModelOffer,
    PictureOffers,
    picture_buttons,
)
from bot.discord_ui.picture_names import posted_reference
from bot.images.enlargement import may_enlarge
from bot.jobs.picture_retention import KeptPictures
from bot.jobs.repository.rows import WrittenJob
from cogs.dependencies import Dependencies
from cogs.derived_requests import KEPT_WITH_REFERENCE, DerivedRequests


class OffersForPictures:
    """Finds the kept pictures of results, and what can be done with them."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps
        self._derived = DerivedRequests(deps)

    async def kept(self, chosen: ChosenPicture) -> KeptPictures:
        """Return what is kept of a job; raise PictureNotKept if the chosen picture is not."""
        kept = await self._deps.services.retention.kept_pictures(chosen.job_id)
        if chosen.number not in kept.by_number:
            raise PictureNotKept(number=str(chosen.number))
        return kept

    async def reference(self, chosen: ChosenPicture) -> Reference:
        """Return the chosen picture for another request; raise PictureNotKept."""
        kept = await self._deps.services.retention.kept_references(chosen.job_id)
        if chosen.number not in kept:
            raise PictureNotKept(number=str(chosen.number))
        return posted_reference(chosen.job_id, chosen.number, kept[chosen.number])

    def offers(
        self, written: WrittenJob, kept: KeptPictures, number: int, caller: CallerContext
    ) -> PictureOffers:
        """Return what can be done with a picture here, by this person."""
        return PictureOffers(
            reference=self.of_reference(written, caller),
            enlarging=self.of_enlarging(written, caller),
            may_resample=may_enlarge(kept.by_number[number]),
            # What is alone already needs no message of its own.
            may_post=not written.job.private and kept.of > 1,
        )

    async def buttons(
        self, chosen: ChosenPicture, written: WrittenJob, caller: CallerContext
    ) -> View:
        """Return the buttons of a picture, and of its task where the result has several.

        Raises:
            PictureNotKept
        """
        texts, job = self._deps.client.texts, replace(written.job, locale=caller.locale)
        offers = self.offers(written, await self.kept(chosen), chosen.number, caller)
        view = picture_buttons(texts, chosen, caller.locale, offers)
        actions = await self._deps.services.actions.offered_for(
            job, chosen.number, server_id=caller.requester.server_id
        )
        add_action_buttons(view, texts, job, actions, row=1)
        return view

    def of_reference(self, written: WrittenJob, caller: CallerContext) -> ModelOffer | None:
        """Return what a picture like a chosen one costs; None if no model here makes one."""
        painted_by = written.job.request.model
        model = self._derived.reference_model(painted_by, caller)
        if model is None:
            return None
        credits_ = self._derived.credits(self.options(written, model), caller)
        return ModelOffer(model, credits_, is_other=model != painted_by)

    def of_enlarging(self, written: WrittenJob, caller: CallerContext) -> ModelOffer | None:
        """Return what enlarging a picture costs; None if no gateway does that here."""
        request = written.job.request
        model = self._derived.enlarging_model(request, caller)
        if model is None:
            return None
        credits_ = self._deps.services.pricing.credits_each(caller.requester.server_id, model, None)
        return ModelOffer(model, credits_, is_other=model != request.model)

    def options(self, written: WrittenJob, model: str) -> ImageOptions:
        """Return the options of a picture like a chosen one."""
        return self._derived.options(written.job.request, model, KEPT_WITH_REFERENCE, n=1)

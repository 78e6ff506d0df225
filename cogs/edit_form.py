"""The form that edits a result, or starts from the pictures of any message."""

import re
from collections.abc import Sequence
from functools import partial
from typing import cast

import discord
from discord import Interaction, app_commands
from discord.ext import commands

from bot.core.errors.jobs import NotKept, PictureNotKept
from bot.core.models import ImageOptions, ImageRequest, Job, OptionName, Reference
from bot.discord_ui.caller import CallerContext, caller_of
from bot.discord_ui.job_embeds import hide_declined_prompt_from_others
from bot.discord_ui.message_outbox import file_names_of
from bot.discord_ui.modals import (
    NOTHING,
    REFERENCES,
    FormDefaults,
    FormForgotten,
    FormInput,
    FormOutdated,
    edit_form,
    picture_choice,
)
from bot.discord_ui.picture_controls import ChosenPicture
from bot.discord_ui.picture_names import posted_numbers, posted_reference
from bot.discord_ui.suggestion_controls import ChosenWords, FormKind, FormOrigin
from bot.images.references import Attachments, Upload
from bot.jobs.credit_check import check_credits
from bot.jobs.repository.rows import WrittenJob
from bot.preferences.access_rules import check_access, check_controls
from cogs.dependencies import Dependencies
from cogs.derived_requests import KEPT_OPTIONS, KEPT_WITH_REFERENCE, DerivedRequests
from cogs.prompt_improvement import PromptImprovement
from cogs.remedies import TypedRequest
from cogs.submitted_forms import submit_form, uploads_of

# ``opening`` tells two openings of one form apart; those of before v0.2.0 have none. ``n`` is the
# number of pictures that the form showed, with what they cost; earlier forms did not show it.
FORM = re.compile(
    r"easel:(?P<kind>edited|begun):(?P<of>[^:]+)(?::(?P<opening>\d+)(?::(?P<n>\d{1,2}))?)?"
)
# A select has 25 options, and one of them is to start from no picture.
MAX_SELECTABLE = 24
# The messages whose pictures are remembered until the form is sent.
MAX_REMEMBERED = 1_000

RememberedUploads = dict[tuple[int, str], Sequence[Upload]]
"""The pictures of messages, by the user who opened the form and the message's id."""


class EditCog(commands.Cog):
    """Shows the form for a button or the context menu, and submits what was filled in."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps
        self._derived = DerivedRequests(deps)
        self._improvement = PromptImprovement(deps)
        self._remembered_uploads: RememberedUploads = {}
        self._menu = app_commands.ContextMenu(name="Use as reference", callback=self.use_message)
        self._menu.guild_only = True

    async def cog_load(self) -> None:
        """Add the context menu, which discord.py does not do for a cog."""
        self._deps.client.tree.add_command(self._menu)

    async def cog_unload(self) -> None:
        """Remove the context menu."""
        self._deps.client.tree.remove_command(self._menu.name, type=self._menu.type)

    # --- showing the form ---------------------------------------------------------------------

    @commands.Cog.listener()
    async def on_edit_pressed(self, interaction: Interaction, job_id: str) -> None:
        """Show the form with the options of the result, and as many pictures."""
        await self._deps.button_guard.run_request(interaction, job_id, self._edit)

    async def _edit(
        self,
        interaction: Interaction,
        written: WrittenJob,
        caller: CallerContext,
        *,
        prompt: str | None = None,
    ) -> None:
        start = REFERENCES if _own_references(written.job) else NOTHING
        kept = await self._deps.services.retention.kept_references(written.job.id)
        n, pictures = written.job.request.n, list(kept)
        await self._show_edit(
            interaction, written, caller, pictures=pictures, start=start, n=n, prompt=prompt
        )

    @commands.Cog.listener()
    async def on_use_pressed(self, interaction: Interaction, job_id: str) -> None:
        """Show the form with the result's picture as reference."""
        await self._deps.button_guard.run_request(interaction, job_id, self._use)

    async def _use(
        self, interaction: Interaction, written: WrittenJob, caller: CallerContext
    ) -> None:
        await self._use_first_of(interaction.message, interaction, written, caller)

    async def _use_first_of(
        self,
        message: discord.Message | None,
        interaction: Interaction,
        written: WrittenJob,
        caller: CallerContext,
    ) -> None:
        """Show the form with the first picture that a message of the result shows."""
        kept = list(await self._deps.services.retention.kept_references(written.job.id))
        if not kept:
            raise NotKept
        shown = posted_numbers(written.job.id, file_names_of(message) if message else ())
        start = picture_choice(next((each for each in shown if each in kept), kept[0]))
        await self._show_edit(interaction, written, caller, pictures=kept, start=start, n=1)

    @commands.Cog.listener()
    async def on_picture_use_pressed(self, interaction: Interaction, chosen: ChosenPicture) -> None:
        """Show the form with one of the result's pictures as reference."""
        use = partial(self._use_picture, chosen)
        await self._deps.button_guard.run_request(interaction, chosen.job_id, use)

    async def _use_picture(
        self,
        chosen: ChosenPicture,
        interaction: Interaction,
        written: WrittenJob,
        caller: CallerContext,
    ) -> None:
        await self._deps.job_lookup.check_still_posted(
            written, by=interaction.user.id, channel_id=interaction.channel_id
        )
        kept = list(await self._deps.services.retention.kept_references(written.job.id))
        if chosen.number not in kept:
            raise PictureNotKept(number=str(chosen.number))
        start = picture_choice(chosen.number)
        await self._show_edit(interaction, written, caller, pictures=kept, start=start, n=1)

    async def _show_edit(
        self,
        interaction: Interaction,
        written: WrittenJob,
        caller: CallerContext,
        *,
        pictures: Sequence[int],
        start: str,
        n: int,
        prompt: str | None = None,
    ) -> None:
        reader_id = caller.requester.user_id
        job = hide_declined_prompt_from_others(written.job, written.error, reader_id=reader_id)
        request = job.request
        model = self._model(request.model, caller, start)
        offer = FormDefaults(
            prompt=request.prompt if prompt is None else prompt,
            model=model,
            credits={
                name: self._derived.credits_of_edit(
                    self._derived.options(request, name, KEPT_OPTIONS, n=n), caller
                )
                for name in self._derived.models(caller)
            },
            size=str(request.size),
            count=n,
            pictures=pictures,
            references=len(_own_references(job)),
            start=start,
            seed=await self._seed(written, model),
            improving=self._improvement.credits,
        )
        await self._show(interaction, f"easel:edited:{job.id}", offer, caller)

    async def _seed(self, written: WrittenJob, model: str) -> int | None:
        """Return the seed of a result, None where it is unknown or the model takes none."""
        if not self._deps.services.catalogue.model(model).has_option("seed"):
            return None
        found = await self._deps.job_lookup.details(written)
        return next(iter(found.seeds), None)

    async def use_message(self, interaction: Interaction, message: discord.Message) -> None:
        """Show the form for the pictures of any message."""
        caller = caller_of(interaction, self._deps.client.languages)
        settings = self._deps.preference_store.server(caller.requester.server_id)
        check_access(settings, caller.requester)
        await self._deps.button_guard.check_request(interaction)
        written = await self._deps.job_lookup.by_message(message.id)
        if written is not None:
            self._deps.job_lookup.check_not_removed(written)
        if written is not None and await self._deps.services.retention.kept_references(
            written.job.id
        ):
            check_controls(settings, caller.requester, written.job)
            await self._use_first_of(message, interaction, written, caller)
            return
        uploads = self._deps.pictures.of(message)[:MAX_SELECTABLE]
        self._remembered_uploads[interaction.user.id, str(message.id)] = uploads
        while len(self._remembered_uploads) > MAX_REMEMBERED:
            del self._remembered_uploads[next(iter(self._remembered_uploads))]
        await self._show_for_message(interaction, message.id, len(uploads), caller)

    async def _show_for_message(
        self,
        interaction: Interaction,
        message_id: int,
        count: int,
        caller: CallerContext,
        *,
        prompt: str = "",
    ) -> None:
        usual = self._deps.request_builder.resolve(ImageOptions(), caller)
        start = picture_choice(1)
        offer = FormDefaults(
            prompt=prompt,
            model=self._model(usual.model, caller, start),
            credits={
                name: self._derived.credits(ImageOptions(model=name, n=1), caller)
                for name in self._derived.models(caller)
            },
            size="",
            count=1,
            pictures=range(1, count + 1),
            references=0,
            start=start,
            improving=self._improvement.credits,
        )
        await self._show(interaction, f"easel:begun:{message_id}", offer, caller)

    async def _show(
        self, interaction: Interaction, custom_id: str, offer: FormDefaults, caller: CallerContext
    ) -> None:
        await self._check_credits(caller)
        custom_id = f"{custom_id}:{interaction.id}:{offer.count}"
        modal = edit_form(self._deps.client.texts, custom_id, offer, caller.locale)
        await interaction.response.send_modal(modal)

    async def _check_credits(self, caller: CallerContext) -> None:
        """Refuse who could submit nothing, before they fill in a form."""
        services, server_id = self._deps.services, caller.requester.server_id
        models = self._deps.request_builder.models_for(caller.requester)
        costs = [services.pricing.credits_each(server_id, name, None) for name in models]
        await check_credits(
            services.database, services.ledger, caller.requester, credits=min([1, *costs])
        )

    def _model(self, wanted: str | None, caller: CallerContext, start: str) -> str:
        """Return the model to propose: allowed here, and able to use the chosen picture."""
        here = self._derived.models(caller)
        able = None if start == NOTHING else self._derived.reference_model(wanted, caller)
        if able is not None:
            return able
        return wanted if wanted is not None and wanted in here else here[0]

    # --- a better prompt ----------------------------------------------------------------------

    async def _improve(
        self, interaction: Interaction, origin: FormOrigin, filled: FormInput
    ) -> None:
        if origin.kind == "edited":
            await self._deps.button_guard.admit_request(interaction, origin.of)
        else:
            self._deps.client.admit(interaction)
            await self._deps.button_guard.check_request(interaction)
        await self._improvement.propose(interaction, filled.prompt, origin)

    @commands.Cog.listener()
    async def on_improved_chosen(self, interaction: Interaction, chosen: ChosenWords) -> None:
        """Show the form again with the chosen words, as it was at first otherwise."""
        if chosen.origin.kind == "edited":
            reopen = partial(self._reopen_edit, chosen)
            await self._deps.button_guard.run_request(interaction, chosen.origin.of, reopen)
        elif chosen.origin.kind == "begun":
            try:
                await self._reopen_for_message(interaction, chosen)
            except Exception as error:  # noqa: BLE001 - the one handler answers what is expected
                await self._deps.client.answer_error(interaction, error)

    async def _reopen_edit(
        self,
        chosen: ChosenWords,
        interaction: Interaction,
        written: WrittenJob,
        caller: CallerContext,
    ) -> None:
        prompt = await self._improvement.chosen(interaction, chosen)
        await self._edit(interaction, written, caller, prompt=prompt)

    async def _reopen_for_message(self, interaction: Interaction, chosen: ChosenWords) -> None:
        self._deps.client.admit(interaction)
        await self._deps.button_guard.check_request(interaction)
        uploads = self._remembered_uploads.get((interaction.user.id, chosen.origin.of))
        if uploads is None:
            raise FormForgotten
        prompt = await self._improvement.chosen(interaction, chosen)
        caller = caller_of(interaction, self._deps.client.languages)
        await self._show_for_message(
            interaction, int(chosen.origin.of), len(uploads), caller, prompt=prompt
        )

    # --- submitting the form ------------------------------------------------------------------

    @commands.Cog.listener()
    async def on_interaction(self, interaction: Interaction) -> None:
        """Submit a form, also one that an earlier process showed."""
        await submit_form(self._deps.client, interaction, FORM, self._submit)

    async def _submit(
        self, interaction: Interaction, found: re.Match[str], filled: FormInput
    ) -> bool:
        # Discord may send a form twice; two forms are two requests, whatever was typed.
        sent = found["of"], found["opening"], filled
        if await self._deps.button_guard.is_repeated(interaction, found["kind"], sent):
            return True
        if filled.improves:
            await self._improve(
                interaction, FormOrigin(cast("FormKind", found["kind"]), found["of"]), filled
            )
            return True
        read = self._edited_request if found["kind"] == "edited" else self._request_for_message
        n = None if found["n"] is None else int(found["n"])
        request = await read(interaction, found["of"], filled, n)
        return await self._deps.refused_requests.submit(interaction, request)

    async def _edited_request(
        self, interaction: Interaction, job_id: str, filled: FormInput, n: int | None
    ) -> TypedRequest:
        written, caller = await self._deps.button_guard.admit_request(interaction, job_id)
        references, mask = await self._start_references(written.job, filled)
        reader_id = caller.requester.user_id
        seen = hide_declined_prompt_from_others(written.job, written.error, reader_id=reader_id)
        return TypedRequest(
            options=self._edited_options(filled, seen.request, n),
            attached=Attachments(uploads_of(self._deps.client, filled)),
            references=references,
            mask=mask,
            parent=job_id,
        )

    async def _start_references(
        self, job: Job, filled: FormInput
    ) -> tuple[tuple[Reference, ...], Reference | None]:
        """Return the references to start from, and the mask over the first of them."""
        if filled.start == NOTHING:
            return (), None
        if filled.start == REFERENCES:
            return job.request.references, job.request.mask
        if filled.picture is None:
            raise FormOutdated
        kept = await self._deps.services.retention.kept_references(job.id)
        if filled.picture not in kept:
            raise NotKept
        return (posted_reference(job.id, filled.picture, kept[filled.picture]),), None

    def _edited_options(
        self, filled: FormInput, before: ImageRequest, n: int | None
    ) -> ImageOptions:
        """Return what was typed, and the other options as before where the model accepts them.

        Flags in the prompt count as typed, but less than a size that was changed.
        """
        model, names = filled.model or before.model, _kept_options(filled)
        kept = self._derived.options(before, model, names, n=before.n if n is None else n)
        typed = ImageOptions(prompt=filled.prompt, model=model, seed=filled.seed)
        if (size := filled.size.strip()) != str(before.size):
            typed, kept = typed.with_option("size", size or None), kept.with_option("size", None)
        return self._derived.edited(typed, kept)

    async def _request_for_message(
        self, interaction: Interaction, message_id: str, filled: FormInput, n: int | None
    ) -> TypedRequest:
        self._deps.client.admit(interaction)
        uploads = self._remembered_uploads.get((interaction.user.id, message_id))
        if uploads is None:
            raise FormForgotten
        await self._deps.button_guard.check_request(interaction)
        chosen = () if filled.picture is None else uploads[filled.picture - 1 : filled.picture]
        return TypedRequest(
            options=ImageOptions(
                prompt=filled.prompt, model=filled.model, size=filled.size.strip() or None, n=n
            ),
            attached=Attachments((*chosen, *uploads_of(self._deps.client, filled))),
        )


def _own_references(job: Job) -> Sequence[Reference]:
    """Return the references to start from again; an action has one only to lay its mask over."""
    return () if job.request.action else job.request.references


def _kept_options(filled: FormInput) -> tuple[OptionName, ...]:
    """Return the options that a form keeps."""
    has_reference = filled.start != NOTHING or bool(filled.files)
    return KEPT_WITH_REFERENCE if has_reference else KEPT_OPTIONS

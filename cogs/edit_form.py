"""The form that edits a result, or starts from the pictures of any message."""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import cast

import discord
import structlog
from discord import Interaction, app_commands
from discord.ext import commands

from bot.core.errors.jobs import NotKept
from bot.core.i18n.escaping import width
from bot.core.models import WORD_OPTIONS, ImageOptions, ImageRequest, Job, OptionName, Reference
from bot.discord_ui.caller import CallerContext, caller_of
from bot.discord_ui.discord_errors import DISCORD_ERRORS
from bot.discord_ui.job_embeds import hide_declined_prompt_from_others
from bot.discord_ui.message_attachments import posted_reference
from bot.discord_ui.modals import (
    NOTHING,
    REFERENCES,
    FormDefaults,
    FormFile,
    FormForgotten,
    FormInput,
    FormOutdated,
    edit_form,
    picture_choice,
    read_submitted_form,
)
from bot.discord_ui.uploads import declared_type, read_from_cdn
from bot.images.references import Attachments, Upload
from bot.jobs.credit_check import check_credits
from bot.jobs.repository.rows import WrittenJob
from bot.preferences.access_rules import check_access, check_controls
from cogs.dependencies import Dependencies

log: structlog.stdlib.BoundLogger = structlog.get_logger()

# The last number tells two openings of one form apart; those of before v0.2.0 have none.
FORM = re.compile(r"easel:(?P<kind>edited|begun):(?P<of>[^:]+)(?::(?P<opening>\d+))?")
# A select has 25 options, and one of them is to start from no picture.
MAX_SELECTABLE = 24
# The messages whose pictures are remembered until the form is sent.
MAX_REMEMBERED = 1_000
MAX_MESSAGE_LENGTH = 2_000

RememberedUploads = dict[tuple[int, str], Sequence[Upload]]
"""The pictures of messages, by the user who opened the form and the message's id."""


class EditCog(commands.Cog):
    """Shows the form for a button or the context menu, and submits what was filled in."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps
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
        """Show the form with the options of the result."""
        await self._deps.button_guard.run_request(interaction, job_id, self._edit)

    async def _edit(
        self, interaction: Interaction, written: WrittenJob, caller: CallerContext
    ) -> None:
        start = REFERENCES if written.job.request.references else NOTHING
        kept = await self._deps.services.retention.kept_references(written.job.id)
        await self._show_edit(interaction, written, caller, list(kept), start)

    @commands.Cog.listener()
    async def on_use_pressed(self, interaction: Interaction, job_id: str) -> None:
        """Show the form with the result's picture as reference."""
        await self._deps.button_guard.run_request(interaction, job_id, self._use)

    async def _use(
        self, interaction: Interaction, written: WrittenJob, caller: CallerContext
    ) -> None:
        kept = list(await self._deps.services.retention.kept_references(written.job.id))
        if not kept:
            raise NotKept
        await self._show_edit(interaction, written, caller, kept, picture_choice(kept[0]))

    async def _show_edit(
        self,
        interaction: Interaction,
        written: WrittenJob,
        caller: CallerContext,
        pictures: Sequence[int],
        start: str,
    ) -> None:
        reader_id = caller.requester.user_id
        job = hide_declined_prompt_from_others(written.job, written.error, reader_id=reader_id)
        request = job.request
        offer = FormDefaults(
            prompt=request.prompt,
            model=self._model(request.model, caller, start),
            models=self._deps.request_builder.allowed_models(caller.requester.server_id),
            size=str(request.size),
            pictures=pictures,
            references=len(request.references),
            start=start,
        )
        offer = replace(offer, seed=await self._seed(written, offer.model))
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
        if written is not None and await self._deps.services.retention.kept_references(
            written.job.id
        ):
            check_controls(settings, caller.requester, written.job)
            await self._use(interaction, written, caller)
            return
        uploads = self._deps.pictures.of(message)[:MAX_SELECTABLE]
        self._remembered_uploads[interaction.user.id, str(message.id)] = uploads
        while len(self._remembered_uploads) > MAX_REMEMBERED:
            del self._remembered_uploads[next(iter(self._remembered_uploads))]
        await self._show_for_message(interaction, message.id, len(uploads), caller)

    async def _show_for_message(
        self, interaction: Interaction, message_id: int, count: int, caller: CallerContext
    ) -> None:
        usual = self._deps.request_builder.resolve(ImageOptions(), caller)
        start = picture_choice(1)
        offer = FormDefaults(
            prompt="",
            model=self._model(usual.model, caller, start),
            models=self._deps.request_builder.allowed_models(caller.requester.server_id),
            size="",
            pictures=range(1, count + 1),
            references=0,
            start=start,
        )
        await self._show(interaction, f"easel:begun:{message_id}", offer, caller)

    async def _show(
        self, interaction: Interaction, custom_id: str, offer: FormDefaults, caller: CallerContext
    ) -> None:
        await self._check_credits(caller)
        custom_id = f"{custom_id}:{interaction.id}"
        modal = edit_form(self._deps.client.texts, custom_id, offer, caller.locale)
        await interaction.response.send_modal(modal)

    async def _check_credits(self, caller: CallerContext) -> None:
        """Refuse who could submit nothing, before they fill in a form."""
        services, server_id = self._deps.services, caller.requester.server_id
        models = self._deps.request_builder.allowed_models(server_id)
        costs = [services.pricing.credits_each(server_id, name, None) for name in models]
        await check_credits(
            services.database, services.ledger, caller.requester, credits=min([1, *costs])
        )

    def _model(self, wanted: str | None, caller: CallerContext, start: str) -> str:
        """Return the model to propose: allowed here, and able to use the chosen picture."""
        here = self._deps.request_builder.allowed_models(caller.requester.server_id) or (
            self._deps.services.catalogue.default.name,
        )
        able = [
            name
            for name in here
            if start == NOTHING or self._deps.services.catalogue.model(name).references
        ]
        if wanted in able:
            return wanted
        return (*able, *here)[0]

    # --- submitting the form ------------------------------------------------------------------

    @commands.Cog.listener()
    async def on_interaction(self, interaction: Interaction) -> None:
        """Submit a form, also one that an earlier process showed."""
        if interaction.type is not discord.InteractionType.modal_submit:
            return
        # discord.py's type is a union of the data of every kind of interaction.
        data = cast("Mapping[str, object]", interaction.data or {})
        found = FORM.fullmatch(str(data.get("custom_id")))
        if found is None:
            return
        filled = None
        try:
            filled = read_submitted_form(data)
            await self._submit(interaction, found, filled)
        except Exception as error:  # noqa: BLE001 - the one handler answers what is expected
            await self._deps.client.answer_error(interaction, error)
            if filled is not None:
                await self._return_prompt(interaction, filled.prompt)

    async def _submit(
        self, interaction: Interaction, found: re.Match[str], filled: FormInput
    ) -> None:
        # Discord may send a form twice; two forms are two requests, whatever was typed.
        sent = found["of"], found["opening"], filled
        submit = self._submit_edited if found["kind"] == "edited" else self._submit_for_message
        if not await self._deps.button_guard.is_repeated(interaction, found["kind"], sent):
            await submit(interaction, found["of"], filled)

    async def _submit_edited(
        self, interaction: Interaction, job_id: str, filled: FormInput
    ) -> None:
        written, caller = await self._deps.button_guard.admit_request(interaction, job_id)
        references, mask = await self._start_references(written.job, filled)
        await self._deps.request_builder.submit(
            self._edited_options(filled, written.job.request),
            caller,
            self._deps.couriers.answering(interaction),
            attached=Attachments(self._files(filled)),
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

    def _edited_options(self, filled: FormInput, before: ImageRequest) -> ImageOptions:
        """Return what was typed, and the other options as before where the model accepts them.

        Flags in the prompt count as typed, but less than a size that was changed.
        """
        catalogue, model = self._deps.services.catalogue, filled.model or before.model
        kept = ImageOptions(n=before.n)
        for name in _kept_options(filled):
            value = str(before.size) if name == "size" else getattr(before, name)
            if value and catalogue.supports(model, name, value):
                kept = kept.with_option(name, value)
        typed = catalogue.read_flags(
            ImageOptions(prompt=filled.prompt, model=model, seed=filled.seed)
        )
        if (size := filled.size.strip()) != str(before.size):
            typed, kept = typed.with_option("size", size or None), kept.with_option("size", None)
        return typed.with_defaults(kept)

    async def _submit_for_message(
        self, interaction: Interaction, message_id: str, filled: FormInput
    ) -> None:
        self._deps.client.admit(interaction)
        uploads = self._remembered_uploads.get((interaction.user.id, message_id))
        if uploads is None:
            raise FormForgotten
        await self._deps.button_guard.check_request(interaction)
        chosen = () if filled.picture is None else uploads[filled.picture - 1 : filled.picture]
        await self._deps.request_builder.submit(
            ImageOptions(
                prompt=filled.prompt, model=filled.model, size=filled.size.strip() or None
            ),
            caller_of(interaction, self._deps.client.languages),
            self._deps.couriers.answering(interaction),
            attached=Attachments((*chosen, *self._files(filled))),
        )

    def _files(self, filled: FormInput) -> tuple[Upload, ...]:
        return tuple(self._upload(file) for file in filled.files)

    def _upload(self, file: FormFile) -> Upload:
        declared = declared_type(file.filename, file.content_type, file.size)
        read = partial(read_from_cdn, self._deps.client, file.url)
        return Upload(file.size, read, file.url, declared)

    async def _return_prompt(self, interaction: Interaction, prompt: str) -> None:
        """Return the prompt of a form that was refused, so that nobody has to type it again."""
        if not prompt.strip():
            return
        try:
            await self._send_prompt(interaction, prompt)
        except DISCORD_ERRORS as lost:
            log.info("edit.prompt_not_returned", error=repr(lost))

    async def _send_prompt(self, interaction: Interaction, prompt: str) -> None:
        locale = self._deps.client.languages.personal(interaction)
        intro = self._deps.client.texts.say("form-your-words", locale)
        words = f"{intro}\n```\n{prompt}\n```"
        if width(words) <= MAX_MESSAGE_LENGTH and "```" not in prompt:
            await interaction.followup.send(words, ephemeral=True)
        else:
            file = discord.File(io.BytesIO(prompt.encode()), filename="prompt.txt")
            await interaction.followup.send(intro, file=file, ephemeral=True)


def _kept_options(filled: FormInput) -> tuple[OptionName, ...]:
    """Return the options that a form keeps: a new picture has a new seed."""
    has_reference = filled.start != NOTHING or bool(filled.files)
    of_reference: tuple[OptionName, ...] = ("strength",) if has_reference else ()
    return ("size", *WORD_OPTIONS, "negative", *of_reference)

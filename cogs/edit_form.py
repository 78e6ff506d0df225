"""Another picture from one that is there: the form of a result, or of any message with pictures."""

import io
import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import cast

import discord
import structlog
from discord import Interaction, app_commands
from discord.ext import commands

from bot.core.errors.jobs import NotKept
from bot.core.i18n.escaping import width
from bot.core.models import ImageRequest, Job, Reference
from bot.discord_ui.client import Client
from bot.discord_ui.courier import Couriers
from bot.discord_ui.discord_errors import DISCORD_ERRORS
from bot.discord_ui.job_embeds import hide_declined_prompt_from_others
from bot.discord_ui.modals import (
    NOTHING,
    REFERENCES,
    FormDefaults,
    FormForgotten,
    FormInput,
    FormOutdated,
    edit_form,
    picture_choice,
    read_submitted_form,
)
from bot.discord_ui.uploads import MessagePictures, read_from_cdn
from bot.gateways.catalogue import Catalogue
from bot.images.references import Attachments, Upload
from bot.jobs.job_lookup import JobLookup
from bot.jobs.picture_retention import PictureRetention
from bot.jobs.repository.rows import WrittenJob
from bot.preferences.image_options import ImageOptions, OptionName
from cogs.button_guard import ButtonGuard
from cogs.request_builder import CallerContext, RequestBuilder

log: structlog.stdlib.BoundLogger = structlog.get_logger()

FORM = re.compile(r"easel:(?P<kind>edited|begun):(?P<of>.+)")
# A select has 25 options, and one of them is none of the pictures.
MOST_PICTURES = 24
# So many messages are remembered at which somebody began and has not sent the form yet.
MOST_BEGUN = 1_000
LONGEST_MESSAGE = 2_000

Begun = dict[tuple[int, str], Sequence[Upload]]
"""The pictures of a message, by who began there and the message's id."""


class EditCog(commands.Cog):
    """The door for who wants almost the same, or something made of it."""

    def __init__(
        self,
        *,
        client: Client,
        request_builder: RequestBuilder,
        job_lookup: JobLookup,
        button_guard: ButtonGuard,
        retention: PictureRetention,
        catalogue: Catalogue,
        couriers: Couriers,
        pictures: MessagePictures,
    ) -> None:
        self._client = client
        self._request_builder = request_builder
        self._job_lookup = job_lookup
        self._button_guard = button_guard
        self._retention = retention
        self._catalogue = catalogue
        self._couriers = couriers
        self._pictures = pictures
        self._begun: Begun = {}
        self._menu = app_commands.ContextMenu(name="Use as reference", callback=self.use_message)
        self._menu.guild_only = True

    async def cog_load(self) -> None:
        """Hang up the context menu, which discord.py does not do for a cog."""
        self._client.tree.add_command(self._menu)

    async def cog_unload(self) -> None:
        """Take it down again."""
        self._client.tree.remove_command(self._menu.name, type=self._menu.type)

    # --- showing the form ---------------------------------------------------------------------

    @commands.Cog.listener()
    async def on_edit_pressed(self, interaction: Interaction, job_id: str) -> None:
        """Show the form with everything as it was."""
        await self._button_guard.let_paint(interaction, job_id, self._edit)

    async def _edit(
        self, interaction: Interaction, written: WrittenJob, caller: CallerContext
    ) -> None:
        start = REFERENCES if written.job.request.references else NOTHING
        kept = await self._retention.kept_references(written.job.id)
        await self._show_edit(interaction, written, caller, list(kept), start)

    @commands.Cog.listener()
    async def on_use_pressed(self, interaction: Interaction, job_id: str) -> None:
        """Show the form with the picture chosen to start from."""
        await self._button_guard.let_paint(interaction, job_id, self._use)

    async def _use(
        self, interaction: Interaction, written: WrittenJob, caller: CallerContext
    ) -> None:
        kept = list(await self._retention.kept_references(written.job.id))
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
            models=self._request_builder.models(caller.server_id),
            size=str(request.size),
            pictures=pictures,
            references=len(request.references),
            start=start,
        )
        await self._show(interaction, f"easel:edited:{job.id}", offer, caller)

    async def use_message(self, interaction: Interaction, message: discord.Message) -> None:
        """Show the form for the pictures of any message."""
        caller = self._request_builder.caller(interaction)
        self._request_builder.check_access(caller)
        written = await self._job_lookup.by_message(message.id)
        if written is not None and await self._retention.kept_references(written.job.id):
            self._request_builder.check_controls(caller, written.job)
            await self._use(interaction, written, caller)
            return
        uploads = self._pictures.of(message)[:MOST_PICTURES]
        self._begun[interaction.user.id, str(message.id)] = uploads
        while len(self._begun) > MOST_BEGUN:
            del self._begun[next(iter(self._begun))]
        await self._show_begun(interaction, message.id, len(uploads), caller)

    async def _show_begun(
        self, interaction: Interaction, message_id: int, count: int, caller: CallerContext
    ) -> None:
        usual = self._request_builder.resolved(ImageOptions(), caller)
        start = picture_choice(1)
        offer = FormDefaults(
            prompt="",
            model=self._model(usual.model, caller, start),
            models=self._request_builder.models(caller.server_id),
            size="",
            pictures=range(1, count + 1),
            references=0,
            start=start,
        )
        await self._show(interaction, f"easel:begun:{message_id}", offer, caller)

    async def _show(
        self, interaction: Interaction, custom_id: str, offer: FormDefaults, caller: CallerContext
    ) -> None:
        modal = edit_form(self._client.texts, custom_id, offer, caller.locale)
        await interaction.response.send_modal(modal)

    def _model(self, wanted: str | None, caller: CallerContext, start: str) -> str:
        """Return the model to propose: one that may be used here and can start from that."""
        here = self._request_builder.models(caller.server_id) or (self._catalogue.default.name,)
        able = [name for name in here if start == NOTHING or self._catalogue.model(name).references]
        if wanted in able:
            return wanted
        return (*able, *here)[0]

    # --- what comes back ----------------------------------------------------------------------

    @commands.Cog.listener()
    async def on_interaction(self, interaction: Interaction) -> None:
        """Paint what a form says, also one that an earlier process showed."""
        if interaction.type is not discord.InteractionType.modal_submit:
            return
        # discord.py's types know the shapes of each kind of interaction apart; we read it anew.
        data = cast("Mapping[str, object]", interaction.data or {})
        found = FORM.fullmatch(str(data.get("custom_id")))
        if found is None:
            return
        filled = None
        try:
            filled = read_submitted_form(data)
            paint = self._paint_edited if found["kind"] == "edited" else self._paint_begun
            await paint(interaction, found["of"], filled)
        except Exception as error:  # noqa: BLE001 - the one handler tells what is expected
            await self._client.answer_error(interaction, error)
            if filled is not None:
                await self._give_back(interaction, filled.prompt)

    async def _paint_edited(self, interaction: Interaction, job_id: str, filled: FormInput) -> None:
        written, caller = await self._button_guard.admit_painter(interaction, job_id)
        references, mask = await self._started_from(written.job, filled)
        if await self._button_guard.is_double(interaction, "edited", job_id):
            return
        await self._request_builder.paint(
            self._wish(filled, written.job.request),
            caller,
            self._couriers.answering(interaction),
            attached=Attachments(self._files(filled)),
            references=references,
            mask=mask,
            after=job_id,
        )

    async def _started_from(
        self, job: Job, filled: FormInput
    ) -> tuple[tuple[Reference, ...], Reference | None]:
        """Return the references that were chosen, and a mask over the first of them."""
        if filled.start == NOTHING:
            return (), None
        if filled.start == REFERENCES:
            return job.request.references, job.request.mask
        if filled.picture is None:
            raise FormOutdated
        kept = await self._retention.kept_references(job.id)
        if filled.picture not in kept:
            raise NotKept
        return (kept[filled.picture],), None

    def _wish(self, filled: FormInput, before: ImageRequest) -> ImageOptions:
        """Return what was typed, and the rest as it was as far as the model knows it."""
        model, size = filled.model or before.model, filled.size.strip()
        words: dict[OptionName, str | None] = {
            "quality": before.quality,
            "style": before.style,
            "background": before.background,
            # What nobody changed was not typed for another model.
            "size": size if size == str(before.size) else None,
        }
        kept = {
            word: value
            for word, value in words.items()
            if value and self._request_builder.supports(model, word, value)
        }
        if size != str(before.size):
            kept["size"] = size
        return ImageOptions(
            prompt=filled.prompt,
            model=model,
            size=kept.get("size") or None,
            n=before.n,
            quality=kept.get("quality"),
            style=kept.get("style"),
            background=kept.get("background"),
        )

    async def _paint_begun(
        self, interaction: Interaction, message_id: str, filled: FormInput
    ) -> None:
        self._client.admit(interaction)
        uploads = self._begun.get((interaction.user.id, message_id))
        if uploads is None:
            raise FormForgotten
        chosen = () if filled.picture is None else uploads[filled.picture - 1 : filled.picture]
        if await self._button_guard.is_double(interaction, "begun", message_id):
            return
        await self._request_builder.paint(
            ImageOptions(
                prompt=filled.prompt, model=filled.model, size=filled.size.strip() or None
            ),
            self._request_builder.caller(interaction),
            self._couriers.answering(interaction),
            attached=Attachments((*chosen, *self._files(filled))),
        )

    def _files(self, filled: FormInput) -> tuple[Upload, ...]:
        return tuple(
            Upload(file.size, partial(read_from_cdn, self._client, file.url), file.url)
            for file in filled.files
        )

    async def _give_back(self, interaction: Interaction, prompt: str) -> None:
        """Return the words of a form that was refused: nobody types 4,000 characters twice."""
        if not prompt.strip():
            return
        try:
            await self._send_back(interaction, prompt)
        except DISCORD_ERRORS as lost:
            log.info("editing.words_lost", error=repr(lost))

    async def _send_back(self, interaction: Interaction, prompt: str) -> None:
        locale = self._client.languages.personal(interaction)
        intro = self._client.texts.say("form-your-words", locale)
        words = f"{intro}\n```\n{prompt}\n```"
        if width(words) <= LONGEST_MESSAGE and "```" not in prompt:
            await interaction.followup.send(words, ephemeral=True)
        else:
            file = discord.File(io.BytesIO(prompt.encode()), filename="prompt.txt")
            await interaction.followup.send(intro, file=file, ephemeral=True)

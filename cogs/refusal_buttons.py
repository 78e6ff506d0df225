"""The buttons under a refusal: request something else at once, or change the prompt in a form."""

import re
from dataclasses import replace

from discord import Interaction
from discord.ext import commands

from bot.discord_ui.caller import CallerContext, caller_of
from bot.discord_ui.modals import (
    NOTHING,
    REFERENCES,
    FormDefaults,
    FormInput,
    edit_form,
)
from bot.discord_ui.remedy_buttons import RemedyButton
from bot.discord_ui.suggestion_controls import ChosenWords, FormOrigin
from bot.images.references import NO_ATTACHMENTS
from cogs.dependencies import Dependencies
from cogs.derived_requests import DerivedRequests
from cogs.prompt_improvement import PromptImprovement
from cogs.refused_requests import RefusedForgotten
from cogs.remedies import TypedRequest
from cogs.submitted_forms import submit_form, uploads_of

# The last number tells two openings of one form apart.
FORM = re.compile(r"easel:refused:(?P<key>[0-9a-f]{16}):(?P<number>\d):(?P<opening>\d+)")


class RefusalCog(commands.Cog):
    """Requests what somebody chose under their refusal, once."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps
        self._derived = DerivedRequests(deps)
        self._improvement = PromptImprovement(deps)

    async def cog_load(self) -> None:
        """Answer also the buttons that an earlier process sent."""
        self._deps.client.add_dynamic_items(RemedyButton)

    @commands.Cog.listener()
    async def on_remedy_pressed(self, interaction: Interaction, key: str, number: int) -> None:
        """Request what a button stands for, or show the form."""
        try:
            await self._press(interaction, key, number)
        except Exception as error:  # noqa: BLE001 - the one handler answers what is expected
            await self._deps.client.answer_error(interaction, error)

    async def _press(self, interaction: Interaction, key: str, number: int) -> None:
        guard, requests = self._deps.button_guard, self._deps.refused_requests
        try:
            remedy = requests.find(interaction, key, number)
        except RefusedForgotten:
            # The second press of a double click is no news; the first one has used it.
            if await guard.is_repeated(interaction, "instead", key):
                return
            raise
        if remedy.kind == "prompt":
            await self._admit(interaction, remedy.request)
            await self._show_form(interaction, f"easel:refused:{key}:{number}", remedy.request)
            return
        await requests.confirm_cost(interaction, key, remedy)
        if not await guard.is_repeated(interaction, "instead", key):
            await self._admit(interaction, remedy.request)
            await requests.submit_once(interaction, key, remedy.request)

    async def _admit(self, interaction: Interaction, request: TypedRequest) -> None:
        """Check what is checked where a request comes from: a command, or an earlier result."""
        if request.parent is not None:
            await self._deps.button_guard.admit_request(interaction, request.parent)
            return
        self._deps.client.admit(interaction)
        await self._deps.button_guard.check_request(interaction)

    # --- the form -----------------------------------------------------------------------------

    async def _show_form(
        self, interaction: Interaction, custom_id: str, request: TypedRequest
    ) -> None:
        caller = caller_of(interaction, self._deps.client.languages)
        offer = self._form_defaults(request, caller)
        custom_id = f"{custom_id}:{interaction.id}"
        modal = edit_form(self._deps.client.texts, custom_id, offer, caller.locale)
        await interaction.response.send_modal(modal)

    def _form_defaults(self, request: TypedRequest, caller: CallerContext) -> FormDefaults:
        options, who, preset = request.options, caller.requester, request.preset
        default = self._deps.option_defaults.of(
            who.server_id, who.user_id, model=options.model, preset=preset, here=who
        )
        usual = self._derived.resolved(options, caller, preset=preset)
        return FormDefaults(
            prompt=options.prompt or "",
            model=default.model,
            credits={
                name: self._derived.credits(replace(options, model=name), caller, preset=preset)
                for name in self._derived.models(caller)
            },
            size=options.size or "",
            count=usual.n or 1,
            pictures=(),
            references=request.picture_count,
            start=REFERENCES if request.picture_count else NOTHING,
            improving=self._improvement.credits,
        )

    @commands.Cog.listener()
    async def on_improved_chosen(self, interaction: Interaction, chosen: ChosenWords) -> None:
        """Show the form again with the chosen words."""
        if chosen.origin.kind != "refused":
            return
        try:
            await self._reopen(interaction, chosen)
        except Exception as error:  # noqa: BLE001 - the one handler answers what is expected
            await self._deps.client.answer_error(interaction, error)

    async def _reopen(self, interaction: Interaction, chosen: ChosenWords) -> None:
        key, _, number = chosen.origin.of.partition(":")
        remedy = self._deps.refused_requests.find(interaction, key, int(number))
        await self._admit(interaction, remedy.request)
        prompt = await self._improvement.chosen(interaction, chosen)
        options = replace(remedy.request.options, prompt=prompt)
        request = replace(remedy.request, options=options)
        await self._show_form(interaction, f"easel:refused:{chosen.origin.of}", request)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: Interaction) -> None:
        """Submit the form; after a restart its refusal is forgotten."""
        await submit_form(self._deps.client, interaction, FORM, self._submit)

    async def _submit(
        self, interaction: Interaction, found: re.Match[str], filled: FormInput
    ) -> bool:
        sent = found["key"], found["opening"], filled
        if await self._deps.button_guard.is_repeated(interaction, "refused", sent):
            return True
        remedy = self._deps.refused_requests.find(interaction, found["key"], int(found["number"]))
        await self._admit(interaction, remedy.request)
        if filled.improves:
            origin = FormOrigin("refused", f"{found['key']}:{found['number']}")
            await self._improvement.propose(interaction, filled.prompt, origin)
            return True
        return await self._deps.refused_requests.submit_once(
            interaction, found["key"], self._changed(remedy.request, filled)
        )

    def _changed(self, request: TypedRequest, filled: FormInput) -> TypedRequest:
        """Return the request with what the form says; the other options stay."""
        options = replace(
            request.options,
            prompt=filled.prompt,
            model=filled.model,
            size=filled.size.strip() or None,
        )
        if filled.start != REFERENCES:
            request = replace(request, attached=NO_ATTACHMENTS, references=(), mask=None)
        pictures = (*request.attached.pictures, *uploads_of(self._deps.client, filled))
        attached = replace(request.attached, pictures=pictures)
        return replace(request, options=options, attached=attached)

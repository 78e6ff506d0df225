"""The buttons of a gateway's finished task under a result: each press is a request of its own."""

from collections.abc import Mapping
from functools import partial
from typing import cast

import discord
from discord import Interaction
from discord.ext import commands

from bot.core.errors.jobs import ActionExpired, CostChanged, NotKept
from bot.core.models import Reference
from bot.discord_ui.action_buttons import (
    ACTION_FORM,
    MASK_FIELD,
    PROMPT_FIELD,
    ActionButton,
    ActionPress,
    action_form,
    with_new_costs,
)
from bot.discord_ui.caller import CallerContext
from bot.discord_ui.modals import FormOutdated, read_submitted_file, read_submitted_text
from bot.discord_ui.picture_names import posted_reference
from bot.jobs.action_offers import PressedAction
from bot.jobs.repository.rows import WrittenJob
from cogs.dependencies import Dependencies
from cogs.request_builder import Masked
from cogs.submitted_forms import form_upload


class TaskActionsCog(commands.Cog):
    """Presses the buttons of tasks, where the person may request pictures."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps

    async def cog_load(self) -> None:
        """Handle also the buttons that an earlier process sent."""
        self._deps.client.add_dynamic_items(ActionButton)

    @commands.Cog.listener()
    async def on_task_action_pressed(self, interaction: Interaction, press: ActionPress) -> None:
        """Request what a button stands for, or ask for the prompt first."""
        act = partial(self._press, press)
        await self._deps.button_guard.run_request(interaction, press.job_id, act)

    async def _press(
        self,
        press: ActionPress,
        interaction: Interaction,
        written: WrittenJob,
        caller: CallerContext,
    ) -> None:
        try:
            pressed = await self._checked(press, interaction, written, caller)
        except (ActionExpired, CostChanged):
            await self._show_offered(interaction, written, caller)
            raise
        if await self._deps.button_guard.is_repeated(interaction, "act", press):
            return
        if not pressed.asks:
            await self._submit(pressed, written.job.request.prompt, interaction, written, caller)
            return
        if pressed.asks == "mask":
            await self._picture(pressed, written)
        form = action_form(
            self._deps.client.texts,
            press,
            pressed.action.face,
            written.job.request.prompt,
            caller.locale,
            opening=interaction.id,
            with_mask=pressed.asks == "mask",
        )
        await interaction.response.send_modal(form)

    async def _checked(
        self,
        press: ActionPress,
        interaction: Interaction,
        written: WrittenJob,
        caller: CallerContext,
    ) -> PressedAction:
        """Return what was pressed, which may be requested here for the credits that were shown.

        Raises:
            ActionExpired, CostChanged, and what ``check_repeatable`` and ``check_still_posted``
                raise.
        """
        lookup, by = self._deps.job_lookup, interaction.user.id
        lookup.check_repeatable(written, by=by)
        await lookup.check_still_posted(written, by=by, channel_id=interaction.channel_id)
        pressed = await self._deps.services.actions.pressed(
            written.job, press.slot, press.place, server_id=caller.requester.server_id
        )
        if pressed.credits != press.credits:
            raise CostChanged(credits=pressed.credits)
        return pressed

    async def _show_offered(
        self, interaction: Interaction, written: WrittenJob, caller: CallerContext
    ) -> None:
        """Show what is offered by now, for its credits."""
        if interaction.message is None:
            return
        offered = await self._deps.services.actions.now_offered(
            written.job, server_id=caller.requester.server_id
        )
        texts, job = self._deps.client.texts, written.job
        view = with_new_costs(interaction.message, texts, job, offered)
        await interaction.response.edit_message(view=view)

    async def _submit(
        self,
        pressed: PressedAction,
        prompt: str,
        interaction: Interaction,
        written: WrittenJob,
        caller: CallerContext,
        masked: Masked | None = None,
    ) -> None:
        courier = self._deps.couriers.answering(interaction)
        act = self._deps.request_builder.act
        await act(pressed.action, prompt, written.job, caller, courier, masked=masked)

    async def _picture(self, pressed: PressedAction, written: WrittenJob) -> Reference:
        """Return the picture that is to be changed; raise NotKept if it is not kept."""
        services, job = self._deps.services, written.job
        number = await services.actions.picture_of(job, pressed)
        kept = await services.retention.kept_references(job.id)
        if number not in kept:
            raise NotKept
        return posted_reference(job.id, number, kept[number])

    # --- the form -----------------------------------------------------------------------------

    @commands.Cog.listener()
    async def on_interaction(self, interaction: Interaction) -> None:
        """Request an action with the prompt of its form, also of one from before a restart."""
        if interaction.type is not discord.InteractionType.modal_submit:
            return
        # discord.py's type is a union of the data of every kind of interaction.
        data = cast("Mapping[str, object]", interaction.data or {})
        found = ACTION_FORM.fullmatch(str(data.get("custom_id")))
        if found is None:
            return
        press = ActionPress.of(found)
        take = partial(self._take, press, found["opening"], data)
        await self._deps.button_guard.run_request(interaction, press.job_id, take)

    async def _take(
        self,
        press: ActionPress,
        opening: str,
        data: Mapping[str, object],
        interaction: Interaction,
        written: WrittenJob,
        caller: CallerContext,
    ) -> None:
        prompt = read_submitted_text(data, PROMPT_FIELD)
        file = read_submitted_file(data, MASK_FIELD)
        if await self._deps.button_guard.is_repeated(interaction, "act-form", (opening, prompt)):
            return
        pressed, masked = await self._checked(press, interaction, written, caller), None
        if pressed.asks == "mask":
            if file is None:  # the button asked for none when the form was opened
                raise FormOutdated
            picture = await self._picture(pressed, written)
            masked = Masked(picture, form_upload(self._deps.client, file))
        await self._submit(pressed, prompt, interaction, written, caller, masked)

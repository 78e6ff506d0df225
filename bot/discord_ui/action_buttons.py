"""The buttons of finished tasks under a result, and the form that asks for the prompt of one."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Self

import discord
from discord import TextStyle
from discord.ui import Button, DynamicItem, FileUpload, Label, Modal, TextInput, View

from bot.core.i18n.escaping import one_line
from bot.core.i18n.texts import Texts
from bot.core.models import Job
from bot.core.task_actions import OfferedAction

ACTION_PRESSED = "task_action_pressed"
"""The event for cogs: its arguments are the interaction and the pressed button."""

PROMPT_FIELD, MASK_FIELD = "prompt", "mask"
_PRESS = r"(?P<job_id>[^:]+):(?P<slot>\d{1,3}):(?P<place>\d{1,2}):(?P<credits>\d{1,12})"
# The last number tells two openings of one form apart.
ACTION_FORM = re.compile(rf"easel:act-form:{_PRESS}:(?P<opening>\d+)")
_LONGEST_LABEL = 80  # of a button (Discord, components/reference)
_LONGEST_TEXT = 4000  # of a text input (as above)
_IN_A_ROW, _ROWS = 5, 5


@dataclass(frozen=True, slots=True)
class ActionPress:
    """A pressed button: the ``place``-th of the task of a slot, with the credits that it showed."""

    job_id: str
    slot: int
    place: int
    credits: int

    @classmethod
    def of(cls, match: re.Match[str]) -> Self:
        """Read it from a custom id."""
        numbers = (int(match[name]) for name in ("slot", "place", "credits"))
        return cls(match["job_id"], *numbers)

    def __str__(self) -> str:
        return f"{self.job_id}:{self.slot}:{self.place}:{self.credits}"


class ActionButton(DynamicItem[Button[View]], template=rf"easel:act:{_PRESS}"):
    """Lets the gateway go on with its finished task."""

    def __init__(
        self, press: ActionPress, label: str | None = None, row: int | None = None
    ) -> None:
        custom_id = f"easel:act:{press}"
        super().__init__(Button(label=label or "…", custom_id=custom_id), row=row)
        self._press = press

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction,  # noqa: ARG003 - the id says everything
        item: discord.ui.Item[View],  # noqa: ARG003 - as above
        match: re.Match[str],
        /,
    ) -> Self:
        """Read what was pressed from the custom id."""
        return cls(ActionPress.of(match))

    async def callback(self, interaction: discord.Interaction) -> None:
        """Hand the click to the cog, which reports errors; discord.py would only log them."""
        interaction.client.dispatch(ACTION_PRESSED, interaction, self._press)


def add_action_buttons(
    view: View,
    texts: Texts,
    job: Job,
    actions: Sequence[OfferedAction],
    *,
    row: int,
) -> None:
    """Add the buttons of tasks below a result's own, from ``row`` on, as many as there is room.

    Each task begins a row, and those of a later one are shown together or not at all.
    """
    for _, of_task in groupby(actions, key=lambda action: action.slot):
        buttons = list(of_task)
        if buttons[0].slot != actions[0].slot and len(buttons) > (_ROWS - row) * _IN_A_ROW:
            return
        for index, action in enumerate(buttons[: (_ROWS - row) * _IN_A_ROW]):
            press = ActionPress(job.id, action.slot, action.place, action.credits)
            label = _label(texts, action, job.locale)
            view.add_item(ActionButton(press, label, row + index // _IN_A_ROW))
        row += -(-len(buttons) // _IN_A_ROW)


def with_new_costs(
    message: discord.Message, texts: Texts, job: Job, actions: Sequence[OfferedAction]
) -> View:
    """Return the rows under a message with what its actions cost now, without expired ones."""
    view = View.from_message(message, timeout=None)
    offered = {(action.slot, action.place): action for action in actions}
    for item in list(view.children):
        shown = re.fullmatch(rf"easel:act:{_PRESS}", getattr(item, "custom_id", None) or "")
        if shown and isinstance(item, Button):
            press = ActionPress.of(shown)
            if action := offered.get((press.slot, press.place)):
                press = ActionPress(job.id, action.slot, action.place, action.credits)
                item.custom_id, item.label = f"easel:act:{press}", _label(texts, action, job.locale)
            else:
                view.remove_item(item)
    view.stop()  # its presses are read by their custom ids
    return view


def _label(texts: Texts, action: OfferedAction, locale: str) -> str:
    face = f"{action.face} ({action.unit})" if action.unit else action.face
    label = texts.say("action-label", locale, face=face, credits=action.credits)
    return one_line(label, _LONGEST_LABEL)


def action_form(
    texts: Texts,
    press: ActionPress,
    face: str,
    prompt: str,
    locale: str,
    *,
    opening: int,
    with_mask: bool = False,
) -> Modal:
    """Return the form that asks for the prompt, and perhaps the mask, of an action."""
    title = texts.say("action-label", locale, face=face, credits=press.credits)
    modal = Modal(title=one_line(title, 45), custom_id=f"easel:act-form:{press}:{opening}")
    modal.stop()  # its answer is read by its custom id, as after a restart
    field: TextInput[Modal] = TextInput(
        custom_id=PROMPT_FIELD,
        style=TextStyle.paragraph,
        default=prompt[:_LONGEST_TEXT],
        max_length=_LONGEST_TEXT,
    )
    modal.add_item(Label(text=texts.say("form-prompt", locale), component=field))
    if with_mask:
        hint = texts.say("action-mask-hint", locale)
        upload: FileUpload[Modal] = FileUpload(custom_id=MASK_FIELD, min_values=1, max_values=1)
        words = texts.say("action-mask", locale)
        modal.add_item(Label(text=words, description=hint, component=upload))
    return modal

"""Buttons that outlive the process: their custom id says everything that a click needs."""

import re
from typing import Literal, Self, cast

import discord
from discord.ui import Button, DynamicItem, View

from bot.core.i18n.texts import Texts

STOP_PRESSED = "stop_pressed"
"""The event that a cog hears of: with the interaction and the job's id."""

Action = Literal["again", "edit", "use", "original", "details", "delete"]

# Three short labels, or two and a bin: that much fits on a phone of 360 points.
ROWS: tuple[dict[Action, str], ...] = (
    {"again": "🔄", "edit": "✏️", "use": "🖼️"},
    {"original": "⬇️", "details": "ℹ️", "delete": "🗑️"},
)


class StopButton(
    DynamicItem[Button[View]],
    template=r"easel:stop:(?P<job_id>[0-9a-f-]{36})",
):
    """Cancels a job in line, or stops waiting for one at work."""

    def __init__(self, job_id: str, label: str | None = None) -> None:
        super().__init__(Button(label=label, custom_id=stop_id(job_id)))
        self._job_id = job_id

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction,  # noqa: ARG003 - the id says everything
        item: discord.ui.Item[View],  # noqa: ARG003 - as above
        match: re.Match[str],
        /,
    ) -> Self:
        """Read the job's id from a click, whichever process placed the button."""
        return cls(match["job_id"])

    async def callback(self, interaction: discord.Interaction) -> None:
        """Tell the door; errors that rise here are lost in discord.py's log."""
        interaction.client.dispatch(STOP_PRESSED, interaction, self._job_id)


def stop_id(job_id: str) -> str:
    """Return the custom id of a job's button; of all messages, only its card has it."""
    return f"easel:stop:{job_id}"


def stop_view(job_id: str, label: str) -> View:
    """Return the row under a card that waits."""
    return View(timeout=None).add_item(StopButton(job_id, label))


class Control(
    DynamicItem[Button[View]],
    # Any id: whoever presses hears that it is unknown, where no answer would be "failed".
    template=r"easel:(?P<action>again|edit|use|original|details|delete):(?P<job_id>.+)",
):
    """One of the buttons under a result; a cog hears of ``ACTION_pressed``."""

    def __init__(
        self,
        action: Action,
        job_id: str,
        *,
        label: str | None = None,
        emoji: str | None = None,
        row: int | None = None,
    ) -> None:
        button: Button[View] = Button(
            label=label or (None if emoji else action),
            emoji=emoji,
            custom_id=f"easel:{action}:{job_id}",
        )
        super().__init__(button, row=row)
        self._action = action
        self._job_id = job_id

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction,  # noqa: ARG003 - the id says everything
        item: discord.ui.Item[View],  # noqa: ARG003 - as above
        match: re.Match[str],
        /,
    ) -> Self:
        """Read what to do with which job from a click, whichever process placed the button."""
        return cls(cast("Action", match["action"]), match["job_id"])

    async def callback(self, interaction: discord.Interaction) -> None:
        """Tell the door; errors that rise here are lost in discord.py's log."""
        interaction.client.dispatch(f"{self._action}_pressed", interaction, self._job_id)


def retry_controls(texts: Texts, job_id: str, locale: str) -> View:
    """Return the row under a card without pictures."""
    names = {"again": "control-try-again", "edit": "control-edit"}
    view = View(timeout=None)
    for action in ("again", "edit"):
        label = texts.say(names[action], locale)
        view.add_item(Control(action, job_id, label=label, emoji=ROWS[0][action]))
    return view


def controls(texts: Texts, job_id: str, locale: str) -> View:
    """Return the rows under a result."""
    view = View(timeout=None)
    for row, actions in enumerate(ROWS):
        for action, emoji in actions.items():
            label = None if action == "delete" else texts.say(f"control-{action}", locale)
            view.add_item(Control(action, job_id, label=label, emoji=emoji, row=row))
    return view

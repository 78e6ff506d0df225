"""Buttons that outlive the process: their custom id says everything that a click needs."""

import re
from typing import Literal, Self, cast

import discord
from discord.ui import Button, DynamicItem, View

from bot.core.i18n.texts import Texts

STOP_PRESSED = "stop_pressed"
"""The event that a cog hears of: with the interaction and the job's id."""

ResultAction = Literal["again", "edit", "use", "original", "details", "delete"]

# Three short labels, or two and a bin: that much fits on a phone of 360 points.
RESULT_BUTTON_ROWS: tuple[dict[ResultAction, str], ...] = (
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


def stop_button_row(job_id: str, label: str) -> View:
    """Return the row under a card that waits."""
    return View(timeout=None).add_item(StopButton(job_id, label))


class ResultButton(
    DynamicItem[Button[View]],
    # Any id: whoever presses hears that it is unknown, where no answer would be "failed".
    template=r"easel:(?P<action>again|edit|use|original|details|delete):(?P<job_id>.+)",
):
    """One of the buttons under a result; a cog hears of ``ACTION_pressed``."""

    def __init__(
        self,
        action: ResultAction,
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
        return cls(cast("ResultAction", match["action"]), match["job_id"])

    async def callback(self, interaction: discord.Interaction) -> None:
        """Tell the door; errors that rise here are lost in discord.py's log."""
        interaction.client.dispatch(f"{self._action}_pressed", interaction, self._job_id)


def retry_buttons(texts: Texts, job_id: str, locale: str) -> View:
    """Return the row under a card without pictures."""
    names = {"again": "control-try-again", "edit": "control-edit"}
    view = View(timeout=None)
    for action in ("again", "edit"):
        label = texts.say(names[action], locale)
        view.add_item(
            ResultButton(action, job_id, label=label, emoji=RESULT_BUTTON_ROWS[0][action])
        )
    return view


def result_buttons(texts: Texts, job_id: str, locale: str) -> View:
    """Return the rows under a result."""
    view = View(timeout=None)
    for row, actions in enumerate(RESULT_BUTTON_ROWS):
        for action, emoji in actions.items():
            label = None if action == "delete" else texts.say(f"control-{action}", locale)
            view.add_item(ResultButton(action, job_id, label=label, emoji=emoji, row=row))
    return view


LIST_PAGE_CHOSEN = "page_turned"
"""The event that a cog hears of: with the interaction, the book's name and the page's number."""

_Direction = Literal["back", "on"]


class PageButton(
    DynamicItem[Button[View]],
    template=r"easel:page:(?P<book>[a-z]{1,20}):(?:back|on):(?P<number>\d{1,6})",
):
    """Goes to another page of a list; what is there is read anew."""

    def __init__(self, book: str, number: int, button: Button[View]) -> None:
        super().__init__(button)
        self._book = book
        self._number = number

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction,  # noqa: ARG003 - the id says everything
        item: discord.ui.Item[View],
        match: re.Match[str],
        /,
    ) -> Self:
        """Read the page from a click, whichever process placed the button."""
        assert isinstance(item, Button)  # noqa: S101 - nothing else has this id
        return cls(match["book"], int(match["number"]), item)

    async def callback(self, interaction: discord.Interaction) -> None:
        """Tell the door; errors that rise here are lost in discord.py's log."""
        interaction.client.dispatch(LIST_PAGE_CHOSEN, interaction, self._book, self._number)


def page_buttons(
    texts: Texts, book: str, number: int, *, is_last: bool, locale: str = "en"
) -> View | None:
    """Return the row under a page, None where there is but one."""
    if number == 0 and is_last:
        return None
    view = View(timeout=None)
    for way, target, off in (("back", number - 1, number == 0), ("on", number + 1, is_last)):
        label = texts.say(f"quota-page-{way}", locale)
        custom_id = f"easel:page:{book}:{way}:{max(0, target)}"
        button: Button[View] = Button(label=label, custom_id=custom_id, disabled=off)
        view.add_item(PageButton(book, max(0, target), button))
    return view

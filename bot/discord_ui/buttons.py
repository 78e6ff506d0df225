"""Buttons that work after a restart: the custom id holds everything that a click needs."""

import re
from collections.abc import Sequence
from typing import Literal, Self, cast

import discord
from discord.ui import Button, DynamicItem, View

from bot.core.i18n.texts import Texts
from bot.core.models import Job
from bot.core.task_actions import OfferedAction
from bot.discord_ui.action_buttons import add_action_buttons
from bot.discord_ui.picture_controls import (
    ChosenPicture,
    PictureButton,
    PictureSelect,
    picture_select,
)
from bot.jobs.courier import JobProgress, QueuePosition

STOP_PRESSED = "stop_pressed"
"""The event for cogs: its arguments are the interaction and the job's id."""

ResultAction = Literal["again", "edit", "use", "original", "details", "delete", "spoiler"]

# Three short labels, or two and a bin: that much fits on a phone of 360 points.
RESULT_BUTTON_ROWS: tuple[dict[ResultAction, str], ...] = (
    {"again": "🔄", "edit": "✏️", "use": "🖼️"},
    {"original": "⬇️", "details": "ℹ️", "delete": "🗑️"},
)

SPOILER_EMOJI = "🙈"

LIST_PAGE_CHOSEN = "list_page_chosen"
"""The event for cogs: its arguments are the interaction, the list's name and a page number."""


class StopButton(
    DynamicItem[Button[View]],
    template=r"easel:stop:(?P<job_id>[0-9a-f-]{36})",
):
    """Cancels a queued job, or detaches the requester from a running one."""

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
        """Read the job's id from the custom id."""
        return cls(match["job_id"])

    async def callback(self, interaction: discord.Interaction) -> None:
        """Hand the click to the cog, which reports errors; discord.py would only log them."""
        interaction.client.dispatch(STOP_PRESSED, interaction, self._job_id)


def stop_id(job_id: str) -> str:
    """Return the custom id of a job's stop button; only the job's own message has it."""
    return f"easel:stop:{job_id}"


def stop_button_row(texts: Texts, job: Job, state: QueuePosition | JobProgress) -> View:
    """Return the row under a job that has not ended."""
    name = "card-cancel" if isinstance(state, QueuePosition) else "card-stop-waiting"
    return View(timeout=None).add_item(StopButton(job.id, texts.say(name, job.locale)))


class ResultButton(
    DynamicItem[Button[View]],
    # Any id: an unknown one leads to a sentence; Discord shows no answer as "failed".
    template=r"easel:(?P<action>again|edit|use|original|details|delete|spoiler):(?P<job_id>.+)",
):
    """A button under a result; cogs get the event ``ACTION_pressed``."""

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
        """Read the action and the job's id from the custom id."""
        return cls(cast("ResultAction", match["action"]), match["job_id"])

    async def callback(self, interaction: discord.Interaction) -> None:
        """Hand the click to the cog, which reports errors; discord.py would only log them."""
        interaction.client.dispatch(f"{self._action}_pressed", interaction, self._job_id)


def retry_buttons(texts: Texts, job_id: str, locale: str) -> View:
    """Return the row under a job that ended without pictures."""
    names: dict[ResultAction, str] = {"again": "control-try-again", "edit": "control-edit"}
    return _retry_row(texts, job_id, locale, names)


def declined_buttons(texts: Texts, job_id: str, locale: str) -> View:
    """Return the row under a job whose prompt moderation declined: the same one helps little."""
    names: dict[ResultAction, str] = {
        "edit": "control-change-prompt",
        "again": "control-try-again",
    }
    return _retry_row(texts, job_id, locale, names)


def _retry_row(texts: Texts, job_id: str, locale: str, names: dict[ResultAction, str]) -> View:
    view = View(timeout=None)
    for action, name in names.items():
        emoji = RESULT_BUTTON_ROWS[0][action]
        view.add_item(ResultButton(action, job_id, label=texts.say(name, locale), emoji=emoji))
    return view


def result_buttons(texts: Texts, job_id: str, locale: str, *, pictures: Sequence[int] = ()) -> View:
    """Return the rows under a result; one of the kept ``pictures`` can be chosen."""
    view = View(timeout=None)
    for row, actions in enumerate(RESULT_BUTTON_ROWS):
        for action, emoji in actions.items():
            label = None if action == "delete" else texts.say(f"control-{action}", locale)
            view.add_item(ResultButton(action, job_id, label=label, emoji=emoji, row=row))
    if len(pictures) > 1:
        select = picture_select(texts, job_id, locale, pictures)
        view.add_item(PictureSelect(job_id, select, row=len(RESULT_BUTTON_ROWS)))
    for number in pictures if len(pictures) == 1 else ():
        only = ChosenPicture(job_id, number)
        view.add_item(PictureButton("choose", only, row=len(RESULT_BUTTON_ROWS) - 1))
    return view


def buttons_of_one(texts: Texts, job_id: str, number: int, locale: str) -> View:
    """Return the row under one picture of a result that was posted by itself."""
    view = View(timeout=None)
    use = texts.say("control-use", locale)
    view.add_item(PictureButton("use", ChosenPicture(job_id, number), label=use))
    details, emojis = texts.say("control-details", locale), RESULT_BUTTON_ROWS[1]
    view.add_item(ResultButton("details", job_id, label=details, emoji=emojis["details"]))
    view.add_item(PictureButton("choose", ChosenPicture(job_id, number)))
    return view.add_item(ResultButton("delete", job_id, emoji=emojis["delete"]))


def delivered_buttons(
    texts: Texts,
    job: Job,
    *,
    pictures: Sequence[int],
    actions: Sequence[OfferedAction] = (),
) -> View:
    """Return the rows under the pictures of a job: those that others see can be hidden, too.

    ``actions`` are those of the gateway's task.
    """
    view = result_buttons(texts, job.id, job.locale, pictures=pictures)
    if not job.private:
        row = len(RESULT_BUTTON_ROWS) - 1
        view.add_item(ResultButton("spoiler", job.id, emoji=SPOILER_EMOJI, row=row))
    below = len(RESULT_BUTTON_ROWS) + (len(pictures) > 1)
    add_action_buttons(view, texts, job, actions, row=below)
    return view


class PageButton(
    DynamicItem[Button[View]],
    template=r"easel:page:(?P<list_name>[a-z]{1,20}):(?:back|on):(?P<number>\d{1,6})",
):
    """Shows another page of a list, with its current entries."""

    def __init__(self, list_name: str, number: int, button: Button[View]) -> None:
        super().__init__(button)
        self._list_name = list_name
        self._number = number

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction,  # noqa: ARG003 - the id says everything
        item: discord.ui.Item[View],
        match: re.Match[str],
        /,
    ) -> Self:
        """Read the list and the page from the custom id."""
        assert isinstance(item, Button)  # noqa: S101 - nothing else has this id
        return cls(match["list_name"], int(match["number"]), item)

    async def callback(self, interaction: discord.Interaction) -> None:
        """Hand the click to the cog, which reports errors; discord.py would only log them."""
        interaction.client.dispatch(LIST_PAGE_CHOSEN, interaction, self._list_name, self._number)


def page_buttons(
    texts: Texts, list_name: str, number: int, *, is_last: bool, locale: str = "en"
) -> View | None:
    """Return the row under a page of a list, None where there is only one page."""
    if number == 0 and is_last:
        return None
    view = View(timeout=None)
    for direction, target, off in (("back", number - 1, number == 0), ("on", number + 1, is_last)):
        label = texts.say(f"quota-page-{direction}", locale)
        custom_id = f"easel:page:{list_name}:{direction}:{max(0, target)}"
        button: Button[View] = Button(label=label, custom_id=custom_id, disabled=off)
        view.add_item(PageButton(list_name, max(0, target), button))
    return view

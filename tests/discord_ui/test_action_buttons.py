"""The buttons of gateways' tasks: which of them a message has room for."""

import pytest
from discord.ui import View

from bot.core.i18n.texts import Texts
from bot.core.models import ImageRequest, Job
from bot.core.task_actions import OfferedAction
from bot.discord_ui.action_buttons import add_action_buttons
from tests.jobs.service_harness import ADA

JOB = Job("j", ImageRequest("a fox", "m", "auto", 2), ADA, 2, 0)


def of_task(slot: int, count: int, unit: int = 0) -> list[OfferedAction]:
    """Return so many buttons of a task."""
    return [OfferedAction(slot, place, "U", 1, unit) for place in range(1, count + 1)]


ROOM: dict[str, tuple[int, list[OfferedAction], list[list[str]]]] = {
    "one": (3, of_task(0, 9), [["U"] * 5, ["U"] * 4]),
    "one that is too large": (4, of_task(0, 9), [["U"] * 5]),
    "two that fit": (
        3,
        [*of_task(0, 3, 1), *of_task(1, 4, 2)],
        [["U (1)"] * 3, ["U (2)"] * 4],
    ),
    "a second one that does not fit": (
        3,
        [*of_task(0, 3, 1), *of_task(1, 6, 2)],
        [["U (1)"] * 3],
    ),
    "a second one without any room": (
        3,
        [*of_task(0, 9, 1), *of_task(1, 9, 2)],
        [["U (1)"] * 5, ["U (1)"] * 4],
    ),
    "none": (3, [], []),
}


@pytest.mark.parametrize("what", ROOM)
async def test_tasks_are_shown_as_a_whole(what: str) -> None:
    """Half of a task's buttons would look like all of them; each task begins a row."""
    row, actions, shown = ROOM[what]
    view = View(timeout=None)
    add_action_buttons(view, Texts(), JOB, actions, row=row)
    rows = [
        [component["label"].partition(" · ")[0] for component in each["components"]]
        for each in view.to_components()
    ]
    assert rows == shown

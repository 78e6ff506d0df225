"""Buttons that outlive the process: their custom id says everything that a click needs."""

import re
from typing import Self

import discord
from discord.ui import Button, DynamicItem, View

STOP_PRESSED = "stop_pressed"
"""The event that a cog hears of: with the interaction and the job's id."""


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

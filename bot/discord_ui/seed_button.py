"""The button under the details of a result that asks its gateway for the seed."""

import re
from typing import Self

import discord
from discord.ui import Button, DynamicItem, View

from bot.core.i18n.texts import Texts

SEED_PRESSED = "seed_pressed"
"""The event for cogs: its arguments are the interaction and the job's id."""


class SeedButton(DynamicItem[Button[View]], template=r"easel:seed:(?P<job_id>[^:]+)"):
    """Asks for the seed of a job's tasks; it outlives the process."""

    def __init__(self, job_id: str, label: str | None = None) -> None:
        super().__init__(Button(label=label, emoji="🌱", custom_id=f"easel:seed:{job_id}"))
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
        interaction.client.dispatch(SEED_PRESSED, interaction, self._job_id)


def seed_button(texts: Texts, job_id: str, locale: str) -> View:
    """Return the button alone."""
    view = View(timeout=None)
    view.add_item(SeedButton(job_id, texts.say("details-ask-seed", locale)))
    return view

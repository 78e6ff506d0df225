"""The question before a result is deleted; its buttons work after a restart."""

import re
from dataclasses import dataclass
from typing import Self

import discord
from discord.ui import Button, DynamicItem, View

from bot.core.i18n.texts import Texts

DELETION_ANSWERED = "deletion_answered"
"""The event for cogs: its arguments are the interaction and the answer."""


@dataclass(frozen=True, slots=True)
class DeletionAnswer:
    """What somebody pressed: whether the job's result is to be deleted.

    ``asked_id`` is who may answer where everybody sees the question, None where one person does.
    """

    job_id: str
    is_yes: bool
    asked_id: int | None = None


class DeletionButton(
    DynamicItem[Button[View]],
    template=r"easel:deletion:(?P<answer>yes|no):(?P<job_id>[^:]+)(?::(?P<asked_id>\d{1,20}))?",
):
    """Answers the question."""

    def __init__(self, answer: DeletionAnswer, label: str | None = None) -> None:
        word = "yes" if answer.is_yes else "no"
        asked = "" if answer.asked_id is None else f":{answer.asked_id}"
        style = discord.ButtonStyle.danger if answer.is_yes else discord.ButtonStyle.secondary
        custom_id = f"easel:deletion:{word}:{answer.job_id}{asked}"
        super().__init__(Button(label=label or word, style=style, custom_id=custom_id))
        self._answer = answer

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction,  # noqa: ARG003 - the id says everything
        item: discord.ui.Item[View],  # noqa: ARG003 - as above
        match: re.Match[str],
        /,
    ) -> Self:
        """Read the answer from the custom id."""
        asked_id = None if match["asked_id"] is None else int(match["asked_id"])
        return cls(DeletionAnswer(match["job_id"], match["answer"] == "yes", asked_id))

    async def callback(self, interaction: discord.Interaction) -> None:
        """Hand the click to the cog, which reports errors; discord.py would only log them."""
        interaction.client.dispatch(DELETION_ANSWERED, interaction, self._answer)


def deletion_buttons(
    texts: Texts, job_id: str, locale: str, *, asked_id: int | None = None
) -> View:
    """Return the row under the question."""
    view = View(timeout=None)
    for is_yes, name in ((True, "delete-yes"), (False, "delete-no")):
        answer = DeletionAnswer(job_id, is_yes, asked_id)
        view.add_item(DeletionButton(answer, texts.say(name, locale)))
    return view

"""Buttons under a refusal that request something else; their requests are kept in memory."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import discord
from discord.ui import Button, DynamicItem, View

from bot.core.i18n.escaping import one_line
from bot.core.i18n.texts import Texts

REMEDY_PRESSED = "remedy_pressed"
"""The event for cogs: its arguments are the interaction, the key of the refusal and a number."""

# https://docs.discord.com/developers/components/reference, Button: a label has 80 characters, and
# about 34 fit.
LONGEST_LABEL = 34


@dataclass(frozen=True, slots=True)
class RemedyLabel:
    """What a button says: a text, or a ``value`` as it is, and the cost, None where it is usual."""

    message_id: str | None
    value: str
    credits: int | None = None


class RemedyButton(
    DynamicItem[Button[View]],
    template=r"easel:instead:(?P<key>[0-9a-f]{16}):(?P<number>\d)",
):
    """Requests what its number stands for."""

    def __init__(self, key: str, number: int, label: str | None = None) -> None:
        super().__init__(Button(label=label or key, custom_id=f"easel:instead:{key}:{number}"))
        self._key = key
        self._number = number

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction,  # noqa: ARG003 - the id says everything
        item: discord.ui.Item[View],  # noqa: ARG003 - as above
        match: re.Match[str],
        /,
    ) -> Self:
        """Read the refusal's key and the number from the custom id."""
        return cls(match["key"], int(match["number"]))

    async def callback(self, interaction: discord.Interaction) -> None:
        """Hand the click to the cog, which reports errors; discord.py would only log them."""
        interaction.client.dispatch(REMEDY_PRESSED, interaction, self._key, self._number)


def remedy_buttons(texts: Texts, key: str, labels: Iterable[RemedyLabel], locale: str) -> View:
    """Return the row under a refusal."""
    view = View(timeout=None)
    for number, label in enumerate(labels):
        view.add_item(RemedyButton(key, number, _label(texts, label, locale)))
    return view


def _label(texts: Texts, label: RemedyLabel, locale: str) -> str:
    words = one_line(label.value, LONGEST_LABEL)
    if label.message_id is not None:
        words = texts.say(label.message_id, locale, n=label.value, option=label.value)
    if label.credits is None:
        return words
    return f"{words} · {texts.say('card-credits', locale, credits=label.credits)}"

"""Suggested prompts with a button for each; the buttons outlive the process."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self, cast

import discord
from discord.ui import Button, DynamicItem, View

from bot.core.i18n.escaping import cut, quoted
from bot.core.i18n.texts import Texts
from bot.discord_ui.embed_style import COLOURS, plain_line, small

SUGGESTION_PRESSED = "suggestion_pressed"
"""The event for cogs: its arguments are the interaction and what was chosen."""

SuggestedBy = Literal["describe", "shorten"]
"""The command that proposes prompts."""

_LONGEST_IMPROVED = 3_500
_ROOM_OF_PROMPTS = 3_800  # of an embed's 4,096, with escaped letters


@dataclass(frozen=True, slots=True)
class ChosenSuggestion:
    """The ``number``-th prompt of a request, counted from 1; ``credits`` is what was shown."""

    text_id: str
    number: int
    credits: int


class SuggestionButton(
    DynamicItem[Button[View]],
    template=r"easel:suggestion:(?P<text_id>[0-9a-f-]{36}):(?P<number>\d):(?P<credits>\d{1,12})",
):
    """Paints a suggested prompt."""

    def __init__(self, chosen: ChosenSuggestion, label: str | None = None) -> None:
        custom_id = f"easel:suggestion:{chosen.text_id}:{chosen.number}:{chosen.credits}"
        label = label or str(chosen.number)
        super().__init__(Button(label=label, emoji="🎨", custom_id=custom_id))
        self._chosen = chosen

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction,  # noqa: ARG003 - the id says everything
        item: discord.ui.Item[View],  # noqa: ARG003 - as above
        match: re.Match[str],
        /,
    ) -> Self:
        """Read what is chosen from the custom id."""
        chosen = ChosenSuggestion(match["text_id"], int(match["number"]), int(match["credits"]))
        return cls(chosen)

    async def callback(self, interaction: discord.Interaction) -> None:
        """Hand the click to the cog, which reports errors; discord.py would only log them."""
        interaction.client.dispatch(SUGGESTION_PRESSED, interaction, self._chosen)


def suggestion_buttons(texts: Texts, text_id: str, costs: Sequence[int], locale: str) -> View:
    """Return a button for each prompt, with what its pictures cost."""
    view = View(timeout=None)
    for number, credits_ in enumerate(costs, 1):
        label = texts.say("suggestion-paint", locale, number=str(number), credits=credits_)
        view.add_item(SuggestionButton(ChosenSuggestion(text_id, number, credits_), label))
    return view


def suggestions_embed(
    texts: Texts, prompts: Sequence[str], locale: str, *, by: SuggestedBy, credits: int
) -> discord.Embed:
    """Show the prompts that a command has proposed, and what they have cost."""
    longest = _ROOM_OF_PROMPTS // len(prompts)
    lines = [
        f"**{number}** · {cut(plain_line(prompt, longest), longest)}"
        for number, prompt in enumerate(prompts, 1)
    ]
    lines.append(small(texts.say("suggestion-cost", locale, credits=credits)))
    embed = discord.Embed(colour=COLOURS["result"], description="\n\n".join(lines))
    return embed.set_author(name=texts.say(f"{by}-title", locale))


# --- a better prompt ----------------------------------------------------------------------------

IMPROVED_CHOSEN = "improved_chosen"
"""The event for cogs: its arguments are the interaction and what was chosen."""

FormKind = Literal["edited", "begun", "refused"]


@dataclass(frozen=True, slots=True)
class FormOrigin:
    """The form that a prompt comes from: its kind, and the job, message or refusal it is of."""

    kind: FormKind
    of: str


@dataclass(frozen=True, slots=True)
class ChosenWords:
    """The ``number``-th prompt of a request, counted from 1, for a form."""

    text_id: str
    number: int
    origin: FormOrigin


class ImprovedButton(
    DynamicItem[Button[View]],
    template=r"easel:improved:(?P<text_id>[0-9a-f-]{36}):(?P<number>[12])"
    r":(?P<kind>edited|begun|refused):(?P<of>[0-9a-f:-]+)",
):
    """Opens a form again, with the better prompt or with the person's own."""

    def __init__(self, chosen: ChosenWords, label: str | None = None) -> None:
        origin = chosen.origin
        where = f"{origin.kind}:{origin.of}"
        custom_id = f"easel:improved:{chosen.text_id}:{chosen.number}:{where}"
        super().__init__(Button(label=label or str(chosen.number), emoji="✏️", custom_id=custom_id))
        self._chosen = chosen

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction,  # noqa: ARG003 - the id says everything
        item: discord.ui.Item[View],  # noqa: ARG003 - as above
        match: re.Match[str],
        /,
    ) -> Self:
        """Read what is chosen from the custom id."""
        origin = FormOrigin(cast("FormKind", match["kind"]), match["of"])
        return cls(ChosenWords(match["text_id"], int(match["number"]), origin))

    async def callback(self, interaction: discord.Interaction) -> None:
        """Hand the click to the cog, which reports errors; discord.py would only log them."""
        interaction.client.dispatch(IMPROVED_CHOSEN, interaction, self._chosen)


def improved_buttons(texts: Texts, text_id: str, origin: FormOrigin, locale: str) -> View:
    """Return a button for the better prompt, and one for the person's own."""
    view = View(timeout=None)
    for number, name in enumerate(("improve-take", "improve-leave"), 1):
        chosen = ChosenWords(text_id, number, origin)
        view.add_item(ImprovedButton(chosen, texts.say(name, locale)))
    return view


def improved_embed(texts: Texts, prompt: str, locale: str, *, credits: int) -> discord.Embed:
    """Show a better prompt, and what it has cost."""
    cost = small(texts.say("improve-cost", locale, credits=credits))
    words = quoted(prompt, _LONGEST_IMPROVED)
    embed = discord.Embed(colour=COLOURS["result"], description=f"{words}\n\n{cost}")
    return embed.set_author(name=texts.say("improve-title", locale))

"""The select under several pictures, and the buttons for the one that was chosen.

Their custom ids hold the job and the number of the picture, so that they work after a restart.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self, cast

import discord
from discord.ui import Button, DynamicItem, Select, View

from bot.core.i18n.escaping import one_line
from bot.core.i18n.texts import Texts
from bot.discord_ui.modals import LONGEST_MODEL, MOST_OPTIONS

PICTURE_CHOSEN = "picture_chosen"
"""The event for cogs: its arguments are the interaction and the picture."""

PictureAction = Literal["vary", "use", "post"]

_EMOJI: dict[PictureAction, str] = {"vary": "🎲", "use": "🖼️", "post": "📤"}


@dataclass(frozen=True, slots=True)
class ChosenPicture:
    """The ``number``-th picture of a job, counted from 1."""

    job_id: str
    number: int


@dataclass(frozen=True, slots=True)
class ReferenceOffer:
    """What one more picture with a chosen one as reference costs, and by which model.

    ``other_model`` is None where it is the model that painted the chosen one.
    """

    credits: int
    other_model: str | None = None


class PictureSelect(
    DynamicItem[Select[View]],
    # Any id: an unknown one leads to a sentence; Discord shows no answer as "failed".
    template=r"easel:picture:(?P<job_id>.+)",
):
    """Chooses one picture of a result; the message stays as it is."""

    def __init__(self, job_id: str, select: Select[View], row: int | None = None) -> None:
        super().__init__(select, row=row)
        self._job_id = job_id

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction,  # noqa: ARG003 - the id says everything
        item: discord.ui.Item[View],
        match: re.Match[str],
        /,
    ) -> Self:
        """Read the job's id from the custom id."""
        assert isinstance(item, Select)  # noqa: S101 - nothing else has this id
        return cls(match["job_id"], item)

    async def callback(self, interaction: discord.Interaction) -> None:
        """Hand the choice to the cog, which reports errors; discord.py would only log them."""
        number = next((int(each) for each in self.item.values if each.isdecimal()), 0)
        chosen = ChosenPicture(self._job_id, number)
        interaction.client.dispatch(PICTURE_CHOSEN, interaction, chosen)


class PictureButton(
    DynamicItem[Button[View]],
    template=r"easel:one:(?P<action>vary|use|post):(?P<job_id>[^:]+):(?P<number>\d{1,2})"
    r"(?::(?P<credits>\d{1,12}))?",
):
    """A button for one picture; cogs get the event ``picture_ACTION_pressed``.

    That of *vary* has the credits that the button showed as a third argument.
    """

    def __init__(
        self,
        action: PictureAction,
        chosen: ChosenPicture,
        *,
        label: str | None = None,
        credits: int | None = None,
    ) -> None:
        shown = "" if credits is None else f":{credits}"
        custom_id = f"easel:one:{action}:{chosen.job_id}:{chosen.number}{shown}"
        emoji = _EMOJI[action]
        super().__init__(Button(label=label or action, emoji=emoji, custom_id=custom_id))
        self._event = f"picture_{action}_pressed"
        self._arguments = (chosen,) if credits is None else (chosen, credits)

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction,  # noqa: ARG003 - the id says everything
        item: discord.ui.Item[View],  # noqa: ARG003 - as above
        match: re.Match[str],
        /,
    ) -> Self:
        """Read the action, the picture and the credits from the custom id."""
        chosen = ChosenPicture(match["job_id"], int(match["number"]))
        credits_ = None if match["credits"] is None else int(match["credits"])
        return cls(cast("PictureAction", match["action"]), chosen, credits=credits_)

    async def callback(self, interaction: discord.Interaction) -> None:
        """Hand the click to the cog, which reports errors; discord.py would only log them."""
        interaction.client.dispatch(self._event, interaction, *self._arguments)


def picture_select(texts: Texts, job_id: str, locale: str, numbers: Sequence[int]) -> Select[View]:
    """Return the select of a result's pictures."""
    return Select(
        custom_id=f"easel:picture:{job_id}",
        placeholder=texts.say("picture-choose", locale),
        options=[
            discord.SelectOption(
                label=texts.say("form-start-one-of", locale, number=str(number)), value=str(number)
            )
            for number in numbers[:MOST_OPTIONS]
        ],
    )


def picture_buttons(
    texts: Texts,
    chosen: ChosenPicture,
    locale: str,
    *,
    offer: ReferenceOffer | None,
    may_post: bool,
) -> View:
    """Return what one can do with a picture, with what each costs.

    Without an ``offer`` no model here accepts the picture as reference.
    """
    view = View(timeout=None)
    if offer is not None:
        vary = _vary_label(texts, offer, locale)
        use = texts.say("picture-use", locale, credits=offer.credits)
        view.add_item(PictureButton("vary", chosen, label=vary, credits=offer.credits))
        view.add_item(PictureButton("use", chosen, label=use))
    if may_post:
        view.add_item(PictureButton("post", chosen, label=texts.say("picture-post", locale)))
    return view


def _vary_label(texts: Texts, offer: ReferenceOffer, locale: str) -> str:
    if offer.other_model is None:
        return texts.say("picture-vary", locale, credits=offer.credits)
    model = one_line(offer.other_model, LONGEST_MODEL)
    return texts.say("picture-vary-with", locale, short_model=model, credits=offer.credits)

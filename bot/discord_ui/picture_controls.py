"""The select under several pictures, and the buttons for the one that was chosen.

Their custom ids hold the job and the number of the picture, so that they work after a restart.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Self, cast

import discord
from discord.ui import Button, DynamicItem, Select, View

from bot.core.i18n.escaping import one_line
from bot.core.i18n.texts import Texts
from bot.discord_ui.modals import LONGEST_MODEL, MOST_OPTIONS

PICTURE_CHOSEN = "picture_chosen"
"""The event for cogs: its arguments are the interaction and the picture."""

PictureAction = Literal["choose", "vary", "use", "enlarge", "resample", "post"]

_EMOJI: dict[PictureAction, str] = {
    "choose": "🔍",
    "vary": "🎲",
    "use": "🖼️",
    "enlarge": "🔍",
    "resample": "🔍",
    "post": "📤",
}
_CONFIRMED: tuple[PictureAction, ...] = ("vary", "enlarge")
"""What is requested at once, for the credits that its button showed."""


@dataclass(frozen=True, slots=True)
class ChosenPicture:
    """The ``number``-th picture of a job, counted from 1."""

    job_id: str
    number: int


@dataclass(frozen=True, slots=True)
class ModelOffer:
    """What a model takes for one picture that it makes of a chosen one.

    ``is_other``: another model painted the chosen one.
    """

    model: str
    credits: int
    is_other: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureOffers:
    """What somebody can do with a chosen picture.

    Without a ``reference`` no model here accepts it as one, without ``enlarging`` none enlarges it.
    """

    reference: ModelOffer | None
    enlarging: ModelOffer | None
    may_resample: bool
    may_post: bool

    @property
    def actions(self) -> Iterator[PictureAction]:
        """Yield the actions that have a button."""
        if self.reference is not None:
            yield "vary"
            yield "use"
        if self.enlarging is not None:
            yield "enlarge"
        elif self.may_resample:
            yield "resample"
        if self.may_post:
            yield "post"


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
    template=r"easel:one:(?P<action>choose|vary|use|enlarge|resample|post):(?P<job_id>[^:]+)"
    r":(?P<number>\d{1,2})(?::(?P<credits>\d{1,12}))?",
):
    """A button for one picture; cogs get the event ``picture_ACTION_pressed``.

    That of *choose*, which stands under a result of one picture, is the select's. Those of *vary*
    and *enlarge* have the credits that the button showed as a third argument.
    """

    def __init__(
        self,
        action: PictureAction,
        chosen: ChosenPicture,
        *,
        label: str | None = None,
        credits: int | None = None,
        row: int | None = None,
    ) -> None:
        shown = "" if credits is None else f":{credits}"
        custom_id = f"easel:one:{action}:{chosen.job_id}:{chosen.number}{shown}"
        emoji = _EMOJI[action]
        super().__init__(Button(label=label, emoji=emoji, custom_id=custom_id), row=row)
        self._event = PICTURE_CHOSEN if action == "choose" else f"picture_{action}_pressed"
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
    texts: Texts, chosen: ChosenPicture, locale: str, offers: PictureOffers
) -> View:
    """Return what one can do with a picture, with what each costs."""
    view = View(timeout=None)
    for action in offers.actions:
        offer = offers.enlarging if action == "enlarge" else offers.reference
        label = _label(texts, action, offer, locale)
        confirmed = offer.credits if offer and action in _CONFIRMED else None
        view.add_item(PictureButton(action, chosen, label=label, credits=confirmed))
    return view


def _label(texts: Texts, action: PictureAction, offer: ModelOffer | None, locale: str) -> str:
    name, facts = f"picture-{action}", dict[str, str | int]()
    if offer is not None:
        facts["credits"] = offer.credits
        if offer.is_other and action in _CONFIRMED:
            name = f"{name}-with"
            facts["short_model"] = one_line(offer.model, LONGEST_MODEL)
    return texts.say(name, locale, **facts)

"""The rows under a page of /history: what it was sought by stands in them, so they outlive us."""

import re
from collections.abc import Iterator
from typing import Self, cast

import discord
from discord.ui import Button, DynamicItem, Select, View

from bot.core.i18n.escaping import one_line
from bot.core.i18n.texts import Texts
from bot.discord_ui.history_cards import HistoryCards
from bot.jobs.history_pages import HistoryPage, PageCursor, PageDirection
from bot.jobs.repository.history_search import EVERYTHING, Sought

HISTORY_CHOSEN = "history_chosen"
"""The event that a cog hears of: with the interaction and a job's id."""
HISTORY_TURNED = "history_turned"
"""The event that a cog hears of: with the interaction and the turn."""
HISTORY_FREED = "history_freed"
"""The event that a cog hears of: with the interaction and what shall be sought no longer."""

LONGEST_WORD = 80  # a custom id has 100 characters (components/reference)
_LONGEST_LABEL = 20  # four buttons fit beside each other on a phone, or in two rows
_CHOICE = "easel:again"


class PostAgain(DynamicItem[Select[View]], template=_CHOICE):
    """The choice of a job whose pictures are kept."""

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction,  # noqa: ARG003 - how discord.py calls it
        item: discord.ui.Item[View],
        match: re.Match[str],  # noqa: ARG003
        /,
    ) -> Self:
        """Take up a list that may be older than this process."""
        assert isinstance(item, Select)  # noqa: S101 - nothing else has this id
        return cls(item)

    async def callback(self, interaction: discord.Interaction) -> None:
        """Tell the door; errors that rise here are lost in discord.py's log."""
        interaction.client.dispatch(HISTORY_CHOSEN, interaction, self.item.values[0])


class TurnButton(
    DynamicItem[Button[View]],
    template=r"easel:past:(?P<way>newer|older):(?P<job_id>[0-9a-f-]{36})",
):
    """Goes on from the first or the last job of a page."""

    def __init__(self, turn: PageCursor, button: Button[View]) -> None:
        super().__init__(button)
        self._turn = turn

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction,  # noqa: ARG003 - the id says everything
        item: discord.ui.Item[View],
        match: re.Match[str],
        /,
    ) -> Self:
        """Read the turn from a click, whichever process placed the button."""
        assert isinstance(item, Button)  # noqa: S101 - nothing else has this id
        return cls(PageCursor(match["job_id"], cast("PageDirection", match["way"])), item)

    async def callback(self, interaction: discord.Interaction) -> None:
        """Tell the door; errors that rise here are lost in discord.py's log."""
        interaction.client.dispatch(HISTORY_TURNED, interaction, self._turn)


class SoughtButton(
    DynamicItem[Button[View]],
    template=r"easel:sought:(?P<what>text|model):(?P<word>.+)",
):
    """Says what the page was sought by; a click seeks without it."""

    def __init__(self, what: str, button: Button[View]) -> None:
        super().__init__(button)
        self._what = what

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction,  # noqa: ARG003 - the id says everything
        item: discord.ui.Item[View],
        match: re.Match[str],
        /,
    ) -> Self:
        """Read what it stands for, whichever process placed the button."""
        assert isinstance(item, Button)  # noqa: S101 - nothing else has this id
        return cls(match["what"], item)

    async def callback(self, interaction: discord.Interaction) -> None:
        """Tell the door; errors that rise here are lost in discord.py's log."""
        interaction.client.dispatch(HISTORY_FREED, interaction, self._what)


ITEMS = (PostAgain, TurnButton, SoughtButton)


def history_view(
    texts: Texts, cards: HistoryCards, page: HistoryPage, sought: Sought, locale: str = "en"
) -> View:
    """Return the rows under a page: what can be posted again, the ways on, what was sought."""
    view = View(timeout=None)
    options = [
        cards.choice(number, look, locale)
        for number, look in enumerate(page.entries, 1)
        if look.pictures
    ]
    if options:
        placeholder = texts.say("history-choose", locale)
        select: Select[View] = Select(custom_id=_CHOICE, placeholder=placeholder, options=options)
        view.add_item(PostAgain(select))
    for item in (*_turns(texts, page, locale), *_words(texts, sought, locale)):
        view.add_item(item)
    return view


def sought_by(message: discord.Message | None) -> Sought:
    """Return what the page in a message was sought by."""
    found: dict[str, str] = {}
    for row in message.components if message else ():
        for child in row.children if isinstance(row, discord.ActionRow) else ():
            template = SoughtButton.__discord_ui_compiled_template__
            if match := template.fullmatch(child.custom_id or ""):
                found[match["what"]] = match["word"]
    return Sought(**found) if found else EVERYTHING


def _turns(texts: Texts, page: HistoryPage, locale: str) -> Iterator[TurnButton]:
    if not (page.has_newer or page.has_older):
        return
    ends: tuple[tuple[PageDirection, int, bool], ...] = (
        ("newer", 0, page.has_newer),
        ("older", -1, page.has_older),
    )
    for way, end, is_there in ends:
        turn = PageCursor(page.entries[end].written.job.id, way)
        button: Button[View] = Button(
            label=texts.say(f"history-{way}", locale),
            custom_id=f"easel:past:{way}:{turn.job_id}",
            disabled=not is_there,
        )
        yield TurnButton(turn, button)


def _words(texts: Texts, sought: Sought, locale: str) -> Iterator[SoughtButton]:
    for what, word in (("text", sought.text), ("model", sought.model)):
        if word is not None:
            shown = one_line(word, _LONGEST_LABEL)
            button: Button[View] = Button(
                label=texts.say(f"history-sought-{what}", locale, word=shown),
                custom_id=f"easel:sought:{what}:{word}",
            )
            yield SoughtButton(what, button)

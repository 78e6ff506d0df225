"""The buttons ◀ and ▶ under what has pages; they outlive the process."""

import re
from typing import Literal, Self

import discord
from discord.ui import Button, DynamicItem, View

from bot.core.i18n.texts import Texts

PAGE_TURNED = "page_turned"
"""The event that a cog hears of: with the interaction, the book's name and the page's number."""

Way = Literal["back", "on"]


class PageButton(
    DynamicItem[Button[View]],
    template=r"easel:page:(?P<book>[a-z]{1,20}):(?:back|on):(?P<number>\d{1,6})",
):
    """Goes to another page of a list; what is there is read anew."""

    def __init__(self, book: str, number: int, button: Button[View]) -> None:
        super().__init__(button)
        self._book = book
        self._number = number

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction,  # noqa: ARG003 - the id says everything
        item: discord.ui.Item[View],
        match: re.Match[str],
        /,
    ) -> Self:
        """Read the page from a click, whichever process placed the button."""
        assert isinstance(item, Button)  # noqa: S101 - nothing else has this id
        return cls(match["book"], int(match["number"]), item)

    async def callback(self, interaction: discord.Interaction) -> None:
        """Tell the door; errors that rise here are lost in discord.py's log."""
        interaction.client.dispatch(PAGE_TURNED, interaction, self._book, self._number)


def page_view(
    texts: Texts, book: str, number: int, *, is_last: bool, locale: str = "en"
) -> View | None:
    """Return the row under a page, None where there is but one."""
    if number == 0 and is_last:
        return None
    view = View(timeout=None)
    for way, target, off in (("back", number - 1, number == 0), ("on", number + 1, is_last)):
        label = texts.say(f"quota-page-{way}", locale)
        custom_id = f"easel:page:{book}:{way}:{max(0, target)}"
        button: Button[View] = Button(label=label, custom_id=custom_id, disabled=off)
        view.add_item(PageButton(book, max(0, target), button))
    return view

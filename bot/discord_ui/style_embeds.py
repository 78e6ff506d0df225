"""The list of a server's styles, page by page, and the answers of /style."""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import discord
from discord.ui import Button, DynamicItem, View

from bot.core.i18n.escaping import cut, escaped, one_line, quoted
from bot.core.i18n.texts import Texts
from bot.core.models import Reference
from bot.discord_ui.embed_style import COLOURS, FACT_SEPARATOR, joined, plain_line, small
from bot.discord_ui.option_facts import option_facts
from bot.preferences.presets import MAX_PRESET_NAME
from bot.preferences.server_styles import ServerStyle

STYLES_ON_A_PAGE = 5
STYLE_PAGE_CHOSEN = "style_page_chosen"
"""The event for cogs: its arguments are the interaction, the page, and whether it is the first."""

_LONGEST_PROMPT = 500  # five of them and their facts share 6000 characters
_LONGEST_FACT = 60
_LONGEST_FACTS = 200


@dataclass(frozen=True, slots=True)
class StylePage:
    """Some styles of a server, and their examples that are kept; pages count from 1."""

    styles: Sequence[ServerStyle]
    pictures: Mapping[Reference, bytes]
    number: int
    pages: int
    count: int


class StyleEmbeds:
    """Builds the list of styles and the sentences about them."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def say(self, message_id: str, style: ServerStyle, locale: str, *, command: str = "") -> str:
        """Say what happened to a style; ``command`` is the mention of the one that uses it."""
        return self._texts.say(message_id, locale, name=escaped(style.name), command=command)

    def imported(self, count: int, replaced: int, locale: str) -> str:
        """Say how many styles of a file were saved."""
        return self._texts.say("style-imported", locale, count=count, replaced=replaced)

    def exported(self, count: int, locale: str) -> str:
        """Say how many styles are in the file."""
        return self._texts.say("style-exported", locale, count=count)

    def names(self, styles: Sequence[ServerStyle], locale: str, *, limit: int) -> str:
        """Return the names of the styles in one line, as many as fit."""
        names = [escaped(style.name) for style in styles]
        shown = joined(self._texts, names, locale, longest=limit)
        return shown or self._texts.say("style-none", locale)

    def page(self, page: StylePage, locale: str) -> list[discord.Embed]:
        """Show one page: the head, and an embed for each style with its example."""
        head = discord.Embed(
            colour=COLOURS["painting"],
            title=self._texts.say("style-list-title", locale, count=page.count),
            description=self._texts.say(
                "style-list-how" if page.count else "style-list-none", locale
            ),
        )
        if page.pages > 1:
            words = self._texts.say("preset-list-page", locale, page=page.number, pages=page.pages)
            head.set_footer(text=words)
        return [head, *(self._style(number, page, locale) for number in range(len(page.styles)))]

    def files(self, page: StylePage, locale: str) -> list[discord.File]:
        """Return the example pictures of a page."""
        return [
            discord.File(
                io.BytesIO(page.pictures[style.picture]),
                _file_name(number, style.picture),
                description=self._texts.say(
                    "style-example-alt", locale, name=one_line(style.name, MAX_PRESET_NAME)
                ),
            )
            for number, style in enumerate(page.styles)
            if style.picture is not None and style.picture in page.pictures
        ]

    def _style(self, number: int, page: StylePage, locale: str) -> discord.Embed:
        style = page.styles[number]
        options = style.options
        count = options.n and self._texts.say("preset-list-n", locale, n=options.n)
        others = option_facts(self._texts, options, locale)
        words = (options.model, options.size, count, *others)
        facts = FACT_SEPARATOR.join(plain_line(word, _LONGEST_FACT) for word in words if word)
        lines = [quoted(options.prompt or "", _LONGEST_PROMPT)]
        if facts:
            lines.append(small(cut(facts, _LONGEST_FACTS)))
        embed = discord.Embed(
            colour=COLOURS["queued"], title=escaped(style.name), description="\n".join(lines)
        )
        if style.picture is not None and style.picture in page.pictures:
            embed.set_thumbnail(url=f"attachment://{_file_name(number, style.picture)}")
        return embed


class StylePageButton(
    DynamicItem[Button[View]],
    template=r"easel:styles:(?P<how>open|turn):(?P<page>[1-9]\d{0,3})",
):
    """Shows a page of a server's styles, in a new message or in place; it outlives the process."""

    def __init__(self, page: int, button: Button[View], *, is_first: bool) -> None:
        super().__init__(button)
        self._page = page
        self._is_first = is_first

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction,  # noqa: ARG003 - the id says everything
        item: discord.ui.Item[View],
        match: re.Match[str],
        /,
    ) -> Self:
        """Read the page from the custom id."""
        assert isinstance(item, Button)  # noqa: S101 - nothing else has this id
        return cls(int(match["page"]), item, is_first=match["how"] == "open")

    async def callback(self, interaction: discord.Interaction) -> None:
        """Hand the press to the cog, which reports errors; discord.py would only log them."""
        interaction.client.dispatch(STYLE_PAGE_CHOSEN, interaction, self._page, self._is_first)


def open_styles_button(texts: Texts, locale: str) -> StylePageButton:
    """Return a button that shows the styles in a message of their own."""
    label = texts.say("style-open", locale)
    button: Button[View] = Button(label=label, emoji="🖌️", custom_id="easel:styles:open:1")
    return StylePageButton(1, button, is_first=True)


def style_page_view(page: StylePage) -> View:
    """Return the arrows under a page."""
    view = View(timeout=None)
    for arrow, other in (("◀", page.number - 1), ("▶", page.number + 1)):
        if 1 <= other <= page.pages:
            button: Button[View] = Button(label=arrow, custom_id=f"easel:styles:turn:{other}")
            view.add_item(StylePageButton(other, button, is_first=False))
    return view


def _file_name(number: int, picture: Reference) -> str:
    return f"style-{number + 1}-{picture.sha256[:8]}.{picture.format}"

"""A page of a list with its buttons, as an answer or in place of the page before."""

from dataclasses import dataclass

import discord
from discord import Interaction
from discord.utils import MISSING

from bot.core.i18n.texts import Texts
from bot.discord_ui.pages import page_view
from bot.discord_ui.quota_lists import Entry, Page


@dataclass(frozen=True, slots=True)
class ListPage:
    """What one person sees."""

    embed: discord.Embed
    view: discord.ui.View | None

    async def send(self, interaction: Interaction) -> None:
        """Answer a command with it."""
        view = MISSING if self.view is None else self.view
        await interaction.response.send_message(embed=self.embed, view=view, ephemeral=True)

    async def replace(self, interaction: Interaction) -> None:
        """Show it where another page was."""
        await interaction.response.edit_message(embed=self.embed, view=self.view)


def list_page(
    texts: Texts, book: str, page: Page[Entry], embed: discord.Embed, locale: str
) -> ListPage:
    """Return a page of a book with the buttons that it needs."""
    view = page_view(texts, book, page.number, is_last=page.is_last, locale=locale)
    return ListPage(embed, view)

"""A page of a list with its buttons, as an answer or in place of the page before."""

from dataclasses import dataclass

import discord
from discord import Interaction
from discord.utils import MISSING

from bot.core.i18n.texts import Texts
from bot.discord_ui.buttons import page_buttons
from bot.discord_ui.quota_list_embeds import Entry, ListPage


@dataclass(frozen=True, slots=True)
class PageReply:
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


def page_reply(
    texts: Texts, book: str, page: ListPage[Entry], embed: discord.Embed, locale: str
) -> PageReply:
    """Return a page of a list with the buttons that it needs."""
    view = page_buttons(texts, book, page.number, is_last=page.is_last, locale=locale)
    return PageReply(embed, view)

"""The context menu of messages, such as *Use as reference*, which SimCord's page does not have."""

import secrets
from typing import Any

import discord
import simcord

from playground.fixture_server import FixtureServer


class MessageMenu:
    """Runs the bot's message commands for the viewer of a page."""

    def __init__(self, server: FixtureServer, preview: "simcord.Preview") -> None:
        self._server = server
        self._preview = preview

    def names(self) -> list[str]:
        """Return the names of the bot's message commands."""
        tree = getattr(self._server.env.bot, "tree", None)
        kind = discord.AppCommandType.message
        return sorted(command.name for command in tree.get_commands(type=kind)) if tree else []

    async def run(self, page_id: str, name: str, message_id: int) -> None:
        """Run one as the viewer of a page, and show the form that it may open.

        Raises:
            LookupError: there is no such page, command or message.
            simcord.SetupError: the viewer may not run it here.
        """
        page = self._page(page_id)
        viewer = next(who for who in self._server.members if who.id == page.viewer.id)
        seen = self._server.channel.history(viewer=viewer)
        message = next((each for each in seen if each.id == message_id), None)
        if message is None or name not in self.names():
            raise LookupError(name)
        result = await viewer.context_menu(self._server.channel, name, message)
        if result.modal is not None:
            self._open_form(page, result)
        await self._preview.refresh()

    # SimCord's public `Preview.show` opens a form only for the first viewer, on a page that is
    # opened afterwards. Its own buttons set these members of a page (3.2.1).

    def _page(self, page_id: str) -> Any:
        return self._preview._pages[page_id]

    @staticmethod
    def _open_form(page: Any, result: simcord.InteractionResult) -> None:
        page.modal = result
        page.modal_handle = f"m_{secrets.token_urlsafe(12)}"

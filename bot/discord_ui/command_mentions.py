"""Mentions of commands: a click on one begins to type it, where Discord's id of it is known."""

from collections.abc import Sequence
from typing import Any

from discord import AppCommandType
from discord.app_commands import Command, CommandTree

from bot.discord_ui.command_sync import JsonCommand


class CommandMentions:
    """Knows the ids that Discord gave to commands; mentions of others are plain text."""

    def __init__(self, tree: CommandTree[Any]) -> None:
        self._tree = tree
        self._ids: dict[str, str] = {}

    def learn(self, registered: Sequence[JsonCommand]) -> None:
        """Remember the ids of the commands that Discord has."""
        typed = AppCommandType.chat_input.value
        self._ids = {
            str(one["name"]): str(one["id"]) for one in registered if one.get("type", 1) == typed
        }

    def mention(self, name: str) -> str:
        """Return the mention of a command, given as people type it without the slash."""
        id_ = self._ids.get(name.partition(" ")[0])
        return f"`/{name}`" if id_ is None else f"</{name}:{id_}>"

    @property
    def facts(self) -> dict[str, str]:
        """Return all mentions as facts of a text: ``$quota_set`` is that of ``/quota set``."""
        names = [
            command.qualified_name
            for command in self._tree.walk_commands()
            if isinstance(command, Command)
        ]
        return {name.replace(" ", "_"): self.mention(name) for name in names}

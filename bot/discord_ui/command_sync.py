"""The commands that Discord has for the bot: read them, compare them, and replace them.

Discord answers with fields that nobody sent, and leaves others out. So its list is compared with
the one that it had after the bot's last update, not with what the bot sends.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import discord
import msgspec
from discord.http import HTTPClient, Route

JsonCommand = Mapping[str, object]

SYNCED_FILE = "commands.sha256"
"""In DATA_DIR."""

# Discord makes it for Activities; an update that leaves it out is refused
# (interactions/application-commands, Entry Point Commands).
ENTRY_POINT_TYPE = 4
_ENTRY_POINT_FIELDS = (
    "id",
    "type",
    "name",
    "name_localizations",
    "default_member_permissions",
    "integration_types",
    "contexts",
    "handler",
)
# They say nothing about what a command is.
_VOLATILE = frozenset({"id", "application_id", "guild_id", "version"})


@dataclass(frozen=True, slots=True)
class CommandRegistry:
    """Discord's list of the bot's commands: those of all places, or those of one server."""

    http: HTTPClient
    application_id: int
    server_id: int | None = None

    async def fetch(self) -> Sequence[JsonCommand]:
        """Return what Discord has; it raises what discord.py raises."""
        found: Sequence[JsonCommand] = await self.http.request(
            self._route("GET"), params={"with_localizations": "true"}
        )
        return found

    async def replace(self, commands: Sequence[JsonCommand]) -> None:
        """Make these the only commands; it raises what discord.py raises."""
        await self.http.request(self._route("PUT"), json=list(commands))

    def _route(self, method: str) -> Route:
        if self.server_id is None:
            path = "/applications/{application_id}/commands"
            return Route(method, path, application_id=self.application_id)
        path = "/applications/{application_id}/guilds/{guild_id}/commands"
        return Route(method, path, application_id=self.application_id, guild_id=self.server_id)


@dataclass(frozen=True, slots=True)
class SyncedCommands:
    """What the last update sent and what Discord had after it, as two digests."""

    sent: str
    registered: str

    @classmethod
    def read(cls, file: Path) -> "SyncedCommands | None":
        """Return what was written, None where nothing was, or by an earlier version."""
        digests = file.read_text(errors="replace").split() if file.is_file() else []
        return cls(*digests) if len(digests) == 2 else None

    def write(self, file: Path) -> None:
        """Write it, for the next start and for the doctor."""
        file.write_text(f"{self.sent}\n{self.registered}\n")


def digest(commands: Sequence[JsonCommand], *context: object) -> str:
    """Return a hash of commands in any order, without what differs between two equal ones."""
    plain = [{key: one[key] for key in one if key not in _VOLATILE} for one in commands]
    plain.sort(key=lambda one: (str(one.get("type", 1)), str(one["name"])))
    content = msgspec.json.encode([plain, *context], order="sorted")
    return hashlib.sha256(content).hexdigest()


def entry_points(commands: Sequence[JsonCommand]) -> list[JsonCommand]:
    """Return the Entry Point commands as an update must repeat them."""
    found = [one for one in commands if one.get("type") == ENTRY_POINT_TYPE]
    return [
        {key: one[key] for key in _ENTRY_POINT_FIELDS if one.get(key) is not None} for one in found
    ]


async def payload_of(
    tree: discord.app_commands.CommandTree, server: discord.Object | None
) -> list[JsonCommand]:
    """Return a tree's commands with their translations, as an update sends them."""
    commands = tree.get_commands(guild=server)
    translator = tree.translator
    if translator is None:
        return [command.to_dict(tree) for command in commands]
    return [await command.get_translated_payload(tree, translator) for command in commands]

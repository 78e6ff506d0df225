"""Where is kept which commands Discord has: in a file, or in the table of several processes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bot.database.database import Database
from bot.database.server_time import SERVER_NOW
from bot.database.transaction import Transaction
from bot.discord_ui.command_sync import SyncedCommands

# Longer than a process sends them.
CLAIM_MS = 30_000
_NEVER = SyncedCommands("", "")


class CommandRecord(Protocol):
    """What the last update sent, and what Discord had after it."""

    async def read(self) -> SyncedCommands | None:
        """Return it, None where there was none."""
        ...

    async def claim(self, seen: SyncedCommands | None) -> bool:
        """Return whether this process is to send the commands; ``seen`` is what it has read."""
        ...

    async def write(self, synced: SyncedCommands) -> None:
        """Keep it."""
        ...


@dataclass(frozen=True, slots=True)
class CommandFile:
    """The record of a process that is alone."""

    file: Path

    async def read(self) -> SyncedCommands | None:
        """Return it, None where there was none."""
        return SyncedCommands.read(self.file)

    async def claim(self, seen: SyncedCommands | None) -> bool:  # noqa: ARG002 - nobody else sends
        """Return True."""
        return True

    async def write(self, synced: SyncedCommands) -> None:
        """Keep it."""
        synced.write(self.file)


@dataclass(frozen=True, slots=True)
class CommandTable:
    """The record of all processes on one PostgreSQL; ``server_id`` is 0 for all servers."""

    database: Database
    server_id: int = 0

    async def read(self) -> SyncedCommands | None:
        """Return it, None where there was none."""
        return await self.database.read(_read, self.server_id)

    async def claim(self, seen: SyncedCommands | None) -> bool:
        """Return whether this process is to send them: nobody else does, or has since ``seen``."""
        return await self.database.write(_claim, self.server_id, seen or _NEVER)

    async def write(self, synced: SyncedCommands) -> None:
        """Keep it, and give the claim back."""
        await self.database.write(_write, self.server_id, synced)


def _read(tx: Transaction, server_id: int) -> SyncedCommands | None:
    row = tx.one("SELECT sent, registered FROM synced_commands WHERE server_id = $1", server_id)
    if row is None or not row["sent"]:
        return None
    return SyncedCommands(row["sent"], row["registered"])


def _claim(tx: Transaction, server_id: int, seen: SyncedCommands) -> bool:
    row = tx.one(
        "INSERT INTO synced_commands (server_id, sent, registered, claimed_until)"  # noqa: S608 - texts of ours
        f" VALUES ($1, '', '', {SERVER_NOW} + $2)"
        f" ON CONFLICT (server_id) DO UPDATE SET claimed_until = {SERVER_NOW} + $2"
        f" WHERE synced_commands.claimed_until <= {SERVER_NOW}"
        " AND synced_commands.sent = $3 AND synced_commands.registered = $4"
        " RETURNING claimed_until",
        server_id,
        CLAIM_MS,
        seen.sent,
        seen.registered,
    )
    return row is not None


def _write(tx: Transaction, server_id: int, synced: SyncedCommands) -> None:
    tx.write(
        "UPDATE synced_commands SET sent = $1, registered = $2, claimed_until = 0"
        " WHERE server_id = $3",
        synced.sent,
        synced.registered,
        server_id,
    )

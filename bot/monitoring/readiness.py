"""Whether the bot can serve people now, and what an operator does where it cannot."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self

from bot.database.database import Database
from bot.database.transaction import Transaction
from bot.monitoring.bounded_read import BoundedRead

PROBE_S = 2.0

ShardLatencies = Callable[[], Mapping[int, float | None]]
"""Returns the latency in seconds of each shard by its id, None for one that is not connected."""


@dataclass(frozen=True, slots=True)
class Hindrance:
    """Why the bot is not ready: the name of a check, the facts, and what to do."""

    check: str
    facts: str
    advice: str

    def __str__(self) -> str:
        return f"{self.check}: {self.facts}. {self.advice}"


@dataclass(frozen=True, slots=True)
class Health:
    """What the checks found; it is ready without any hindrance."""

    is_writable: bool
    hindrances: tuple[Hindrance, ...]

    @property
    def is_ready(self) -> bool:
        """Whether nothing is in the way."""
        return not self.hindrances


@dataclass(frozen=True, slots=True)
class Readiness:
    """Checks the database, the shards and whether the process ends."""

    is_stopping: Callable[[], bool]
    shards: ShardLatencies
    writes: BoundedRead[bool]

    @classmethod
    @asynccontextmanager
    async def open(
        cls, database: Database, *, shards: ShardLatencies, is_stopping: Callable[[], bool]
    ) -> AsyncIterator[Self]:
        """Open it; at its end a running check of the database ends."""

        async def write() -> bool:
            await database.write(write_nothing_lasting)
            return True

        async with BoundedRead(write, within_s=PROBE_S) as writes:
            yield cls(is_stopping, shards, writes)

    async def check(self) -> Health:
        """Run all checks."""
        is_writable = bool(await self.writes.value())
        return Health(is_writable, tuple(self._hindrances(is_writable)))

    def _hindrances(self, is_writable: bool) -> Iterator[Hindrance]:
        if self.is_stopping():
            yield Hindrance(
                "stopping", "the bot finishes its running jobs and ends", "Start it again."
            )
        if not is_writable:
            yield Hindrance(
                "database",
                f"nothing could be written within {PROBE_S:.0f} s",
                "Free space on its disk, or end the program that locks it; the log says which.",
            )
        shards = self.shards()
        away = [str(shard) for shard, latency in sorted(shards.items()) if latency is None]
        if not shards:
            yield Hindrance(
                "discord", "the bot is not connected yet", "Wait; the log says what it waits for."
            )
        if away:
            yield Hindrance(
                "discord",
                f"not connected: shard {', '.join(away)}",
                "It connects again by itself; if not, check this machine's network and "
                "https://discordstatus.com.",
            )


def write_nothing_lasting(tx: Transaction) -> None:
    """Make the COMMIT write a page, and change nothing: an empty one would need no space."""
    tx.write("INSERT INTO migrations (version, at) VALUES (0, 0)")
    tx.write("DELETE FROM migrations WHERE version = 0")

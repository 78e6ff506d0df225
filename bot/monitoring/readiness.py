"""Whether the bot can serve people now, and what an operator does where it cannot."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from bot.database.database import Database
from bot.database.migrator import write_nothing_lasting
from bot.database.scheduled_copies import free_bytes
from bot.monitoring.bounded_read import BoundedRead

PROBE_S = 0.8  # a scraper may ask every second
LEAST_FREE_BYTES = 20 * 10**6
"""Two pictures in 4K: with less the next job fails."""

_FILE_ADVICE = "Free space on its disk, or end the program that locks it; the log says which."
_SERVER_ADVICE = (
    "Look at the PostgreSQL server; python -m bot doctor says what it answers. The bot goes on by "
    "itself when it is back."
)

ShardLatencies = Callable[[], Mapping[int, float | None]]
"""Returns the latency in seconds of each shard by its id, None for one that is not connected."""


RestingGateways = Callable[[], Mapping[str, float]]
"""Returns for each gateway the part of its models for which nothing is sent now, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Hindrance:
    """Why the bot is not ready: the name of a check, the facts, and what to do."""

    check: str
    facts: str
    advice: str

    def __str__(self) -> str:
        return f"{self.check}: {self.facts}. {self.advice}"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What the checks found; it is ready without any hindrance."""

    is_writable: bool
    hindrances: tuple[Hindrance, ...]

    @property
    def is_ready(self) -> bool:
        """Whether nothing is in the way."""
        return not self.hindrances


@dataclass(frozen=True, slots=True)
class Readiness:
    """Checks the database, the disk, the shards, the gateways and whether the process ends."""

    is_stopping: Callable[[], bool]
    shards: ShardLatencies
    resting: RestingGateways
    writes: BoundedRead[bool]
    free: BoundedRead[int]
    is_server: bool

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        database: Database,
        *,
        data_dir: Path,
        shards: ShardLatencies,
        is_stopping: Callable[[], bool],
        resting: RestingGateways = dict,
        free_bytes: Callable[[Path], int] = free_bytes,
        is_server: bool = False,
    ) -> AsyncIterator[Self]:
        """Open it; at its end running checks end. ``is_server``: a server has the database."""

        async def write() -> bool:
            await database.write_soon(write_nothing_lasting, within_s=PROBE_S)
            return True

        async def free() -> int:
            return await asyncio.to_thread(free_bytes, data_dir)

        async with (
            BoundedRead(write, within_s=PROBE_S) as writes,
            BoundedRead(free, within_s=PROBE_S) as reading_free,
        ):
            yield cls(is_stopping, shards, resting, writes, reading_free, is_server)

    async def check(self) -> CheckResult:
        """Run all checks."""
        is_writable, free = await asyncio.gather(self.writes.value(), self.free.value())
        of_database = () if is_writable else (self._of_database(),)
        of_services = (*of_database, *_of_disk(free), *self._of_discord(), *self._of_gateways())
        found = (*self._stopping(), *of_services)
        return CheckResult(bool(is_writable), found)

    def _stopping(self) -> Iterator[Hindrance]:
        if self.is_stopping():
            yield Hindrance(
                "stopping", "the bot finishes its running jobs and ends", "Start it again."
            )

    def _of_database(self) -> Hindrance:
        facts = f"nothing could be written within {PROBE_S} s"
        return Hindrance("database", facts, _SERVER_ADVICE if self.is_server else _FILE_ADVICE)

    def _of_discord(self) -> Iterator[Hindrance]:
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

    def _of_gateways(self) -> Iterator[Hindrance]:
        resting = self.resting()
        if resting and all(part == 1 for part in resting.values()):
            yield Hindrance(
                "gateways",
                f"nothing is sent to {', '.join(sorted(resting))} for a while",
                "Run python -m bot gateways, and look at the key and the account; they are tried "
                "again by themselves.",
            )


def _of_disk(free_bytes: int | None) -> Iterator[Hindrance]:
    if free_bytes is not None and free_bytes < LEAST_FREE_BYTES:
        yield Hindrance(
            "disk",
            f"only {free_bytes / 10**6:.0f} MB are free where DATA_DIR is",
            "Free space, or lower MAX_DISK and restart.",
        )

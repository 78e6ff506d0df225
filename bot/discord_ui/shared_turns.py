"""The turns in which the shards of all processes identify, in a table of PostgreSQL."""

from dataclasses import dataclass

import structlog

from bot.database.database import Database
from bot.database.errors import PostgresqlError
from bot.database.server_time import SERVER_NOW
from bot.database.transaction import Transaction
from bot.discord_ui.identify_turns import Wanted

log: structlog.stdlib.BoundLogger = structlog.get_logger()

# Five seconds of Discord's, and what a message may take longer than the one behind it.
SPACING_MS = 5_250
_ANY_TIME_MS = 1 << 60


@dataclass(frozen=True, slots=True)
class SharedTurns:
    """The turns of all processes on one PostgreSQL."""

    database: Database

    async def reserve(self, wanted: Wanted) -> float | None:
        """Reserve a turn; none while the database is away."""
        latest_ms = None if wanted.latest_s is None else round(wanted.latest_s * 1000)
        try:
            wait_ms = await self.database.write(
                reserve_turn,
                wanted.bucket,
                earliest_ms=round(wanted.earliest_s * 1000),
                latest_ms=latest_ms,
            )
        except PostgresqlError as error:
            # discord.py would end the bot for it.
            log.warning("shard.no_turn", error=str(error))
            return None
        return None if wait_ms is None else wait_ms / 1000


def reserve_turn(
    tx: Transaction, bucket: int, *, earliest_ms: int = 0, latest_ms: int | None = None
) -> int | None:
    """Reserve the next turn of a bucket; return in how many milliseconds it is.

    None where it would be later than ``latest_ms`` from now: then none is reserved.
    """
    earliest = f"{SERVER_NOW} + $2"
    row = tx.one(
        f"INSERT INTO identifies (bucket, free_at) VALUES ($1, {earliest} + $3)"  # noqa: S608 - texts of ours
        " ON CONFLICT (bucket) DO UPDATE"
        f" SET free_at = GREATEST(identifies.free_at, {earliest}) + $3"
        f" WHERE identifies.free_at <= {SERVER_NOW} + $4"
        f" RETURNING free_at - $3 - {SERVER_NOW} AS wait_ms",
        bucket,
        earliest_ms,
        SPACING_MS,
        _ANY_TIME_MS if latest_ms is None else latest_ms,
    )
    return None if row is None else max(int(row["wait_ms"]), 0)

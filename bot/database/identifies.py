"""The turns in which the shards of all processes identify, in a table of PostgreSQL."""

from bot.database.transaction import Transaction

# Milliseconds of the database's clock, which is the same for every machine.
DATABASE_NOW = "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"
# Five seconds of Discord's, and what a message may take longer than the one behind it.
SPACING_MS = 5_250
_ANY_TIME_MS = 1 << 60


def reserve_turn(
    tx: Transaction, bucket: int, *, earliest_ms: int = 0, latest_ms: int | None = None
) -> int | None:
    """Reserve the next turn of a bucket; return in how many milliseconds it is.

    None where it would be later than ``latest_ms`` from now: then none is reserved.
    """
    earliest = f"{DATABASE_NOW} + $2"
    row = tx.one(
        f"INSERT INTO identifies (bucket, free_at) VALUES ($1, {earliest} + $3)"  # noqa: S608 - texts of ours
        " ON CONFLICT (bucket) DO UPDATE"
        f" SET free_at = GREATEST(identifies.free_at, {earliest}) + $3"
        f" WHERE identifies.free_at <= {DATABASE_NOW} + $4"
        f" RETURNING free_at - $3 - {DATABASE_NOW} AS wait_ms",
        bucket,
        earliest_ms,
        SPACING_MS,
        _ANY_TIME_MS if latest_ms is None else latest_ms,
    )
    return None if row is None else max(int(row["wait_ms"]), 0)

"""The time of a PostgreSQL server, which the processes compare: their machines' may differ."""

from bot.database.transaction import Transaction

SERVER_NOW = "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"
"""The server's time in milliseconds since the epoch, as a part of a statement."""


def server_now(tx: Transaction) -> int:
    """Return the server's time in milliseconds since the epoch."""
    row = tx.one(f"SELECT {SERVER_NOW} AS now")
    assert row is not None  # noqa: S101 - it has no FROM
    return int(row["now"])

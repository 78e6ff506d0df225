"""The time of a PostgreSQL server, which the processes compare: their machines' may differ."""

from bot.database.transaction import Transaction


def server_now(tx: Transaction) -> int:
    """Return the server's time in milliseconds since the epoch."""
    row = tx.one("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) AS now")
    assert row is not None  # noqa: S101 - it has no FROM
    return int(row["now"])

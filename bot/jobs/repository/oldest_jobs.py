"""Since when jobs are open, and since when ended ones have a card that does not say so."""

from dataclasses import dataclass

from bot.database.transaction import Transaction
from bot.jobs.repository.unfinished_jobs import MAX_TELLING_FAILURES


@dataclass(frozen=True, slots=True)
class OldestJobs:
    """When the oldest open job was made, and when the first untold one ended; None without one.

    Both are in milliseconds since the epoch.
    """

    open_since: int | None
    untold_since: int | None


def read_oldest_jobs(rows: Transaction) -> OldestJobs:
    """Read both by the index of unfinished jobs; cards that were given up do not count."""
    row = rows.one(
        "SELECT MIN(CASE WHEN ended_at IS NULL THEN created_at END) AS open_since,"
        " MIN(CASE WHEN telling_failures < $1 THEN ended_at END) AS untold_since"
        " FROM jobs WHERE ended_at IS NULL OR told = 0",
        MAX_TELLING_FAILURES,
    )
    assert row is not None  # noqa: S101 - an aggregate always has one row
    return OldestJobs(row["open_since"], row["untold_since"])

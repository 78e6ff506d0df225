"""How the pictures of a job ended, read from the rows of its attempts."""

from bot.database.transaction import Transaction
from bot.quota.picture_counts import PictureCounts


def read_picture_counts(rows: Transaction, job_id: str, *, delivered: int | None) -> PictureCounts:
    """Return how the pictures of a job ended whose attempts have all ended.

    ``delivered`` is how many the person can get: None for all that are files.
    """
    row = rows.one(
        f"SELECT {_sum_of('asked', 'maybe')} AS maybe, {_sum_of('asked', 'yes')} AS paid,"
        # An attempt without an end ended with this bot: see JobRepository.lost.
        f" {_sum_of('asked', 'maybe', extra=' AND ended_at IS NULL')} AS maybe_by_us,"
        f" {_sum_of('costs.pictures', 'yes')} AS arrived, {_sum_of('lost', 'yes')} AS lost"
        " FROM attempts LEFT JOIN costs ON costs.job_id = attempts.job_id"
        " AND costs.slot = attempts.slot AND costs.number = attempts.number"
        " WHERE attempts.job_id = $1 AND state <> 'refused'",
        job_id,
    )
    assert row is not None  # noqa: S101 - an aggregate always has one row
    got = row["arrived"] if delivered is None else delivered
    by_us = row["maybe_by_us"]
    missing = row["paid"] - row["lost"] - got + by_us
    return PictureCounts(got, row["maybe"] - by_us, row["lost"], missing)


def is_in_doubt(rows: Transaction, job_id: str) -> bool:
    """Tell whether nobody knows if an attempt of a job was paid."""
    found = rows.one(
        "SELECT 1 FROM attempts WHERE job_id = $1 AND billed = 'maybe' LIMIT 1", job_id
    )
    return found is not None


def _sum_of(column: str, billed: str, *, extra: str = "") -> str:
    """Return the SQL for the sum of a column over the attempts that were billed so."""
    chosen = f"CASE WHEN attempts.billed = '{billed}'{extra} THEN {column} ELSE 0 END"
    return f"CAST(COALESCE(SUM({chosen}), 0) AS BIGINT)"

"""Delete charges and meters that nothing needs any more, a few at a time."""

from collections.abc import Sequence

from bot.database.transaction import Transaction
from bot.quota.limits import HOUR_MS
from bot.quota.meters import Parameters


def delete_charges(tx: Transaction, *, before: int, most: int) -> int:
    """Delete at most ``most`` settled charges of the hours before a moment; return how many."""
    deleted = tx.query(
        """
        DELETE FROM charges
        WHERE job_id IN (
            SELECT job_id
            FROM charges
            WHERE hour < $1 AND state = 'settled'
            ORDER BY hour
            LIMIT $2
        )
        RETURNING job_id
        """,
        before // HOUR_MS,
        most,
    )
    return len(deleted)


def read_subjects(rows: Transaction, *, behind: str, most: int) -> dict[str, int]:
    """Return a page of the subjects that have meters, from behind one, each with its first hour.

    It takes two steps in the index for each, however many hours they have.
    """
    found = rows.query(
        """
        WITH RECURSIVE known (subject) AS (
            SELECT MIN(subject)
            FROM meters
            WHERE subject > $1
            UNION ALL
            SELECT (SELECT MIN(subject) FROM meters WHERE subject > known.subject)
            FROM known
            WHERE known.subject IS NOT NULL
        )
        SELECT subject, (SELECT MIN(hour) FROM meters WHERE subject = known.subject) AS first_hour
        FROM known
        WHERE subject IS NOT NULL
        LIMIT $2
        """,
        behind,
        most,
    )
    return {row["subject"]: row["first_hour"] for row in found}


def delete_meters(tx: Transaction, subjects: Sequence[str], *, before: int, most: int) -> int:
    """Delete at most ``most`` meters of some subjects, of hours that ended before a moment."""
    parameters = Parameters()
    hour = parameters.add(before // HOUR_MS)
    among = ", ".join(map(parameters.add, subjects))
    deleted = tx.query(
        f"""
        DELETE FROM meters
        WHERE (subject, hour) IN (
            SELECT subject, hour
            FROM meters
            WHERE subject IN ({among}) AND hour < {hour}
            LIMIT {parameters.add(most)}
        )
        RETURNING hour
        """,
        *parameters.values,
    )
    return len(deleted)

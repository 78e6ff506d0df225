"""The limits that admins set."""

from collections import defaultdict

from bot.database.transaction import Transaction
from bot.quota.meters import Values
from bot.quota.rules import Limit, LimitSet, Period


def read_limits(rows: Transaction, server_id: int, *subjects: str) -> dict[str, LimitSet]:
    """Return a server's limits by subject: those of the subjects, or all when none is named."""
    values = Values()
    server = values.add(server_id)
    named = ", ".join(values.add(subject) for subject in subjects)
    found = rows.query(
        f"""
        SELECT subject, period, credits
        FROM limits
        WHERE server_id = {server} {f"AND subject IN ({named})" if named else ""}
        """,
        *values.all,
    )
    limits = defaultdict[str, LimitSet](tuple)
    for row in found:
        limits[row["subject"]] += (Limit(row["credits"], Period(row["period"])),)
    return limits


def write_limit(tx: Transaction, server_id: int, subject: str, limit: Limit) -> None:
    """Set a subject's limit for its period."""
    tx.write(
        """
        INSERT INTO limits (server_id, subject, period, credits)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (server_id, subject, period) DO UPDATE SET credits = excluded.credits
        """,
        server_id,
        subject,
        limit.period,
        limit.credits,
    )


def erase_limit(tx: Transaction, server_id: int, subject: str, limit: Limit) -> None:
    """Remove a subject's limit."""
    tx.write(
        "DELETE FROM limits WHERE server_id = $1 AND subject = $2 AND period = $3",
        server_id,
        subject,
        limit.period,
    )

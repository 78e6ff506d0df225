"""What a person may read of their own charges."""

from collections.abc import Sequence

from bot.database.transaction import Transaction
from bot.quota.history import Charge


def charges_of(rows: Transaction, job_ids: Sequence[str]) -> list[Charge]:
    """Return the charges of some jobs, the newest first; those of 40 days ago are gone."""
    among = ", ".join(f"${number}" for number in range(1, len(job_ids) + 1))
    found = rows.query(
        f"""
        SELECT job_id, at, user_id, state, credits,
               credits - own_credits AS granted,
               operator_credits - credits AS doubtful
        FROM charges
        WHERE job_id IN ({among})
        ORDER BY job_id DESC
        """,
        *job_ids,
    )
    return [Charge(*row) for row in found]

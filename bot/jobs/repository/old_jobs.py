"""Delete the rows of jobs that ended long ago, a few at a time."""

from collections.abc import Sequence

from bot.core.job_ids import first_job_id
from bot.database.transaction import Transaction
from bot.jobs.repository.personal_data import AT_WORK, delete_rows_of, placeholders


def delete_old_jobs(tx: Transaction, *, before: int, most: int) -> int:
    """Delete at most ``most`` jobs from before a moment with their rows; return how many.

    Their ids begin with the time, so that no index by age is needed. One that did not end, or whose
    message does not say so yet, stays.
    """
    found = tx.query(
        "SELECT id FROM jobs"
        f" WHERE id < $1 AND created_at < $2 AND NOT {AT_WORK} ORDER BY id LIMIT $3",
        first_job_id(before),
        before,
        most,
    )
    job_ids = [row["id"] for row in found]
    if job_ids:
        _delete(tx, job_ids)
    return len(job_ids)


def delete_old_costs(tx: Transaction, *, before: int, most: int) -> int:
    """Delete at most ``most`` costs of jobs from before a moment, of deleted ones too."""
    deleted = tx.query(
        "DELETE FROM costs WHERE (job_id, slot, number) IN"
        " (SELECT job_id, slot, number FROM costs WHERE job_id < $1 ORDER BY job_id LIMIT $2)"
        " RETURNING job_id",
        first_job_id(before),
        most,
    )
    return len(deleted)


def _delete(tx: Transaction, job_ids: Sequence[str]) -> None:
    delete_rows_of(tx, job_ids)
    tx.write(f"DELETE FROM jobs WHERE id IN ({placeholders(job_ids)})", *job_ids)

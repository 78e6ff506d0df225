"""The rows of attempts whose task outlived its budget, and that are looked at again."""

from dataclasses import dataclass

from bot.core.errors.base import EaselError
from bot.core.models import Billed
from bot.database.transaction import Transaction
from bot.jobs.repository.rows import (
    Attempt,
    Cost,
    WrittenAttempt,
    WrittenJob,
    error_to_text,
    read_job,
    written_attempt,
)

FIRST_LOOK_MS = 60 * 1000  # after its budget


@dataclass(frozen=True, slots=True)
class LateAttempt:
    """A task that may still bring pictures; ``ended_at`` is when its job stopped waiting for it.

    ``due_at`` is when it is to be looked at.
    """

    job: WrittenJob
    attempt: WrittenAttempt
    sent_at: int
    ended_at: int
    look_at: int


def look_again(tx: Transaction, attempt: Attempt, at: int | None) -> None:
    """Write when a task is looked at next, None for never again."""
    tx.write(
        "UPDATE attempts SET look_at = $1 WHERE job_id = $2 AND slot = $3 AND number = $4",
        at,
        attempt.job_id,
        attempt.slot,
        attempt.number,
    )


def claim_look(tx: Transaction, late: LateAttempt, at: int | None) -> bool:
    """Write when a task is looked at next; return False if another process has, and looks now."""
    key = late.attempt.key
    claimed = tx.one(
        "UPDATE attempts SET look_at = $1 WHERE job_id = $2 AND slot = $3 AND number = $4"
        " AND look_at = $5 RETURNING job_id",
        at,
        key.job_id,
        key.slot,
        key.number,
        late.look_at,
    )
    return claimed is not None


def forget_looks(tx: Transaction, job_id: str) -> None:
    """Write that no task of a job is looked at again."""
    tx.write("UPDATE attempts SET look_at = NULL WHERE job_id = $1", job_id)


def due_attempts(rows: Transaction, now: int) -> list[LateAttempt]:
    """Return the tasks whose time has come; those of jobs that cannot be read are left out."""
    attempts = rows.query("SELECT * FROM attempts WHERE look_at <= $1 ORDER BY look_at", now)
    found = []
    for row in attempts:
        job = rows.one("SELECT * FROM jobs WHERE id = $1", row["job_id"])
        written = None if job is None else read_job(job)
        if isinstance(written, WrittenJob):
            since = row["started_at"] if row["ended_at"] is None else row["ended_at"]
            attempt, look_at = written_attempt(row), row["look_at"]
            found.append(LateAttempt(written, attempt, row["started_at"], since, look_at))
    return found


def receive_late(tx: Transaction, attempt: Attempt, cost: Cost) -> bool:
    """Write that the pictures came after all; return False, changing nothing, the second time.

    Their price stays as it was written when they were sent for: it may be another one by now.
    """
    received = tx.query(
        "UPDATE attempts SET state = 'received', billed = $1, look_at = NULL"
        " WHERE job_id = $2 AND slot = $3 AND number = $4 AND state = 'unknown' RETURNING job_id",
        Billed.YES,
        attempt.job_id,
        attempt.slot,
        attempt.number,
    )
    if not received:
        return False
    tx.write(
        "UPDATE costs SET billed = $1, pictures = $2, lost = $3, input_tokens = $4,"
        " output_tokens = $5 WHERE job_id = $6 AND slot = $7 AND number = $8",
        Billed.YES,
        cost.pictures,
        cost.lost,
        None if cost.usage is None else cost.usage.input_tokens,
        None if cost.usage is None else cost.usage.output_tokens,
        attempt.job_id,
        attempt.slot,
        attempt.number,
    )
    return True


def tell_late(tx: Transaction, job_id: str, error: EaselError, *, owner: str) -> None:
    """Write that a job has pictures after all, and that a process is to tell its requester so."""
    tx.write(
        "UPDATE jobs SET state = 'done', error = $1, telling_failures = 0, owner = $2,"
        " told = CASE WHEN channel_id IS NULL THEN 1 ELSE 0 END WHERE id = $3",
        error_to_text(error),
        owner,
        job_id,
    )

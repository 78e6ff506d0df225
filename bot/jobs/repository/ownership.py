"""Which process a job belongs to: only that one writes what happens to it."""

from collections.abc import Iterable

from bot.database.transaction import Transaction


class JobTakenOver(BaseException):
    """Another process has taken the job over, so this one may do nothing for it any more.

    It ends the job's run here as a cancellation does: no handler of errors may go on with it, tell
    anybody or charge anything.
    """


def own(tx: Transaction, job_id: str, owner: str) -> None:
    """Make sure that a job belongs to no other process until the end of the transaction.

    The row is locked: a process that takes the job over waits, or has been faster. A job that was
    deleted belongs to nobody.

    Raises JobTakenOver.
    """
    if job_id in tx.owned:
        return
    row = tx.one_locked("SELECT owner FROM jobs WHERE id = $1", job_id)
    if row is not None and row["owner"] != owner:
        raise JobTakenOver(job_id)
    tx.owned.add(job_id)


def lock_job(tx: Transaction, job_id: str) -> None:
    """Let nobody change a job until the end of the transaction, whoever it belongs to."""
    tx.one_locked("SELECT id FROM jobs WHERE id = $1", job_id)


def taken_over(rows: Transaction, job_ids: Iterable[str], owner: str) -> list[str]:
    """Return those of the jobs that belong to another process."""
    belongs = "SELECT 1 FROM jobs WHERE id = $1 AND owner <> $2"
    return [job_id for job_id in job_ids if rows.one(belongs, job_id, owner) is not None]

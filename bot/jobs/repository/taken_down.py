"""Pictures that are taken down: their rows go in one transaction, their files after it."""

from collections.abc import Sequence

from bot.core.models import Reference
from bot.database.transaction import Transaction
from bot.jobs.repository.late_attempts import forget_looks


def take_down(tx: Transaction, job_id: str) -> None:
    """Forget the kept pictures of a job, and write which files are to leave; harmless twice."""
    tx.write(
        "INSERT INTO leaving_files (sha256, format, bytes)"
        " SELECT sha256, format, bytes FROM pictures WHERE job_id = $1"
        " ON CONFLICT (sha256, format) DO NOTHING",
        job_id,
    )
    tx.write("DELETE FROM pictures WHERE job_id = $1", job_id)
    forget_looks(tx, job_id)


def mark_removed(tx: Transaction, job_id: str) -> None:
    """Take a job down so that it cannot be repeated or used either; harmless twice."""
    # First: what another transaction adds to the job is taken down as well, or not added.
    tx.write("UPDATE jobs SET removed = 1 WHERE id = $1", job_id)
    take_down(tx, job_id)


def is_restored(rows: Transaction, job_id: str) -> bool:
    """Tell whether a job that was removed is there as if it was not; it may be unreadable."""
    found = rows.one("SELECT 1 FROM jobs WHERE id = $1 AND removed = 0", job_id)
    return found is not None


def leaving_files(rows: Transaction, *, behind: str, most: int) -> list[Reference]:
    """Return a page of the files that are to leave, in the order of their hashes."""
    found = rows.query(
        "SELECT sha256, format, bytes FROM leaving_files WHERE sha256 > $1"
        " ORDER BY sha256 LIMIT $2",
        behind,
        most,
    )
    return [Reference(*row) for row in found]


def files_left(tx: Transaction, files: Sequence[Reference]) -> None:
    """Write that files have left."""
    for file in files:
        tx.write(
            "DELETE FROM leaving_files WHERE sha256 = $1 AND format = $2", file.sha256, file.format
        )

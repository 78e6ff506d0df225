"""Which files came with a job's request: its references and its mask, by their hashes."""

from collections.abc import Sequence

from bot.core.models import Job
from bot.database.transaction import Transaction
from bot.images.stored_files import renew_all


def write_request_files(tx: Transaction, job: Job, *, at: int) -> None:
    """Write the files of a job's request, and that they are needed; harmless twice."""
    request = job.request
    masks = () if request.mask is None else (request.mask,)
    files = {file.sha256: file for file in (*request.references, *masks)}.values()
    renew_all(tx, files, at=at)
    for file in files:
        tx.write(
            "INSERT INTO request_files (job_id, sha256) VALUES ($1, $2)"
            " ON CONFLICT (job_id, sha256) DO NOTHING",
            job.id,
            file.sha256,
        )


def needed_by_others(rows: Transaction, hashes: Sequence[str], *, but_user_id: int) -> set[str]:
    """Return those of some hashes whose files another person's job, or a style, needs.

    A result that a moderator removed needs nothing.
    """
    return {sha256 for sha256 in hashes if _is_needed(rows, sha256, but_user_id)}


def _is_needed(rows: Transaction, sha256: str, but_user_id: int) -> bool:
    style = "SELECT 1 FROM server_styles WHERE picture_sha256 = $1 LIMIT 1"
    if rows.one(style, sha256):
        return True
    return any(
        rows.one(
            f"SELECT 1 FROM {table} JOIN jobs ON jobs.id = {table}.job_id"
            f" WHERE {table}.sha256 = $1 AND jobs.user_id <> $2 AND jobs.removed = 0 LIMIT 1",
            sha256,
            but_user_id,
        )
        for table in ("pictures", "request_files")
    )

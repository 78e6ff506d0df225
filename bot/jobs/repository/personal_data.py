"""One person's jobs: what they may read of them, and how they are deleted.

A deletion begins in one transaction, which replaces the requester of all the person's jobs with
DELETED_USER_ID. Their files are deleted next and their rows last, so that a start after a crash
finds the jobs that are left and continues.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bot.core.models import Reference
from bot.database.transaction import Row, Transaction
from bot.jobs.repository.kept_pictures import KeptPicture, read_kept_pictures
from bot.jobs.repository.rows import UNREADABLE, WrittenJob, listed_job, request_from_text

DELETED_USER_ID = -1
"""The requester of jobs that are being deleted."""

# Ended, but its card does not say so yet: its task still speaks to Discord.
_AT_WORK = "(ended_at IS NULL OR (told = 0 AND telling_failures = 0))"


@dataclass(frozen=True, slots=True)
class PersonalJob:
    """A job as its requester may read it; ``ended_at`` is None while it is open."""

    written: WrittenJob
    ended_at: int | None
    kept: Sequence[KeptPicture]


def jobs_of(
    rows: Transaction, user_id: int, *, before: WrittenJob | None, most: int
) -> list[PersonalJob]:
    """Return a page of a person's jobs, the newest first, from behind ``before``."""
    where, values = "", list[int | str]()
    if before is not None:
        where = " AND (created_at, id) < ($3, $4)"
        values = [before.job.created_at, before.job.id]
    found = rows.query(
        f"SELECT * FROM jobs WHERE user_id = $1{where} ORDER BY created_at DESC, id DESC LIMIT $2",
        user_id,
        most,
        *values,
    )
    return [
        PersonalJob(listed_job(row), row["ended_at"], read_kept_pictures(rows, row["id"]))
        for row in found
    ]


def count_of(rows: Transaction, user_id: int) -> int:
    """Count a person's jobs."""
    return _count(rows, "user_id = $1", user_id)


def at_work(rows: Transaction, user_id: int) -> int:
    """Count a person's jobs that are open, or whose card does not say yet how they ended."""
    return _count(rows, f"user_id = $1 AND {_AT_WORK}", user_id)


def people(rows: Transaction) -> list[int]:
    """Return everybody of whom there is a job, a charge, a preference or a preset."""
    tables = ("jobs", "charges", "preferences", "presets")
    found = rows.query(
        " UNION ".join(f"SELECT user_id FROM {table} WHERE user_id > 0" for table in tables)
    )
    return [row["user_id"] for row in found]


def has_jobs_until(rows: Transaction, user_id: int, until: int) -> bool:
    """Tell whether a person has jobs from before a moment."""
    return _count(rows, "user_id = $1 AND created_at <= $2", user_id, until) > 0


def disown(tx: Transaction, user_id: int, *, until: int = 2**62) -> int:
    """Remove the requester from a person's jobs, except running ones; return how many.

    ``until`` is the latest moment at which they began. Recovery no longer updates the messages of
    these jobs.
    """
    disowned = tx.query(
        f"UPDATE jobs SET user_id = {DELETED_USER_ID}, user_name = '', told = 1"
        f" WHERE user_id = $1 AND created_at <= $2 AND NOT {_AT_WORK} RETURNING id",
        user_id,
        until,
    )
    return len(disowned)


def disowned_jobs(rows: Transaction) -> list[str]:
    """Return the ids of jobs without a requester, the oldest first."""
    found = rows.query(f"SELECT id FROM jobs WHERE user_id = {DELETED_USER_ID} ORDER BY created_at")
    return [row["id"] for row in found]


def files_of(rows: Transaction, job_ids: Sequence[str]) -> set[Reference]:
    """Return the pictures, references and masks of some jobs."""
    among = _placeholders(job_ids)
    files = {
        Reference(row["sha256"], row["format"], row["bytes"])
        for row in rows.query(
            f"SELECT sha256, format, bytes FROM pictures WHERE job_id IN ({among})", *job_ids
        )
    }
    for row in rows.query(f"SELECT request FROM jobs WHERE id IN ({among})", *job_ids):
        files.update(_attached(row))
    return files


def hashes_of_others(rows: Transaction, *, behind: str, most: int) -> tuple[set[str], str | None]:
    """Return the hashes that a page of everybody else's jobs needs, from behind a job's id.

    Returns:
        The hashes, and the id to go on behind; None after the last page.
    """
    page = rows.query(
        "SELECT id, CASE WHEN request LIKE '%\"sha256\":%' THEN request END AS request FROM jobs"
        f" WHERE id > $1 AND user_id <> {DELETED_USER_ID} ORDER BY id LIMIT $2",
        behind,
        most,
    )
    if not page:
        return set(), None
    kept = rows.query(
        "SELECT pictures.sha256 FROM pictures JOIN jobs ON jobs.id = pictures.job_id"
        " WHERE pictures.job_id > $1 AND pictures.job_id <= $2"
        f" AND jobs.user_id <> {DELETED_USER_ID}",
        behind,
        page[-1]["id"],
    )
    hashes = {row["sha256"] for row in kept}
    for row in page:
        if row["request"] is not None:
            hashes.update(file.sha256 for file in _attached(row))
    return hashes, page[-1]["id"]


def delete_disowned(tx: Transaction, job_ids: Sequence[str]) -> None:
    """Delete jobs without a requester and the rows that refer to them, except costs."""
    among = _placeholders(job_ids)
    for table in ("pictures", "intents", "messages", "attempts"):
        tx.write(f"DELETE FROM {table} WHERE job_id IN ({among})", *job_ids)
    tx.write(f"DELETE FROM jobs WHERE user_id = {DELETED_USER_ID} AND id IN ({among})", *job_ids)


def _count(rows: Transaction, where: str, *values: int) -> int:
    found = rows.one(f"SELECT COUNT(*) AS jobs FROM jobs WHERE {where}", *values)
    return int(found["jobs"]) if found else 0


def _attached(row: Row) -> Sequence[Reference]:
    try:
        request = request_from_text(row["request"])
    except UNREADABLE:
        return ()
    return (*request.references, request.mask) if request.mask else request.references


def _placeholders(values: Collection[str]) -> str:
    return ", ".join(f"${number}" for number in range(1, len(values) + 1))

"""One person's jobs: what they may read of them, and how they are deleted.

A deletion replaces the requester of the person's jobs with DELETED_USER_ID, in batches. Their files
are deleted next and their rows last, so that a start after a crash finds the jobs that are left and
continues.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.core.models import Reference
from bot.database.transaction import Row, Transaction
from bot.jobs.repository.attempt_seeds import told_seeds
from bot.jobs.repository.kept_pictures import KeptPicture, read_kept_pictures
from bot.jobs.repository.rows import UNREADABLE, WrittenJob, listed_job, request_from_text
from bot.jobs.repository.task_buttons import WrittenButton, read_buttons

DELETED_USER_ID = -1
"""The requester of jobs that are being deleted."""

# Ended, but its card does not say so yet: its task still speaks to Discord.
AT_WORK = "(ended_at IS NULL OR (told = 0 AND telling_failures = 0))"
"""The SQL condition for jobs that still run, or whose message does not say yet how they ended."""


DISOWNED_AT_ONCE = 250  # jobs

TABLES_OF_JOBS = (
    "pictures",
    "request_files",
    "intents",
    "messages",
    "attempts",
    "reports",
    "task_buttons",
)
"""The tables whose rows refer to a job; without its rows there it can be deleted."""

PeopleTable = Literal["jobs", "preferences", "presets", "text_requests"]
PEOPLE_TABLES: tuple[PeopleTable, ...] = ("jobs", "preferences", "presets", "text_requests")
"""The tables in which people are found by their ids; each of their charges has a job or a text."""

_REQUESTS = ("jobs", "text_requests")
"""The tables whose rows have charges."""


@dataclass(frozen=True, slots=True)
class PlacedJob:
    """A job of a person, or a text: in which server, and when it began."""

    id: str
    server_id: int
    created_at: int


@dataclass(frozen=True, slots=True)
class PersonalJob:
    """A job as its requester may read it; ``ended_at`` is None while it is open."""

    written: WrittenJob
    ended_at: int | None
    kept: Sequence[KeptPicture]
    buttons: Sequence[WrittenButton] = ()
    task_seeds: Sequence[int] = ()


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
        PersonalJob(
            listed_job(row),
            row["ended_at"],
            read_kept_pictures(rows, row["id"]),
            read_buttons(rows, row["id"]),
            told_seeds(rows, row["id"]),
        )
        for row in found
    ]


def count_of(rows: Transaction, user_id: int) -> int:
    """Count a person's jobs."""
    return _count(rows, "user_id = $1", user_id)


def at_work(rows: Transaction, user_id: int) -> int:
    """Count a person's open requests, and jobs whose card does not say yet how they ended."""
    # The plus keeps SQLite at the index of unfinished jobs: there are few, and many of a person.
    where = f"(ended_at IS NULL OR told = 0) AND {AT_WORK} AND +user_id = $1"
    texts = rows.query(
        "SELECT id FROM text_requests WHERE ended_at IS NULL AND +user_id = $1", user_id
    )
    return _count(rows, where, user_id) + len(texts)


def people(rows: Transaction, table: PeopleTable, *, behind: int, most: int) -> list[int]:
    """Return a page of the people in a table, in the order of their ids, from behind one.

    It takes one step in the table's index for each, however many rows they have.
    """
    found = rows.query(
        f"""
        WITH RECURSIVE known (user_id) AS (
            SELECT MIN(user_id)
            FROM {table}
            WHERE user_id > $1
            UNION ALL
            SELECT (SELECT MIN(user_id) FROM {table} WHERE user_id > known.user_id)
            FROM known
            WHERE known.user_id IS NOT NULL
        )
        SELECT user_id
        FROM known
        WHERE user_id IS NOT NULL
        LIMIT $2
        """,
        behind,
        most,
    )
    return [row["user_id"] for row in found]


def everybody(rows: Transaction) -> list[int]:
    """Return everybody of whom there is a row in one of these tables."""
    found = (people(rows, table, behind=0, most=2**62) for table in PEOPLE_TABLES)
    return sorted({user_id for some in found for user_id in some})


def has_jobs_until(rows: Transaction, user_id: int, until: int) -> bool:
    """Tell whether a person has jobs or texts from before a moment."""
    return any(
        rows.one(
            f"SELECT 1 FROM {table} WHERE user_id = $1 AND created_at <= $2 LIMIT 1", user_id, until
        )
        for table in _REQUESTS
    )


def has_ended_jobs_until(rows: Transaction, user_id: int, until: int) -> bool:
    """Tell whether a person has jobs or texts from before a moment that have ended."""
    return any(
        rows.one(
            f"SELECT 1 FROM {table} WHERE user_id = $1 AND created_at <= $2"
            " AND ended_at IS NOT NULL LIMIT 1",
            user_id,
            until,
        )
        for table in _REQUESTS
    )


def newest_job_at(rows: Transaction, user_id: int) -> int:
    """Return when a person's newest job or text began, 0 where there is none."""
    newest = [
        rows.one(f"SELECT MAX(created_at) AS at FROM {table} WHERE user_id = $1", user_id)
        for table in _REQUESTS
    ]
    return max((int(row["at"]) for row in newest if row is not None and row["at"]), default=0)


def placed_jobs(
    rows: Transaction, user_id: int, *, behind: PlacedJob | None, most: int
) -> list[PlacedJob]:
    """Return a page of a person's jobs with their servers, the oldest first, from behind one."""
    found = rows.query(
        "SELECT id, server_id, created_at FROM jobs"
        " WHERE user_id = $1 AND (created_at, id) > ($2, $3) ORDER BY created_at, id LIMIT $4",
        user_id,
        -(2**62) if behind is None else behind.created_at,
        "" if behind is None else behind.id,
        most,
    )
    return [PlacedJob(*row) for row in found]


def disown(
    tx: Transaction, user_id: int, *, until: int = 2**62, most: int = DISOWNED_AT_ONCE
) -> int:
    """Remove the requester from ``most`` of a person's jobs, except running ones; return how many.

    ``until`` is the latest moment at which they began. Recovery no longer updates the messages of
    these jobs.
    """
    disowned = tx.query(
        f"UPDATE jobs SET user_id = {DELETED_USER_ID}, user_name = '', told = 1"
        " WHERE id IN (SELECT id FROM jobs WHERE user_id = $1 AND created_at <= $2"
        f" AND NOT {AT_WORK} ORDER BY created_at LIMIT $3) RETURNING id",
        user_id,
        until,
        most,
    )
    return len(disowned)


def disowned_jobs(rows: Transaction, *, most: int) -> list[str]:
    """Return the ids of jobs without a requester, the oldest first."""
    found = rows.query(
        f"SELECT id FROM jobs WHERE user_id = {DELETED_USER_ID} ORDER BY created_at LIMIT $1", most
    )
    return [row["id"] for row in found]


def files_of(rows: Transaction, job_ids: Sequence[str]) -> set[Reference]:
    """Return the pictures, references and masks of some jobs."""
    among = placeholders(job_ids)
    files = {
        Reference(row["sha256"], row["format"], row["bytes"])
        for row in rows.query(
            f"SELECT sha256, format, bytes FROM pictures WHERE job_id IN ({among})", *job_ids
        )
    }
    for row in rows.query(f"SELECT request FROM jobs WHERE id IN ({among})", *job_ids):
        files.update(_attached(row))
    return files


def delete_disowned(tx: Transaction, job_ids: Sequence[str]) -> None:
    """Delete jobs without a requester and the rows that refer to them, except costs."""
    delete_rows_of(tx, job_ids)
    among = placeholders(job_ids)
    tx.write(f"DELETE FROM jobs WHERE user_id = {DELETED_USER_ID} AND id IN ({among})", *job_ids)


def delete_rows_of(tx: Transaction, job_ids: Sequence[str]) -> None:
    """Delete the rows that refer to some jobs, except costs."""
    among = placeholders(job_ids)
    for table in TABLES_OF_JOBS:
        tx.write(f"DELETE FROM {table} WHERE job_id IN ({among})", *job_ids)


def _count(rows: Transaction, where: str, *values: int) -> int:
    found = rows.one(f"SELECT COUNT(*) AS jobs FROM jobs WHERE {where}", *values)
    return int(found["jobs"]) if found else 0


def _attached(row: Row) -> Sequence[Reference]:
    try:
        request = request_from_text(row["request"])
    except UNREADABLE:
        return ()
    return (*request.references, request.mask) if request.mask else request.references


def placeholders(values: Collection[str]) -> str:
    """Return ``$1, $2, …``, one for each of some values."""
    return ", ".join(f"${number}" for number in range(1, len(values) + 1))

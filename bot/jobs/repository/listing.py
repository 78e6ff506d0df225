"""Jobs as an operator lists them: open and recent ones, and a job found by its id."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.database.transaction import Row, Transaction
from bot.jobs.repository.rows import WrittenJob, listed_job

# Ids are lower-case hexadecimal digits and hyphens: this sorts behind all of them.
_BEHIND = "~"


@dataclass(frozen=True, slots=True)
class ListedJob:
    """A job in the operator's list; ``gateway`` was asked last, None before the first request.

    ``error`` is the message id of what it ended with.
    """

    id: str
    state: str
    created_at: int
    model: str
    gateway: str | None
    error: str | None
    prompt: str = field(repr=False)


def list_jobs(rows: Transaction, *, recent: int) -> Sequence[ListedJob]:
    """Return every open job and the last ``recent`` ended ones, oldest first."""
    found = rows.query(
        "SELECT jobs.*, (SELECT gateway FROM attempts WHERE job_id = jobs.id"
        " ORDER BY started_at DESC, slot DESC, number DESC LIMIT 1) AS gateway FROM jobs"
        " WHERE id IN (SELECT id FROM jobs WHERE ended_at IS NULL) OR id IN"
        " (SELECT id FROM jobs WHERE ended_at IS NOT NULL ORDER BY id DESC LIMIT $1)"
        " ORDER BY created_at, id",
        recent,
    )
    return [_listed(row) for row in found]


def find_jobs(rows: Transaction, prefix: str) -> Sequence[WrittenJob]:
    """Return the jobs whose id begins so, at most two: enough to know that it is not one."""
    found = rows.query(
        "SELECT * FROM jobs WHERE id >= $1 AND id < $2 ORDER BY id LIMIT 2",
        prefix,
        prefix + _BEHIND,
    )
    return [listed_job(row) for row in found]


def _listed(row: Row) -> ListedJob:
    written = listed_job(row)
    return ListedJob(
        id=written.job.id,
        state=written.state,
        created_at=written.job.created_at,
        model=written.job.request.model,
        gateway=row["gateway"],
        error=None if written.error is None else written.error.message_id,
        prompt=written.job.request.prompt or written.job.request.operation or "",
    )

"""The seeds that gateways told of finished tasks, in the rows of their attempts."""

from dataclasses import dataclass

from bot.database.transaction import Transaction
from bot.jobs.repository.rows import Attempt


@dataclass(frozen=True, slots=True)
class FinishedTask:
    """The task of an attempt that has brought pictures; ``seed`` is None until it was told."""

    attempt: Attempt
    task_id: str
    seed: int | None


def read_finished_tasks(rows: Transaction, job_id: str) -> list[FinishedTask]:
    """Return the tasks that have brought the pictures of a job, in order."""
    found = rows.query(
        "SELECT slot, number, gateway, task_id, seed FROM attempts WHERE job_id = $1"
        " AND state = 'received' AND task_id IS NOT NULL ORDER BY slot, number",
        job_id,
    )
    return [
        FinishedTask(
            Attempt(job_id, row["slot"], row["number"], row["gateway"]),
            row["task_id"],
            row["seed"],
        )
        for row in found
    ]


def write_seed(tx: Transaction, attempt: Attempt, seed: int) -> None:
    """Write the seed of an attempt's task; harmless twice."""
    tx.write(
        "UPDATE attempts SET seed = $1 WHERE job_id = $2 AND slot = $3 AND number = $4",
        seed,
        attempt.job_id,
        attempt.slot,
        attempt.number,
    )


def told_seeds(rows: Transaction, job_id: str) -> tuple[int, ...]:
    """Return the seeds that were told of a job's tasks."""
    found = rows.query(
        "SELECT seed FROM attempts WHERE job_id = $1 AND seed IS NOT NULL ORDER BY slot, number",
        job_id,
    )
    return tuple(row["seed"] for row in found)

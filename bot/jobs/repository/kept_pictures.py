"""Which pictures of a job lie in the vault, and what a person looks back at."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.models import Picture, Reference
from bot.database.transaction import Transaction
from bot.jobs.repository.rows import WrittenJob, written_job


@dataclass(frozen=True, slots=True)
class Kept:
    """One picture of a job, as the vault has it."""

    file: Reference
    width: int
    height: int
    revised_prompt: str | None


def put(
    tx: Transaction, job_id: str, kept: Sequence[tuple[Picture, Reference]], *, at: int
) -> None:
    """Write where the pictures of a job lie; harmless twice."""
    for number, (picture, file) in enumerate(kept, 1):
        tx.write(
            "INSERT INTO pictures (job_id, number, sha256, format, width, height, bytes,"
            " revised_prompt, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
            " ON CONFLICT (job_id, number) DO NOTHING",
            job_id,
            number,
            file.sha256,
            file.format,
            picture.width,
            picture.height,
            file.bytes,
            picture.revised_prompt,
            at,
        )


def of(rows: Transaction, job_id: str) -> list[Kept]:
    """Return what was kept of a job, in order."""
    found = rows.query("SELECT * FROM pictures WHERE job_id = $1 ORDER BY number", job_id)
    return [
        Kept(
            Reference(row["sha256"], row["format"], row["bytes"]),
            row["width"],
            row["height"],
            row["revised_prompt"],
        )
        for row in found
    ]


def written(rows: Transaction, job_id: str, user_id: int) -> WrittenJob | None:
    """Return a job of this person, None when there is none."""
    row = rows.one("SELECT * FROM jobs WHERE id = $1 AND user_id = $2", job_id, user_id)
    return None if row is None else written_job(row)


def last(rows: Transaction, user_id: int, *, most: int) -> list[WrittenJob]:
    """Return a person's last jobs, the newest first."""
    found = rows.query(
        "SELECT * FROM jobs WHERE user_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2",
        user_id,
        most,
    )
    return [written_job(row) for row in found]


def forget(tx: Transaction, *, before: int, most: int) -> int:
    """Forget at most ``most`` pictures from before a moment; return how many."""
    forgotten = tx.query(
        "DELETE FROM pictures WHERE (job_id, number) IN"
        " (SELECT job_id, number FROM pictures WHERE at < $1 ORDER BY at LIMIT $2)"
        " RETURNING job_id",
        before,
        most,
    )
    return len(forgotten)

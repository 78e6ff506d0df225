"""The rows of the pictures that are kept of each job."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.core.models import Picture, Reference
from bot.database.transaction import Transaction
from bot.images import stored_files
from bot.jobs.repository.rows import request_from_text


@dataclass(frozen=True, slots=True)
class KeptPicture:
    """One picture of a job, as the content store has it."""

    file: Reference
    width: int
    height: int
    revised_prompt: str | None
    number: int
    seed: int | None = None
    grid: int = 0
    slot: int | None = None


def insert_kept_pictures(
    tx: Transaction,
    job_id: str,
    kept: Sequence[tuple[Picture, Reference]],
    *,
    at: int,
    after: Sequence[KeptPicture] = (),
) -> None:
    """Write which pictures of a job are kept, ``after`` those that came before; harmless twice."""
    stored_files.keep_all(tx, {file for _, file in kept}, at=at)
    last_number = max((each.number for each in after), default=0)
    last_grid = max((each.grid for each in after), default=0)
    for number, (picture, file) in enumerate(kept, last_number + 1):
        tx.write(
            "INSERT INTO pictures (job_id, number, sha256, format, width, height, bytes,"
            " revised_prompt, at, seed, grid, slot)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
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
            picture.seed,
            last_grid + picture.grid if picture.grid else None,
            picture.slot,
        )


def read_kept_pictures(rows: Transaction, job_id: str) -> list[KeptPicture]:
    """Return what was kept of a job, in order; some numbers may be missing.

    A picture that came late is kept longer than those before it.
    """
    found = rows.query("SELECT * FROM pictures WHERE job_id = $1 ORDER BY number", job_id)
    return [
        KeptPicture(
            Reference(row["sha256"], row["format"], row["bytes"]),
            row["width"],
            row["height"],
            row["revised_prompt"],
            row["number"],
            row["seed"],
            row["grid"] or 0,
            row["slot"],
        )
        for row in found
    ]


def numbers_of_slot(kept: Iterable[KeptPicture], slot: int) -> list[int]:
    """Return the numbers of the pictures of the first unit that a slot brought, in order."""
    units: dict[int, list[int]] = {}
    for each in kept:
        if each.slot == slot:
            units.setdefault(each.grid or -each.number, []).append(each.number)
    return next(iter(units.values()), [])


def read_needed_files(rows: Transaction) -> set[str]:
    """Return the hashes of what jobs that have not ended need, and of styles' examples."""
    requests = [
        request_from_text(row["request"])
        for row in rows.query("SELECT request FROM jobs WHERE ended_at IS NULL")
    ]
    references = {kept.sha256 for request in requests for kept in request.references}
    masks = {request.mask.sha256 for request in requests if request.mask is not None}
    pictures = rows.query(
        "SELECT sha256 FROM pictures WHERE job_id IN (SELECT id FROM jobs WHERE ended_at IS NULL)"
    )
    examples = rows.query(
        "SELECT picture_sha256 FROM server_styles WHERE picture_sha256 IS NOT NULL"
    )
    needed = {row["sha256"] for row in pictures} | {row["picture_sha256"] for row in examples}
    return references | masks | needed


def delete_old_pictures(tx: Transaction, *, before: int, most: int) -> int:
    """Delete at most ``most`` of them from before a moment; return how many."""
    deleted = tx.query(
        "DELETE FROM pictures WHERE (job_id, number) IN"
        " (SELECT job_id, number FROM pictures WHERE at < $1 ORDER BY at LIMIT $2)"
        " RETURNING job_id",
        before,
        most,
    )
    return len(deleted)

"""Jobs that are open, or whose card does not say yet how they ended, and whose they are."""

from collections.abc import Sequence

from bot.database.transaction import Transaction
from bot.jobs.repository.personal_data import placeholders
from bot.jobs.repository.rows import UnreadableJob, WrittenJob, read_job

# So often a card that cannot be edited is tried again.
MAX_TELLING_FAILURES = 3

# By the index of unfinished jobs, whose condition stands here as it is.
_UNFINISHED = (
    "FROM jobs WHERE (ended_at IS NULL OR told = 0)"
    f" AND (ended_at IS NULL OR telling_failures < {MAX_TELLING_FAILURES})"
)


def owners_of_unfinished(rows: Transaction) -> list[str]:
    """Return the processes that have unfinished jobs, living or dead."""
    return [row["owner"] for row in rows.query(f"SELECT DISTINCT owner {_UNFINISHED}")]


def unfinished_of(rows: Transaction, owners: Sequence[str]) -> list[WrittenJob | UnreadableJob]:
    """Return the unfinished jobs of some processes, oldest first."""
    if not owners:
        return []
    found = rows.query(
        f"SELECT * {_UNFINISHED} AND owner IN ({placeholders(owners)}) ORDER BY created_at, id",
        *owners,
    )
    return [read_job(row) for row in found]


def jobs_with_files(rows: Transaction) -> set[str]:
    """Return the jobs of all processes that need the files of their folder."""
    found = rows.query("SELECT id FROM jobs WHERE ended_at IS NULL AND state <> 'delivered'")
    return {row["id"] for row in found}

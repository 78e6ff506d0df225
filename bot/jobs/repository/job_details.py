"""What is shown of one job: its attempts at the gateways, and its messages."""

from dataclasses import dataclass

from bot.core.models import CardAddress, TokenUsage
from bot.database.transaction import Transaction
from bot.jobs.repository.rows import HIDDEN


@dataclass(frozen=True, slots=True)
class AttemptSummary:
    """All attempts of a job together; moments are in milliseconds since the epoch.

    ``tokens`` is None where no gateway counted; all is empty where none was asked.
    """

    began_at: int | None
    ended_at: int | None
    gateways: tuple[str, ...]
    tokens: TokenUsage | None


def attempt_summary(rows: Transaction, job_id: str) -> AttemptSummary:
    """Sum up the attempts of a job."""
    tries = rows.query(
        "SELECT gateway, state, started_at, ended_at FROM attempts WHERE job_id = $1"
        " ORDER BY started_at, slot, number",
        job_id,
    )
    ends = (row["ended_at"] for row in tries if row["state"] == "received")
    received = [end for end in ends if end is not None]  # what came late may have none
    return AttemptSummary(
        began_at=tries[0]["started_at"] if tries else None,
        ended_at=max(received, default=None),
        gateways=tuple(dict.fromkeys(row["gateway"] for row in tries)),
        tokens=_tokens(rows, job_id),
    )


def _tokens(rows: Transaction, job_id: str) -> TokenUsage | None:
    found = rows.one(
        "SELECT CAST(SUM(input_tokens) AS BIGINT) AS put_in,"
        " CAST(SUM(output_tokens) AS BIGINT) AS put_out FROM costs WHERE job_id = $1",
        job_id,
    )
    if found is None or (found["put_in"] is None and found["put_out"] is None):
        return None
    return TokenUsage(found["put_in"] or 0, found["put_out"] or 0)


def messages(rows: Transaction, job_id: str) -> list[CardAddress]:
    """Return the messages that show a job, the oldest first."""
    found = rows.query(
        "SELECT message_id, channel_id FROM messages WHERE job_id = $1 ORDER BY message_id", job_id
    )
    return [CardAddress(row["channel_id"], row["message_id"], application_id=0) for row in found]


def mark_spoiler(tx: Transaction, job_id: str, spoiler: int) -> None:
    """Write whether a job's pictures are hidden; what a moderator hid, only one shows again."""
    unless_hidden = " AND spoiler = 0" if spoiler == HIDDEN else ""
    tx.write(f"UPDATE jobs SET spoiler = $1 WHERE id = $2{unless_hidden}", spoiler, job_id)

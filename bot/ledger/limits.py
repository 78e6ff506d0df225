"""The limits that admins set, and the audit of every change."""

from collections import defaultdict
from dataclasses import dataclass

from bot.domain import new_job_id
from bot.ledger.meters import Values
from bot.ledger.rules import Limit, LimitSet, Period
from bot.store import Tx


async def read_limits(rows: Tx, server_id: int, *subjects: str) -> dict[str, LimitSet]:
    """Return a server's limits by subject: those of the subjects, or all when none is named."""
    values = Values()
    server = values.add(server_id)
    named = ", ".join(values.add(subject) for subject in subjects)
    found = await rows.all(
        f"""
        SELECT subject, period, credits
        FROM limits
        WHERE server_id = {server} {f"AND subject IN ({named})" if named else ""}
        """,
        *values.all,
    )
    limits = defaultdict[str, LimitSet](tuple)
    for row in found:
        limits[row["subject"]] += (Limit(row["credits"], Period(row["period"])),)
    return limits


async def write_limit(tx: Tx, server_id: int, subject: str, limit: Limit) -> None:
    """Set a subject's limit for its period."""
    await tx.execute(
        """
        INSERT INTO limits (server_id, subject, period, credits)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (server_id, subject, period) DO UPDATE SET credits = excluded.credits
        """,
        server_id,
        subject,
        limit.period,
        limit.credits,
    )


async def erase_limit(tx: Tx, server_id: int, subject: str, limit: Limit) -> None:
    """Remove a subject's limit."""
    await tx.execute(
        "DELETE FROM limits WHERE server_id = $1 AND subject = $2 AND period = $3",
        server_id,
        subject,
        limit.period,
    )


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody did to one limit; ``old`` None is new, ``new`` None is removed."""

    server_id: int
    actor_id: int
    subject: str
    old: Limit | None
    new: Limit | None


async def record(tx: Tx, change: Change, *, at: int) -> None:
    """Write the change's audit row."""
    await tx.execute(
        """
        INSERT INTO audit (id, server_id, at, actor_id, action, subject, old_value, new_value)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        new_job_id(at),
        change.server_id,
        at,
        change.actor_id,
        "limit-set" if change.new else "limit-removed",
        change.subject,
        str(change.old) if change.old else None,
        str(change.new) if change.new else None,
    )

"""The audit log of admins' changes: who, when, what, and from which value to which."""

import uuid
from dataclasses import dataclass
from enum import StrEnum

from bot.core.job_ids import first_job_id, new_job_id
from bot.database.transaction import Transaction


class Action(StrEnum):
    """A kind of change by an admin, or by the bot."""

    LIMIT_SET = "limit-set"
    LIMIT_REMOVED = "limit-removed"
    GRANTED = "granted"
    RESET = "reset"
    BLOCKED = "blocked"
    UNBLOCKED = "unblocked"
    COST_SET = "cost-set"
    COST_REMOVED = "cost-removed"
    ROLE_GONE = "role-gone"
    RESULT_REMOVED = "result-removed"
    REPORT_DISMISSED = "report-dismissed"


@dataclass(frozen=True, slots=True)
class NewChange:
    """A change to be recorded; ``subject`` is user:ID, role:ID, everyone, server or a cost's.

    A cost's subject is ``cost:MODEL`` or ``cost:MODEL QUALITY``. ``old`` None is new, ``new`` None
    is removed.
    """

    server_id: int
    actor_id: int
    action: Action
    subject: str
    old: str | None = None
    new: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A recorded change, ``at`` milliseconds since the epoch; actor 0 is the bot."""

    id: str
    at: int
    actor_id: int
    action: str
    subject: str
    old: str | None
    new: str | None
    reason: str | None


def record(tx: Transaction, change: NewChange, *, at: int) -> None:
    """Record a change."""
    tx.write(
        """
        INSERT INTO audit (
            id, server_id, at, actor_id, action, subject, old_value, new_value, reason
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        _next_id(tx, at),
        change.server_id,
        at,
        change.actor_id,
        change.action,
        change.subject,
        change.old,
        change.new,
        change.reason,
    )


def read_changes(rows: Transaction, server_id: int, *, most: int, skip: int) -> list[Change]:
    """Return a server's changes, the newest first."""
    found = rows.query(
        """
        SELECT id, at, actor_id, action, subject, old_value, new_value, reason
        FROM audit
        WHERE server_id = $1
        ORDER BY id DESC
        LIMIT $2 OFFSET $3
        """,
        server_id,
        most,
        skip,
    )
    return [Change(*row) for row in found]


def delete_changes(tx: Transaction, *, before: int, most: int) -> int:
    """Delete at most ``most`` changes from before a moment; return how many.

    Their ids begin with the time.
    """
    deleted = tx.query(
        "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE id < $1 ORDER BY id LIMIT $2)"
        " RETURNING id",
        first_job_id(before),
        most,
    )
    return len(deleted)


def _next_id(tx: Transaction, at: int) -> str:
    """Return an id that sorts after every other one of its millisecond (RFC 9562 §6.2)."""
    tx.lock(f"audit:{at}")
    new = new_job_id(at)
    first, last = (f"{new[:13]}-{end * 4}-{end * 4}-{end * 12}" for end in "0f")
    (found,) = tx.query("SELECT MAX(id) AS id FROM audit WHERE id BETWEEN $1 AND $2", first, last)
    return str(uuid.UUID(int=uuid.UUID(found["id"]).int + 1)) if found["id"] else new

"""When the chores that the processes share are due, on PostgreSQL and by its clock."""

from bot.database.server_time import SERVER_NOW
from bot.database.transaction import Transaction

DAY_MS = 24 * 3600 * 1000
CLAIM_MS = 6 * 3600 * 1000
"""A chore whose process died, or that failed, is due again after so long."""


def claim_chore(tx: Transaction, name: str) -> bool:
    """Claim a chore if it is due; return False where another process did it, or does."""
    claimed = tx.query(
        f"INSERT INTO chores (name, due_at) VALUES ($1, {SERVER_NOW} + $2)"
        " ON CONFLICT (name) DO UPDATE SET due_at = excluded.due_at"
        " WHERE chores.due_at <= excluded.due_at - $2 RETURNING name",
        name,
        CLAIM_MS,
    )
    return bool(claimed)


def chore_done(tx: Transaction, name: str) -> None:
    """Write that a chore is done, for a day."""
    tx.write(f"UPDATE chores SET due_at = {SERVER_NOW} + $2 WHERE name = $1", name, DAY_MS)

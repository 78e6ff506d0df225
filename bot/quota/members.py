"""What admins decided about one person besides limits: grants, a reset, a block."""

from dataclasses import dataclass

from bot.database.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Member:
    """A person in one server, to its admins.

    ``granted`` credits are left of all grants; what was used up to ``reset_at`` (milliseconds
    since the epoch) is forgotten; ``block_reason`` None is not blocked, and may be empty.
    """

    granted: int = 0
    reset_at: int | None = None
    block_reason: str | None = None


def read_member(rows: Transaction, server_id: int, user_id: int) -> Member:
    """Return what was decided about a person; nothing, for most."""
    found = rows.one(
        """
        SELECT granted, reset_at, block_reason
        FROM members
        WHERE server_id = $1 AND user_id = $2
        """,
        server_id,
        user_id,
    )
    return Member(*found) if found else Member()


def read_members(rows: Transaction, server_id: int) -> dict[int, Member]:
    """Return the people of a server who have grants left or are blocked, by their ids."""
    found = rows.query(
        """
        SELECT user_id, granted, reset_at, block_reason
        FROM members
        WHERE server_id = $1 AND (granted > 0 OR block_reason IS NOT NULL)
        """,
        server_id,
    )
    return {
        row["user_id"]: Member(row["granted"], row["reset_at"], row["block_reason"])
        for row in found
    }


def add_granted(tx: Transaction, server_id: int, user_id: int, credits: int) -> int:
    """Add to what is left of a person's grants, and return it."""
    (member,) = tx.query(
        """
        INSERT INTO members (server_id, user_id, granted)
        VALUES ($1, $2, $3)
        ON CONFLICT (server_id, user_id)
        DO UPDATE SET granted = members.granted + excluded.granted
        RETURNING granted
        """,
        server_id,
        user_id,
        credits,
    )
    return int(member["granted"])


def take_granted(tx: Transaction, server_id: int, user_id: int, credits: int) -> None:
    """Take from a person's grants what is known to be there; the table's CHECK is the guard."""
    tx.write(
        "UPDATE members SET granted = granted - $3 WHERE server_id = $1 AND user_id = $2",
        server_id,
        user_id,
        credits,
    )


def write_reset(tx: Transaction, server_id: int, user_id: int, at: int) -> None:
    """Forget what the person used before."""
    tx.write(
        """
        INSERT INTO members (server_id, user_id, reset_at)
        VALUES ($1, $2, $3)
        ON CONFLICT (server_id, user_id) DO UPDATE SET reset_at = excluded.reset_at
        """,
        server_id,
        user_id,
        at,
    )


def write_block(tx: Transaction, server_id: int, user_id: int, reason: str | None) -> None:
    """Block a person for a reason, or with None lift the block."""
    tx.write(
        """
        INSERT INTO members (server_id, user_id, block_reason)
        VALUES ($1, $2, $3)
        ON CONFLICT (server_id, user_id) DO UPDATE SET block_reason = excluded.block_reason
        """,
        server_id,
        user_id,
        reason,
    )


def members_of(rows: Transaction, server_id: int) -> list[int]:
    """Return the people of a server about whom something was decided."""
    found = rows.query("SELECT user_id FROM members WHERE server_id = $1", server_id)
    return [row["user_id"] for row in found]

"""New messages, written before they are sent, so that a crash posts none of them twice."""

from dataclasses import dataclass

from bot.database.transaction import Transaction


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """A new message of a job, announced at ``at``; ``message_id`` is None until it is confirmed."""

    nonce: str
    job_id: str
    part: int
    channel_id: int
    at: int
    message_id: int | None = None


def announce(tx: Transaction, message: OutboxMessage) -> OutboxMessage:
    """Write a message that is about to be sent; return what was written first under its nonce."""
    row = tx.one(
        "INSERT INTO intents (nonce, job_id, part, channel_id, at) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT (nonce) DO UPDATE SET nonce = excluded.nonce RETURNING *",
        message.nonce,
        message.job_id,
        message.part,
        message.channel_id,
        message.at,
    )
    assert row is not None  # noqa: S101 - an upsert always returns its row
    return OutboxMessage(
        row["nonce"], row["job_id"], row["part"], row["channel_id"], row["at"], row["message_id"]
    )


def announce_again(tx: Transaction, nonce: str, at: int) -> None:
    """Write that a message which surely was not posted is sent once more."""
    tx.write("UPDATE intents SET at = $1 WHERE nonce = $2", at, nonce)


def confirm(tx: Transaction, nonce: str, message_id: int) -> None:
    """Write which message it became."""
    tx.write("UPDATE intents SET message_id = $1 WHERE nonce = $2", message_id, nonce)


def delete_old_messages(tx: Transaction, *, before: int, most: int) -> int:
    """Delete at most ``most`` messages from before a moment; return how many."""
    deleted = tx.query(
        "DELETE FROM intents WHERE nonce IN"
        " (SELECT nonce FROM intents WHERE at < $1 ORDER BY at LIMIT $2) RETURNING nonce",
        before,
        most,
    )
    return len(deleted)

"""The messages that show jobs, as they are deleted in Discord."""

from collections.abc import Sequence

from bot.database.transaction import Transaction

# What only mentions its requester shows no picture: a job may have it beside its result. The parts
# are those of bot/discord_ui/message_outbox.py, and the same again for direct messages.
_IS_NOTICE = "intents.part % 16 BETWEEN 11 AND 13"


def jobs_of_messages(rows: Transaction, message_ids: Sequence[int]) -> set[str]:
    """Return the jobs that some messages show."""
    found = (_job_of(rows, message_id) for message_id in message_ids)
    return {job_id for job_id in found if job_id is not None}


def _job_of(rows: Transaction, message_id: int) -> str | None:
    row = rows.one("SELECT job_id FROM messages WHERE message_id = $1", message_id)
    return None if row is None else str(row["job_id"])


def forget_messages(tx: Transaction, message_ids: Sequence[int]) -> None:
    """Write that messages are gone; harmless twice."""
    for message_id in message_ids:
        tx.write("DELETE FROM messages WHERE message_id = $1", message_id)


def is_posted(rows: Transaction, job_id: str) -> bool:
    """Tell whether a message with pictures of a job is left, as far as this bot knows."""
    found = rows.one(
        "SELECT 1 FROM messages WHERE job_id = $1 AND NOT EXISTS (SELECT 1 FROM intents"
        f" WHERE intents.job_id = $1 AND intents.message_id = messages.message_id AND {_IS_NOTICE})"
        " LIMIT 1",
        job_id,
    )
    return found is not None


def has_ended(rows: Transaction, job_id: str) -> bool:
    """Tell whether a job has ended: what still runs may post its pictures later."""
    row = rows.one("SELECT ended_at FROM jobs WHERE id = $1", job_id)
    return row is not None and row["ended_at"] is not None


def messages_behind(rows: Transaction, behind: int, *, most: int) -> list[tuple[int, int]]:
    """Return a page of the messages of all jobs, and their channels, by the ids of the messages."""
    found = rows.query(
        "SELECT message_id, channel_id FROM messages WHERE message_id > $1"
        " ORDER BY message_id LIMIT $2",
        behind,
        most,
    )
    return [(row["message_id"], row["channel_id"]) for row in found]


def jobs_behind(rows: Transaction, behind: str, *, most: int) -> list[tuple[str, int]]:
    """Return a page of the jobs of all servers, and their servers, by the ids of the jobs."""
    found = rows.query(
        "SELECT id, server_id FROM jobs WHERE id > $1 ORDER BY id LIMIT $2", behind, most
    )
    return [(row["id"], row["server_id"]) for row in found]

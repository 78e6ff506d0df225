"""Jobs in a database that was restored from a backup: what was open then has gone on elsewhere."""

from bot.database.transaction import Transaction

_OPEN = "SELECT id FROM jobs WHERE ended_at IS NULL"
_NOT_POSTED = f"{_OPEN} AND state <> 'delivered'"


def set_open_jobs_aside(tx: Transaction) -> int:
    """Let the next start end every open job without painting, and without touching a message.

    Their messages may show by now what the backup does not know, and their requests may have
    been sent after it. Tasks of gateways are not asked about again.

    Returns:
        How many jobs were open.
    """
    tx.write(
        "UPDATE attempts SET state = 'sending', task_id = NULL, urls = NULL"
        f" WHERE state IN ('task', 'answered') AND job_id IN ({_OPEN})"
    )
    tx.write(
        f"UPDATE attempts SET state = 'unknown' WHERE state = 'received' AND job_id IN"
        f" ({_NOT_POSTED})"
    )
    tx.write("UPDATE attempts SET task_id = NULL, look_at = NULL WHERE state = 'unknown'")
    tx.write("DELETE FROM intents WHERE message_id IS NULL")
    tx.write("UPDATE jobs SET told = 1, token = NULL WHERE ended_at IS NOT NULL")
    opened = tx.query(
        "UPDATE jobs SET channel_id = NULL, message_id = NULL, application_id = NULL,"
        " token = NULL, attached = NULL WHERE ended_at IS NULL RETURNING id"
    )
    return len(opened)

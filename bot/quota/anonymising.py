"""Move the charges and meters of a person to a pseudonym when their data is deleted."""

from bot.database.transaction import Transaction
from bot.quota.levels import person_meter


def is_anonymous(rows: Transaction, pseudonym: int) -> bool:
    """Return whether the data of that pseudonym's person was deleted."""
    found = rows.one("SELECT user_id FROM anonymous WHERE user_id = $1", pseudonym)
    return found is not None


def move_to_pseudonym(tx: Transaction, user_id: int, pseudonym: int, *, at: int) -> None:
    """Move a person's charges and meters of every server to the pseudonym."""
    tx.write(
        "INSERT INTO anonymous (user_id, at) VALUES ($1, $2) ON CONFLICT (user_id) DO NOTHING",
        pseudonym,
        at,
    )
    tx.write("UPDATE charges SET user_id = $2 WHERE user_id = $1", user_id, pseudonym)
    for server_id in _servers(tx):
        was, is_ = (person_meter(server_id, id_).subject for id_ in (user_id, pseudonym))
        tx.write(
            """
            INSERT INTO meters (subject, hour, credits)
            SELECT CAST($2 AS TEXT), hour, credits
            FROM meters
            WHERE subject = $1
            ON CONFLICT (subject, hour) DO UPDATE SET credits = meters.credits + excluded.credits
            """,
            was,
            is_,
        )
        tx.write("DELETE FROM meters WHERE subject = $1", was)


def _servers(rows: Transaction) -> list[int]:
    """Return every server that has a meter, with one index step for each."""
    found = rows.query(
        """
        WITH RECURSIVE known (subject) AS (
            SELECT MIN(subject)
            FROM meters
            WHERE subject > 'server:' AND subject < 'server;'
            UNION ALL
            SELECT (
                SELECT MIN(subject)
                FROM meters
                WHERE subject > known.subject AND subject < 'server;'
            )
            FROM known
            WHERE known.subject IS NOT NULL
        )
        SELECT subject
        FROM known
        WHERE subject IS NOT NULL
        """
    )
    return [int(row["subject"].removeprefix("server:")) for row in found]

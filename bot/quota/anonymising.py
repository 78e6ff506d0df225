"""Move the charges and meters of a person to a pseudonym when their data is deleted.

They move in batches, so that nobody else waits. From the first transaction on, new charges are the
pseudonym's, and both ids count as one person until everything has moved.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bot.database.transaction import Row, Transaction
from bot.quota.levels import person_subject
from bot.quota.meters import Parameters


@dataclass(frozen=True, slots=True)
class UnfinishedMove:
    """A person whose data is being deleted: their jobs up to a moment, in ms since the epoch."""

    user_id: int
    jobs_until: int


def is_anonymous(rows: Transaction, pseudonym: int) -> bool:
    """Return whether the data of that pseudonym's person was deleted."""
    found = rows.one("SELECT user_id FROM anonymous WHERE user_id = $1", pseudonym)
    return found is not None


def is_moving(rows: Transaction, user_id: int) -> bool:
    """Return whether some of a person's charges may not have moved yet."""
    found = rows.one("SELECT user_id FROM anonymous WHERE real_id = $1", user_id)
    return found is not None


def begin_move(tx: Transaction, move: UnfinishedMove, pseudonym: int, *, at: int) -> None:
    """Let new charges be the pseudonym's, and those of running jobs; harmless twice."""
    tx.write(
        """
        INSERT INTO anonymous (user_id, at, real_id, jobs_until)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (user_id) DO UPDATE
        SET real_id = excluded.real_id,
            jobs_until = CASE
                WHEN anonymous.jobs_until > excluded.jobs_until THEN anonymous.jobs_until
                ELSE excluded.jobs_until
            END
        """,
        pseudonym,
        at,
        move.user_id,
        move.jobs_until,
    )
    # What they return when they end is taken from the pseudonym's meters.
    held = tx.query(
        """
        UPDATE charges
        SET user_id = $2
        WHERE state = 'held' AND user_id = $1
        RETURNING server_id, hour
        """,
        move.user_id,
        pseudonym,
    )
    _move_meters_of(tx, move.user_id, pseudonym, held)


def unfinished_moves(rows: Transaction) -> list[UnfinishedMove]:
    """Return the people of whom not everything has moved yet."""
    found = rows.query("SELECT real_id, jobs_until FROM anonymous WHERE real_id IS NOT NULL")
    return [UnfinishedMove(*row) for row in found]


def move_charges(tx: Transaction, user_id: int, pseudonym: int, job_ids: Sequence[str]) -> None:
    """Move the charges of some jobs of a person, and the meters of their hours."""
    parameters = Parameters()
    moved = tx.query(
        f"""
        UPDATE charges
        SET user_id = {parameters.add(pseudonym)}
        WHERE user_id = {parameters.add(user_id)}
        AND job_id IN ({", ".join(map(parameters.add, job_ids))})
        RETURNING server_id, hour
        """,
        *parameters.values,
    )
    _move_meters_of(tx, user_id, pseudonym, moved)


def move_old_meters(
    tx: Transaction, user_id: int, pseudonym: int, server_id: int, *, most: int
) -> int:
    """Move at most ``most`` meters whose charges were deleted long ago; return how many."""
    found = tx.query(
        "SELECT hour FROM meters WHERE subject = $1 ORDER BY hour LIMIT $2",
        person_subject(server_id, user_id),
        most,
    )
    _move_meters(tx, user_id, pseudonym, server_id, [row["hour"] for row in found])
    return len(found)


def end_move(tx: Transaction, pseudonym: int) -> None:
    """Forget whose pseudonym it is: nothing is left to move."""
    tx.write("UPDATE anonymous SET real_id = NULL, jobs_until = NULL WHERE user_id = $1", pseudonym)


def _move_meters_of(tx: Transaction, user_id: int, pseudonym: int, charges: Sequence[Row]) -> None:
    hours = defaultdict[int, set[int]](set)
    for charge in charges:
        hours[charge["server_id"]].add(charge["hour"])
    for server_id, its_hours in hours.items():
        _move_meters(tx, user_id, pseudonym, server_id, its_hours)


def _move_meters(
    tx: Transaction, user_id: int, pseudonym: int, server_id: int, hours: Collection[int]
) -> None:
    if not hours:
        return
    parameters = Parameters()
    was = parameters.add(person_subject(server_id, user_id))
    among = ", ".join(map(parameters.add, hours))
    of_hours = f"subject = {was} AND hour IN ({among})"
    of_these = list(parameters.values)
    is_ = parameters.add(person_subject(server_id, pseudonym))
    tx.write(
        f"""
        INSERT INTO meters (subject, hour, credits)
        SELECT CAST({is_} AS TEXT), hour, credits
        FROM meters
        WHERE {of_hours}
        ON CONFLICT (subject, hour) DO UPDATE SET credits = meters.credits + excluded.credits
        """,
        *parameters.values,
    )
    tx.write(f"DELETE FROM meters WHERE {of_hours}", *of_these)

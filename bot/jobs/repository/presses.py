"""Which presses have led to a job: Discord may tell of one twice, and to two processes."""

from dataclasses import dataclass

from bot.core.errors.base import EaselError
from bot.core.presses import Press
from bot.database.transaction import Transaction

PRESS_RETENTION_MS = 24 * 3600 * 1000
PRESSES_PER_BATCH = 500


@dataclass(eq=False, kw_only=True)
class PressRepeated(EaselError):
    """A job came from the press already: whoever pressed has an answer."""

    message_id = "error-press-repeated"


def note_press(tx: Transaction, press: Press, *, at: int) -> None:
    """Note a press that leads to a job; raise PressRepeated if it has led to one.

    It is the first statement of its transaction: of two processes, one waits here for the other.
    """
    noted = tx.query(
        "INSERT INTO presses (id, at) VALUES ($1, $2)"
        " ON CONFLICT (id) DO UPDATE SET at = excluded.at WHERE presses.at <= $3 RETURNING id",
        press.id,
        at,
        -1 if press.within_ms is None else at - press.within_ms,
    )
    if not noted:
        raise PressRepeated


def delete_old_presses(tx: Transaction, *, before: int, most: int) -> int:
    """Delete at most ``most`` presses from before a moment; return how many."""
    deleted = tx.query(
        "DELETE FROM presses WHERE id IN"
        " (SELECT id FROM presses WHERE at < $1 ORDER BY at LIMIT $2) RETURNING id",
        before,
        most,
    )
    return len(deleted)

"""What was spent, read back: by day for a chart, charge by charge for an export."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.database.transaction import Transaction
from bot.quota.identity import is_anonymous, move_to_pseudonym
from bot.quota.meters import person, server
from bot.quota.rules import HOUR_MS, Period

_DAY_HOURS = Period.DAY.ms // HOUR_MS


@dataclass(frozen=True, slots=True)
class Day:
    """The credits of one day of UTC, which begins at ``starts_at`` ms since the epoch."""

    starts_at: int
    credits: int


@dataclass(frozen=True, slots=True)
class Charge:
    """One job's credits, ``at`` milliseconds since the epoch; ``state`` is held or settled.

    Of ``credits`` a grant paid ``granted``; ``doubtful`` more may have been made, but were
    forgiven. ``user_id`` is negative where somebody's data was deleted.
    """

    job_id: str
    at: int
    user_id: int
    state: str
    credits: int
    granted: int
    doubtful: int


class History:
    """The past of everybody's credits, and how long it is known whose they were."""

    def __init__(self, *, pseudonym: Callable[[int], int], now: Callable[[], int]) -> None:
        self._pseudonym = pseudonym
        self._now = now

    def usage_by_day(
        self, rows: Transaction, *, server_id: int, user_id: int | None, days: int
    ) -> list[Day]:
        """Return what the server used on each of the last days, or what a person's own level paid.

        The days are those of UTC, the oldest first; today is the last.
        """
        meter = (
            server(server_id)
            if user_id is None
            else person(server_id, self._known_as(rows, user_id))
        )
        today = self._now() // Period.DAY.ms
        first = today - days + 1
        found = rows.query(
            f"""
            SELECT hour / {_DAY_HOURS} AS day, CAST(SUM(credits) AS BIGINT) AS credits
            FROM meters
            WHERE subject = $1 AND hour >= $2 AND hour < $3
            GROUP BY hour / {_DAY_HOURS}
            """,
            meter.subject,
            first * _DAY_HOURS,
            (today + 1) * _DAY_HOURS,
        )
        used = {row["day"]: row["credits"] for row in found}
        return [Day(day * Period.DAY.ms, used.get(day, 0)) for day in range(first, today + 1)]

    def charges(
        self, rows: Transaction, *, server_id: int, since: int, after: str | None, most: int
    ) -> list[Charge]:
        """Return a page of a server's charges since a moment, by job id from ``after`` on."""
        found = rows.query(
            """
            SELECT job_id, at, user_id, state, credits,
                   credits - own_credits AS granted,
                   operator_credits - credits AS doubtful
            FROM charges
            WHERE server_id = $1 AND at >= $2 AND job_id > $3
            ORDER BY job_id
            LIMIT $4
            """,
            server_id,
            since,
            after or "",
            most,
        )
        return [Charge(*row) for row in found]

    def forget_charges(self, tx: Transaction, *, before: int, most: int) -> int:
        """Delete so many charges that were settled and are older; the meters keep their sums.

        ``before`` is in milliseconds since the epoch and more than a month ago: the cut hour of a
        window needs its charges. Return how many were deleted.
        """
        deleted = tx.query(
            """
            DELETE FROM charges
            WHERE job_id IN (
                SELECT job_id
                FROM charges
                WHERE hour < $1 AND state = 'settled'
                ORDER BY hour
                LIMIT $2
            )
            RETURNING job_id
            """,
            before // HOUR_MS,
            most,
        )
        return len(deleted)

    def make_anonymous(self, tx: Transaction, user_id: int) -> None:
        """Forget whose a person's charges are, in every server, past and to come.

        They still count against the person's limits. Harmless twice.
        """
        move_to_pseudonym(tx, user_id, self._pseudonym(user_id), at=self._now())

    def _known_as(self, rows: Transaction, user_id: int) -> int:
        pseudonym = self._pseudonym(user_id)
        return pseudonym if is_anonymous(rows, pseudonym) else user_id

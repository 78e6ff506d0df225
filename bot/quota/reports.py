"""Reports of past charges, by day or one by one, and their deletion and anonymising."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.database.transaction import Transaction
from bot.quota.anonymising import is_anonymous, move_to_pseudonym
from bot.quota.levels import person_meter, server_meter
from bot.quota.limits import Period
from bot.quota.repository import Charge, delete_charges, read_server_charges, read_used_by_day


@dataclass(frozen=True, slots=True)
class Day:
    """The credits of one day of UTC, which begins at ``starts_at`` ms since the epoch."""

    starts_at: int
    credits: int


class Reports:
    """Reads, deletes and anonymises past charges."""

    def __init__(self, *, pseudonym: Callable[[int], int], now: Callable[[], int]) -> None:
        self._pseudonym = pseudonym
        self._now = now

    def usage_by_day(
        self, rows: Transaction, *, server_id: int, user_id: int | None, days: int
    ) -> list[Day]:
        """Return what the server used on each of the last days, or what a person's own level paid.

        The days are those of UTC, the oldest first; today is the last.
        """
        if user_id is None:
            meter = server_meter(server_id)
        else:
            meter = person_meter(server_id, self._known_as(rows, user_id))
        today = self._now() // Period.DAY.ms
        first = today - days + 1
        used = read_used_by_day(rows, meter, first=first, last=today)
        return [Day(day * Period.DAY.ms, used.get(day, 0)) for day in range(first, today + 1)]

    def charges(
        self, rows: Transaction, *, server_id: int, since: int, after: str | None, most: int
    ) -> list[Charge]:
        """Return a page of a server's charges since a moment, by job id from ``after`` on."""
        return read_server_charges(rows, server_id, since=since, after=after, most=most)

    def forget_charges(self, tx: Transaction, *, before: int, most: int) -> int:
        """Delete at most ``most`` settled charges from before a moment; meters keep their sums.

        ``before`` is in milliseconds since the epoch and more than a month ago: the cut hour of a
        window needs its charges. Return how many were deleted.
        """
        return delete_charges(tx, before=before, most=most)

    def make_anonymous(self, tx: Transaction, user_id: int) -> None:
        """Move a person's charges, past and future, in every server, to their pseudonym.

        They still count against the person's limits. Harmless twice.
        """
        move_to_pseudonym(tx, user_id, self._pseudonym(user_id), at=self._now())

    def is_anonymous(self, rows: Transaction, user_id: int) -> bool:
        """Return whether a person's charges were ever moved to their pseudonym."""
        return is_anonymous(rows, self._pseudonym(user_id))

    def _known_as(self, rows: Transaction, user_id: int) -> int:
        pseudonym = self._pseudonym(user_id)
        return pseudonym if is_anonymous(rows, pseudonym) else user_id

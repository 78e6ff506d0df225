"""Reports of past charges, by day or one by one, and their deletion and anonymising."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.database.transaction import Transaction
from bot.quota.anonymising import (
    UnfinishedMove,
    begin_move,
    end_move,
    is_anonymous,
    is_moving,
    move_charges,
    move_old_meters,
    unfinished_moves,
)
from bot.quota.audit import delete_changes
from bot.quota.forgetting import delete_charges, delete_meters, read_subjects
from bot.quota.levels import person_meter, server_meter
from bot.quota.limits import HOUR_MS, Period
from bot.quota.locks import person_lock
from bot.quota.repository import (
    Charge,
    read_charged_hours,
    read_server_charges,
    read_used_by_day,
)

FOREVER_MS = 2**62
HOURS_PER_PAGE = 100


@dataclass(frozen=True, slots=True)
class Day:
    """The credits of one day of UTC, which begins at ``starts_at`` ms since the epoch."""

    starts_at: int
    credits: int


@dataclass(frozen=True, slots=True)
class ChargePlace:
    """Where to go on with a server's charges: in an hour, behind one of its charges."""

    hour: int
    after: Charge | None = None


@dataclass(frozen=True, slots=True)
class ChargePage:
    """Some charges, hour by hour and by person within it, and where to go on; None at the end."""

    charges: Sequence[Charge]
    next: ChargePlace | None


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
            known_as = self._known_as(rows, user_id)
            moving_from = user_id if is_moving(rows, user_id) else None
            meter = person_meter(server_id, known_as, moving_from=moving_from)
        today = self._now() // Period.DAY.ms
        first = today - days + 1
        used = read_used_by_day(rows, meter, first=first, last=today)
        return [Day(day * Period.DAY.ms, used.get(day, 0)) for day in range(first, today + 1)]

    def charges(
        self, rows: Transaction, *, server_id: int, since: int, place: ChargePlace | None, most: int
    ) -> ChargePage:
        """Return at most ``most`` of a server's charges since a moment, from a place on."""
        hours = read_charged_hours(rows)
        place = place or ChargePlace(max(since // HOUR_MS, hours.start))
        found: list[Charge] = []
        for hour in range(place.hour, min(place.hour + HOURS_PER_PAGE, hours.stop)):
            after = place.after if hour == place.hour else None
            left = most - len(found)
            found += read_server_charges(rows, server_id, hour, after=after, most=left)
            if len(found) == most:
                return ChargePage(_since(since, found), ChargePlace(hour, found[-1]))
        following = place.hour + HOURS_PER_PAGE
        is_last = following >= hours.stop
        return ChargePage(_since(since, found), None if is_last else ChargePlace(following))

    def forget_charges(self, tx: Transaction, *, before: int, most: int) -> int:
        """Delete at most ``most`` settled charges from before a moment; meters keep their sums.

        ``before`` is in milliseconds since the epoch and more than a month ago: the cut hour of a
        window needs its charges. Return how many were deleted.
        """
        return delete_charges(tx, before=before, most=most)

    def metered_subjects(self, rows: Transaction, *, behind: str, most: int) -> dict[str, int]:
        """Return a page of the subjects that have meters, each with the hour of its first one."""
        return read_subjects(rows, behind=behind, most=most)

    def forget_meters(
        self, tx: Transaction, subjects: Sequence[str], *, before: int, most: int
    ) -> int:
        """Delete at most ``most`` meters of some subjects from before a moment; return how many.

        ``before`` is in milliseconds since the epoch, and longer ago than any report looks back.
        """
        return delete_meters(tx, subjects, before=before, most=most)

    def forget_changes(self, tx: Transaction, *, before: int, most: int) -> int:
        """Delete at most ``most`` entries of the audit from before a moment; return how many."""
        return delete_changes(tx, before=before, most=most)

    def make_anonymous(
        self, tx: Transaction, user_id: int, *, jobs_until: int = FOREVER_MS
    ) -> None:
        """Begin to move a person's charges, past and future, in every server, to their pseudonym.

        They still count against the person's limits. What is past moves with ``move_charges`` and
        ``move_old_meters``, of the jobs up to a moment; ``end_move`` ends it. Harmless twice.
        """
        tx.lock(person_lock(user_id, self._pseudonym))
        move = UnfinishedMove(user_id, jobs_until)
        begin_move(tx, move, self._pseudonym(user_id), at=self._now())

    def move_charges(self, tx: Transaction, user_id: int, job_ids: Sequence[str]) -> None:
        """Move the charges of some jobs to the pseudonym of a person, with their meters."""
        tx.lock(person_lock(user_id, self._pseudonym))
        move_charges(tx, user_id, self._pseudonym(user_id), job_ids)

    def move_old_meters(self, tx: Transaction, user_id: int, server_id: int, *, most: int) -> int:
        """Move at most ``most`` meters of a person in a server whose charges are forgotten.

        Return how many were moved.
        """
        tx.lock(person_lock(user_id, self._pseudonym))
        return move_old_meters(tx, user_id, self._pseudonym(user_id), server_id, most=most)

    def unfinished_moves(self, rows: Transaction) -> list[UnfinishedMove]:
        """Return the people of whom not everything has moved yet."""
        return unfinished_moves(rows)

    def end_move(self, tx: Transaction, user_id: int) -> None:
        """Forget whose pseudonym it is, when everything has moved."""
        tx.lock(person_lock(user_id, self._pseudonym))
        end_move(tx, self._pseudonym(user_id))

    def is_anonymous(self, rows: Transaction, user_id: int) -> bool:
        """Return whether a person's charges were ever moved to their pseudonym."""
        return is_anonymous(rows, self._pseudonym(user_id))

    def _known_as(self, rows: Transaction, user_id: int) -> int:
        pseudonym = self._pseudonym(user_id)
        return pseudonym if is_anonymous(rows, pseudonym) else user_id


def _since(since: int, charges: Sequence[Charge]) -> Sequence[Charge]:
    return [charge for charge in charges if charge.at >= since]

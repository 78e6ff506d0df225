"""The locks of a hold, in one order for everybody: person, limits, server, operator, budget.

They are taken before the statement that decides, and held until it is committed, so that it sees
what those before it were granted. Without a limit there is no lock.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from bot.database.transaction import Transaction
from bot.quota.levels import LimitCheck, LimitLevel

_SHARED_PART = 10
"""The last tenth of a total is given out by one after the other."""
_EXCLUSIVE_MS = 1000
_NAMES = {LimitLevel.TOTAL: "operator", LimitLevel.BUDGET: "budget"}


def person_lock(user_id: int, pseudonym: Callable[[int], int]) -> str:
    """Return the lock of a person, the same one for their id and for their pseudonym."""
    return f"person:{pseudonym(user_id) if user_id > 0 else user_id}"


def limits_lock(server_id: int) -> str:
    """Return the lock of the limits of a server; each hold shares it, a change does not.

    The first hold after a change sees what all holds before it were granted.
    """
    return f"limits:{server_id}"


class LimitLocks:
    """Locks what limits count; totals are shared by those who ask while much of them is left."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._exclusive_until = 0

    def lock(
        self, tx: Transaction, checks: Sequence[LimitCheck], *, server_id: int
    ) -> list[LimitCheck]:
        """Lock the server and the totals that limits count; return the checks with margins."""
        if tx.most_at_once == 1:
            return list(checks)
        asked = [check for check in checks if check.asked]
        if any(check.rule.level in _SERVERS for check in asked):
            tx.lock(f"server:{server_id}")
        shares = not tx.is_again and self._now() >= self._exclusive_until
        return [self._locked(tx, check, shares=shares) for check in checks]

    def ran_out(self) -> None:
        """Let nobody share for a second: a total had no room for the margin."""
        self._exclusive_until = self._now() + _EXCLUSIVE_MS

    def _locked(self, tx: Transaction, check: LimitCheck, *, shares: bool) -> LimitCheck:
        name = _NAMES.get(check.rule.level)
        if name is None or not check.asked:
            return check
        largest = _largest_shared(tx, check)
        if not shares or check.asked > largest:
            tx.lock(name)
            return check
        tx.lock(shared=(name,))
        return replace(check, margin=(tx.most_at_once - 1) * largest)


_SERVERS = {LimitLevel.SERVER, LimitLevel.SERVER_QUOTA}


def _largest_shared(tx: Transaction, check: LimitCheck) -> int:
    """Return the most that may be asked of a total by those who share its lock.

    It is the same number in every process, whatever each of them offers: so many of these fit at
    once into the last part of the limit (docs/decisions/044).
    """
    return _least(check) // (_SHARED_PART * tx.most_at_once)


def _least(check: LimitCheck) -> int:
    caps: Iterable[int] = (cap for caps in check.rule.caps for cap, _ in caps)
    return min(caps)

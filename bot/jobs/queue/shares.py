"""Fair shares of the permits between processes: who runs fewest goes first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.database.server_time import server_now
from bot.database.transaction import Transaction

LOAD_LIFE_MS = 4_000
"""A process that has told nothing for so long is gone, or has no database."""
_OLD_MS = 60_000


@dataclass(frozen=True, slots=True)
class Load:
    """How many jobs of a process wait and run; the ``startable`` wait for nothing but a permit."""

    waiting: int
    startable: int
    running: int

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to tell."""
        return not (self.waiting or self.running)


def exchange_loads(tx: Transaction, owner: str, load: Load) -> Sequence[Load]:
    """Write how busy this process is, and return that of the others; only on PostgreSQL."""
    now = server_now(tx)
    if load.is_idle:
        tx.write("DELETE FROM processes WHERE owner = $1", owner)
    else:
        tx.write(
            "INSERT INTO processes (owner, waiting, startable, running, at)"
            " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (owner) DO UPDATE SET"
            " waiting = excluded.waiting, startable = excluded.startable,"
            " running = excluded.running, at = excluded.at",
            owner,
            load.waiting,
            load.startable,
            load.running,
            now,
        )
    tx.write("DELETE FROM processes WHERE at < $1", now - _OLD_MS)
    rows = tx.query(
        "SELECT waiting, startable, running FROM processes WHERE owner <> $1 AND at > $2",
        owner,
        now - LOAD_LIFE_MS,
    )
    return [Load(row["waiting"], row["startable"], row["running"]) for row in rows]


@dataclass(frozen=True, slots=True)
class Shares:
    """The permits, as this process sees them: ``total``, and what the ``others`` told lately."""

    total: int
    others: Sequence[Load]

    def fair(self) -> int:
        """Return how many permits this process may expect, if it has enough jobs; at least one."""
        left, processes = self.total, len(self.others) + 1
        for demand in sorted(other.running + other.startable for other in self.others):
            if demand * processes > left:
                break
            left, processes = left - demand, processes - 1
        return max(1, left // processes)

    def kept(self, running: int, spare: int) -> int:
        """Return how many of the ``spare`` permits, whose jobs have ended, this process may use on.

        It gives up those that jobs of others wait for who run none, or fewer than it does without
        them: one more or less is no reason to hand permits around.
        """
        free = self._free(running + spare)
        return _count(spare, lambda more: self._claimed(max(1, running + more)) <= free)

    def taken(self, held: int, most: int) -> int:
        """Return how many free permits this process may try to take beside those that it has.

        Among those who run equally many the fastest gets it: nobody waits for one who is gone.
        """
        free = self._free(held)

        def may_take(more: int) -> bool:
            claimed = self._claimed(held + more)
            return not claimed or claimed < free - more

        return _count(most, may_take)

    def _free(self, held: int) -> int:
        return max(0, self.total - held - sum(other.running for other in self.others))

    def _claimed(self, by_fewer_than: int) -> int:
        """Return how many permits those may claim first who run fewer jobs."""
        return sum(
            min(other.startable, by_fewer_than - other.running)
            for other in self.others
            if other.running < by_fewer_than
        )


def _count(most: int, may: Callable[[int], bool]) -> int:
    """Return how many of 0, 1, … come before the first that may not."""
    return next((number for number in range(most) if not may(number)), most)

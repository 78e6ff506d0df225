"""Estimate when each waiting job will start, from how long the models took lately."""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from heapq import heapify, heappop, heappush
from statistics import median

from bot.jobs.queue.waiting_list import Ticket

DURATIONS_KEPT = 20
# What runs longer than usual may end at any moment, but it has not ended.
AT_LEAST_S = 1.0

RunningJobs = list[tuple[float, int]]
"""For each running job: the seconds until it will end, and its user's id."""


class UsualDurations:
    """How long a model's job runs: the median of the last durations, held in memory.

    ``seed_s`` answers for a model before any of its jobs has ended.
    """

    def __init__(self, seed_s: Callable[[str], float]) -> None:
        self._seed_s = seed_s
        self._durations: dict[str, deque[float]] = {}
        self._medians: dict[str, float] = {}  # read for every waiting job, whenever one moves

    def add(self, model: str, seconds: float) -> None:
        """Remember how long a job ran."""
        durations = self._durations.setdefault(model, deque(maxlen=DURATIONS_KEPT))
        durations.append(seconds)
        self._medians[model] = median(durations)

    def seconds(self, model: str) -> float:
        """Return how long the model's next job will run."""
        usual_s = self._medians.get(model)
        return self._seed_s(model) if usual_s is None else usual_s

    def rest(self, model: str, elapsed_s: float) -> float:
        """Return how much longer a running job will run."""
        return max(AT_LEAST_S, self.seconds(model) - elapsed_s)


def forecast(
    running: RunningJobs,
    waiting_list: Iterable[Ticket],
    usual: UsualDurations,
    *,
    max_running: int,
    max_running_per_user: int,
) -> Iterator[tuple[Ticket, float]]:
    """Yield the waiting tickets in the order in which they will start, and in how many seconds."""
    heapify(running)
    busy = Counter(user_id for _, user_id in running)
    waiting = list(waiting_list)
    now_s = 0.0
    while waiting:
        free = (ticket for ticket in waiting if busy[ticket.user_id] < max_running_per_user)
        ticket = next(free, None) if len(running) < max_running else None
        if ticket is None:
            now_s, done = heappop(running)
            busy[done] -= 1
            continue
        waiting.remove(ticket)
        busy[ticket.user_id] += 1
        heappush(running, (now_s + usual.seconds(ticket.model), ticket.user_id))
        yield ticket, now_s

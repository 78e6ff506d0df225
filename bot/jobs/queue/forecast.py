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
    """Yield the waiting tickets in the order in which they will start, and in how many seconds.

    Only as many of them are looked at as are taken, and those whose users run enough jobs already.
    """
    heapify(running)
    busy = Counter(user_id for _, user_id in running)
    line, now_s = _Line(waiting_list), 0.0
    while True:
        ticket = None
        if len(running) < max_running:
            ticket = line.take(lambda user_id: busy[user_id] < max_running_per_user)
        if ticket is not None:
            busy[ticket.user_id] += 1
            heappush(running, (now_s + usual.seconds(ticket.model), ticket.user_id))
            yield ticket, now_s
        elif running and not line.is_empty():
            now_s, done = heappop(running)
            busy[done] -= 1
        else:
            return


class _Line:
    """The waiting tickets in their order; of those that were passed over, the first come first."""

    def __init__(self, waiting_list: Iterable[Ticket]) -> None:
        self._rest = iter(waiting_list)
        self._passed_over: list[Ticket] = []

    def take(self, may_run: Callable[[int], bool]) -> Ticket | None:
        """Remove the first ticket whose user may run a job; None if there is none."""
        for index, ticket in enumerate(self._passed_over):
            if may_run(ticket.user_id):
                return self._passed_over.pop(index)
        for ticket in self._rest:
            if may_run(ticket.user_id):
                return ticket
            self._passed_over.append(ticket)
        return None

    def is_empty(self) -> bool:
        """Tell whether no ticket is left."""
        if not self._passed_over and (ticket := next(self._rest, None)) is not None:
            self._passed_over.append(ticket)
        return not self._passed_over

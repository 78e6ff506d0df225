"""When each waiting job will start: from how long the models took lately."""

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from heapq import heapify, heappop, heappush
from statistics import median

from bot.jobs.queue.waiting_list import Ticket

REMEMBERED = 20
# What runs longer than usual may end at any moment, but it has not ended.
AT_LEAST_S = 1.0

Running = list[tuple[float, int]]
"""In how many seconds each running job will end, and whose it is."""


class Usual:
    """How long a model takes: the median of the last times, in memory; before them ``seed_s``."""

    def __init__(self, seed_s: Callable[[str], float]) -> None:
        self._seed_s = seed_s
        self._took: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=REMEMBERED))
        self._medians: dict[str, float] = {}  # asked for every job in line, at every move

    def took(self, model: str, seconds: float) -> None:
        """Remember how long a job had its slot."""
        took = self._took[model]
        took.append(seconds)
        self._medians[model] = median(took)

    def seconds(self, model: str) -> float:
        """Return how long the model's next job will have its slot."""
        usual_s = self._medians.get(model)
        return self._seed_s(model) if usual_s is None else usual_s

    def rest(self, model: str, elapsed_s: float) -> float:
        """Return how long a running job will still have its slot."""
        return max(AT_LEAST_S, self.seconds(model) - elapsed_s)


def forecast(
    running: Running, line: Iterable[Ticket], usual: Usual, *, slots: int, slots_per_user: int
) -> Iterator[tuple[Ticket, float]]:
    """Yield the waiting tickets in the order in which they will start, and in how many seconds."""
    heapify(running)
    busy = Counter(user_id for _, user_id in running)
    waiting = list(line)
    now_s = 0.0
    while waiting:
        free = (ticket for ticket in waiting if busy[ticket.user_id] < slots_per_user)
        ticket = next(free, None) if len(running) < slots else None
        if ticket is None:
            now_s, done = heappop(running)
            busy[done] -= 1
            continue
        waiting.remove(ticket)
        busy[ticket.user_id] += 1
        heappush(running, (now_s + usual.seconds(ticket.model), ticket.user_id))
        yield ticket, now_s

"""The queue: which job may run now, and when the others will start."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from bot.core.clock import ExternalWait
from bot.core.errors.base import Refusal
from bot.core.errors.jobs import TooManyWaiting
from bot.core.models import Requester
from bot.jobs.courier import STARTS_NOW, QueuePosition
from bot.jobs.queue.forecast import UsualDurations, forecast
from bot.jobs.queue.waiting_list import Ticket, WaitingList

# The first so many are shown every new position, and a changed estimate from this difference on.
KEPT_UP_TO_DATE = 10
ESTIMATE_CHANGE_MS = 10_000
# The same estimates for so long, unless the queue changes.
FRONT_KNOWN_MS = 1_000


@dataclass(eq=False, kw_only=True)
class QueueFull(Refusal):
    """As many requests wait as the operator allows."""

    limit: int
    message_id = "error-queue-full"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLimits:
    """How many jobs run, and how many wait: in total and of one person."""

    max_running: int
    max_running_per_user: int
    max_waiting: int
    max_waiting_per_user: int


class Queue:
    """Starts jobs fairly, within the limits. One task per job waits here; no worker is idle.

    ``usual_s`` tells how many seconds a model takes before anything is known of it.
    """

    def __init__(
        self,
        limits: QueueLimits,
        *,
        usual_s: Callable[[str], float],
        now: Callable[[], int],
        wait: ExternalWait,
    ) -> None:
        self._limits = limits
        self._usual = UsualDurations(usual_s)
        self._now = now
        self._wait = wait
        self._waiting = WaitingList()
        self._running: list[Ticket] = []
        self._known_front: Mapping[Ticket, QueuePosition] | None = None
        self._known_front_at = 0

    # --- the states of a ticket ---------------------------------------------------------------

    def enter(self, requester: Requester, model: str) -> Ticket:
        """Add a job; it cannot start before ``request_start``.

        Raises:
            QueueFull: as many jobs wait as may, and of this server as many as of any other.
            TooManyWaiting: the person has too many waiting jobs already.
        """
        limits = self._limits
        # One busy channel must not keep the other servers out.
        if self._waiting_everywhere >= limits.max_waiting and self._waiting.is_over_its_share(
            requester.server_id, of=self._waiting_places
        ):
            raise QueueFull(limit=limits.max_waiting)
        if self._waiting.count(requester.user_id) >= limits.max_waiting_per_user:
            raise TooManyWaiting(limit=limits.max_waiting_per_user)
        return self.readmit(requester, model)

    def readmit(self, requester: Requester, model: str) -> Ticket:
        """Add a job that was accepted before a restart, whatever the limits."""
        ticket = Ticket(requester.server_id, requester.user_id, model)
        self._waiting.add(ticket)
        self._known_front = None
        return ticket

    def request_start(self, ticket: Ticket) -> bool:
        """Let the job start as soon as it may; return whether there is nothing to wait for."""
        if ticket.dismissed:
            return True
        ticket.start = asyncio.get_running_loop().create_future()
        self._start_jobs()
        return ticket.start.done()

    async def started_at_once(self, ticket: Ticket) -> bool:
        """Return whether a job that asked to start does, with no other job in between."""
        return ticket.start is not None and ticket.start.done()

    async def wait_for_start(self, ticket: Ticket) -> None:
        """Wait until the job may run, or is dismissed."""
        assert ticket.start is not None  # noqa: S101 - its start was requested
        if not ticket.start.done():
            await self._wait(ticket.start, "queue")

    def dismiss(self, ticket: Ticket) -> None:
        """Let the task of a waiting job go on without running it, as the job has ended."""
        self._waiting.remove(ticket)
        ticket.dismissed = True
        if ticket.wants_to_start and ticket.start is not None:
            ticket.start.set_result(None)
        self._announce_moves()

    def leave_painted(self, ticket: Ticket) -> None:
        """Remove a job whose pictures are there, and remember how long that took."""
        self._usual.add(ticket.model, self._elapsed_s(ticket))
        self.leave(ticket)

    def leave(self, ticket: Ticket) -> None:
        """Remove a job, whether it waits, runs or is gone already."""
        if ticket in self._running:
            self._running.remove(ticket)
        self._waiting.remove(ticket)
        self._start_jobs()

    @property
    def waiting(self) -> int:
        """Return how many jobs wait."""
        return len(self._waiting)

    @property
    def running(self) -> int:
        """Return how many jobs run."""
        return len(self._running)

    @property
    def _waiting_everywhere(self) -> int:
        return len(self._waiting)

    @property
    def _waiting_places(self) -> int:
        """Return how many jobs may wait here, where no more may wait everywhere."""
        return self._limits.max_waiting

    # --- positions and estimates --------------------------------------------------------------

    def starts_at_once(self, ticket: Ticket) -> bool:
        """Tell whether the job can start now, and those that start before it."""
        if len(self._waiting) <= self._free_places and self._may_all_run(ticket):
            return True  # without a forecast, which takes its time where many ask at once
        return self.position(ticket).starts_in_ms == 0

    def position(self, ticket: Ticket) -> QueuePosition:
        """Return how many jobs start before this one, and when it starts.

        Only the first ones are forecast; for the others free places count, and then the usual
        duration of their own model for everybody. Whoever shows it says so in ``ticket.shown``.
        """
        if ticket not in self._waiting:
            return STARTS_NOW
        if (position := self._front().get(ticket)) is not None:
            return position
        ahead = self._waiting.rank(ticket)
        if ahead < self._free_places and self._may_all_run(ticket):
            return QueuePosition(ahead, 0)
        rounds = (ahead + 1) / self._places
        return QueuePosition(ahead, round(rounds * self.usual_ms(ticket.model)))

    @property
    def _places(self) -> int:
        """Return how many jobs can be expected to run at once."""
        return self._limits.max_running

    @property
    def _free_places(self) -> int:
        return self._places - len(self._running)

    def _may_all_run(self, ticket: Ticket) -> bool:
        """Return whether all jobs of the ticket's person may run at once."""
        running = sum(other.user_id == ticket.user_id for other in self._running)
        waiting = self._waiting.count(ticket.user_id)
        return running + waiting <= self._limits.max_running_per_user

    def changed_position(self, ticket: Ticket) -> QueuePosition | None:
        """Return the ticket's position if it is worth showing and was not shown yet."""
        shown = ticket.shown
        position = self.position(ticket) if shown is None else self._front().get(ticket)
        if position is None:
            return None
        if shown is not None:
            change_ms = abs(position.starts_in_ms - shown.starts_in_ms)
            if position.ahead == shown.ahead and change_ms < ESTIMATE_CHANGE_MS:
                return None
        ticket.shown = position
        return position

    def _front(self) -> Mapping[Ticket, QueuePosition]:
        """Return the first tickets with their positions; all cards share one forecast."""
        now = self._now()
        if self._known_front is None or abs(now - self._known_front_at) > FRONT_KNOWN_MS:
            first = enumerate(islice(self._forecast(), KEPT_UP_TO_DATE))
            self._known_front_at = now
            self._known_front = {
                ticket: QueuePosition(ahead, round(starts_in_s * 1000))
                for ahead, (ticket, starts_in_s) in first
            }
        return self._known_front

    def usual_ms(self, model: str) -> int:
        """Return how long the model's jobs usually run."""
        return round(self._usual.seconds(model) * 1000)

    def _forecast(self) -> Iterator[tuple[Ticket, float]]:
        running = [
            (self._usual.rest(ticket.model, self._elapsed_s(ticket)), ticket.user_id)
            for ticket in self._running
        ]
        return forecast(
            running,
            self._waiting,
            self._usual,
            max_running=self._places,
            max_running_per_user=self._limits.max_running_per_user,
        )

    def _elapsed_s(self, ticket: Ticket) -> float:
        return (self._now() - (ticket.started_at or 0)) / 1000

    def _announce_moves(self) -> None:
        self._known_front = None
        if not self._waiting:
            return
        for ticket, position in self._front().items():
            is_shown = ticket.shown is not None and ticket.shown.ahead == position.ahead
            if ticket.on_move is not None and not is_shown:
                ticket.on_move()

    # --- starting -----------------------------------------------------------------------------

    def _start_jobs(self) -> None:
        while self._free_places > 0 and (ticket := next(self._startable(), None)) is not None:
            self._start(ticket)
        self._announce_moves()

    def _start(self, ticket: Ticket) -> None:
        assert ticket.start is not None  # noqa: S101 - it wants to start
        self._waiting.take(ticket)
        self._running.append(ticket)
        ticket.started_at = self._now()
        ticket.start.set_result(None)

    def _startable(self) -> Iterator[Ticket]:
        """Yield the jobs that may start, in order, as far as their people's limits allow all."""
        busy = Counter(ticket.user_id for ticket in self._running)
        for ticket in self._waiting:
            if ticket.wants_to_start and busy[ticket.user_id] < self._limits.max_running_per_user:
                busy[ticket.user_id] += 1
                yield ticket

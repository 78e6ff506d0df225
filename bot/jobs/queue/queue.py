"""Hands out slots: fairly, within the limits, and saying how long it will take."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from bot.core.clock import ExternalWait
from bot.core.errors.base import Refusal
from bot.core.errors.jobs import TooManyWaiting
from bot.core.models import Requester
from bot.jobs.courier import Waiting
from bot.jobs.queue.forecast import Usual, forecast
from bot.jobs.queue.waiting_list import Ticket, WaitingList

# So many from the front hear of it when they move up, or when it takes that much shorter or longer.
KEPT_UP_TO_DATE = 10
WORTH_TELLING_MS = 10_000


@dataclass(eq=False, kw_only=True)
class QueueFull(Refusal):
    """As many requests wait as the operator allows."""

    limit: int
    message_id = "error-queue-full"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many jobs run, and how many wait: in total and of one person."""

    slots: int
    slots_per_user: int
    waiting: int
    waiting_per_user: int


class Queue:
    """Who may paint now. One task per job waits here; there are no idle workers.

    ``usual_s`` tells how many seconds a model takes before anything is known of it.
    """

    def __init__(
        self,
        limits: Limits,
        *,
        usual_s: Callable[[str], float],
        now: Callable[[], int],
        wait: ExternalWait,
    ) -> None:
        self._limits = limits
        self._usual = Usual(usual_s)
        self._now = now
        self._wait = wait
        self._line = WaitingList()
        self._running: list[Ticket] = []

    # --- the way of a ticket ------------------------------------------------------------------

    def enter(self, requester: Requester, model: str) -> Ticket:
        """Take a place; it does not compete for a slot before ``claim``.

        Raises:
            QueueFull: as many jobs wait as may.
            TooManyWaiting: the person has too many waiting jobs already.
        """
        limits = self._limits
        if len(self._line) >= limits.waiting:
            raise QueueFull(limit=limits.waiting)
        if self._line.count(requester.user_id) >= limits.waiting_per_user:
            raise TooManyWaiting(limit=limits.waiting_per_user)
        return self.readmit(requester, model)

    def readmit(self, requester: Requester, model: str) -> Ticket:
        """Take a place for a job that was accepted before a restart."""
        ticket = Ticket(requester.server_id, requester.user_id, model)
        self._line.join(ticket)
        return ticket

    def claim(self, ticket: Ticket) -> bool:
        """Compete for a slot from now on; return whether there is nothing to wait for."""
        if ticket.dismissed:
            return True
        ticket.turn = asyncio.get_running_loop().create_future()
        self._hand_out()
        return ticket.turn.done()

    async def turn(self, ticket: Ticket) -> None:
        """Wait until the ticket has a slot, or is dismissed."""
        assert ticket.turn is not None  # noqa: S101 - it was claimed
        if not ticket.turn.done():
            await self._wait(ticket.turn, "slot")

    def dismiss(self, ticket: Ticket) -> None:
        """Let a waiting ticket go on without a slot, as its job has ended."""
        self._line.leave(ticket)
        ticket.dismissed = True
        if ticket.competes and ticket.turn is not None:
            ticket.turn.set_result(None)
        self._tell_moved()

    def leave(self, ticket: Ticket) -> None:
        """Give the place and its slot back, at whatever point."""
        if ticket.running:
            self._running.remove(ticket)
            self._usual.took(ticket.model, self._elapsed_s(ticket))
        self._line.leave(ticket)
        self._hand_out()

    # --- what a person is told ----------------------------------------------------------------

    def place(self, ticket: Ticket) -> Waiting:
        """Return the ticket's place, to be told now; ``moved`` says when it is another."""
        place = self._place(ticket)
        ticket.told, ticket.told_ms = place.ahead, place.starts_in_ms
        return place

    def news(self, ticket: Ticket) -> Waiting | None:
        """Return the ticket's place if it is worth telling and was not told yet."""
        place = self._place(ticket)
        if ticket.told is not None:
            if place.ahead >= KEPT_UP_TO_DATE:
                return None
            change_ms = abs(place.starts_in_ms - ticket.told_ms)
            if place.ahead == ticket.told and change_ms < WORTH_TELLING_MS:
                return None
        return self.place(ticket)

    def usual_ms(self, model: str) -> int:
        """Return how long the model's jobs usually are at work."""
        return round(self._usual.seconds(model) * 1000)

    def _place(self, ticket: Ticket) -> Waiting:
        for ahead, (other, starts_in_s) in enumerate(self._forecast()):
            if other is ticket:
                return Waiting(ahead, round(starts_in_s * 1000))
        return Waiting(0, 0)

    def _forecast(self) -> Iterator[tuple[Ticket, float]]:
        running = [
            (self._usual.rest(ticket.model, self._elapsed_s(ticket)), ticket.user_id)
            for ticket in self._running
        ]
        limits = self._limits
        return forecast(
            running,
            self._line,
            self._usual,
            slots=limits.slots,
            slots_per_user=limits.slots_per_user,
        )

    def _elapsed_s(self, ticket: Ticket) -> float:
        return (self._now() - (ticket.started_at or 0)) / 1000

    def _tell_moved(self) -> None:
        if all(ticket.moved is None for ticket in self._line):
            return
        for ahead, (ticket, _) in enumerate(islice(self._forecast(), KEPT_UP_TO_DATE)):
            if ticket.moved is not None and ticket.told != ahead:
                ticket.moved()

    # --- handing out --------------------------------------------------------------------------

    def _hand_out(self) -> None:
        while (ticket := self._next()) is not None and ticket.turn is not None:
            self._line.serve(ticket)
            self._running.append(ticket)
            ticket.started_at = self._now()
            ticket.turn.set_result(None)
        self._tell_moved()

    def _next(self) -> Ticket | None:
        if len(self._running) >= self._limits.slots:
            return None
        busy = Counter(ticket.user_id for ticket in self._running)
        allowed = self._limits.slots_per_user
        return next((t for t in self._line if t.competes and busy[t.user_id] < allowed), None)

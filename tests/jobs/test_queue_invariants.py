"""The queue under anything: nobody starves, nobody is served twice, and no limit is passed."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from bot.core.clock import await_directly
from bot.core.models import Requester
from bot.jobs.queue.queue import Queue, QueueLimits
from bot.jobs.queue.waiting_list import Ticket, WaitingList

USERS, SERVERS = 3, 3

asks = st.tuples(st.just("ask"), st.integers(1, SERVERS), st.integers(1, USERS))
ends = st.tuples(st.sampled_from(["end", "dismiss", "claim"]), st.integers(0, 50), st.just(0))
events = st.lists(st.one_of(asks, asks, ends), max_size=60)


@dataclass
class QueueModel:
    """A queue at work, with everybody who ever came."""

    max_running: int
    max_running_per_user: int
    tickets: list[Ticket] = field(default_factory=list)
    served: dict[Ticket, int] = field(default_factory=dict)
    gone: set[Ticket] = field(default_factory=set)

    def __post_init__(self) -> None:
        limits = QueueLimits(
            max_running=self.max_running,
            max_running_per_user=self.max_running_per_user,
            max_waiting=999,
            max_waiting_per_user=999,
        )
        self.queue = Queue(limits, usual_s=lambda _: 10.0, now=lambda: 0, wait=await_directly)

    @property
    def running(self) -> list[Ticket]:
        """Return which jobs run."""
        return [ticket for ticket in self.tickets if ticket.running and ticket not in self.gone]

    @property
    def waiting(self) -> list[Ticket]:
        """Return who has none yet."""
        return [t for t in self.tickets if not t.running and t not in self.gone]

    def apply(self, what: str, number: int, user: int) -> None:
        """Let somebody come or go, and check that nobody has more than their share."""
        match what:
            case "ask":
                asker = Requester(user + 10 * number, number, "somebody")
                self.tickets.append(self.queue.readmit(asker, "m"))
            case "claim" if unclaimed := [t for t in self.waiting if t.start is None]:
                self.queue.request_start(unclaimed[number % len(unclaimed)])
            case "end" if running := self.running:
                self.leaves(running[number % len(running)])
            case "dismiss" if waiting := self.waiting:
                ticket = waiting[number % len(waiting)]
                self.queue.dismiss(ticket)
                self.leaves(ticket)
        self.check()

    def leaves(self, ticket: Ticket) -> None:
        """Let somebody go."""
        self.gone.add(ticket)
        self.queue.leave(ticket)

    def check(self) -> None:
        """Check the limits, and note who was served since."""
        assert len(self.running) <= self.max_running
        busy = Counter(ticket.user_id for ticket in self.running)
        assert all(count <= self.max_running_per_user for count in busy.values())
        for ticket in self.running:
            self.served.setdefault(ticket, len(self.served))

    def drain(self) -> None:
        """Let everybody be served to the last."""
        for ticket in self.waiting:
            if ticket.start is None:
                self.queue.request_start(ticket)
                self.check()
        while self.running:
            self.leaves(self.running[0])
            self.check()


async def _run(model: QueueModel, events: Sequence[tuple[str, int, int]]) -> None:
    for what, number, user in events:
        model.apply(what, number, user)
    model.drain()


@given(events, st.integers(1, 4), st.integers(1, 3))
def test_everybody_is_served_once_and_within_the_limits(
    events: Sequence[tuple[str, int, int]], max_running: int, max_running_per_user: int
) -> None:
    """A lost place is a job that never ends; a second start is a paid request too many."""
    model = QueueModel(max_running, max_running_per_user)
    asyncio.run(_run(model, events))
    assert model.waiting == []
    dismissed = [ticket for ticket in model.gone if ticket.dismissed]
    assert len(model.served) + len(dismissed) == len(model.tickets)
    assert len(model.gone) == len(model.tickets)


askers = st.tuples(st.integers(1, SERVERS), st.integers(1, USERS), st.booleans())


@given(st.lists(askers, min_size=1, max_size=40))
def test_nobody_starves(askers: list[tuple[int, int, bool]]) -> None:
    """Whoever asks, and whenever: the next job of a person is at most one round away."""
    model = QueueModel(1, 1)
    came: dict[Ticket, int] = {}

    async def run() -> None:
        for server, user, is_followed_by_an_end in askers:
            model.apply("ask", server, user)
            came[model.tickets[-1]] = len(model.served)
            model.apply("claim", 0, 0)
            if is_followed_by_an_end:
                model.apply("end", 0, 0)
        model.drain()

    asyncio.run(run())
    last_of: dict[int, int] = {}
    for ticket, number in model.served.items():
        first_in_line_since = max(came[ticket], last_of.get(ticket.user_id, 0))
        assert number - first_in_line_since <= USERS * SERVERS
        last_of[ticket.user_id] = number


@given(st.lists(st.tuples(asks, st.integers(0, 2)), max_size=40))
def test_a_rank_is_the_place_in_the_order(steps: list[tuple[tuple[str, int, int], int]]) -> None:
    """It is counted, not walked to: a person must not be told another place than theirs."""
    line = WaitingList()
    for (_, server, user), starting in steps:
        line.add(Ticket(server, user + 10 * server, "m"))
        if starting == 0:
            line.take(next(iter(line)))  # its server and its user go to the end
    order = list(line)
    assert [line.rank(ticket) for ticket in order] == list(range(len(order)))

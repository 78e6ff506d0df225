"""The waiting jobs in the order in which they start: round robin over servers, then users."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TypeVar

from bot.jobs.courier import QueuePosition

T = TypeVar("T")


@dataclass(eq=False, slots=True)
class Ticket:
    """One job in the queue.

    ``start`` is done when the job may run, None before the job asks to. ``started_at`` is in
    milliseconds since the epoch, None while it waits. ``dismissed``: the job has ended while it
    waited. ``shown`` is the position that the person was shown last; ``on_move`` is called when
    another number is true.
    """

    server_id: int
    user_id: int
    model: str
    start: asyncio.Future[None] | None = field(default=None, repr=False)
    started_at: int | None = None
    dismissed: bool = False
    shown: QueuePosition | None = None
    on_move: Callable[[], None] | None = field(default=None, repr=False)

    @property
    def running(self) -> bool:
        """Whether the job runs."""
        return self.started_at is not None

    @property
    def wants_to_start(self) -> bool:
        """Whether a task waits for its start."""
        return self.start is not None and not self.start.done()


class WaitingList:
    """The waiting tickets; a server, and a user, whose job started goes to the end."""

    def __init__(self) -> None:
        # Dictionaries keep the order in which keys came: the first is the next to start.
        self._servers: dict[int, dict[int, list[Ticket]]] = {}
        self._length = 0

    def __iter__(self) -> Iterator[Ticket]:
        return _round_robin(_round_robin(users.values()) for users in self._servers.values())

    def __contains__(self, ticket: Ticket) -> bool:
        return ticket in self._servers.get(ticket.server_id, {}).get(ticket.user_id, ())

    def __len__(self) -> int:
        return self._length

    def count(self, user_id: int) -> int:
        """Count the tickets of one user, in all servers."""
        return sum(len(users.get(user_id, ())) for users in self._servers.values())

    def rank(self, ticket: Ticket) -> int:
        """Count the tickets before one that is here, without a walk over all of them."""
        users = self._servers[ticket.server_id]
        own = users[ticket.user_id].index(ticket)
        in_server = _before(users, ticket.user_id, own, {each: len(users[each]) for each in users})
        sizes = {each: sum(map(len, here.values())) for each, here in self._servers.items()}
        return _before(self._servers, ticket.server_id, in_server, sizes)

    def is_over_its_share(self, server_id: int, *, of: int) -> bool:
        """Tell whether a server has used up its part of so many places, like every other server."""
        others = len(self._servers.keys() - {server_id})
        waiting = sum(map(len, self._servers.get(server_id, {}).values()))
        return waiting >= of // (others + 1)

    def add(self, ticket: Ticket) -> None:
        """Add a ticket behind the others of its user."""
        users = self._servers.setdefault(ticket.server_id, {})
        users.setdefault(ticket.user_id, []).append(ticket)
        self._length += 1

    def remove(self, ticket: Ticket) -> None:
        """Remove a ticket, if it is there; its server and user keep their place in the order."""
        users = self._servers.get(ticket.server_id, {})
        tickets = users.get(ticket.user_id, [])
        if ticket not in tickets:
            return
        tickets.remove(ticket)
        self._length -= 1
        if not tickets:
            del users[ticket.user_id]
        if not users:
            del self._servers[ticket.server_id]

    def take(self, ticket: Ticket) -> None:
        """Remove a ticket that starts; its server and its user now come last."""
        users = self._servers.pop(ticket.server_id)
        tickets = users.pop(ticket.user_id)
        tickets.remove(ticket)
        self._length -= 1
        if tickets:
            users[ticket.user_id] = tickets
        if users:
            self._servers[ticket.server_id] = users


def _before(order: Iterable[int], mine: int, own: int, sizes: Mapping[int, int]) -> int:
    """Count what round robin over groups takes before the ``own``-th of the group ``mine``."""
    count, is_behind = own, False
    for group in order:
        if group == mine:
            is_behind = True
        else:
            count += min(sizes[group], own if is_behind else own + 1)
    return count


def _round_robin(groups: Iterable[Iterable[T]]) -> Iterator[T]:
    """Yield the first of each group, then the second of each, and so on: only what is taken."""
    for round_ in zip_longest(*groups):
        yield from (each for each in round_ if each is not None)

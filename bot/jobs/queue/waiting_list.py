"""Who waits, in the order of their turns: servers take turns, and in each server its people."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TypeVar

T = TypeVar("T")


@dataclass(eq=False, slots=True)
class Ticket:
    """One job's place in the queue.

    ``told`` is how many the person was told to be ahead, None before they were told anything;
    ``told_ms`` in how many milliseconds it would start. ``moved`` is called when another number is
    true. ``started_at`` is in milliseconds since the epoch, None while it waits.
    """

    server_id: int
    user_id: int
    model: str
    turn: asyncio.Future[None] | None = field(default=None, repr=False)
    started_at: int | None = None
    dismissed: bool = False
    told: int | None = None
    told_ms: int = 0
    moved: Callable[[], None] | None = field(default=None, repr=False)

    @property
    def running(self) -> bool:
        """Whether it has a slot."""
        return self.started_at is not None

    @property
    def competes(self) -> bool:
        """Whether somebody waits for its slot."""
        return self.turn is not None and not self.turn.done()


class WaitingList:
    """The waiting tickets; a server, and a person, who was served goes to the end."""

    def __init__(self) -> None:
        # Dictionaries keep the order in which keys came: the first is the next to be served.
        self._servers: dict[int, dict[int, list[Ticket]]] = {}

    def __iter__(self) -> Iterator[Ticket]:
        return _in_turns([list(_in_turns(users.values())) for users in self._servers.values()])

    def __len__(self) -> int:
        return sum(len(tickets) for users in self._servers.values() for tickets in users.values())

    def count(self, user_id: int) -> int:
        """Count what one person has waiting, in all servers."""
        return sum(len(users.get(user_id, ())) for users in self._servers.values())

    def join(self, ticket: Ticket) -> None:
        """Let a ticket wait behind the others of its person."""
        users = self._servers.setdefault(ticket.server_id, {})
        users.setdefault(ticket.user_id, []).append(ticket)

    def leave(self, ticket: Ticket) -> None:
        """Take a ticket out of the line, if it is there."""
        users = self._servers.get(ticket.server_id, {})
        tickets = users.get(ticket.user_id, [])
        if ticket not in tickets:
            return
        tickets.remove(ticket)
        if not tickets:
            del users[ticket.user_id]
        if not users:
            del self._servers[ticket.server_id]

    def serve(self, ticket: Ticket) -> None:
        """Take a ticket out of the line; its server and its person now come last."""
        users = self._servers.pop(ticket.server_id)
        tickets = users.pop(ticket.user_id)
        tickets.remove(ticket)
        if tickets:
            users[ticket.user_id] = tickets
        if users:
            self._servers[ticket.server_id] = users


def _in_turns(hands: Iterable[Sequence[T]]) -> Iterator[T]:
    """Yield the first of each hand, then the second of each, and so on."""
    for round_ in zip_longest(*hands):
        yield from (card for card in round_ if card is not None)

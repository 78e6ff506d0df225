"""The queue of a process that shares its limits with others: with permits of all processes.

Each process orders its own waiting jobs, as a server is always in one process. A job starts once
the process holds a permit for it, and one of its person.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from time import monotonic
from typing import Self

import structlog

from bot.core.background_task import BackgroundTask
from bot.core.clock import ExternalWait
from bot.core.models import Requester
from bot.database.database import Database
from bot.database.errors import is_passing_error
from bot.database.postgresql.permits import Permits
from bot.jobs.queue.queue import Queue, QueueLimits
from bot.jobs.queue.shares import LOAD_LIFE_MS, Load, Shares, exchange_loads
from bot.jobs.queue.waiting_list import Ticket

log: structlog.stdlib.BoundLogger = structlog.get_logger()

JOBS = "jobs"
# So often the processes tell each other how busy they are, and try again without a notification.
TELL_EVERY_S = 1.0
# Whoever gave a permit up leaves it to the others for so long.
LEAVE_S = 0.3
# So many people are looked at beside those whose jobs can start: theirs may run elsewhere.
MOST_BUSY_ELSEWHERE = 20


@dataclass(frozen=True, slots=True)
class OtherProcesses:
    """What a queue knows the others by; ``owner`` is this process."""

    database: Database
    permits: Permits
    owner: str


class SharedQueue(Queue):
    """Starts jobs within the limits of all processes: an async context manager.

    The number ``ahead`` of a job counts the jobs of this process, which are those that start before
    it here; when it starts is estimated with this process' fair share of the permits.
    """

    def __init__(
        self,
        limits: QueueLimits,
        processes: OtherProcesses,
        *,
        usual_s: Callable[[str], float],
        now: Callable[[], int],
        wait: ExternalWait,
    ) -> None:
        super().__init__(limits, usual_s=usual_s, now=now, wait=wait)
        self._processes = processes
        self._permits = processes.permits
        self._others: Sequence[Load] = ()
        self._told = Load(0, 0, 0)
        self._told_at = float("-inf")
        self._leaves_until = float("-inf")
        self._busy_elsewhere: set[int] = set()
        self._changed = asyncio.Event()
        self._asked: list[asyncio.Future[None]] = []
        self._starting = BackgroundTask()

    async def __aenter__(self) -> Self:
        self._permits.on_freed(JOBS, self._changed.set)
        self._starting.start(self._work())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._starting.end()

    # --- what a job calls ---------------------------------------------------------------------

    async def started_at_once(self, ticket: Ticket) -> bool:
        """Return whether a job that asked to start does, as soon as the permits are known."""
        if not await super().started_at_once(ticket):
            answer = asyncio.get_running_loop().create_future()
            self._asked.append(answer)
            self._changed.set()
            await answer
        return await super().started_at_once(ticket)

    def readmit(self, requester: Requester, model: str) -> Ticket:
        """Add a job, and ask how busy the others are: its card is about to say when it starts."""
        ticket = super().readmit(requester, model)
        self._changed.set()
        return ticket

    def leave(self, ticket: Ticket) -> None:
        """Remove a job, whether it waits, runs or is gone already."""
        if ticket in self._running:
            self._release_person(ticket)
        super().leave(ticket)

    # --- what the others leave of the limits --------------------------------------------------

    @property
    def known_others(self) -> Sequence[Load]:
        """Return what the others told a moment ago: of an older answer nothing is believed."""
        is_old = monotonic() - self._told_at > LOAD_LIFE_MS / 1000
        return () if is_old else self._others

    @property
    def _shares(self) -> Shares:
        return Shares(self._limits.max_running, self.known_others)

    @property
    def _waiting_everywhere(self) -> int:
        return len(self._waiting) + sum(other.waiting for other in self.known_others)

    @property
    def _waiting_places(self) -> int:
        processes = 1 + sum(other.waiting > 0 for other in self.known_others)
        return max(1, self._limits.max_waiting // processes)

    @property
    def _places(self) -> int:
        return self._shares.fair()

    # --- starting -----------------------------------------------------------------------------

    def _start_jobs(self) -> None:
        self._changed.set()
        self._announce_moves()

    async def _work(self) -> None:
        while True:
            await self._until_changed()
            self._changed.clear()
            asked, self._asked = self._asked, []
            try:
                try:
                    await self._start_with_permits()
                finally:
                    _answer(asked)
                await self._exchange_loads()
            except Exception as error:  # without this task no job would start
                if not is_passing_error(error):
                    log.exception("queue.defect")
                await asyncio.sleep(LEAVE_S)

    async def _until_changed(self) -> None:
        """Wait until something may start, or is to be told."""
        times = []
        if self._waiting or self._running or not self._told.is_idle:
            times.append(self._told_at + TELL_EVERY_S)
        if self._leaves_until > monotonic():
            times.append(self._leaves_until)
        left_s = max(0.0, min(times) - monotonic()) if times else None
        with suppress(TimeoutError):
            async with asyncio.timeout(left_s):
                await self._changed.wait()

    async def _start_with_permits(self) -> None:
        """Start the jobs that have a permit, or get one; give up what others are to have."""
        running, spare, startable = len(self._running), self._spare, self._load().startable
        shares = self._shares
        kept = min(shares.kept(running, spare), startable)
        if kept < min(spare, startable):
            self._leaves_until = monotonic() + LEAVE_S
        self._give_back(kept)
        if monotonic() >= self._leaves_until:
            most = shares.taken(running + kept, startable - kept)
            if most > 0:
                await self._permits.take(JOBS, of=self._limits.max_running, most=most)
        await self._start_some()
        self._give_back(0)
        if next(self._startable_here(), None) is not None:
            self._permits.want(JOBS)

    @property
    def _spare(self) -> int:
        return max(0, self._permits.held(JOBS) - len(self._running))

    def _give_back(self, kept: int) -> None:
        """Give back all permits but those of the running jobs and so many more."""
        surplus = self._permits.count(JOBS) - len(self._running) - kept
        self._permits.release(JOBS, max(0, surplus))

    async def _start_some(self) -> None:
        """Start as many jobs as there are spare permits, of people who may run one more."""
        for ticket in list(islice(self._startable_here(), self._spare + MOST_BUSY_ELSEWHERE)):
            if self._spare <= 0:
                break
            if not await self._take_person(ticket):
                continue
            if ticket.wants_to_start and ticket in self._waiting:
                self._start(ticket)
            else:
                self._release_person(ticket)
        self._announce_moves()

    def _startable_here(self) -> Iterator[Ticket]:
        return (each for each in self._startable() if each.user_id not in self._busy_elsewhere)

    async def _take_person(self, ticket: Ticket) -> bool:
        limits, name = self._limits, _person(ticket)
        if limits.max_running_per_user >= limits.max_running:
            return True
        if ticket.user_id in self._busy_elsewhere:
            return False
        if await self._permits.take(name, of=limits.max_running_per_user):
            return True
        self._busy_elsewhere.add(ticket.user_id)
        return False

    def _release_person(self, ticket: Ticket) -> None:
        if self._limits.max_running_per_user < self._limits.max_running:
            self._permits.release(_person(ticket))

    # --- telling the others -------------------------------------------------------------------

    def _load(self) -> Load:
        startable = sum(1 for _ in islice(self._startable_here(), self._limits.max_running))
        return Load(len(self._waiting), startable, len(self._running))

    async def _exchange_loads(self) -> None:
        if monotonic() - self._told_at < TELL_EVERY_S:
            return
        load, processes = self._load(), self._processes
        self._busy_elsewhere.clear()
        if load.is_idle and self._told.is_idle:
            return
        self._others = await processes.database.write(exchange_loads, processes.owner, load)
        self._told, self._told_at = load, monotonic()


def _person(ticket: Ticket) -> str:
    return f"person:{ticket.user_id}"


def _answer(asked: Sequence[asyncio.Future[None]]) -> None:
    for answer in asked:
        if not answer.done():
            answer.set_result(None)

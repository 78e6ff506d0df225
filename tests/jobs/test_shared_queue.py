"""The queues of several processes on one database, here in one: what they share."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.core.clock import await_directly
from bot.core.models import Requester
from bot.database.opening import open_database, open_notifications
from bot.database.postgresql.permits import Permits
from bot.database.postgresql.session import ProcessSession, open_session
from bot.jobs.queue.queue import QueueFull, QueueLimits
from bot.jobs.queue.shared_queue import OtherProcesses, SharedQueue
from bot.jobs.queue.waiting_list import Ticket
from tests.database.postgresql_server import Server
from tests.database.test_permits import end_session
from tests.database.test_session import QUICK
from tests.quota.ledger_driver import NOON

SOON_S = 5.0


@dataclass
class Process:
    """A queue as one process has it."""

    queue: SharedQueue
    session: ProcessSession

    def ask(self, user: int, server: int = 1) -> Ticket:
        """Let somebody ask, and their job begin to wait."""
        ticket = self.queue.enter(Requester(user, server, "somebody"), "m")
        self.queue.request_start(ticket)
        return ticket

    async def starts(self, ticket: Ticket) -> None:
        """Wait until a job starts, soon."""
        async with asyncio.timeout(SOON_S):
            await self.queue.wait_for_start(ticket)


@dataclass
class Fleet:
    """Opens processes with the same limits."""

    url: str
    folder: Path
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def process(self, *, running: int = 2, per_user: int = 9, waiting: int = 100) -> Process:
        """Open what one more process has."""
        limits = QueueLimits(
            max_running=running,
            max_running_per_user=per_user,
            max_waiting=waiting,
            max_waiting_per_user=100,
        )
        enter = self.stack.enter_async_context
        opening = open_database(self.url, backup_dir=self.folder, now=lambda: NOON)
        database = await enter(opening)
        session = await enter(open_session(self.url, waits=QUICK))
        notifications = await enter(open_notifications(self.url, database))
        permits = await enter(Permits(session, notifications))
        others = OtherProcesses(database, permits, session.owner)
        queue = SharedQueue(
            limits, others, usual_s=lambda _: 10.0, now=lambda: NOON, wait=await_directly
        )
        return Process(await enter(queue), session)


@pytest.fixture
async def fleet(postgresql: Server, tmp_path: Path) -> AsyncIterator[Fleet]:
    fleet = Fleet(postgresql.migrated_database(), tmp_path)
    async with fleet.stack:
        yield fleet


async def until_told(process: Process, *, waiting: int = 1) -> None:
    """Wait until a process has heard from another one that so many jobs wait there."""

    def told() -> int:
        return sum(other.waiting for other in process.queue.known_others)

    async with asyncio.timeout(SOON_S):
        while told() < waiting:  # noqa: ASYNC110 - nothing tells it
            await asyncio.sleep(0.01)


async def test_a_job_starts_when_one_of_another_process_ends(fleet: Fleet) -> None:
    """The operator's limit is of all processes, and a free permit is for any of them."""
    first, second = await fleet.process(), await fleet.process()
    mine = [first.ask(1), first.ask(2)]
    for ticket in mine:
        await first.starts(ticket)
    yours = second.ask(3)
    assert not await second.queue.started_at_once(yours)
    first.queue.leave(mine[0])
    await second.starts(yours)
    assert (first.queue.running, second.queue.running) == (1, 1)


async def test_a_job_that_need_not_wait_starts_at_once(fleet: Fleet) -> None:
    """Its card would say that it waits, for nothing."""
    one = await fleet.process()
    ticket = one.ask(1)
    assert await one.queue.started_at_once(ticket)
    assert ticket.running


async def test_one_waiting_job_is_next_beside_a_busy_process(fleet: Fleet) -> None:
    """A large server's people would keep those of all small ones waiting for hours."""
    busy, small = await fleet.process(), await fleet.process()
    jobs = [busy.ask(number) for number in range(50)]
    for ticket in jobs[:2]:
        await busy.starts(ticket)
    waiting = small.ask(99)
    await until_told(busy)
    for ticket in jobs[:2]:
        busy.queue.leave(ticket)
    await small.starts(waiting)
    await busy.starts(jobs[2])
    assert (busy.queue.running, small.queue.running) == (1, 1)


async def test_a_persons_jobs_count_in_all_processes(fleet: Fleet) -> None:
    """Who asks in servers of different processes would have the limit several times."""
    first, second = [await fleet.process(running=9, per_user=1) for _ in "12"]
    mine = first.ask(1)
    await first.starts(mine)
    mine_too, yours = second.ask(1), second.ask(2)
    await second.starts(yours)
    assert not mine_too.running
    first.queue.leave(mine)
    await second.starts(mine_too)


async def test_waiting_jobs_count_in_all_processes(fleet: Fleet) -> None:
    """The operator's limit of waiting jobs would be so many times as there are processes."""
    first, second = [await fleet.process(running=1, waiting=3) for _ in "12"]
    await first.starts(first.ask(0))
    for number in range(1, 3):
        first.ask(number)
    second.ask(10, server=2)  # a server that waits for nothing yet is not kept out
    await until_told(second, waiting=2)
    with pytest.raises(QueueFull):
        second.ask(11, server=2)


async def test_positions_know_what_the_others_run(fleet: Fleet) -> None:
    """A card would promise a start at once while another process has all permits."""
    first, second = await fleet.process(), await fleet.process()
    for number in range(2):
        await first.starts(first.ask(number))
    first.ask(3)
    mine = [second.queue.enter(Requester(number, 9, "somebody"), "m") for number in (7, 8)]
    await until_told(second)
    assert second.queue.position(mine[1]).ahead == 1
    assert not second.queue.starts_at_once(mine[1])


async def test_jobs_end_and_start_after_a_lost_session(fleet: Fleet) -> None:
    """A restart of the database must not stop a queue for good, nor leave permits behind."""
    one = await fleet.process()
    jobs = [one.ask(number) for number in range(6)]
    await one.starts(jobs[1])
    await asyncio.to_thread(end_session, fleet.url, one.session)
    for ended, begun in zip(jobs[:4], jobs[2:], strict=True):
        one.queue.leave(ended)
        await one.starts(begun)
        assert one.queue.running <= 2

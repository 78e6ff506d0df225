"""The queue: which job may run now, and which position the others are shown."""

import asyncio
import time
from functools import partial

import pytest

from bot.core.clock import Clock, await_directly
from bot.core.errors.jobs import TooManyWaiting
from bot.core.models import OPERATOR, ImageRequest, Job, Requester
from bot.jobs.courier import QueuePosition
from bot.jobs.progress_updates import QueueUpdates
from bot.jobs.queue.queue import Queue, QueueFull, QueueLimits
from bot.jobs.queue.waiting_list import Ticket
from tests.jobs.service_harness import RecordingCourier

JOB = Job("j", ImageRequest("a fox", "m", "auto", 1), OPERATOR, 1, 0)
USUAL_S = {"slow": 60.0, "fast": 10.0}


class ManualClock:
    """The time, which stands until a test moves it."""

    def __init__(self) -> None:
        self.ms = 0

    def now(self) -> int:
        """Return the time."""
        return self.ms


def queue(
    *,
    max_running: int = 2,
    per_user: int = 2,
    waiting: int = 1000,
    waiting_per_user: int = 100,
    clock: ManualClock | None = None,
) -> Queue:
    limits = QueueLimits(
        max_running=max_running,
        max_running_per_user=per_user,
        max_waiting=waiting,
        max_waiting_per_user=waiting_per_user,
    )
    return Queue(
        limits, usual_s=USUAL_S.__getitem__, now=(clock or ManualClock()).now, wait=await_directly
    )


def enter(q: Queue, user: int, *, server: int = 1, model: str = "fast") -> Ticket:
    return q.enter(Requester(user, server, "somebody"), model)


def claimed(q: Queue, user: int, *, server: int = 1, model: str = "fast") -> Ticket:
    ticket = enter(q, user, server=server, model=model)
    q.request_start(ticket)
    return ticket


def served(q: Queue, tickets: list[Ticket]) -> list[int]:
    """Let one job after the other end, and return the numbers of those served, in order."""
    order: list[int] = []
    while running := [i for i, ticket in enumerate(tickets) if ticket.running]:
        order += [i for i in running if i not in order]
        first = next(i for i in order if i in running)
        q.leave(tickets[first])
        tickets[first].started_at = None
    return order


async def test_a_job_starts_at_once_when_the_queue_is_free() -> None:
    """Nobody waits while the bot is idle."""
    q = queue()
    ticket = enter(q, 1)
    assert q.request_start(ticket)
    assert ticket.running


async def test_one_person_is_served_in_the_order_of_asking() -> None:
    """What was asked first comes first."""
    q = queue(max_running=1)
    assert served(q, [claimed(q, 1) for _ in range(4)]) == [0, 1, 2, 3]


async def test_a_hundred_jobs_of_one_person_do_not_keep_nine_others_waiting() -> None:
    """The nine are all served before the hundred's eleventh."""
    q = queue(max_running=4, per_user=4)
    tickets = [claimed(q, 1) for _ in range(100)] + [claimed(q, 2 + i) for i in range(9)]
    order = served(q, tickets)
    assert sorted(order) == list(range(109))
    assert max(order.index(100 + i) for i in range(9)) < order.index(10)


async def test_a_busy_server_does_not_keep_a_small_one_waiting() -> None:
    """Thirty people of one server count as much as one of another."""
    q = queue(max_running=1)
    tickets = [claimed(q, user, server=1) for user in range(30)]
    tickets += [claimed(q, 50, server=2), claimed(q, 50, server=2)]
    assert served(q, tickets)[:5] == [0, 1, 30, 2, 31]


async def test_one_person_never_runs_more_than_their_share() -> None:
    """A person with many requests does not keep the others out, not even in two servers."""
    q = queue(max_running=3, per_user=1)
    mine, mine_too, yours = claimed(q, 1), claimed(q, 1, server=2), claimed(q, 2)
    assert (mine.running, mine_too.running, yours.running) == (True, False, True)
    q.leave(mine)
    assert mine_too.running


async def test_a_job_whose_references_are_on_their_way_keeps_nobody_waiting() -> None:
    """It is in the queue, but does not run yet."""
    q = queue(max_running=1)
    fetching = enter(q, 1)
    ready = claimed(q, 2)
    assert ready.running
    q.leave(ready)
    assert q.request_start(fetching)


async def test_too_many_waiting_requests_of_one_person_are_refused() -> None:
    """The refusal names the limit, and others may still ask."""
    q = queue(waiting_per_user=2)
    first = enter(q, 1)
    enter(q, 1, server=2)
    with pytest.raises(TooManyWaiting) as refused:
        enter(q, 1)
    assert refused.value.limit == 2
    enter(q, 2)
    q.request_start(first)
    enter(q, 1)


async def test_a_full_queue_refuses_everybody_but_who_was_accepted_before() -> None:
    """A restart must not lose what was promised."""
    q = queue(max_running=1, waiting=2)
    running = claimed(q, 1)
    enter(q, 2)
    enter(q, 3)
    with pytest.raises(QueueFull) as refused:
        enter(q, 4)
    assert refused.value.limit == 2
    back = q.readmit(Requester(5, 1, "somebody"), "fast")
    assert not q.request_start(back)
    q.leave(running)
    assert back.running


async def test_a_cancelled_wait_gives_its_place_to_the_next() -> None:
    """A job cancelled while it waits must not count as running."""
    q = queue(max_running=1)
    running, impatient, patient = claimed(q, 1), claimed(q, 2), claimed(q, 3)
    gone, waiting = (asyncio.create_task(q.wait_for_start(t)) for t in (impatient, patient))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.sleep(0)
    q.leave(running)
    q.leave(impatient)
    await waiting
    assert patient.running


async def test_a_dismissed_job_goes_on_at_once_and_does_not_run() -> None:
    """Who cancels does not wait for a start to hear that it worked."""
    q = queue(max_running=1)
    running, cancelled, fetching = claimed(q, 1), claimed(q, 2), enter(q, 3)
    q.dismiss(cancelled)
    await asyncio.wait_for(q.wait_for_start(cancelled), 1)
    q.dismiss(fetching)
    assert q.request_start(fetching)
    assert [cancelled.running, fetching.running] == [False, False]
    last = claimed(q, 4)
    for ticket in (cancelled, fetching, running):
        q.leave(ticket)
    assert last.running


async def test_a_place_is_told_with_the_time_until_its_turn() -> None:
    """The estimate knows the models ahead, and how long the running ones already take."""
    clock = ManualClock()
    q = queue(max_running=2, clock=clock)
    assert q.position(claimed(q, 1, model="slow")) == QueuePosition(0, 0)
    claimed(q, 2, model="fast")
    clock.ms = 4_000
    third, fourth = claimed(q, 3, model="fast"), claimed(q, 4, model="fast")
    assert q.position(third) == QueuePosition(0, 6_000)
    assert q.position(fourth) == QueuePosition(1, 16_000)
    clock.ms = 600_000
    assert q.position(third) == QueuePosition(0, 1_000)


async def test_who_is_at_their_own_limit_is_told_how_long_that_lasts() -> None:
    """Who runs as many jobs as allowed waits, and others pass."""
    q = queue(max_running=3, per_user=1)
    claimed(q, 1, model="slow")
    assert q.position(claimed(q, 1)) == QueuePosition(0, 60_000)
    assert q.position(enter(q, 2)) == QueuePosition(0, 0)


async def test_estimates_follow_what_the_model_took_lately() -> None:
    """A gateway that is slow today says so; one slow picture does not."""
    clock = ManualClock()
    q = queue(max_running=1, clock=clock)
    for took_ms in (30_000, 20_000, 900_000):
        ticket = claimed(q, 1, model="fast")
        clock.ms += took_ms
        q.leave_painted(ticket)
    claimed(q, 1, model="fast")
    assert q.position(claimed(q, 2)) == QueuePosition(0, 30_000)


async def test_refused_jobs_teach_nothing() -> None:
    """Three refusals of 18 ms made every estimate "in a moment"."""
    clock = ManualClock()
    q = queue(max_running=1, clock=clock)
    for _ in range(3):
        ticket = claimed(q, 1, model="fast")
        clock.ms += 18
        q.leave(ticket)
    claimed(q, 1, model="fast")
    assert q.position(claimed(q, 2)) == QueuePosition(0, 10_000)


async def test_a_place_is_given_back_once() -> None:
    """The pictures are files, and later the job ends: both free the place of the same job."""
    q = queue(max_running=1)
    first, second, third = claimed(q, 1), claimed(q, 2), claimed(q, 3)
    q.leave_painted(first)
    q.leave(first)
    assert (second.running, third.running) == (True, False)


async def test_a_busy_channel_does_not_fill_the_queue_of_other_servers() -> None:
    """A thousand reactions in one: the second server has its half, the third its third."""
    q = queue(max_running=1, waiting=12)
    for user in range(12):
        enter(q, user, server=1)
    for server, share in ((2, 6), (3, 4)):
        for user in range(share):
            enter(q, 100 * server + user, server=server)
        with pytest.raises(QueueFull):
            enter(q, 100 * server + 99, server=server)
    with pytest.raises(QueueFull):
        enter(q, 13, server=1)


async def test_cards_far_from_the_front_cost_nothing() -> None:
    """Of 3,000 waiting cards all but ten look at nothing: no forecast, no timer."""
    q = queue(max_running=1, waiting=5_000)
    claimed(q, 0)
    line = [claimed(q, user) for user in range(1, 3_001)]
    looked_at: list[Ticket] = []
    for ahead, ticket in enumerate(line):
        ticket.shown = QueuePosition(ahead, 1)
        ticket.on_move = partial(looked_at.append, ticket)
    begun = time.process_time()
    for ticket in line:
        q.changed_position(ticket)
    assert time.process_time() - begun < 0.5  # it was 44 s
    assert looked_at == []
    updates = QueueUpdates(JOB, RecordingCourier(), Clock(), queue=q, ticket=line[-1])
    assert updates._outdated_in_s() is None


async def test_a_place_far_from_the_front_is_counted() -> None:
    """Four hundred people at once: each hears the place, and an estimate, at little cost."""
    q = queue(max_running=2, waiting=5_000)
    claimed(q, 0)
    claimed(q, 1)
    begun = time.process_time()
    places = [q.position(claimed(q, user)) for user in range(2, 402)]
    assert time.process_time() - begun < 2  # by walks it was 10 times as long
    assert [place.ahead for place in places] == list(range(400))
    assert places[399] == QueuePosition(399, 2_000_000)


async def test_whoever_finds_a_free_place_starts_at_once_also_far_from_the_front() -> None:
    """Thirty people at the same moment, with as many places: nobody is told to wait."""
    q = queue(max_running=30, waiting=100)
    tickets = [enter(q, user) for user in range(31)]
    assert {q.position(ticket).starts_in_ms for ticket in tickets[:30]} == {0}
    assert q.position(tickets[30]).starts_in_ms > 0
    assert [q.starts_at_once(ticket) for ticket in tickets] == [True] * 30 + [False]


async def test_whoever_starts_at_once_is_known_without_a_forecast() -> None:
    """As many wait as there are places; who runs as many as allowed waits all the same."""
    q = queue(max_running=4, per_user=2)
    claimed(q, 0)
    first, second = enter(q, 0), enter(q, 1)
    assert q.starts_at_once(first)
    assert q.starts_at_once(second)
    third = enter(q, 0)
    assert not q.starts_at_once(third)
    assert q.starts_at_once(second)


async def test_only_the_first_ten_hear_that_they_moved_and_only_when_they_did() -> None:
    """Discord counts every edit."""
    q = queue(max_running=1)
    running = claimed(q, 0, model="slow")
    line = [claimed(q, user) for user in range(1, 14)]
    heard: list[int] = []
    for number, ticket in enumerate(line):
        ticket.shown = q.position(ticket)
        ticket.on_move = partial(heard.append, number)
    assert [q.changed_position(ticket) for ticket in line] == [None] * 13
    q.leave(running)
    assert heard == list(range(1, 11))
    assert q.changed_position(line[1]) == QueuePosition(0, 10_000)
    assert q.changed_position(line[12]) is None

"""Progress updates: as often as a person can read, and never after the end."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.core.clock import Clock, await_directly
from bot.core.errors.gateway import GatewayErrorKind, GatewayFailure
from bot.core.models import OPERATOR, Billed, ImageRequest, Job, Picture, Requester
from bot.gateways.events import Preview, Received, RequestRefused, Sending, TaskProgress
from bot.jobs.courier import JobProgress, QueuePosition
from bot.jobs.progress_updates import (
    PROGRESS_INTERVAL_S,
    QUEUE_ESTIMATE_STEP_S,
    QUEUE_INTERVAL_S,
    ProgressUpdates,
    QueueUpdates,
)
from bot.jobs.queue.queue import Queue, QueueLimits
from bot.jobs.queue.waiting_list import Ticket
from tests.gateways import fake_sse as sse
from tests.gateways.replay_gateway import replay_gateway
from tests.gateways.router_harness import open_router
from tests.gateways.sample_pictures import picture_bytes
from tests.jobs.service_harness import RecordingCourier

JOB = Job("j", ImageRequest("a fox", "m", "auto", 4), OPERATOR, 4, 0)
PICTURE = Picture(Path("1.png"), "png", 8, 8, 100)


@dataclass
class DisplayCourier(RecordingCourier):
    """A courier that keeps what was shown; while ``slow`` is clear, an edit takes its time."""

    shown: list[QueuePosition | JobProgress] = field(default_factory=list)
    slow: asyncio.Event = field(default_factory=asyncio.Event)

    async def update(self, job: Job, state: QueuePosition | JobProgress) -> None:
        """Keep it."""
        await self.slow.wait()
        self.shown.append(state)


@dataclass
class ManualSleeps:
    """Pauses that end when the test says so."""

    begun: list[float] = field(default_factory=list)
    step: asyncio.Event = field(default_factory=asyncio.Event)

    async def sleep(self, seconds: float) -> None:
        """Wait for the test."""
        self.begun.append(seconds)
        self.step.clear()
        await self.step.wait()


BUSY = GatewayFailure(kind=GatewayErrorKind.RATE_LIMITED, gateway="g", billed=Billed.NO)


def progress_updates(
    display: DisplayCourier,
    sleeps: ManualSleeps,
    *,
    slots: int = 1,
    usual_ms: int | None = None,
    quiet_s: float = 0.0,
    is_shown: bool = False,
    now: Callable[[], int] = lambda: 7,
) -> ProgressUpdates:
    clock = Clock(now=now, sleep=sleeps.sleep)
    progress = JobProgress(7, done=0, total=JOB.request.n, usual_ms=usual_ms)
    updates = ProgressUpdates(
        JOB, display, clock, progress, slots=slots, quiet_s=quiet_s, is_shown=is_shown
    )
    updates.report(Sending("g"))
    return updates


async def until(true: Callable[[], bool]) -> None:
    for _ in range(100):
        if true():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came true")


async def test_the_first_state_is_shown_at_once_and_the_newest_after_a_pause() -> None:
    """Ten reports in a moment are one edit, of the last of them."""
    display, sleeps = DisplayCourier(), ManualSleeps()
    display.slow.set()
    updates = progress_updates(display, sleeps)
    async with updates.shown():
        await until(lambda: sleeps.begun == [PROGRESS_INTERVAL_S])
        for tenth in range(1, 10):
            updates.report(TaskProgress(tenth / 10))
        updates.report(Preview(PICTURE))
        assert len(display.shown) == 1
        sleeps.step.set()
        await until(lambda: len(display.shown) == 2)
    assert display.shown[0] == JobProgress(7, 0, 4)
    assert display.shown[1] == JobProgress(7, 0, 4, 0.9, PICTURE)


async def test_the_last_preview_is_shown_though_the_line_is_silent(tmp_path: Path) -> None:
    """Two came at once, then a gateway paints for a minute: the pause alone holds back the second.

    It is shown when the pause is over, not when the next byte arrives.
    """
    display, sleeps, silence = DisplayCourier(), ManualSleeps(), asyncio.Event()
    display.slow.set()
    pause = asyncio.Event()
    answer = sse.stream_reply(
        *(
            sse.partial_event(0, picture_bytes(width=1)),
            pause,
            sse.partial_event(1, picture_bytes(width=2)),
        ),
        *(silence, sse.completed_event()),
    )
    updates = progress_updates(display, sleeps)
    async with (
        replay_gateway(answer) as raw,
        open_router(tmp_path, raw.gateway()) as one,
        updates.shown(),
        aclosing(one.router.generate(one.new_request())) as events,
    ):
        await until(lambda: bool(sleeps.begun))
        await anext(events)
        for _ in range(2):
            preview = await anext(events)
            assert isinstance(preview, Preview)
            updates.report(preview)
            pause.set()
        assert len(display.shown) == 1
        sleeps.step.set()
        await until(lambda: len(display.shown) == 2)
        silence.set()
    last = display.shown[1]
    assert isinstance(last, JobProgress)
    assert last.preview is not None
    assert last.preview.width == 2


async def test_it_says_painting_only_while_a_request_is_out() -> None:
    """A gateway that rests paints nothing: the card says that the job starts, once."""
    display, sleeps = DisplayCourier(), ManualSleeps()
    display.slow.set()
    clock = Clock(now=lambda: 7, sleep=sleeps.sleep)
    updates = ProgressUpdates(JOB, display, clock, JobProgress(7, 0, JOB.request.n), slots=1)
    async with updates.shown():
        await until(lambda: sleeps.begun == [PROGRESS_INTERVAL_S])
        assert display.shown == []  # a card that was just placed says so already
        sleeps.step.set()
        await until(lambda: len(display.shown) == 1)
        for event in (Sending("g"), RequestRefused(BUSY), Sending("g")):
            updates.report(event)
            await until(lambda: not sleeps.step.is_set())
            sleeps.step.set()
            await until(lambda: len(sleeps.begun) > 1)
        await until(lambda: len(display.shown) == 2)
    assert display.shown == [QueuePosition(0, 0), JobProgress(7, 0, 4)]


async def test_a_refused_request_takes_the_painting_back() -> None:
    """The gateway asked for a pause of a minute: nobody paints."""
    display, sleeps = DisplayCourier(), ManualSleeps()
    display.slow.set()
    updates = progress_updates(display, sleeps)
    async with updates.shown():
        await until(lambda: len(display.shown) == 1)
        updates.report(RequestRefused(BUSY))
        sleeps.step.set()
        await until(lambda: len(display.shown) == 2)
    assert display.shown == [JobProgress(7, 0, 4), QueuePosition(0, 0)]


async def test_a_quick_picture_is_the_first_news() -> None:
    """An edit to "painting" right before the result would cost a request and tell nothing."""
    display, sleeps = DisplayCourier(), ManualSleeps()
    display.slow.set()
    async with progress_updates(display, sleeps, quiet_s=2).shown():
        await until(lambda: sleeps.begun == [2])
    assert display.shown == []


@asynccontextmanager
async def card_that_says_painting() -> AsyncIterator[
    tuple[DisplayCourier, ManualSleeps, ProgressUpdates]
]:
    """Show the progress of a job whose first card said that it is being painted."""
    display, sleeps = DisplayCourier(), ManualSleeps()
    display.slow.set()
    updates = progress_updates(display, sleeps, usual_ms=20_000, quiet_s=2, is_shown=True)
    async with updates.shown():
        await until(lambda: sleeps.begun == [2])
        yield display, sleeps, updates


async def test_a_card_that_says_painting_is_edited_when_there_is_something_to_tell() -> None:
    """An estimate comes with its first step, and what arrives comes at once."""
    async with card_that_says_painting() as (display, sleeps, updates):
        sleeps.step.set()
        await until(lambda: sleeps.begun == [2, 3])
        assert display.shown == []
        updates.report(TaskProgress(0.5))
        await until(lambda: len(display.shown) == 1)
    assert display.shown == [JobProgress(7, 0, 4, 0.5, usual_ms=20_000)]


async def test_a_card_that_says_painting_is_edited_where_a_request_was_refused() -> None:
    """It waits for another try then, which is something else."""
    async with card_that_says_painting() as (display, sleeps, updates):
        updates.report(RequestRefused(BUSY))
        sleeps.step.set()
        await until(lambda: len(display.shown) == 1)
    assert display.shown == [QueuePosition(0, 0)]


async def test_a_card_that_says_painting_is_not_edited_for_the_last_picture() -> None:
    """Its result is about to be shown."""
    async with card_that_says_painting() as (display, sleeps, updates):
        updates.report(Received((PICTURE,) * 4, None))
        sleeps.step.set()
        await until(lambda: sleeps.begun == [2, 3])
        updates.report(Received((), None))
        for _ in range(20):
            await asyncio.sleep(0)
    assert display.shown == []


async def test_a_slow_picture_is_told_after_the_quiet_time() -> None:
    """Then the person sees that their picture is painted, with what came meanwhile."""
    display, sleeps = DisplayCourier(), ManualSleeps()
    display.slow.set()
    updates = progress_updates(display, sleeps, quiet_s=2)
    async with updates.shown():
        await until(lambda: sleeps.begun == [2])
        updates.report(TaskProgress(0.5))
        sleeps.step.set()
        await until(lambda: len(display.shown) == 1)
    assert display.shown == [JobProgress(7, 0, 4, 0.5)]


async def test_without_news_nothing_is_edited() -> None:
    """Discord counts every edit."""
    display, sleeps = DisplayCourier(), ManualSleeps()
    display.slow.set()
    async with progress_updates(display, sleeps).shown():
        await until(lambda: bool(sleeps.begun))
        sleeps.step.set()
        for _ in range(20):
            await asyncio.sleep(0)
        assert len(display.shown) == 1


async def test_nothing_is_shown_after_the_end() -> None:
    """A late "painting" would cover the pictures; an edit under way is waited for."""
    display, sleeps = DisplayCourier(), ManualSleeps()
    updates = progress_updates(display, sleeps)
    async with updates.shown():
        await asyncio.sleep(0)
        updates.report(TaskProgress(0.5))
        asyncio.get_running_loop().call_soon(display.slow.set)
    assert len(display.shown) == 1
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(display.shown) == 1
    assert sleeps.begun == []


async def test_of_several_slots_only_the_pictures_count() -> None:
    """Each has a progress of its own, and a bar that jumps back tells nothing."""
    display, sleeps = DisplayCourier(), ManualSleeps()
    display.slow.set()
    updates = progress_updates(display, sleeps, slots=2)
    async with updates.shown():
        await until(lambda: bool(sleeps.begun))
        updates.report(TaskProgress(0.5))
        updates.report(Received((PICTURE,), None))
        sleeps.step.set()
        await until(lambda: len(display.shown) == 2)
    assert display.shown[1] == JobProgress(7, 1, 4)


def busy_queue() -> tuple[Queue, list[Ticket]]:
    """Return a queue that runs one job at a time, with one running and three waiting."""
    limits = QueueLimits(
        max_running=1, max_running_per_user=1, max_waiting=9, max_waiting_per_user=9
    )
    queue = Queue(limits, usual_s=lambda _: 10.0, now=lambda: 0, wait=await_directly)
    tickets = [queue.readmit(Requester(user, 1, "somebody"), "m") for user in range(4)]
    for ticket in tickets:
        queue.request_start(ticket)
        ticket.shown = queue.position(ticket)
    return queue, tickets


async def test_a_place_that_was_just_told_is_told_again_after_a_pause_at_the_earliest() -> None:
    """Five seconds between two edits, however fast the queue moves; the newest position counts."""
    display, sleeps = DisplayCourier(), ManualSleeps()
    display.slow.set()
    queue, (working, first, second, last) = busy_queue()
    updates = QueueUpdates(JOB, display, Clock(sleep=sleeps.sleep), queue=queue, ticket=last)
    async with updates.shown():
        await until(lambda: sleeps.begun == [QUEUE_INTERVAL_S])
        queue.dismiss(first)
        queue.dismiss(second)
        for _ in range(20):
            await asyncio.sleep(0)
        assert display.shown == []
        sleeps.step.set()
        await until(lambda: bool(display.shown))
    assert display.shown == [QueuePosition(0, 10_000)]
    assert working.running


async def test_nothing_is_told_of_a_place_once_the_job_started() -> None:
    """A late "waiting" would cover "painting": an edit under way is waited for."""
    display, sleeps = DisplayCourier(), ManualSleeps()
    queue, (working, first, *_) = busy_queue()
    updates = QueueUpdates(JOB, display, Clock(sleep=sleeps.sleep), queue=queue, ticket=first)
    async with updates.shown():
        await until(lambda: bool(sleeps.begun))
        first.shown = QueuePosition(5, 0)
        sleeps.step.set()
        await asyncio.sleep(0)
        queue.leave(working)
        await queue.wait_for_start(first)
        asyncio.get_running_loop().call_soon(display.slow.set)
    shown = len(display.shown)
    queue.leave(first)
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(display.shown) == shown <= 1


async def test_a_turn_that_comes_at_once_is_not_kept_waiting_by_the_pause() -> None:
    """The pause would keep a job that may run from running."""
    sleeps = ManualSleeps()
    queue, (_, first, *_) = busy_queue()
    clock = Clock(sleep=sleeps.sleep)
    async with QueueUpdates(JOB, DisplayCourier(), clock, queue=queue, ticket=first).shown():
        pass
    assert sleeps.begun == []


@pytest.mark.parametrize(
    ("usual_ms", "reports", "pauses"),
    [
        (48_000, [], [5.0] * 9 + [3.0]),
        (200_000, [], [20.0] * 10),
        (8_000, [], [5.0, 3.0]),
        (48_000, [TaskProgress(0.5)], [48.0]),
        (48_000, [Preview(PICTURE)], [48.0]),
    ],
)
async def test_an_estimate_is_shown_anew_until_the_usual_time_has_passed(
    usual_ms: int, reports: list[TaskProgress | Preview], pauses: list[float]
) -> None:
    """A bar that stands still looks broken; afterwards there is nothing new to say."""
    display, sleeps, clock = DisplayCourier(), ManualSleeps(), [7]
    expected = [each for pause in pauses for each in (PROGRESS_INTERVAL_S, pause)] + [
        PROGRESS_INTERVAL_S
    ]
    display.slow.set()
    updates = progress_updates(display, sleeps, usual_ms=usual_ms, now=lambda: clock[0])
    async with updates.shown():
        for report in reports:
            updates.report(report)
        for index, pause in enumerate(expected):
            await until(lambda: len(sleeps.begun) > index)  # noqa: B023 - awaited at once
            clock[0] += 0 if index % 2 == 0 else int(pause * 1000)
            sleeps.step.set()
        for _ in range(20):
            await asyncio.sleep(0)
        assert sleeps.begun == expected
    states = [state for state in display.shown if isinstance(state, JobProgress)]
    assert [state.is_overdue for state in states] == [False] * len(pauses) + [True]


async def test_news_comes_before_the_next_estimate() -> None:
    """What the gateway says is worth more than what we guess, and ends the guessing."""
    display, sleeps = DisplayCourier(), ManualSleeps()
    display.slow.set()
    updates = progress_updates(display, sleeps, usual_ms=48_000)
    async with updates.shown():
        await until(lambda: sleeps.begun == [PROGRESS_INTERVAL_S])
        sleeps.step.set()
        await until(lambda: sleeps.begun == [PROGRESS_INTERVAL_S, 5.0])
        updates.report(TaskProgress(0.5))
        await until(lambda: len(display.shown) == 2)
    assert display.shown[1] == JobProgress(7, 0, 4, 0.5, usual_ms=48_000)


async def test_an_estimate_in_line_is_corrected_while_nothing_moves() -> None:
    """Who is next reads how long that still takes, also when the one before takes its time."""
    clock = [0]
    limits = QueueLimits(
        max_running=1, max_running_per_user=1, max_waiting=9, max_waiting_per_user=9
    )
    queue = Queue(limits, usual_s=lambda _: 60.0, now=lambda: clock[0], wait=await_directly)
    working, last = (queue.readmit(Requester(user, 1, "somebody"), "m") for user in range(2))
    queue.request_start(working)
    queue.request_start(last)
    display, sleeps = DisplayCourier(), ManualSleeps()
    display.slow.set()
    last.shown = queue.position(last)
    assert last.shown == QueuePosition(0, 60_000)
    updates = QueueUpdates(JOB, display, Clock(sleep=sleeps.sleep), queue=queue, ticket=last)
    async with updates.shown():
        await until(lambda: sleeps.begun == [QUEUE_INTERVAL_S])
        clock[0] = 5_000
        sleeps.step.set()
        await until(lambda: sleeps.begun == [QUEUE_INTERVAL_S] * 2)
        assert display.shown == []
        sleeps.step.set()
        await until(lambda: sleeps.begun[-1] == QUEUE_ESTIMATE_STEP_S)
        clock[0] = 25_000
        sleeps.step.set()
        await until(lambda: bool(display.shown))
    assert display.shown == [QueuePosition(0, 35_000)]

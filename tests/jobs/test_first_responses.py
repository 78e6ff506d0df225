"""Whoever has no first response yet comes before the work of jobs that were accepted."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import pytest

from bot.core.clock import Clock
from bot.core.models import CardAddress, Job
from bot.jobs.courier import JobProgress, QueuePosition
from bot.jobs.first_responses import MOST_WAIT_S, FirstResponses
from bot.jobs.job_run import LEAVING_S
from bot.services import open_services
from tests.cogs.scripted_gateway import ScriptedGateway
from tests.database.engines import sqlite_only
from tests.database.test_outage import locked
from tests.jobs.service_harness import BEN, RecordingCourier, ServiceHarness, settings
from tests.jobs.test_database_outage import hurry
from tests.jobs.test_recovery import process
from tests.waiting import until


@dataclass
class SlowPlacing(RecordingCourier):
    """A courier whose card waits for the test."""

    asked: asyncio.Event = field(default_factory=asyncio.Event)
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)

    async def place(self, job: Job, *, state: QueuePosition | JobProgress) -> CardAddress | None:
        """Wait."""
        self.asked.set()
        await self.may_answer.wait()
        return await super().place(job, state=state)


@asynccontextmanager
async def busy() -> AsyncIterator[None]:
    """Leave the event loop no time to spare."""

    async def work() -> None:
        while True:
            time.sleep(0.03)  # noqa: ASYNC251 - it shall block
            await asyncio.sleep(0)

    working = asyncio.create_task(work())
    try:
        yield
    finally:
        working.cancel()


async def submit_beside_a_slow_response(
    harness: ServiceHarness,
) -> tuple[SlowPlacing, asyncio.Task[Job]]:
    """Submit a job of Ada while Ben still waits for his first response."""
    slow = SlowPlacing()
    bens = asyncio.create_task(harness.submit(slow, BEN))
    await slow.asked.wait()
    await harness.submit(RecordingCourier())
    return slow, bens


async def test_a_job_waits_while_somebody_has_no_response(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """The process is busy; its request is sent when the other card stands."""
    async with process(tmp_path, gateway) as harness:
        async with busy():
            slow, bens = await submit_beside_a_slow_response(harness)
            await asyncio.sleep(0.3)
            assert gateway.bodies == []
            slow.may_answer.set()
            await bens
        await harness.services.job_service.drained()
    assert len(gateway.bodies) == 2


async def test_a_job_does_not_wait_where_only_discord_is_slow(
    tmp_path: Path, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A busy bot always has somebody whose first response is on its way."""
    monkeypatch.setattr("bot.jobs.first_responses.MOST_WAIT_S", 600.0)
    async with process(tmp_path, gateway) as harness:
        slow, bens = await submit_beside_a_slow_response(harness)
        await until(lambda: len(gateway.bodies) == 1)
        slow.may_answer.set()
        await bens
        await harness.services.job_service.drained()


@pytest.mark.parametrize("is_locked", [False, True])
@sqlite_only("another program locks the database")
async def test_a_process_that_ends_writes_where_the_card_is(
    tmp_path: Path, gateway: ScriptedGateway, is_locked: bool
) -> None:
    """The next start paints it; a locked database does not hold the end up."""
    async with process(tmp_path, gateway) as harness:
        _, bens = await submit_beside_a_slow_response(harness)
        await asyncio.sleep(0)
        await hurry(harness)
        with locked(tmp_path / "easel.db") if is_locked else nullcontext():
            begun = time.monotonic()
            await harness.services.job_service.close(grace_s=0)
            assert time.monotonic() - begun < LEAVING_S + 5
        bens.cancel()
        await asyncio.wait((bens,))
    known = harness.rows("SELECT COUNT(message_id) FROM jobs WHERE user_id = 1")
    assert known == [(0 if is_locked else 1,)]


@dataclass
class ShowingCourier(SlowPlacing):
    """A courier that keeps what it shows of an open job; it is slow only if asked to."""

    shown: list[QueuePosition | JobProgress] = field(default_factory=list)

    async def place(self, job: Job, *, state: QueuePosition | JobProgress) -> CardAddress | None:
        """Keep the first state."""
        self.shown.append(state)
        return await super().place(job, state=state)

    def __post_init__(self) -> None:
        self.may_answer.set()

    async def update(self, job: Job, state: QueuePosition | JobProgress) -> None:
        """Keep a further state."""
        self.shown.append(state)


@sqlite_only("it is about time, and the server of the tests shares their processors")
async def test_many_at_once_start_at_once_and_are_not_edited_before_their_result(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """With a place for each, nobody is told to wait, and only the result edits the card."""
    couriers = [ShowingCourier() for _ in range(30)]
    changed = settings(
        tmp_path, gateway, max_concurrent_jobs=30, max_running_per_user=30, default_quota=()
    )
    async with open_services(changed, Clock()) as services:  # its pauses are real
        harness = ServiceHarness(services, tmp_path)
        await asyncio.gather(*map(harness.submit, couriers))
        await services.job_service.drained()
    assert [[type(state) for state in each.shown] for each in couriers] == [[JobProgress]] * 30
    assert all(len(each.results) == 1 for each in couriers)


@sqlite_only("a place of all processes is known a moment later")
async def test_a_job_whose_place_was_taken_meanwhile_says_that_it_waits(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """Its card said "Painting": the position replaces that, and is replaced in its turn."""
    gateway.gate.clear()
    courier = ShowingCourier()
    async with process(tmp_path, gateway, max_concurrent_jobs=1) as harness:
        queue = harness.services.queue
        courier.may_answer.clear()
        submitted = asyncio.create_task(harness.submit(courier))
        await courier.asked.wait()
        bens = queue.enter(BEN, "dall-e-3")
        assert queue.request_start(bens)
        courier.may_answer.set()
        await submitted
        await until(lambda: len(courier.shown) == 2)
        assert gateway.bodies == []
        queue.leave(bens)
        await until(lambda: isinstance(courier.shown[-1], JobProgress))
        gateway.gate.set()
        await harness.services.job_service.drained()
    # Its position may be shown again with another estimate.
    kinds = [kind for kind, _ in groupby(courier.shown, type)]
    assert kinds[:3] == [JobProgress, QueuePosition, JobProgress]


async def test_a_job_waits_for_a_moment_only() -> None:
    """A steady stream of requests, or one that hangs, must not stop all work."""
    responses = FirstResponses()
    begun = time.monotonic()
    async with busy():
        with responses.awaited():
            await responses.let_pass()
        assert MOST_WAIT_S <= time.monotonic() - begun < MOST_WAIT_S + 5
        begun = time.monotonic()
        await responses.let_pass()
        assert time.monotonic() - begun < 1

"""Whoever has no first response yet comes before the work of jobs that were accepted."""

import asyncio
import time
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.core.models import CardAddress, Job
from bot.jobs.courier import JobProgress, QueuePosition
from bot.jobs.first_responses import MOST_WAIT_S, FirstResponses
from bot.jobs.job_run import LEAVING_S
from tests.cogs.scripted_gateway import ScriptedGateway
from tests.database.test_outage import locked
from tests.jobs.service_harness import BEN, RecordingCourier
from tests.jobs.test_database_outage import hurry
from tests.jobs.test_recovery import process


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


async def test_a_job_waits_while_somebody_has_no_response(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """Its request is sent when the other card stands."""
    async with process(tmp_path, gateway) as harness:
        slow = SlowPlacing()
        second = asyncio.create_task(harness.submit(slow, BEN))
        await slow.asked.wait()
        await harness.submit(RecordingCourier())
        await asyncio.sleep(0.1)
        assert gateway.bodies == []
        slow.may_answer.set()
        await second
        await harness.services.job_service.drained()
    assert len(gateway.bodies) == 2


@pytest.mark.parametrize("is_locked", [False, True])
async def test_a_process_that_ends_writes_where_the_card_is(
    tmp_path: Path, gateway: ScriptedGateway, is_locked: bool
) -> None:
    """The next start paints it; a locked database does not hold the end up."""
    async with process(tmp_path, gateway) as harness:
        slow = SlowPlacing()
        second = asyncio.create_task(harness.submit(slow, BEN))
        await slow.asked.wait()
        await harness.submit(RecordingCourier())
        await asyncio.sleep(0)
        await hurry(harness)
        with locked(tmp_path / "easel.db") if is_locked else nullcontext():
            begun = time.monotonic()
            await harness.services.job_service.close(grace_s=0)
            assert time.monotonic() - begun < LEAVING_S + 5
        second.cancel()
        await asyncio.wait((second,))
    known = harness.rows("SELECT COUNT(message_id) FROM jobs WHERE user_id = 1")
    assert known == [(0 if is_locked else 1,)]


async def test_a_job_waits_for_a_moment_only() -> None:
    """A steady stream of requests, or one that hangs, must not stop all work."""
    responses = FirstResponses()
    begun = time.monotonic()
    with responses.awaited():
        await responses.let_pass()
    assert MOST_WAIT_S <= time.monotonic() - begun < MOST_WAIT_S + 5
    await asyncio.wait_for(responses.let_pass(), 1)

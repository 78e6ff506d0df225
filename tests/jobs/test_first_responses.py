"""Whoever has no first response yet comes before the work of jobs that were accepted."""

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path

from bot.core.models import CardAddress, Job
from bot.jobs.courier import QueuePosition
from bot.jobs.first_responses import MOST_WAIT_S, FirstResponses
from tests.cogs.scripted_gateway import ScriptedGateway
from tests.jobs.service_harness import BEN, RecordingCourier
from tests.jobs.test_recovery import process


@dataclass
class SlowPlacing(RecordingCourier):
    """A courier whose card waits for the test."""

    asked: asyncio.Event = field(default_factory=asyncio.Event)
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)

    async def place(self, job: Job, *, waiting: QueuePosition) -> CardAddress | None:
        """Wait."""
        self.asked.set()
        await self.may_answer.wait()
        return await super().place(job, waiting=waiting)


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


async def test_a_job_waits_for_a_moment_only() -> None:
    """A steady stream of requests, or one that hangs, must not stop all work."""
    responses = FirstResponses()
    begun = time.monotonic()
    with responses.awaited():
        await responses.let_pass()
    assert MOST_WAIT_S <= time.monotonic() - begun < MOST_WAIT_S + 5
    await asyncio.wait_for(responses.let_pass(), 1)

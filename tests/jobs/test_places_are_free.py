"""A job's place in the queue is free as soon as its pictures are files, whatever Discord does."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.services import open_services
from tests.cogs.scripted_gateway import ErrorReply, ScriptedGateway
from tests.jobs.service_harness import BEN, RecordingCourier, ServiceHarness, settings
from tests.jobs.test_cancellation import SlowCourier
from tests.waiting import quick_clock, until


@pytest.fixture
async def harness(tmp_path: Path, gateway: ScriptedGateway) -> AsyncIterator[ServiceHarness]:
    """Open services that run one job at a time."""
    changed = settings(tmp_path, gateway, max_concurrent_jobs=1, default_quota=())
    async with open_services(changed, quick_clock()) as services:
        yield ServiceHarness(services, tmp_path)


@pytest.mark.parametrize("painted", [True, False])
async def test_a_result_that_waits_for_discord_keeps_nobody_waiting(
    harness: ServiceHarness, gateway: ScriptedGateway, painted: bool
) -> None:
    """A thousand reactions in one channel: its rate limit must not stop the other servers."""
    if not painted:
        gateway.replies.append(ErrorReply(400, "moderation_blocked"))
    gateway.gate.clear()
    await harness.submit(slow := SlowCourier())
    await asyncio.wait_for(slow.asked.wait(), 60)  # its card waits for Discord from now on
    gateway.gate.set()
    await harness.submit(other := RecordingCourier(), BEN)
    await until(lambda: bool(other.results))
    assert slow.said == []
    assert len(gateway.bodies) == 2
    slow.goes_on.set()
    await harness.services.job_service.drained()
    assert slow.said[-1] == ("deliver" if painted else "error-gateway-moderation")


async def test_a_card_that_waits_for_discord_does_not_delay_the_start(
    harness: ServiceHarness, gateway: ScriptedGateway
) -> None:
    """Its "2 ahead" is still on the way when its turn comes: the request is sent all the same."""
    gateway.gate.clear()
    await harness.submit(RecordingCourier())
    await asyncio.wait_for(gateway.asked.wait(), 60)
    last = SlowCourier()
    second = await harness.submit(RecordingCourier(), BEN)
    await harness.submit(last, BEN)
    await harness.services.cancellation.cancel(second.id, BEN, moderates=False)  # last moves on
    await asyncio.wait_for(last.asked.wait(), 60)
    gateway.gate.set()
    await until(lambda: len(gateway.bodies) == 2)
    assert last.said == []
    last.goes_on.set()
    await harness.services.job_service.drained()
    assert last.said[-1] == "deliver"

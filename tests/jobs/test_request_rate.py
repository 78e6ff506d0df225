"""MAX_REQUESTS_PER_MINUTE: how many requests one person may make, in all servers together."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.clock import Clock, await_directly
from bot.core.errors.quotas import TooManyRequests
from bot.core.models import OPERATOR
from bot.services import open_services
from tests.cogs.scripted_gateway import ScriptedGateway
from tests.jobs.service_harness import ADA, BEN, RecordingCourier, ServiceHarness, settings

NOON = 1_700_000_000_000


async def test_of_many_at_once_exactly_the_allowed_ones_pass(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """A script would empty a budget faster than anybody can look."""
    configured = settings(tmp_path, gateway, max_requests_per_minute=3, default_quota=())
    async with open_services(configured, Clock()) as services:
        harness = ServiceHarness(services, tmp_path)
        tries = [
            harness.submit(RecordingCourier(), replace(ADA, server_id=10 + number % 4))
            for number in range(12)
        ]
        ended = await asyncio.gather(*tries, return_exceptions=True)
        refused = [each for each in ended if isinstance(each, TooManyRequests)]
        assert len(refused) == 9
        assert harness.rows("SELECT COUNT(*) FROM charges") == [(3,)]
        await harness.submit(RecordingCourier(), BEN)
        await services.job_service.drained()


async def test_the_terminal_is_not_counted(tmp_path: Path, gateway: ScriptedGateway) -> None:
    """The operator's own scripts spend what the operator wants."""
    configured = settings(tmp_path, gateway, max_requests_per_minute=1, default_quota=())
    async with open_services(configured, Clock()) as services:
        harness = ServiceHarness(services, tmp_path)
        for _ in range(2):
            await harness.submit(RecordingCourier(), OPERATOR)
        await services.job_service.drained()


async def test_two_processes_count_together(tmp_path: Path, gateway: ScriptedGateway) -> None:
    """Each of them would let a person pass otherwise."""
    configured = settings(tmp_path, gateway, max_requests_per_minute=1, default_quota=())
    async with (
        open_services(configured, Clock()) as services,
        open_services(configured, Clock()) as others,
    ):
        await ServiceHarness(services, tmp_path).submit(RecordingCourier())
        with pytest.raises(TooManyRequests):
            await ServiceHarness(others, tmp_path).submit(RecordingCourier())
        await services.job_service.drained()


async def test_the_refusal_says_when_the_oldest_request_is_a_minute_old(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """A person is not sent away for longer than needed, nor told a moment that is too early."""
    now = NOON
    clock = Clock(now=lambda: now, wait=await_directly)
    configured = settings(tmp_path, gateway, max_requests_per_minute=2, default_quota=())
    async with open_services(configured, clock) as services:
        harness = ServiceHarness(services, tmp_path)
        await harness.submit(RecordingCourier())
        now += 40_000
        await harness.submit(RecordingCourier())
        now += 19_999
        with pytest.raises(TooManyRequests) as refused:
            await harness.submit(RecordingCourier())
        assert refused.value.facts == {"limit": 2, "frees_at": NOON + 60_000}
        now += 1
        await harness.submit(RecordingCourier())
        await services.job_service.drained()


async def test_a_clock_that_is_set_back_locks_nobody_out(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """After a wrong hour at the start, everybody would be refused for that hour."""
    now = NOON + 3_600_000
    clock = Clock(now=lambda: now, wait=await_directly)
    configured = settings(tmp_path, gateway, max_requests_per_minute=1, default_quota=())
    async with open_services(configured, clock) as services:
        harness = ServiceHarness(services, tmp_path)
        await harness.submit(RecordingCourier())
        now = NOON
        await harness.submit(RecordingCourier())
        with pytest.raises(TooManyRequests):
            await harness.submit(RecordingCourier())
        await services.job_service.drained()

"""What becomes of a run whose job another process takes over meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.core.models import Job
from bot.jobs.cancellation import DetachableCourier
from bot.jobs.repository.repository import JobRepository
from tests.cogs.scripted_gateway import ScriptedGateway
from tests.jobs.service_harness import RecordingCourier, ServiceHarness
from tests.jobs.test_cancellation import JOB, WORK, SlowCourier
from tests.jobs.test_recovery import process


@pytest.fixture
async def harness(tmp_path: Path, gateway: ScriptedGateway) -> AsyncIterator[ServiceHarness]:
    async with process(tmp_path, gateway) as harness:
        yield harness


async def taken_while_painted(
    harness: ServiceHarness, gateway: ScriptedGateway, courier: RecordingCourier
) -> Job:
    """Submit a job, and let another process take it over while its request is out."""
    gateway.gate.clear()
    job = await harness.submit(courier)
    await asyncio.wait_for(gateway.asked.wait(), 60)
    repository = harness.services.repository
    other = JobRepository(owner="another", now=lambda: 0)
    assert await harness.services.database.write(other.adopt, job.id, owner=repository.owner)
    return job


def shown(courier: RecordingCourier) -> tuple[int, int]:
    return len(courier.results), len(courier.failures)


async def test_a_run_ends_without_a_word_when_its_job_was_taken_over(
    harness: ServiceHarness, gateway: ScriptedGateway
) -> None:
    """The other process delivers, charges and tells: done twice it would be paid twice."""
    courier, ended = RecordingCourier(), list[Job]()
    harness.services.job_service.on_end = ended.append
    job = await taken_while_painted(harness, gateway, courier)
    gateway.gate.set()
    await harness.services.job_service.drained()
    assert shown(courier) == (0, 0)
    assert ended == []
    assert harness.rows("SELECT owner, state FROM jobs") == [("another", "working")]
    assert harness.rows("SELECT state FROM attempts") == [("sending",)]
    assert harness.rows("SELECT state FROM charges") == [("held",)]
    assert (harness.folder / "jobs" / job.id).is_dir()


async def test_a_process_that_is_back_drops_what_others_have_taken(
    harness: ServiceHarness, gateway: ScriptedGateway
) -> None:
    """It does not wait for an answer that it may not use."""
    courier = RecordingCourier()
    await taken_while_painted(harness, gateway, courier)
    own = await harness.submit(RecordingCourier())
    await harness.services.job_service.drop_taken_over()
    gateway.gate.set()
    await harness.services.job_service.drained()
    assert shown(courier) == (0, 0)
    assert harness.rows("SELECT id FROM jobs WHERE state = 'done'") == [(own.id,)]


async def test_a_card_that_is_anothers_by_now_shows_no_progress_of_this_process() -> None:
    """A run that still ends would put "painting" over the result of the other process."""
    courier = DetachableCourier(slow := SlowCourier())
    slow.goes_on.set()
    await courier.update(JOB, WORK)
    courier.stop_showing()
    await courier.update(JOB, WORK)
    assert slow.said == ["update"]

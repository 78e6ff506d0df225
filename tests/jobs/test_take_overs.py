"""What becomes of a run whose job another process takes over meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from bot.core.liveness import FileLiveness
from bot.core.models import AnnouncedCard, Job
from bot.jobs.cancellation import DetachableCourier
from bot.jobs.repository.repository import JobRepository
from tests.cogs.scripted_gateway import ScriptedGateway
from tests.jobs.service_harness import RecordingCourier, ServiceHarness
from tests.jobs.test_cancellation import JOB, WORK, SlowCourier
from tests.jobs.test_recovery import process
from tests.waiting import until


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


class StoppedMeanwhile(FileLiveness):
    """Liveness that is lost as soon as a job is about to be written, until the test says so."""

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self.regained = asyncio.Event()
        self.may_send = True

    async def until_may_send(self) -> None:
        """Wait for the test."""
        await self.regained.wait()
        self.may_send = True


@dataclass
class StoppedCourier(RecordingCourier):
    """A courier whose process is stopped once it has said where its card will be."""

    stopped: StoppedMeanwhile = field(default_factory=lambda: StoppedMeanwhile(""))

    def announced(self, job: Job) -> AnnouncedCard | None:
        """Lose the session."""
        self.stopped.may_send = False
        return None


async def test_no_card_is_placed_for_a_job_that_was_taken_over_while_it_was_written(
    harness: ServiceHarness,
) -> None:
    """The other process has shown its result by then: "painting" below it would never end."""
    service, repository = harness.services.job_service, harness.services.repository
    liveness = StoppedMeanwhile(repository.owner)
    service._deps = replace(service._deps, liveness=liveness)
    submitted = asyncio.create_task(harness.submit(courier := StoppedCourier(stopped=liveness)))
    await until(lambda: bool(harness.rows("SELECT id FROM jobs")))
    ((job_id,),) = harness.rows("SELECT id FROM jobs")
    other = JobRepository(owner="another", now=lambda: 0)
    assert await harness.services.database.write(other.adopt, job_id, owner=repository.owner)
    liveness.regained.set()
    await submitted
    await service.drained()
    assert courier.placed == []
    assert harness.rows("SELECT owner, state FROM jobs") == [("another", "queued")]


async def test_a_card_that_is_anothers_by_now_shows_no_progress_of_this_process() -> None:
    """A run that still ends would put "painting" over the result of the other process."""
    courier = DetachableCourier(slow := SlowCourier())
    slow.goes_on.set()
    await courier.update(JOB, WORK)
    courier.stop_showing()
    await courier.update(JOB, WORK)
    assert slow.said == ["update"]

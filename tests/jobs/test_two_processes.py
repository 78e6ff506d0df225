"""Stops and ends of jobs that another process works on, over one PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.core.clock import Clock
from bot.core.models import JobState
from bot.database.notifications import LocalNotifications
from bot.jobs.cancellation import (
    AlreadyCancelled,
    AlreadyDetached,
    Cancellation,
    JobCancelled,
    NothingToCancel,
    NotYoursToCancel,
    RequesterDetached,
    StopUnanswered,
)
from bot.jobs.service import LOOKS_ELSEWHERE
from bot.jobs.stop_requests import StopRequests
from bot.services import Services, open_services
from tests.cogs.scripted_gateway import ScriptedGateway
from tests.database.postgresql_server import Server
from tests.jobs.service_harness import ADA, BEN, RecordingCourier, ServiceHarness, settings


@dataclass(frozen=True)
class Processes:
    """One process that works on jobs, and another one where people press."""

    mine: ServiceHarness
    other: Services

    async def state(self, job_id: str) -> JobState:
        """Return what the database says of a job."""
        written = await self.other.database.read(self.other.repository.job, job_id)
        assert written is not None
        return written.state


@asynccontextmanager
async def two_processes(
    url: str, folder: Path, gateway: ScriptedGateway, **changes: object
) -> AsyncIterator[tuple[Services, Services]]:
    """Open the services of two processes on one database."""
    changes |= {"database_url": url, "default_quota": (), "user_tags_key": SecretStr("ab" * 32)}
    mine, other = (settings(folder / name, gateway, **changes) for name in ("mine", "other"))
    async with open_services(mine, Clock()) as first, open_services(other, Clock()) as second:
        yield first, second


@pytest.fixture
async def processes(
    postgresql: Server, tmp_path: Path, gateway: ScriptedGateway
) -> AsyncIterator[Processes]:
    """Open the services of two processes that run one job at a time."""
    url = postgresql.migrated_database()
    async with two_processes(url, tmp_path, gateway, max_concurrent_jobs=1) as (mine, other):
        yield Processes(ServiceHarness(mine, tmp_path), other)


async def test_a_press_elsewhere_frees_the_place_of_a_waiting_job_at_once(
    processes: Processes, gateway: ScriptedGateway
) -> None:
    """Its card would say for minutes that it waits, and others would wait behind it."""
    gateway.gate.clear()
    await processes.mine.submit(RecordingCourier())
    await asyncio.wait_for(gateway.asked.wait(), 60)
    job = await processes.mine.submit(courier := RecordingCourier(), BEN)
    with pytest.raises(NotYoursToCancel):
        await processes.other.cancellation.cancel(job.id, ADA, moderates=False)
    await processes.other.cancellation.cancel(job.id, BEN, moderates=False)
    await asyncio.wait_for(processes.mine.services.job_service.wait_for_end(job.id), 5)
    assert [failure.error.message_id for failure in courier.failures] == [JobCancelled.message_id]
    with pytest.raises(AlreadyCancelled):
        await processes.other.cancellation.cancel(job.id, BEN, moderates=False)
    gateway.gate.set()
    await processes.mine.services.job_service.drained()
    assert len(gateway.bodies) == 1


async def test_a_press_elsewhere_detaches_from_a_running_job_once(
    processes: Processes, gateway: ScriptedGateway
) -> None:
    """The process that paints closes the card; presses at once are told the truth."""
    gateway.gate.clear()
    job = await processes.mine.submit(courier := RecordingCourier())
    await asyncio.wait_for(gateway.asked.wait(), 60)
    cancel = processes.other.cancellation.cancel
    told = await asyncio.gather(
        *(cancel(job.id, ADA, moderates=False) for _ in range(3)), return_exceptions=True
    )
    assert sorted(map(type, told), key=str) == [type(None), *[AlreadyDetached] * 2]
    assert [type(failure.error) for failure in courier.failures] == [RequesterDetached]
    gateway.gate.set()
    await processes.other.job_service.wait_for_end(job.id)
    assert await processes.state(job.id) is JobState.DONE
    await processes.mine.services.job_service.drained()
    with pytest.raises(NothingToCancel):
        await cancel(job.id, ADA, moderates=False)


async def test_a_process_that_does_not_answer_is_told_as_such(
    processes: Processes, gateway: ScriptedGateway
) -> None:
    """Nothing to stop would be wrong: the job is open until it is taken over."""
    gateway.gate.clear()
    job = await processes.mine.submit(RecordingCourier())
    await asyncio.wait_for(gateway.asked.wait(), 60)
    other = processes.other
    cancellation = Cancellation(
        database=other.database,
        ledger=other.ledger,
        repository=other.repository,
        queue=other.queue,
        requests=StopRequests(LocalNotifications(), answer_s=0.01),
        owner="another",
    )
    with pytest.raises(StopUnanswered):
        await cancellation.cancel(job.id, ADA, moderates=False)
    gateway.gate.set()
    await processes.mine.services.job_service.drained()
    assert await processes.state(job.id) is JobState.DONE


async def test_the_end_of_a_job_that_nobody_ends_is_not_waited_for_for_ever(
    processes: Processes, gateway: ScriptedGateway
) -> None:
    """A reaction under the card of a dead process would hold its task until the restart."""
    looks = 0

    async def sleep(_: float) -> None:
        nonlocal looks
        looks += 1

    gateway.gate.clear()
    job = await processes.mine.submit(RecordingCourier())
    service = processes.other.job_service
    service._deps = replace(service._deps, clock=Clock(sleep=sleep))
    await service.wait_for_end(job.id)
    assert looks == LOOKS_ELSEWHERE
    gateway.gate.set()

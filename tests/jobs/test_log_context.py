"""Every record of a job has the job's id, and that of the interaction that asked for it."""

import asyncio
from collections.abc import MutableMapping, Sequence
from pathlib import Path
from typing import Any

import structlog
from structlog.contextvars import bound_contextvars, get_contextvars, merge_contextvars
from structlog.testing import capture_logs

from bot.core.models import Job, Requester
from tests.cogs.scripted_gateway import ClosedConnection, ErrorReply, ScriptedGateway, TaskReply
from tests.jobs.service_harness import ADA, BEN, RecordingCourier, ServiceHarness
from tests.jobs.test_late_tasks import HOUR_MS, QuickTime, known, opening, unfinished_job
from tests.jobs.test_late_tasks import process as timed_process
from tests.jobs.test_recovery import process, recover
from tests.waiting import until

Records = Sequence[MutableMapping[str, Any]]


def of_job(records: Records, job_id: str) -> Records:
    return [record for record in records if record.get("job") == job_id]


async def asked(harness: ServiceHarness, who: Requester, interaction: int) -> Job:
    """Submit a request as a command does: in a task of its own, under its interaction."""

    async def command() -> Job:
        structlog.contextvars.bind_contextvars(interaction=interaction)
        return await harness.submit(RecordingCourier(fails="update"), who, n=2)

    return await asyncio.create_task(command())


async def test_records_of_two_jobs_at_once_are_told_apart(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """One that has the other's id would lead whoever looks for a failure to the wrong person."""
    gateway.replies.extend([ErrorReply(400, "invalid_size")] * 2 + [ClosedConnection()] * 2)
    async with process(tmp_path, gateway) as harness:
        with capture_logs([merge_contextvars]) as records:
            jobs = {100 + n: await asked(harness, who, 100 + n) for n, who in enumerate((ADA, BEN))}
            await harness.services.job_service.drained()
        assert get_contextvars() == {}
    for interaction, job in jobs.items():
        found = of_job(records, job.id)
        assert {record.get("interaction") for record in found} == {interaction}
        assert {"job.queued", "gateway.failed", "job.ended"} <= {each["event"] for each in found}
    assert all("job" in record for record in records)
    assert len(records) == sum(len(of_job(records, job.id)) for job in jobs.values())


async def test_a_job_that_another_process_began_has_its_id_again(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """The start after a crash works on many jobs at once, and none of them was asked for by it."""
    gateway.gate.clear()
    async with process(tmp_path, gateway) as dying:
        gateway.replies.append(TaskReply())
        resumed = await dying.submit(RecordingCourier())
        await until(lambda: gateway.polls > 0)
        ended = await dying.submit(RecordingCourier(), BEN)
        await until(lambda: len(gateway.bodies) == 2)
    gateway.gate.set()
    async with process(tmp_path, gateway) as harness:
        with capture_logs([merge_contextvars]) as records:
            await recover(harness, RecordingCourier())
        assert get_contextvars() == {}
    events = {
        job.id: [each["event"] for each in of_job(records, job.id)] for job in (resumed, ended)
    }
    assert events == {
        resumed.id: ["job.taken_over", "job.done"],
        ended.id: ["job.recovered"],
    }
    assert not any("interaction" in record for record in records)


async def test_a_late_task_has_the_id_of_its_job(tmp_path: Path, gateway: ScriptedGateway) -> None:
    """Its job has ended hours ago, and the gateway's words say nothing of it."""
    time = QuickTime()
    async with timed_process(tmp_path, gateway, time) as harness:
        await unfinished_job(harness, gateway)
        ((job_id,),) = harness.rows("SELECT id FROM jobs")
        gateway.gate.set()
        time.ms += HOUR_MS
        with capture_logs([merge_contextvars]) as records, bound_contextvars(interaction=1):
            await harness.services.late_tasks.look(opening(RecordingCourier()), known)
        assert get_contextvars() == {}
    assert [(each["event"], each["job"]) for each in records] == [("job.delivered_late", job_id)]

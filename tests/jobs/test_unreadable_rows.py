"""A start that meets a row which it cannot read: one job is set aside, and all others go on."""

import asyncio
from pathlib import Path

import pytest
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from bot.jobs.repository.history_search import last_jobs
from bot.jobs.repository.listing import list_jobs
from bot.jobs.repository.personal_data import jobs_of
from tests.cogs.scripted_gateway import ScriptedGateway, TaskReply, UrlReply
from tests.database.engines import connected, sqlite_only
from tests.jobs.service_harness import ADA, BEN, RecordingCourier
from tests.jobs.test_recovery import process, recover
from tests.waiting import until

ADAS = "WHERE user_name = 'Ada'"
ATTEMPT = "WHERE job_id IN (SELECT id FROM jobs WHERE user_name = 'Ada')"
STATES = "SELECT user_name, state, told FROM jobs ORDER BY user_name"


def change(path: Path, sql: str) -> None:
    with connected(path.parent) as database:
        database.execute(sql)


@pytest.mark.parametrize(
    "damage",
    [
        f"UPDATE jobs SET request = 'no JSON' {ADAS}",
        f"UPDATE jobs SET request = '{{}}' {ADAS}",
        f"UPDATE jobs SET request = '[1]' {ADAS}",
        f"UPDATE jobs SET request = NULLIF(request, '') || '}}' {ADAS}",
        f"UPDATE jobs SET error = '{{}}' {ADAS}",
        f"UPDATE jobs SET request = CAST(X'7B22FF' AS TEXT) {ADAS}",
        f"UPDATE jobs SET attached = '7' {ADAS}",
        f"UPDATE attempts SET urls = 'no list', state = 'answered' {ATTEMPT}",
    ],
)
async def test_one_unreadable_job_stops_nothing(
    tmp_path: Path, gateway: ScriptedGateway, damage: str
) -> None:
    """Its credits are given back, the operator is told its id, and the others are painted."""
    gateway.replies.extend([TaskReply(), UrlReply()])
    gateway.gate.clear()
    async with process(tmp_path, gateway) as harness:
        ada = await harness.submit(RecordingCourier())
        await asyncio.wait_for(gateway.asked.wait(), 60)
        await harness.submit(RecordingCourier(), BEN)
        begun = "SELECT COUNT(*) FROM attempts WHERE state <> 'sending'"
        await until(lambda: harness.rows(begun) == [(2,)])
    change(tmp_path / "easel.db", damage)
    gateway.gate.set()
    courier = RecordingCourier()
    with capture_logs([merge_contextvars]) as events:
        async with process(tmp_path, gateway) as harness:
            await recover(harness, courier)
            assert harness.rows(STATES) == [("Ada", "unknown", 1), ("Ben", "done", 1)]
            held = harness.rows("SELECT SUM(credits) FROM charges")
            assert await recover(harness, courier) == []
    told = [
        (event["job"], event["log_level"]) for event in events if "unreadable" in event["event"]
    ]
    assert told == [(ada.id, "error")]
    assert held == [(1,)]
    assert len(courier.results) == 1


async def test_the_files_of_an_unreadable_job_of_a_living_process_stay(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """Only its own process knows what becomes of it."""
    gateway.gate.clear()
    async with process(tmp_path, gateway) as living:
        await living.submit(RecordingCourier())
        await asyncio.wait_for(gateway.asked.wait(), 60)
        (folder,) = (tmp_path / "jobs").iterdir()
        change(tmp_path / "easel.db", f"UPDATE jobs SET request = 'no JSON' {ADAS}")
        async with process(tmp_path, gateway) as harness:
            assert await harness.services.recovery.take_over() == []
            assert folder.is_dir()
            assert harness.rows("SELECT state FROM jobs") == [("working",)]
        gateway.gate.set()
        await living.services.job_service.drained()


async def test_an_unreadable_job_is_in_nobodys_way(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """Lists show it without its words, and its requester can still have everything deleted."""
    async with process(tmp_path, gateway) as harness:
        for _ in range(2):
            await harness.submit(RecordingCourier())
        await harness.services.job_service.drained()
    broken = "UPDATE jobs SET request = '{\"sha256\":' WHERE id = (SELECT MIN(id) FROM jobs)"
    change(tmp_path / "easel.db", broken)
    async with process(tmp_path, gateway) as harness:
        database = harness.services.database
        listed = await database.read(list_jobs, recent=20)
        assert [job.prompt for job in listed] == ["", "a fox"]
        last = await database.read(last_jobs, ADA.user_id, most=5)
        assert [written.job.request.model for written in last] == ["dall-e-3", "-"]
        assert len(await database.read(jobs_of, ADA.user_id, before=None, most=5)) == 2
        assert await harness.services.deletion.delete(BEN.user_id) == 0
        assert await harness.services.deletion.delete(ADA.user_id) == 2
        assert harness.rows("SELECT COUNT(*) FROM jobs") == [(0,)]


@sqlite_only("a server refuses such letters")
async def test_letters_that_are_no_text_cost_nothing_else(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """A flipped bit in a name: the job goes on, and everybody else's rows are read."""
    gateway.replies.append(TaskReply())
    gateway.gate.clear()
    async with process(tmp_path, gateway) as harness:
        await harness.submit(RecordingCourier())
        await until(lambda: harness.rows("SELECT state FROM attempts") == [("task",)])
    change(tmp_path / "easel.db", "UPDATE jobs SET user_name = CAST(X'41FF61' AS TEXT)")
    gateway.gate.set()
    async with process(tmp_path, gateway) as harness:
        await recover(harness, courier := RecordingCourier())
        assert harness.rows("SELECT state FROM jobs") == [("done",)]
        (written,) = await harness.services.database.read(last_jobs, ADA.user_id, most=5)
    assert written.job.requester.name == "A\N{REPLACEMENT CHARACTER}a"
    assert len(courier.results) == 1

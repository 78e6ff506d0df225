"""How many commits a job takes: each waits for the disk."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.database.database import Database
from tests.cogs.scripted_gateway import ErrorReply, ScriptedGateway, TaskReply, UrlReply
from tests.database.engines import sqlite_only
from tests.database.sqlite_connections import writer_of
from tests.jobs.service_harness import RecordingCourier
from tests.jobs.test_recovery import process

pytestmark = sqlite_only("it counts the commits of the one connection that writes")


async def counting(database: Database) -> Callable[[], int]:
    """Count the commits from now on."""
    commits: list[str] = []

    def note(statement: str) -> None:
        if statement == "COMMIT":
            commits.append(statement)

    await writer_of(database).set_trace_callback(note)
    return lambda: len(commits)


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (None, 4),  # hold, sending, received, end
        (UrlReply(), 5),  # and the addresses, before the download
        (TaskReply(), 6),  # and the task's id, before the first poll
        (ErrorReply(400, "moderation_blocked"), 4),  # hold, sending, end, told
    ],
)
async def test_a_job_that_starts_at_once(
    tmp_path: Path,
    gateway: ScriptedGateway,
    reply: ErrorReply | TaskReply | UrlReply | None,
    expected: int,
) -> None:
    """What is between two of them joins the later one."""
    if reply is not None:
        gateway.replies.append(reply)
    async with process(tmp_path, gateway) as harness:
        commits = await counting(harness.services.database)
        await harness.submit(RecordingCourier())
        await harness.services.job_service.drained()
        assert commits() == expected


async def test_jobs_share_them(tmp_path: Path, gateway: ScriptedGateway) -> None:
    """Ten people at once do not wait for ten disks."""
    async with process(tmp_path, gateway, default_quota=()) as harness:
        commits = await counting(harness.services.database)
        for _ in range(10):
            await harness.submit(RecordingCourier())
        await harness.services.job_service.drained()
        assert commits() < 10 + 3 * 10

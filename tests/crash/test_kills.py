"""The job service under SIGKILL: after every commit that matters, and at random moments."""

import asyncio
import os
import signal
from pathlib import Path
from random import Random

import pytest

from tests.cli.process import environment, run, running
from tests.crash import invariants
from tests.crash.counting_gateway import CountingGateway, open_gateway

SERVICE_PROCESS = "tests.crash.service_process"
JOBS = 50
KILLS = int(os.environ.get("EASEL_KILLS", "6"))
TIMEOUT_S = 120

CRASHES = {
    "queued, no card": ("queued", "j.state = 'queued' AND message_id IS NULL"),
    "queued": ("queued", "j.state = 'queued' AND message_id IS NOT NULL"),
    "references missing": ("queued", "attached IS NOT NULL AND message_id IS NOT NULL"),
    "working, nothing sent": ("working", "j.state = 'working' AND a.state IS NULL"),
    "sending": ("working", "a.state = 'sending'"),
    "task": ("working", "a.state = 'task'"),
    "answered": ("working", "a.state = 'answered' AND urls IS NOT NULL"),
    "some received": (
        "working",
        "a.state = 'received' AND j.state = 'working' AND request LIKE '%\"n\":2%'",
    ),
    "received": ("received", "j.state = 'received'"),
    "ended, not told": ("failed", "j.ended_at IS NOT NULL AND told = 0"),
}


def seed() -> int:
    """Return EASEL_SEED, which tries other moments; without it they are always the same."""
    return int(os.environ.get("EASEL_SEED", "0"))


async def run_to_end(folder: Path, gateway: CountingGateway) -> None:
    """Let a last process finish everything, and look at what it leaves."""
    ended = await run(
        SERVICE_PROCESS, str(folder), gateway.url, "0", folder=folder, env=environment(folder)
    )
    assert (ended.code, ended.err) == (0, ""), ended.err
    invariants.check(folder, gateway)


async def kill_at_row(folder: Path, gateway: CountingGateway, sql: str, *, jobs: int) -> None:
    """Run a process until it kills itself."""
    command = (SERVICE_PROCESS, str(folder), gateway.url, str(jobs), sql)
    async with running(*command, folder=folder, env=environment(folder)) as process:
        code = await asyncio.wait_for(process.wait(), TIMEOUT_S)
    assert code == -signal.SIGKILL


@pytest.mark.parametrize("state", CRASHES)
async def test_a_crash_in_any_state_costs_nobody_anything(tmp_path: Path, state: str) -> None:
    """The commit that makes this state is the last: the next start knows what to do."""
    job_state, condition = CRASHES[state]
    sql = f"SELECT 1 FROM jobs AS j LEFT JOIN attempts AS a ON a.job_id = j.id WHERE {condition}"
    chance = Random(0)
    async with open_gateway(chance, refused=float(state == "ended, not told")) as gateway:
        await kill_at_row(tmp_path, gateway, sql, jobs=5)
        died_in = invariants.rows(tmp_path, sql.replace("SELECT 1", "SELECT j.state"))
        assert (job_state,) in died_in
        await run_to_end(tmp_path, gateway)


async def kill_at_random(folder: Path, gateway: CountingGateway, chance: Random) -> None:
    """Kill a process while 50 jobs run, up to two seconds after it opened."""
    command = (SERVICE_PROCESS, str(folder), gateway.url, str(JOBS))
    async with running(*command, folder=folder, env=environment(folder)) as process:
        assert process.stdout is not None
        await asyncio.wait_for(process.stdout.readline(), TIMEOUT_S)
        try:
            await asyncio.wait_for(process.wait(), chance.uniform(0, 2))
        except TimeoutError:
            process.kill()


@pytest.mark.slow
async def test_crashes_at_random_moments_cost_nobody_anything(tmp_path: Path) -> None:
    """Whatever the moment: every job ends once, is paid once and delivered once."""
    chance = Random(seed())
    async with open_gateway(chance, refused=0.05, broken=0.05) as gateway:
        for _ in range(KILLS):
            await kill_at_random(tmp_path, gateway, chance)
        await run_to_end(tmp_path, gateway)
    ((jobs,),) = invariants.rows(tmp_path, "SELECT COUNT(*) FROM jobs")
    assert jobs >= JOBS

"""The studio under SIGKILL: at every line of the table of crashes, and at random moments."""

import asyncio
import os
import signal
from pathlib import Path
from random import Random

import pytest

from tests.cli.process import environment, run, running
from tests.crash import books
from tests.crash.gateway import Till, open_till

DRIVER = "tests.crash.driver"
JOBS = 50
KILLS = int(os.environ.get("EASEL_KILLS", "6"))
TIMEOUT_S = 120

TABLE = {
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
    "delivered": ("delivered", "j.state = 'delivered'"),
    "ended, not told": ("failed", "j.ended_at IS NOT NULL AND told = 0"),
}


def the_seed() -> int:
    """Return EASEL_SEED, which tries other moments; without it they are always the same."""
    return int(os.environ.get("EASEL_SEED", "0"))


async def submit_and_wait(folder: Path, till: Till) -> None:
    """Let a last process finish everything, and look at what it leaves."""
    ended = await run(DRIVER, str(folder), till.url, "0", folder=folder, env=environment(folder))
    assert (ended.code, ended.err) == (0, ""), ended.err
    books.check(folder, till)


async def kill_at(folder: Path, till: Till, sql: str, *, jobs: int) -> None:
    """Run a process until it kills itself."""
    command = (DRIVER, str(folder), till.url, str(jobs), sql)
    async with running(*command, folder=folder, env=environment(folder)) as process:
        code = await asyncio.wait_for(process.wait(), TIMEOUT_S)
    assert code == -signal.SIGKILL


@pytest.mark.parametrize("line", TABLE)
async def test_a_death_at_a_line_of_the_table_costs_nobody_anything(
    tmp_path: Path, line: str
) -> None:
    """The commit named by the line is the last: the next start knows what to do."""
    state, condition = TABLE[line]
    sql = f"SELECT 1 FROM jobs AS j LEFT JOIN attempts AS a ON a.job_id = j.id WHERE {condition}"
    chance = Random(0)
    async with open_till(chance, refused=float(line == "ended, not told")) as till:
        await kill_at(tmp_path, till, sql, jobs=5)
        died_in = books.rows(tmp_path, sql.replace("SELECT 1", "SELECT j.state"))
        assert (state,) in died_in
        await submit_and_wait(tmp_path, till)


async def kill_at_random(folder: Path, till: Till, chance: Random) -> None:
    """Kill a process while 50 jobs run, up to two seconds after it opened."""
    command = (DRIVER, str(folder), till.url, str(JOBS))
    async with running(*command, folder=folder, env=environment(folder)) as process:
        assert process.stdout is not None
        await asyncio.wait_for(process.stdout.readline(), TIMEOUT_S)
        try:
            await asyncio.wait_for(process.wait(), chance.uniform(0, 2))
        except TimeoutError:
            process.kill()


@pytest.mark.slow
async def test_deaths_at_random_moments_cost_nobody_anything(tmp_path: Path) -> None:
    """Whatever the moment: every job ends once, is paid once and delivered once."""
    chance = Random(the_seed())
    async with open_till(chance, refused=0.05, broken=0.05) as till:
        for _ in range(KILLS):
            await kill_at_random(tmp_path, till, chance)
        await submit_and_wait(tmp_path, till)
    ((jobs,),) = books.rows(tmp_path, "SELECT COUNT(*) FROM jobs")
    assert jobs >= JOBS

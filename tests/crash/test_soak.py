"""Twenty people for a while, a gateway with faults, and restarts: nothing is lost or leaks."""

import asyncio
import json
import os
from pathlib import Path
from random import Random

import pytest

from tests.cli.process import environment, running
from tests.crash import books
from tests.crash.gateway import Till, open_till
from tests.crash.test_kills import see_through, the_seed

SOAKER = "tests.crash.soaker"
SOAK_S = float(os.environ.get("EASEL_SOAK_S", "6"))
ENDING_S = 120
# What a process may hold more at its end than when it was warm: caches of allocator and SQLite.
MORE_MEGABYTES = 16
MORE_FILES = 2


async def one_process(folder: Path, till: Till, seconds: float) -> None:
    """Run a process to its end; when it is through it holds no more than when it was warm."""
    command = (SOAKER, str(folder), till.url, str(seconds))
    async with running(*command, folder=folder, env=environment(folder), fresh=True) as process:
        out, err = await asyncio.wait_for(process.communicate(), seconds + ENDING_S)
    assert (process.returncode, err) == (0, b""), err.decode()
    warm, end = json.loads(out)
    print(f"soak: warm {warm}, end {end}")  # noqa: T201 - the closing note quotes it
    assert end["tasks"] == warm["tasks"] == 1
    assert end["files"] <= warm["files"] + MORE_FILES
    assert end["megabytes"] <= warm["megabytes"] + MORE_MEGABYTES


async def killed_process(folder: Path, till: Till, seconds: float) -> None:
    """Run a process and kill it in the middle of its work."""
    command = (SOAKER, str(folder), till.url, str(2 * seconds))
    async with running(*command, folder=folder, env=environment(folder), fresh=True) as process:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(process.wait(), seconds)
        process.kill()


async def soak(folder: Path, *, seconds: float, restarts: int) -> None:
    """Let processes follow each other, every second one killed, and compare everything."""
    chance = Random(the_seed())
    async with open_till(chance, refused=0.05, broken=0.05) as till:
        for number in range(restarts + 1):
            run_for = killed_process if number % 2 else one_process
            await run_for(folder, till, seconds / (restarts + 1))
        await see_through(folder, till)
    print(books.rows(folder, "SELECT state, COUNT(*) FROM jobs GROUP BY state"))  # noqa: T201


@pytest.mark.slow
async def test_a_busy_while_loses_and_leaks_nothing(tmp_path: Path) -> None:
    """Tasks, files, memory and holds: a bot that runs for a month must not fill up."""
    await soak(tmp_path, seconds=SOAK_S, restarts=max(2, round(SOAK_S / 60) - 1))

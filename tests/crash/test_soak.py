"""Twenty people, a gateway with faults, a locked database, restarts: nothing is lost or leaks."""

import asyncio
import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from tests.cli.process import environment, running
from tests.crash import invariants
from tests.crash.counting_gateway import CountingGateway, open_gateway
from tests.crash.test_kills import run_to_end, seed

SOAK_PROCESS = "tests.crash.soak_process"
SOAK_S = float(os.environ.get("EASEL_SOAK_S", "6"))
ENDING_S = 120
# What a process may hold more at its end than when it was warm: caches of allocator and SQLite.
MORE_MEGABYTES = 16
MORE_FILES = 2
# Connections to the gateway are kept for a while: at most as many as requests at once, of hundreds.
MORE_SOCKETS = 40


async def one_process(folder: Path, gateway: CountingGateway, seconds: float) -> None:
    """Run a process to its end; when it is through it holds no more than when it was warm."""
    command = (SOAK_PROCESS, str(folder), gateway.url, str(seconds))
    async with running(*command, folder=folder, env=environment(folder), fresh=True) as process:
        out, err = await asyncio.wait_for(process.communicate(), seconds + ENDING_S)
    assert (process.returncode, err) == (0, b""), err.decode()
    warm, end = json.loads(out)
    print(f"soak: warm {warm}, end {end}")  # noqa: T201 - the closing note quotes it
    assert end["tasks"] == warm["tasks"] == 2  # the soak's own, and what reads costs again
    assert end["files"] <= warm["files"] + MORE_FILES
    assert end["sockets"] <= warm["sockets"] + MORE_SOCKETS
    assert end["megabytes"] <= warm["megabytes"] + MORE_MEGABYTES


async def killed_process(folder: Path, gateway: CountingGateway, seconds: float) -> None:
    """Run a process and kill it in the middle of its work."""
    command = (SOAK_PROCESS, str(folder), gateway.url, str(2 * seconds))
    async with running(*command, folder=folder, env=environment(folder), fresh=True) as process:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(process.wait(), seconds)
        process.kill()


async def lock_at_times(path: Path, every_s: float) -> None:
    """Keep other processes from writing for a quarter of the time: 15 s of each minute."""
    while True:
        await asyncio.sleep(every_s * 3 / 4)
        with closing(sqlite3.connect(path, isolation_level=None, timeout=5)) as other:
            other.execute("BEGIN IMMEDIATE")
            await asyncio.sleep(every_s / 4)


async def soak(folder: Path, *, seconds: float, restarts: int) -> None:
    """Let processes follow each other, every second one killed, and compare everything."""
    chance, turn_s = Random(seed()), seconds / (restarts + 1)
    async with open_gateway(chance, refused=0.05, broken=0.05) as gateway:
        locking = asyncio.create_task(lock_at_times(folder / "easel.db", min(turn_s, 60)))
        for number in range(restarts + 1):
            run_for = killed_process if number % 2 else one_process
            await run_for(folder, gateway, turn_s)
        locking.cancel()
        await asyncio.wait((locking,))
        assert locking.cancelled()
        await run_to_end(folder, gateway)
    print(invariants.rows(folder, "SELECT state, COUNT(*) FROM jobs GROUP BY state"))  # noqa: T201


@pytest.mark.slow
async def test_a_busy_while_loses_and_leaks_nothing(tmp_path: Path) -> None:
    """Tasks, files, memory and holds: a bot that runs for a month must not fill up."""
    await soak(tmp_path, seconds=SOAK_S, restarts=max(2, round(SOAK_S / 60) - 1))

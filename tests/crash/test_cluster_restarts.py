"""The database's server is killed and started again, under processes that work."""

import asyncio
import os
from pathlib import Path
from random import Random

import pytest

from tests.crash.clusters import open_clusters
from tests.crash.counting_gateway import open_gateway
from tests.crash.invariants import rows
from tests.crash.test_kills import seed
from tests.database.postgresql_server import binaries, postgresql_server

PROCESSES = 3
JOBS = 8
RESTARTS = int(os.environ.get("EASEL_DATABASE_RESTARTS", "2"))


@pytest.mark.slow
@pytest.mark.skipif(binaries() is None, reason="there is no PostgreSQL server")
async def test_a_server_that_crashes_and_comes_back_costs_nobody_anything(tmp_path: Path) -> None:
    """Nothing that was confirmed is lost, nothing is done twice, and whoever waits goes on."""
    chance = Random(seed())
    with postgresql_server() as server:
        async with (
            open_gateway(chance, refused=0.05, broken=0.05) as gateway,
            open_clusters(tmp_path, gateway, server.migrated_database()) as clusters,
        ):
            for _ in range(PROCESSES):
                await clusters.start(jobs=JOBS)
            for _ in range(RESTARTS):
                await asyncio.sleep(chance.uniform(1.0, 3.0))
                before = len(clusters.actions())
                await asyncio.to_thread(server.stop)
                await asyncio.sleep(chance.uniform(0.0, 2.0))
                await asyncio.to_thread(server.start)
                async with asyncio.timeout(60):
                    while len(clusters.actions()) < before + 2 * JOBS:  # noqa: ASYNC110
                        await asyncio.sleep(0.05)
            await clusters.finish()
            written = {job for (job,) in rows(tmp_path, "SELECT id FROM jobs")}
        shown = {job for _, what, job in clusters.actions() if what != "place"}
    assert shown <= written
    print(f"restarts: {RESTARTS}, jobs: {len(written)}")  # noqa: T201 - the closing note quotes it

"""Four processes over one PostgreSQL server, of which one is killed again and again."""

import asyncio
import os
from pathlib import Path
from random import Random

import pytest

from tests.crash.clusters import open_clusters
from tests.crash.counting_gateway import open_gateway
from tests.crash.test_kills import seed
from tests.database.postgresql_server import Server

PROCESSES = 4
JOBS = 8
KILLS = int(os.environ.get("EASEL_CLUSTER_KILLS", "3"))
LONGEST_WAIT_S = 1.5


@pytest.mark.slow
async def test_processes_that_are_killed_cost_nobody_anything(
    postgresql: Server, tmp_path: Path
) -> None:
    """The others go on with its jobs: none is sent twice, and every person is told the end."""
    chance, database = Random(seed()), postgresql.migrated_database()
    async with (
        open_gateway(chance, refused=0.05, broken=0.05) as gateway,
        open_clusters(tmp_path, gateway, database) as clusters,
    ):
        for _ in range(PROCESSES):
            await clusters.start(jobs=JOBS)
        for _ in range(KILLS):
            await asyncio.sleep(chance.uniform(0, LONGEST_WAIT_S))
            await clusters.kill(chance.choice(clusters.running))
            await clusters.start(jobs=JOBS)
        await clusters.finish()
    jobs = len({job for _, _, job in clusters.actions()})
    print(f"kills: {KILLS}, jobs: {jobs}, taken over: {clusters.taken_over()}")  # noqa: T201
    assert clusters.taken_over() > 0

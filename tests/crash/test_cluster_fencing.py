"""A process that is stopped, loses its session, and goes on after others have taken its jobs."""

import asyncio
import os
import signal
import time
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import psycopg
import pytest

from bot.core.liveness import SESSION_WAITS
from bot.database.postgresql.transaction import lock_key
from tests.crash.clusters import Cluster, Clusters, open_clusters
from tests.crash.counting_gateway import open_gateway
from tests.crash.invariants import rows
from tests.crash.test_kills import seed
from tests.database.postgresql_server import Server

JOBS = 8
STOPS = int(os.environ.get("EASEL_CLUSTER_STOPS", "2"))
LONGEST_WAIT_S = 1.5
TAKEN_WITHIN_S = 60
POLL_S = 0.05
UNFINISHED = "SELECT id FROM jobs WHERE (ended_at IS NULL OR told = 0)"
# What is written of a job; sums over several jobs, such as meters, go on with the next ones.
WRITTEN = {
    "jobs": "id",
    "attempts": "job_id",
    "costs": "job_id",
    "charges": "job_id",
    "messages": "job_id",
    "intents": "job_id",
    "pictures": "job_id",
}


def end_session(database: str, owner: str) -> None:
    """End the session of a process; its other connections stay."""
    with closing(psycopg.connect(database, autocommit=True)) as connection:
        ended = connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory'"
            " AND classid::bigint << 32 | objid::bigint = %s",
            (lock_key(f"process:{owner}"),),
        ).fetchall()
    assert ended == [(True,)]


def of_jobs(folder: Path, jobs: set[str]) -> dict[str, list[tuple[Any, ...]]]:
    """Return what is written of some jobs."""
    found = {}
    for table, column in WRITTEN.items():
        rows_of_all = rows(folder, f"SELECT {column}, row_to_json({table})::text FROM {table}")
        found[table] = sorted(row for row in rows_of_all if row[0] in jobs)
    return found


async def until_empty(folder: Path, sql: str) -> float:
    """Wait until a query finds no row; return how many seconds that took."""
    began = time.monotonic()
    async with asyncio.timeout(TAKEN_WITHIN_S):
        while await asyncio.to_thread(rows, folder, sql):  # noqa: ASYNC110 - nobody tells it
            await asyncio.sleep(POLL_S)
    return time.monotonic() - began


async def stop_and_go_on(clusters: Clusters, stopped: Cluster) -> set[str]:
    """Stop a process until another has ended its jobs; return which these were."""
    folder = clusters.folder
    stopped.process.send_signal(signal.SIGSTOP)
    own = f"SELECT id FROM jobs WHERE owner = '{stopped.owner}'"
    unfinished = f"{own} AND {UNFINISHED.partition(' WHERE ')[2]}"
    open_jobs = {job for (job,) in rows(folder, unfinished)}
    await asyncio.to_thread(end_session, clusters.database, stopped.owner)
    took_s = await until_empty(folder, unfinished)
    print(f"taken over: {len(open_jobs)} within {took_s:.1f} s")  # noqa: T201
    await until_empty(folder, UNFINISHED)
    ended = {job for (job,) in rows(folder, "SELECT id FROM jobs")}
    written, shown = of_jobs(folder, ended), clusters.actions()
    paid = dict(clusters.gateway.paid)
    known = rows(folder, own)
    stopped.process.send_signal(signal.SIGCONT)
    # It goes on with what is its own, and is trusted with new jobs.
    async with asyncio.timeout(TAKEN_WITHIN_S):
        while _count(folder, f"{own} AND told = 1") < len(known) + JOBS:  # noqa: ASYNC110 - as above
            await asyncio.sleep(POLL_S)
    assert of_jobs(folder, ended) == written
    again = [action for action in clusters.actions()[len(shown) :] if action[0] == stopped.number]
    # What it had decided to show in the moment when it was stopped, and nothing else.
    late = [action for action in again if action[2] in ended]
    assert late in ([], [action for action in again[:1] if action[1] in ("place", "update")])
    assert {prompt: clusters.gateway.paid[prompt] for prompt in paid} == paid
    return open_jobs


def _count(folder: Path, sql: str) -> int:
    return len(rows(folder, sql))


@pytest.mark.slow
async def test_a_process_that_others_took_for_dead_writes_and_sends_nothing_more_of_its_jobs(
    postgresql: Server, tmp_path: Path
) -> None:
    """A laptop that sleeps, a machine that is moved: what it did last may be an hour ago."""
    chance, database = Random(seed()), postgresql.migrated_database()
    async with (
        open_gateway(chance, refused=0.05, broken=0.05) as gateway,
        open_clusters(tmp_path, gateway, database) as clusters,
    ):
        stopped = await clusters.start(jobs=JOBS)
        await clusters.start(jobs=0)
        taken = 0
        for _ in range(STOPS):
            await asyncio.sleep(chance.uniform(0.5, LONGEST_WAIT_S))
            taken += len(await stop_and_go_on(clusters, stopped))
        await clusters.finish()
    print(f"stops: {STOPS}, taken over: {taken}")  # noqa: T201 - the closing note quotes it
    assert taken > 0


@pytest.mark.slow
async def test_jobs_of_a_dead_process_are_taken_over_within_a_minute(
    postgresql: Server, tmp_path: Path
) -> None:
    """With the pauses of production: whoever waits for a picture is not left alone for long."""
    database = postgresql.migrated_database()
    async with (
        open_gateway(Random(seed())) as gateway,
        open_clusters(tmp_path, gateway, database) as clusters,
    ):
        clusters.waits, clusters.longest_sleep_s = SESSION_WAITS, 60.0
        dying = await clusters.start(jobs=JOBS)
        await clusters.start(jobs=0)
        await until_empty(tmp_path, "SELECT 1 WHERE (SELECT COUNT(*) FROM attempts) < 8")
        await clusters.kill(dying)
        own = f"SELECT id FROM jobs WHERE owner = '{dying.owner}'"
        took_s = await until_empty(tmp_path, f"{own} AND {UNFINISHED.partition(' WHERE ')[2]}")
        await clusters.finish()
    print(f"taken over within {took_s:.1f} s, with the pauses of production")  # noqa: T201

"""/readyz and /livez: what they say while something is in the way, and afterwards."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.core.clock import Clock
from bot.core.errors.base import StartRefused
from bot.database.opening import open_database
from bot.monitoring.opening import open_metrics, serve_monitoring
from bot.monitoring.readiness import LEAST_FREE_BYTES, Readiness
from tests.cogs.scripted_gateway import ScriptedGateway
from tests.database.engines import sqlite_only
from tests.database.postgresql_server import Server, postgresql_server
from tests.database.test_outage import commits_wait, largest_file, locked
from tests.jobs.service_harness import RecordingCourier, settings
from tests.monitoring.monitored import Monitored, monitored


@pytest.fixture
async def harness(tmp_path: Path, gateway: ScriptedGateway) -> AsyncIterator[Monitored]:
    async with monitored(tmp_path, gateway) as harness:
        yield harness


async def is_ready_again(harness: Monitored) -> bool:
    """Tell whether the bot is ready, in its answer and in the gauge; the loop turns anyway."""
    status, said = await harness.get("/readyz")
    scrape = await harness.scrape()
    assert (await harness.get("/livez")) == (200, "live\n")
    assert scrape.value("easel_ready") == (status == 200)
    assert (status, said == "ready\n") in {(200, True), (503, False)}
    return status == 200


async def test_a_bot_that_can_serve_people_is_ready(harness: Monitored) -> None:
    """Whoever starts it waits for that."""
    assert await is_ready_again(harness)
    assert (await harness.scrape()).value("easel_database_writable") == 1


@sqlite_only("it is the file that is locked or full")
async def test_a_locked_database_is_not_ready_until_the_lock_is_gone(
    harness: Monitored, tmp_path: Path
) -> None:
    """Requests would be refused: the operator reads which program to look for."""
    with locked(tmp_path / "easel.db"):
        status, said = await harness.get("/readyz")
        assert status == 503
        assert said.startswith("database: nothing could be written")
        assert "end the program that locks it" in said
        scrape = await harness.scrape()
        assert scrape.value("easel_database_writable") == 0
        assert scrape.value("easel_ready") == 0
        assert scrape.value("easel_oldest_open_job_seconds") == 0  # reads go on
    assert await is_ready_again(harness)


@sqlite_only("it is the file that is locked or full")
async def test_a_full_database_is_not_ready_until_there_is_space(
    harness: Monitored, tmp_path: Path
) -> None:
    """The check itself must need space, or it would not see that nothing else has any."""
    log = tmp_path / "easel.db-wal"
    with largest_file(log.stat().st_size):
        status, said = await harness.get("/readyz")
    assert (status, said.split(":")[0]) == (503, "database")
    assert "Free space on its disk" in said
    assert await is_ready_again(harness)


async def test_a_full_disk_is_not_ready(harness: Monitored, tmp_path: Path) -> None:
    """Where pictures find no place the next job fails, also while the database has room."""
    free = [LEAST_FREE_BYTES - 1]
    opening = Readiness.open(
        harness.services.database,
        data_dir=tmp_path,
        shards=lambda: {0: 0.1},
        is_stopping=lambda: False,
        free_bytes=lambda _folder: free[0],
    )
    async with opening as checks:
        (found,) = (await checks.check()).hindrances
        said = "disk: only 20 MB are free where DATA_DIR is. Free space, or lower MAX_DISK and"
        assert str(found) == f"{said} restart."
        free[0] += 1
        assert (await checks.check()).is_ready


async def test_a_shard_that_is_away_is_named(harness: Monitored) -> None:
    """A thousand servers are on several: those of the others are served meanwhile."""
    harness.latencies.update({1: None, 2: 0.1})
    status, said = await harness.get("/readyz")
    assert (status, said.split(".")[0]) == (503, "discord: not connected: shard 1")
    scrape = await harness.scrape()
    connected = [scrape.value("easel_shard_connected", shard=str(shard)) for shard in range(3)]
    assert connected == [1, 0, 1]
    assert scrape.value("easel_shard_latency_seconds", shard="1") is None
    harness.latencies[1] = 0.05
    assert await is_ready_again(harness)


async def test_a_bot_without_shards_is_not_connected_yet(harness: Monitored) -> None:
    """It starts: whoever sends people to it waits."""
    harness.latencies.clear()
    assert (await harness.get("/readyz"))[1].startswith("discord: the bot is not connected yet")


async def test_a_bot_that_stops_is_not_ready_while_jobs_finish(
    harness: Monitored, gateway: ScriptedGateway
) -> None:
    """It accepts nothing more for up to SHUTDOWN_GRACE, and is scraped meanwhile."""
    gateway.gate.clear()
    await harness.submit(RecordingCourier())
    await asyncio.wait_for(gateway.asked.wait(), 60)
    closing = asyncio.create_task(harness.services.job_service.close(grace_s=60))
    await asyncio.sleep(0)
    status, said = await harness.get("/readyz")
    assert (status, said.split(":")[0]) == (503, "stopping")
    assert (await harness.scrape()).value("easel_jobs_running") == 1
    gateway.gate.set()
    await closing


@sqlite_only("it is the file that is locked or full")
async def test_a_database_that_hangs_does_not_hang_the_scrape(harness: Monitored) -> None:
    """Prometheus gives up after ten seconds: the rest is what tells the operator where to look."""
    async with commits_wait(harness.services.database) as (_, may_end):
        async with asyncio.timeout(5):
            scrape = await harness.scrape()
            assert (await harness.get("/readyz"))[0] == 503
        assert scrape.value("easel_database_writable") == 0
        assert "easel_disk_free_bytes" in scrape.names
        may_end.set()
    assert await is_ready_again(harness)


async def test_a_check_leaves_nothing_behind(harness: Monitored) -> None:
    """It writes to the table of migrations: another version there would refuse the next start."""
    before = harness.rows("SELECT * FROM migrations")
    for _ in range(3):
        await harness.get("/readyz")
    assert harness.rows("SELECT * FROM migrations") == before


async def test_an_address_that_is_taken_refuses_the_start(
    harness: Monitored, tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """In one sentence with the setting's name, not with a traceback."""
    taken = settings(tmp_path, gateway, metrics_address=("127.0.0.1", harness.port))
    second = serve_monitoring(
        taken, harness.services, open_metrics(taken), shards=dict, clock=Clock()
    )
    with pytest.raises(StartRefused, match=r"METRICS_ADDRESS cannot be used \(.*in use"):
        await second.__aenter__()


async def test_no_gateway_that_is_asked_is_not_ready(harness: Monitored, tmp_path: Path) -> None:
    """Every request would be refused; as long as one model can be painted, people are served."""
    resting = {"mine": 1.0, "other": 0.5}
    opening = Readiness.open(
        harness.services.database,
        data_dir=tmp_path,
        shards=lambda: {0: 0.1},
        is_stopping=lambda: False,
        resting=lambda: resting,
    )
    async with opening as checks:
        assert (await checks.check()).is_ready
        resting["other"] = 1.0
        (found,) = (await checks.check()).hindrances
        assert str(found).startswith("gateways: nothing is sent to mine, other for a while. Run")


async def test_a_server_that_is_away_is_named_as_one(postgresql: Server, tmp_path: Path) -> None:
    """There is no file to look at: the operator is sent to the server, and the bot goes on."""
    assert postgresql.process is not None  # one of its own is stopped here
    with postgresql_server() as server:
        url = server.new_database()
        opening = open_database(url, backup_dir=tmp_path, now=lambda: 0)
        async with (
            opening as database,
            Readiness.open(
                database,
                data_dir=tmp_path,
                shards=lambda: {0: 0.1},
                is_stopping=lambda: False,
                is_server=True,
            ) as readiness,
        ):
            assert (await readiness.check()).is_ready
            server.stop()
            (away,) = (await readiness.check()).hindrances
            assert "Look at the PostgreSQL server" in str(away)
            server.start()
            for _ in range(200):
                if (await readiness.check()).is_ready:
                    return
                await asyncio.sleep(0.05)  # the pause before the connection is tried again
            raise AssertionError

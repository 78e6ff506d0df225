"""Whole bots in several processes: what Discord sees of their start and of a rolling restart."""

import asyncio
import os
from contextlib import AsyncExitStack
from itertools import pairwise
from pathlib import Path

import pytest

from tests.cli.live_bot import until
from tests.cli.live_cluster import LiveCluster, live_cluster, surroundings
from tests.cli.process import environment, running
from tests.crash.invariants import check_meters, rows
from tests.database.postgresql_server import Server
from tests.discord_rest.fake import APPLICATION_ID
from tests.discord_rest.gateway_socket import IDENTIFY_EVERY_S
from tests.discord_rest.interactions import Asked

CLUSTERS = 3
GATEWAY = "/gateway/bot"
RESTARTS = int(os.environ.get("EASEL_RESTARTS", "1"))

pytestmark = pytest.mark.slow


async def test_shards_of_three_processes_identify_five_seconds_apart(
    tmp_path: Path, postgresql: Server
) -> None:
    """Discord refuses the second of two, and a shard that begins again delays all behind it."""
    async with live_cluster(tmp_path, postgresql, clusters=CLUSTERS, max_concurrency=1) as cluster:
        moments = [one.at_s for one in cluster.socket.identifies]
        assert len(moments) == CLUSTERS
        assert all(after - before >= IDENTIFY_EVERY_S for before, after in pairwise(moments))
        assert cluster.socket.too_early == []
        # The commands are those of the bot, not of each process.
        assert cluster.fake.requests.count(f"PUT /applications/{APPLICATION_ID}/commands") == 1
        assert {record["cluster"] for record in cluster.logged("bot.ready")} == {0, 1, 2}


async def test_commands_of_the_terminal_reach_all_processes(
    tmp_path: Path, postgresql: Server
) -> None:
    """Who asks or changes something means the bot, however many processes it has."""
    async with live_cluster(
        tmp_path, postgresql, clusters=CLUSTERS, max_concurrency=CLUSTERS
    ) as cluster:
        ended = await cluster.command("health")
        assert (ended.code, ended.out) == (0, "".join(f"cluster {n}: ready\n" for n in range(3)))
        ended = await cluster.command("reload")
        lines = ended.out.splitlines()
        assert ended.code == 0
        assert [line.split(" Reloaded")[0] for line in lines] == [f"cluster {n}:" for n in range(3)]
        second = await cluster.command("cluster")
        assert second.code == 2
        assert second.err.startswith("easel: python -m bot cluster already runs on DATA_DIR=data: ")


async def test_without_a_reservation_the_loopback_discord_refuses_them(
    tmp_path: Path, postgresql: Server
) -> None:
    """The control: each process alone keeps discord.py's own distance, and they collide."""
    async with (
        surroundings(tmp_path, postgresql, clusters=CLUSTERS, max_concurrency=1) as found,
        AsyncExitStack() as stack,
    ):
        found.fake.silent.add(GATEWAY)
        for number in range(CLUSTERS):
            env = environment(tmp_path, CLUSTER=str(number))
            one = running("tests.cli.unreserved_process", folder=tmp_path, env=env)
            await stack.enter_async_context(one)
        # They begin to connect together, however long each took to get there.
        await until(lambda: found.fake.asked.count(GATEWAY) == CLUSTERS)
        found.fake.release()
        await until(lambda: bool(found.socket.too_early))


async def test_a_rolling_restart_loses_no_interaction_of_the_others(
    tmp_path: Path, postgresql: Server
) -> None:
    """An update is no outage: two of three clusters serve people at each moment."""
    async with live_cluster(
        tmp_path, postgresql, clusters=CLUSTERS, max_concurrency=CLUSTERS
    ) as cluster:
        before = set(_processes(cluster))
        asked: list[Asked] = []
        for _ in range(RESTARTS):
            restarting = asyncio.create_task(cluster.command("cluster", "restart"))
            while not restarting.done():
                away = _restarting(cluster)
                for shard in {0, 1, 2} - away:
                    asked.append(await cluster.ask(shard, f"a fox, the {len(asked)}th"))
                assert len(cluster.socket.lines) >= CLUSTERS - 1
                await asyncio.sleep(0.25)  # people do not type faster
            ended = await restarting
            assert (ended.code, ended.out) == (0, "Restarted 3 clusters, one after the other.\n")
        assert len(asked) > 10
        await until(lambda: all(one.message and one.message.files for one in asked))
        assert len(cluster.gateway.posts) == len(asked)
        await until(lambda: rows(tmp_path, "SELECT 1 FROM charges WHERE state = 'held'") == [])
        assert rows(tmp_path, "SELECT SUM(credits) FROM charges") == [(len(asked),)]
        check_meters(tmp_path)
        assert before.isdisjoint(_processes(cluster))
        assert cluster.socket.too_early == []


def _restarting(cluster: LiveCluster) -> set[int]:
    """Return the cluster that restarts, and the one that is about to, when that is ready."""
    started = cluster.logged("cluster.restarting")
    number = started[-1]["cluster"] if started else 0
    return {number, (number + 1) % CLUSTERS}


def _processes(cluster: LiveCluster) -> list[str]:
    folder = cluster.folder / "data" / "run"
    return [file.read_text() for file in sorted(folder.glob("cluster-*/bot.pid"))]

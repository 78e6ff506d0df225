"""``python -m bot health``: one line and an exit code, for containers and scripts."""

import asyncio
from pathlib import Path

from bot.core.bot_process import announce_bot
from tests.cli.process import environment, run
from tests.cogs.scripted_gateway import ScriptedGateway
from tests.monitoring.monitored import monitored


async def test_it_says_in_one_line_what_the_bot_says(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """A container's check sees nothing but the exit code; a person reads the line."""
    async with monitored(tmp_path, gateway) as harness:
        env = environment(tmp_path, gateway, METRICS_ADDRESS=f"0.0.0.0:{harness.port}")
        well = await run("bot", "health", folder=tmp_path, env=env)
        harness.latencies[0] = None
        ill = await run("bot", "health", folder=tmp_path, env=env)
    assert (well.code, well.out, well.err) == (0, "ready\n", "")
    assert (ill.code, ill.out.count("\n")) == (1, 1)
    assert ill.out.startswith("discord: not connected: shard 0. It connects again by itself")
    nobody = await run("bot", "health", folder=tmp_path, env=env)
    assert (nobody.code, nobody.out.count("\n")) == (1, 1)
    assert nobody.out.startswith(f"no answer at 0.0.0.0:{harness.port} ")


async def test_each_process_of_the_machine_is_asked(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """On the second of three machines, clusters 3 to 5 run: nobody there answers for cluster 0."""
    folder = tmp_path / "data" / "run" / "cluster-3"
    async with monitored(tmp_path, gateway) as harness:
        more = {"METRICS_ADDRESS": str(harness.port - 3), "CLUSTERS": "6", "SHARD_COUNT": "6"}
        env = environment(tmp_path, gateway, **more)
        with announce_bot(folder):
            here = await run("bot", "health", folder=tmp_path, env=env)
            one = await run("bot", "health", folder=tmp_path, env={**env, "CLUSTER": "3"})
    assert (here.code, here.out, here.err) == (0, "cluster 3: ready\n", "")
    assert (one.code, one.out, one.err) == (0, "ready\n", "")


async def test_without_an_address_it_says_what_to_set(tmp_path: Path) -> None:
    """Metrics are off by default, so whoever writes a health check meets this first."""
    ended = await run("bot", "health", folder=tmp_path, env=environment(tmp_path))
    assert (ended.code, ended.out.count("\n")) == (1, 1)
    assert "Set it to a port such as 9464" in ended.out


async def test_something_else_at_the_address_is_not_healthy(tmp_path: Path) -> None:
    """A port that another program took must not look like a bot that is well."""

    async def talk(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example.org\r\n")
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as other:
        port = other.sockets[0].getsockname()[1]
        env = environment(tmp_path, METRICS_ADDRESS=str(port))
        ended = await run("bot", "health", folder=tmp_path, env=env)
    assert (ended.code, ended.err) == (1, "")


async def test_it_loads_little(tmp_path: Path) -> None:
    """Containers ask twice a minute: discord.py alone would take seconds of a small machine."""
    env = environment(tmp_path, METRICS_ADDRESS="1", PYTHONPROFILEIMPORTTIME="1")
    ended = await run("bot", "health", folder=tmp_path, env=env, fresh=True)
    loaded = {line.rpartition("|")[2].strip() for line in ended.err.splitlines()}
    assert ended.code == 1
    assert "bot.cli.health" in loaded
    assert not loaded & {"discord", "prometheus_client", "bot.services", "bot.cli.imagine"}

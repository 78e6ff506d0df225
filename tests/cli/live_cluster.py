"""A bot of several processes on PostgreSQL and a loopback Discord; each shard has one server."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.cli.live_bot import KeyedGateway, keyed_gateway, read_log, table, until, write_settings
from tests.cli.process import Ended, environment, run, running
from tests.crash.invariants import DATABASE_URL
from tests.crash.wire_events import by
from tests.database.postgresql_server import Server
from tests.discord_rest.events import BOT_PERMISSIONS, command
from tests.discord_rest.fake import Answer, FakeDiscord, fake_discord
from tests.discord_rest.gateway_socket import GatewaySocket, gateway_socket_of, server
from tests.discord_rest.interactions import Asked
from tests.free_ports import free_ports


def server_of(shard_id: int, shards: int) -> int:
    """Return a server of a shard (events/gateway, Sharding)."""
    return (100 * shards + shard_id) << 22


def channel_of(shard_id: int) -> int:
    """Return the channel of a shard's server."""
    return 10_000 + shard_id


@dataclass
class LiveCluster:
    """The supervisor, and what its processes say."""

    folder: Path
    process: asyncio.subprocess.Process
    fake: FakeDiscord
    socket: GatewaySocket
    gateway: KeyedGateway
    log: list[dict[str, Any]] = field(default_factory=list)
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(1000))

    def logged(self, event: str) -> list[dict[str, Any]]:
        """Return the records of an event."""
        return [record for record in self.log if record.get("event") == event]

    async def ask(self, shard_id: int, prompt: str) -> Asked:
        """Let somebody type an /imagine in the server of a shard."""
        id_, channel = next(self._ids), channel_of(shard_id)
        guild = str(server_of(shard_id, self.fake.shards))
        token = self.fake.interactions.ask(channel, id_)
        typed = command(id_, token, "imagine", prompt=prompt)
        typed["channel"]["id"] = typed["channel_id"] = str(channel)
        typed["guild"]["id"] = typed["guild_id"] = guild
        typed["authorizing_integration_owners"] = {"0": guild}
        await self.socket.tell("INTERACTION_CREATE", by(id_, typed))
        return self.fake.interactions.asked[token]

    async def command(self, *arguments: str) -> Ended:
        """Run a command of ``python -m bot`` beside it."""
        return await run("bot", *arguments, folder=self.folder, env=environment(self.folder))


@dataclass(frozen=True)
class Surroundings:
    """What the processes reach, and the folder with their settings."""

    folder: Path
    fake: FakeDiscord
    socket: GatewaySocket
    gateway: KeyedGateway


@asynccontextmanager
async def surroundings(
    folder: Path, postgresql: Server, *, clusters: int, max_concurrency: int
) -> AsyncIterator[Surroundings]:
    """Open all that a bot of so many processes with one shard each needs, and its settings."""
    async with fake_discord() as fake, keyed_gateway() as gateway:
        shards = fake.shards = clusters
        fake.max_concurrency = max_concurrency
        owner = {"username": "olga", "discriminator": "0", "avatar": None}
        fake.instead["/users/7"] = Answer(200, {"id": "7", **owner})
        servers = [
            server(server_of(shard, shards), [channel_of(shard)], BOT_PERMISSIONS)
            for shard in range(shards)
        ]
        database = postgresql.migrated_database()
        (folder / DATABASE_URL).write_text(database)
        write_settings(
            folder,
            table("main", gateway, "gpt-image-2"),
            GATEWAYS__MAIN__API_KEY="sk-planted",
            DATABASE_URL=database,
            DISCORD_API_URL=fake.base,
            METRICS_ADDRESS=str(free_ports(clusters)),
            SHARD_COUNT=str(shards),
            CLUSTERS=str(clusters),
        )
        async with gateway_socket_of(fake, servers) as socket:
            yield Surroundings(folder, fake, socket, gateway)


@asynccontextmanager
async def live_cluster(
    folder: Path, postgresql: Server, *, clusters: int, max_concurrency: int
) -> AsyncIterator[LiveCluster]:
    """Start ``python -m bot cluster``; at the end nobody must have been refused anything."""
    around = surroundings(folder, postgresql, clusters=clusters, max_concurrency=max_concurrency)
    async with (
        around as found,
        running("bot", "cluster", folder=folder, env=environment(folder), fresh=True) as process,
    ):
        cluster = LiveCluster(folder, process, found.fake, found.socket, found.gateway)
        reading = asyncio.create_task(read_log(process, cluster.log))
        try:
            await until(lambda: bool(cluster.logged("clusters.ready")) or reading.done())
            assert not reading.done(), cluster.log
            yield cluster
        finally:
            if process.returncode is None:
                process.terminate()
            assert await asyncio.wait_for(process.wait(), 60) == 0
            await reading
        assert (found.fake.refused, found.socket.rejected) == ([], [])

"""The Discord of ``benchmarks.guilds``: as many servers and shards as asked, in its own process.

It prints the addresses of its REST and of its gateway, and serves until its input ends. A line
``AUTHOR_ID EMOJI COUNT`` of the input is so many reactions to messages of that author, over all
shards; it answers ``done`` when the bot has read them all.
"""

import argparse
import asyncio
import json
import sys
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from aiohttp import web

from benchmarks.guild_payloads import guild, reaction, server_id, shard_of
from tests.discord_rest.events import Payload
from tests.discord_rest.fake import APPLICATION_ID, Answer, fake_discord, user
from tests.discord_rest.gateway_socket import (
    HEARTBEAT,
    HEARTBEAT_ACK,
    HEARTBEAT_MS,
    HELLO,
    IDENTIFY,
    Line,
)

MAX_CONCURRENCY = 16
# One IDENTIFY per bucket in this time (events/gateway, Rate Limiting); clocks differ a little.
BUCKET_S = 4.9
FIRST_MESSAGE = 1_100_000_000_000_000_000


@dataclass
class Shards:
    """The gateway of one bot: ``lines`` are its connections by shard."""

    servers: int
    count: int
    url: str = ""
    lines: dict[int, Line] = field(default_factory=dict)
    beats: asyncio.Queue[int] = field(default_factory=asyncio.Queue)
    _identified: dict[int, float] = field(default_factory=dict)

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one shard."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        line = Line(socket, request.query.get("compress"))
        await line.send(HELLO, {"heartbeat_interval": HEARTBEAT_MS})
        async for message in socket:
            payload = json.loads(message.data)
            if payload["op"] == HEARTBEAT:
                await line.send(HEARTBEAT_ACK)
                self.beats.put_nowait(payload["d"] or 0)
            elif payload["op"] == IDENTIFY:
                await self._identify(line, payload["d"])
        return socket

    async def _identify(self, line: Line, data: Payload) -> None:
        shard, count = data["shard"]
        bucket, now = shard % MAX_CONCURRENCY, time.monotonic()
        if count != self.count or now - self._identified.get(bucket, 0.0) < BUCKET_S:
            raise SystemExit("The bot has as many shards as it was told, and waits for a bucket.")
        self._identified[bucket], self.lines[shard] = now, line
        mine = [
            each for each in range(self.servers) if shard_of(server_id(each), self.count) == shard
        ]
        await line.dispatch("READY", self._ready(shard, mine))
        for number in mine:
            await line.dispatch("GUILD_CREATE", guild(number))

    def _ready(self, shard: int, mine: list[int]) -> Payload:
        return {
            "v": 10,
            "user": user(),
            "guilds": [{"id": str(server_id(each)), "unavailable": True} for each in mine],
            "session_id": f"{shard:032x}",
            "resume_gateway_url": self.url,
            "shard": [shard, self.count],
            "application": {"id": str(APPLICATION_ID), "flags": 0},
        }

    async def react(self, author_id: int, emoji: str, count: int) -> None:
        """Tell of reactions, then wait until the bot has read all: it answers a heartbeat."""
        for message in range(count):
            number = message % self.servers
            line = self.lines[shard_of(server_id(number), self.count)]
            data = reaction(number, FIRST_MESSAGE + message, author_id, emoji)
            await line.dispatch("MESSAGE_REACTION_ADD", data)
        while not self.beats.empty():
            self.beats.get_nowait()
        for line in self.lines.values():
            await line.send(HEARTBEAT)
        for _ in self.lines:
            await self.beats.get()


async def serve(servers: int, shards: int) -> None:
    """Serve until the input ends."""
    gateway, app = Shards(servers, shards), web.Application()
    app.router.add_get("/", gateway.serve)
    async with AsyncExitStack() as stack:
        fake = await stack.enter_async_context(fake_discord())
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        gateway.url = f"ws://127.0.0.1:{runner.addresses[0][1]}"
        fake.instead["/gateway/bot"] = Answer(200, _gateway_of_bot(gateway))
        print(json.dumps([fake.base, gateway.url]), flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            author_id, emoji, count = line.split()
            await gateway.react(int(author_id), emoji, int(count))
            print("done", flush=True)


def _gateway_of_bot(gateway: Shards) -> dict[str, object]:
    limit = {"total": 1000, "remaining": 999, "reset_after": 0, "max_concurrency": MAX_CONCURRENCY}
    return {"url": gateway.url, "shards": gateway.count, "session_start_limit": limit}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A Discord of many servers.")
    parser.add_argument("--servers", type=int, default=10_000)
    parser.add_argument("--shards", type=int, default=10)
    given = parser.parse_args()
    asyncio.run(serve(given.servers, given.shards))

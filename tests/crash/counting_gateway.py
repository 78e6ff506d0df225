"""A gateway with latency that counts what it was paid for; a prompt says how it answers.

``… as task`` and ``… by url`` answer so, all others with the picture itself. Of the requests a
share is refused, and a share breaks off.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random

import pybase64
from aiohttp import web

from tests.cogs.scripted_gateway import png

PICTURE = png("64x64")
FILE = pybase64.b64decode(PICTURE)


@dataclass
class CountingGateway:
    """The gateway; ``paid`` counts by prompt the requests that made a picture."""

    chance: Random
    refused: float = 0.0
    broken: float = 0.0
    url: str = ""
    picture: str = PICTURE
    paid: Counter[str] = field(default_factory=Counter)
    begun: int = 0
    tasks: int = 0

    async def generate(self, request: web.Request) -> web.StreamResponse:
        """Answer one POST after a while."""
        prompt = str((await request.json())["prompt"])
        self.begun += 1
        if self.chance.random() < self.refused:
            refusal = {"code": "moderation_blocked", "message": "no"}
            return web.json_response({"error": refusal}, status=400)
        self.paid[prompt] += 1
        await self._latency()
        if self.chance.random() < self.broken:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        return self._made(prompt)

    def _made(self, prompt: str) -> web.Response:
        if prompt.endswith("as task"):
            self.tasks += 1
            return web.json_response({"task_id": f"task-{self.tasks}"})
        if prompt.endswith("by url"):
            return web.json_response({"data": [{"url": f"{self.url}/files/1.png"}]})
        return web.json_response({"created": 1, "data": [{"b64_json": self.picture}]})

    async def task(self, _request: web.Request) -> web.StreamResponse:
        """Say that a task is done, three times of four that it is not."""
        await self._latency()
        if self.chance.random() < 0.75:
            return web.json_response({"status": "running"})
        data = [{"url": f"{self.url}/files/1.png"}]
        return web.json_response({"status": "succeeded", "data": data})

    async def file(self, _request: web.Request) -> web.StreamResponse:
        """Hand over a picture."""
        await self._latency()
        return web.Response(body=FILE, content_type="image/png")

    async def _latency(self) -> None:
        await asyncio.sleep(self.chance.uniform(0.01, 0.25))


@asynccontextmanager
async def open_gateway(
    chance: Random, *, refused: float = 0.0, broken: float = 0.0
) -> AsyncIterator[CountingGateway]:
    """Open the gateway on loopback."""
    gateway = CountingGateway(chance, refused, broken)
    async with serving(gateway):
        yield gateway


@asynccontextmanager
async def serving(gateway: CountingGateway) -> AsyncIterator[None]:
    """Serve a gateway on loopback; from then on it knows its address."""
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_post("/v1/images/generations", gateway.generate)
    app.router.add_post("/v1/images/edits", gateway.generate)
    app.router.add_get("/v1/images/tasks/{id}", gateway.task)
    app.router.add_get("/v1/files/{name}", gateway.file)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    gateway.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield
    finally:
        await runner.cleanup()

"""An image gateway on loopback that can be killed, hang, or break off what it was asked."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum, auto

import pybase64
from aiohttp import web
from PIL import Image

from tests.deploy.prometheus import free_port


class Mood(Enum):
    """What it does with a request."""

    PAINTS = auto()
    HANGS = auto()
    BREAKS_OFF = auto()


class ImageGateway:
    """Serves one port, whenever it runs; ``mood`` may change while requests hang."""

    def __init__(self) -> None:
        self.mood = Mood.PAINTS
        self.asked = 0
        self._port = free_port()
        self._goes_on = asyncio.Event()
        self._runner: web.AppRunner | None = None
        file = io.BytesIO()
        Image.new("RGB", (64, 64), "teal").save(file, "PNG")
        self._picture = {"data": [{"b64_json": pybase64.b64encode(file.getvalue()).decode()}]}

    @property
    def url(self) -> str:
        """Return its base address."""
        return f"http://127.0.0.1:{self._port}/v1"

    async def start(self) -> None:
        """Listen."""
        app = web.Application()
        app.router.add_post("/v1/images/generations", self._generate)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()

    async def kill(self) -> None:
        """Refuse every connection from now on."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def go_on(self) -> None:
        """Paint, also what hangs."""
        self.mood = Mood.PAINTS
        self._goes_on.set()

    async def _generate(self, request: web.Request) -> web.Response:
        self.asked += 1
        await request.read()
        if self.mood is Mood.HANGS:
            await self._goes_on.wait()
        if self.mood is Mood.BREAKS_OFF and request.transport is not None:
            request.transport.abort()
        return web.json_response(self._picture)


@asynccontextmanager
async def image_gateway() -> AsyncIterator[ImageGateway]:
    """Open one."""
    gateway = ImageGateway()
    await gateway.start()
    try:
        yield gateway
    finally:
        gateway.go_on()
        await gateway.kill()

"""An image gateway whose mood a journey chooses: it paints, refuses, waits or hangs up."""

import asyncio
import io
import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache

import pybase64
from aiohttp import BodyPartReader, web
from PIL import Image

KEY = "sk-planted-gateway-key"
MODELS = ("dall-e-3", "gpt-image-2", "easel-painter")


@dataclass(frozen=True)
class Refuses:
    """An OpenAI error body."""

    status: int
    code: str
    message: str = "no"


@dataclass(frozen=True)
class HangsUp:
    """The line is cut after the request arrived."""


@dataclass(frozen=True)
class AsTask:
    """The order becomes a task, which is done when the gate opens."""


@dataclass(frozen=True)
class ByUrl:
    """The picture waits at an address, which answers when the gate opens."""


@dataclass(frozen=True)
class Streams:
    """A preview comes at once, the picture when the gate opens."""


@dataclass(frozen=True)
class Skimps:
    """One picture comes, however many were ordered."""


Mood = Refuses | HangsUp | AsTask | ByUrl | Streams | Skimps


@dataclass
class MoodyGateway:
    """Paints small pictures; ``moods`` are used up first, one for each POST.

    While ``gate`` is clear, every answer waits; ``asked`` is set when the first POST is there.
    """

    url: str = ""
    moods: deque[Mood] = field(default_factory=deque)
    bodies: list[dict[str, object]] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    revised_prompt: str = ""
    lists: int = 0
    polls: int = 0
    downloads: int = 0

    def __post_init__(self) -> None:
        self.gate.set()

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(_event("partial_image", png("32x32")) + b": PING\n\n")
        await self.gate.wait()
        await response.write(_event("completed", png("64x64")))
        return response

    async def task(self, request: web.Request) -> web.Response:
        """Say how far the task is."""
        assert request.match_info["id"] == "task-1"
        self.polls += 1
        if not self.gate.is_set():
            return web.json_response({"status": "running", "progress_pct": 40})
        data = [{"url": f"{self.url}/files/1.png"}]
        return web.json_response({"status": "succeeded", "progress_pct": 100, "data": data})

    async def file(self, request: web.Request) -> web.Response:
        """Hand over the picture."""
        self.downloads += 1
        await self.gate.wait()
        return web.Response(body=pybase64.b64decode(png("64x64")), content_type="image/png")

    async def models(self, request: web.Request) -> web.Response:
        """List what is offered here."""
        assert request.headers["Authorization"] == f"Bearer {KEY}"
        self.lists += 1
        return web.json_response({"data": [{"id": name} for name in MODELS]})

    async def generate(self, request: web.Request) -> web.StreamResponse:
        """Answer one POST."""
        assert request.headers["Authorization"] == f"Bearer {KEY}"
        self.bodies.append(body := await _read(request))
        self.asked.set()
        mood = self.moods.popleft() if self.moods else None
        if isinstance(mood, AsTask):
            return web.json_response({"task_id": "task-1"})
        if isinstance(mood, Streams):
            return await self._stream(request)
        if isinstance(mood, ByUrl):
            return web.json_response({"data": [{"url": f"{self.url}/files/1.png"}]})
        if isinstance(mood, HangsUp):
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        await self.gate.wait()
        if isinstance(mood, Refuses):
            error = {"code": mood.code, "message": mood.message, "type": "x", "param": None}
            return web.json_response({"error": error}, status=mood.status)
        item = {
            "b64_json": png(str(body.get("size", "64x64"))),
            "revised_prompt": self.revised_prompt,
        }
        made = 1 if isinstance(mood, Skimps) else int(str(body["n"]))
        return web.json_response({"created": 1, "data": [item] * made})


def _event(name: str, b64_json: str) -> bytes:
    data = json.dumps({"type": f"image_generation.{name}", "b64_json": b64_json})
    return f"event: image_generation.{name}\ndata: {data}\n\n".encode()


async def _read(request: web.Request) -> dict[str, object]:
    """Return the fields; of a form, its files by field as lists of bytes."""
    if request.content_type == "application/json":
        body: dict[str, object] = await request.json()
        return body
    fields: dict[str, object] = {}
    files: dict[str, list[bytes]] = {}
    async for part in await request.multipart():
        assert isinstance(part, BodyPartReader)
        if part.filename:
            files.setdefault(str(part.name), []).append(bytes(await part.read()))
        else:
            fields[str(part.name)] = await part.text()
    return {**fields, **files}


@cache
def png(size: str) -> str:
    """Return a one-coloured picture as base64."""
    width, height = (int(side) for side in size.split("x"))
    file = io.BytesIO()
    Image.new("RGB", (width, height), (90, 120, 150)).save(file, "png")
    return pybase64.b64encode(file.getvalue()).decode()


@asynccontextmanager
async def moody_gateway() -> AsyncIterator[MoodyGateway]:
    """Open the gateway on loopback."""
    moody = MoodyGateway()
    app = web.Application()
    app.router.add_post("/v1/images/generations", moody.generate)
    app.router.add_post("/v1/images/edits", moody.generate)
    app.router.add_get("/v1/images/tasks/{id}", moody.task)
    app.router.add_get("/v1/files/1.png", moody.file)
    app.router.add_get("/v1/models", moody.models)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    moody.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield moody
    finally:
        moody.gate.set()
        await runner.cleanup()

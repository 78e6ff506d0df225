"""An image gateway on loopback whose replies a test scripts: pictures, errors, lost connections."""

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
class ErrorReply:
    """An OpenAI error body."""

    status: int
    code: str
    message: str = "no"


@dataclass(frozen=True)
class ClosedConnection:
    """The connection is closed after the request arrived."""


@dataclass(frozen=True)
class TaskReply:
    """The request becomes a task, which is done when ``gate`` is set."""


@dataclass(frozen=True)
class UrlReply:
    """Pictures are given as URLs, which answer when ``gate`` is set, unless they have expired."""

    made: int = 1
    expired: int = 0


@dataclass(frozen=True)
class StreamReply:
    """A preview is streamed at once, the picture when ``gate`` is set."""


@dataclass(frozen=True)
class FewerPictures:
    """One picture is returned, however many were requested."""


ScriptedReply = ErrorReply | ClosedConnection | TaskReply | UrlReply | StreamReply | FewerPictures


@dataclass
class ScriptedGateway:
    """Returns small pictures; ``replies`` are used up first, one for each POST.

    While ``gate`` is clear, every answer waits; ``asked`` is set when the first POST is there.
    """

    url: str = ""
    replies: deque[ScriptedReply] = field(default_factory=deque)
    bodies: list[dict[str, object]] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    revised_prompt: str = ""
    seed: int | None = None
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
        """Return the state of the task."""
        assert request.match_info["id"] == "task-1"
        self.polls += 1
        if not self.gate.is_set():
            return web.json_response({"status": "running", "progress_pct": 40})
        data = [{"url": f"{self.url}/files/1.png"}]
        return web.json_response({"status": "succeeded", "progress_pct": 100, "data": data})

    async def file(self, request: web.Request) -> web.Response:
        """Return the picture."""
        self.downloads += 1
        await self.gate.wait()
        return web.Response(body=pybase64.b64decode(png("64x64")), content_type="image/png")

    async def models(self, request: web.Request) -> web.Response:
        """List the models."""
        assert request.headers["Authorization"] == f"Bearer {KEY}"
        self.lists += 1
        return web.json_response({"data": [{"id": name} for name in MODELS]})

    async def generate(self, request: web.Request) -> web.StreamResponse:
        """Answer one POST."""
        assert request.headers["Authorization"] == f"Bearer {KEY}"
        self.bodies.append(body := await _read(request))
        self.asked.set()
        reply = self.replies.popleft() if self.replies else None
        if isinstance(reply, TaskReply):
            return web.json_response({"task_id": "task-1"})
        if isinstance(reply, StreamReply):
            return await self._stream(request)
        if isinstance(reply, UrlReply):
            names = ["gone.png"] * reply.expired + ["1.png"] * (reply.made - reply.expired)
            data = [{"url": f"{self.url}/files/{name}"} for name in names]
            return web.json_response({"data": data})
        if isinstance(reply, ClosedConnection):
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        await self.gate.wait()
        if isinstance(reply, ErrorReply):
            error = {"code": reply.code, "message": reply.message, "type": "x", "param": None}
            return web.json_response({"error": error}, status=reply.status)
        item: dict[str, object] = {
            "b64_json": png(str(body.get("size", "64x64"))),
            "revised_prompt": self.revised_prompt,
        }
        if self.seed is not None:
            item["seed"] = self.seed
        made = 1 if isinstance(reply, FewerPictures) else int(str(body["n"]))
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
async def scripted_gateway() -> AsyncIterator[ScriptedGateway]:
    """Open the gateway on loopback."""
    gateway = ScriptedGateway()
    app = web.Application()
    app.router.add_post("/v1/images/generations", gateway.generate)
    app.router.add_post("/v1/images/edits", gateway.generate)
    app.router.add_get("/v1/images/tasks/{id}", gateway.task)
    app.router.add_get("/v1/files/1.png", gateway.file)
    app.router.add_get("/v1/models", gateway.models)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    gateway.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield gateway
    finally:
        gateway.gate.set()
        await runner.cleanup()

"""A gateway that notes which references came with a prompt, and Discord's servers of attachments.

A prompt that begins with ``terminal`` is of a terminal job, any other is of the bot: so whoever
kills at a request knows whose it is.
"""

import asyncio
import hashlib
import io
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pybase64
from aiohttp import BodyPartReader, web
from PIL import Image

from tests.crash.counting_gateway import CountingGateway, serving

BOT, TERMINAL = "bot", "terminal"

AfterAnswer = Callable[[str, web.Request, web.Response], Awaitable[web.StreamResponse]]
"""Whose request it was, and what it was answered: what happens between the deed and the answer."""


@dataclass(frozen=True)
class Asked:
    """What a POST asked for; ``references`` are the hashes of its files, at last of the mask."""

    prompt: str
    n: int = 1
    references: tuple[str, ...] = ()


@dataclass
class WireGateway(CountingGateway):
    """The gateway; every picture of it is another one.

    ``paid`` counts pictures, ``references`` are by prompt what came with it, and ``made`` are by
    prompt the hashes of its pictures.
    """

    then: AfterAnswer | None = None
    references: dict[str, set[tuple[str, ...]]] = field(default_factory=lambda: defaultdict(set))
    made: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _files: list[bytes] = field(default_factory=list)

    async def generate(self, request: web.Request) -> web.StreamResponse:
        """Answer one POST after a while."""
        asked = await _read(request)
        whose = TERMINAL if asked.prompt.startswith(TERMINAL) else BOT
        if self.chance.random() < self.refused:
            refusal = {"error": {"code": "moderation_blocked", "message": "no"}}
            return await self._then(whose, request, web.json_response(refusal, status=400))
        self.paid[asked.prompt] += asked.n
        self.references[asked.prompt].add(asked.references)
        await self._latency()
        if self.chance.random() < self.broken:
            if request.transport is not None:  # it is gone when its process was killed
                request.transport.abort()
            return web.Response()
        return await self._then(whose, request, self._answer(whose, asked))

    def _answer(self, whose: str, asked: Asked) -> web.Response:
        numbers = [self._paint(asked.prompt) for _ in range(asked.n)]
        if asked.prompt.endswith("as task"):
            return web.json_response({"task_id": f"{whose}-{numbers[0]}"})
        if asked.prompt.endswith("by url"):
            return web.json_response({"data": [self._address(whose, each) for each in numbers]})
        data = [{"b64_json": pybase64.b64encode(self._files[each]).decode()} for each in numbers]
        return web.json_response({"created": 1, "data": data})

    def _paint(self, prompt: str) -> int:
        """Make a picture of one colour; return its number."""
        number, file = len(self._files), io.BytesIO()
        Image.new("RGB", (64, 64), (number // 256, number % 256, 99)).save(file, "PNG")
        self._files.append(file.getvalue())
        self.made[prompt].add(hashlib.sha256(file.getvalue()).hexdigest())
        return number

    def _address(self, whose: str, number: int) -> dict[str, str]:
        return {"url": f"{self.url}/files/{whose}-{number}.png"}

    async def task(self, request: web.Request) -> web.StreamResponse:
        """Say that a task is done, three times of four that it is not."""
        whose, number = request.match_info["id"].split("-")
        await self._latency()
        if self.chance.random() < 0.75:
            return await self._then(whose, request, web.json_response({"status": "running"}))
        data = [self._address(whose, int(number))]
        done = web.json_response({"status": "succeeded", "data": data})
        return await self._then(whose, request, done)

    async def file(self, request: web.Request) -> web.StreamResponse:
        """Hand over a picture."""
        whose, number = request.match_info["name"].removesuffix(".png").split("-")
        await self._latency()
        picture = web.Response(body=self._files[int(number)], content_type="image/png")
        return await self._then(whose, request, picture)

    async def _then(
        self, whose: str, request: web.Request, response: web.Response
    ) -> web.StreamResponse:
        return response if self.then is None else await self.then(whose, request, response)


async def _read(request: web.Request) -> Asked:
    read = _read_form if request.content_type.startswith("multipart/") else _read_json
    return await read(request)


async def _read_json(request: web.Request) -> Asked:
    body: dict[str, Any] = await request.json()
    images = [*body.get("images", []), *([body["mask"]] if "mask" in body else [])]
    files = [pybase64.b64decode(each["image_url"].partition(",")[2]) for each in images]
    return Asked(body["prompt"], int(body.get("n", 1)), _hashes(files))


async def _read_form(request: web.Request) -> Asked:
    fields: dict[str, str] = {}
    files: list[bytes] = []
    masks: list[bytes] = []
    async for part in await request.multipart():
        assert isinstance(part, BodyPartReader)
        data = bytes(await part.read())
        if part.filename:
            (masks if part.name == "mask" else files).append(data)
        else:
            fields[str(part.name)] = data.decode()
    return Asked(fields["prompt"], int(fields.get("n", "1")), _hashes([*files, *masks]))


def _hashes(files: list[bytes]) -> tuple[str, ...]:
    return tuple(hashlib.sha256(data).hexdigest() for data in files)


@asynccontextmanager
async def open_wire_gateway(
    chance: Random, *, refused: float, broken: float
) -> AsyncIterator[WireGateway]:
    """Open the gateway on loopback."""
    gateway = WireGateway(chance, refused, broken)
    async with serving(gateway):
        yield gateway


@asynccontextmanager
async def open_cdn(files: dict[str, bytes]) -> AsyncIterator[dict[str, str]]:
    """Serve attachments on loopback, after a moment; return their addresses by name."""

    async def attachment(request: web.Request) -> web.Response:
        await asyncio.sleep(0.05)
        return web.Response(body=files[request.match_info["name"]])

    app = web.Application()
    app.router.add_get("/attachments/{name}", attachment)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}/attachments"
    try:
        yield {name: f"{base}/{name}" for name in files}
    finally:
        await runner.cleanup()

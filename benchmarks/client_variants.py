"""The clients that ``benchmarks.client`` compares; this process measures one of them.

Each is warmed up by one request. All but the minimum leave the pictures as files in a folder.
"""

import argparse
import asyncio
import base64
import gc
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from functools import partial
from pathlib import Path
from statistics import quantiles

import aiohttp

from benchmarks.client_server import PICTURES

MODEL = "gpt-image-2"
PROMPT = "a lighthouse at dusk"
KEY = "sk-benchmark"
TICK_S = 0.005

Paint = Callable[[int], Awaitable[None]]
"""Order four pictures; the number tells one order from the others."""

Client = Callable[[str, Path], AbstractAsyncContextManager[Paint]]
"""Open a client of the gateway at an address, which leaves its files in a folder."""


@asynccontextmanager
async def floor(url: str, folder: Path) -> AsyncIterator[Paint]:  # noqa: ARG001 - no files
    """Read and throw away: nothing can cost less."""

    async def paint(number: int) -> None:  # noqa: ARG001 - no files
        async with session.post("/v1/images/generations", json=_body()) as response:
            async for _ in response.content.iter_any():
                pass

    async with aiohttp.ClientSession(url) as session:
        yield paint


@asynccontextmanager
async def plain_aiohttp(url: str, folder: Path) -> AsyncIterator[Paint]:
    """Paint with aiohttp, json and base64."""

    async def paint(number: int) -> None:
        async with session.post("/v1/images/generations", json=_body()) as response:
            reply = await response.json()
        for index, item in enumerate(reply["data"]):
            _path(folder, number, index).write_bytes(base64.b64decode(item["b64_json"]))

    async with aiohttp.ClientSession(url) as session:
        yield paint


# A client is imported only where it is measured: its objects would slow down the others, because
# the garbage collector walks them.


@asynccontextmanager
async def openai_sdk(url: str, folder: Path) -> AsyncIterator[Paint]:
    """Paint with the official SDK and base64, as its documentation shows it."""
    from openai import AsyncOpenAI  # noqa: PLC0415

    async def paint(number: int) -> None:
        reply = await client.images.generate(model=MODEL, prompt=PROMPT, n=PICTURES)
        for index, item in enumerate(reply.data or ()):
            _path(folder, number, index).write_bytes(base64.b64decode(item.b64_json or ""))

    async with AsyncOpenAI(base_url=f"{url}/v1", api_key=KEY, max_retries=0) as client:
        yield paint


def easel(**settings: str) -> Client:
    """Return a client that uses the router of a gateway with these settings."""
    return partial(_router, settings=settings)


@asynccontextmanager
async def _router(url: str, folder: Path, *, settings: Mapping[str, str]) -> AsyncIterator[Paint]:
    """Use the router, from the request to its last event."""
    from bot.core.clock import Clock  # noqa: PLC0415
    from bot.core.models import ImageRequest  # noqa: PLC0415
    from bot.gateways.catalogue import Catalogue  # noqa: PLC0415
    from bot.gateways.events import GatewayRequest  # noqa: PLC0415
    from bot.gateways.gateway import Gateway  # noqa: PLC0415
    from bot.gateways.routing.router import Router  # noqa: PLC0415

    request = ImageRequest(PROMPT, MODEL, "auto", PICTURES)
    gateway = Gateway(name="benchmark", base_url=url, models=(MODEL,), key=KEY, **settings)  # type: ignore[arg-type]  # words

    async def paint(number: int) -> None:
        order = GatewayRequest(request, PICTURES, folder, f"slot-{number}")
        async with aclosing(router.generate(order)) as events:
            async for _ in events:
                pass

    async with Router([gateway], Catalogue.of([gateway]), clock=Clock()) as router:
        yield paint


def _body() -> dict[str, str | int]:
    return {"model": MODEL, "prompt": PROMPT, "n": PICTURES}


def _path(folder: Path, number: int, index: int) -> Path:
    return folder / f"slot-{number}-{index}.png"


CLIENTS: dict[str, Client] = {
    "sdk": openai_sdk,
    "aiohttp": plain_aiohttp,
    "easel": easel(),
    "chat": easel(api="chat"),
    "stream": easel(api="chat", streaming="sse"),
    "floor": floor,
}


async def figures(client: Client, url: str, folder: Path, *, requests: int, at_once: int) -> str:
    """Send all requests and return what that took, as JSON."""
    async with client(url, folder) as paint:
        await paint(0)
        gc.collect()
        idle_kb = reset_peak()
        cpu_s = time.process_time()
        lags_s = await _lags_of(_painted(paint, requests, at_once))
        cpu_s = time.process_time() - cpu_s
        peak_kb = memory_kb("VmHWM")
    return json.dumps(
        {
            "cpu_ms": cpu_s * 1000 / requests,
            "memory_mb": (peak_kb - idle_kb) / 1024,
            "lag_p99_ms": quantiles(lags_s, n=100, method="inclusive")[98] * 1000,
            "lag_max_ms": max(lags_s) * 1000,
        }
    )


async def _painted(paint: Paint, requests: int, at_once: int) -> None:
    numbers = iter(range(1, requests + 1))

    async def one_after_the_other() -> None:
        for number in numbers:
            await paint(number)

    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(one_after_the_other())


async def _lags_of(work: Awaitable[None]) -> list[float]:
    """Do the work; return by how much each tick came late meanwhile."""
    lags_s: list[float] = []

    async def tick() -> None:
        while True:
            due = time.perf_counter() + TICK_S
            await asyncio.sleep(TICK_S)
            lags_s.append(time.perf_counter() - due)

    ticker = asyncio.create_task(tick())
    try:
        await work
    finally:
        ticker.cancel()
    return lags_s


def reset_peak() -> int:
    """Begin to look for the highest memory, and return what there is now."""
    Path("/proc/self/clear_refs").write_text("5", "ascii")  # man 5 proc: resets VmHWM
    return memory_kb("VmRSS")


def memory_kb(name: str) -> int:
    """Return a figure of this process, by its name in /proc/self/status."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    raise LookupError(name)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Measure one client.")
    parser.add_argument("client", choices=CLIENTS)
    parser.add_argument("url")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--requests", type=int, required=True)
    parser.add_argument("--at-once", type=int, required=True)
    given = parser.parse_args()
    chosen, counts = CLIENTS[given.client], {"requests": given.requests, "at_once": given.at_once}
    print(asyncio.run(figures(chosen, given.url, given.folder, **counts)))

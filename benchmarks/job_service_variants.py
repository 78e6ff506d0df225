"""The job service, and the simplest script: this process measures one of them.

Each is warmed up by a few jobs. Both leave one picture for each job in a folder.
"""

import argparse
import asyncio
import base64
import gc
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING

import aiohttp

from benchmarks.client_variants import memory_kb, reset_peak
from bot.core.models import ImageOptions

if TYPE_CHECKING:
    from bot.settings.settings import Settings

MODEL = "gpt-image-2"
KEY = "sk-benchmark"
PEOPLE = 20
SERVER_ID = 7
WARM_UPS = 5

Paint = Callable[[int, str], Awaitable[None]]
"""Do one job, by its number and its prompt, until its picture lies in the folder."""

Variant = Callable[[str, Path], AbstractAsyncContextManager[Paint]]
"""Open one that paints at an address and leaves its files in a folder; leaving it ends all."""


@asynccontextmanager
async def script(url: str, folder: Path) -> AsyncIterator[Paint]:
    """Paint as the shortest script does: nothing is promised to anybody."""

    async def paint(number: int, prompt: str) -> None:
        body = {"model": MODEL, "prompt": prompt, "n": 1}
        async with session.post("/v1/images/generations", json=body) as response:
            reply = await response.json()
        picture = base64.b64decode(reply["data"][0]["b64_json"])
        (folder / f"{number}.png").write_bytes(picture)

    async with aiohttp.ClientSession(url) as session:
        yield paint


# Imported only where it is measured: its objects would slow down the script, because the garbage
# collector walks them.


@asynccontextmanager
async def job_service(url: str, folder: Path) -> AsyncIterator[Paint]:
    """Run jobs with the services as the bot opens them: limits, log, database and content store."""
    from benchmarks.folder_courier import FolderCourier  # noqa: PLC0415
    from bot.core import logging as bot_logging  # noqa: PLC0415
    from bot.core.clock import Clock  # noqa: PLC0415
    from bot.core.models import Requester  # noqa: PLC0415
    from bot.services import open_services  # noqa: PLC0415

    async def paint(number: int, prompt: str) -> None:
        request = services.catalogue.build_request(ImageOptions(prompt=prompt, model=MODEL, n=1))
        courier = FolderCourier(folder)
        requester = Requester(1 + number % PEOPLE, SERVER_ID, "Somebody")
        await services.job_service.submit(request, requester, courier)
        await courier.delivered.wait()

    settings = _service_settings(url, folder.parent / "data")
    bot_logging.configure(level="INFO", style="console", secrets=settings.secrets)
    async with open_services(settings, Clock()) as services:
        yield paint


def _service_settings(url: str, data: Path) -> "Settings":
    """Return settings with a limit of every kind, and a place for all jobs at once."""
    from pydantic import SecretStr  # noqa: PLC0415

    from bot.quota.limits import parse_limits  # noqa: PLC0415
    from playground.settings import GivenSettings  # noqa: PLC0415

    return GivenSettings(
        image_api_url=url,
        image_api_key=SecretStr(KEY),
        image_models=(MODEL,),
        database_url=f"sqlite:///{data}/easel.db",
        data_dir=data,
        default_quota=parse_limits("10000/day"),
        server_quota=parse_limits("100000/month"),
        total_quota=parse_limits("1000000/month"),
        max_concurrent_jobs=100,
        max_running_per_user=100,
        max_waiting_per_user=100,
        max_requests_per_minute=1000,
    )


VARIANTS: dict[str, Variant] = {"script": script, "easel": job_service}


async def figures(
    variant: Variant, url: str, folder: Path, *, jobs: int, at_once: int, prompt: str
) -> str:
    """Do all jobs and return what that took, as JSON."""
    async with variant(url, folder) as paint:
        await _painted(paint, range(WARM_UPS), WARM_UPS, "a lighthouse")
        gc.collect()
        idle_kb = reset_peak()
        began, cpu_s = time.perf_counter(), time.process_time()
        took_s = await _painted(paint, range(WARM_UPS, WARM_UPS + jobs), at_once, prompt)
        wall_s = time.perf_counter() - began
    # What is left to do after the last delivery, and closing, count as well.
    cpu_s, peak_kb = time.process_time() - cpu_s, memory_kb("VmHWM")
    return json.dumps(
        {
            "cpu_ms": cpu_s * 1000 / jobs,
            "memory_mb": (peak_kb - idle_kb) / 1024,
            "p50_ms": median(took_s) * 1000,
            "p99_ms": quantiles(took_s, n=100, method="inclusive")[98] * 1000,
            "per_s": jobs / wall_s,
        }
    )


async def _painted(paint: Paint, numbers: Sequence[int], at_once: int, prompt: str) -> list[float]:
    """Do the jobs, so many at once; return how long each took, in seconds."""
    waiting, took_s = iter(numbers), []

    async def one_after_the_other() -> None:
        for number in waiting:
            began = time.perf_counter()
            await paint(number, prompt)
            took_s.append(time.perf_counter() - began)

    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(one_after_the_other())
    return took_s


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Measure one variant.")
    parser.add_argument("variant", choices=VARIANTS)
    parser.add_argument("url")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--jobs", type=int, required=True)
    parser.add_argument("--at-once", type=int, required=True)
    parser.add_argument("--prompt", required=True)
    given = parser.parse_args()
    race = {"jobs": given.jobs, "at_once": given.at_once, "prompt": given.prompt}
    print(asyncio.run(figures(VARIANTS[given.variant], given.url, given.folder, **race)))

"""Many members attach large pictures at once: how much memory that takes."""

import io
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from aiohttp import web
from PIL import Image

from tests.cogs.scripted_gateway import png
from tests.memory_group import DISK, MOST_BYTES, run_in_small_machine
from tests.reference_process import JOBS, MEMBERS

FILES = 20
SIDE = 2_516  # of noise, which no format makes small: 19 MB


@asynccontextmanager
async def patient_gateway() -> AsyncIterator[str]:
    """Open a gateway that takes any request and answers with one small picture."""

    async def generate(request: web.Request) -> web.Response:
        while await request.content.readany():
            pass
        return web.json_response({"created": 1, "data": [{"b64_json": png("64x64")}]})

    app = web.Application()
    app.router.add_post("/v1/images/edits", generate)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    finally:
        await runner.cleanup()


def large_file() -> bytes:
    """Return a PNG of 19 MB, unlike any other."""
    data = io.BytesIO()
    noise = Image.frombytes("RGB", (SIDE, SIDE), os.urandom(SIDE * SIDE * 3))
    noise.save(data, "PNG", compress_level=0)
    return data.getvalue()


@pytest.mark.slow
async def test_many_large_references_at_once_take_little_memory(
    record_property: Callable[[str, object], None],
) -> None:
    """Members with ten jobs of five pictures each must not end the bot; EASEL_MEMBERS of them."""
    with TemporaryDirectory(dir=DISK, prefix="easel-test-") as folder:
        files = Path(folder) / "files"
        files.mkdir()
        for number in range(FILES):
            (files / f"{number}.png").write_bytes(large_file())
        async with patient_gateway() as url:
            said = await run_in_small_machine(
                *("-m", "tests.reference_process", folder, url), record_property=record_property
            )
    done, peak = map(int, said.split()[-2:])
    assert done == MEMBERS * JOBS
    assert peak < MOST_BYTES

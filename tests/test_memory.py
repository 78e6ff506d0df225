"""The whole bot in a small machine: how much memory it takes while it fits large pictures."""

import asyncio
import io
import random
import signal
import struct
import time
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pybase64
import pytest
from aiohttp import web
from PIL import Image

from bot.core.clock import Clock
from bot.core.models import CardAddress, Job
from bot.jobs.courier import JobProgress, QueuePosition
from bot.services import open_services
from tests.cli.process import environment, running
from tests.cogs.scripted_gateway import KEY, ScriptedGateway
from tests.discord_rest.fake import APPLICATION_ID, TOKEN, FakeDiscord, fake_discord
from tests.discord_rest.messages import MIB, Message
from tests.jobs.service_harness import RecordingCourier, ServiceHarness, settings

MODEL = "gpt-image-2"
SIZE = (3840, 2160)
PICTURES = 10
CHANNEL = 500
MOST_BYTES = 350_000_000
PATIENCE_S = 300  # of a loaded machine; alone it takes a tenth of that
END = struct.pack(">I4sI", 0, b"IEND", zlib.crc32(b"IEND"))


@dataclass
class Wall:
    """A gateway of large pictures, none like the other; it answers nobody before it is opened."""

    noise: bytes
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    painted: int = 0

    async def generate(self, request: web.Request) -> web.StreamResponse:
        """Answer one POST, picture by picture."""
        body = await request.json()
        self.asked.set()
        await self.opened.wait()
        if request.transport is None:  # whoever asked has died
            return web.Response()
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        await response.write(b'{"created": 1, "data": [')
        for number in range(body["n"]):
            await response.write(b', {"b64_json": "' if number else b'{"b64_json": "')
            for piece in self._picture():
                await response.write(pybase64.b64encode(piece))
            await response.write(b'"}')
        await response.write(b"]}")
        return response

    def _picture(self) -> Iterator[bytes]:
        """Yield the bytes of the next picture, in pieces whose base64 joins up."""
        self.painted += 1
        text = b"Comment\0" + str(self.painted).encode()
        chunk = b"tEXt" + text
        told = struct.pack(">I", len(text)) + chunk + struct.pack(">I", zlib.crc32(chunk))
        picture = self.noise.removesuffix(END) + told + END
        step = 3 << 18
        yield from (picture[at : at + step] for at in range(0, len(picture), step))


@asynccontextmanager
async def open_wall() -> AsyncIterator[tuple[Wall, ScriptedGateway]]:
    """Open it on loopback; the second is its address, for an operator's environment."""
    wall = Wall(noisy())
    app = web.Application()
    app.router.add_post("/v1/images/generations", wall.generate)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield wall, ScriptedGateway(url=f"http://127.0.0.1:{runner.addresses[0][1]}/v1")
    finally:
        wall.opened.set()
        await runner.cleanup()


def noisy() -> bytes:
    """Return a PNG of more than 15 MiB, as a photograph with much detail has."""
    noise = Image.frombytes("RGB", SIZE, random.randbytes(SIZE[0] * SIZE[1] * 3))
    file = io.BytesIO()
    noise.point(lambda value: 100 + value // 8).save(file, "png", compress_level=1)
    return file.getvalue()


@dataclass
class Doorman(RecordingCourier):
    """A courier that places its cards in the loopback Discord."""

    fake: FakeDiscord = field(default_factory=FakeDiscord)
    cards: list[Message] = field(default_factory=list)

    async def place(self, job: Job, *, state: QueuePosition | JobProgress) -> CardAddress | None:
        """Place the next card."""
        token = f"token-{len(self.cards)}"
        self.cards.append(card := self.fake.messages.place(CHANNEL, token))
        return CardAddress(CHANNEL, card.id, APPLICATION_ID, token)


async def accepted(
    folder: Path, wall: Wall, at: ScriptedGateway, courier: RecordingCourier, *, jobs: int
) -> ServiceHarness:
    """Accept jobs for ten pictures in all, behind one that is under way, and die."""
    changes = {"image_models": (MODEL,), "max_concurrent_jobs": 1, "default_quota": ()}
    async with open_services(settings(folder, at, **changes), Clock()) as services:
        harness = ServiceHarness(services, folder)
        await harness.submit(courier)
        await asyncio.wait_for(wall.asked.wait(), 60)
        for _ in range(jobs):
            await harness.submit(courier, n=PICTURES // jobs)
    return harness


async def until_done(harness: ServiceHarness, jobs: int) -> None:
    """Wait until that many jobs are done."""
    async with asyncio.timeout(PATIENCE_S):
        while harness.rows("SELECT COUNT(*) FROM jobs WHERE state = 'done'") != [(jobs,)]:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


def peak_bytes(pid: int) -> int:
    """Return the most memory that a process ever had (proc(5), VmHWM)."""
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 10])
async def test_ten_pictures_of_4k_are_fitted_in_little_memory(tmp_path: Path, jobs: int) -> None:
    """A machine of 512 MB must survive it, in one job or in ten at once; all are delivered."""
    async with open_wall() as (gateway, address), fake_discord() as fake:
        fake.now_ms = time.time_ns() // 1_000_000
        fake.silent.add("/gateway/bot")
        courier = Doorman(fake=fake)
        harness = await accepted(tmp_path / "data", gateway, address, courier, jobs=jobs)
        gateway.opened.set()
        env = environment(
            tmp_path,
            address,
            DISCORD_TOKEN=TOKEN,
            IMAGE_API_KEY=KEY,
            IMAGE_MODELS=MODEL,
            MAX_CONCURRENT_JOBS="10",
            MAX_RUNNING_PER_USER="10",
        )
        async with running(
            "tests.cli.bot_process", fake.base, folder=tmp_path, env=env, fresh=True
        ) as bot:
            await until_done(harness, jobs)
            assert peak_bytes(bot.pid) < MOST_BYTES
            assert fake.refused == []
            bot.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(bot.wait(), 60) == 0
    assert gateway.painted == PICTURES
    files = [file for message in fake.messages.at(CHANNEL) for file in message.files.items()]
    assert len(files) == PICTURES
    assert all(name.endswith(".webp") and MIB < size <= 10 * MIB for name, size in files)
    assert all(card.files for card in courier.cards[1:])

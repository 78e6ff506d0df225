"""A process that runs the job service for many members who attach large pictures.

``python -m tests.reference_process FOLDER GATEWAY_URL`` reads FOLDER/files, keeps its data in
FOLDER/data, and prints in one line how many jobs were done and its peak memory in bytes.
"""

import asyncio
import itertools
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path

import bot.app  # noqa: F401 - the bot's process has all of it in memory
from bot.cli.serve import give_large_blocks_back
from bot.core.clock import Clock
from bot.core.models import ImageOptions, Requester
from bot.images.references import Attachments, Upload
from bot.services import Services, open_services
from tests.cogs.scripted_gateway import ScriptedGateway
from tests.jobs.service_harness import RecordingCourier, settings
from tests.memory_group import peak_bytes

MEMBERS = int(os.environ.get("EASEL_MEMBERS", "2"))
JOBS, REFERENCES = 10, 5
PIECE_BYTES = 1 << 16


def reading(path: Path) -> Callable[[], Awaitable[bytes]]:
    """Return what reads an attachment as discord.py does: pieces, which are joined at the end."""

    async def read() -> bytes:
        pieces = []
        with path.open("rb") as file:
            while piece := file.read(PIECE_BYTES):
                pieces.append(piece)
                await asyncio.sleep(0)
        return b"".join(pieces)

    return read


async def submit_all(services: Services, files: Sequence[Path], courier: RecordingCourier) -> None:
    """Submit everything at once."""
    uploads = itertools.cycle(Upload(file.stat().st_size, reading(file)) for file in files)
    for number in range(MEMBERS * JOBS):
        attached = Attachments(tuple(itertools.islice(uploads, REFERENCES)))
        request = services.catalogue.build_request(
            ImageOptions(prompt="a fox", n=1), references=REFERENCES
        )
        who = Requester(user_id=1 + number % MEMBERS, server_id=10, name="somebody")
        await services.job_service.submit(
            replace(request, prompt=f"fox {number}"), who, courier, attached=attached
        )


async def main(folder: Path, gateway_url: str) -> None:
    """Run all jobs and print the line."""
    give_large_blocks_back()
    courier = RecordingCourier()
    changes = {"image_models": ("gpt-image-2",), "default_quota": (), "max_disk": 10**10}
    data = folder / "data"
    gateway = ScriptedGateway(url=gateway_url)
    async with open_services(settings(data, gateway, **changes), Clock()) as services:
        files = sorted((folder / "files").iterdir())
        await submit_all(services, files, courier)
        await services.job_service.drained()
    sys.stdout.write(f"{len(courier.results)} {peak_bytes()}\n")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))

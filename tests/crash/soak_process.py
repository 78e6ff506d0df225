"""A bot under load for a while: ``python -m tests.crash.soak_process FOLDER URL SECONDS``.

It takes over what dead processes left, keeps one job of each of 20 people open, and at the end
prints what it holds when it is warm, and when all jobs are through, as JSON.
"""

import asyncio
import gc
import itertools
import json
import sys
import time
from contextlib import suppress
from pathlib import Path

from bot.core import logging as bot_logging
from bot.core.clock import Clock
from bot.database.outage import DatabaseBusy
from bot.services import open_services
from tests.crash.service_process import (
    PEOPLE,
    CrashPoint,
    FolderCourier,
    attachment,
    counts,
    settings,
    submit,
)

WARM = 0.3  # of the time: caches are full, every kind of answer was seen
LOOK_S = 0.05
CLOSING_S = 0.5


async def soak(folder: Path, url: str, seconds: float) -> None:
    """Keep people's jobs open for a while, then see all through."""
    cards = folder / "cards"
    cards.mkdir(parents=True, exist_ok=True)
    courier = FolderCourier(cards, CrashPoint(folder / "easel.db"))
    clock = Clock(sleep=lambda pause_s: asyncio.sleep(min(pause_s, 0.02)))
    begun, held = time.monotonic(), []
    # Each prompt once, over all processes: who is told to come again leaves no job to be counted.
    numbers = itertools.count(time.time_ns() // 1_000_000)
    async with open_services(settings(folder, url), clock) as services:
        taken = await services.recovery.take_over()
        await services.recovery.resume(taken, lambda _job, _card: courier, attachment)
        for share in (WARM, 1.0):
            while time.monotonic() - begun < seconds * share:
                _, still_open = await counts(services.database)
                for number in itertools.islice(numbers, PEOPLE - still_open):
                    # While another program holds the lock, people are told to come again.
                    with suppress(DatabaseBusy):
                        await submit(services, courier, number)
                await asyncio.sleep(LOOK_S)
            await services.job_service.drained()
            # Lines that were cut close in the loop's next passes, and with their errors' garbage.
            gc.collect()
            await asyncio.sleep(CLOSING_S)
            gc.collect()
            held.append(_held())
    print(json.dumps(held))  # noqa: T201 - the test reads it


def _held() -> dict[str, int]:
    """Count tasks, files and sockets, and the memory in MB (Linux: statm counts pages of 4 KiB)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    opened = [str(path.readlink()) for path in Path("/proc/self/fd").iterdir() if path.is_symlink()]
    sockets = sum(name.startswith("socket:") for name in opened)
    return {
        "tasks": len(asyncio.all_tasks()),
        "files": len(opened) - sockets,
        "sockets": sockets,
        "megabytes": pages // 256,
    }


if __name__ == "__main__":
    place, address, wanted = sys.argv[1:]
    bot_logging.configure(level="ERROR", style="console", secrets=())
    asyncio.run(soak(Path(place), address, float(wanted)))

"""How long a hold of credits waits while the database of a million jobs is copied.

    python -m benchmarks.backup [--jobs 1000000] [--turns 3] [--keep FOLDER]

In each turn somebody holds a credit every 20 ms: first alone, then while a copy is made. ``--keep``
is that of ``benchmarks.growth``.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import quantiles

from benchmarks.growth import hold, made, new_job, opened
from bot.database.backup import copy_database
from bot.services import Services

_ALONE_S = 8.0
_EVERY_S = 0.02


async def main(jobs: int, turns: int, keep: Path | None) -> None:
    """Build the database, measure, and print a Markdown table."""
    with tempfile.TemporaryDirectory(dir=keep) as folder:
        settings = await made(jobs, Path(folder), keep)
        path = settings.data_dir / "easel.db"
        print(f"\n{jobs:,} jobs, {path.stat().st_size / 10**6:.0f} MB\n")
        print("| | seconds | holds | p50, ms | p99, ms | longest, ms |\n|---|---|---|---|---|---|")
        async with opened(settings) as services:
            for _ in range(turns):
                await _measure_alone(services)
                await _measure_copying(services, path)


async def _measure_alone(services: Services) -> None:
    end = time.perf_counter() + _ALONE_S
    _print("alone", _ALONE_S, await _held(services, lambda: time.perf_counter() > end))


async def _measure_copying(services: Services, path: Path) -> None:
    began = time.perf_counter()
    copying = asyncio.ensure_future(
        asyncio.to_thread(copy_database, path, path.with_name("copy.db"))
    )
    waits = await _held(services, copying.done)
    await copying
    _print("while a copy is made", time.perf_counter() - began, waits)


async def _held(services: Services, is_over: Callable[[], bool]) -> list[float]:
    """Hold credits until it is over; return how long each took, in ms."""
    waits = []
    while not is_over():
        job, began = new_job(), time.perf_counter()
        await services.database.write(hold, services, job)
        waits.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(_EVERY_S)
    return waits


def _print(name: str, seconds: float, waits: list[float]) -> None:
    parts = quantiles(waits, n=100)
    facts = f"{parts[49]:.1f} | {parts[98]:.1f} | {max(waits):.1f}"
    print(f"| {name} | {seconds:.1f} | {len(waits)} | {facts} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1_000_000)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--keep", type=Path)
    arguments = parser.parse_args()
    asyncio.run(main(arguments.jobs, arguments.turns, arguments.keep))

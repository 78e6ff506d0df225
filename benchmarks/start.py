"""How long a start takes: importing the bot, and until it is ready to log in.

Run ``python -m benchmarks.start``. Each start is a process of its own; the reference is a process
that imports discord.py and nothing else, in the same run.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

REFERENCE = """
import json, time
began = time.perf_counter()
import discord
print(json.dumps({"imported": time.perf_counter() - began}))
"""

EASEL = """
import asyncio, json, sys, time
began = time.perf_counter()
from pathlib import Path
from bot.app import open_bot
from bot.core.clock import Clock
from playground.settings import painter_settings
imported = time.perf_counter()

async def start():
    async with open_bot(painter_settings("http://127.0.0.1:9/v1", Path(sys.argv[1])), Clock()):
        return time.perf_counter()

ready = asyncio.run(start())
print(json.dumps({"imported": imported - began, "ready": ready - began}))
"""


def main() -> None:
    """Print the medians as a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    runs = parser.parse_args().runs
    reference = [measure(REFERENCE) for _ in range(runs)]
    easel = [measure(EASEL) for _ in range(runs)]
    print(f"| Median of {runs} starts | s |\n|---|---|")
    print(f"| import of discord.py alone | {median(reference, 'imported'):.2f} |")
    print(f"| import of the bot | {median(easel, 'imported'):.2f} |")
    print(f"| ready to log in, empty data folder | {median(easel, 'ready'):.2f} |")


def measure(code: str) -> dict[str, float]:
    """Run one start in a new process and return its seconds by name."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-c", code, folder],
            check=True,
            capture_output=True,
            text=True,
            cwd=Path(__file__).parent.parent,
        )
    seconds: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return seconds


def median(runs: list[dict[str, float]], name: str) -> float:
    """Return the median of one figure."""
    return statistics.median(run[name] for run in runs)


if __name__ == "__main__":
    main()

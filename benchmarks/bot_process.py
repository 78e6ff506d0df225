"""A bot of a benchmark as its process, on a loopback Discord: Easel or what it is compared with.

    python -m benchmarks.bot_process BOT REST GATEWAY [--profile FILE]

Its settings are those of its environment, and it starts as it always does; only the addresses of
Discord are others. With ``--profile`` SIGUSR1 begins a profile of the main thread's CPU, and
SIGUSR2 ends and writes it.
"""

import argparse
import cProfile
import signal
import sys
import time
from functools import partial
from pathlib import Path

from discord.gateway import DiscordWebSocket
from discord.http import Route
from yarl import URL


def main() -> int:
    """Run one of them until it is stopped."""
    parser = argparse.ArgumentParser(description="Run a bot on a loopback Discord.")
    parser.add_argument("bot", choices=tuple(RUN))
    parser.add_argument("rest")
    parser.add_argument("gateway")
    parser.add_argument("--profile", type=Path)
    given = parser.parse_args()
    Route.BASE = given.rest
    DiscordWebSocket.DEFAULT_GATEWAY = URL(given.gateway)
    if given.profile is not None:
        profile_between_signals(given.profile)
    return RUN[given.bot]()


# Each loads only itself: what the other needs would count as its memory.


def run_easel() -> int:
    """Run Easel as ``python -m bot`` does."""
    from bot.__main__ import main as run_bot  # noqa: PLC0415

    return run_bot([])


def run_reference() -> int:
    """Run the reference."""
    from benchmarks.reference_bot import run  # noqa: PLC0415

    run()
    return 0


def run_bare_client() -> int:
    """Run discord.py's client alone."""
    from benchmarks.bare_client import run  # noqa: PLC0415

    run()
    return 0


RUN = {"easel": run_easel, "reference": run_reference, "bare": run_bare_client}


def profile_between_signals(path: Path) -> None:
    """Let SIGUSR1 begin a profile, and SIGUSR2 write it."""
    new = partial(cProfile.Profile, time.thread_time)  # others share the cores: no wall time
    running = new()

    def begin(*_: object) -> None:
        nonlocal running
        running = new()
        running.enable()

    def write(*_: object) -> None:
        running.disable()
        running.dump_stats(path)

    signal.signal(signal.SIGUSR1, begin)
    signal.signal(signal.SIGUSR2, write)


if __name__ == "__main__":
    sys.exit(main())

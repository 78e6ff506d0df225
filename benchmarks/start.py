"""How long a start takes: importing the bot, and until it asks Discord to log it in.

Run ``python -m benchmarks.start``. Each start is a process of its own, as an installation has it:
with compiled modules, and without rich, which only developers have and which structlog would load.
It is measured from the outside, from the start of the interpreter. The bot's requests to Discord
go to a proxy that is this process: the first one ends a start. The reference is a process that
imports discord.py and nothing else, in turns with the bot. On a busy machine only the CPU time says
anything.
"""

import argparse
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_HIDE = "import sys; sys.modules['rich'] = None; "
_SAY = "; print(flush=True)"
REFERENCE = f"{_HIDE}import discord{_SAY}"
IMPORT = f"{_HIDE}import bot.app{_SAY}"
START = f"{_HIDE}import runpy; runpy.run_module('bot', run_name='__main__')"
_MOST_S = 60.0


def main() -> None:
    """Print the medians as a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    runs = parser.parse_args().runs
    kinds: dict[str, Callable[[Path], float]] = {
        "import of discord.py alone": lambda compiled: until_said(REFERENCE, compiled),
        "import of the bot": lambda compiled: until_said(IMPORT, compiled),
        "ready to log in, empty data folder": until_login,
    }
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in kinds}
    with tempfile.TemporaryDirectory() as compiled:
        for number in range(runs + 1):  # the first compiles
            for name, measure in kinds.items():
                before = cpu_of_ended_processes()
                took = measure(Path(compiled))
                if number:
                    seconds[name].append((took, cpu_of_ended_processes() - before))
    print_table(seconds, runs)


def print_table(seconds: dict[str, list[tuple[float, float]]], runs: int) -> None:
    """Print medians of time and CPU, and medians of their ratios to the first row of a turn."""
    reference = next(iter(seconds.values()))
    print(f"| Median of {runs} starts | s | × | CPU s | × |\n|---|---|---|---|---|")
    for name, found in seconds.items():
        columns = []
        for mine, theirs in zip(
            zip(*found, strict=True), zip(*reference, strict=True), strict=True
        ):
            ratios = [one / other for one, other in zip(mine, theirs, strict=True)]
            columns += [f"{statistics.median(mine):.2f}", f"{statistics.median(ratios):.2f}"]
        print(f"| {name} | {' | '.join(columns)} |")


def cpu_of_ended_processes() -> float:
    """Return the CPU seconds of all processes that this one has started, after their end."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def until_said(code: str, compiled: Path) -> float:
    """Return the seconds until a process prints a line."""
    began = time.perf_counter()
    with running(code, compiled) as process:
        if process.stdout is None or not process.stdout.readline():
            raise SystemExit("The process ended before it was ready.")
        return time.perf_counter() - began


def until_login(compiled: Path) -> float:
    """Return the seconds until ``python -m bot`` connects to Discord."""
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as proxy:
        proxy.settimeout(_MOST_S)
        settings = {
            "DISCORD_TOKEN": "MTIzNDU2Nzg5MDEyMzQ1Njc4.no.token",
            "IMAGE_API_URL": "http://127.0.0.1:9/v1",
            "IMAGE_API_KEY": "none",
            "IMAGE_MODELS": "gpt-image-2",
            "HTTPS_PROXY": f"http://127.0.0.1:{proxy.getsockname()[1]}",
            "DATA_DIR": folder,
        }
        began = time.perf_counter()
        with running(START, compiled, settings):
            proxy.accept()[0].close()
            return time.perf_counter() - began


@contextmanager
def running(
    code: str, compiled: Path, settings: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run code in a new interpreter, which keeps its compiled modules in a folder; then end it."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    root = str(Path(__file__).resolve().parent.parent)
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**kept, **(settings or {}), "PYTHONPATH": root, "PYTHONPYCACHEPREFIX": str(compiled)},
        cwd=compiled,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


if __name__ == "__main__":
    main()

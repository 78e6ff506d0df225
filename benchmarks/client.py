r"""The cost of a request: Easel's router, the official SDK, plain aiohttp, and a minimum.

    python -m benchmarks.client [--requests 60] [--at-once 20] [--rounds 3] [--escaped] [--tls]

Every reply holds four pictures of 2 MiB in base64, and every client ends with their files on
disk; the minimum reads and discards. Two rows read the same pictures as data URIs among the words
of a chat reply, as a whole and in pieces of 16 KiB. ``--escaped`` writes each ``/`` as ``\/``, as
PHP does; ``--tls`` encrypts, so that connections cost what they cost in production.

The clients take turns in each round, each in a process of its own, and the table shows the median
round: CPU (user and system) of that process, its peak memory above what it held before the first
request, and by how much a tick every 5 ms came late. Where the minimum itself comes late, other
programs are at work and the lags mean nothing. Needs Linux and the ``dev`` extra.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.client_server import PICTURES

NAMES = {
    "sdk": f"official `openai` SDK {version('openai')} + base64",
    "aiohttp": "aiohttp + json + base64",
    "easel": "Easel's Router",
    "chat": "Easel's Router, data URIs in a chat reply",
    "stream": "Easel's Router, data URIs in a streamed chat reply",
    "floor": "floor: read and throw away",
}
MOST_OF_SDK = {"cpu_ms": 0.25, "memory_mb": 0.10}
MOST_OF_BASE64 = 1.2  # of the memory of the plain reply: that of a chat reply
MOST_MS = {"lag_p99_ms": 5, "lag_max_ms": 50}

Figures = Mapping[str, float]
"""What one turn of one client took, by name."""


def main() -> None:
    """Measure, and print a Markdown table."""
    parser = argparse.ArgumentParser(description="Measure the gateways package.")
    parser.add_argument("--requests", type=int, default=60)
    parser.add_argument("--at-once", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--escaped", action="store_true")
    parser.add_argument("--tls", action="store_true")
    given = parser.parse_args()
    escapes = r", every / written as \/" if given.escaped else ""
    print(f"Median of {given.rounds} rounds of {given.requests} requests, {given.at_once} at once;")
    print(f"{PICTURES} pictures of 2 MiB each{escapes}{', TLS' if given.tls else ''}.\n")
    counts = ("--requests", str(given.requests), "--at-once", str(given.at_once))
    with gateway(escaped=given.escaped, tls=given.tls) as (url, pictures):
        rounds = [
            {name: turn(name, url, pictures, counts) for name in NAMES} for _ in range(given.rounds)
        ]
    tell({name: medians([turns[name] for turns in rounds]) for name in NAMES})


@contextmanager
def gateway(*, escaped: bool, tls: bool) -> Iterator[tuple[str, list[bytes]]]:
    """Open the gateway in a process of its own; yield its address and its pictures."""
    command = [sys.executable, "-m", "benchmarks.client_server"]
    with TemporaryDirectory() as folder, TemporaryDirectory() as trusted:
        options = [folder, *(["--escaped"] if escaped else [])]
        if tls:
            os.environ["SSL_CERT_FILE"] = authority = str(Path(trusted) / "authority.pem")
            options += ["--tls", authority]
        with subprocess.Popen(
            [*command, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            url = next(iter(process.stdout or ()), "").strip()
            yield url, [path.read_bytes() for path in Path(folder).iterdir()]


def turn(name: str, url: str, pictures: list[bytes], counts: tuple[str, ...]) -> Figures:
    """Measure a client once in a new process, and look at its files."""
    with TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.client_variants", name, url, folder, *counts],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        files = [path.read_bytes() in pictures for path in Path(folder).iterdir()]
    ordered = (1 + int(counts[1])) * PICTURES
    if name != "floor" and files != [True] * ordered:
        raise SystemExit(f"{name}: {sum(files)} right pictures in {len(files)} files")
    figures: Figures = json.loads(done.stdout)
    return figures


def medians(turns: list[Figures]) -> Figures:
    """Return the median of each figure."""
    return {name: median(figures[name] for figures in turns) for name in turns[0]}


def tell(results: Mapping[str, Figures]) -> None:
    """Print the table, then what Easel was to reach."""
    sdk, ours = results["sdk"], results["easel"]
    print("| Client | CPU per request, ms | of SDK | memory above idle, MB | of SDK ", end="")
    print("| loop lag p99, ms | max, ms |\n|---|---|---|---|---|---|---|")
    for name, figures in results.items():
        cells = [NAMES[name]]
        for key in MOST_OF_SDK:
            cells += [f"{figures[key]:.1f}", f"{figures[key] / sdk[key]:.2f}"]
        cells += [f"{figures[key]:.1f}" for key in MOST_MS]
        print(f"| {' | '.join(cells)} |")
    of_sdk = [(key, ours[key] / sdk[key], most) for key, most in MOST_OF_SDK.items()]
    goals = [*of_sdk, *((key, ours[key], most) for key, most in MOST_MS.items())]
    for name in ("chat", "stream"):
        of_plain = results[name]["memory_mb"] / ours["memory_mb"]
        goals.append((f"memory of {name} beside a plain reply", of_plain, MOST_OF_BASE64))
    print()
    for key, value, most in goals:
        print(f"{key}: {value:.2f}, {'reached' if value <= most else 'MISSED'}: at most {most}")


if __name__ == "__main__":
    main()

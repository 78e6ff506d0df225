"""A whole bot compared with the shortest one that works, each as a process on a Discord of its own.

    python -m benchmarks.bot [--rounds 3] [--pictures 200] [--people 50] [--json FILE]

The reference promises nothing: it defers, sends the POST, decodes and edits. Both run as they do
anywhere, with discord.py on a strict Discord on loopback (its REST and its gateway's socket), and
an image gateway that answers with 1.5 MiB in base64 after a second. In each round they take turns:
every person, in a channel of their own, asks again as soon as their picture is there; then
``--per-second`` requests come, whoever still waits. Nothing limits the rate of either.

CPU is user and system time of the process and its children, until every job is settled. The first
response is the first message (for the reference: its deferral), on the clock of those who ask.
Delivery is beyond the time that the gateway took. The ratio is the median of the rounds' ratios,
with the lowest and the highest. Discord and the gateway share the cores with the bots. The table
takes two minutes; ``--profile FILE`` prints none and profiles Easel instead. Needs Linux and the
``dev`` extra.
"""

import argparse
import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from benchmarks.bot_running import EASEL, REFERENCE
from benchmarks.bot_turn import BotLoad, Figures, profile, take_turn

LOOP = {
    "cpu_ms": "CPU per picture, ms",
    "first_cpu_ms": "CPU until all have a first response, per person, ms",
    "first_p50_ms": "first response, p50, ms",
    "first_p99_ms": "first response, p99, ms",
    "beyond_p50_ms": "delivery beyond the gateway's time, p50, ms",
    "rest": "REST calls per picture",
    "memory_mib": "peak memory, MiB",
}
RATE = {f"rate_{key}": LOOP[key] for key in LOOP if key.endswith("ms") and key != "first_cpu_ms"}
ALONE = {
    "commits": "commits of a job that starts at once",
    "settled_p50_ms": "settled after the picture is visible, p50, ms",
    "settled_max_ms": "settled after the picture is visible, at most, ms",
}

FEWEST = 2

Round = dict[str, Figures]
"""What each bot took in one round."""


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, and print Markdown tables."""
    parser = argparse.ArgumentParser(description="Measure the bot.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pictures", type=int, default=200)
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--per-second", type=float, default=10.0)
    parser.add_argument("--seconds", type=float, default=8.0, help="of requests at that rate")
    parser.add_argument("--latency", type=float, default=1.0, help="the gateway's, in seconds")
    parser.add_argument("--json", type=Path, help="write all figures there")
    parser.add_argument("--profile", type=Path, help="write profiles of Easel there instead")
    given = parser.parse_args(argv)
    if min(given.pictures, round(given.per_second * given.seconds)) < FEWEST:
        parser.error(f"percentiles need {FEWEST} pictures or more, also at the rate")
    load = BotLoad(given.pictures, given.people, given.per_second, given.seconds)
    with timed_gateway(given.latency) as url:
        if given.profile is not None:
            asyncio.run(profile(url, load, given.profile.absolute()))
            return
        rounds = [asyncio.run(one_round(url, load)) for _ in range(given.rounds)]
    tell(rounds, load)
    if given.json is not None:
        given.json.write_text(json.dumps(rounds, indent=1))


@contextmanager
def timed_gateway(latency_s: float) -> Iterator[str]:
    """Open the image gateway in a process of its own; yield its address."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.bot_gateway", "--latency", str(latency_s)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield next(iter(process.stdout or ()), "").strip()


async def one_round(url: str, load: BotLoad) -> Round:
    """Let both take their turn."""
    return {name: await take_turn(name, url, load) for name in (REFERENCE, EASEL)}


def tell(rounds: Sequence[Round], load: BotLoad) -> None:
    """Print the tables."""
    print(f"Medians of {len(rounds)} rounds of {load.pictures} pictures, ", end="")
    print(f"{load.people} people at once:\n")
    compare(rounds, LOOP)
    print(f"\n{load.per_s:g} requests a second for {load.seconds:g} s:\n")
    compare(rounds, RATE)
    print("\n| Easel alone | |\n|---|---|")
    for key, title in ALONE.items():
        print(f"| {title} | {median(each[EASEL][key] for each in rounds):.0f} |")


def compare(rounds: Sequence[Round], titles: dict[str, str]) -> None:
    """Print both bots' medians, and the median of their ratios with its spread."""
    print("| | Easel | Reference | Easel / reference | lowest–highest |\n|---|---|---|---|---|")
    for key, title in titles.items():
        ours, theirs = ([each[name][key] for each in rounds] for name in (EASEL, REFERENCE))
        ratios = sorted(a / b for a, b in zip(ours, theirs, strict=True))
        spread = f"{ratios[0]:.2f}–{ratios[-1]:.2f}"
        print(f"| {title} | {median(ours):.1f} | {median(theirs):.1f} ", end="")
        print(f"| {median(ratios):.2f} | {spread} |")


if __name__ == "__main__":
    main()

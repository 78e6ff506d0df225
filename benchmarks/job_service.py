"""The cost of a job: the whole job service compared with the simplest script.

    python -m benchmarks.job_service [--jobs 500] [--at-once 50] [--slow-jobs 150] [--rounds 3]

A job is one picture of 1.5 MiB in base64. The script sends the POST, reads the JSON, decodes and
writes the file. The job service also holds and settles credits, commits rows at
``synchronous=FULL`` and syncs every file, keeps the picture for /history, logs as the bot does, and
hands the picture to a courier that puts it into a folder, as the terminal's does. In a second run
the gateway answers after a second, with five jobs in flight.

Both take turns in each round, each in a process of its own, as is the gateway; the table shows
the median round: CPU (user and system) of that process for each job, its peak memory above what
it held before the first job, and how long a job took until its file was in the folder. Each
variant's files are checked. The exit code is 1 when a target is missed. Needs Linux.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from PIL import Image

from benchmarks.job_service_gateway import EDGE, SLOWLY
from benchmarks.job_service_variants import VARIANTS, WARM_UPS

SLOW_AT_ONCE = 5
MOST_OF_SCRIPT = {"cpu_ms": 1.5, "memory_mb": 0.7}
MOST_MS_MORE = 50
COLUMNS = {
    "cpu_ms": "CPU per job, ms",
    "memory_mb": "memory above idle, MB",
    "p50_ms": "p50, ms",
    "p99_ms": "p99, ms",
    "per_s": "jobs per second",
}

Figures = Mapping[str, float]
"""What one turn of one variant took, by name."""

Results = Mapping[str, Figures]
"""The median turn of each variant."""


@dataclass(frozen=True, slots=True)
class Race:
    """What both variants have to do, ``at_once`` jobs at a time."""

    jobs: int
    at_once: int
    prompt: str


def main() -> int:
    """Measure, print Markdown tables, and return whether a target was missed."""
    parser = argparse.ArgumentParser(description="Measure the job service.")
    parser.add_argument("--jobs", type=int, default=500)
    parser.add_argument("--at-once", type=int, default=50)
    parser.add_argument("--slow-jobs", type=int, default=150)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with gateway() as url:
        fast = run(url, Race(given.jobs, given.at_once, "a lighthouse"), given.rounds)
        slow_race = Race(given.slow_jobs, SLOW_AT_ONCE, f"a lighthouse, {SLOWLY}")
        slow = run(url, slow_race, given.rounds)
    return 0 if all([*met_fast(fast), met_slow(slow)]) else 1


@contextmanager
def gateway() -> Iterator[str]:
    """Open the gateway in a process of its own; yield its address."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.job_service_gateway"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield next(iter(process.stdout or ()), "").strip()


def run(url: str, race: Race, rounds: int) -> Results:
    """Let both take turns, and print what the median turn of each took."""
    turns = [{name: turn(name, url, race) for name in VARIANTS} for _ in range(rounds)]
    results = {name: medians([each[name] for each in turns]) for name in VARIANTS}
    print(f"Median of {rounds} rounds of {race.jobs} jobs, {race.at_once} in flight", end="")
    print(f"{', answered after 1 s' if race.prompt.endswith(SLOWLY) else ''}:\n")
    print(f"| | {' | '.join(COLUMNS.values())} |\n|---|{'---|' * len(COLUMNS)}")
    for name, figures in results.items():
        print(f"| {name} | {' | '.join(f'{figures[key]:.1f}' for key in COLUMNS)} |")
    print()
    return results


def turn(name: str, url: str, race: Race) -> Figures:
    """Measure a variant once in a new process, and look at its files."""
    options = {"--jobs": race.jobs, "--at-once": race.at_once, "--prompt": race.prompt}
    given = [str(word) for option in options.items() for word in option]
    with TemporaryDirectory() as home:
        folder, log = Path(home) / "pictures", Path(home) / "log"
        folder.mkdir()
        with log.open("wb") as errors:
            done = subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "benchmarks.job_service_variants",
                    name,
                    url,
                    folder,
                    *given,
                ],
                check=False,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        if done.returncode:
            raise SystemExit(f"{name} failed: {log.read_text('utf-8')[-2000:]}")
        look_at(name, folder, pictures=race.jobs + WARM_UPS)
    figures: Figures = json.loads(done.stdout)
    return figures


def look_at(name: str, folder: Path, *, pictures: int) -> None:
    """End everything unless the folder holds that many pictures, whole and all different."""
    files = list(folder.iterdir())
    hashes = {sha256(file.read_bytes()).digest() for file in files}
    if not len(files) == len(hashes) == pictures:
        raise SystemExit(f"{name}: {len(hashes)} of {pictures} pictures in {len(files)} files")
    for file in files:
        with Image.open(file) as image:
            image.verify()
            if image.size != (EDGE, EDGE):
                raise SystemExit(f"{name}: {file.name} is another picture")


def medians(turns: list[Figures]) -> Figures:
    """Return the median of each figure."""
    return {name: median(figures[name] for figures in turns) for name in turns[0]}


def met_fast(results: Results) -> list[bool]:
    """Print each figure as a part of the script's; return which are small enough."""
    met = []
    for key, most in MOST_OF_SCRIPT.items():
        ratio = results["easel"][key] / results["script"][key]
        met.append(ratio <= most)
        print(f"{COLUMNS[key]}: {ratio:.2f} × the script's, {told(ratio <= most)}: at most {most}")
    print()
    return met


def met_slow(results: Results) -> bool:
    """Print how much later the job service's pictures came; return whether that is soon enough."""
    more = results["easel"]["p99_ms"] - results["script"]["p99_ms"]
    met = more <= MOST_MS_MORE
    print(f"p99: {more:.0f} ms more than the script's, {told(met)}: at most {MOST_MS_MORE}")
    return met


def told(met: object) -> str:
    """Say it."""
    return "reached" if met else "MISSED"


if __name__ == "__main__":
    sys.exit(main())

"""Memory and CPU of one process in many servers, beside discord.py's client alone.

    python -m benchmarks.guilds [--servers 10000] [--shards 10] [--rounds 3] [--reactions 20000]

Both run as they do anywhere, on a Discord of their own in another process: servers of 20 channels
and 10 roles, told over a gateway with ``max_concurrency`` 16. The client has Easel's intents and
cache flags, and no listener. In each round they take turns, first in ten servers for each shard,
then in all: the difference is what a server takes.

Memory is what is resident once the process rests; CPU to ready is user and system time from its
start. A reaction costs the CPU of the process from the event to rest: the emoji of a re-roll under
a message of somebody else, and one without a meaning under a message of the bot. Ratios are medians
of the rounds', the lowest and the highest beside them. Needs Linux and the ``dev`` extra.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.bot_running import log_of, started
from benchmarks.guild_payloads import MEMBER_ID
from benchmarks.process_tree import ProcessTree
from bot.preferences.stored_preferences import DEFAULT_REROLL_EMOJI
from tests.discord_rest.fake import APPLICATION_ID

BARE, EASEL = "bare", "easel"
FEW = 10
OF_OTHERS = (MEMBER_ID, DEFAULT_REROLL_EMOJI)
NO_MEANING = (APPLICATION_ID, "👍")
TITLES = {
    "memory_mib": "memory in all, MiB",
    "peak_mib": "peak memory, MiB",
    "kib_per_server": "memory per server, KiB",
    "ready_cpu_s": "CPU to ready, s",
    "cpu_ms_per_server": "CPU to ready per server, ms",
    "others_us": "CPU of a reaction to somebody's message, µs",
    "no_meaning_us": "CPU of an emoji without a meaning under the bot's message, µs",
}
_READY = "client.ready"
_MOST_S = 600.0
_POLL_S = 0.1
_REST_S = 0.5
_RESTING_CPU_S = 0.005

Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Load:
    """So many servers on so many shards, and reactions of each kind."""

    servers: int
    shards: int
    reactions: int


@dataclass(frozen=True, slots=True)
class ManyServers:
    """The process that is Discord; ``rest`` and ``gateway`` are its addresses."""

    orders: asyncio.StreamWriter
    answers: asyncio.StreamReader
    rest: str
    gateway: str

    async def react(self, author_id: int, emoji: str, count: int) -> None:
        """Tell the bot of so many reactions, until it has read them all."""
        self.orders.write(f"{author_id} {emoji} {count}\n".encode())
        if await self.answers.readline() != b"done\n":
            raise SystemExit("Discord has ended.")


async def main(load: Load, rounds: int) -> None:
    """Measure in rounds, and print a Markdown table."""
    turns = [{name: await _turn(name, load) for name in (BARE, EASEL)} for _ in range(rounds)]
    print(f"Median of {rounds} rounds, {load.servers:,} servers on {load.shards} shards.\n")
    print("| | Easel | bare client | Easel / bare | lowest–highest |\n|---|---|---|---|---|")
    for key, title in TITLES.items():
        ours, theirs = ([turn[name][key] for turn in turns] for name in (EASEL, BARE))
        ratios = sorted(our / their for our, their in zip(ours, theirs, strict=True))
        print(f"| {title} | {median(ours):.1f} | {median(theirs):.1f} ", end="")
        print(f"| {median(ratios):.2f} | {ratios[0]:.2f}–{ratios[-1]:.2f} |")


async def _turn(name: str, load: Load) -> Figures:
    few = Load(FEW * load.shards, load.shards, 0)
    before, after = await _measured(name, few), await _measured(name, load)
    more = load.servers - few.servers
    return {
        **after,
        "kib_per_server": (after["memory_mib"] - before["memory_mib"]) * 1024 / more,
        "cpu_ms_per_server": (after["ready_cpu_s"] - before["ready_cpu_s"]) * 1000 / more,
    }


async def _measured(name: str, load: Load) -> Figures:
    with TemporaryDirectory() as folder:
        async with _many_servers(load) as discord:
            arguments = (name, discord.rest, discord.gateway)
            env = {"IMAGE_API_URL": "http://127.0.0.1:9/v1", "LOG_FORMAT": "json"}
            async with started(Path(folder), env, arguments) as process:
                tree = ProcessTree(process.pid)
                await _ready(process, Path(folder))
                ready_cpu_s = tree.cpu_s()
                await _resting(tree)
                tree.look_at_memory()
                return {
                    "ready_cpu_s": ready_cpu_s,
                    "memory_mib": tree.resident_kb() / 1024,
                    "peak_mib": tree.peak_kb / 1024,
                    "others_us": await _reactions(tree, discord, OF_OTHERS, load.reactions),
                    "no_meaning_us": await _reactions(tree, discord, NO_MEANING, load.reactions),
                }


async def _reactions(
    tree: ProcessTree, discord: ManyServers, kind: tuple[int, str], count: int
) -> float:
    if not count:
        return 0.0
    await discord.react(*kind, count // 10)  # so that everything is warm
    before_s = await _resting(tree)
    await discord.react(*kind, count)
    return (await _resting(tree) - before_s) * 1e6 / count


async def _ready(process: asyncio.subprocess.Process, folder: Path) -> None:
    async with asyncio.timeout(_MOST_S):
        while _READY not in log_of(folder):
            if process.returncode is not None:
                raise SystemExit(f"It did not start: {log_of(folder)}")
            await asyncio.sleep(_POLL_S)


async def _resting(tree: ProcessTree) -> float:
    """Wait until a process does nothing; return the CPU seconds that it has taken."""
    before_s, now_s = 0.0, tree.cpu_s()
    while now_s - before_s > _RESTING_CPU_S:
        await asyncio.sleep(_REST_S)
        before_s, now_s = now_s, tree.cpu_s()
    return now_s


@asynccontextmanager
async def _many_servers(load: Load) -> AsyncIterator[ManyServers]:
    command = (sys.executable, "-m", "benchmarks.guilds_discord")
    options = ("--servers", str(load.servers), "--shards", str(load.shards))
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, *options, stdin=pipe, stdout=pipe)
    orders, answers = process.stdin, process.stdout
    if orders is None or answers is None:
        raise SystemExit("Discord has no pipes.")
    try:
        yield ManyServers(orders, answers, *json.loads(await answers.readline()))
    finally:
        orders.close()
        await process.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Measure one process in many servers.")
    parser.add_argument("--servers", type=int, default=10_000)
    parser.add_argument("--shards", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--reactions", type=int, default=20_000)
    given = parser.parse_args()
    asyncio.run(main(Load(given.servers, given.shards, given.reactions), given.rounds))

"""One turn of a bot in ``benchmarks.bot``, and what it took."""

import asyncio
import signal
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

import aiohttp

from benchmarks.bot_people import PictureRequest
from benchmarks.bot_running import EASEL, RunningBot, running_bot, until
from benchmarks.process_tree import ProcessTree

_LOOK_S = 0.1

Asking = Coroutine[object, object, list[PictureRequest]]

Figures = Mapping[str, float]
"""What one turn of one bot took, by name."""


@dataclass(frozen=True, slots=True)
class BotLoad:
    """Pictures that people ask for as fast as they come; then some at a rate for a while."""

    pictures: int
    people: int
    per_s: float
    seconds: float

    @property
    def at_once(self) -> int:
        """Return how many people ask at the beginning."""
        return min(self.people, self.pictures)


async def take_turn(name: str, url: str, load: BotLoad) -> Figures:
    """Measure a bot once in a new process."""
    async with running_bot(name, url, load.people) as bot, _memory(bot) as tree:
        commits = await _commits_of_one_job(bot) if name == EASEL else 0
        idle_s, calls = tree.cpu_s(), len(bot.fake.asked)
        answering = asyncio.create_task(_cpu_s_when_answered(bot, load.at_once))
        loop, figures = await _measured(bot, url, bot.people.one_by_one(load.pictures))
        figures["rest"] = (len(bot.fake.asked) - calls) / len(loop)
        figures["first_cpu_ms"] = (await answering - idle_s) * 1000 / load.at_once
        rate, more = await _measured(bot, url, bot.people.at_a_rate(load.per_s, load.seconds))
        figures |= {f"rate_{key}": value for key, value in more.items()}
        if name == EASEL:
            after = bot.settled_after_ms([*loop, *rate])
            figures |= {"settled_p50_ms": median(after), "settled_max_ms": max(after)}
            figures["commits"] = commits
    return {**figures, "memory_mib": tree.peak_kb / 1024}


async def _commits_of_one_job(bot: RunningBot) -> int:
    """Let one job start at once, which shares its commits with no other."""
    before = bot.commits()
    await bot.people.one_by_one(1)
    await bot.settle()
    return bot.commits() - before


async def profile(url: str, load: BotLoad, file: Path) -> None:
    """Write where the main thread's time goes: until people are answered, and for whole jobs."""
    first = file.with_name(f"{file.name}-first")
    async with running_bot(EASEL, url, load.people, "--profile", file) as bot:
        bot.process.send_signal(signal.SIGUSR1)
        answering = asyncio.create_task(_cpu_s_when_answered(bot, load.people))
        asking = asyncio.create_task(bot.people.one_by_one(load.people))
        await answering
        await _write_profile(bot, file, first)
        await asking
        await bot.settle()
        bot.process.send_signal(signal.SIGUSR1)
        await bot.people.one_by_one(load.pictures)
        await bot.settle()
        await _write_profile(bot, file, file)
    print(f"{load.people} first responses: {first}\n{load.pictures} jobs: {file}")


async def _write_profile(bot: RunningBot, file: Path, target: Path) -> None:
    bot.process.send_signal(signal.SIGUSR2)
    await until(lambda: file.exists() and file.stat().st_size > 0)
    await asyncio.to_thread(file.rename, target)


async def _measured(
    bot: RunningBot, url: str, asking: Asking
) -> tuple[list[PictureRequest], dict[str, float]]:
    tree = bot.tree
    cpu_s = tree.cpu_s()
    requests = await asking
    await bot.settle()
    cpu_s = tree.cpu_s() - cpu_s
    times = await _gateway_times(url)
    took = {prompt: ended - began for prompt, (began, ended) in times.items()}
    answered = [each.answered_s - each.asked_s for each in requests]
    beyond = [each.visible_s - each.asked_s - took[each.prompt] for each in requests]
    return requests, {
        "cpu_ms": cpu_s * 1000 / len(requests),
        "first_p50_ms": median(answered) * 1000,
        "first_p99_ms": percentile_99(answered) * 1000,
        "beyond_p50_ms": median(beyond) * 1000,
    }


def percentile_99(values: Sequence[float]) -> float:
    """Return what one of a hundred exceeds."""
    return quantiles(values, n=100, method="inclusive")[98]


async def _gateway_times(url: str) -> Mapping[str, tuple[float, float]]:
    async with aiohttp.ClientSession() as session, session.get(f"{url}/times") as response:
        times: Mapping[str, tuple[float, float]] = await response.json()
    return times


async def _cpu_s_when_answered(bot: RunningBot, people: int) -> float:
    """Return the CPU that was taken when so many more than now have had a first response."""
    tree, enough = bot.tree, bot.people.answered + people
    await until(lambda: bot.people.answered >= enough)
    return tree.cpu_s()


@asynccontextmanager
async def _memory(bot: RunningBot) -> AsyncIterator[ProcessTree]:
    """Look again and again how much memory a bot has."""
    tree = bot.tree

    async def look() -> None:
        while True:
            tree.look_at_memory()
            await asyncio.sleep(_LOOK_S)

    looking = asyncio.create_task(look())
    yield tree
    looking.cancel()
    tree.look_at_memory()

"""What counting costs: the instrument calls of one job beside the CPU of that job.

    python -m benchmarks.metrics [--pictures 100] [--people 20] [--loops 10000]

The whole bot runs as in ``benchmarks.bot``, with METRICS_ADDRESS set and a gateway that answers at
once; people ask again as soon as their picture is there. CPU is user and system time of its
process, until every job is settled. How often a job calls each instrument is what the same bot
counted meanwhile; those calls, with all that makes their labels, are then timed in a loop here.
"""

import argparse
import asyncio
import sqlite3
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import discord
from prometheus_client.parser import text_string_to_metric_families
from yarl import URL

from benchmarks.bot import timed_gateway
from benchmarks.bot_running import EASEL, running_bot
from bot.core import metrics
from bot.core.models import Billed, JobState
from bot.core.traces import NO_TRACES
from bot.database.transaction import Row, SqliteTransaction
from bot.discord_ui.request_counts import RequestCounts
from bot.jobs.repository.job_counts import RECEIVED, AttemptEnd, JobCounts
from bot.jobs.repository.rows import Attempt, Cost
from bot.monitoring.exposition import Exposition
from tests.free_ports import free_port

_SCRAPES = 50
_GATEWAY, _MODEL = "default", "gpt-image-2"
_ID = "1234567890123456789"
_TOKEN = "aW50ZXJhY3Rpb246abc" * 8
_REQUEST = '{"prompt":"a fox in the snow","model":"gpt-image-2","size":"1024x1024","n":1}'


@dataclass(frozen=True, slots=True)
class JobCalls:
    """How much CPU a job takes, and how often it counts transactions and requests to Discord."""

    cpu_ms: float
    transactions: float
    requests: float
    scrape_ms: float


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description="Measure what counting costs.")
    parser.add_argument("--pictures", type=int, default=100)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--loops", type=int, default=10_000)
    given = parser.parse_args()
    calls, counting_us = measure(given.pictures, given.people, given.loops)
    print("| One job | |\n|---|---|")
    print(f"| CPU of the whole bot | {calls.cpu_ms:.1f} ms |")
    print(f"| transactions, requests to Discord | {calls.transactions:.1f}, {calls.requests:.1f} |")
    print(f"| its instrument calls, of {given.loops} | {counting_us:.0f} µs |")
    print(f"| part of the job | {counting_us / calls.cpu_ms / 10:.2f} % |")
    print(f"| a scrape | {calls.scrape_ms:.1f} ms |")


def measure(pictures: int, people: int, loops: int) -> tuple[JobCalls, float]:
    """Return what jobs take, and the microseconds of the instrument calls of one."""
    calls = asyncio.run(_run_jobs(pictures, people))
    return calls, time_calls(calls, loops)


async def _run_jobs(pictures: int, people: int) -> JobCalls:
    port = free_port()
    with timed_gateway(0.0) as url:
        settings = {"METRICS_ADDRESS": str(port)}
        async with running_bot(EASEL, url, people, settings=settings) as bot:
            before, began_s = await _counted(port), bot.tree.cpu_s()
            await bot.people.one_by_one(pictures)
            await bot.settle()
            cpu_s = bot.tree.cpu_s() - began_s
            after = await _counted(port)
            scraping_s = bot.tree.cpu_s()
            for _ in range(_SCRAPES):
                await _counted(port)
            scraping_s = bot.tree.cpu_s() - scraping_s
    per_job = {name: (after[name] - before[name]) / pictures for name in after}
    return JobCalls(
        cpu_ms=cpu_s * 1000 / pictures,
        transactions=per_job[f"{metrics.TRANSACTIONS.name}_count"],
        requests=per_job[metrics.DISCORD_REQUESTS.name],
        scrape_ms=scraping_s * 1000 / _SCRAPES,
    )


async def _counted(port: int) -> dict[str, float]:
    """Return the sums of one scrape by the names of the samples."""
    url = f"http://127.0.0.1:{port}/metrics"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        text = await answer.text()
    sums: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            sums[sample.name] = sums.get(sample.name, 0) + sample.value
    return sums


def time_calls(calls: JobCalls, loops: int) -> float:
    """Return the microseconds of what one job calls, all labels included."""
    count = counting(round(calls.transactions), round(calls.requests))
    count()  # the first makes the series
    began_s = time.process_time()
    for _ in range(loops):
        count()
    return (time.process_time() - began_s) * 1_000_000 / loops


def counting(transactions: int, requests: int) -> Callable[[], None]:
    """Return what counts one job as the bot does, from its interaction to its end."""
    exposition = Exposition()
    exposition.know(gateways=[_GATEWAY], models=[_MODEL])
    requested, counts = RequestCounts(exposition), JobCounts(exposition, NO_TRACES)
    attempt, cost = Attempt("job", 0, 1, _GATEWAY), Cost(_MODEL, pictures=1, price=40_000)
    row = cast("Row", {"id": "job"})
    database = _database()
    interaction = cast("discord.Interaction", _Interaction())
    request_ended = cast(
        "Callable[..., Coroutine[Any, Any, None]]", requested.trace.on_request_end[0]
    )
    answers = [_ended(number) for number in range(requests)]

    def count() -> None:
        _run(requested.interaction_came(interaction))
        for ended in answers:
            _run(request_ended(*ended))
        tx = SqliteTransaction(database)
        for kind in ("held", "charged"):
            tx.on_commit(partial(exposition.count, metrics.CREDITS, kind, by=1))
        counts.attempt_ended(tx, AttemptEnd(attempt, cost, RECEIVED, Billed.YES, 0, 1000))
        counts.job_ended(tx, row, JobState.DONE)
        for committed in tx.committed:
            committed()
        exposition.observe(metrics.QUEUE_WAIT, 0.01)
        exposition.observe(metrics.DELIVERY, 0.1)
        for _ in range(transactions):
            exposition.observe(metrics.TRANSACTIONS, 0.002, "write")

    return count


def _database() -> sqlite3.Connection:
    """Return the row that is read of a job."""
    database = sqlite3.connect(":memory:")
    database.row_factory = sqlite3.Row
    database.execute("CREATE TABLE jobs (id TEXT PRIMARY KEY, request TEXT)")
    database.execute("INSERT INTO jobs VALUES ('job', ?)", (_REQUEST,))
    return database


class _Interaction:
    """What the counting reads of an interaction."""

    id = int(_ID)
    type = discord.InteractionType.application_command
    created_at = discord.utils.utcnow()


def _ended(number: int) -> tuple[Any, SimpleNamespace, SimpleNamespace]:
    """Return what aiohttp tells at the end of a job's first, second or further request."""
    path = (
        f"interactions/{_ID}/{_TOKEN}/callback",
        f"webhooks/{_ID}/{_TOKEN}/messages/{_ID}",
        f"channels/{_ID}/messages/{_ID}/reactions/%F0%9F%94%84/@me",
    )[min(number, 2)]
    url = URL(f"{discord.http.Route.BASE}/{path}", encoded=True)
    answer = SimpleNamespace(status=200)
    return None, SimpleNamespace(), SimpleNamespace(method="POST", url=url, response=answer)


def _run(counting: Coroutine[Any, Any, None]) -> None:
    """Run what never waits."""
    try:
        counting.send(None)
    except StopIteration:
        return
    raise AssertionError


if __name__ == "__main__":
    main()

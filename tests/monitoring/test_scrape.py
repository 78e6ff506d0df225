"""The whole bot under load, as a process on a loopback Discord, scraped as Prometheus does."""

import asyncio
import socket
from collections import Counter
from itertools import pairwise
from pathlib import Path

import aiohttp

from benchmarks.bot import timed_gateway
from benchmarks.bot_running import EASEL, RunningBot, running_bot
from bot.core.metrics import ALL_METRICS
from tests.monitoring.monitored import Scrape
from tests.monitoring.test_event_loop import anything, heard, listening

PEOPLE, PICTURES = 4, 16
PRICE = 0.04
GATEWAY = """
[gateways.load]
base_url = "{url}/v1"
models = ["gpt-image-2"]
[gateways.load.abilities."gpt-image-2"]
price = {price}
"""
LONGEST_NUMBER = 4
# What a bot has only where something failed, or a budget is set.
MAY_BE_MISSING = {
    "easel_refusals_total",
    "easel_moderation_total",
    "easel_recoveries_total",
}


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


async def get(port: int, path: str) -> str:
    url = f"http://127.0.0.1:{port}{path}"
    async with aiohttp.ClientSession(raise_for_status=True) as session, session.get(url) as answer:
        return await answer.text()


async def scrapes_during(port: int, working: asyncio.Task[object]) -> list[Scrape]:
    """Scrape again and again while the bot works."""
    found = []
    while not working.done():
        found.append(Scrape.of(await get(port, "/metrics")))
        await asyncio.wait((working,), timeout=0.1)
    return found


def sums(bot: RunningBot, sql: str) -> dict[tuple[str, ...], float]:
    return {tuple(map(str, row[:-1])): float(row[-1]) for row in bot._rows(sql)}


async def test_the_whole_bot_tells_its_service_manager(tmp_path: Path) -> None:
    """A start by systemctl waits for READY=1; a stop is told before running jobs have ended."""
    address = str(tmp_path / "notify")
    settings = {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "60000000"}
    with timed_gateway(0.05) as url, listening(address) as manager:
        async with running_bot(EASEL, url, 1, settings=settings):
            assert [await heard(manager) for _ in range(2)] == ["READY=1", "WATCHDOG=1"]
        assert anything(manager) == ["STOPPING=1"]


async def test_a_bot_under_load_counts_what_its_database_has(tmp_path: Path) -> None:
    """Jobs, attempts, pictures, credits and money of every person, and each request to Discord."""
    port = free_port()
    with timed_gateway(0.05) as url:
        described = tmp_path / "gateways.toml"
        described.write_text(GATEWAY.format(url=url, price=PRICE))
        settings = {
            "METRICS_ADDRESS": str(port),
            "OPERATOR_BUDGET": "100/month",
            "GATEWAYS_FILE": str(described),
            "GATEWAYS__LOAD__API_KEY": "sk-benchmark",
            "IMAGE_API_URL": "",
            "IMAGE_MODELS": "",
        }
        async with running_bot(EASEL, url, PEOPLE, settings=settings) as bot:
            asked = asyncio.create_task(bot.people.one_by_one(PICTURES))
            under_load = await scrapes_during(port, asked)
            await asked
            await bot.settle()
            scrape = Scrape.of(await get(port, "/metrics"))
            check_against_database(bot, scrape)
            check_against_discord(bot, scrape)
            assert await get(port, "/readyz") == "ready\n"
    check_that_counters_only_grow([*under_load, scrape])
    check_gauges(scrape)


def check_against_database(bot: RunningBot, scrape: Scrape) -> None:
    """Compare with what another program reads of the database."""
    jobs = sums(bot, "SELECT state, COUNT(*) FROM jobs GROUP BY 1")
    assert scrape.by("easel_jobs_total", "end") == jobs
    done = jobs["done",]
    assert done > PICTURES
    attempts = sums(bot, "SELECT gateway, state, billed, COUNT(*) FROM attempts GROUP BY 1, 2, 3")
    assert scrape.by("easel_attempts_total", "gateway", "result", "billed") == attempts
    pictures = sums(bot, "SELECT model, SUM(pictures) FROM costs GROUP BY 1")
    assert scrape.by("easel_pictures_total", "model") == pictures
    ((price, credits),) = bot._rows(
        "SELECT (SELECT SUM(price) FROM costs), (SELECT SUM(credits) FROM charges)"
    )
    assert round(scrape.total("easel_price_total", gateway="load") * 1e6) == price
    assert price == done * PRICE * 1e6
    kinds = {"held": credits, "charged": credits, "released": 0, "granted": 0}
    for kind, sum_ in kinds.items():
        assert scrape.value("easel_credits_total", kind=kind) == sum_
    used = scrape.value("easel_budget_used_ratio", period="month")
    assert round((used or 0) * 100 * 1e6) == price
    for name in ("queue_wait", "first_response", "delivery"):
        assert scrape.value(f"easel_{name}_seconds_count") == done


def check_against_discord(bot: RunningBot, scrape: Scrape) -> None:
    """Compare with what the loopback Discord was asked."""
    asked = Counter(path.strip("/").split("/")[0] for path in bot.fake.asked)
    counted: Counter[str] = Counter()
    for (route,), count in scrape.by("easel_discord_requests_total", "route").items():
        if " /" in route:
            counted[route.split(" /")[1].split("/")[0]] += int(count)
    assert counted == asked
    long = {
        value for _, labels in scrape.values for _, value in labels if len(value) > LONGEST_NUMBER
    }
    assert not any(value.isdecimal() for value in long)  # the id of a server, person or message


def check_that_counters_only_grow(scrapes: list[Scrape]) -> None:
    """Compare each with the one before: a fall is a restart to Prometheus, and counted anew."""
    counters = [metric.name for metric in ALL_METRICS if metric.kind == "counter"]
    assert len(scrapes) > 1
    for before, after in pairwise(scrapes):
        for (name, labels), value in before.values.items():
            if name in counters:
                assert after.values[name, labels] >= value


def check_gauges(scrape: Scrape) -> None:
    """Each is there, and says that the bot is well."""
    names = {metric.name for metric in ALL_METRICS if metric.kind != "histogram"}
    assert names - scrape.names == MAY_BE_MISSING
    well = ("ready", "database_writable", "jobs_waiting", "jobs_running", "oldest_open_job_seconds")
    assert [scrape.value(f"easel_{name}") for name in well] == [1, 1, 0, 0, 0]
    assert scrape.value("easel_shard_connected", shard="0") == 1
    assert (scrape.value("easel_shard_latency_seconds", shard="0") or 9) < 5
    assert (scrape.value("easel_content_store_bytes") or 0) > PICTURES * 10**6
    assert (scrape.value("easel_event_loop_lag_seconds_count") or 0) > 0
    assert (scrape.value("process_resident_memory_bytes") or 0) > 10**7

"""Refusals and first responses of a bot in Discord, as a scraper reads them."""

import aiohttp
from structlog.testing import capture_logs

from bot.quota.limits import parse_limits
from tests.cogs.actions import react
from tests.cogs.discord_world import WorldBuilder
from tests.monitoring.monitored import ANY_PORT, Scrape


async def test_a_refusal_is_counted_by_its_reason(build: WorldBuilder) -> None:
    """An operator sees whether people meet limits, typing errors or the operator's own settings.

    A reaction has no answer of its own, and counts as well.
    """
    limits = parse_limits("2/day")
    with capture_logs() as events:
        async with build.world(metrics_address=ANY_PORT, default_quota=limits) as world:
            (port,) = [each["port"] for each in events if each["event"] == "monitoring.serving"]
            await world.imagine(world.ada, n=2)
            await world.wait_for_jobs()
            for _ in range(2):
                await world.imagine(world.ada)
            await react(world, world.ada, world.card, "🔄")
            await world.imagine(world.ben, size="nonsense")
            url = f"http://127.0.0.1:{port}/metrics"
            async with aiohttp.ClientSession() as session, session.get(url) as answer:
                scrape = Scrape.of(await answer.text())
    assert scrape.by("easel_refusals_total", "reason") == {
        ("error-quota-spent",): 3,
        ("error-wrong-size",): 1,
    }
    assert scrape.by("easel_jobs_total", "end") == {("done",): 1}

"""The part of Discord's requests that one of several processes may send."""

import aiohttp
import pytest
from aiohttp import web

from bot.core.sharding import REQUESTS_PER_S
from bot.discord_ui.request_budget import RequestBudget


@pytest.mark.parametrize("processes", [2, 3, 4, 16, 50, 63, 200])
def test_all_processes_together_stay_below_discords_limit(processes: int) -> None:
    """Beyond it Discord refuses everything of the bot, in all processes."""
    budget = RequestBudget(processes)
    moments = [budget.take(0.0) for _ in range(300)]
    in_a_second = max(
        sum(start <= other < start + 1 for other in moments) for start in sorted(set(moments))
    )
    # Of more processes than requests each has one in more than a second.
    mean = processes * budget.count / budget.within_s
    assert mean <= REQUESTS_PER_S
    assert in_a_second <= max(1, REQUESTS_PER_S // processes)


def test_a_process_that_was_quiet_sends_at_once() -> None:
    """A budget is no delay of every request."""
    budget = RequestBudget(4)
    assert [budget.take(0.0) for _ in range(12)] == [0.0] * 12
    assert budget.take(0.5) == 1.0
    assert budget.take(9.0) == 9.0


async def test_only_requests_that_discord_counts_are_delayed() -> None:
    """An answer to an interaction must come within three seconds, whatever else is sent."""
    taken: list[float] = []

    class Noted(RequestBudget):
        def take(self, now: float) -> float:
            taken.append(now)
            return now

    async def ok(_request: web.Request) -> web.Response:
        return web.Response()

    app, trace = web.Application(), aiohttp.TraceConfig()
    app.router.add_route("*", "/{path:.*}", ok)
    Noted(2).watch(trace)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        async with aiohttp.ClientSession(trace_configs=[trace]) as session:
            async with session.post(f"{url}/api/v10/interactions/1/token/callback"):
                assert taken == []
            bot = {"Authorization": "Bot x"}
            async with session.patch(f"{url}/api/v10/channels/1", headers=bot):
                assert len(taken) == 1
    finally:
        await runner.cleanup()

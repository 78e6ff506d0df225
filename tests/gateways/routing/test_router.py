"""The router: cancelled requests and limits of concurrent requests."""

import asyncio
from pathlib import Path

import pytest

from bot.gateways.events import Sending
from tests.gateways.replay_gateway import RawReply, replay_gateway
from tests.gateways.router_harness import (
    collect_events,
    open_router,
)
from tests.gateways.routing.test_failover import GOOD


async def test_a_stopped_order_stops_its_request(tmp_path: Path) -> None:
    """Closing the generator closes the connection, and the gateway's health is unchanged."""
    async with (
        replay_gateway(RawReply(then="silence")) as raw,
        open_router(tmp_path, raw.gateway()) as one,
    ):
        painting = asyncio.create_task(collect_events(one.router.generate(one.new_request())))
        await raw.all_asked.wait()
        painting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await painting
        raw.answers.append(GOOD)
        assert (await one.generate()).has_pictures


@pytest.mark.parametrize("answer", [GOOD, RawReply(then="reset")])
async def test_a_gateway_that_takes_one_request_at_a_time_is_sent_one_at_a_time(
    answer: RawReply, tmp_path: Path
) -> None:
    """Some resellers answer a second request at once with an error; a failure frees the place."""
    async with (
        replay_gateway(answer, GOOD) as only,
        open_router(tmp_path, only.gateway(name="a", max_at_once=1)) as one,
    ):
        first = one.router.generate(one.new_request())
        assert isinstance(await anext(first), Sending)
        second = asyncio.create_task(one.generate())
        for _ in range(20):
            await asyncio.sleep(0)
        assert not second.done()
        assert only.posts == 0
        await collect_events(first)
        assert only.posts == 1
        assert (await second).has_pictures

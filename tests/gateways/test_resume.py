"""After a restart: what a gateway was given or answered before is never paid again."""

import json
from pathlib import Path

import pytest

from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.models import Billed
from bot.gateways.routing.health import DOWN_S
from tests.gateways.art import b64, picture
from tests.gateways.bench import KEY, model
from tests.gateways.crew import crew, told
from tests.gateways.raw_gateway import Says, http, raw_gateway
from tests.gateways.test_failover import AUTH, GOOD

DONE = http(200, {"id": "t-1", "status": "succeeded", "data": [{"b64_json": b64(picture())}]})
FAILED = http(200, {"id": "t-1", "status": "failed", "error": {"message": "no"}})
IMAGE = http(200, picture(), {"Content-Type": "image/png"})


async def test_a_task_is_polled_at_its_own_gateway(tmp_path: Path) -> None:
    """Same gateway, same key, no new request: the first one of the file is not asked."""
    async with raw_gateway() as first, raw_gateway(DONE) as second:
        gateways = [first.gateway(name="a"), second.gateway(name="b")]
        async with crew(tmp_path, *gateways) as one:
            resumed = one.router.resume(one.order(), gateway="b", task_id="t-1")
            order = await told(resumed)
    assert order.has_pictures, order.failure
    assert order.route == []
    assert (first.requests, second.posts) == ([], 0)
    head = second.requests[0].decode()
    assert head.startswith("GET /v1/images/tasks/t-1 ")
    assert f"Authorization: Bearer {KEY}" in head


@pytest.mark.parametrize("answer", [FAILED, AUTH])
async def test_a_task_that_brings_nothing_goes_nowhere_else(answer: Says, tmp_path: Path) -> None:
    """It was paid for, perhaps: another gateway would be paid, too."""
    async with raw_gateway(answer) as first, raw_gateway() as second:
        gateways = [first.gateway(name="a"), second.gateway(name="b")]
        async with crew(tmp_path, *gateways) as one:
            order = await told(one.router.resume(one.order(), gateway="a", task_id="t-1"))
            assert one.heard == []
    assert (order.events, first.posts, second.requests) == ([], 0, [])
    assert order.failed.gateway == "a"


async def test_what_was_answered_is_only_fetched(tmp_path: Path) -> None:
    """The pictures were made and paid for; they wait for some hours."""
    async with raw_gateway(IMAGE) as first, raw_gateway() as second:
        gateways = [second.gateway(name="a"), first.gateway(name="b")]
        async with crew(tmp_path, *gateways) as one:
            urls = (f"{first.origin}/picture.png",)
            order = await told(one.router.fetch(one.order(), gateway="b", urls=urls))
    assert order.has_pictures, order.failure
    assert (first.posts, second.requests) == (0, [])


async def test_what_is_gone_is_told(tmp_path: Path) -> None:
    """Addresses of pictures expire."""
    async with raw_gateway(*[http(404)] * 3) as raw, crew(tmp_path, raw.gateway()) as one:
        urls = (f"{raw.origin}/picture.png",)
        order = await told(one.router.fetch(one.order(), gateway="raw", urls=urls))
    assert (order.failed.kind, order.failed.billed) == (Kind.DOWNLOAD_FAILED, Billed.YES)


async def test_a_gateway_that_was_taken_away(tmp_path: Path) -> None:
    """Nobody has its key any more, and nobody knows whether it was paid."""
    async with raw_gateway() as raw, crew(tmp_path, raw.gateway()) as one:
        polled = await told(one.router.resume(one.order(), gateway="old", task_id="t-1"))
        fetched = await told(one.router.fetch(one.order(), gateway="old", urls=("http://x/",)))
    for order in (polled, fetched):
        assert (order.failed.kind, order.failed.gateway) == (Kind.TASK_LOST, "old")
        assert order.failed.billed is Billed.MAYBE


async def test_a_model_that_was_taken_away_is_still_polled(tmp_path: Path) -> None:
    """The operator offers it no more; the picture of yesterday is the person's all the same."""
    async with raw_gateway(DONE) as raw:
        gateway = raw.gateway(models=("drawer",))
        async with crew(tmp_path, gateway, known=[model("drawer")]) as one:
            order = await told(one.router.resume(one.order(), gateway="raw", task_id="t-1"))
    assert order.has_pictures, order.failure


async def test_a_gateway_that_is_down_is_still_polled(tmp_path: Path) -> None:
    """A rest is for new orders: polls cost nothing."""
    async with raw_gateway(AUTH, DONE) as raw, crew(tmp_path, raw.gateway()) as one:
        assert (await one.paint()).failed.kind is Kind.AUTH
        order = await told(one.router.resume(one.order(), gateway="raw", task_id="t-1"))
    assert order.has_pictures
    assert sum(one.clock.pauses) < DOWN_S


SUBMITTED = http(200, {"task_id": "t-1"})


@pytest.mark.parametrize(
    "poll", [AUTH, FAILED, http(200, {"status": "failed", "error": {"code": "insufficient_quota"}})]
)
async def test_a_task_that_was_taken_is_never_given_to_another(poll: Says, tmp_path: Path) -> None:
    """Even a sure failure of its poll: the first gateway may have been paid at the submission."""
    async with raw_gateway(SUBMITTED, poll) as first, raw_gateway(GOOD) as second:
        gateways = [first.gateway(name="a"), second.gateway(name="b")]
        async with crew(tmp_path, *gateways) as one:
            order = await one.paint()
            assert one.heard == []
    assert [type(event).__name__ for event in order.events] == ["Sending", "Task"]
    assert (first.posts, second.posts) == (1, 0)


@pytest.mark.parametrize("code", ["insufficient_quota", "invalid_api_key", "rate_limit_exceeded"])
async def test_a_stream_that_showed_something_is_never_given_to_another(
    code: str, tmp_path: Path
) -> None:
    """Whoever sent a preview has begun to work, whatever the error after it says."""
    art = b64(picture())
    told_first = {"type": "image_generation.partial_image", "b64_json": art}
    then = {"type": "error", "error": {"code": code, "message": "no"}}
    lines = "".join(f"data: {json.dumps(event)}\n\n" for event in (told_first, then))
    stream = http(200, lines.encode(), {"Content-Type": "text/event-stream"})
    known = model("painter", partial_images=1)
    async with raw_gateway(stream) as first, raw_gateway(GOOD) as second:
        gateways = [first.gateway(name="a", streaming="sse"), second.gateway(name="b")]
        async with crew(tmp_path, *gateways, known=[known]) as one:
            order = await one.paint()
            assert one.heard == []
    assert (first.posts, second.posts, order.route) == (1, 0, ["a"])
    assert order.failed.billed is Billed.MAYBE

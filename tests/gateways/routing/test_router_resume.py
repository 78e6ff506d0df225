"""After a restart: what a gateway was given or answered before is never paid again."""

import json
from pathlib import Path

import pytest

from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.models import Billed
from bot.gateways.routing.health import DOWN_SUSPENSION_S
from tests.gateways.generation_harness import GATEWAY_KEY, make_model
from tests.gateways.replay_gateway import RawReply, http_reply, replay_gateway
from tests.gateways.router_harness import collect_events, open_router
from tests.gateways.routing.test_failover import AUTH, GOOD
from tests.gateways.sample_pictures import b64, picture_bytes

DONE = http_reply(
    200, {"id": "t-1", "status": "succeeded", "data": [{"b64_json": b64(picture_bytes())}]}
)
FAILED = http_reply(200, {"id": "t-1", "status": "failed", "error": {"message": "no"}})
IMAGE = http_reply(200, picture_bytes(), {"Content-Type": "image/png"})


async def test_a_task_is_polled_at_its_own_gateway(tmp_path: Path) -> None:
    """Same gateway, same key, no new request: the first one of the file is not asked."""
    async with replay_gateway() as first, replay_gateway(DONE) as second:
        gateways = [first.gateway(name="a"), second.gateway(name="b")]
        async with open_router(tmp_path, *gateways) as one:
            resumed = one.router.resume(one.new_request(), gateway="b", task_id="t-1")
            order = await collect_events(resumed)
    assert order.has_pictures, order.failure
    assert order.route == []
    assert (first.requests, second.posts) == ([], 0)
    head = second.requests[0].decode()
    assert head.startswith("GET /v1/images/tasks/t-1 ")
    assert f"Authorization: Bearer {GATEWAY_KEY}" in head


@pytest.mark.parametrize("answer", [FAILED, AUTH])
async def test_a_task_that_brings_nothing_goes_nowhere_else(
    answer: RawReply, tmp_path: Path
) -> None:
    """It was paid for, perhaps: another gateway would be paid, too."""
    async with replay_gateway(answer) as first, replay_gateway() as second:
        gateways = [first.gateway(name="a"), second.gateway(name="b")]
        async with open_router(tmp_path, *gateways) as one:
            order = await collect_events(
                one.router.resume(one.new_request(), gateway="a", task_id="t-1")
            )
            assert one.alerts_sent == []
    assert (order.events, first.posts, second.requests) == ([], 0, [])
    assert order.failed.gateway == "a"


async def test_what_was_answered_is_only_fetched(tmp_path: Path) -> None:
    """The pictures were made and paid for; they wait for some hours."""
    async with replay_gateway(IMAGE) as first, replay_gateway() as second:
        gateways = [second.gateway(name="a"), first.gateway(name="b")]
        async with open_router(tmp_path, *gateways) as one:
            urls = (f"{first.origin}/picture.png",)
            order = await collect_events(
                one.router.fetch(one.new_request(), gateway="b", urls=urls)
            )
    assert order.has_pictures, order.failure
    assert (first.posts, second.requests) == (0, [])


async def test_what_is_gone_is_told(tmp_path: Path) -> None:
    """Addresses of pictures expire."""
    async with (
        replay_gateway(http_reply(410)) as raw,
        open_router(tmp_path, raw.gateway()) as one,
    ):
        urls = (f"{raw.origin}/picture.png",)
        order = await collect_events(one.router.fetch(one.new_request(), gateway="raw", urls=urls))
    assert (order.failed.kind, order.failed.billed) == (Kind.DOWNLOAD_FAILED, Billed.YES)


async def test_a_gateway_that_was_taken_away(tmp_path: Path) -> None:
    """Its key is no longer configured, and it is unknown whether it was paid."""
    async with replay_gateway() as raw, open_router(tmp_path, raw.gateway()) as one:
        polled = await collect_events(
            one.router.resume(one.new_request(), gateway="old", task_id="t-1")
        )
        fetched = await collect_events(
            one.router.fetch(one.new_request(), gateway="old", urls=("http://x/",))
        )
    for order in (polled, fetched):
        assert (order.failed.kind, order.failed.gateway) == (Kind.TASK_LOST, "old")
        assert order.failed.billed is Billed.MAYBE


async def test_a_model_that_was_taken_away_is_still_polled(tmp_path: Path) -> None:
    """The operator offers it no more; the picture of yesterday is the person's all the same."""
    async with replay_gateway(DONE) as raw:
        gateway = raw.gateway(models=("drawer",))
        async with open_router(tmp_path, gateway, known=[make_model("drawer")]) as one:
            order = await collect_events(
                one.router.resume(one.new_request(), gateway="raw", task_id="t-1")
            )
    assert order.has_pictures, order.failure


async def test_a_gateway_that_is_down_is_still_polled(tmp_path: Path) -> None:
    """A suspension applies to new requests: polls cost nothing."""
    async with replay_gateway(AUTH, DONE) as raw, open_router(tmp_path, raw.gateway()) as one:
        assert (await one.generate()).failed.kind is Kind.AUTH
        order = await collect_events(
            one.router.resume(one.new_request(), gateway="raw", task_id="t-1")
        )
    assert order.has_pictures
    assert sum(one.clock.pauses) < DOWN_SUSPENSION_S


SUBMITTED = http_reply(200, {"task_id": "t-1"})


@pytest.mark.parametrize(
    "poll",
    [AUTH, FAILED, http_reply(200, {"status": "failed", "error": {"code": "insufficient_quota"}})],
)
async def test_a_task_that_was_taken_is_never_given_to_another(
    poll: RawReply, tmp_path: Path
) -> None:
    """Even a sure failure of its poll: the first gateway may have been paid at the submission."""
    async with replay_gateway(SUBMITTED, poll) as first, replay_gateway(GOOD) as second:
        gateways = [first.gateway(name="a"), second.gateway(name="b")]
        async with open_router(tmp_path, *gateways) as one:
            order = await one.generate()
            assert one.alerts_sent == []
    assert [type(event).__name__ for event in order.events] == ["Sending", "TaskAccepted"]
    assert (first.posts, second.posts) == (1, 0)


@pytest.mark.parametrize("code", ["insufficient_quota", "invalid_api_key", "rate_limit_exceeded"])
async def test_a_stream_that_showed_something_is_never_given_to_another(
    code: str, tmp_path: Path
) -> None:
    """A gateway that sent a preview has begun to work, whatever the later error says."""
    art = b64(picture_bytes())
    told_first = {"type": "image_generation.partial_image", "b64_json": art}
    then = {"type": "error", "error": {"code": code, "message": "no"}}
    lines = "".join(f"data: {json.dumps(event)}\n\n" for event in (told_first, then))
    stream = http_reply(200, lines.encode(), {"Content-Type": "text/event-stream"})
    known = make_model("painter", partial_images=1)
    async with replay_gateway(stream) as first, replay_gateway(GOOD) as second:
        gateways = [first.gateway(name="a", streaming="sse"), second.gateway(name="b")]
        async with open_router(tmp_path, *gateways, known=[known]) as one:
            order = await one.generate()
            assert one.alerts_sent == []
    assert (first.posts, second.posts, order.route) == (1, 0, ["a"])
    assert order.failed.billed is Billed.MAYBE

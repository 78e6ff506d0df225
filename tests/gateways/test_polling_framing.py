"""The last poll is read however the gateway frames it."""

import json
from pathlib import Path

import pytest

from bot.gateways.gateway import AsyncSettings
from tests.gateways.generation_harness import make_model, run_generation
from tests.gateways.replay_gateway import RawReply, http_reply, replay_gateway
from tests.gateways.sample_pictures import b64, picture_bytes

DONE = json.dumps({"status": "succeeded", "data": [{"b64_json": b64(picture_bytes())}]}).encode()
ODD_ENDS = {
    "no end": http_reply(200, DONE, {"Content-Length": "99999"}),
    "comments first": http_reply(200, b": PING\n\n" + DONE),
    "the picture itself": http_reply(200, picture_bytes(), {"Content-Type": "image/png"}),
    "a long header": http_reply(200, DONE, {"X-Debug": "a" * 9_000}),
}


@pytest.mark.parametrize("answer", ODD_ENDS.values(), ids=ODD_ENDS)
async def test_an_oddly_framed_end_is_an_end(answer: RawReply, tmp_path: Path) -> None:
    """Polling again would bring the same."""
    accepted, running = (
        http_reply(200, {"task_id": "t-1"}),
        http_reply(200, {"status": "running"}),
    )
    async with replay_gateway(accepted, running, answer) as raw:
        gateway = raw.gateway(asynchronous=AsyncSettings(mode="always"))
        result = await run_generation(gateway, tmp_path, known=make_model("painter", timeout_s=5))
    assert (len(result.pictures), len(raw.requests)) == (1, 3)


async def test_a_redirect_loop_is_a_failed_poll(tmp_path: Path) -> None:
    """It is tried like any other until the budget is spent."""
    accepted, done = http_reply(200, {"task_id": "t-1"}), http_reply(200, DONE)
    there, back = (http_reply(301, headers={"Location": path}) for path in ("/a", "/b"))
    async with replay_gateway(accepted, there, back, there, done) as raw:
        gateway = raw.gateway(asynchronous=AsyncSettings(mode="always"))
        result = await run_generation(gateway, tmp_path, known=make_model("painter", timeout_s=5))
    assert (len(result.pictures), raw.posts) == (1, 1)

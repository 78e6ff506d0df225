"""A reply with more pictures than were asked for: they are neither shown nor counted."""

from pathlib import Path

import pytest
import structlog

from bot.gateways.events import Received
from bot.gateways.gateway import AsyncSettings
from tests.gateways import fake_chat as chat
from tests.gateways import fake_responses as responses
from tests.gateways.fake_sse import DONE, sse_event, stream_reply
from tests.gateways.generation_harness import make_model, run_generation
from tests.gateways.replay_gateway import RawReply, http_reply, replay_gateway
from tests.gateways.router_harness import open_router
from tests.gateways.sample_pictures import b64, picture_bytes

ARTS = [picture_bytes(width=width) for width in (8, 9, 10)]
DATA = {"data": [{"b64_json": b64(art)} for art in ARTS]}
PARTS = {"images": [chat.part(chat.data_uri(art)) for art in ARTS]}
ITEMS = [responses.call_item(art, number) for number, art in enumerate(ARTS, 1)]
TASK = http_reply(202, {"task_id": "7", "status": "queued"})
EVENTS = [
    sse_event("image_generation.completed", {"type": "image_generation.completed", **DATA}),
]
STREAMED = [sse_event("", chat.chunk(PARTS)), sse_event("", chat.chunk({}, "stop")), DONE]

REPLIES: dict[str, list[RawReply]] = {
    "images": [http_reply(200, DATA)],
    "a task": [TASK, http_reply(200, {"status": "success", **DATA})],
    "an event": [stream_reply(*EVENTS)],
    "chat": [http_reply(200, chat.chat_reply(PARTS))],
    "chat as a stream": [stream_reply(*STREAMED)],
    "responses": [http_reply(200, responses.response(*ITEMS))],
    "responses as a stream": [stream_reply(*responses.stream_of(*ITEMS))],
}


@pytest.mark.parametrize("kind", REPLIES)
@pytest.mark.parametrize("n", [1, 2])
async def test_nobody_gets_or_pays_what_they_did_not_ask_for(
    kind: str, n: int, tmp_path: Path
) -> None:
    """Whatever the reply looks like; no file of the rest is left."""
    async with replay_gateway(*REPLIES[kind]) as raw:
        known = make_model("painter", timeout_s=5)
        result = await run_generation(raw.gateway(), tmp_path, known=known, n=n)
    assert [one.path.read_bytes() for one in result.pictures] == ARTS[:n]
    assert (result.received.units, result.received.made) == (n, n)
    assert (raw.posts, result.received.lost(n)) == (1, 0)
    assert result.left == [".png"] * n


@pytest.mark.parametrize("kind", REPLIES)
async def test_the_operator_hears_of_it_once(kind: str, tmp_path: Path) -> None:
    """The gateway may bill all of them, each time; a reply without more says nothing."""
    usual = http_reply(200, {"data": DATA["data"][:1]})
    async with replay_gateway(usual, *REPLIES[kind], *REPLIES[kind]) as raw:
        gateway = raw.gateway(asynchronous=AsyncSettings())
        with structlog.testing.capture_logs() as logs:
            async with open_router(tmp_path, gateway) as at:
                for _ in range(3):
                    events = (await at.generate()).events
                    assert isinstance(events[-1], Received)
    told = [each for each in logs if each["event"] == "gateway.more_pictures"]
    assert [(each["gateway"], each["came"], each["left_out"]) for each in told] == [("raw", 3, 2)]

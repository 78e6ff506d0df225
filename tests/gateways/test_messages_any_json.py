"""Any JSON where a chat message or a response should be: pictures, or a failure that has a name."""

import asyncio
import json
import tempfile
from collections.abc import Mapping
from contextlib import aclosing
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.errors.gateway import GatewayFailure
from bot.gateways.events import Answered, Received, TaskAccepted
from tests.gateways.fake_sse import DONE, sse_event
from tests.gateways.sample_pictures import b64, picture_bytes
from tests.gateways.test_exchange_any_framing import (
    EVENTS,
    EXAMPLES,
    JSON,
    ArrivingReply,
    exchange_of,
    folder_in_memory,
)

ART = b64(picture_bytes())
URI = f"data:image/png;base64,{ART}"
Words = st.sampled_from(
    [
        *("", "a fox", f"![a]({URI})", f"![a]({URI}", "![", "](", "data:image/png;base64,", ART),
        *("<img src='", "'>", "\ud800", "\\", '"', "进度 **34%**", "content_filter", "completed"),
        *("x" * 9_000, "x " * 5_000, "\\u00" * 3_000, "image_generation_call", "message"),
    ]
)
Keys = st.sampled_from(
    [
        *("choices", "delta", "message", "content", "images", "image", "image_url", "url", "text"),
        *("refusal", "reasoning_content", "finish_reason", "usage", "error", "type", "result"),
        *("output", "item", "response", "id", "status", "partial_image_b64", "b64_json", "data"),
    ]
)
Anything = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 9) | Words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(Keys, inner, max_size=4),
    max_leaves=10,
)
Message = st.dictionaries(Keys, Anything, max_size=4)
Chat = st.builds(
    lambda name, message, more: {"choices": [{name: message, **more}]},
    st.sampled_from(["delta", "message"]),
    Message,
    Message,
)
Item = st.builds(lambda more: {"type": "image_generation_call", **more}, Message)
Response = st.builds(
    lambda name, item, more: {"type": f"response.{name}", "item": item, **more},
    st.sampled_from(
        [
            *("output_item.done", "completed", "failed", "incomplete", "done"),
            *("image_generation_call.partial_image", "image_generation_call.completed"),
        ]
    ),
    Item,
    st.builds(lambda items, more: {"response": {"output": items, **more}}, st.lists(Item), Message),
)
Bodies = Chat | Response | Message | st.builds(lambda items: {"output": items}, st.lists(Item))


async def _read(folder: Path, body: bytes, content_type: str) -> None:
    """Run the exchange up to a download, a task, its pictures or its failure."""
    chunks = [body[at : at + 5_000] for at in range(0, len(body), 5_000)]
    arriving = ArrivingReply(chunks, content_type, None)
    feeding = asyncio.create_task(arriving.arrive())
    try:
        async with aclosing(exchange_of(folder, arriving, 1).events()) as events:
            async for event in events:
                if isinstance(event, Answered | TaskAccepted | Received):
                    return
    except GatewayFailure:
        pass
    finally:
        feeding.cancel()


def _run(body: bytes, content_type: str) -> None:
    with tempfile.TemporaryDirectory(dir=folder_in_memory()) as folder:
        asyncio.run(_read(Path(folder), body, content_type))


@settings(max_examples=2 * EXAMPLES)
@given(body=Bodies)
def test_any_message(body: Mapping[str, object]) -> None:
    """No gateway can make a reader raise something else."""
    _run(json.dumps(body).encode(), JSON)


@settings(max_examples=2 * EXAMPLES)
@given(bodies=st.lists(Bodies, min_size=1, max_size=6))
def test_any_stream_of_messages(bodies: list[Mapping[str, object]]) -> None:
    """Of chats and responses, in any order."""
    events = [sse_event("", json.dumps(body)) for body in bodies]
    _run(b"".join([*events, DONE]), EVENTS)

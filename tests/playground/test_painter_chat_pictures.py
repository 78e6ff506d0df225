"""The painter's chat model that paints: OpenRouter's shape, strict, and the bot's client."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.core.errors.gateway import GatewayErrorKind
from bot.core.models import NamedSize
from bot.gateways.events import TaskProgress
from bot.gateways.gateway import Gateway
from playground.painter.responses import CHAT_PAINTER
from tests.gateways.generation_harness import make_model, run_generation
from tests.playground.painter_client import Client, data_uri, opened, plain, serving

CHAT = "/v1/chat/completions"
BOTH = ["image", "text"]
FORBIDDEN = "a forbidden garden"


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    """Serve the painter."""
    async with serving() as opened_:
        yield opened_


def order(words: str = "a lighthouse at dusk", *uris: str, **changes: Any) -> dict[str, object]:
    """Return a body; None drops a field."""
    images = [{"type": "image_url", "image_url": {"url": uri}} for uri in uris]
    content = [{"type": "text", "text": words}, *images] if uris else words
    body = {
        "model": CHAT_PAINTER,
        "messages": [{"role": "user", "content": content}],
        "modalities": BOTH,
    }
    return {name: value for name, value in (body | changes).items() if value is not None}


async def replied(client: Client, body: dict[str, object]) -> dict[str, Any]:
    """Send a body and return the whole reply."""
    async with client.post(CHAT, json=body) as response:
        assert response.status == 200, await response.text()
        reply: dict[str, Any] = await response.json()
        return reply


def picture_in(message: dict[str, Any]) -> bytes:
    """Return the one picture of a message or a delta."""
    (image,) = message["images"]
    assert image["type"] == "image_url"
    uri: str = image["image_url"]["url"]
    head, _, data = uri.partition(",")
    assert head == "data:image/png;base64"
    return data.encode()


async def test_a_picture_is_where_openrouter_has_it(client: Client) -> None:
    """Beside words that say what it shows, with the tokens that it took."""
    reply = await replied(client, order())
    (choice,) = reply["choices"]
    assert choice["finish_reason"] == "stop"
    assert choice["message"]["content"].startswith("A lighthouse")
    assert opened(picture_in(choice["message"]).decode()).size == (1024, 1024)
    usage = reply["usage"]
    assert usage["prompt_tokens"] + usage["completion_tokens"] == usage["total_tokens"] > 1000


async def test_the_ratio_is_a_field(client: Client) -> None:
    """In the sizes that OpenRouter's page lists."""
    reply = await replied(client, order(image_config={"aspect_ratio": "3:2"}))
    picture = picture_in(reply["choices"][0]["message"])
    assert opened(picture.decode()).size == (1248, 832)


async def test_references_are_shown(client: Client) -> None:
    """As in an edit: the picture has them, and the words say so."""
    reply = await replied(client, order("a boat", data_uri(plain("crimson"))))
    message = reply["choices"][0]["message"]
    assert "your reference" in message["content"]


async def test_a_stream_says_how_far_it_is(client: Client) -> None:
    """Progress in words, the picture as one piece, then why it ended, then the usage."""
    async with client.post(CHAT, json=order(stream=True)) as response:
        assert response.content_type == "text/event-stream"
        lines = (await response.text()).removesuffix("\n\n").split("\n\n")
    assert lines.pop() == "data: [DONE]"
    pieces = [json.loads(line.removeprefix("data: ")) for line in lines]
    assert pieces[-1]["choices"] == []
    assert pieces[-1]["usage"]["completion_tokens"] > 1000
    choices = [piece["choices"][0] for piece in pieces[:-1]]
    words = "".join(choice["delta"].get("content", "") for choice in choices)
    assert [f"{percent}%" in words for percent in (25, 50, 75)] == [True] * 3
    assert [choice["finish_reason"] for choice in choices if choice["finish_reason"]] == ["stop"]
    (picture,) = (choice["delta"] for choice in choices if "images" in choice["delta"])
    assert opened(picture_in(picture).decode()).size == (1024, 1024)


@pytest.mark.parametrize("stream", [False, True])
async def test_a_declined_prompt_is_a_refusal_in_words(client: Client, *, stream: bool) -> None:
    """With HTTP 200, as models decline."""
    async with client.post(CHAT, json=order(FORBIDDEN, stream=stream)) as response:
        assert response.status == 200
        said = await response.text()
    assert '"content_filter"' in said
    assert "can't paint that" in said
    assert "images" not in said


WRONG: list[tuple[dict[str, object], str]] = [
    ({"modalities": None}, "modalities"),
    ({"modalities": ["text"]}, "modalities"),
    ({"modalities": "image"}, "modalities"),
    ({"modalities": ["image", "audio"]}, "modalities"),
    ({"image_config": {"aspect_ratio": "1024x1024"}}, "image_config"),
    ({"image_config": {"size": "1:1"}}, "image_config"),
    ({"image_config": "1:1"}, "image_config"),
    ({"stream": "yes"}, "stream"),
    ({"max_tokens": 5}, "max_tokens"),
    ({"n": 2}, "n"),
    ({"messages": []}, "messages"),
    ({"messages": [{"role": "user", "content": " "}]}, "messages"),
]


@pytest.mark.parametrize(("changes", "param"), WRONG)
async def test_a_wrong_field_is_named(client: Client, changes: dict[str, Any], param: str) -> None:
    """A mistake in the playground's table would show at once."""
    async with client.post(CHAT, json=order(**changes)) as response:
        assert response.status == 400, await response.text()
        assert (await response.json())["error"]["param"] == param


async def test_a_failure_by_chance_is_no_stream() -> None:
    """So that nobody takes it for a picture that was cut."""
    async with (
        serving(fail_rate=1) as client,
        client.post(CHAT, json=order(stream=True)) as response,
    ):
        assert response.status == 500
        assert response.content_type == "application/json"


def chat_gateway(client: Client, **changes: Any) -> Gateway:
    """Return the painter as a gateway that paints through chat."""
    body: dict[str, Any] = {"modalities": BOTH, "image_config": {"aspect_ratio": "{size}"}}
    url = str(client.make_url("/v1"))
    return Gateway(name="p", base_url=url, models=(CHAT_PAINTER,), api="chat", body=body, **changes)


@pytest.mark.parametrize("streaming", ["off", "sse"])
async def test_the_bot_paints_through_chat(client: Client, tmp_path: Path, streaming: str) -> None:
    """Whole or in pieces, with progress; the usage is counted."""
    painted = await run_generation(
        chat_gateway(client, streaming=streaming),
        tmp_path / "job",
        known=make_model(CHAT_PAINTER),
        size=NamedSize("1:1"),
    )
    assert [(each.width, each.height) for each in painted.pictures] == [(1024, 1024)]
    assert painted.usage is not None
    fractions = [event.fraction for event in painted.events if isinstance(event, TaskProgress)]
    # Pieces that arrive at once are one step.
    assert fractions[-1:] == ([0.75] if streaming == "sse" else [])


@pytest.mark.parametrize("streaming", ["off", "sse"])
async def test_the_bot_hears_that_a_prompt_is_declined(
    client: Client, tmp_path: Path, streaming: str
) -> None:
    """Not that the gateway is broken."""
    gateway = chat_gateway(client, streaming=streaming)
    painted = await run_generation(
        gateway, tmp_path / "job", known=make_model(CHAT_PAINTER), prompt=FORBIDDEN
    )
    assert painted.failed.kind is GatewayErrorKind.MODERATION

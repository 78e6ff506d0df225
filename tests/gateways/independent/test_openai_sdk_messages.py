"""The official SDK's chat and responses at our fakes: what they send is what OpenAI describes."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.gateways import fake_chat as chat
from tests.gateways import fake_responses as responses
from tests.gateways.sample_pictures import picture_bytes

pytest.importorskip("openai", reason="the official SDK is not installed: pip install -e .[dev]")

import openai
from openai import AsyncOpenAI
from openai.types.responses.response_output_item import ImageGenerationCall

from tests.gateways.independent.test_openai_sdk import sdk

ART = picture_bytes()
ASKED = "a red fox"
TOOL: Literal["image_generation"] = "image_generation"


def _decoded(call: object) -> bytes:
    assert isinstance(call, ImageGenerationCall)
    return base64.b64decode(call.result or "", validate=True)


@asynccontextmanager
async def at(app: web.Application) -> AsyncIterator[AsyncOpenAI]:
    """Open a fake, and the SDK at it."""
    async with TestServer(app) as server, sdk(str(server.make_url("/v1"))) as client:
        yield client


async def test_a_chat_with_pictures() -> None:
    """They are an addition of gateways, which the SDK keeps as it is."""
    async with at(chat.FakeChat("images", ART).app()) as client:
        reply = await client.chat.completions.create(
            model="m",
            messages=[{"role": "user", "content": ASKED}],
            extra_body={"modalities": ["image", "text"]},
        )
    message = reply.choices[0].message
    assert (message.content, reply.choices[0].finish_reason) == ("Here you are.", "stop")
    assert message.model_extra == {"images": [chat.part(chat.data_uri(ART))]}
    assert reply.usage
    assert reply.usage.completion_tokens == 1290


async def test_a_streamed_chat() -> None:
    """Its pieces are the whole text, and its last one counts the tokens."""
    shape = "relay with data"
    async with at(chat.FakeChat(shape, ART).app()) as client:
        stream = await client.chat.completions.create(
            model="m", messages=[{"role": "user", "content": ASKED}], stream=True
        )
        pieces = [piece async for piece in stream]
    words = [piece.choices[0].delta.content or "" for piece in pieces if piece.choices]
    assert "".join(words) == chat.SHAPES[shape](ART, "")["content"]
    assert pieces[-1].usage
    assert pieces[-2].choices[0].finish_reason == "stop"


async def test_a_reference_in_a_chat() -> None:
    """The form in which Easel sends them, too."""
    fake = chat.FakeChat("images", ART)
    async with at(fake.app()) as client:
        await client.chat.completions.create(
            model="m",
            messages=[
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": ASKED},
                        {"type": "image_url", "image_url": {"url": chat.data_uri(ART)}},
                    ],
                }
            ],
        )
    assert fake.paid == 1


async def test_a_response_with_a_picture() -> None:
    """Every item of it is one that OpenAI describes."""
    fake = responses.FakeResponses(ART)
    async with at(fake.app()) as client:
        reply = await client.responses.create(
            model="gpt-5.4",
            input=ASKED,
            store=False,
            tools=[{"type": TOOL, "quality": "low", "size": "1024x1024"}],
            tool_choice={"type": TOOL},
        )
    calls = [item for item in reply.output if item.type == "image_generation_call"]
    assert [_decoded(call) for call in calls] == [ART]
    assert (reply.status, fake.paid) == ("completed", 1)


async def test_a_streamed_response() -> None:
    """Its events come in OpenAI's order, and the SDK knows each of them."""
    fake = responses.FakeResponses(ART)
    async with at(fake.app()) as client:
        stream = await client.responses.create(
            model="gpt-5.4",
            input=ASKED,
            stream=True,
            tools=[{"type": TOOL, "partial_images": 2}],
        )
        events = [event async for event in stream]
    previews = [
        base64.b64decode(event.partial_image_b64)
        for event in events
        if event.type == "response.image_generation_call.partial_image"
    ]
    made = [_decoded(e.item) for e in events if e.type == "response.output_item.done"]
    assert (previews, made) == ([responses.PREVIEW] * 2, [ART])
    assert events[-1].type == "response.completed"


@pytest.mark.parametrize("field", ["n", "style"])
async def test_a_field_that_the_tool_does_not_have(field: str) -> None:
    """The refusal is one that the SDK reads."""
    async with at(responses.FakeResponses().app()) as client:
        with pytest.raises(openai.BadRequestError) as refused:
            await client.responses.create(
                model="gpt-5.4",
                input=ASKED,
                tools=[{"type": TOOL, field: 2}],  # type: ignore[list-item]  # what the test is about
            )
    assert refused.value.code == "unknown_parameter"

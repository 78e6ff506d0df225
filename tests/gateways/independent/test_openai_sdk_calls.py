"""The official SDK's chat and responses calls at our fakes, which take them for OpenAI's."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.gateways.fake_chat_vendors import GEMINI, FakeNewApi, FakeOpenRouterChat
from tests.gateways.fake_openai_responses import FakeOpenAIResponses
from tests.gateways.fake_responses import PREVIEW
from tests.gateways.sample_pictures import b64, picture_bytes

pytest.importorskip("openai", reason="the official SDK is not installed: pip install -e .[dev]")

import openai
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletionContentPartParam
from openai.types.responses import (
    ResponseImageGenCallPartialImageEvent,
    ResponseInputParam,
    ResponseOutputItemDoneEvent,
)
from openai.types.responses.response_output_item import ImageGenerationCall
from openai.types.responses.tool_param import ImageGeneration

from tests.gateways.independent.test_openai_sdk import sdk

FOX = f"data:image/png;base64,{b64(picture_bytes())}"
TOOL: ImageGeneration = {"type": "image_generation", "model": "gpt-image-2", "size": "1536x1024"}


class Fake(Protocol):
    """What every fake counts."""

    posts: int
    paid: int

    def app(self) -> web.Application:
        """Return the server."""


@asynccontextmanager
async def at(fake: Fake, base: str = "/v1", **changes: str) -> AsyncIterator[AsyncOpenAI]:
    """Open the SDK at a fake."""
    async with (
        TestServer(fake.app()) as server,
        sdk(str(server.make_url(base)), **changes) as client,
    ):
        yield client


# --- chat -----------------------------------------------------------------------------------------


async def test_a_picture_through_chat_beside_the_text() -> None:
    """The fake must not demand what no client of OpenAI can send, nor answer what none can read."""
    fake = FakeOpenRouterChat()
    async with at(fake, "/api/v1") as client:
        reply = await client.chat.completions.create(
            model=GEMINI,
            messages=[{"role": "user", "content": "a fox"}],
            extra_body={"modalities": ["image", "text"], "image_config": {"aspect_ratio": "16:9"}},
        )
    message = reply.choices[0].message
    assert message.content == "Here you are."
    assert message.model_extra
    (picture,) = message.model_extra["images"]
    assert picture["image_url"]["url"].startswith("data:image/png;base64,")
    assert (fake.posts, fake.paid) == (1, 1)


async def test_a_reference_through_chat() -> None:
    """The parts of a message are those of the SDK's types."""
    parts: list[ChatCompletionContentPartParam] = [
        {"type": "text", "text": "blue"},
        {"type": "image_url", "image_url": {"url": FOX}},
    ]
    fake = FakeNewApi()
    async with at(fake) as client:
        reply = await client.chat.completions.create(
            model="gemini-3-pro-image-preview", messages=[{"role": "user", "content": parts}]
        )
    assert "![image](data:image/png;base64," in (reply.choices[0].message.content or "")
    assert reply.usage
    assert (reply.usage.total_tokens, fake.paid) == (1300, 1)


async def test_a_wrong_field_through_chat_is_refused() -> None:
    """A strict fake would be useless if it took everything."""
    fake = FakeOpenRouterChat()
    async with at(fake, "/api/v1") as client:
        with pytest.raises(openai.BadRequestError, match="modalities"):
            await client.chat.completions.create(
                model=GEMINI, messages=[{"role": "user", "content": "a fox"}]
            )
    assert (fake.posts, fake.paid) == (1, 0)


async def test_a_wrong_key_through_chat() -> None:
    """Its error is read although its code is a number."""
    async with at(FakeOpenRouterChat(), "/api/v1", key="sk-wrong") as client:
        with pytest.raises(openai.AuthenticationError, match="No auth credentials"):
            await client.chat.completions.create(
                model=GEMINI, messages=[{"role": "user", "content": "a fox"}]
            )


# --- responses ------------------------------------------------------------------------------------


async def test_a_response_with_a_picture() -> None:
    """The item is the one that the SDK's types describe."""
    fake = FakeOpenAIResponses()
    async with at(fake) as client:
        reply = await client.responses.create(
            model="gpt-5.4",
            input="a fox",
            store=False,
            tools=[TOOL],
            tool_choice={"type": "image_generation"},
        )
    calls = [item for item in reply.output if isinstance(item, ImageGenerationCall)]
    assert [base64.b64decode(call.result or "") for call in calls] == [fake.art]
    assert (fake.posts, fake.paid) == (1, 1)


async def test_a_streamed_response_with_a_reference_and_a_preview() -> None:
    """Each event has the name, the place and the fields that the SDK knows."""
    given: ResponseInputParam = [
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": "blue"},
                {"type": "input_image", "detail": "auto", "image_url": FOX},
            ],
        }
    ]
    fake = FakeOpenAIResponses()
    async with at(fake) as client:
        stream = await client.responses.create(
            model="gpt-5.4", input=given, tools=[{**TOOL, "partial_images": 1}], stream=True
        )
        events = [event async for event in stream]
    previews = [one for one in events if isinstance(one, ResponseImageGenCallPartialImageEvent)]
    assert [base64.b64decode(one.partial_image_b64) for one in previews] == [PREVIEW]
    done = [one.item for one in events if isinstance(one, ResponseOutputItemDoneEvent)]
    calls = [item for item in done if isinstance(item, ImageGenerationCall)]
    assert [base64.b64decode(call.result or "") for call in calls] == [fake.art]
    assert events[-1].type == "response.completed"


async def test_a_response_of_the_model_that_paints_is_refused() -> None:
    """The model of a response writes; the one that paints belongs into the tool."""
    fake = FakeOpenAIResponses()
    async with at(fake) as client:
        with pytest.raises(openai.BadRequestError, match="not supported"):
            await client.responses.create(model="gpt-image-2", input="a fox", tools=[TOOL])
    assert (fake.posts, fake.paid) == (1, 0)

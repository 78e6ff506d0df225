"""The official SDK at our fake of a chat model: what it takes strictly is faithful enough."""

import base64
from collections.abc import AsyncIterator

import pytest

from tests.gateways.fake_text_chat import KEY, LISTED, MODEL, Failed, FakeTextChat, Said, text_chat
from tests.gateways.sample_pictures import picture_bytes

pytest.importorskip("openai", reason="the official SDK is not installed: pip install -e .[dev]")

import openai
from openai.types.chat import ChatCompletionMessageParam

from tests.gateways.independent.test_openai_sdk import sdk

PICTURE = f"data:image/png;base64,{base64.b64encode(picture_bytes()).decode()}"
MESSAGES: list[ChatCompletionMessageParam] = [
    {"role": "system", "content": "Answer with a list."},
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "Describe it."},
            {"type": "image_url", "image_url": {"url": PICTURE}},
        ],
    },
]


@pytest.fixture
async def chat() -> AsyncIterator[FakeTextChat]:
    async with text_chat() as chat:
        yield chat


async def test_the_sdk_gets_what_a_person_gets(chat: FakeTextChat) -> None:
    """It checks the reply against OpenAI's own description; the fake checks the request."""
    async with sdk(chat.url, key=KEY) as client:
        reply = await client.chat.completions.create(
            model=MODEL, messages=MESSAGES, max_completion_tokens=900
        )
    assert reply.choices[0].message.content == LISTED
    assert reply.choices[0].finish_reason == "stop"
    assert len(chat.pictures) == 1


async def test_the_sdk_reads_a_stream_of_the_fake(chat: FakeTextChat) -> None:
    """As OpenAI sends it: pieces, and [DONE]."""
    chat.replies.append(Said(streamed=True))
    async with sdk(chat.url, key=KEY) as client:
        stream = await client.chat.completions.create(model=MODEL, messages=MESSAGES, stream=True)
        pieces = [piece.choices[0].delta.content or "" async for piece in stream]
    assert "".join(pieces) == LISTED


async def test_the_sdk_tells_the_errors_of_the_fake_apart(chat: FakeTextChat) -> None:
    """Each by its status and code."""
    async with sdk(chat.url, key="sk-another") as client:
        with pytest.raises(openai.AuthenticationError):
            await client.chat.completions.create(model=MODEL, messages=MESSAGES)
    async with sdk(chat.url, key=KEY) as client:
        with pytest.raises(openai.BadRequestError) as refused:
            await client.chat.completions.create(model=MODEL, messages=MESSAGES, max_tokens=5)
        assert refused.value.code == "unsupported_parameter"
        chat.replies.append(Failed(429, "rate_limit_exceeded"))
        with pytest.raises(openai.RateLimitError):
            await client.chat.completions.create(model=MODEL, messages=MESSAGES)
    assert chat.paid == 0

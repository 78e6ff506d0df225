"""The official SDK at our fake of chats with pictures, whose pieces OpenAI describes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.gateways import fake_chat as chat
from tests.gateways.sample_pictures import picture_bytes

pytest.importorskip("openai", reason="the official SDK is not installed: pip install -e .[dev]")

from openai import AsyncOpenAI

from tests.gateways.independent.test_openai_sdk import sdk

ART = picture_bytes()
ASKED = "a red fox"


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

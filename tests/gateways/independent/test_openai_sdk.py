"""The official SDK at our fakes: what it takes strictly for OpenAI's is faithful enough."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

import pytest
from aiohttp.test_utils import TestServer

from tests.gateways import fake_sse as sse
from tests.gateways.fake_openai import FakeOpenAI
from tests.gateways.generation_harness import GATEWAY_KEY
from tests.gateways.replay_gateway import RawReply, http_reply, replay_gateway
from tests.gateways.sample_pictures import picture_bytes

pytest.importorskip("openai", reason="the official SDK is not installed: pip install -e .[dev]")

import openai
from openai import AsyncOpenAI, DefaultAsyncHttpxClient

GPT = ("gpt-image-1-mini", "gpt-image-1.5", "gpt-image-2", "gpt-image-2.5-flare")
FOX = ("fox.png", picture_bytes())
CAT = ("cat.webp", picture_bytes("webp"))
MASK = ("mask.png", picture_bytes())


@asynccontextmanager
async def sdk(url: str, *, key: str = GATEWAY_KEY) -> AsyncIterator[AsyncOpenAI]:
    """Open the SDK; it checks every reply against OpenAI's own description, and asks once."""
    async with AsyncOpenAI(
        base_url=url,
        api_key=key,
        max_retries=0,
        http_client=DefaultAsyncHttpxClient(trust_env=False),  # no proxy before loopback
        _strict_response_validation=True,
    ) as client:
        yield client


@asynccontextmanager
async def at_the_fake(*, key: str = GATEWAY_KEY) -> AsyncIterator[tuple[FakeOpenAI, AsyncOpenAI]]:
    """Open the SDK at a fresh fake."""
    fake = FakeOpenAI()
    async with (
        TestServer(fake.app()) as server,
        sdk(str(server.make_url("/v1")), key=key) as client,
    ):
        yield fake, client


def pictures(reply: openai.types.ImagesResponse) -> list[bytes]:
    """Return the pictures of a reply."""
    return [base64.b64decode(item.b64_json or "", validate=True) for item in reply.data or ()]


# --- what arrives -------------------------------------------------------------------------------


@pytest.mark.parametrize("model", GPT)
async def test_a_generation(model: str) -> None:
    """The reply with all its facts is what OpenAI describes."""
    async with at_the_fake() as (fake, client):
        reply = await client.images.generate(
            model=model,
            prompt="a fox",
            n=2,
            size="1536x1024",
            quality="high",
            background="opaque",
            moderation="low",
            output_format="webp",
            output_compression=50,
            user="somebody",
        )
    assert pictures(reply) == [picture_bytes("webp")] * 2
    assert reply.usage
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (50, 100)
    assert (reply.size, reply.output_format, reply._request_id) == ("1536x1024", "webp", "req_123")
    assert (fake.posts, fake.paid) == (1, 1)


async def test_a_generation_of_dall_e() -> None:
    """It alone revises prompts."""
    async with at_the_fake() as (_, client):
        reply = await client.images.generate(
            model="dall-e-3", prompt="a fox", response_format="b64_json", style="natural"
        )
    assert pictures(reply) == [picture_bytes()]
    assert reply.data
    assert reply.data[0].revised_prompt


async def test_dall_e_answers_with_an_address_unless_told_otherwise() -> None:
    """A client that leaves out the format must accept both."""
    async with at_the_fake() as (_, client):
        reply = await client.images.generate(model="dall-e-3", prompt="a fox")
    assert reply.data
    assert (reply.data[0].b64_json, bool(reply.data[0].url)) == (None, True)


async def test_an_edit_of_one_file() -> None:
    """The SDK calls its field `image`."""
    async with at_the_fake() as (fake, client):
        reply = await client.images.edit(
            model="gpt-image-2", prompt="blue", image=FOX, n=2, output_compression=50
        )
    assert len(pictures(reply)) == 2
    assert [(file.field, file.kind, file.data) for file in fake.uploads[0]] == [
        ("image", "image/png", picture_bytes())
    ]


@pytest.mark.parametrize("files", [[FOX], [FOX, CAT], [FOX] * 16], ids=["one", "two", "many"])
async def test_an_edit_of_a_list(files: list[tuple[str, bytes]]) -> None:
    """The SDK calls the field `image[]`, even with one file in the list."""
    async with at_the_fake() as (fake, client):
        reply = await client.images.edit(model="gpt-image-1.5", prompt="blue", image=files)
    assert len(pictures(reply)) == 1
    assert [file.field for file in fake.uploads[0]] == ["image[]"] * len(files)
    assert [file.data for file in fake.uploads[0]] == [data for _, data in files]


async def test_an_edit_with_a_mask() -> None:
    """It comes behind the pictures."""
    async with at_the_fake() as (fake, client):
        await client.images.edit(model="gpt-image-2", prompt="blue", image=[FOX, CAT], mask=MASK)
    assert [file.field for file in fake.uploads[0]] == ["image[]", "image[]", "mask"]


# --- streams ------------------------------------------------------------------------------------


@pytest.mark.parametrize("partial_images", [0, 1, 3])
async def test_a_streamed_generation(partial_images: int) -> None:
    """Every event holds all that OpenAI promises, and the last one the usage."""
    async with at_the_fake() as (_, client):
        stream = await client.images.generate(
            model="gpt-image-2", prompt="a fox", stream=True, partial_images=partial_images
        )
        *partials, last = [event async for event in stream]
    assert last.type == "image_generation.completed"
    assert (last.usage.total_tokens, base64.b64decode(last.b64_json)) == (150, picture_bytes())
    indices = [
        event.partial_image_index
        for event in partials
        if event.type == "image_generation.partial_image"
    ]
    assert indices == list(range(partial_images))


async def test_a_streamed_edit() -> None:
    """Its events have names of their own."""
    async with at_the_fake() as (_, client):
        stream = await client.images.edit(
            model="gpt-image-2", prompt="a fox", image=FOX, stream=True, partial_images=1
        )
        names = [event.type async for event in stream]
    assert names == ["image_edit.partial_image", "image_edit.completed"]


Family = Literal["image_generation", "image_edit"]


async def _streamed(*pieces: bytes, family: Family = "image_generation") -> list[str]:
    """Read a stream of the raw gateway."""
    async with (
        replay_gateway(sse.stream_reply(*pieces)) as raw,
        sdk(f"{raw.origin}/v1") as client,
    ):
        if family == "image_edit":
            edits = await client.images.edit(prompt="a fox", image=FOX, stream=True)
            return [event.type async for event in edits]
        events = await client.images.generate(prompt="a fox", stream=True)
        return [event.type async for event in events]


@pytest.mark.parametrize("family", ["image_generation", "image_edit"])
async def test_the_streams_of_the_raw_gateway(family: Family) -> None:
    """Comments and `[DONE]` are nothing to see."""
    events = [sse.partial_event(0, family=family), sse.completed_event(family=family)]
    names = await _streamed(sse.PING, *events, sse.DONE, family=family)
    assert names == [f"{family}.partial_image", f"{family}.completed"]


@pytest.mark.parametrize("name", ["error", "image_generation.failed"])
async def test_an_error_inside_a_stream(name: str) -> None:
    """It is known by its data, whatever its name."""
    with pytest.raises(openai.APIError) as caught:
        await _streamed(sse.partial_event(), sse.error_event("moderation_blocked", name=name))
    assert caught.value.code == "moderation_blocked"


# --- errors -------------------------------------------------------------------------------------


async def test_a_wrong_key() -> None:
    """Nothing is paid."""
    async with at_the_fake(key="sk-wrong") as (fake, client):
        with pytest.raises(openai.AuthenticationError) as caught:
            await client.images.generate(model="gpt-image-2", prompt="a fox")
    assert (caught.value.code, caught.value.request_id) == ("invalid_api_key", "req_err")
    assert (fake.posts, fake.paid) == (1, 0)


async def test_a_model_that_is_gone() -> None:
    """The SDK knows it as not found."""
    async with at_the_fake() as (_, client):
        with pytest.raises(openai.NotFoundError) as caught:
            await client.images.generate(model="dall-e-2", prompt="a fox")
    assert caught.value.code == "model_not_found"


@pytest.mark.parametrize(
    ("asked", "code", "param"),
    [
        ({"size": "7x7"}, "invalid_value", "size"),
        ({"quality": "hd"}, "invalid_value", "quality"),
        ({"n": 11}, "invalid_value", "n"),
        ({"partial_images": 1}, "invalid_value", "partial_images"),
        ({"response_format": "b64_json"}, "unknown_parameter", "response_format"),
        ({"style": "vivid"}, "unknown_parameter", "style"),
        ({"stream": "yes"}, "invalid_type", "stream"),
    ],
)
async def test_a_wrong_field(asked: dict[str, object], code: str, param: str) -> None:
    """The SDK does not check what it sends; the answer names the field."""
    async with at_the_fake() as (fake, client):
        with pytest.raises(openai.BadRequestError) as caught:
            await client.images.generate(model="gpt-image-2", prompt="a fox", extra_body=asked)
    assert (caught.value.code, caught.value.param) == (code, param)
    assert caught.value.type == "invalid_request_error"
    assert fake.paid == 0


ERRORS = [
    (400, openai.BadRequestError, "image_generation_user_error", "moderation_blocked"),
    (400, openai.BadRequestError, "invalid_request_error", "billing_hard_limit_reached"),
    (400, openai.BadRequestError, "invalid_request_error", None),
    (401, openai.AuthenticationError, "invalid_request_error", "invalid_api_key"),
    (403, openai.PermissionDeniedError, "invalid_request_error", None),
    (404, openai.NotFoundError, "invalid_request_error", "model_not_found"),
    (409, openai.ConflictError, "conflict_error", None),
    (422, openai.UnprocessableEntityError, "invalid_request_error", None),
    (429, openai.RateLimitError, "requests", "rate_limit_exceeded"),
    (429, openai.RateLimitError, "insufficient_quota", "insufficient_quota"),
    (500, openai.InternalServerError, "server_error", None),
    (503, openai.InternalServerError, "server_error", None),
]


@pytest.mark.parametrize(("status", "kind", "type_", "code"), ERRORS)
async def test_an_error_as_our_tests_write_it(
    status: int, kind: type[openai.APIStatusError], type_: str, code: str | None
) -> None:
    """The SDK finds message, type, code, parameter and request id where OpenAI puts them."""
    error = {"message": "no", "type": type_, "param": "prompt", "code": code}
    said = http_reply(status, {"error": error}, {"x-request-id": "req_7", "retry-after": "7"})
    caught = await _failure_at(said)
    assert type(caught) is kind
    assert isinstance(caught, openai.APIStatusError)
    assert (caught.status_code, caught.request_id) == (status, "req_7")
    assert (caught.type, caught.code, caught.param) == (type_, code, "prompt")
    assert caught.body == error
    assert caught.response.headers["retry-after"] == "7"


async def test_a_connection_that_breaks() -> None:
    """There is no reply."""
    assert type(await _failure_at(RawReply(then="reset"))) is openai.APIConnectionError


async def _failure_at(said: RawReply) -> openai.APIError:
    async with replay_gateway(said) as raw, sdk(f"{raw.origin}/v1") as client:
        with pytest.raises(openai.APIError) as caught:
            await client.images.generate(model="gpt-image-2", prompt="a fox")
    assert raw.posts == 1
    return caught.value

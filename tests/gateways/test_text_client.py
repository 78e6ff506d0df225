"""One question to a chat model: what is sent, what comes back, and whether it was paid for."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.core.clock import Clock
from bot.core.errors.gateway import GatewayErrorKind, GatewayFailure
from bot.core.models import Billed
from bot.gateways.catalogue import Catalogue
from bot.gateways.gateway_config import single_gateway
from bot.gateways.request.chat import ChatQuestion
from bot.gateways.routing.router import Router
from bot.gateways.text_client import TextClient, TextModel
from bot.gateways.text_exchange import MAX_REPLY_BYTES
from tests.gateways.fake_text_chat import (
    KEY,
    LISTED,
    MODEL,
    ChatReply,
    Cut,
    Failed,
    FakeTextChat,
    Raw,
    Said,
    text_chat,
)
from tests.images.test_content_store import picture_bytes

Kind = GatewayErrorKind
SECRET = "a hedgehog whom nobody else would think of"


@pytest.fixture
async def chat() -> AsyncIterator[FakeTextChat]:
    async with text_chat() as chat:
        yield chat


@asynccontextmanager
async def opened(
    url: str,
    *,
    key: str = KEY,
    name: str = MODEL,
    timeout_s: float = 60,
    max_at_once: int = 0,
    **constants: object,
) -> AsyncIterator[TextClient]:
    """Open a client of one gateway."""
    gateway = single_gateway(url=url, key=key, models=("dall-e-3",))
    gateways = (replace(gateway, max_at_once=max_at_once),)
    clock, model = Clock(), TextModel(name=name, constants=constants, timeout_s=timeout_s)
    async with Router(gateways, Catalogue.of(gateways), clock=clock) as router:
        yield TextClient(router, model, clock)


async def nothing(_gateway: str) -> None:
    """Write nothing down."""


async def asked(
    client: TextClient, picture: Path | None = None, words: str = "Describe it."
) -> str:
    """Ask a question."""
    question = ChatQuestion("Answer with a list.", words, picture)
    return await client.ask(question, before_sending=nothing)


async def failure_of(chat: FakeTextChat, reply: ChatReply) -> GatewayFailure:
    """Return how a question fails that is answered like this."""
    chat.replies.append(reply)
    async with opened(chat.url) as client:
        with pytest.raises(GatewayFailure) as failed:
            await asked(client, words=SECRET)
    return failed.value


async def test_a_picture_and_words_are_sent_as_documented(
    chat: FakeTextChat, tmp_path: Path
) -> None:
    """The strict gateway takes the request, and the picture arrives whole."""
    picture = tmp_path / "copy"
    picture.write_bytes(picture_bytes("jpeg", size=(30, 20)))
    async with opened(chat.url) as client:
        assert await asked(client, picture) == LISTED
    (body,) = chat.bodies
    assert body.keys() == {"model", "messages"}
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert body["messages"][1]["content"][0] == {"type": "text", "text": "Describe it."}
    assert [sent.size for sent in chat.pictures] == [(30, 20)]


async def test_the_operators_constants_join_the_body(chat: FakeTextChat) -> None:
    """The limit of tokens has several names: the operator knows the right one."""
    async with opened(chat.url, max_completion_tokens=900, temperature=0.2) as client:
        await asked(client)
    assert chat.bodies[0]["max_completion_tokens"] == 900
    assert chat.bodies[0]["temperature"] == 0.2


async def test_the_gateway_is_told_to_be_about_to_hear_before_it_hears(chat: FakeTextChat) -> None:
    """What is written before the first byte says after a crash that it may be paid for."""
    heard: list[tuple[str, int]] = []

    async def note(gateway: str) -> None:
        heard.append((gateway, len(chat.bodies)))

    async with opened(chat.url) as client:
        await client.ask(ChatQuestion("", "hello"), before_sending=note)
    assert heard == [("default", 0)]


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_text_is_read_whole_or_in_pieces(chat: FakeTextChat, *, streamed: bool) -> None:
    """Some gateways stream though nobody asked for it."""
    chat.replies.append(Said(streamed=streamed))
    async with opened(chat.url) as client:
        assert await asked(client) == LISTED


async def test_a_text_is_cut_where_it_is_too_long(chat: FakeTextChat) -> None:
    """A model that does not stop fills no message and no row."""
    chat.replies.append(Said(text="x" * 50_000))
    async with opened(chat.url) as client:
        assert len(await asked(client)) == 4_000


@pytest.mark.parametrize(
    ("reply", "kind", "billed"),
    [
        (Failed(400, "content_filter"), Kind.MODERATION, Billed.NO),
        (Said(finish_reason="content_filter"), Kind.MODERATION, Billed.YES),
        (Said(text=None, refusal="I can't help with that."), Kind.MODERATION, Billed.YES),
        (Said(text=None), Kind.BAD_RESPONSE, Billed.YES),
        (Failed(401, "invalid_api_key"), Kind.AUTH, Billed.NO),
        (Failed(402), Kind.QUOTA, Billed.NO),
        (Failed(404, "model_not_found"), Kind.MODEL_UNAVAILABLE, Billed.NO),
        (Failed(429, "rate_limit_exceeded"), Kind.RATE_LIMITED, Billed.NO),
        (Failed(500), Kind.UPSTREAM, Billed.MAYBE),
        (Failed(504), Kind.TIMEOUT_UNKNOWN, Billed.MAYBE),
        (Raw(b"<html><title>hello</title>"), Kind.BAD_RESPONSE, Billed.MAYBE),
        (Raw(b'{"error": {"message": "quota is not enough"}}'), Kind.QUOTA, Billed.NO),
        (Raw(b" " * (MAX_REPLY_BYTES + 1)), Kind.BAD_RESPONSE, Billed.MAYBE),
        (Cut(), Kind.TIMEOUT_UNKNOWN, Billed.MAYBE),
        (Cut(half=True), Kind.TIMEOUT_UNKNOWN, Billed.MAYBE),
        (Raw(b"", 302, headers=(("Location", "/v1/moved"),)), Kind.BAD_RESPONSE, Billed.NO),
        (Raw(b"", 307, headers=(("Location", "http://127.0.0.2/"),)), Kind.BAD_RESPONSE, Billed.NO),
    ],
    ids=str,
)
async def test_every_failure_says_whether_it_may_be_paid_for(
    chat: FakeTextChat, reply: ChatReply, kind: Kind, billed: Billed
) -> None:
    """What is certain is given back, and what is not is never sent again."""
    failure = await failure_of(chat, reply)
    assert (failure.kind, failure.billed) == (kind, billed)
    assert len(chat.bodies) == 1


async def test_a_redirect_on_the_same_host_is_followed_once(chat: FakeTextChat) -> None:
    """Some gateways move a path, and say so with a 307 before they read anything."""
    chat.replies.append(Raw(b"", 307, headers=(("Location", "/v1/moved"),)))
    async with opened(chat.url) as client:
        assert await asked(client) == LISTED
    assert chat.paths == ["/v1/chat/completions", "/v1/moved"]


async def test_a_gateway_that_never_answers_is_in_doubt(chat: FakeTextChat) -> None:
    """It may answer a minute later, and be paid."""
    chat.gate.clear()
    async with opened(chat.url, timeout_s=0.2) as client:
        with pytest.raises(GatewayFailure) as failed:
            await asked(client)
    assert (failed.value.kind, failed.value.billed) == (Kind.TIMEOUT_UNKNOWN, Billed.MAYBE)


async def test_the_limit_of_the_gateway_counts_questions(chat: FakeTextChat) -> None:
    """With ``max_at_once`` of one, the second question goes out behind the first."""
    chat.gate.clear()
    async with opened(chat.url, max_at_once=1) as client:
        both = [asyncio.create_task(asked(client)) for _ in range(2)]
        await asyncio.wait_for(chat.asked.wait(), 10)
        await asyncio.sleep(0)
        assert len(chat.bodies) == 1
        chat.gate.set()
        assert await asyncio.gather(*both) == [LISTED, LISTED]
    assert len(chat.bodies) == 2


async def test_what_cannot_be_reached_was_not_paid_for(
    unused_tcp_port_factory: Callable[[], int],
) -> None:
    """Nothing was sent."""
    async with opened(f"http://127.0.0.1:{unused_tcp_port_factory()}/v1") as client:
        with pytest.raises(GatewayFailure) as failed:
            await asked(client)
    assert (failed.value.kind, failed.value.billed) == (Kind.UNREACHABLE, Billed.NO)


async def test_a_wrong_key_or_model_is_the_operators(chat: FakeTextChat) -> None:
    """The strict gateway says so itself, and nothing is paid."""
    async with opened(chat.url, key="sk-another") as client:
        with pytest.raises(GatewayFailure, match="error-gateway-auth"):
            await asked(client)
    async with opened(chat.url, name="painter") as client:
        with pytest.raises(GatewayFailure, match="error-gateway-model-unavailable"):
            await asked(client)
    async with opened(chat.url, max_tokens=5) as client:
        with pytest.raises(GatewayFailure, match="error-gateway-invalid-request"):
            await asked(client)
    assert chat.paid == 0


async def test_no_log_has_a_prompt_or_a_key(chat: FakeTextChat) -> None:
    """Gateways quote both in their errors."""
    with capture_logs() as logs:
        failure = await failure_of(chat, Failed(400, None, f"{KEY} may not say {SECRET}"))
    for told in (str(logs), str(failure), failure.detail, str(failure.facts)):
        assert SECRET not in told
        assert "hedgehog whom" not in told
        assert KEY not in told
    assert logs[-1]["event"] == "text.failed"

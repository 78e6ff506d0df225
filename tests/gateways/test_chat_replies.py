"""Pictures through chat completions, in every shape that is documented or was seen."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.models import Billed, TokenUsage
from bot.gateways.events import TaskProgress
from bot.gateways.gateway import Gateway, PathSettings
from tests.gateways import fake_chat as chat
from tests.gateways.fake_sse import DONE, PING, sse_event, stream_reply
from tests.gateways.generation_harness import (
    GATEWAY_KEY,
    SECRET_PROMPT,
    GenerationResult,
    make_model,
    run_generation,
)
from tests.gateways.replay_gateway import RawReply, http_reply, replay_gateway
from tests.gateways.sample_pictures import b64, picture_bytes

PAINTER = make_model("painter", timeout_s=60)
ART = picture_bytes(width=90, height=60, noise=True)  # longer than what stays in memory
OTHER = picture_bytes(width=91, height=60, noise=True)
SMALL = picture_bytes()
FILE = http_reply(200, SMALL)


@asynccontextmanager
async def opened(fake: chat.FakeChat, **changes: object) -> AsyncIterator[Gateway]:
    """Open a fake; yield the gateway that leads there, with changes."""
    async with TestServer(fake.app()) as server:
        gateway = Gateway(
            name="chat",
            base_url=str(server.make_url("")),
            key=GATEWAY_KEY,
            models=("painter",),
            api="chat",
        )
        yield replace(gateway, **changes)  # type: ignore[arg-type]  # by name


async def _paint(
    folder: Path, *answers: RawReply, n: int = 1, prompt: str = SECRET_PROMPT
) -> GenerationResult:
    async with replay_gateway(*answers) as raw:
        result = await run_generation(
            raw.gateway(), folder, n=n, prompt=prompt, known=PAINTER, unread=folder / "unread"
        )
    assert raw.posts == 1
    return result


def _replied(message: Mapping[str, object], **more: object) -> RawReply:
    return http_reply(200, chat.chat_reply(message, **more))


def _streamed(*deltas: Mapping[str, object], end: bytes = DONE) -> RawReply:
    events = [sse_event("", chat.chunk(delta)) for delta in deltas]
    return stream_reply(*events, sse_event("", chat.chunk({}, "stop")), end)


# --- every shape, plain and streamed --------------------------------------------------------------


@pytest.mark.parametrize("art", [SMALL, ART], ids=["small", "large"])
@pytest.mark.parametrize("shape", chat.SHAPES)
async def test_a_plain_reply(shape: str, art: bytes, tmp_path: Path) -> None:
    """One picture, its tokens, and nothing left over."""
    fake = chat.FakeChat(shape, art)
    async with opened(fake) as gateway:
        result = await run_generation(gateway, tmp_path, known=PAINTER)
    assert [one.path.read_bytes() for one in result.pictures] == [art]
    assert (result.usage, fake.paid) == (TokenUsage(9, 1290), 1)
    assert result.left == [".png"]


@pytest.mark.parametrize("sizes", [(1, 7, 3), (40,), (9_000,), (10**6,)], ids=str)
@pytest.mark.parametrize("shape", chat.SHAPES)
async def test_a_streamed_reply(shape: str, sizes: Sequence[int], tmp_path: Path) -> None:
    """Wherever the words are cut: in the data URI, before it, or not at all."""
    art = ART if len(sizes) == 1 else SMALL
    fake = chat.FakeChat(shape, art, sizes)
    async with opened(fake, streaming="sse") as gateway:
        result = await run_generation(gateway, tmp_path, known=PAINTER)
    assert fake.bodies[0]["stream"] is True
    assert [one.path.read_bytes() for one in result.pictures] == [art]
    assert (result.usage, fake.paid) == (TokenUsage(9, 1290), 1)
    assert result.left == [".png"]


@pytest.mark.parametrize("shape", ["images", "markdown", "relay", "parts"])
async def test_json_although_a_stream_was_asked_for(shape: str, tmp_path: Path) -> None:
    """Nexara, and gateways that ignore `stream`."""
    fake = chat.FakeChat(shape, ART, ignores_stream=True)
    async with opened(fake, streaming="sse") as gateway:
        result = await run_generation(gateway, tmp_path, known=PAINTER)
    assert [one.path.read_bytes() for one in result.pictures] == [ART]


# --- which pictures count -------------------------------------------------------------------------

A, B = f"![a]({chat.data_uri(ART)})", f"![b]({chat.data_uri(OTHER)})"
COUNTED: dict[str, tuple[object, int, list[bytes]]] = {
    "a preview before": (f"{A}\n\n{B}", 1, [OTHER]),
    "two that were asked for": (f"{A}\n\n{B}", 2, [ART, OTHER]),
    "the same again": (f"{A} and {A}", 2, [ART]),
    "a preview, the picture, the preview": (f"{A}{B}{A}", 2, [OTHER, ART]),
    "a link beside": (f"{A} [download](https://cdn.example/other.png)", 2, [ART]),
    "in a tag": (f'<img src="{chat.data_uri(ART)}" alt="a fox">', 1, [ART]),
    "with a title": (f'![a]({chat.data_uri(ART)} "a (red) fox")', 1, [ART]),
    "in brackets": (f"![a](<{chat.data_uri(ART)}>)", 1, [ART]),
    "over lines": (
        "![a](data:image/png;base64,\n" + b64(ART).replace("A", "A\n") + "\n)",
        1,
        [ART],
    ),
    "bare, with words behind": (f"Here: {chat.data_uri(ART)}\nEnjoy!", 1, [ART]),
    "without data:": (f"image/png;base64,{b64(ART)}", 1, [ART]),
    "without anything": (b64(ART), 1, [ART]),
    "a linked picture": (f"[{A}](https://cdn.example/other.png)", 1, [ART]),
    "after a very long text": ("狐狸 \\ \U0001f3a8 " * 9_000 + B, 1, [OTHER]),
    "before a very long text": (B + "狐狸 \\ \U0001f3a8 " * 600, 1, [OTHER]),
}


@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("escaped", [False, True])
@pytest.mark.parametrize(("content", "n", "pictures"), COUNTED.values(), ids=COUNTED)
async def test_pictures_among_words(
    content: str, n: int, pictures: list[bytes], escaped: bool, ascii_only: bool, tmp_path: Path
) -> None:
    """Of more than were asked for the last ones: before come previews; a link is no picture."""
    text = json.dumps(chat.chat_reply({"content": content}), ensure_ascii=ascii_only)
    if escaped:
        text = text.replace("/", "\\/").replace("=", "\\u003d")
    result = await _paint(tmp_path, http_reply(200, text.encode()), n=n)
    assert [one.path.read_bytes() for one in result.pictures] == pictures
    assert result.left == [".png"] * len(pictures)


@pytest.mark.parametrize("size", [61, 20_000])
@pytest.mark.parametrize(("content", "n", "pictures"), COUNTED.values(), ids=COUNTED)
async def test_pictures_among_streamed_words(
    content: str, n: int, pictures: list[bytes], size: int, tmp_path: Path
) -> None:
    """The same, when no part of the text is ever seen as a whole."""
    deltas = [{"content": one} for one in chat.pieces(content, [size])]
    result = await _paint(tmp_path, _streamed(*deltas), n=n)
    assert [one.path.read_bytes() for one in result.pictures] == pictures
    assert result.left == [".png"] * len(pictures)


async def test_one_of_two_in_a_list(tmp_path: Path) -> None:
    """They are no previews of each other: the first counts."""
    images = [chat.part(chat.data_uri(one)) for one in (ART, ART, OTHER)]
    both = await _paint(tmp_path / "2", _replied({"images": images}), n=2)
    assert [one.path.read_bytes() for one in both.pictures] == [ART, OTHER]
    one = await _paint(tmp_path / "1", _replied({"images": images}))
    assert [each.path.read_bytes() for each in one.pictures] == [ART]


@pytest.mark.parametrize("is_cumulative", [False, True])
async def test_pictures_of_a_stream_one_by_one(is_cumulative: bool, tmp_path: Path) -> None:
    """Some relays repeat with each piece those of the pieces before."""
    first, second = (chat.part(chat.data_uri(one)) for one in (ART, OTHER))
    then = [first, second] if is_cumulative else [second]
    answer = _streamed({"content": "Two: "}, {"images": [first]}, {"images": then})
    result = await _paint(tmp_path, answer, n=2)
    assert [one.path.read_bytes() for one in result.pictures] == [ART, OTHER]
    assert result.left == [".png", ".png"]


async def test_a_stream_that_ends_with_the_whole_message(tmp_path: Path) -> None:
    """It repeats what came in pieces."""
    last = {"choices": [{"delta": {}, "message": {"content": A}, "finish_reason": "stop"}]}
    events = [sse_event("", chat.chunk({"content": one})) for one in chat.pieces(A, [99])]
    result = await _paint(tmp_path, stream_reply(*events, sse_event("", last), DONE), n=2)
    assert [one.path.read_bytes() for one in result.pictures] == [ART]


@pytest.mark.parametrize("content", [A, "Here: " + A.replace("]", f" {'x' * 9_000}]"), None])
async def test_a_stream_of_one_event(content: str | None, tmp_path: Path) -> None:
    """A whole reply as an event, and the connection stays open."""
    message: Mapping[str, object] = (
        {"content": content} if content else {"images": [chat.part(chat.data_uri(ART))]}
    )
    answer = stream_reply(sse_event("", chat.chat_reply(message)), DONE, then="silence")
    result = await _paint(tmp_path, answer)
    assert [one.path.read_bytes() for one in result.pictures] == [ART]
    assert result.usage == TokenUsage(9, 1290)


# --- what was sent is no result -------------------------------------------------------------------

QUOTED = "https://images.example/theirs/fox.png?x=1"


@pytest.mark.parametrize(
    "content",
    [
        f"![theirs]({QUOTED})",
        "You sent https://images.example/theirs/fox.png, did you?",
        f'{{"prompt": "like {QUOTED}"}} It failed.',
        QUOTED,
    ],
)
async def test_an_address_of_the_prompt_is_no_result(content: str, tmp_path: Path) -> None:
    """A reply repeats it: nobody may have it fetched, and be billed for it."""
    prompt = f"a fox like ![this]({QUOTED}), or {QUOTED}."
    failed = (await _paint(tmp_path, _replied({"content": content}), prompt=prompt)).failed
    assert (failed.kind, failed.billed) == (Kind.NO_IMAGE, Billed.MAYBE)
    streamed = (await _paint(tmp_path, _streamed({"content": content}), prompt=prompt)).failed
    assert (streamed.kind, streamed.billed) == (Kind.NO_IMAGE, Billed.MAYBE)


async def test_the_picture_beside_a_quoted_one(tmp_path: Path) -> None:
    """It comes first or last."""
    answer = {"content": f"![new](/new.png) instead of ![theirs]({QUOTED})"}
    async with replay_gateway(_replied(answer), FILE) as raw:
        result = await run_generation(raw.gateway(), tmp_path, known=PAINTER, prompt=QUOTED)
    assert result.urls == (f"{raw.origin}/new.png",)


# --- how streams run and end ----------------------------------------------------------------------


async def test_progress_in_words(tmp_path: Path) -> None:
    """The card shows it; it never goes back."""
    words = ["> 进度 **3", "4%**\n\n", "> 进度 **12%**\n", "> 进度: 67%\n> Progress 100 %\n", A]
    deltas: list[bytes] = [sse_event("", chat.chunk({"content": one})) for one in words]
    result = await _paint(tmp_path, stream_reply(*deltas, DONE))
    told = [one.fraction for one in result.events if isinstance(one, TaskProgress)]
    assert told in ([0.34, 1.0], [1.0])  # of what arrives together the last one
    assert len(result.pictures) == 1


ENDS: dict[str, Sequence[bytes]] = {
    "without [DONE]": [sse_event("", chat.chunk({}, "stop"))],
    "without anything": [],
    "with the usage last": [
        sse_event("", chat.chunk({}, "stop")),
        sse_event("", {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 4}}),
    ],
    "with usage alone": [sse_event("", {"usage": {"prompt_tokens": 3}}), DONE],
    "with a comment": [PING, sse_event("", chat.chunk({}, "stop")), PING, DONE],
    "with an error": [
        sse_event("", {"error": {"code": 502, "message": "Provider returned error"}}),
    ],
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
@pytest.mark.parametrize("delta", [{"content": A}, {"images": [chat.part(chat.data_uri(ART))]}])
async def test_a_picture_counts_however_the_stream_ends(
    delta: dict[str, object], end: Sequence[bytes], tmp_path: Path
) -> None:
    """It came, and it was paid for."""
    answer = stream_reply(PING, sse_event("", chat.chunk(delta)), *end)
    result = await _paint(tmp_path, answer)
    assert [one.path.read_bytes() for one in result.pictures] == [ART]


async def test_an_open_connection_after_the_last_event(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for ever once the model has stopped."""
    monkeypatch.setattr("bot.gateways.reply.event_stream.END_TIMEOUT_S", 0.05)
    events = [sse_event("", chat.chunk({"content": A})), sse_event("", chat.chunk({}, "stop"))]
    result = await _paint(tmp_path, stream_reply(*events, then="silence"))
    assert len(result.pictures) == 1


@pytest.mark.parametrize("begun", [False, True])
async def test_an_error_in_the_middle(begun: bool, tmp_path: Path) -> None:
    """With words before it, tokens were paid; before that certainly nothing."""
    error = {"code": 502, "message": "Provider returned error", "metadata": {"raw": "boom"}}
    first = chat.chunk({"role": "assistant", "content": "I will " if begun else ""})
    failing = {**chat.chunk({"content": ""}, "error"), "error": error}
    answer = stream_reply(PING, sse_event("", first), sse_event("", failing), then="silence")
    failed = (await _paint(tmp_path, answer)).failed
    assert (failed.kind, failed.billed) == (Kind.UPSTREAM, Billed.MAYBE if begun else Billed.NO)
    assert failed.detail == "Provider returned error boom"


async def test_a_stream_that_breaks_before_the_picture(tmp_path: Path) -> None:
    """It may have been made."""
    answer = stream_reply(sse_event("", chat.chunk({"content": "Here: ![a](data:ima"})))
    failed = (await _paint(tmp_path, answer)).failed
    assert (failed.kind, failed.billed) == (Kind.TIMEOUT_UNKNOWN, Billed.MAYBE)


async def test_a_stream_that_breaks_in_the_last_bytes(tmp_path: Path) -> None:
    """The picture is whole, although the event, its text and its bracket are not."""
    whole = b"".join(sse_event("", chat.chunk({"content": one})) for one in chat.pieces(A, [5000]))
    body = whole[: whole.rindex(b'"}, ')] if b'"}, ' in whole else whole
    result = await _paint(tmp_path, stream_reply(body.rpartition(b")")[0], then="reset"))
    assert [one.path.read_bytes() for one in result.pictures] == [ART]


async def test_half_a_picture_is_kept_for_the_operator(tmp_path: Path) -> None:
    """It was paid for."""
    half = A[: len(A) // 2]
    answer = stream_reply(sse_event("", chat.chunk({"content": half})), then="reset")
    failed = (await _paint(tmp_path, answer)).failed
    assert (failed.kind, failed.billed) == (Kind.TIMEOUT_UNKNOWN, Billed.MAYBE)
    (kept,) = (tmp_path / "unread").iterdir()
    assert ART.startswith(kept.read_bytes()[:-2])


WRONG: list[tuple[dict[str, object], Kind]] = [
    ({"key": "sk-wrong-0123456789"}, Kind.AUTH),
    ({"body": {"n": 2}}, Kind.INVALID_REQUEST),
    ({"body": {"response_format": "b64_json"}}, Kind.INVALID_REQUEST),
    ({"body": {"image_config": {"aspect_ratio": "7:5"}}}, Kind.INVALID_REQUEST),
    ({"body": {"messages": "a fox"}}, Kind.INVALID_REQUEST),
    ({"api": "images", "paths": PathSettings(generate=chat.PATH)}, Kind.INVALID_REQUEST),
]


@pytest.mark.parametrize(("changes", "kind"), WRONG)
async def test_a_wrong_request_gets_the_documented_refusal(
    changes: dict[str, object], kind: Kind, tmp_path: Path
) -> None:
    """The fake is strict, and a refusal costs nothing."""
    async with opened(fake := chat.FakeChat(), **changes) as gateway:
        failed = (await run_generation(gateway, tmp_path, known=PAINTER)).failed
    assert (failed.kind, failed.billed) == (kind, Billed.NO)
    assert (fake.posts, fake.paid) == (1, 0)


async def test_modalities_only_where_the_table_says_so(tmp_path: Path) -> None:
    """OpenRouter needs them, and OpenAI itself refuses them."""
    body = {"modalities": ["image", "text"], "image_config": {"aspect_ratio": "16:9"}}
    for refuses, constants in [(False, body), (True, {})]:
        async with opened(chat.FakeChat(refuses_modalities=refuses), body=constants) as gateway:
            result = await run_generation(gateway, tmp_path, known=PAINTER)
        assert len(result.pictures) == 1
    async with opened(chat.FakeChat(refuses_modalities=True), body=body) as gateway:
        failed = (await run_generation(gateway, tmp_path, known=PAINTER)).failed
    assert failed.kind is Kind.INVALID_REQUEST

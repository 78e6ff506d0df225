"""Pictures that OpenAI's Responses paint with a tool: plain and streamed."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from yarl import URL

from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.models import Billed, TokenUsage
from bot.gateways.events import Preview, Received
from bot.gateways.gateway import Gateway, PathSettings
from bot.gateways.reply.download_spool import DownloadSpool
from bot.gateways.reply.event_stream_parser import ServerSentEventParser
from bot.gateways.reply.json_values import parse_json
from bot.gateways.reply.responses_stream import ResponsesStream
from bot.gateways.reply.streaming_json import StreamingJson
from tests.gateways import fake_responses as responses
from tests.gateways.fake_sse import DONE, sse_event, stream_reply
from tests.gateways.generation_harness import (
    GATEWAY_KEY,
    GenerationResult,
    files_in,
    make_model,
    run_generation,
)
from tests.gateways.replay_gateway import RawReply, http_reply, replay_gateway
from tests.gateways.router_harness import open_router
from tests.gateways.sample_pictures import b64, picture_bytes

PAINTER = make_model("painter", timeout_s=5)
ART = picture_bytes(width=90, height=60, noise=True)
OTHER = picture_bytes(width=91, height=60, noise=True)
SMALL = picture_bytes()
ITEM = responses.call_item(ART)
ALL_TOKENS = TokenUsage(450, 1076)


@asynccontextmanager
async def opened(fake: responses.FakeResponses, **changes: object) -> AsyncIterator[Gateway]:
    """Open the fake; yield the gateway that leads there, with changes."""
    async with TestServer(fake.app()) as server:
        gateway = Gateway(
            name="responses",
            base_url=str(server.make_url("")),
            key=GATEWAY_KEY,
            models=("painter",),
            api="responses",
            body={"model": "gpt-5.4"},
        )
        yield replace(gateway, **changes)  # type: ignore[arg-type]  # by name


async def _paint(folder: Path, *answers: RawReply, n: int = 1) -> GenerationResult:
    async with replay_gateway(*answers) as raw:
        result = await run_generation(
            raw.gateway(), folder, n=n, known=PAINTER, unread=folder / "unread"
        )
    assert raw.posts == 1
    return result


def _bytes(result: GenerationResult) -> list[bytes]:
    return [one.path.read_bytes() for one in result.pictures]


@pytest.mark.parametrize("art", [SMALL, ART], ids=["small", "large"])
@pytest.mark.parametrize("stream", [False, True])
async def test_one_picture_and_all_its_tokens(art: bytes, stream: bool, tmp_path: Path) -> None:
    """Those of the text model and those of the picture."""
    fake = responses.FakeResponses(art, previews=2)
    async with opened(fake, streaming="sse" if stream else "off") as gateway:
        result = await run_generation(gateway, tmp_path, known=PAINTER)
    assert _bytes(result) == [art]
    assert (result.usage, fake.paid) == (ALL_TOKENS, 1)
    assert result.pictures[0].revised_prompt == "a red fox"
    assert result.left == [".png"]


async def test_a_preview_is_none_of_the_pictures(tmp_path: Path) -> None:
    """It is shown while the stream runs; then its file is gone."""
    go_on = asyncio.Event()
    rest = [*responses.done(ITEM), responses.completed(ITEM)]
    answer = stream_reply(*responses.begin(), responses.partial(), go_on, *rest)
    async with (
        replay_gateway(answer) as raw,
        open_router(tmp_path, raw.gateway()) as one,
        aclosing(one.router.generate(one.new_request())) as events,
    ):
        await anext(events)
        shown = await anext(events)
        assert isinstance(shown, Preview)
        assert shown.picture.path.read_bytes() == responses.PREVIEW
        go_on.set()
        received = await anext(events)
        assert isinstance(received, Received)
        assert [each.path.read_bytes() for each in received.pictures] == [ART]
        assert [event async for event in events] == []
    assert not shown.picture.path.exists()


@pytest.mark.parametrize("is_named", [True, False])
async def test_a_picture_that_comes_three_times_counts_once(is_named: bool, tmp_path: Path) -> None:
    """By the id of its item, or by its bytes; two were asked for."""
    item = dict(ITEM) if is_named else {key: ITEM[key] for key in ITEM if key != "id"}
    events = [*responses.begin(), responses.partial(ART), *responses.done(item)]
    result = await _paint(tmp_path, stream_reply(*events, responses.completed(item)), n=2)
    assert _bytes(result) == [ART]


async def test_the_same_item_with_other_bytes_counts_once(tmp_path: Path) -> None:
    """A relay may have converted it in between."""
    events = [*responses.done(ITEM), responses.completed(responses.call_item(OTHER))]
    assert _bytes(await _paint(tmp_path, stream_reply(*events), n=2)) == [ART]


async def test_two_calls_are_two_pictures(tmp_path: Path) -> None:
    """The model may call the tool more than once."""
    items = ITEM, responses.call_item(OTHER, 2)
    streamed = await _paint(tmp_path / "s", stream_reply(*responses.stream_of(*items)), n=2)
    plain = await _paint(tmp_path / "p", http_reply(200, responses.response(*items)), n=2)
    assert _bytes(streamed) == _bytes(plain) == [ART, OTHER]


ONLY_ONCE: dict[str, Sequence[bytes]] = {
    "when the item is done": [*responses.done(ITEM), responses.completed(usage=None)],
    "an empty response": [*responses.done(ITEM), responses.event("completed", response={}), DONE],
    "another last name": [*responses.done(ITEM), responses.event("done", response={"output": []})],
    "when all is completed": [responses.completed(ITEM)],
    "with the name of the other interface": [
        responses.event("image_generation_call.completed", item_id="ig_1", b64_json=b64(ART)),
        responses.completed(ITEM),
    ],
    "without the end": responses.done(ITEM),
    "in words": [
        responses.completed(responses.message_item(f"![a](data:image/png;base64,{b64(ART)})"))
    ],
    "then an error": [*responses.done(ITEM), sse_event("error", {"message": "boom"})],
}


@pytest.mark.parametrize("events", ONLY_ONCE.values(), ids=ONLY_ONCE)
async def test_where_a_picture_may_come(events: Sequence[bytes], tmp_path: Path) -> None:
    """Gateways in between leave out what they do not know."""
    result = await _paint(tmp_path, stream_reply(responses.CREATED, *events))
    assert _bytes(result) == [ART]
    assert result.left == [".png"]


def test_a_picture_is_held_once(tmp_path: Path) -> None:
    """Its second copy is removed as soon as it is known to be one."""
    events = [*responses.done(ITEM), responses.completed(ITEM)]
    held = []
    with DownloadSpool(tmp_path, "s", pictures=1) as spool:
        stream = ResponsesStream(URL("https://gw.example/"))
        parser = ServerSentEventParser(lambda: StreamingJson(spool))
        for event in parser.feed(b"".join(events)):
            fields = parse_json(event.data)
            assert isinstance(fields, dict)
            stream.add(event.name, event.data, fields)
            held.append(len(files_in(tmp_path)))
    assert (held, len(stream.pictures)) == ([0, 1, 1], 1)


# --- no picture -----------------------------------------------------------------------------------

SAFETY = "Your request was rejected by the safety system. safety_violations=[sexual]."
BLOCKED = {
    "message": SAFETY,
    "type": "image_generation_user_error",
    "code": "moderation_blocked",
    "moderation_details": {"moderation_stage": "output", "categories": ["sexual"]},
}
FAILED = responses.call_item(None, error=BLOCKED)
SERVER = {"code": "server_error", "message": "An error occurred."}
NO_PICTURE: dict[str, tuple[responses.Json, Kind, Billed]] = {
    "moderated in its item": (responses.response(FAILED), Kind.MODERATION, Billed.NO),
    "a failed item": (
        responses.response(responses.call_item(None, error=SERVER)),
        Kind.UPSTREAM,
        Billed.NO,
    ),
    "an item without a word": (
        responses.response(responses.call_item(None)),
        Kind.NO_IMAGE,
        Billed.MAYBE,
    ),
    "moderated": (
        responses.response(status="failed", error=BLOCKED),
        Kind.MODERATION,
        Billed.NO,
    ),
    "by its words alone": (
        responses.response(status="failed", error={"code": "x_error", "message": SAFETY}),
        Kind.MODERATION,
        Billed.NO,
    ),
    "a failure": (responses.response(status="failed", error=SERVER), Kind.UPSTREAM, Billed.NO),
    "a refusal": (
        responses.response(responses.message_item("I'm sorry.", refusal=True)),
        Kind.MODERATION,
        Billed.MAYBE,
    ),
    "words": (
        responses.response(responses.message_item("What a fox!")),
        Kind.NO_IMAGE,
        Billed.MAYBE,
    ),
    "words that decline": (
        responses.response(responses.message_item("Sorry, I can’t help create that.")),
        Kind.MODERATION,
        Billed.MAYBE,
    ),
    "incomplete": (
        responses.response(status="incomplete", incomplete_details={"reason": "max_output_tokens"}),
        Kind.NO_IMAGE,
        Billed.MAYBE,
    ),
    "filtered": (
        responses.response(status="incomplete", incomplete_details={"reason": "content_filter"}),
        Kind.MODERATION,
        Billed.MAYBE,
    ),
}


@pytest.mark.parametrize(("body", "kind", "billed"), NO_PICTURE.values(), ids=NO_PICTURE)
async def test_a_response_without_a_picture(
    body: responses.Json, kind: Kind, billed: Billed, tmp_path: Path
) -> None:
    """Moderation is told as such wherever it stands; words were paid for."""
    failed = (await _paint(tmp_path, http_reply(200, body))).failed
    assert (failed.kind, failed.billed) == (kind, billed)
    assert "fox" not in failed.detail


@pytest.mark.parametrize(("body", "kind", "billed"), NO_PICTURE.values(), ids=NO_PICTURE)
async def test_a_streamed_response_without_a_picture(
    body: responses.Json, kind: Kind, billed: Billed, tmp_path: Path
) -> None:
    """The same, in the last event."""
    name = str(body["status"])
    answer = stream_reply(responses.CREATED, responses.event(name, response=body), then="silence")
    failed = (await _paint(tmp_path, answer)).failed
    assert (failed.kind, failed.billed) == (kind, billed)


@pytest.mark.parametrize("is_late", [False, True])
async def test_a_failure_after_the_work_began(is_late: bool, tmp_path: Path) -> None:
    """Then it may be billed."""
    begun = [*responses.begin(), responses.partial()] if is_late else []
    bad = {"id": "resp_bad", "status": "failed", "output": [], "error": SERVER}
    last = responses.event("failed", response=bad)
    failed = (await _paint(tmp_path, stream_reply(responses.CREATED, *begun, last))).failed
    assert (failed.kind, failed.billed) == (Kind.UPSTREAM, Billed.MAYBE if is_late else Billed.NO)


async def test_words_of_a_stream_whose_end_repeats_nothing(tmp_path: Path) -> None:
    """Some backends complete with an empty list."""
    item = responses.message_item("I can't assist with that request.", refusal=True)
    events = [
        responses.event("refusal.delta", delta="I can't"),
        responses.event("output_item.done", item=item),
        responses.event("completed", response={"output": []}),
    ]
    failed = (await _paint(tmp_path, stream_reply(responses.CREATED, *events))).failed
    assert (failed.kind, failed.billed) == (Kind.MODERATION, Billed.MAYBE)


@pytest.mark.parametrize("previews", [0, 1])
async def test_a_stream_that_breaks_before_the_picture(previews: int, tmp_path: Path) -> None:
    """A preview is not the picture."""
    shown = [responses.partial()] * previews
    answer = stream_reply(responses.CREATED, *responses.begin(), *shown, then="reset")
    result = await _paint(tmp_path, answer)
    assert (result.failed.kind, result.failed.billed) == (Kind.TIMEOUT_UNKNOWN, Billed.MAYBE)
    assert result.left == []


@pytest.mark.parametrize("then", ["close", "reset"])
async def test_a_picture_without_the_end_of_its_event(then: str, tmp_path: Path) -> None:
    """It is whole, and it was paid for."""
    body = responses.done(ITEM)[1]
    kept = body[: body.index(b64(ART)[-40:].encode()) + 40]
    result = await _paint(tmp_path, stream_reply(responses.CREATED, kept, then=then))
    assert _bytes(result) == [ART]


WRONG: list[tuple[dict[str, object], Kind]] = [
    ({"key": "sk-wrong-0123456789"}, Kind.AUTH),
    ({"body": {"model": "gpt-image-2"}}, Kind.INVALID_REQUEST),
    ({"body": {"model": "gpt-5.4", "n": 2}}, Kind.INVALID_REQUEST),
    ({"body": {"model": "gpt-5.4", "tools": [{"n": 2}]}}, Kind.INVALID_REQUEST),
    ({"api": "images", "paths": PathSettings(generate=responses.PATH)}, Kind.INVALID_REQUEST),
]


@pytest.mark.parametrize(("changes", "kind"), WRONG)
async def test_a_wrong_request_gets_the_documented_refusal(
    changes: dict[str, object], kind: Kind, tmp_path: Path
) -> None:
    """The fake is strict, and a refusal costs nothing."""
    async with opened(fake := responses.FakeResponses(), **changes) as gateway:
        failed = (await run_generation(gateway, tmp_path, known=PAINTER)).failed
    assert (failed.kind, failed.billed) == (kind, Billed.NO)
    assert (fake.posts, fake.paid) == (1, 0)

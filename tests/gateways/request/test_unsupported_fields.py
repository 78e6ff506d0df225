"""A field that a gateway does not know is left out, once, and only when nothing was made."""

import asyncio
import tempfile
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.i18n.texts import Texts
from bot.core.models import Billed, ImageRequest
from bot.gateways.events import RequestRefused
from bot.gateways.gateway import Gateway
from bot.gateways.model_abilities import OutputPreset, ResponseFormatRule
from bot.gateways.reference_limits import ReferenceLimits
from tests.gateways import fake_sse as sse
from tests.gateways.captured_requests import request_form, request_head, request_json
from tests.gateways.generation_harness import attach_file, make_model, run_generation
from tests.gateways.replay_gateway import RawReply, ReplayGateway, http_reply, replay_gateway
from tests.gateways.router_harness import SteppedClock, collect_events, open_router
from tests.gateways.sample_pictures import b64, picture_bytes

GOOD = http_reply(200, {"data": [{"b64_json": b64(picture_bytes())}]})
BUSY = http_reply(429, {"error": {"message": "slow down", "code": "rate_limit_exceeded"}})
PAINTER = make_model(
    "painter",
    timeout_s=5,
    response_format=ResponseFormatRule(mode="optional", value="b64_json"),
    user_field="user",
    partial_images=2,
    moderations=("low",),
    preset=OutputPreset(moderation="low"),
)
OTHER = replace(PAINTER, name="other")


def unknown(
    field: str, *, param: str | None = None, status: int = 400, code: str = "unknown_parameter"
) -> RawReply:
    """Return OpenAI's refusal of a field; ``param`` is what it names beside the words."""
    error = {
        "message": f"Unknown parameter: '{field}'.",
        "type": "invalid_request_error",
        "param": field if param is None else param,
        "code": code,
    }
    return http_reply(status, {"error": error})


def bodies(raw: ReplayGateway) -> list[dict[str, object]]:
    return [request_json(request) for request in raw.requests]


async def test_it_is_sent_once_more_without_the_field(tmp_path: Path) -> None:
    """It was refused before any work: the person gets the picture, with all chosen options."""
    async with (
        replay_gateway(unknown("response_format"), GOOD) as raw,
        replay_gateway() as second,
        open_router(tmp_path, raw.gateway(), second.gateway(name="b"), known=(PAINTER,)) as one,
    ):
        result = await one.generate()
    assert result.has_pictures
    assert (result.route, result.refusals, second.posts) == (["raw", "raw"], 1, 0)
    first, again = bodies(raw)
    assert first.pop("response_format") == "b64_json"
    assert first == again
    assert one.clock.pauses == []


async def test_later_requests_leave_it_out(tmp_path: Path) -> None:
    """For the same model at the same gateway: others may know the field, or need it."""
    answers = (unknown("response_format"), GOOD, GOOD, GOOD)
    async with replay_gateway(*answers) as raw, replay_gateway(GOOD) as second:
        gateways = (
            raw.gateway(models=("painter", "other")),
            second.gateway(name="b", models=("third",)),
        )
        known = (PAINTER, OTHER, replace(PAINTER, name="third"))
        async with open_router(tmp_path, *gateways, known=known) as one:
            for name in ("painter", "painter", "other", "third"):
                assert (await one.generate(model=name)).has_pictures
    sent = ["response_format" in body for body in (*bodies(raw), *bodies(second))]
    assert sent == [True, False, False, True, True]


async def test_the_operator_is_told_once_how_to_mend_the_table(tmp_path: Path) -> None:
    """The next start would lose a request to it again."""
    answers = (unknown("response_format"), GOOD, unknown("moderation"), GOOD, GOOD)
    with structlog.testing.capture_logs() as logs:
        async with (
            replay_gateway(*answers) as raw,
            open_router(tmp_path, raw.gateway(drop=("style",)), known=(PAINTER,)) as one,
        ):
            for _ in range(3):
                assert (await one.generate()).has_pictures
    logged = [entry for entry in logs if entry["event"] == "gateway.field_unsupported"]
    assert [entry["log_level"] for entry in logged] == ["warning", "warning"]
    assert [entry["field"] for entry in logged] == ["response_format", "moderation"]
    assert 'drop = ["response_format","style"] into [gateways.raw] of' in logged[0]["mend"]
    assert 'drop = ["moderation","response_format","style"] into' in logged[1]["mend"]


async def test_a_field_by_the_gateways_own_name(tmp_path: Path) -> None:
    """It knows only the word that the table gave it."""
    async with (
        replay_gateway(unknown("form"), GOOD) as raw,
        open_router(
            tmp_path, raw.gateway(rename={"response_format": "form"}), known=(PAINTER,)
        ) as one,
    ):
        assert (await one.generate()).has_pictures
    assert ["form" in body for body in bodies(raw)] == [True, False]


async def test_the_words_name_the_field_where_nothing_else_does(tmp_path: Path) -> None:
    """new-api hands on the code and the message, and leaves `param` empty."""
    async with (
        replay_gateway(unknown("moderation", param=""), GOOD) as raw,
        open_router(tmp_path, raw.gateway(), known=(PAINTER,)) as one,
    ):
        assert (await one.generate()).has_pictures


async def test_a_second_field_ends_the_request(tmp_path: Path) -> None:
    """Once is enough for one request; the next one leaves out both."""
    async with (
        replay_gateway(unknown("response_format"), unknown("moderation"), GOOD) as raw,
        open_router(tmp_path, raw.gateway(), known=(PAINTER,)) as one,
    ):
        failed = (await one.generate()).failed
        assert (failed.kind, failed.param, failed.billed) == (
            Kind.INVALID_REQUEST,
            "moderation",
            Billed.NO,
        )
        assert (await one.generate()).has_pictures
    assert not {"response_format", "moderation"} & bodies(raw)[2].keys()


async def test_the_same_field_again_ends_the_request(tmp_path: Path) -> None:
    """A gateway that complains of what it was not sent is broken."""
    async with (
        replay_gateway(unknown("moderation"), unknown("moderation")) as raw,
        open_router(tmp_path, raw.gateway(), known=(PAINTER,)) as one,
    ):
        assert (await one.generate()).failed.param == "moderation"
    assert raw.posts == 2


# --- where it is in doubt, or not ours to leave out -----------------------------------------------

STAYS = {
    "the prompt": unknown("prompt"),
    "the model": unknown("model"),
    "the number": unknown("n"),
    "the size": unknown("size"),
    "the pictures": unknown("image[]"),
    "what was chosen: quality": unknown("quality"),
    "what was chosen: style": unknown("style"),
    "what was chosen: background": unknown("background"),
    "what was never sent": unknown("output_format"),
    "nobody knows what": unknown("", param=""),
    "one thing, or another": unknown("moderation", param="response_format"),
    "another code": unknown("moderation", code="invalid_value"),
    "no code": unknown("response_format", code=""),
    "another status": unknown("moderation", status=422),
    "a conflict": unknown("moderation", status=409),
}


@pytest.mark.parametrize("answer", STAYS.values(), ids=STAYS)
async def test_it_is_never_sent_again_in_doubt(answer: RawReply, tmp_path: Path) -> None:
    """The person reads an error instead: a chosen option is never dropped silently."""
    request = ImageRequest("x", "painter", "auto", 1, quality="hd", style="s", background="b")
    words = {"qualities": ("hd",), "styles": ("s",), "backgrounds": ("b",)}
    known = replace(PAINTER, **words)  # type: ignore[arg-type]  # by name
    async with (
        replay_gateway(answer) as raw,
        replay_gateway() as second,
        open_router(tmp_path, raw.gateway(), second.gateway(name="b"), known=(known,)) as one,
    ):
        result = await collect_events(
            one.router.generate(replace(one.new_request(), image_request=request))
        )
    assert (result.failed.kind, result.failed.billed) == (Kind.INVALID_REQUEST, Billed.NO)
    assert (result.route, result.refusals) == (["raw"], 0)


IN_DOUBT: list[RawReply] = [
    unknown("moderation", status=500),
    unknown("moderation", status=503),
    unknown("moderation", status=200),
    sse.stream_reply(sse.error_event("unknown_parameter")),
    sse.stream_reply(sse.partial_event(), sse.error_event("unknown_parameter")),
]


@pytest.mark.parametrize("answer", IN_DOUBT)
async def test_other_answers_with_the_code_are_no_refusals(
    answer: RawReply, tmp_path: Path
) -> None:
    """Work may have begun, and it may have been paid."""
    async with (
        replay_gateway(answer) as raw,
        open_router(tmp_path, raw.gateway(), known=(PAINTER,)) as one,
    ):
        result = await one.generate()
    assert (result.failed.kind, result.refusals) == (Kind.INVALID_REQUEST, 0)
    assert raw.posts == 1


TABLES: list[dict[str, object]] = [
    {"always_send": ("moderation",)},
    {"error_kinds": {"unknown_parameter": Kind.QUOTA}},
]


@pytest.mark.parametrize("table", TABLES)
async def test_what_a_table_says_counts_more(table: dict[str, object], tmp_path: Path) -> None:
    """It insists on the field, or knows the code better."""
    async with (
        replay_gateway(unknown("moderation")) as raw,
        open_router(tmp_path, raw.gateway(**table), known=(PAINTER,)) as one,
    ):
        assert (await one.generate()).failure
    assert raw.posts == 1


async def test_the_sentence_names_the_option_that_was_chosen(tmp_path: Path) -> None:
    """The person decides: another word, or without."""
    known = replace(PAINTER, qualities=("hd",))
    async with replay_gateway(unknown("quality")) as raw:
        result = await run_generation(
            raw.gateway(), tmp_path, known=known, options={"quality": "hd"}
        )
    assert "rejected the option quality" in Texts().sentence(result.failed)
    assert "leave it out" in Texts().sentence(result.failed)


# --- what else is in the request ------------------------------------------------------------------


async def test_a_gateway_that_cannot_stream(tmp_path: Path) -> None:
    """Without `stream` neither previews nor events are asked for."""
    async with (
        replay_gateway(unknown("stream"), GOOD) as raw,
        open_router(tmp_path, raw.gateway(streaming="sse"), known=(PAINTER,)) as one,
    ):
        assert (await one.generate()).has_pictures
    first, again = bodies(raw)
    assert first.keys() - again.keys() == {"stream", "partial_images"}
    assert request_head(raw.requests[1])["Accept"] == "application/json"


async def test_an_edit_is_sent_again_with_its_pictures(tmp_path: Path) -> None:
    """A form has no moderation: only what was in it can be left out."""
    multipart = ReferenceLimits(transport="multipart", max_count=1, max_bytes=99_999)
    known = replace(PAINTER, references=multipart)
    fox = attach_file(tmp_path / "fox", picture_bytes())
    async with replay_gateway(unknown("user"), GOOD) as raw:
        result = await run_generation(
            raw.gateway(), tmp_path / "job", known=known, attached=[fox], user_tag="tag"
        )
    assert len(result.pictures) == 1
    first, again = (request_form(request) for request in raw.requests)
    assert [part for part in first if part[0] != "user"] == again
    assert again[-1][3] == picture_bytes()
    async with replay_gateway(unknown("moderation")) as raw:
        result = await run_generation(raw.gateway(), tmp_path / "job", known=known, attached=[fox])
    assert result.failed.param == "moderation"


ELSEWHERE = Gateway(name="closed", base_url="http://127.0.0.1:1", models=("painter",))


async def test_it_is_the_same_gateway_that_is_asked_again(tmp_path: Path) -> None:
    """Also where it is only the second in order; and if it is busy then, the next one is asked."""
    async with (
        replay_gateway(unknown("moderation"), BUSY) as raw,
        replay_gateway(unknown("moderation"), GOOD) as second,
        open_router(
            tmp_path, raw.gateway(name="a"), second.gateway(name="b"), known=(PAINTER,)
        ) as one,
    ):
        result = await one.generate()
    assert result.has_pictures
    assert result.route == ["a", "a", "b", "b"]
    refused = [event.failure for event in result.events if isinstance(event, RequestRefused)]
    assert [one.kind for one in refused] == [
        Kind.INVALID_REQUEST,
        Kind.RATE_LIMITED,
        Kind.INVALID_REQUEST,
    ]


async def test_nobody_else_is_asked_in_between(tmp_path: Path) -> None:
    """Also when a gateway that comes first in order is ready again by then."""
    clock = SteppedClock()
    resting = http_reply(429, {"error": {"message": "slow down"}}, {"Retry-After": "60"})

    def late(_: str) -> RawReply:
        clock.advance(61)
        return unknown("moderation")

    async with replay_gateway(resting) as raw, replay_gateway(GOOD, late, GOOD) as second:
        gateways = (raw.gateway(name="a"), second.gateway(name="b"))
        async with open_router(tmp_path, *gateways, known=(PAINTER,), clock=clock) as one:
            assert (await one.generate()).route == ["a", "b"]
            assert (await one.generate()).route == ["b", "b"]


async def test_the_last_failure_is_the_reason(tmp_path: Path) -> None:
    """The unsupported field is left out, and the person reads the remaining error."""
    async with (
        replay_gateway(unknown("moderation"), BUSY) as raw,
        open_router(tmp_path, raw.gateway(), ELSEWHERE, known=(PAINTER,)) as one,
    ):
        failed = (await one.generate()).failed
    assert (failed.kind, failed.billed) == (Kind.RATE_LIMITED, Billed.NO)


# --- any sequence ---------------------------------------------------------------------------------

WORDS = {
    "field": unknown("response_format"),
    "busy": BUSY,
    "moderation": http_reply(400, {"error": {"message": "no", "code": "moderation_blocked"}}),
    "crash": http_reply(500, {"error": {"message": "boom", "code": "do_request_failed"}}),
    "good": GOOD,
}
Given = list[tuple[str, str]]


def _saying(name: str, word: str, given_: Given) -> Callable[[str], RawReply]:
    def say(_: str) -> RawReply:
        given_.append((name, word))
        return WORDS[word]

    return say


async def _given(scripts: dict[str, list[str]]) -> Given:
    given_: Given = []
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        gateways = []
        for name, script in scripts.items():
            answers = [_saying(name, word, given_) for word in script * 4]
            raw = await stack.enter_async_context(replay_gateway(*answers))
            gateways.append(raw.gateway(name=name))
        one = await stack.enter_async_context(open_router(folder, *gateways, known=(PAINTER,)))
        await one.generate()
    return given_


SCRIPT = st.lists(st.sampled_from(sorted(WORDS)), min_size=1, max_size=4)


@settings(max_examples=60, deadline=None)
@given(a=SCRIPT, b=SCRIPT)
def test_no_sequence_of_answers_is_asked_twice_without_a_field(a: list[str], b: list[str]) -> None:
    """Once each, at once, and nothing is sent after a picture or a doubt."""
    logged = asyncio.run(_given({"a": a, "b": b}))
    for at, (name, word) in enumerate(logged):
        is_first_field = word == "field" and (name, word) not in logged[:at]
        if is_first_field:
            assert logged[at + 1][0] == name
        elif at < len(logged) - 1:
            assert word == "busy"

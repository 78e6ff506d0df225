"""Odd replies that gateways are known to send end in pictures or the right kind of failure."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.models import Billed, TokenUsage
from bot.gateways.gateway import AsyncSettings
from tests.gateways import fake_sse as sse
from tests.gateways.generation_harness import (
    GATEWAY_KEY,
    GenerationResult,
    make_model,
    run_generation,
)
from tests.gateways.replay_gateway import RawHeaders, RawReply, http_reply, replay_gateway
from tests.gateways.sample_pictures import b64, picture_bytes

PAINTER = make_model("painter", timeout_s=5)
PNG = b64(picture_bytes())
GOOD = {"data": [{"b64_json": PNG}]}
FILE = http_reply(200, picture_bytes("webp"), {"Content-Type": "application/octet-stream"})
SAFETY = "Your request was rejected as a result of our safety system."
NO_CHANNEL = "当前分组 default 下对于模型 X 无可用渠道"
FULL = "当前分组上游负载已饱和,请稍后再试"
NO, MAYBE, YES = Billed.NO, Billed.MAYBE, Billed.YES
LEAK = f"key {GATEWAY_KEY} at https://upstream.example/v1, sk-other-1234567890"


def _said(code: object = None, message: str = "no", kind: str = "x") -> dict[str, object]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def _after_102(body: object) -> RawReply:
    return RawReply(b"HTTP/1.1 102 Processing\r\n\r\n" * 2 + http_reply(200, body).data)


@dataclass(frozen=True)
class Fails:
    """A row that ends in a failure."""

    row: int
    answer: RawReply
    kind: Kind
    billed: Billed


def _fails(  # a row as it stands in the table
    row: int, status: int, body: bytes | object, kind: Kind, billed: Billed, **headers: str
) -> Fails:
    named: RawHeaders = {name.replace("_", "-"): value for name, value in headers.items()}
    return Fails(row, http_reply(status, body, named), kind, billed)


FAILS = [
    _fails(1, 200, _said(None, "boom"), Kind.UPSTREAM, NO),
    _fails(1, 200, b"\n \n" + b'{"error":{"message":"%s"}}' % SAFETY.encode(), Kind.MODERATION, NO),
    _fails(1, 200, {"id": "t-1", "status": "failed"}, Kind.UPSTREAM, NO),
    _fails(1, 200, {"task_id": "t-1", "status": "NSFW"}, Kind.MODERATION, NO),
    Fails(1, _after_102(_said("rate_limit_exceeded")), Kind.RATE_LIMITED, NO),
    _fails(2, 200, b"<!doctype html><html>", Kind.BAD_RESPONSE, MAYBE),
    _fails(2, 405, b"<html></html>", Kind.MODEL_UNAVAILABLE, NO),
    _fails(3, 524, b"<html>524: A timeout occurred</html>", Kind.TIMEOUT_UNKNOWN, MAYBE),
    _fails(3, 504, b"<html>504 Gateway Time-out</html>", Kind.TIMEOUT_UNKNOWN, MAYBE),
    _fails(3, 502, b"<html>502 Bad Gateway</html>", Kind.TIMEOUT_UNKNOWN, MAYBE),
    Fails(
        5,
        sse.stream_reply(
            sse.sse_event("error", "invalid character 'e' looking for beginning of value")
        ),
        Kind.UPSTREAM,
        MAYBE,
    ),
    Fails(6, sse.stream_reply(sse.error_event("upstream_error"), sse.DONE), Kind.UPSTREAM, NO),
    Fails(7, sse.stream_reply(sse.sibling_failed(0), sse.DONE), Kind.MODERATION, NO),
    _fails(8, 200, {"data": [{"url": "/gone.png"}]}, Kind.DOWNLOAD_FAILED, YES),
    _fails(12, 200, {"data": []}, Kind.NO_IMAGE, MAYBE),
    _fails(12, 200, {"data": [{"url": "", "b64_json": ""}]}, Kind.NO_IMAGE, MAYBE),
    _fails(12, 200, {"data": [{"url": None, "is_image_safe": False}]}, Kind.MODERATION, YES),
    _fails(14, 400, _said("unknown_parameter"), Kind.INVALID_REQUEST, NO),
    _fails(14, 400, _said("400", "UnsupportedParamsError"), Kind.INVALID_REQUEST, NO),
    _fails(15, 422, {"detail": [{"loc": ["body", "x"], "msg": "m"}]}, Kind.INVALID_REQUEST, NO),
    _fails(19, 301, b"", Kind.BAD_RESPONSE, NO, Location="/v1/images/generations/"),
    _fails(20, 422, {"detail": "image[] is not allowed"}, Kind.INVALID_REQUEST, NO),
    _fails(21, 429, _said("rate_limit_exceeded"), Kind.RATE_LIMITED, NO, Retry_After="999"),
    _fails(21, 429, _said("rate_limit_exceeded"), Kind.RATE_LIMITED, NO, retry_after_ms="999000"),
    _fails(21, 429, _said(None, "Limit: 0/1min"), Kind.RATE_LIMITED, NO),
    _fails(21, 429, _said(None, FULL), Kind.RATE_LIMITED, NO),
    _fails(21, 503, _said(None, FULL), Kind.RATE_LIMITED, NO),
    _fails(22, 402, b"", Kind.QUOTA, NO),
    _fails(22, 403, _said("insufficient_user_quota"), Kind.QUOTA, NO),
    _fails(22, 400, _said("billing_hard_limit_reached"), Kind.QUOTA, NO),
    _fails(22, 429, _said("insufficient_quota"), Kind.QUOTA, NO, Retry_After="1"),
    _fails(22, 429, {"code": 1101, "message": "arrears"}, Kind.QUOTA, NO),
    _fails(23, 503, _said("model_not_found", NO_CHANNEL), Kind.MODEL_UNAVAILABLE, NO),
    _fails(23, 503, _said("", NO_CHANNEL), Kind.MODEL_UNAVAILABLE, NO),
    _fails(23, 404, _said(None, "Invalid URL (POST /x)"), Kind.MODEL_UNAVAILABLE, NO),
    _fails(23, 501, _said("api_not_implemented"), Kind.MODEL_UNAVAILABLE, NO),
    _fails(23, 502, _said("bad_response_status_code"), Kind.UPSTREAM, MAYBE),
    _fails(23, 500, _said("do_request_failed"), Kind.UPSTREAM, MAYBE),
    _fails(23, 500, _said(7), Kind.UPSTREAM, MAYBE),
    _fails(24, 400, {"detail": SAFETY}, Kind.MODERATION, NO),
    _fails(24, 422, {"detail": [{"msg": SAFETY}]}, Kind.MODERATION, NO),
    _fails(24, 422, {"error": "failed the content policy checks"}, Kind.MODERATION, NO),
    _fails(24, 400, {"description": "quota_not_enough", "code": 4}, Kind.QUOTA, NO),
    _fails(24, 400, {"title": SAFETY, "status": 400}, Kind.MODERATION, NO),
    _fails(24, 500, b"Internal Server Error", Kind.TIMEOUT_UNKNOWN, MAYBE),
    _fails(24, 404, b"", Kind.MODEL_UNAVAILABLE, NO),
    _fails(25, 400, _said("400", "litellm.BadRequestError: " + SAFETY), Kind.MODERATION, NO),
    _fails(25, 400, _said(None, "内容违规 (request id: 20261120)"), Kind.MODERATION, NO),
    Fails(26, RawReply(then="reset"), Kind.TIMEOUT_UNKNOWN, MAYBE),
    _fails(27, 400, _said("invalid_value", "size must not hold ×"), Kind.INVALID_REQUEST, NO),
    _fails(28, 400, _said("invalid_value", LEAK), Kind.INVALID_REQUEST, NO),
]


@pytest.mark.parametrize("case", FAILS, ids=[f"row {case.row}" for case in FAILS])
async def test_a_row_that_fails(case: Fails, tmp_path: Path) -> None:
    """One paid request, one sentence, and nothing of the gateway's words in it."""
    answers = [case.answer, http_reply(410)] if case.row == 8 else [case.answer]
    async with replay_gateway(*answers) as raw:
        gateway = raw.gateway(error_kinds={"1101": Kind.QUOTA})
        result = await run_generation(gateway, tmp_path, known=PAINTER)
    failed = result.failed
    assert (failed.kind, failed.billed, raw.posts) == (case.kind, case.billed, 1)
    assert result.left == []
    assert GATEWAY_KEY not in repr(failed)
    assert "upstream.example" not in repr(failed)
    assert set(failed.facts) == {"param", "retry_after_s", "retry_at"}


@dataclass(frozen=True)
class Paints:
    """A row that must not cost the picture."""

    row: int
    answers: tuple[RawReply, ...]
    then: Callable[[GenerationResult], bool] = lambda _: True


PAINTS = [
    Paints(1, (http_reply(200, b" \r\n" * 99 + b'{"data":[{"b64_json":"%s"}]}' % PNG.encode()),)),
    Paints(1, (_after_102(GOOD),)),
    Paints(4, (http_reply(200, GOOD, {"Content-Type": "text/event-stream"}),)),
    Paints(6, (sse.stream_reply(sse.PING, sse.completed_by_url("/a.png"), sse.DONE), FILE)),
    Paints(
        7,
        (
            sse.stream_reply(sse.sibling_failed(0), sse.succeeded(1, "/a"), sse.summary_event()),
            FILE,
        ),
    ),
    Paints(9, (http_reply(200, {"data": [{"url": "/signed?sig=1"}]}), FILE)),
    Paints(
        10,
        (http_reply(200, {"data": [{"url": "/a.png"}]}), FILE),
        lambda result: result.pictures[0].format == "webp",
    ),
    Paints(11, (http_reply(200, {"data": [{"url": "data:image/png;base64," + PNG}]}),)),
    Paints(11, (http_reply(200, {"data": [{"b64_json": "data:image/png;base64," + PNG}]}),)),
    Paints(
        13, (http_reply(200, {"choices": [{"message": {"content": "![图片](/a.png)\n"}}]}), FILE)
    ),
    Paints(16, (http_reply(200, GOOD),), lambda result: len(result.pictures) == 1),
    Paints(17, (http_reply(200, GOOD),), lambda result: result.pictures[0].width == 8),
    Paints(
        18,
        (http_reply(200, {**GOOD, "usage": {"prompt_tokens": 1.6, "output_tokens": 14417.92}}),),
        lambda result: result.usage == TokenUsage(2, 14418),
    ),
    Paints(18, (http_reply(200, {**GOOD, "usage": None}),), lambda result: result.usage is None),
    Paints(
        19, (http_reply(307, b"", {"Location": "/v1/images/generations/"}), http_reply(200, GOOD))
    ),
]


@pytest.mark.parametrize("case", PAINTS, ids=[f"row {case.row}" for case in PAINTS])
async def test_a_row_that_paints(case: Paints, tmp_path: Path) -> None:
    """The gateway is odd, but the picture is there."""
    async with replay_gateway(*case.answers) as raw:
        result = await run_generation(raw.gateway(), tmp_path, n=2, known=PAINTER)
    assert len(result.pictures) == 1
    assert case.then(result)
    assert raw.requests[-1].startswith(b"POST") or GATEWAY_KEY.encode() not in raw.requests[-1]


def test_every_row_is_here() -> None:
    """A row that is added to the page is added here."""
    rows = {case.row for case in FAILS} | {case.row for case in PAINTS}
    assert rows == set(range(1, 29))


async def test_a_gateway_that_always_makes_tasks_may_refuse(tmp_path: Path) -> None:
    """An error is an error before it could be a task."""
    async with replay_gateway(http_reply(200, {**_said(None, SAFETY), "task_id": "t-1"})) as raw:
        gateway = raw.gateway(asynchronous=AsyncSettings(mode="always"))
        result = await run_generation(gateway, tmp_path, known=PAINTER)
    assert (result.failed.kind, result.names) == (Kind.MODERATION, ["Sending"])

import json
from email.utils import formatdate

import pytest
from multidict import CIMultiDict

from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.models import Billed
from bot.gateways.reply.error_classifier import (
    ClassifiedError,
    GatewayResponse,
    classify_error,
    request_id,
    retry_after_s,
)
from bot.gateways.reply.redaction import MAX_DETAIL, redact
from tests.gateways.generation_harness import CLOCK_START_MS


def _judge(status: int, body: object, headers: dict[str, str] | None = None) -> ClassifiedError:
    if isinstance(body, str):
        answer = GatewayResponse(status, CIMultiDict(headers or {}), None, body)
    else:
        answer = GatewayResponse(status, CIMultiDict(headers or {}), body, json.dumps(body))
    return classify_error(answer, now_ms=CLOCK_START_MS)


def _error(message: str = "", code: object = None, kind: str | None = None) -> dict[str, object]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


NONE = "no-image"
SAFETY = "Your request was rejected as a result of our safety system."
NO_CHANNEL = "当前分组 default 下对于模型 X 无可用渠道"
CASES: list[tuple[int, object, str, str]] = [
    # moderation: by code, by text, through LiteLLM, in Chinese
    (400, _error("x", "moderation_blocked", "image_generation_user_error"), "moderation", "no"),
    (400, _error("x", "content_policy_violation"), "moderation", "no"),
    (400, _error(SAFETY, None, "invalid_request_error"), "moderation", "no"),
    (400, _error("litellm.BadRequestError: " + SAFETY, "400"), "moderation", "no"),
    (400, _error("内容违规,请修改"), "moderation", "no"),
    (422, {"error": "Prompt failed the content policy checks"}, "moderation", "no"),
    (200, _error(SAFETY), "moderation", "no"),
    # in the words of Volcengine, Alibaba, DeepSeek, Azure and Google, the last one also in a list
    (400, _error("x", "OutputImageSensitiveContentDetected", "BadRequest"), "moderation", "no"),
    (400, _error("The input text may contain sensitive information."), "moderation", "no"),
    (400, {"code": "DataInspectionFailed", "message": "x"}, "moderation", "no"),
    (400, {"message": "Input data may contain inappropriate content."}, "moderation", "no"),
    (400, _error("Content Exists Risk", "invalid_request_error"), "moderation", "no"),
    (400, _error("x", "ResponsibleAIPolicyViolation"), "moderation", "no"),
    (400, _error("All images violated the Responsible AI practices.", 400), "moderation", "no"),
    (400, [_error("Images violated the usage guidelines.", 400)], "moderation", "no"),
    (403, {"id": "1", "name": "content_moderation", "errors": ["x"]}, "moderation", "no"),
    (200, {"success": False, "errors": [{"code": 7, "message": "boom"}]}, "upstream", "no"),
    (200, {"errors": [], "data": []}, "no-image", "maybe"),
    (403, _error("Your account violated our usage guidelines"), "auth", "no"),
    (429, _error("Slow down, see our usage guidelines"), "rate-limited", "no"),
    (429, [_error("check your plan and billing details", 429)], "quota", "no"),
    # quota in its four shapes
    (402, _error("余额不足"), "quota", "no"),
    (402, "", "quota", "no"),
    (403, _error("x", "insufficient_user_quota"), "quota", "no"),
    (400, _error("x", "billing_hard_limit_reached", "invalid_request_error"), "quota", "no"),
    (429, _error("You exceeded…", "insufficient_quota", "insufficient_quota"), "quota", "no"),
    (429, _error("insufficient user quota"), "quota", "no"),
    (200, _error("账户余额不足"), "quota", "no"),
    (200, {"code": 500, "msg": "额度已用尽"}, "quota", "no"),
    (500, _error("余额不足,请充值"), "quota", "no"),
    (500, _error("预扣费额度失败, 用户剩余额度: $0.00"), "quota", "no"),
    (500, _error("token quota is not enough"), "quota", "no"),
    (503, _error("Out of credits."), "quota", "maybe"),
    (502, _error("upload failed: out of disk quota"), "quota", "maybe"),
    (504, "server is busy", "rate-limited", "maybe"),
    (504, _error("余额不足"), "quota", "maybe"),
    (503, _error("x", "insufficient_quota"), "quota", "no"),
    (500, _error("billing"), "quota", "maybe"),
    # MiniMax's shape
    (200, {"base_resp": {"status_code": 1008, "status_msg": "balance"}}, "quota", "no"),
    (200, {"base_resp": {"status_code": 1026, "status_msg": "new"}}, "moderation", "no"),
    (200, {"base_resp": {"status_code": 1002, "status_msg": "x"}}, "rate-limited", "no"),
    (200, {"data": {}, "base_resp": {"status_code": 1024, "status_msg": "x"}}, "upstream", "no"),
    (200, {"data": [], "base_resp": {"status_code": 0, "status_msg": "success"}}, NONE, "maybe"),
    # busy
    (429, _error("Rate limit reached", "rate_limit_exceeded"), "rate-limited", "no"),
    (429, "", "rate-limited", "no"),
    (429, "<html><title>Error 1015</title></html>", "rate-limited", "no"),
    (503, _error("slow", "rate_limit_exceeded"), "rate-limited", "no"),
    (503, _error("当前分组上游负载已饱和,请稍后再试"), "rate-limited", "no"),
    (503, _error("The model is overloaded.", 503), "rate-limited", "maybe"),
    (500, _error("an image was made but storage is at capacity"), "rate-limited", "maybe"),
    (529, _error("x", None, "overloaded_error"), "rate-limited", "no"),
    (502, _error("rate limit"), "rate-limited", "maybe"),
    (503, "no upstream", "timeout-unknown", "maybe"),
    (503, "<html><title>503 Service Temporarily Unavailable</title>", "timeout-unknown", "maybe"),
    (503, "<html><title>overloaded</title></html>", "rate-limited", "maybe"),
    # the model
    (404, _error("x", "model_not_found"), "model-unavailable", "no"),
    (
        400,
        _error("The model `dall-e-3` has been deprecated", "model_not_found"),
        "model-unavailable",
        "no",
    ),
    (503, _error(NO_CHANNEL, "model_not_found", "new_api_error"), "model-unavailable", "no"),
    (503, _error(NO_CHANNEL, "", "new_api_error"), "model-unavailable", "no"),
    (500, _error("The model `x` does not exist"), "model-unavailable", "maybe"),
    (404, _error("The model `x` does not exist"), "model-unavailable", "no"),
    (500, _error("x", "get_channel_failed", "new_api_error"), "model-unavailable", "no"),
    (404, _error("Invalid URL (POST /v1/x)"), "model-unavailable", "no"),
    (501, _error("x", "api_not_implemented"), "model-unavailable", "no"),
    (404, "", "model-unavailable", "no"),
    (405, "<html></html>", "model-unavailable", "no"),
    # the key
    (401, _error("Incorrect API key", "invalid_api_key"), "auth", "no"),
    (401, "", "auth", "no"),
    (403, _error("Your organization must be verified"), "auth", "no"),
    # the request
    (400, _error("Unknown parameter", "unknown_parameter"), "invalid-request", "no"),
    (400, _error("Invalid value for 'moderation'", "invalid_value"), "invalid-request", "no"),
    (400, _error("bad"), "invalid-request", "no"),
    # a wrong key with 400, in the words of Google and xAI
    (400, [_error("API key not valid. Please pass a valid API key.", 400)], "auth", "no"),
    (400, {"code": "x", "error": "Incorrect API key provided: sk***."}, "auth", "no"),
    (409, "", "invalid-request", "no"),
    (413, "<html></html>", "invalid-request", "no"),
    (422, {"detail": [{"loc": ["body", "size"], "msg": "bad"}]}, "invalid-request", "no"),
    # the upstream, and what may have been paid
    (500, _error("x", "do_request_failed", "new_api_error"), "upstream", "maybe"),
    (502, _error("x", "bad_response_status_code"), "upstream", "maybe"),
    (500, _error("boom"), "upstream", "maybe"),
    (500, "Internal Server Error", "timeout-unknown", "maybe"),
    (502, "<html><body>moderation billing rate limit</body></html>", "timeout-unknown", "maybe"),
    (504, _error("late"), "timeout-unknown", "maybe"),
    (524, {"title": "A timeout occurred"}, "timeout-unknown", "maybe"),
    (408, "", "timeout-unknown", "maybe"),
    # 200 proves nothing
    (200, _error("boom"), "upstream", "no"),
    (200, [_error("boom")], "upstream", "no"),
    (200, {"error": "boom", "data": []}, "upstream", "no"),
    (200, {"detail": "boom"}, "upstream", "no"),
    (200, {"error": {"code": "E1"}, "data": []}, "upstream", "no"),
    (200, {"code": 500, "message": "boom", "data": None}, "upstream", "no"),
    (200, {"code": 21, "message": "boom", "result": "task-1"}, "upstream", "maybe"),
    (200, {"message": "boom"}, "upstream", "maybe"),
    (200, {"error": {"message": "", "code": None}, "data": []}, "no-image", "maybe"),
    (200, {"error": {}, "data": []}, "no-image", "maybe"),
    (200, {"error": " ", "data": []}, "no-image", "maybe"),
    (200, {"data": [{"url": "", "is_image_safe": False}]}, "moderation", "yes"),
    (200, {"choices": [{"finish_reason": "content_filter"}]}, "moderation", "no"),
    (200, {"code": "success", "message": "ok", "data": []}, "no-image", "maybe"),
    (200, {"created": 1, "data": []}, "no-image", "maybe"),
    (200, {"created": 1}, "no-image", "maybe"),
    (200, {"error": None}, "no-image", "maybe"),
    (200, [], "no-image", "maybe"),
    (200, "", "bad-response", "maybe"),
    (200, "<html>", "bad-response", "maybe"),
]


FLAGGED = {"reasons": ["violence"], "flagged_input": "a", "provider_name": "x"}
ARK = {"code": "OutputImageSensitiveContentDetected", "message": "Request ID: 7"}
VENDORS: list[tuple[int, object, str, str]] = [
    # OpenRouter: codes are numbers, and the cause may be in the metadata
    (402, {"error": {"code": 402, "message": "Insufficient credits"}}, "quota", "no"),
    (403, {"error": {"code": 403, "message": "x", "metadata": FLAGGED}}, "moderation", "no"),
    (200, {"error": {"code": 429, "message": "x"}}, "rate-limited", "no"),
    (200, {"error": {"code": 402, "message": "x"}}, "quota", "no"),
    (200, {"error": {"code": 502, "message": "x"}}, "upstream", "no"),
    (200, {"error": {"code": 403, "message": "x", "metadata": FLAGGED}}, "moderation", "no"),
    (
        502,
        {"error": {"code": 502, "message": "x", "metadata": {"error_type": "refusal"}}},
        "moderation",
        "maybe",
    ),
    (
        400,
        {"error": {"code": 400, "message": "x", "metadata": {"raw": "content_policy broken"}}},
        "moderation",
        "no",
    ),
    (
        400,
        {"error": {"code": 400, "message": "x", "metadata": {"raw": {"error": "moderated"}}}},
        "moderation",
        "no",
    ),
    (
        400,
        {"error": {"code": 400, "message": "x", "metadata": {"raw": None}}},
        "invalid-request",
        "no",
    ),
    (529, {"error": {"code": 529, "message": "x"}}, "upstream", "maybe"),
    # Google: a list, and 400 for a wrong key
    (
        400,
        [{"error": {"code": 400, "message": "API key not valid. x", "status": "INVALID_ARGUMENT"}}],
        "auth",
        "no",
    ),
    (
        404,
        [{"error": {"code": 404, "message": "x", "status": "NOT_FOUND"}}],
        "model-unavailable",
        "no",
    ),
    # xAI
    (400, {"code": "x", "error": "Incorrect API key provided: xai***"}, "auth", "no"),
    (200, {"block_reason": "violence", "data": []}, "moderation", "no"),
    (200, {"block_reason": None, "data": [{"url": "", "b64_json": None}]}, "no-image", "maybe"),
    # Azure
    (200, {"created": 1, "error": {"code": "contentFilter", "message": "x"}}, "moderation", "no"),
    # Ark
    (200, {"data": [{"error": ARK}], "usage": {"generated_images": 0}}, "moderation", "no"),
    (200, {"data": [{"error": {"code": "InternalError", "message": "x"}}]}, "upstream", "no"),
    # SiliconFlow
    (
        400,
        {"code": 20012, "message": "Model does not exist.", "data": None},
        "model-unavailable",
        "no",
    ),
    (403, {"code": 30003, "message": "Model disabled.", "data": None}, "model-unavailable", "no"),
    (401, {"code": 30014, "message": "Token is invalid.", "data": None}, "auth", "no"),
    # new-api
    (400, _error("x", "prompt_blocked", "prompt_blocked"), "moderation", "no"),
    (400, _error("x", "sensitive_words_detected", "new_api_error"), "moderation", "no"),
    (500, _error("x", {"odd": 1}, "new_api_error"), "upstream", "maybe"),
    # OpenAI, by way of relays that keep only its words
    (
        400,
        _error("Your request was rejected by the safety system.", None, "Aihubmix_api_error"),
        "moderation",
        "no",
    ),
    # Midjourney, Replicate, Kling
    (400, {"code": 9, "description": "Image denied"}, "moderation", "no"),
    (400, {"description": "Request cancelled due to output filters"}, "moderation", "no"),
    (422, {"detail": "The input was flagged as sensitive. (E005)"}, "moderation", "no"),
    (
        400,
        {"description": "Our AI moderators feel it is against"},
        "moderation",
        "no",
    ),
]


@pytest.mark.parametrize(("status", "body", "kind", "billed"), VENDORS)
def test_what_vendors_answer(status: int, body: object, kind: str, billed: str) -> None:
    """Each in its own shape; none is named in the code."""
    verdict = _judge(status, body)
    assert (verdict.kind, verdict.billed) == (kind, billed)


@pytest.mark.parametrize(("status", "body", "kind", "billed"), CASES)
def test_what_answers_mean(status: int, body: object, kind: str, billed: str) -> None:
    """Every shape was seen in the wild."""
    verdict = _judge(status, body)
    assert (verdict.kind, verdict.billed) == (kind, billed)


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "words"}},
        {"error": {"message": "words", "code": 7}},
        {"error": "words"},
        {"error": ["words"]},
        {"error": [{"msg": "words"}]},
        {"errors": ["words"]},
        {"errors": [{"message": "words"}]},
        {"detail": "words"},
        {"detail": [{"loc": [], "msg": "words"}]},
        {"message": "words"},
        {"code": "x", "message": "words"},
        {"description": "words", "type": "upstream_error", "code": 4},
        {"msg": "words"},
        {"title": "words", "status": 400},
        {"title": "Bad Request", "detail": "words"},
        "  words\n",
        "<!doctype html><TITLE>words</TITLE>",
    ],
)
def test_the_words_of_every_shape(body: object) -> None:
    """The operator's log shows the gateway's reason, not a shrug."""
    assert _judge(400, body).message == "words"


@pytest.mark.parametrize(
    ("error", "param"),
    [
        ({"param": "size"}, "size"),
        ({"loc": ["body", "image", 0]}, "0"),
        ({"param": None}, ""),
        ({"param": "<b>@everyone</b>"}, ""),
        ({"param": "x" * 65}, ""),
    ],
)
def test_the_parameter_that_was_wrong(error: dict[str, object], param: str) -> None:
    """It is shown to people, so it is a plain word or nothing."""
    assert _judge(400, {"error": {"message": "m", **error}}).param == param


SOON = formatdate(CLOCK_START_MS / 1000 + 30, usegmt=True)
HINTS: list[tuple[dict[str, str], str, float | None]] = [
    ({"Retry-After": "7"}, "", 7),
    ({"Retry-After": "0.5"}, "", 0.5),
    ({"retry-after-ms": "1500", "Retry-After": "7"}, "", 1.5),
    ({"retry-after-ms": "x", "Retry-After": "7"}, "try again in 9s", 7),
    ({"Retry-After": SOON}, "", 30),
    ({"Retry-After": SOON.replace("GMT", "-0000")}, "", 30),
    ({"Retry-After": "Mon, 01 Jan 2001 00:00:00 GMT"}, "", None),
    ({"Retry-After": "0"}, "", None),
    ({"Retry-After": "-3"}, "", None),
    ({"Retry-After": "nan"}, "", None),
    ({"Retry-After": "inf"}, "", None),
    ({"Retry-After": "soon"}, "", None),
    ({}, "Please try again in 51.84 seconds.", 51.84),
    ({}, "Please try again in 6m0s", 360),
    ({}, "retry after 250ms", 0.25),
    ({}, "retry after 250 milliseconds", 0.25),
    ({}, "Limit: 0/1min", None),
    ({}, "in a moment", None),
]


@pytest.mark.parametrize(("headers", "words", "seconds"), HINTS)
def test_hints_when_to_come_back(
    headers: dict[str, str], words: str, seconds: float | None
) -> None:
    """Three headers and a sentence, in OpenAI's order."""
    assert retry_after_s(CIMultiDict(headers), words, now_ms=CLOCK_START_MS) == seconds


def test_a_408_with_a_hint_has_not_begun() -> None:
    """The gateway asks for the same request again."""
    verdict = _judge(408, "", {"Retry-After": "2"})
    assert (verdict.kind, verdict.billed) == (Kind.RATE_LIMITED, Billed.NO)


@pytest.mark.parametrize(
    ("status", "body", "kind", "billed"),
    [
        (429, {"code": 1102, "message": "pack depleted"}, Kind.QUOTA, Billed.NO),
        (200, {"error": {"code": "E7", "message": "x"}}, Kind.MODERATION, Billed.NO),
        (400, {"error": {"type": "busy_type", "message": "x"}}, Kind.RATE_LIMITED, Billed.NO),
        (400, {"error": {"code": "invalid_value"}}, Kind.MODERATION, Billed.NO),
        (400, {"error": {"code": "other"}}, Kind.INVALID_REQUEST, Billed.NO),
    ],
)
def test_a_gateway_s_own_codes(status: int, body: object, kind: Kind, billed: Billed) -> None:
    """The operator's table comes before ours."""
    own = {"1102": Kind.QUOTA, "E7": Kind.MODERATION, "busy_type": Kind.RATE_LIMITED}
    own["invalid_value"] = Kind.MODERATION
    verdict = classify_error(
        GatewayResponse(status, {}, body, ""), now_ms=CLOCK_START_MS, kinds=own
    )
    assert (verdict.kind, verdict.billed) == (kind, billed)


@pytest.mark.parametrize(
    ("headers", "body", "found"),
    [
        ({"x-request-id": "a"}, {"request_id": "b"}, "a"),
        ({}, {"request_id": "b"}, "b"),
        ({}, {"error": {"message": "no (request id: 2026112012-x)"}}, "2026112012-x"),
        ({}, {"message": "no"}, None),
        ({}, ["x"], None),
    ],
)
def test_where_request_ids_are(headers: dict[str, str], body: object, found: str | None) -> None:
    """In headers, in the body, or at the end of new-api's words."""
    assert request_id(headers, body) == found


@pytest.mark.parametrize("quoted", ["content policy", "rate limit", "余额不足"])
def test_what_is_quoted_of_the_prompt_is_no_reason(quoted: str) -> None:
    """A prompt about money must not take the gateway down for everybody."""
    prompt = f"a poster that says {quoted} in red letters"
    body = _error(f"Invalid characters in 'that says {quoted} in red'")
    answer = GatewayResponse(400, {}, body, "")
    assert classify_error(answer, now_ms=0, prompts=[prompt]).kind is Kind.INVALID_REQUEST


def test_a_picture_that_is_too_large_is_named() -> None:
    """The person can attach a smaller one."""
    assert (_judge(413, "<html></html>").param, _judge(400, "").param) == ("image", "")


def test_no_request_id() -> None:
    """Many gateways have none; a mad one has a long one."""
    assert request_id({}) is None
    assert request_id({"x-request-id": "x" * 999}) == "x" * 100


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("Incorrect key: sk-abc***xyz.", "Incorrect key: [key]"),
        ("bearer abc.def", "Bearer [key]"),
        ("GET https://a.example/x?sig=1, then", "GET [url] then"),
        ("Cannot connect to api.example.com:443 ssl", "Cannot connect to [host] ssl"),
        ("to 10.0.0.1:80 or [::1]:80", "to [host] or [host]"),
        ("my-secret and a fox", "[secret] and a fox"),
        ("litellm.BadRequestError: x", "litellm.BadRequestError: x"),
        ("two\n  lines\t", "two lines"),
        ("x" * 9999, "x" * MAX_DETAIL),
    ],
)
def test_redaction(words: str, told: str) -> None:
    """What remains still tells the operator what happened."""
    assert redact(words, ("my-secret", "fox", "")) == told

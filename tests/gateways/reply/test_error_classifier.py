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


def judge(status: int, body: object, headers: dict[str, str] | None = None) -> ClassifiedError:
    """Classify a reply."""
    if isinstance(body, str):
        answer = GatewayResponse(status, CIMultiDict(headers or {}), None, body)
    else:
        answer = GatewayResponse(status, CIMultiDict(headers or {}), body, json.dumps(body))
    return classify_error(answer, now_ms=CLOCK_START_MS)


def said(message: str = "", code: object = None, kind: str | None = None) -> dict[str, object]:
    """Return an error in OpenAI's shape."""
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


NONE = "no-image"
SAFETY = "Your request was rejected as a result of our safety system."
NO_CHANNEL = "当前分组 default 下对于模型 X 无可用渠道"
CASES: list[tuple[int, object, str, str]] = [
    # moderation: by code, by text, through LiteLLM, in Chinese
    (400, said("x", "moderation_blocked", "image_generation_user_error"), "moderation", "no"),
    (400, said("x", "content_policy_violation"), "moderation", "no"),
    (400, said(SAFETY, None, "invalid_request_error"), "moderation", "no"),
    (400, said("litellm.BadRequestError: " + SAFETY, "400"), "moderation", "no"),
    (400, said("内容违规,请修改"), "moderation", "no"),
    (422, {"error": "Prompt failed the content policy checks"}, "moderation", "no"),
    (200, said(SAFETY), "moderation", "no"),
    # in the words of Volcengine, Alibaba, DeepSeek, Azure and Google, the last one also in a list
    (400, said("x", "OutputImageSensitiveContentDetected", "BadRequest"), "moderation", "no"),
    (400, said("The input text may contain sensitive information."), "moderation", "no"),
    (400, {"code": "DataInspectionFailed", "message": "x"}, "moderation", "no"),
    (400, {"message": "Input data may contain inappropriate content."}, "moderation", "no"),
    (400, said("Content Exists Risk", "invalid_request_error"), "moderation", "no"),
    (400, said("x", "ResponsibleAIPolicyViolation"), "moderation", "no"),
    (400, said("All images violated the Responsible AI practices.", 400), "moderation", "no"),
    (400, [said("Images violated the usage guidelines.", 400)], "moderation", "no"),
    (403, {"id": "1", "name": "content_moderation", "errors": ["x"]}, "moderation", "no"),
    (200, {"success": False, "errors": [{"code": 7, "message": "boom"}]}, "upstream", "no"),
    (200, {"errors": [], "data": []}, "no-image", "maybe"),
    (403, said("Your account violated our usage guidelines"), "auth", "no"),
    (429, said("Slow down, see our usage guidelines"), "rate-limited", "no"),
    (429, [said("check your plan and billing details", 429)], "quota", "no"),
    # quota in its four shapes
    (402, said("余额不足"), "quota", "no"),
    (402, "", "quota", "no"),
    (403, said("x", "insufficient_user_quota"), "quota", "no"),
    (400, said("x", "billing_hard_limit_reached", "invalid_request_error"), "quota", "no"),
    (429, said("You exceeded…", "insufficient_quota", "insufficient_quota"), "quota", "no"),
    (429, said("insufficient user quota"), "quota", "no"),
    (200, said("账户余额不足"), "quota", "no"),
    (200, {"code": 500, "msg": "额度已用尽"}, "quota", "no"),
    (500, said("余额不足,请充值"), "quota", "no"),
    (500, said("预扣费额度失败, 用户剩余额度: $0.00"), "quota", "no"),
    (500, said("token quota is not enough"), "quota", "no"),
    (503, said("Out of credits."), "quota", "maybe"),
    (502, said("upload failed: out of disk quota"), "quota", "maybe"),
    (504, "server is busy", "rate-limited", "maybe"),
    (504, said("余额不足"), "quota", "maybe"),
    (503, said("x", "insufficient_quota"), "quota", "no"),
    (500, said("billing"), "quota", "maybe"),
    # MiniMax's shape
    (200, {"base_resp": {"status_code": 1008, "status_msg": "balance"}}, "quota", "no"),
    (200, {"base_resp": {"status_code": 1026, "status_msg": "new"}}, "moderation", "no"),
    (200, {"base_resp": {"status_code": 1002, "status_msg": "x"}}, "rate-limited", "no"),
    (200, {"data": {}, "base_resp": {"status_code": 1024, "status_msg": "x"}}, "upstream", "no"),
    (200, {"data": [], "base_resp": {"status_code": 0, "status_msg": "success"}}, NONE, "maybe"),
    # busy
    (429, said("Rate limit reached", "rate_limit_exceeded"), "rate-limited", "no"),
    (429, "", "rate-limited", "no"),
    (429, "<html><title>Error 1015</title></html>", "rate-limited", "no"),
    (503, said("slow", "rate_limit_exceeded"), "rate-limited", "no"),
    (503, said("当前分组上游负载已饱和,请稍后再试"), "rate-limited", "no"),
    (503, said("The model is overloaded.", 503), "rate-limited", "maybe"),
    (500, said("an image was made but storage is at capacity"), "rate-limited", "maybe"),
    (529, said("x", None, "overloaded_error"), "rate-limited", "no"),
    (502, said("rate limit"), "rate-limited", "maybe"),
    (503, "no upstream", "timeout-unknown", "maybe"),
    (503, "<html><title>503 Service Temporarily Unavailable</title>", "timeout-unknown", "maybe"),
    (503, "<html><title>overloaded</title></html>", "rate-limited", "maybe"),
    # the model
    (404, said("x", "model_not_found"), "model-unavailable", "no"),
    (
        400,
        said("The model `dall-e-3` has been deprecated", "model_not_found"),
        "model-unavailable",
        "no",
    ),
    (503, said(NO_CHANNEL, "model_not_found", "new_api_error"), "model-unavailable", "no"),
    (503, said(NO_CHANNEL, "", "new_api_error"), "model-unavailable", "no"),
    (500, said("The model `x` does not exist"), "model-unavailable", "maybe"),
    (404, said("The model `x` does not exist"), "model-unavailable", "no"),
    (500, said("x", "get_channel_failed", "new_api_error"), "model-unavailable", "no"),
    (404, said("Invalid URL (POST /v1/x)"), "model-unavailable", "no"),
    (501, said("x", "api_not_implemented"), "model-unavailable", "no"),
    (404, "", "model-unavailable", "no"),
    (405, "<html></html>", "model-unavailable", "no"),
    # the key
    (401, said("Incorrect API key", "invalid_api_key"), "auth", "no"),
    (401, "", "auth", "no"),
    (403, said("Your organization must be verified"), "auth", "no"),
    # the request
    (400, said("Unknown parameter", "unknown_parameter"), "invalid-request", "no"),
    (400, said("Invalid value for 'moderation'", "invalid_value"), "invalid-request", "no"),
    (400, said("bad"), "invalid-request", "no"),
    # a wrong key with 400, in the words of Google and xAI
    (400, [said("API key not valid. Please pass a valid API key.", 400)], "auth", "no"),
    (400, {"code": "x", "error": "Incorrect API key provided: sk***."}, "auth", "no"),
    (409, "", "invalid-request", "no"),
    (413, "<html></html>", "invalid-request", "no"),
    (422, {"detail": [{"loc": ["body", "size"], "msg": "bad"}]}, "invalid-request", "no"),
    # the upstream, and what may have been paid
    (500, said("x", "do_request_failed", "new_api_error"), "upstream", "maybe"),
    (502, said("x", "bad_response_status_code"), "upstream", "maybe"),
    (500, said("boom"), "upstream", "maybe"),
    (500, "Internal Server Error", "timeout-unknown", "maybe"),
    (502, "<html><body>moderation billing rate limit</body></html>", "timeout-unknown", "maybe"),
    (504, said("late"), "timeout-unknown", "maybe"),
    (524, {"title": "A timeout occurred"}, "timeout-unknown", "maybe"),
    (408, "", "timeout-unknown", "maybe"),
    # 200 proves nothing
    (200, said("boom"), "upstream", "no"),
    (200, [said("boom")], "upstream", "no"),
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


@pytest.mark.parametrize(("status", "body", "kind", "billed"), CASES)
def test_what_answers_mean(status: int, body: object, kind: str, billed: str) -> None:
    """Every shape was seen in the wild."""
    verdict = judge(status, body)
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
    assert judge(400, body).message == "words"


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
    assert judge(400, {"error": {"message": "m", **error}}).param == param


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
    verdict = judge(408, "", {"Retry-After": "2"})
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
    body = said(f"Invalid characters in 'that says {quoted} in red'")
    answer = GatewayResponse(400, {}, body, "")
    assert classify_error(answer, now_ms=0, prompts=[prompt]).kind is Kind.INVALID_REQUEST


def test_a_picture_that_is_too_large_is_named() -> None:
    """The person can attach a smaller one."""
    assert (judge(413, "<html></html>").param, judge(400, "").param) == ("image", "")


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

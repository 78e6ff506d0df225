"""What a gateway means by an error: the classifier.

Every family of gateways has its own codes and shapes, many answer 200, some send only text. The
order of precedence: code, then type, then words of the message, then the HTTP status.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from math import isfinite

from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.models import Billed

MAX_RETRY_WAIT_S = 120  # a longer hint means: not now (openai-python does the same)

_KINDS = {
    "moderation_blocked": Kind.MODERATION,
    "content_policy_violation": Kind.MODERATION,
    "content_filter": Kind.MODERATION,
    "insufficient_quota": Kind.QUOTA,
    "insufficient_user_quota": Kind.QUOTA,
    "insufficient_balance": Kind.QUOTA,
    "pre_consume_token_quota_failed": Kind.QUOTA,
    "billing_hard_limit_reached": Kind.QUOTA,
    "rate_limit_exceeded": Kind.RATE_LIMITED,
    "rate_limit_error": Kind.RATE_LIMITED,
    "too_many_requests": Kind.RATE_LIMITED,
    "model_not_found": Kind.MODEL_UNAVAILABLE,
    "api_not_implemented": Kind.MODEL_UNAVAILABLE,
    "invalid_api_key": Kind.AUTH,
    "authentication_error": Kind.AUTH,
    "permission_error": Kind.AUTH,
    "unknown_parameter": Kind.INVALID_REQUEST,
    "unsupported_parameter": Kind.INVALID_REQUEST,
    "missing_required_parameter": Kind.INVALID_REQUEST,
    "invalid_value": Kind.INVALID_REQUEST,
    "bad_response_status_code": Kind.UPSTREAM,
    "do_request_failed": Kind.UPSTREAM,
}

NO_KINDS: Mapping[str, Kind] = {}

_WORDS = (
    (
        r"safety (?:system|check)|banned.prompt|moderation|content.?policy|敏感|违规|审核",
        Kind.MODERATION,
    ),
    (
        r"insufficient.{0,9} (?:quota|balance|credit)|quota.not.enough|billing|余额不足|额度不足",
        Kind.QUOTA,
    ),
    (r"rate.?limit|too many requests|负载已饱和|请求过于频繁", Kind.RATE_LIMITED),
    (r"无可用渠道|no available channel", Kind.MODEL_UNAVAILABLE),
)
_NO_CHANNEL = HTTPStatus.SERVICE_UNAVAILABLE
_PHRASES = tuple((re.compile(words, re.IGNORECASE), kind) for words, kind in _WORDS)

_STATUSES = {
    401: Kind.AUTH,
    402: Kind.QUOTA,
    403: Kind.AUTH,
    404: Kind.MODEL_UNAVAILABLE,
    405: Kind.MODEL_UNAVAILABLE,
    429: Kind.RATE_LIMITED,
}
_LOST = frozenset({504, *range(520, 525)})  # nginx and Cloudflare stopped waiting
# As a code these mean that no work began, whatever the status.
_CERTAIN = {Kind.AUTH, Kind.QUOTA, Kind.RATE_LIMITED, Kind.MODEL_UNAVAILABLE, Kind.INVALID_REQUEST}

_SECONDS = {"ms": 0.001, "milli": 0.001, "s": 1, "m": 60}
_HINT = re.compile(r"\b(?:in|after)\s+(\d{1,9}(?:\.\d{1,9})?)\s*(ms|milli|s|m)", re.IGNORECASE)
_REQUEST_IDS = ("x-request-id", "x-oneapi-request-id", "request-id", "cf-ray")
# new-api writes it at the end of its messages.
_REQUEST_ID = re.compile(r"\(request id: ?([\w-]{1,100})\)", re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]{0,100}>([^<]{0,300})", re.IGNORECASE)
_PARAM = re.compile(r"[\w.\[\]-]{1,64}")
_UNKNOWN_PARAMETER = re.compile(r"Unknown parameter: '([\w.\[\]-]{1,64})'", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class GatewayResponse:
    """An HTTP answer without pictures: ``body`` is the parsed JSON, None for anything else."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: object = field(repr=False)
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ClassifiedError:
    """What an answer means; ``message`` is in the gateway's own words, not yet redacted."""

    kind: Kind
    billed: Billed
    message: str = field(repr=False)
    param: str = ""
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """An error in any of the shapes that gateways use."""

    message: str = ""
    code: str = ""
    type: str = ""
    param: str = ""


def classify_error(
    answer: GatewayResponse, *, now_ms: int, kinds: Mapping[str, Kind] = NO_KINDS
) -> ClassifiedError:
    """Tell what an answer without pictures means; ``kinds`` are by the gateway's own codes."""
    if answer.status < HTTPStatus.BAD_REQUEST and not isinstance(answer.body, dict | list):
        return ClassifiedError(
            Kind.BAD_RESPONSE, Billed.MAYBE, "the reply is not JSON: check base_url"
        )
    complaint = _complaint(answer)
    hint = retry_after_s(answer.headers, complaint.message, now_ms=now_ms)
    kind, billed = _meaning(answer, complaint, hint, kinds)
    return ClassifiedError(kind, billed, complaint.message, complaint.param, hint)


def _meaning(
    answer: GatewayResponse, complaint: ErrorBody, hint: float | None, kinds: Mapping[str, Kind]
) -> tuple[Kind, Billed]:
    refused = HTTPStatus.BAD_REQUEST <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR
    billed = Billed.NO if refused else Billed.MAYBE
    for word in (complaint.code, complaint.type):
        if kind := kinds.get(word) or _KINDS.get(word.casefold()):
            return kind, Billed.NO if kind in _CERTAIN else billed
    for phrase, kind in _PHRASES:
        if phrase.search(complaint.message):
            # new-api says so before any channel took the request (dialects, row 23).
            untaken = kind is Kind.MODEL_UNAVAILABLE and answer.status == _NO_CHANNEL
            return kind, Billed.NO if untaken else billed
    if refused:
        return _refused(answer.status, hint)
    return _failed(answer, complaint), billed


def _refused(status: int, hint: float | None) -> tuple[Kind, Billed]:
    if status != HTTPStatus.REQUEST_TIMEOUT:
        return _STATUSES.get(status, Kind.INVALID_REQUEST), Billed.NO
    # With a hint the gateway asks for the same request again: it has not begun.
    return (Kind.RATE_LIMITED, Billed.NO) if hint else (Kind.TIMEOUT_UNKNOWN, Billed.MAYBE)


def _failed(answer: GatewayResponse, complaint: ErrorBody) -> Kind:
    body = answer.body if isinstance(answer.body, dict) else {}
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        lost = not body or answer.status in _LOST
        return Kind.TIMEOUT_UNKNOWN if lost else Kind.UPSTREAM
    broken = body.get("error") or not isinstance(body.get("data"), list)
    return Kind.UPSTREAM if broken and complaint.message else Kind.NO_IMAGE


def _complaint(answer: GatewayResponse) -> ErrorBody:
    if not isinstance(answer.body, dict):
        return ErrorBody(message=_spoken(answer.text.strip()))
    return error_body_of(answer.body)


def error_body_of(body: Mapping[str, object]) -> ErrorBody:
    """Read the error in a JSON body; empty where it says nothing."""
    error = body.get("error") or body.get("detail") or body
    if isinstance(error, list):
        error = error[0]
    if not isinstance(error, dict):
        return ErrorBody(message=_word(error), code=_word(body.get("code")))
    where = error.get("loc")
    return ErrorBody(
        message=next(_messages(error), ""),
        code=_word(error.get("code")),
        type=_word(error.get("type")),
        param=_param(where[-1] if isinstance(where, list) and where else error.get("param")),
    )


def unknown_field(answer: GatewayResponse) -> str:
    """Return the field that a gateway refuses because it does not know it, by its own name.

    It is empty where that is in doubt: by its code alone such a refusal came before any work.
    """
    complaint = _complaint(answer)
    if answer.status != HTTPStatus.BAD_REQUEST or complaint.code != "unknown_parameter":
        return ""
    said = _UNKNOWN_PARAMETER.search(complaint.message)  # new-api leaves `param` empty
    names = {complaint.param, said[1] if said else ""} - {""}
    return names.pop() if len(names) == 1 else ""


def _spoken(text: str) -> str:
    """Return plain text as it is; of an HTML page its title, because its links mean nothing."""
    if not text.startswith(("<", "[")):
        return text
    title = _TITLE.search(text)
    return title[1].strip() if title else ""


def _messages(error: dict[str, object]) -> Iterator[str]:
    for key in ("message", "detail", "description", "msg", "title", "error"):
        if word := _word(error.get(key)):
            yield word


def _word(value: object) -> str:
    return "" if value is None else str(value).strip()


def _param(value: object) -> str:
    return word if _PARAM.fullmatch(word := _word(value)) else ""


def retry_after_s(headers: Mapping[str, str], message: str, *, now_ms: int) -> float | None:
    """Return how many seconds the gateway asks to wait: by header, else by its words."""
    found = (
        _positive(headers.get("retry-after-ms"), unit_s=0.001)
        or _positive(headers.get("retry-after"))
        or _until(headers.get("retry-after"), now_ms)
    )
    if found or not (hint := _HINT.search(message)):
        return found
    return _positive(hint[1], unit_s=_SECONDS[hint[2].casefold()])


def _positive(text: str | None, *, unit_s: float = 1) -> float | None:
    try:
        seconds = float(text or "") * unit_s
    except ValueError:
        return None
    return seconds if seconds > 0 and isfinite(seconds) else None


def _until(date: str | None, now_ms: int) -> float | None:
    try:
        moment = parsedate_to_datetime(date or "")
    except ValueError:
        return None
    seconds = moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() - now_ms / 1000
    return seconds if seconds > 0 else None


def request_id(headers: Mapping[str, str], body: object = None) -> str | None:
    """Return the id under which the gateway's support finds the request."""
    found = next((headers[name] for name in _REQUEST_IDS if headers.get(name)), None)
    if not found and isinstance(body, dict):
        found = _word(body.get("request_id")) or _in_words(error_body_of(body).message)
    return found[:100] if found else None


def _in_words(message: str) -> str:
    mark = _REQUEST_ID.search(message)
    return mark[1] if mark else ""

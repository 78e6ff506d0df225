"""Classify a gateway's error: its kind, whether it may have been billed, when to retry.

Gateways have different codes and shapes, many answer with status 200, some only with text. The
order of precedence is: code, then type, then phrases of the message, then the HTTP status.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from itertools import islice
from math import isfinite

from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.models import Billed
from bot.gateways.reply.error_tables import (
    CERTAIN_PHRASES,
    DECLINED,
    DECLINED_PHRASES,
    KINDS_BY_CODE,
    NEVER_BILLED,
    SUCCESS_CODES,
    UNBEGUN_PHRASES,
    VAGUE_PHRASES,
)
from bot.gateways.reply.prompt_masking import without_prompts
from bot.gateways.reply.refusals import objects_in, reason_of_words

MAX_RETRY_WAIT_S = 120  # a longer hint is not waited for (as in openai-python)

_MAX_MESSAGE = 10_000  # in which phrases are looked for
NO_KINDS: Mapping[str, Kind] = {}

_KINDS_BY_STATUS = {
    401: Kind.AUTH,
    402: Kind.QUOTA,
    403: Kind.AUTH,
    404: Kind.MODEL_UNAVAILABLE,
    405: Kind.MODEL_UNAVAILABLE,
    429: Kind.RATE_LIMITED,
}
_PROXY_TIMEOUTS = frozenset({504, *range(520, 525)})  # of nginx and Cloudflare

_SECONDS = {"ms": 0.001, "milli": 0.001, "s": 1, "m": 60}
_HINT = re.compile(r"\b(?:in|after)\s+(\d{1,9}(?:\.\d{1,9})?)\s*(ms|milli|s|m)", re.IGNORECASE)
_REQUEST_IDS = ("x-request-id", "x-oneapi-request-id", "request-id", "cf-ray")
# new-api appends it to its messages.
_REQUEST_ID = re.compile(r"\(request id: ?([\w-]{1,100})\)", re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]{0,100}>([^<]{0,300})", re.IGNORECASE)
_PARAM = re.compile(r"[\w.\[\]-]{1,64}")
_UNKNOWN_PARAMETER = re.compile(r"Unknown parameter: '([\w.\[\]-]{1,64})'", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class GatewayResponse:
    """An HTTP response without pictures; ``body`` is the parsed JSON, None if it is none."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: object = field(repr=False)
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ClassifiedError:
    """An error with its kind; ``message`` is the gateway's own, not redacted yet."""

    kind: Kind
    billed: Billed
    message: str = field(repr=False)
    param: str = ""
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """The fields of an error, read from any of the shapes that gateways send."""

    message: str = ""
    code: str = ""
    type: str = ""
    param: str = ""


def classify_error(
    response: GatewayResponse,
    *,
    now_ms: int,
    kinds: Mapping[str, Kind] = NO_KINDS,
    prompts: Sequence[str] = (),
) -> ClassifiedError:
    """Classify a response without pictures; ``kinds`` are by the gateway's own codes.

    What it quotes of the ``prompts`` says nothing about the error.
    """
    if isinstance(response.body, list) and isinstance(next(iter(response.body), None), dict):
        response = replace(response, body=response.body[0])  # Google's interfaces send a list
    response = replace(response, body=_error_holder(response.body))
    if response.status < HTTPStatus.BAD_REQUEST and not isinstance(response.body, dict | list):
        return ClassifiedError(
            Kind.BAD_RESPONSE, Billed.MAYBE, "the reply is not JSON: check base_url"
        )
    error = _error_body_of(response)
    hint = retry_after_s(response.headers, error.message, now_ms=now_ms)
    said = replace(error, message=without_prompts(error.message[:_MAX_MESSAGE], prompts))
    kind, billed = _kind_and_billed(response, said, hint, kinds)
    if kind is Kind.NO_IMAGE and isinstance(response.body, dict):
        kind, billed = reason_of_words(response.body, prompts) or (kind, billed)
    is_too_large = response.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    param = error.param or ("image" if is_too_large else "")
    message = error.message if tells_error(response) and kind is not Kind.NO_IMAGE else ""
    return ClassifiedError(kind, billed, message, param, hint)


def _kind_and_billed(
    response: GatewayResponse, error: ErrorBody, hint: float | None, kinds: Mapping[str, Kind]
) -> tuple[Kind, Billed]:
    status = response.status
    refused = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    is_success = status < HTTPStatus.BAD_REQUEST
    certain = refused or (is_success and _reports_error(response.body))
    billed = Billed.NO if certain else Billed.MAYBE
    for word in (error.code, error.type):
        if kind := kinds.get(word) or KINDS_BY_CODE.get(word.casefold()):
            unbegun = kind in NEVER_BILLED or (is_success and kind is Kind.MODERATION)
            return kind, Billed.NO if unbegun else billed
    if found := _kind_by_phrase(response, error.message, billed):
        return found
    if refused:
        return _kind_of_4xx(status, hint)
    if is_success and (known := _kind_of_status(error.code)):
        return known, Billed.NO if known in NEVER_BILLED else billed
    if is_success and (withheld := _withheld(response.body)):
        return Kind.MODERATION, withheld
    return _kind_of_others(response, error), billed


def _kind_by_phrase(
    response: GatewayResponse, message: str, billed: Billed
) -> tuple[Kind, Billed] | None:
    """Return what a phrase of the message means; of a web page that is not taken as certain.

    Nor is what other words say of a failure with a status of 500 and above: work may have begun.
    """
    is_page = not isinstance(response.body, dict) and response.text.lstrip().startswith("<")
    is_failure = response.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    is_said = not is_failure or (
        response.status not in _PROXY_TIMEOUTS and bool(CERTAIN_PHRASES.search(message))
    )
    unbegun = Billed.NO if is_said and not is_page else billed
    if_declined = Billed.NO if response.status < HTTPStatus.BAD_REQUEST else billed
    tables = [(DECLINED_PHRASES, if_declined), (UNBEGUN_PHRASES, unbegun)]
    if response.status != HTTPStatus.BAD_REQUEST:  # which may quote a word of the prompt
        tables.append((VAGUE_PHRASES, billed))
    for phrases, billed_then in tables:
        for phrase, kind in phrases:
            if phrase.search(message):
                return kind, billed_then
    if response.status not in _KINDS_BY_STATUS and DECLINED.search(message):
        return Kind.MODERATION, if_declined
    return None


def _reports_error(body: object) -> bool:
    """Tell whether the JSON of a reply with status 200 is an error, so that nothing was made."""
    if has_error(body) or not isinstance(body, dict):
        return has_error(body)
    is_refusal = bool(body.get("detail")) or not is_success_code(body.get("code"))
    return is_refusal and not (body.get("data") or body.get("result"))  # a result may be a task


def tells_error(response: GatewayResponse) -> bool:
    """Tell whether a reply says itself that it is an error: then its message is about that.

    Any other text that comes without a picture paraphrases the prompt, and is for no log.
    """
    fields = response.body if isinstance(response.body, dict) else {}
    is_refusal = response.status >= HTTPStatus.MULTIPLE_CHOICES or bool(fields.get("detail"))
    is_failure = fields.get("success") is False or not is_success_code(fields.get("code"))
    return is_refusal or is_failure or has_error(fields)


def has_error(body: object) -> bool:
    """Tell whether a JSON object reports an error; some gateways send an empty one, too."""
    if not isinstance(body, dict):
        return False
    error, base = body.get("error"), body.get("base_resp")
    if isinstance(base, dict) and not is_success_code(base.get("status_code")):
        return True
    if not isinstance(error, dict):
        return bool(error.strip() if isinstance(error, str) else error or body.get("errors"))
    return any(bool(value) and not is_success_code(value) for value in error.values())


def is_success_code(code: object) -> bool:
    """Tell whether a code means success; no code does, too."""
    return code is None or str(code).casefold() in SUCCESS_CODES


def _error_holder(body: object) -> object:
    """Return the JSON that reports the error: a reply may have it at each of its pictures."""
    if not isinstance(body, dict) or has_error(body):
        return body
    entries = [*objects_in(body.get("data")), *objects_in(body.get("output"))]
    return next(filter(has_error, entries), body)


def _withheld(body: object) -> Billed | None:
    """Return whether pictures were billed that a reply says were withheld; None if it does not."""
    fields = body if isinstance(body, dict) else {}
    if any(one.get("is_image_safe") is False for one in objects_in(fields.get("data"))):
        return Billed.YES  # at Ideogram, see developer.ideogram.ai/ideogram-api/errors
    return Billed.NO if fields.get("block_reason") else None  # xAI's


def _kind_of_status(code: str) -> Kind | None:
    """Return what a code means that is an HTTP status, in a reply whose own status is 200."""
    return _KINDS_BY_STATUS.get(int(code)) if re.fullmatch(r"4\d\d", code) else None


def _kind_of_4xx(status: int, hint: float | None) -> tuple[Kind, Billed]:
    if status != HTTPStatus.REQUEST_TIMEOUT:
        return _KINDS_BY_STATUS.get(status, Kind.INVALID_REQUEST), Billed.NO
    # With a hint the gateway asks for the same request again: no work has begun.
    return (Kind.RATE_LIMITED, Billed.NO) if hint else (Kind.TIMEOUT_UNKNOWN, Billed.MAYBE)


def _kind_of_others(response: GatewayResponse, error: ErrorBody) -> Kind:
    body = response.body if isinstance(response.body, dict) else {}
    if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        lost = not body or response.status in _PROXY_TIMEOUTS
        return Kind.TIMEOUT_UNKNOWN if lost else Kind.UPSTREAM
    is_message = bool(error.message) and not isinstance(body.get("data"), list)
    return Kind.UPSTREAM if has_error(body) or is_message else Kind.NO_IMAGE


def _error_body_of(response: GatewayResponse) -> ErrorBody:
    if not isinstance(response.body, dict):
        return ErrorBody(message=_plain_text(response.text.strip()))
    return parse_error_body(response.body)


def parse_error_body(body: Mapping[str, object]) -> ErrorBody:
    """Return the error in a JSON body; empty fields where it has none."""
    base = body.get("base_resp")
    if isinstance(base, dict) and not is_success_code(base.get("status_code")):
        code = _as_text(base.get("status_code"))
        return ErrorBody(_as_text(base.get("status_msg")), code, f"base_resp:{code}")
    if not has_error(body):
        body = {name: value for name, value in body.items() if name != "error"}
    error = body.get("error") or body.get("errors") or body.get("detail") or body
    if isinstance(error, list):
        error = error[0]
    if not isinstance(error, dict):
        code = _as_text(body.get("code")) or _as_text(body.get("name"))
        return ErrorBody(message=_as_text(error), code=code)
    where = error.get("loc")
    return ErrorBody(
        message=" ".join([*islice(_messages(error), 1), *_words_of_upstream(error)]),
        code=_as_text(error.get("code")),
        type=_as_text(error.get("type")) or _type_of_upstream(error),
        param=_param(where[-1] if isinstance(where, list) and where else error.get("param")),
    )


def unknown_field(response: GatewayResponse) -> str:
    """Return the field, by the gateway's name, that was refused because it is unknown there.

    Empty unless that is certain. By its code such an error was sent before any work began.
    """
    error = _error_body_of(response)
    if response.status != HTTPStatus.BAD_REQUEST or error.code != "unknown_parameter":
        return ""
    match = _UNKNOWN_PARAMETER.search(error.message)  # new-api leaves `param` empty
    names = {error.param, match[1] if match else ""} - {""}
    return names.pop() if len(names) == 1 else ""


def _plain_text(text: str) -> str:
    """Return plain text as it is, and only the title of an HTML page."""
    if not text.startswith(("<", "[")):
        return text
    title = _TITLE.search(text)
    return title[1].strip() if title else ""


def _messages(error: dict[str, object]) -> Iterator[str]:
    for key in ("message", "detail", "description", "msg", "title", "error"):
        if word := _as_text(error.get(key)):
            yield word


def _metadata(error: dict[str, object]) -> dict[str, object]:
    """Return what OpenRouter adds to an error of the system behind it."""
    metadata = error.get("metadata")
    return metadata if isinstance(metadata, dict) else {}


def _words_of_upstream(error: dict[str, object]) -> Iterator[str]:
    metadata = _metadata(error)
    reasons = metadata.get("reasons")
    yield from filter(None, map(_as_text, [metadata.get("raw")]))
    yield from map(_as_text, reasons if isinstance(reasons, list) else ())


def _type_of_upstream(error: dict[str, object]) -> str:
    metadata = _metadata(error)
    was_flagged = metadata.get("reasons") or metadata.get("flagged_input")
    return _as_text(metadata.get("error_type")) or ("content_filter" if was_flagged else "")


def _as_text(value: object) -> str:
    return "" if value is None else str(value).strip()


def _param(value: object) -> str:
    return word if _PARAM.fullmatch(word := _as_text(value)) else ""


def retry_after_s(headers: Mapping[str, str], message: str, *, now_ms: int) -> float | None:
    """Return how long the gateway asks to wait: by its headers, else by its message."""
    wait_s = (
        _positive(headers.get("retry-after-ms"), unit_s=0.001)
        or _positive(headers.get("retry-after"))
        or _until(headers.get("retry-after"), now_ms)
    )
    if wait_s or not (hint := _HINT.search(message)):
        return wait_s
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
    """Return the id by which the gateway's support can find the request."""
    found = next((headers[name] for name in _REQUEST_IDS if headers.get(name)), None)
    if not found and isinstance(body, dict):
        found = _as_text(body.get("request_id")) or _request_id_in(parse_error_body(body).message)
    return found[:100] if found else None


def _request_id_in(message: str) -> str:
    mark = _REQUEST_ID.search(message)
    return mark[1] if mark else ""

"""Read the id, state, progress and error of an asynchronous task from a reply.

There is no standard: at least nine interfaces share the same two paths. A gateway with
another word for a state needs one more entry in the tables below.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from math import isfinite
from typing import Literal

from yarl import URL

from bot.gateways.addresses import exact_url
from bot.gateways.gateway import Gateway
from bot.gateways.reply.error_classifier import (
    ErrorBody,
    GatewayResponse,
    has_error,
    is_success_code,
    parse_error_body,
    retry_after_s,
)
from bot.gateways.reply.reader import non_empty_text

_MAX_ID = 200
_MAX_PATH = 1000
_WITH_LOCATION = (HTTPStatus.CREATED, HTTPStatus.ACCEPTED)

JsonObject = Mapping[str, object]
TaskState = Literal["pending", "success", "failure"]
ModalMeaning = Literal["failure", "question", "pending"]
"""What the state MODAL means: nobody can answer it, it can be answered, or it was."""

_STATE_WORDS: Mapping[TaskState, str] = {
    "pending": "NOT_START QUEUED PENDING SUBMITTED DISPATCHED STARTING RUNNING PROCESSING"
    " IN_PROGRESS PROGRESS UNKNOWN WAITING QUEUE QUEUING QUEUEING GENERATING CREATED",
    "success": "SUCCESS SUCCEEDED SUCCEED COMPLETED COMPLETE DONE FINISHED READY",
    # EXPIRED and TIMEOUT are no doubts: with them a gateway itself gives a task up, as new-api does
    # with FAILURE after an hour (relay/mjproxy_handler.go), and no documented interface bills a
    # task that ended so without a picture. One that had shown a picture is in doubt (polling.py).
    "failure": "FAILURE FAILED FAIL ERROR CANCEL CANCELED CANCELLED ABORTED EXPIRED TIMEOUT"
    " REJECTED NOT_FOUND MODERATED BLOCKED DECLINED DENIED FILTERED FLAGGED NSFW"
    " TERMINATED TIMED_OUT"
    " MODAL",  # Midjourney waits for a dialog that nobody can confirm
}
_TASK_STATES = {word: state for state, words in _STATE_WORDS.items() for word in words.split()}
_LAST_WORD = re.compile(r"[A-Z]+\Z")
_NEGATED = re.compile(r"(?<![A-Z])(?:NOT|NO|NON|UN|PARTIAL|PARTIALLY)[^A-Z]")
_WITHHELD = re.compile(r"(?:MODERATED|FILTERED|FLAGGED|NSFW)\Z")
_UNKNOWN_TASK = re.compile(
    r"task_?not?_?(?:exist|found)|task (?:does )?not (?:exist|found)|任务不存在", re.IGNORECASE
)
_ID = re.compile(r"(?=.*\w)[^\s\x00-\x1f/][^\s\x00-\x1f]*")  # a name with a slash is a path
_LOGGED_ID = re.compile(r"[\w.:-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class SubmittedTask:
    """A task that a gateway accepted.

    ``name`` is its id, or the path that the gateway gave; another process can poll it, too. One
    that ``asks_back`` goes on only when it has the prompt, and may propose a ``prompt`` itself;
    ``modal`` is what it means where its state says so.
    """

    name: str
    retry_after_s: float | None = None
    asks_back: bool = False
    prompt: str = field(default="", repr=False)
    modal: ModalMeaning = "failure"

    def url(self, gateway: Gateway) -> URL:
        """Return the URL to poll: always on the gateway's own origin, because the key is sent."""
        if self.name.startswith("/"):
            url = gateway.url.join(exact_url(self.name))
            if url.origin() == gateway.url.origin():
                return url.update_query(gateway.query) if gateway.query else url
        return gateway.task_url(self.name)


# --- the reply to the paid request ---------------------------------------------------------------


def submitted_task(
    response: GatewayResponse, gateway: Gateway, *, has_pictures: bool, now_ms: int
) -> SubmittedTask | None:
    """Return the task that the gateway accepted, None if the reply names no task.

    A reply with pictures is a task only if it says that it is not finished.
    """
    body = response.body
    if not isinstance(body, dict) or has_error(body):
        return None
    state = task_state(status_word(body))
    if (has_pictures and state != "pending") or state == "failure":
        return None
    if not is_success_code(body.get("code")):
        return None
    is_task = state == "pending" or "task" in str(body.get("object", ""))
    is_expected = gateway.asynchronous.is_on or response.status == HTTPStatus.ACCEPTED or is_task
    task_id = _task_id(body, by_any_name=is_expected)
    if not task_id:
        return None
    name = _poll_path(response, body, gateway) or task_id
    return SubmittedTask(name, retry_after_s(response.headers, "", now_ms=now_ms))


def possible_task_id(body: object) -> str | None:
    """Return what may be the id of a task that was not understood: for the operator's log."""
    found = _task_id(body, by_any_name=True) if isinstance(body, dict) else None
    return found if found and _LOGGED_ID.fullmatch(found) else None


def _task_id(body: JsonObject, *, by_any_name: bool) -> str | None:
    nested = _nested(body)
    certain = (body.get("task_id"), nested.get("task_id"))
    likely = (
        body.get("data"),
        nested.get("id"),
        body.get("id"),
        body.get("job_id"),
        body.get("result"),
    )
    ids = map(_id, (*certain, *likely) if by_any_name else certain)
    return next(filter(None, ids), None)


def _id(value: object) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < 10**_MAX_ID else None
    text = non_empty_text(value) or ""
    return text if len(text) <= _MAX_ID and _ID.fullmatch(text) else None


def _levels(body: JsonObject) -> tuple[JsonObject, ...]:
    """Return the objects that may hold the task's fields, the likeliest first."""
    nested = _nested(body)
    return (nested, body) if isinstance(body.get("data"), dict) else (body, nested)


def _nested(body: JsonObject) -> JsonObject:
    """Return the object in ``data``, or the first one of its list; empty if there is none."""
    data = body.get("data")
    nested = data[0] if isinstance(data, list) and data else data
    return nested if isinstance(nested, dict) else {}


def _poll_path(response: GatewayResponse, body: JsonObject, gateway: Gateway) -> str | None:
    """Return the path to poll that the gateway gave, unless it is on another origin."""
    if gateway.paths.task:
        return None
    location = response.headers.get("Location") if response.status in _WITH_LOCATION else None
    data = body.get("data")
    inner = data.get("poll_url") if isinstance(data, dict) else None
    given = body.get("poll_url"), inner, location
    for text in filter(None, map(non_empty_text, given)):
        with suppress(ValueError):
            url = gateway.url.join(exact_url(text))
            if url.origin() == gateway.url.origin() and url.path != gateway.url.path:
                return url.raw_path_qs if len(url.raw_path_qs) <= _MAX_PATH else None
    return None


# --- the reply to a poll -------------------------------------------------------------------------


def status_word(body: JsonObject) -> str:
    """Return the task's status in capitals; empty if the reply has none."""
    for fields in _levels(body):
        for key in ("status", "state", "task_status"):
            if word := non_empty_text(fields.get(key)):
                return word.upper()
    return ""


def task_state(status: str) -> TaskState | None:
    """Return the state that a status in capitals means, None if it is unknown.

    Of several words the last one counts, as in ``TASK_STATUS_SUCCEED`` or ``Request Moderated``.
    """
    if status in _TASK_STATES:
        return _TASK_STATES[status]
    last = _LAST_WORD.search(status)
    return _TASK_STATES.get(last[0]) if last and not _NEGATED.search(status) else None


def progress_fraction(body: JsonObject) -> float | None:
    """Return the progress of a task, 0 to 1; None if the reply has none."""
    for fields in _levels(body):
        for key, unit in (("progress", None), ("progress_pct", 100)):
            if (fraction := _fraction(fields.get(key), unit)) is not None:
                return fraction
    return None


def _fraction(value: object, unit: int | None) -> float | None:
    if isinstance(value, str):
        unit = 100 if value.strip().endswith("%") else unit
        value = _number(value.strip().removesuffix("%"))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float) and not isfinite(value):
        return None
    whole = unit or (100 if value > 1 else 1)
    return min(1.0, max(0, min(value, whole)) / whole)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def task_error(body: JsonObject) -> ErrorBody:
    """Return the error of a failed task; empty where the reply gives no reason."""
    holder = next((fields for fields in _levels(body) if has_error(fields)), None)
    error = parse_error_body(holder) if holder else ErrorBody()
    message = next(filter(None, map(non_empty_text, _reasons(body, error))), "")
    code = error.code or str(body.get("error_code") or body.get("code") or "")
    return ErrorBody(message, code, error.type)


def error_json(body: JsonObject) -> dict[str, object]:
    """Return the error of a failed task in OpenAI's shape; its status is the last resort."""
    error = task_error(body)
    message = error.message or status_word(body)
    return {"error": {"message": message, "code": error.code, "type": error.type}}


def _reasons(body: JsonObject, error: ErrorBody) -> Iterator[object]:
    for fields in _levels(body):
        yield fields.get("fail_reason") or fields.get("failReason") or fields.get("task_status_msg")
    yield error.message
    if body.get("code") is None or not is_success_code(body.get("code")):
        yield body.get("message")
    if _WITHHELD.search(status := status_word(body)):
        yield f"moderated: {status}"


def is_unknown_task(body: JsonObject, text: str = "") -> bool:
    """Tell whether the gateway does not know the task."""
    if text.strip() == "null":  # midjourney-proxy's reply
        return True
    status = status_word(body)
    if task_state(status) in ("pending", "success"):
        return False
    error = parse_error_body(body)
    words = f"{body.get('code')} {error.code} {error.message} {body.get('message')}"
    return status == "NOT_FOUND" or bool(_UNKNOWN_TASK.search(words))

"""The same faults at every family that paints as a task: at its polls, and in how the task ends."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.models import Billed
from bot.gateways import polling
from tests.gateways.fake_chatbp_tasks import chatbp_task
from tests.gateways.fake_kling import kling_task
from tests.gateways.fake_midjourney import midjourney_task
from tests.gateways.fake_replicate import prediction
from tests.gateways.fake_task_gateway import JsonBody, JsonReply
from tests.gateways.fake_workflow import TASK
from tests.gateways.family_contract import try_request
from tests.gateways.faults import (
    PAGE,
    TALKATIVE,
    cut,
    ends,
    error,
    half_a_chunk,
    in_header,
    longer,
    no_last_chunk,
    redirects,
    says,
    shorter,
    typed,
    zipped,
)
from tests.gateways.generation_harness import make_model, run_generation
from tests.gateways.replay_gateway import http_reply, replay_gateway
from tests.gateways.replayed_replies import Fault, Recording, Reply
from tests.gateways.routing.test_router_resume import DONE
from tests.gateways.test_family_faults import DEEP, PAINTS, SAFETY
from tests.gateways.vendor_families import FAMILIES, recording_of

NO, MAYBE = Billed.NO, Billed.MAYBE
SILENCE = "silent in the body"
WAITED_FOR = (Kind.TASK_UNFINISHED, MAYBE)
GONE = (Kind.TASK_LOST, MAYBE)

# How a task says that it has failed, and why.
Failed = Callable[[str], JsonBody]


def _body(reply: JsonReply) -> JsonBody:
    assert isinstance(reply.body, dict)
    return reply.body


_MIDJOURNEY: Failed = lambda why: _body(midjourney_task("FAILURE", "0%", failReason=why))  # noqa: E731 - one of five
FAILED: Mapping[str, Failed] = {
    "workflow": lambda why: {"task_id": TASK, "status": "failed", "error": why},
    "task": lambda why: {**chatbp_task("failed", 40), "message": why},
    "kling": lambda why: _body(kling_task("failed", task_status_msg=why)),
    "flux": lambda why: _body(prediction("failed", error=why)),
    **dict.fromkeys(("midjourney", "button", "button that asks back"), _MIDJOURNEY),
}
TASKS = sorted(FAILED)

# Polling is free, so what one poll brings is no end; the second outcome is where it never changes.
PASSING: dict[str, tuple[Fault, tuple[str, Billed]]] = {
    "closed before a reply": (ends(b""), WAITED_FOR),
    "reset before a reply": (ends(b"", "reset"), WAITED_FOR),
    "reset in a header": (in_header, WAITED_FOR),
    "reset in the body": (cut(5, "reset"), WAITED_FOR),
    SILENCE: (cut(5, "silence"), WAITED_FOR),
    "half a chunk": (half_a_chunk, WAITED_FOR),
    "a length that is too small": (shorter, WAITED_FOR),
    "a length that is too large": (longer, PAINTS),
    "no last chunk": (no_last_chunk, PAINTS),
    "compressed": (zipped, PAINTS),
    "another type": (typed("text/plain"), PAINTS),
    "an empty body": (says(200), WAITED_FOR),
    "no content": (says(204), WAITED_FOR),
    "a page": (says(200, PAGE), WAITED_FOR),
    "an error with 200": (error(200), WAITED_FOR),
    "a list": (says(200, []), WAITED_FOR),
    "a number": (says(200, b"7"), WAITED_FOR),
    "too deep": (says(200, DEEP), WAITED_FOR),
    "null": (says(200, b"null"), GONE),
    **{f"{status}": (error(status), GONE) for status in (404, 410)},
    **{f"{status}": (error(status), WAITED_FOR) for status in (408, 425, 429)},
    **{f"{status}": (error(status), WAITED_FOR) for status in (500, 504, 529)},
    "a hint": (error(429, Retry_After="3"), WAITED_FOR),
}
# What no further poll would change.
FINAL: dict[str, tuple[Fault, tuple[str, Billed]]] = {
    **{f"{status}": (error(status), GONE) for status in (400, 405, 409)},
    **{f"{status}": (error(status), (Kind.AUTH, MAYBE)) for status in (401, 403)},
    "402": (error(402), (Kind.QUOTA, MAYBE)),
    "declined": (error(400, message=SAFETY), (Kind.MODERATION, MAYBE)),
    **{f"{status}": (redirects(status), GONE) for status in (301, 302, 303, 307, 308)},
}


async def test_every_family_with_tasks_is_tried() -> None:
    """A new one must be in the list, too; a blend is polled as any task of its gateway."""
    recordings = {name: await recording_of(name) for name in FAMILIES}
    with_tasks = {name for name, recorded in recordings.items() if "poll" in recorded}
    assert with_tasks == {*TASKS, "blend"}


@pytest.mark.parametrize("fault", PASSING)
@pytest.mark.parametrize("name", TASKS)
async def test_a_poll_that_fails_twice(
    name: str, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Polling costs nothing, so it goes on; what was paid is never sent again."""
    if fault == SILENCE:
        monkeypatch.setattr(polling, "POLL_TIMEOUT_S", 0.2)
    spoils, _ = PASSING[fault]
    trial = await try_request(name, tmp_path, {"poll": [spoils, spoils]})
    assert trial.outcome == PAINTS


async def test_polls_without_content_may_mean_that_there_is_nothing_yet(tmp_path: Path) -> None:
    """For longer than a task may be unknown: the picture that comes then was paid for."""
    replies = [http_reply(200, {"task_id": "t-1"}), *[http_reply(204)] * 20, DONE]
    async with replay_gateway(*replies) as raw:
        known = make_model("painter", timeout_s=5)
        result = await run_generation(raw.gateway(), tmp_path, known=known)
    assert (len(result.pictures), raw.posts) == (1, 1)
    assert sum(result.watch.pauses) > polling.UNKNOWN_TASK_GRACE_S


@pytest.mark.parametrize("fault", [*PASSING, *FINAL])
@pytest.mark.parametrize("name", TASKS)
async def test_a_poll_that_always_fails(
    name: str, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is an end to it: it was paid, perhaps, and the person reads that it may still come."""
    if fault == SILENCE:
        monkeypatch.setattr(polling, "POLL_TIMEOUT_S", 0.03)
    spoils, outcome = {**PASSING, **FINAL}[fault]
    trial = await try_request(name, tmp_path, {"poll": [spoils]}, forever=True)
    assert trial.outcome == outcome
    assert trial.server.asked["submit"] == 1
    assert outcome == PAINTS or (trial.server.asked["poll"] == 1) is (fault in FINAL)


# --- how a task ends ------------------------------------------------------------------------------

WHY = {
    "without a reason": ("", Kind.TASK_FAILED),
    "with a reason": (TALKATIVE, Kind.TASK_FAILED),
    "declined": (SAFETY, Kind.MODERATION),
    "in Chinese": ("内容违规", Kind.MODERATION),
}


def _with_end(recording: Recording, *last: Reply) -> Recording:
    """Return a recording whose last polls are others."""
    return {**recording, "poll": [*recording["poll"][:-1], *last]}


def _json(body: JsonBody) -> Reply:
    return Reply(200, "application/json", json.dumps(body).encode())


@pytest.mark.parametrize("why", WHY)
@pytest.mark.parametrize("name", TASKS)
async def test_a_task_that_fails(name: str, why: str, tmp_path: Path) -> None:
    """Before a picture it certainly costs nothing; where one was to be seen it may."""
    words, kind = WHY[why]
    recording = await recording_of(name)
    failed = _json(FAILED[name](words))
    at_once: Recording = {**recording, "poll": [failed]}
    trial = await try_request(name, tmp_path, {}, recording=at_once)
    assert trial.outcome == (kind, NO)
    if name == "midjourney":  # its grid is to be seen before
        trial = await try_request(name, tmp_path, {}, recording=_with_end(recording, failed))
        assert trial.outcome == (kind, MAYBE)


@pytest.mark.parametrize("name", TASKS)
async def test_a_reason_that_quotes_the_prompt(name: str, tmp_path: Path) -> None:
    """What somebody paints of money or violence is no word about the account or the rules."""
    prompt = "a rate limit, insufficient credit balance and our content policy"
    recording: Recording = {
        **(await recording_of(name)),
        "poll": [_json(FAILED[name](f"cannot paint: {prompt}"))],
    }
    trial = await try_request(name, tmp_path, {}, recording=recording, prompt=prompt)
    assert trial.outcome == (Kind.TASK_FAILED, NO)


@pytest.mark.parametrize("name", TASKS)
async def test_a_task_that_never_ends(name: str, tmp_path: Path) -> None:
    """Its first state for ever: after the budget nobody waits for it, and it is not sent again."""
    recording = await recording_of(name)
    waiting: Recording = {**recording, "poll": recording["poll"][:1]}
    trial = await try_request(name, tmp_path, {}, recording=waiting)
    assert trial.outcome == WAITED_FOR
    assert sum(trial.result.watch.pauses) == pytest.approx(30, abs=0.01)


@pytest.mark.parametrize("name", TASKS)
async def test_a_task_that_goes_backwards(name: str, tmp_path: Path) -> None:
    """Behind one address are several servers, and one of them is late: nobody sees it."""
    recording = await recording_of(name)
    *waiting, done = recording["poll"]
    trial = await try_request(
        name, tmp_path, {}, recording=_with_end(recording, *reversed(waiting[:2]), done)
    )
    assert trial.outcome == PAINTS


@pytest.mark.parametrize("name", TASKS)
async def test_a_state_that_nobody_knows(name: str, tmp_path: Path) -> None:
    """Its picture may be a preview, so it is no success; nor is it a failure."""
    recording = await recording_of(name)
    done = recording["poll"][-1]
    assert b'status": "' in done.body
    head, _, rest = done.body.partition(b'status": "')
    odd = done.holding(head + b'status": "marinating' + rest[rest.index(b'"') :])
    trial = await try_request(name, tmp_path, {}, recording=_with_end(recording, odd))
    assert trial.outcome == WAITED_FOR


@pytest.mark.parametrize("name", TASKS)
async def test_a_task_that_succeeds_without_a_picture(name: str, tmp_path: Path) -> None:
    """It was paid, perhaps, and nobody waits for it."""
    recording = await recording_of(name)
    done = recording["poll"][-1]
    body = json.loads(done.body)
    empty = done.holding(json.dumps(_without_pictures(body)).encode())
    assert empty.body != done.body
    trial = await try_request(name, tmp_path, {}, recording=_with_end(recording, empty))
    assert trial.outcome == (Kind.NO_IMAGE, MAYBE)


def _without_pictures(value: object) -> object:
    match value:
        case dict():
            return {key: _without_pictures(one) for key, one in value.items()}
        case list():
            return [one for each in value if (one := _without_pictures(each))]
        case str() if "/files/" in value:
            return ""
    return value

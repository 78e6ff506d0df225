import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import structlog
from aiohttp.test_utils import TestServer

from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.models import Billed, TokenUsage
from bot.gateways.events import TaskAccepted, TaskProgress
from bot.gateways.gateway import AsyncSettings, Gateway, PathSettings, PollSettings
from tests.gateways import fake_chatbp_tasks as chatbp
from tests.gateways import fake_rix as rix
from tests.gateways import fake_sub2api as sub2api
from tests.gateways.fake_task_gateway import FakeTaskGateway, task_gateway
from tests.gateways.fake_task_gateway import JsonReply as Answer
from tests.gateways.fake_tasks_elsewhere import SAMPLES
from tests.gateways.generation_harness import (
    GATEWAY_KEY,
    GenerationResult,
    make_model,
    run_generation,
)
from tests.gateways.replay_gateway import RawReply, ReplayGateway, http_reply, replay_gateway
from tests.gateways.router_harness import open_router
from tests.gateways.sample_pictures import b64, picture_bytes

PAINTER = make_model("painter", timeout_s=5)
BY_QUERY = AsyncSettings(mode="query", query={"async": "true"})
BY_PATH = AsyncSettings(mode="path", path="/async")
ALWAYS = AsyncSettings(mode="always")


@asynccontextmanager
async def _opened(services: FakeTaskGateway, **changes: object) -> AsyncIterator[Gateway]:
    asynchronous = BY_QUERY if services.submit_query else BY_PATH
    async with TestServer(services.app()) as server:
        origin = str(server.make_url("/v1"))
        yield task_gateway(origin, **{"asynchronous": asynchronous, **changes})


async def _paint(services: FakeTaskGateway, folder: Path, **changes: object) -> GenerationResult:
    async with _opened(services, **changes) as gateway:
        return await run_generation(gateway, folder, known=PAINTER)


def _fractions(result: GenerationResult) -> list[float | None]:
    return [event.fraction for event in result.events if isinstance(event, TaskProgress)]


async def test_a_task_of_chat_bp(tmp_path: Path) -> None:
    """The request becomes a task, which is reported and polled until the picture arrives."""
    services = chatbp.chatbp()
    result = await _paint(services, tmp_path)
    assert result.names == [
        *(
            "Sending",
            "TaskAccepted",
            "TaskProgress",
            "TaskProgress",
            "TaskProgress",
            "Answered",
            "Received",
        )
    ]
    assert result.events[1] == TaskAccepted(chatbp.TASK_ID)
    assert _fractions(result) == [0, 0.4, 0.9]
    assert (services.posts, services.polls) == (1, 4)
    assert result.left == [".png"]


@pytest.mark.parametrize("submit", chatbp.SUBMITS)
async def test_every_way_to_announce_a_task(submit: str, tmp_path: Path) -> None:
    """The page documents one and shows another; numbers were seen in the wild."""
    services = chatbp.chatbp(chatbp.SUCCEEDED, submit=submit)
    result = await _paint(services, tmp_path)
    assert result.events[1] == TaskAccepted(services.task_id)
    assert len(result.pictures) == 1


@pytest.mark.parametrize("done", [rix.BY_URL, rix.BY_BASE64])
async def test_a_task_of_the_rix_family(done: Answer, tmp_path: Path) -> None:
    """The envelope's own `success` says nothing about the task inside."""
    services = rix.rix_gateway(rix.WAITING, rix.STARTED, done)
    result = await _paint(services, tmp_path)
    assert _fractions(result) == [None, 0.43]
    assert result.usage == TokenUsage(11, 22)
    assert result.left == [".png"]


async def test_a_task_of_sub2api(tmp_path: Path) -> None:
    """202 with Retry-After: the gateway itself says how long to wait."""
    services = sub2api.sub2api_gateway()
    result = await _paint(services, tmp_path)
    assert result.watch.pauses == [3, 5]
    assert (services.posts, services.polls, len(result.pictures)) == (1, 2, 1)


@pytest.mark.parametrize("family", SAMPLES)
async def test_the_other_contracts(family: str, tmp_path: Path) -> None:
    """The same two paths, at least nine contracts."""
    sample = SAMPLES[family]
    task_replies = [sample.done]
    services = FakeTaskGateway(
        sample.submit_reply, task_replies, sub2api.UNKNOWN, sample.task_id, poll_path=sample.path
    )
    paths = PathSettings() if family == "blockrun" else PathSettings(task=sample.path)
    result = await _paint(services, tmp_path, paths=paths)
    assert result.names == ["Sending", "TaskAccepted", "Answered", "Received"]
    assert (services.posts, services.polls) == (1, 1)


async def test_a_gateway_that_ignores_the_flag(tmp_path: Path) -> None:
    """Pictures at once are welcome."""
    at_once = Answer({"created": 1, "data": [{"b64_json": b64(picture_bytes())}]})
    services = FakeTaskGateway(at_once, [], chatbp.NO_SUCH_TASK, "")
    result = await _paint(services, tmp_path)
    assert result.names == ["Sending", "Received"]


async def test_a_gateway_that_makes_a_task_unasked(tmp_path: Path) -> None:
    """Better waited for than lost: it is paid."""
    services = FakeTaskGateway(
        chatbp.SUBMITS["example"], [chatbp.SUCCEEDED], chatbp.NO_SUCH_TASK, chatbp.TASK_ID
    )
    services.submit_query = {}
    result = await _paint(services, tmp_path, asynchronous=AsyncSettings())
    assert result.names == ["Sending", "TaskAccepted", "Answered", "Received"]


# --- how tasks end without a picture --------------------------------------------------------------

ENDS = [
    (chatbp.chatbp(chatbp.RUNNING, chatbp.FAILED), Kind.TASK_FAILED),
    (chatbp.chatbp(chatbp.NOT_UPLOADED), Kind.NO_IMAGE),
    (rix.rix_gateway(rix.FAILURE), Kind.TASK_FAILED),
    (rix.rix_gateway(rix.MODERATED), Kind.MODERATION),
    (sub2api.sub2api_gateway(sub2api.FAILED), Kind.TASK_FAILED),
    (sub2api.sub2api_gateway(sub2api.MODERATED), Kind.MODERATION),
]


@pytest.mark.parametrize(("services", "kind"), ENDS)
async def test_a_task_that_brings_nothing(
    services: FakeTaskGateway, kind: Kind, tmp_path: Path
) -> None:
    """All of them answer 200; what failed before a picture was certainly not billed."""
    services.posts = services.polls = 0
    result = await _paint(services, tmp_path)
    billed = Billed.MAYBE if kind is Kind.NO_IMAGE else Billed.NO
    assert (result.failed.kind, result.failed.billed, services.posts) == (kind, billed, 1)
    assert result.left == []


async def test_the_reason_of_a_failure_is_for_the_operator(tmp_path: Path) -> None:
    """The log says more than that a task failed."""
    assert (
        await _paint(rix.rix_gateway(rix.FAILURE), tmp_path)
    ).failed.detail == "upstream exploded"
    assert (await _paint(sub2api.sub2api_gateway(sub2api.FAILED), tmp_path)).failed.detail == "boom"
    assert (await _paint(chatbp.chatbp(chatbp.FAILED), tmp_path)).failed.detail == "生成失败"


@pytest.mark.parametrize("unknown", [chatbp.NO_SUCH_TASK, rix.NO_SUCH_TASK, sub2api.UNKNOWN])
async def test_a_task_that_is_never_found(unknown: Answer, tmp_path: Path) -> None:
    """For fifteen seconds it may be that the news has not spread; then it is lost."""
    services = chatbp.chatbp(unknown)
    result = await _paint(services, tmp_path)
    assert (result.failed.kind, result.failed.billed) == (Kind.TASK_LOST, Billed.MAYBE)
    assert 15 <= sum(result.watch.pauses) < 20


async def test_a_task_that_is_found_late(tmp_path: Path) -> None:
    """Servers behind one URL learn of a task at different times."""
    services = chatbp.chatbp(sub2api.UNKNOWN, rix.NO_SUCH_TASK, chatbp.SUCCEEDED)
    assert len((await _paint(services, tmp_path)).pictures) == 1


async def test_a_task_without_end(tmp_path: Path) -> None:
    """After the budget the person reads that the picture may still be made."""
    services = chatbp.chatbp(chatbp.RUNNING)
    result = await _paint(services, tmp_path, poll=PollSettings(interval_s=10, budget_s=60))
    assert (result.failed.kind, result.failed.billed) == (Kind.TASK_UNFINISHED, Billed.MAYBE)
    assert sum(result.watch.pauses) == pytest.approx(60, abs=0.01)
    assert all(8 <= pause <= 12 for pause in result.watch.pauses[:-1])
    assert "may still finish" in result.failed.detail


# --- bad lines and odd answers --------------------------------------------------------------------

ACCEPTED = http_reply(200, {"task_id": "t-1"})
RUNNING = http_reply(200, {"status": "running"})
DONE = http_reply(200, {"status": "succeeded", "data": [{"b64_json": b64(picture_bytes())}]})


async def _poll(
    folder: Path, *answers: RawReply, **changes: object
) -> tuple[ReplayGateway, GenerationResult]:
    async with replay_gateway(ACCEPTED, *answers) as raw:
        gateway = raw.gateway(**{"asynchronous": ALWAYS, **changes})
        return raw, await run_generation(gateway, folder, known=PAINTER)


TROUBLES = [
    http_reply(408),
    http_reply(429, {"error": "slow down"}, {"Retry-After": "9"}),
    http_reply(500, b"<html>"),
    http_reply(502, {"error": {"message": "rate limit"}}),
    http_reply(503, b""),
    http_reply(504, {"status": "failed"}),
    RawReply(),
    RawReply(then="reset"),
    RawReply(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"),
    http_reply(200, b"<html>a moment</html>"),
    http_reply(200, b"null"),
    http_reply(200, []),
    http_reply(200, {"error": {"message": "busy", "code": "do_request_failed"}}),
    http_reply(200, {"status": "somehow"}),
    http_reply(200, {"status": "processing", "data": [{"url": "/preview.png"}]}),
    http_reply(307, headers={"Location": "https://other.example/"}),
]


@pytest.mark.parametrize("trouble", TROUBLES[:-1])
async def test_a_look_may_fail(trouble: RawReply, tmp_path: Path) -> None:
    """Polling costs nothing, so it continues; what was paid is never sent again."""
    raw, result = await _poll(tmp_path, trouble, trouble, DONE)
    assert len(result.pictures) == 1
    assert raw.posts == 1
    assert result.left == [".png"]


async def test_a_busy_gateway_says_when_to_look(tmp_path: Path) -> None:
    """Within reason: neither at once nor in an hour."""
    hints = ["9", "0.01", "3600"]
    task_replies = [http_reply(429, headers={"Retry-After": hint}) for hint in hints]
    _, result = await _poll(tmp_path, *task_replies, DONE)
    assert result.watch.pauses[1:] == [9, 1, 120]


NO, MAYBE = Billed.NO, Billed.MAYBE
STOPS = [
    (http_reply(401, {"error": {"message": "no", "code": "invalid_api_key"}}), Kind.AUTH, MAYBE),
    (http_reply(403, b""), Kind.AUTH, MAYBE),
    (http_reply(402, {"error": {"message": "no"}}), Kind.QUOTA, MAYBE),
    (http_reply(422, {"error": {"code": "content_policy_violation"}}), Kind.MODERATION, MAYBE),
    (http_reply(400, {"error": {"message": "bad"}}), Kind.TASK_LOST, MAYBE),
    (http_reply(405, b""), Kind.TASK_LOST, MAYBE),
    (http_reply(200, {"error": {"message": "no", "code": "invalid_api_key"}}), Kind.AUTH, MAYBE),
    (http_reply(200, {"error": {"message": "余额不足"}}), Kind.QUOTA, NO),
    (TROUBLES[-1], Kind.TASK_LOST, MAYBE),
    (
        http_reply(200, {"status": "failed", "data": [{"url": "/preview.png"}]}),
        Kind.TASK_FAILED,
        MAYBE,
    ),
    (http_reply(200, {"status": "failed", "code": "1102"}), Kind.QUOTA, NO),
    (http_reply(200, {"status": "failed", "error": "1102"}), Kind.TASK_FAILED, NO),
    (
        http_reply(200, {"code": "success", "message": "ok", "state": "failed"}),
        Kind.TASK_FAILED,
        NO,
    ),
    (http_reply(200, {"data": [{"status": "failed", "fail_reason": "审核"}]}), Kind.MODERATION, NO),
]


@pytest.mark.parametrize(("answer", "kind", "billed"), STOPS)
async def test_some_answers_end_the_looking(
    answer: RawReply, kind: Kind, billed: Billed, tmp_path: Path
) -> None:
    """The key, the account or the prompt will not mend themselves; the task may go on."""
    extra = {"1102": Kind.QUOTA}
    raw, result = await _poll(tmp_path, answer, DONE, error_kinds=extra)
    assert (result.failed.kind, result.failed.billed) == (kind, billed)
    assert (raw.posts, len(raw.requests)) == (1, 2)


async def test_a_slash_on_the_way_to_the_task(tmp_path: Path) -> None:
    """Gin answers a GET with 301 for a slash more or less."""
    slash = http_reply(301, headers={"Location": "/v1/images/tasks/t-1/"})
    raw, result = await _poll(tmp_path, slash, DONE)
    assert raw.requests[2].startswith(b"GET /v1/images/tasks/t-1/ ")
    assert GATEWAY_KEY.encode() in raw.requests[2]
    assert len(result.pictures) == 1


POLL_URLS = [
    ("/jobs/7", b"GET /jobs/7 "),
    ("{origin}/jobs/7?a=b", b"GET /jobs/7?a=b "),
    ("https://other.example/jobs/7", b"GET /v1/images/tasks/t-1 "),
    ("http://[", b"GET /v1/images/tasks/t-1 "),
    ("/v1/images/generations", b"GET /v1/images/tasks/t-1 "),
    ("mailto:x", b"GET /v1/images/tasks/t-1 "),
]


@pytest.mark.parametrize(("url", "asked"), POLL_URLS)
async def test_where_the_gateway_says_that_the_task_lies(
    url: str, asked: bytes, tmp_path: Path
) -> None:
    """Only on the gateway's own origin, because the key is sent."""

    def accepted(origin: str) -> RawReply:
        return http_reply(202, {"id": "t-1", "poll_url": url.format(origin=origin)})

    async with replay_gateway(accepted, DONE) as raw:
        await run_generation(raw.gateway(), tmp_path, known=PAINTER)
    assert raw.requests[1].startswith(asked)


async def test_a_key_in_the_query_goes_to_the_task_too(tmp_path: Path) -> None:
    """Some gateways know their customer only by it."""
    accepted = http_reply(202, {"id": "t-1", "poll_url": "/jobs/7"})
    async with replay_gateway(accepted, DONE) as raw:
        await run_generation(raw.gateway(query={"k": "v"}), tmp_path, known=PAINTER)
    assert raw.requests[1].startswith(b"GET /jobs/7?k=v ")


NO_TASKS: list[tuple[int, object, Kind]] = [
    (200, {"error": {"message": "boom"}, "task_id": "t-1"}, Kind.UPSTREAM),
    (200, {"code": "fail", "message": "boom", "data": "t-1"}, Kind.UPSTREAM),
    (200, {"task_id": "t-1", "status": "not_found", "message": "no"}, Kind.UPSTREAM),
    (200, {"id": "chat-1", "created": 1}, Kind.NO_IMAGE),
    (200, {"task_id": ""}, Kind.NO_IMAGE),
    (200, {"task_id": ".."}, Kind.NO_IMAGE),
    (200, {"task_id": "two words"}, Kind.NO_IMAGE),
    (200, {"task_id": "//other.example/x"}, Kind.NO_IMAGE),
    (200, {"task_id": "x" * 201}, Kind.NO_IMAGE),
    (200, {"task_id": 10**200}, Kind.NO_IMAGE),
    (200, {"task_id": True, "data": []}, Kind.NO_IMAGE),
    (200, ["t-1"], Kind.NO_IMAGE),
    (200, {"result": "t-1"}, Kind.NO_IMAGE),
    (400, {"task_id": "t-1"}, Kind.INVALID_REQUEST),
]


@pytest.mark.parametrize(("status", "body", "kind"), NO_TASKS)
async def test_what_is_no_task(status: int, body: object, kind: Kind, tmp_path: Path) -> None:
    """Polling a task that does not exist for ten minutes is useless."""
    async with replay_gateway(http_reply(status, body)) as raw:
        result = await run_generation(raw.gateway(), tmp_path, known=PAINTER)
    assert (result.failed.kind, result.names) == (kind, ["Sending"])


PROGRESS: list[tuple[Sequence[object], list[float | None]]] = [
    ([{"progress": 0.5}, {"progress": "40%"}, {"progress": 60}], [0.5, 0.6]),
    ([{"progress": 1}], [1]),
    ([{"progress_pct": 1}], [0.01]),
    ([{"progress": "7"}, {"progress": "x"}, {"progress": 250}], [0.07, 1]),
    ([{"progress": "nan%"}, {"progress": float("inf")}, {"progress": True}], [None]),
    ([{"progress": -3}], [0]),
    ([{}, {"data": {"progress": "43%"}}, {"data": [{"progress": 50}]}], [None, 0.43, 0.5]),
    ([{"progress": 0.5}, {}, {}], [0.5]),
]


@pytest.mark.parametrize(("task_replies", "logged"), PROGRESS)
async def test_progress(
    task_replies: Sequence[object], logged: list[float | None], tmp_path: Path
) -> None:
    """Per cent, parts of one, words: on the card it never goes back."""
    answers = [http_reply(200, json.dumps(look).encode()) for look in task_replies]
    _, result = await _poll(tmp_path, *answers, DONE)
    assert _fractions(result) == logged


async def test_the_last_word_of_a_state_counts(tmp_path: Path) -> None:
    """Otherwise it is polled for ten minutes, and then it "may still finish"."""
    answer = http_reply(200, {"id": "t1", "status": "Request Moderated", "result": None})
    _, result = await _poll(tmp_path, answer, DONE)
    assert result.failed.kind == Kind.MODERATION


async def test_an_unknown_state_is_told_once(tmp_path: Path) -> None:
    """So that the next release knows it."""
    with structlog.testing.capture_logs() as logs:
        odd = http_reply(200, {"status": "Marinating"})
        await _poll(tmp_path, odd, odd, DONE)
    logged = [entry for entry in logs if entry["event"] == "gateway.task_status_unknown"]
    assert [entry["status"] for entry in logged] == ["MARINATING"]


async def test_waits_are_declared_one_after_the_other(tmp_path: Path) -> None:
    """Every pause must be a declared wait, or the playground stands still."""
    _, result = await _poll(tmp_path, RUNNING, DONE)
    assert result.watch.waits == ["gateway", "pause", "gateway", "pause", "gateway"]


async def test_nothing_is_looked_at_before_the_task_is_written(tmp_path: Path) -> None:
    """A process that is killed at `TaskAccepted` finds the id in the database."""
    async with replay_gateway(ACCEPTED, DONE) as raw, open_router(tmp_path, raw.gateway()) as one:
        events = one.router.generate(one.new_request())
        seen = [await anext(events), await anext(events)]
        assert seen[1] == TaskAccepted("t-1")
        assert len(raw.requests) == 1
        assert len([event async for event in events]) == 1

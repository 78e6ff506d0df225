"""A gateway's own call for words: what is sent, what comes back, and whether it was paid for."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from structlog.testing import capture_logs

from bot.core.clock import Clock
from bot.core.errors.gateway import GatewayErrorKind, GatewayFailure
from bot.core.models import Billed
from bot.gateways.catalogue import Catalogue
from bot.gateways.gateway import Gateway, PollSettings
from bot.gateways.gateway_config import parse_gateways
from bot.gateways.probe import probe_gateway
from bot.gateways.routing.router import Router
from bot.gateways.text_call_client import Asked, TaskName, TextCallClient
from bot.gateways.text_exchange import MAX_REPLY_BYTES
from tests.gateways.fake_ideogram import DESCRIPTION as DESCRIPTION_OF_IDEOGRAM
from tests.gateways.fake_ideogram import FakeIdeogram
from tests.gateways.fake_midjourney import (
    BANNED,
    BANNED_LATE,
    FAILURE,
    FAILURE_AT_ONCE,
    FULL,
    INVALID,
    NEW_API_BUSY,
    NEW_API_QUOTA,
    NO_ACCOUNT,
    QUEUED,
    UNKNOWN,
)
from tests.gateways.fake_midjourney_words import (
    DESCRIPTION,
    SEED,
    SHORT,
    FakeWords,
    Fault,
    WordTask,
    answered,
    cut,
)
from tests.gateways.fake_task_gateway import JsonReply
from tests.gateways.generation_harness import GATEWAY_KEY, RecordingClock
from tests.gateways.test_image_vendors import UNCOMMENTED
from tests.images.test_content_store import picture_bytes

T = TypeVar("T")
Kind = GatewayErrorKind
SECRET = "a hedgehog whom nobody else would think of"
TABLES = {
    one.name: one
    for one in parse_gateways(
        UNCOMMENTED,
        {"midjourney": GATEWAY_KEY, "midjourney-speeds": GATEWAY_KEY, "ideogram": GATEWAY_KEY},
    )
}
HTML = "<html><title>502 Bad Gateway</title></html>"
HUGE = "x" * (MAX_REPLY_BYTES + 1)


TASK = TaskName("midjourney", "midjourney", "1000")


@dataclass
class Steps:
    """What was written down on the way, with how often the gateway had been asked by then."""

    fake: FakeWords
    sent: list[tuple[str, int]] = field(default_factory=list)
    tasks: list[tuple[str, int]] = field(default_factory=list)

    async def sending(self, gateway: str) -> None:
        """Note that the request leaves next."""
        self.sent.append((gateway, len(self.fake.orders)))

    async def task(self, task_id: str) -> None:
        """Note that a task was accepted."""
        self.tasks.append((task_id, self.fake.polls))


@dataclass
class Words:
    """A client of one gateway, and its fake."""

    client: TextCallClient
    fake: FakeWords
    steps: Steps
    picture: Path
    clock: RecordingClock

    async def describe(self) -> tuple[str, ...]:
        """Describe the picture."""
        return await self._ask("describe", Asked(picture=self.picture))

    async def shorten(self, prompt: str = SECRET) -> tuple[str, ...]:
        """Shorten a prompt."""
        return await self._ask("shorten", Asked(words=prompt))

    async def _ask(self, name: str, asked: Asked) -> tuple[str, ...]:
        return await self.client.ask(
            name,  # type: ignore[arg-type]  # one of the calls
            asked,
            before_sending=self.steps.sending,
            on_task=self.steps.task,
        )

    async def failure(self) -> GatewayFailure:
        """Return how shortening fails."""
        with pytest.raises(GatewayFailure) as failed:
            await self.shorten()
        return failed.value


@asynccontextmanager
async def routed(app: web.Application, table: Gateway, clock: Clock) -> AsyncIterator[Router]:
    """Open a router of one gateway, whose server is on loopback."""
    async with TestServer(app) as server:
        gateway = replace(table, base_url=str(server.make_url("/")))
        async with Router((gateway,), Catalogue.of((gateway,)), clock=clock) as router:
            yield router


@pytest.fixture
async def words(tmp_path: Path) -> AsyncIterator[Words]:
    fake, recording = FakeWords(), RecordingClock()
    clock = Clock(now=recording.now, sleep=recording.sleep, wait=recording.wait)
    picture = tmp_path / "copy"
    picture.write_bytes(picture_bytes("jpeg", size=(30, 20)))
    async with routed(fake.app(), TABLES["midjourney"], clock) as router:
        yield Words(TextCallClient(router, clock), fake, Steps(fake), picture, recording)


# --- words --------------------------------------------------------------------------------------


async def test_a_picture_is_described_by_a_task_whose_picture_is_no_result(words: Words) -> None:
    """The task's ``imageUrl`` is the described one, and is there before the words are."""
    assert await words.describe() == (DESCRIPTION,)
    ((name, body),) = words.fake.orders
    assert (name, set(body)) == ("describe", {"base64", "botType"})
    assert words.steps.sent == [("midjourney", 0)]
    assert words.steps.tasks == [("1000", 0)]
    assert words.fake.polls == 2
    assert words.fake.paid == 1


async def test_a_prompt_is_shortened(words: Words) -> None:
    """By the words that were typed, and nothing else."""
    assert await words.shorten('a "fox" {n} [x]') == (SHORT,)
    assert words.fake.orders == [
        ("shorten", {"prompt": 'a "fox" {n} [x]', "botType": "MID_JOURNEY"})
    ]


async def test_a_form_is_answered_at_once(tmp_path: Path) -> None:
    """Ideogram's descriptions are in the reply itself: no task is polled."""
    fake, tasks = FakeIdeogram(), []
    picture = tmp_path / "copy"
    picture.write_bytes(picture_bytes("jpeg", size=(30, 20)))

    async def nothing(_: str) -> None:
        """Write nothing down."""

    async def note(task: str) -> None:
        tasks.append(task)

    async with routed(fake.app(), TABLES["ideogram"], Clock()) as router:
        client = TextCallClient(router, Clock())
        asked = Asked(picture=picture)
        found = await client.ask("describe", asked, before_sending=nothing, on_task=note)
        assert found == (DESCRIPTION_OF_IDEOGRAM,)
        assert (fake.paths, fake.paid, tasks) == (["/ideogram/describe"], 1, [])
        assert isinstance(fake.bodies[0]["image_file"], bytes)
        fake.submit_replies = [JsonReply({"descriptions": []})]
        with pytest.raises(GatewayFailure) as failed:
            await client.ask("describe", asked, before_sending=nothing, on_task=note)
        assert (failed.value.kind, failed.value.billed) == (Kind.BAD_RESPONSE, Billed.YES)
        fake.submit_replies = [JsonReply({"error": "failed the safety checks"}, 422)]
        with pytest.raises(GatewayFailure) as failed:
            await client.ask("describe", asked, before_sending=nothing, on_task=note)
        assert (failed.value.kind, failed.value.billed) == (Kind.MODERATION, Billed.NO)


async def test_the_first_gateway_with_the_call_is_asked(tmp_path: Path) -> None:
    """In the order of the table; without one nothing is sent."""
    fakes = [FakeWords(), FakeWords()]
    table = TABLES["midjourney"]
    async with TestServer(fakes[0].app()) as first, TestServer(fakes[1].app()) as second:
        gateways = (
            replace(table, name="bare", base_url=str(first.make_url("/")), text_calls={}),
            replace(table, base_url=str(first.make_url("/")), name="one"),
            replace(table, base_url=str(second.make_url("/")), name="two"),
        )
        async with Router(gateways, Catalogue.of(gateways), clock=Clock()) as router:
            client = TextCallClient(router, Clock())
            assert client.call("shorten") is gateways[1].text_calls["shorten"]
            router.use(await router.open(gateways[:1]))
            assert client.call("shorten") is None
            steps = Steps(fakes[0])
            with pytest.raises(GatewayFailure) as failed:
                await client.ask(
                    "shorten",
                    Asked(words="x"),
                    before_sending=steps.sending,
                    on_task=steps.task,
                )
    assert (failed.value.kind, failed.value.billed) == (Kind.MODEL_UNAVAILABLE, Billed.NO)
    assert steps.sent == []


async def test_a_picture_that_is_gone_is_not_asked_about(words: Words) -> None:
    """Nothing is sent, nor written down as sent."""
    words.picture.unlink()
    with pytest.raises(GatewayFailure) as failed:
        await words.describe()
    assert failed.value.billed is Billed.NO
    assert (words.fake.orders, words.steps.sent) == ([], [])


async def test_words_of_a_task_that_still_works_are_none(words: Words) -> None:
    """Some proxies show the prompt there until the result replaces it."""
    working = {"status": "IN_PROGRESS", "properties": {"finalPrompt": "a fox"}}
    words.fake.poll_faults.append(answered(working))
    assert await words.shorten() == (SHORT,)


async def test_a_queued_order_is_a_task(words: Words) -> None:
    """Code 22: others are before it."""
    words.fake.faults.append(answered(QUEUED.body))
    words.fake.poll_faults.append(
        answered({"status": "SUCCESS", "properties": {"finalPrompt": "1. a fox"}})
    )
    assert await words.shorten() == ("1. a fox",)


# --- failures -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "kind", "billed"),
    [
        (answered(BANNED.body), Kind.MODERATION, Billed.NO),
        (answered(FULL.body), Kind.RATE_LIMITED, Billed.NO),
        (answered(NO_ACCOUNT.body), Kind.MODEL_UNAVAILABLE, Billed.NO),
        (answered(INVALID.body), Kind.UPSTREAM, Billed.NO),
        (answered(FAILURE_AT_ONCE.body), Kind.UPSTREAM, Billed.NO),
        (answered(NEW_API_QUOTA.body, 400), Kind.QUOTA, Billed.NO),
        (answered(NEW_API_BUSY.body, 429), Kind.RATE_LIMITED, Billed.NO),
        (answered({"error": {"message": "slow down"}}, 429), Kind.RATE_LIMITED, Billed.NO),
        (answered("未登录", 401), Kind.AUTH, Billed.NO),
        (answered({"error": {"message": "oops"}}, 500), Kind.UPSTREAM, Billed.MAYBE),
        (answered(HTML, 502), Kind.TIMEOUT_UNKNOWN, Billed.MAYBE),
        (answered("", 504), Kind.TIMEOUT_UNKNOWN, Billed.MAYBE),
        (answered(HTML), Kind.BAD_RESPONSE, Billed.MAYBE),
        (answered(""), Kind.BAD_RESPONSE, Billed.MAYBE),
        (answered("null"), Kind.BAD_RESPONSE, Billed.MAYBE),
        (answered([]), Kind.BAD_RESPONSE, Billed.YES),
        (answered({}), Kind.BAD_RESPONSE, Billed.YES),
        (
            answered({"code": 1, "description": "提交成功", "result": ""}),
            Kind.UPSTREAM,
            Billed.MAYBE,
        ),
        (answered(HUGE), Kind.BAD_RESPONSE, Billed.MAYBE),
        (answered("", 302, Location="/elsewhere"), Kind.BAD_RESPONSE, Billed.NO),
        (cut(), Kind.TIMEOUT_UNKNOWN, Billed.MAYBE),
        (cut(half=True), Kind.TIMEOUT_UNKNOWN, Billed.MAYBE),
    ],
    ids=lambda value: "" if callable(value) else str(value),
)
async def test_every_refused_or_lost_order_is_sent_once(
    words: Words, reply: Fault, kind: Kind, billed: Billed
) -> None:
    """What is certain is told apart from what may have been paid."""
    words.fake.faults.append(reply)
    failure = await words.failure()
    assert (failure.kind, failure.billed) == (kind, billed)
    assert len(words.fake.orders) == 1
    assert words.steps.tasks == []


@pytest.mark.parametrize(
    ("polls", "kind", "billed"),
    [
        ([answered(FAILURE.body)], Kind.TASK_FAILED, Billed.NO),
        ([answered(BANNED_LATE.body)], Kind.MODERATION, Billed.NO),
        ([answered({"status": "MODAL"})], Kind.TASK_FAILED, Billed.NO),
        ([answered({"status": "SUCCESS"})], Kind.BAD_RESPONSE, Billed.YES),
        (
            [answered({"status": "SUCCESS", "imageUrl": "/files/described.png"})],
            Kind.BAD_RESPONSE,
            Billed.YES,
        ),
        (
            [answered({"status": "SUCCESS", "properties": {"finalPrompt": 7.5}})],
            Kind.BAD_RESPONSE,
            Billed.YES,
        ),
        ([answered({"error": "no"}, 401)], Kind.AUTH, Billed.MAYBE),
        ([answered({"description": "task_no_found"}, 400)] * 9, Kind.TASK_LOST, Billed.MAYBE),
        ([answered(UNKNOWN.body)] * 9, Kind.TASK_LOST, Billed.MAYBE),
        ([answered("gone", 404)] * 9, Kind.TASK_LOST, Billed.MAYBE),
    ],
    ids=lambda value: "" if isinstance(value, list) else str(value),
)
async def test_every_end_of_a_task_says_whether_it_was_paid(
    words: Words, polls: list[Fault], kind: Kind, billed: Billed
) -> None:
    """And no end sends anything again."""
    words.fake.poll_faults.extend(polls)
    failure = await words.failure()
    assert (failure.kind, failure.billed) == (kind, billed)
    assert len(words.fake.orders) == 1
    assert words.steps.tasks == [("1000", 0)]


@pytest.mark.parametrize(
    "faults",
    [
        [cut()],
        [cut(half=True)],
        [answered(HTML, 502)],
        [answered("", 504)],
        [answered({"error": {"message": "slow down"}}, 429)],
        [answered(HTML)],
        [answered(HUGE)],
        [answered("gone", 404)],
        [answered(UNKNOWN.body)],
        [answered("", 204)],
    ],
    ids=["cut", "half", "502", "504", "429", "page", "huge", "404", "null", "empty"],
)
async def test_a_poll_that_says_nothing_is_repeated(words: Words, faults: Sequence[Fault]) -> None:
    """It was paid: whoever asked gets it, whatever becomes of one poll."""
    words.fake.poll_faults.extend(faults)
    assert await words.shorten() == (SHORT,)
    assert (words.fake.paid, len(words.fake.orders)) == (1, 1)


async def test_a_task_that_does_not_end_is_in_doubt(words: Words) -> None:
    """Nobody waits longer than five minutes, whatever the gateway's budget for pictures is."""
    words.fake.gate.clear()
    failure = await words.failure()
    assert (failure.kind, failure.billed) == (Kind.TASK_UNFINISHED, Billed.MAYBE)
    assert 299 <= sum(words.clock.pauses) <= 301
    assert len(words.fake.orders) == 1


async def test_a_gateways_shorter_budget_counts(tmp_path: Path) -> None:
    """Where its tasks are known to be short."""
    fake, recording = FakeWords(), RecordingClock()
    fake.gate.clear()
    clock = Clock(now=recording.now, sleep=recording.sleep, wait=recording.wait)
    table = replace(TABLES["midjourney"], poll=PollSettings(interval_s=5, budget_s=20))
    async with routed(fake.app(), table, clock) as router:
        steps = Steps(fake)
        with pytest.raises(GatewayFailure):
            await TextCallClient(router, clock).ask(
                "shorten", Asked(words="x"), before_sending=steps.sending, on_task=steps.task
            )
    assert 19 <= sum(recording.pauses) <= 21


async def test_a_gateway_that_never_answers_is_in_doubt(words: Words) -> None:
    """It may answer a minute later, and be paid."""

    async def slow(_: web.Request) -> web.StreamResponse:
        await words.fake.gate.wait()
        return web.json_response({})

    words.fake.gate.clear()
    words.fake.faults.append(slow)
    hasty = replace(words, client=replace(words.client, timeout_s=0.2, value_timeout_s=0.2))
    failure = await hasty.failure()
    assert (failure.kind, failure.billed) == (Kind.TIMEOUT_UNKNOWN, Billed.MAYBE)
    assert len(words.fake.orders) == 1
    with pytest.raises(GatewayFailure) as failed:
        await hasty.client.value("seed", TASK)
    assert failed.value.kind is Kind.TIMEOUT_UNKNOWN
    words.fake.gate.set()


async def test_a_turn_that_comes_too_late_is_given_up(tmp_path: Path) -> None:
    """Whoever asked could not be answered any more: nothing is sent, and nothing is paid."""
    fake, recording = FakeWords(), RecordingClock()
    fake.gate.clear()

    async def wait(awaitable: Awaitable[T], _: str, /) -> T:
        return await awaitable

    clock = Clock(now=recording.now, sleep=recording.sleep, wait=wait)
    table = replace(TABLES["midjourney"], max_at_once=1)
    async with routed(fake.app(), table, clock) as router:
        words = Words(TextCallClient(router, clock), fake, Steps(fake), tmp_path, recording)
        first, second = await asyncio.gather(
            words.shorten(), words.shorten(), return_exceptions=True
        )
    assert isinstance(first, GatewayFailure)
    assert isinstance(second, GatewayFailure)
    assert [(each.kind, each.billed) for each in (first, second)] == [
        (Kind.TASK_UNFINISHED, Billed.MAYBE),
        (Kind.RATE_LIMITED, Billed.NO),
    ]
    assert len(fake.orders) == len(words.steps.sent) == 1


async def test_whoever_stops_waiting_sends_nothing_again(words: Words) -> None:
    """A cancelled question leaves its one order, and no further poll."""
    words.fake.gate.clear()
    asked = asyncio.create_task(words.shorten())
    await asyncio.wait_for(words.fake.polled.wait(), 10)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert len(words.fake.orders) == 1


async def test_no_log_has_the_prompt_or_the_key(words: Words) -> None:
    """Although the gateway repeats both in its error."""
    words.fake.faults.append(
        answered({"code": 4, "description": f"bad {SECRET} of {GATEWAY_KEY}", "result": None})
    )
    with capture_logs() as logs:
        failure = await words.failure()
    assert logs
    for text in (str(logs), failure.detail, str(failure)):
        assert SECRET not in text
        assert GATEWAY_KEY not in text


# --- a value --------------------------------------------------------------------------------------


async def test_the_seed_of_a_task_is_read_from_the_reply_itself(words: Words) -> None:
    """It names no task, although its ``result`` looks like one."""
    await words.shorten()
    assert words.client.has_value("seed", TASK)
    assert await words.client.value("seed", TASK) == str(SEED)
    assert words.fake.seeds_asked == ["1000"]


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (answered({"code": 4, "description": "关联任务状态错误"}), Kind.UPSTREAM),
        (
            answered({"code": 3, "description": "关联任务不存在或已失效"}, 404),
            Kind.MODEL_UNAVAILABLE,
        ),
        (answered({"code": 1, "result": ""}), Kind.BAD_RESPONSE),
        (answered({"code": 4, "description": "no", "result": "1000"}), Kind.UPSTREAM),
        (answered("", 503), Kind.TIMEOUT_UNKNOWN),
        (answered(HTML), Kind.BAD_RESPONSE),
        (answered(HUGE), Kind.BAD_RESPONSE),
        (answered({"error": {"message": "slow down"}}, 429), Kind.RATE_LIMITED),
        (cut(), Kind.TIMEOUT_UNKNOWN),
        (cut(half=True), Kind.TIMEOUT_UNKNOWN),
    ],
    ids=lambda value: "" if callable(value) else str(value),
)
async def test_a_seed_that_is_not_told_is_a_failure(words: Words, reply: Fault, kind: Kind) -> None:
    """It was free, so nothing is in doubt."""
    words.fake.seed_replies.extend([reply] * 2)  # aiohttp repeats a GET whose connection closed
    with pytest.raises(GatewayFailure) as failed:
        await words.client.value("seed", TASK)
    assert failed.value.kind is kind
    assert len(words.fake.seeds_asked) <= 2


async def test_a_seed_is_asked_for_only_where_it_can_be(words: Words) -> None:
    """Of a gateway in use that has the call, for a task with an id."""
    assert not words.client.has_value("seed", replace(TASK, gateway="another"))
    assert not words.client.has_value("seed", replace(TASK, gateway=""))
    assert not words.client.has_value("seed", replace(TASK, name="/tasks/1000"))
    assert not words.client.rests("midjourney")


async def test_the_seed_of_a_task_with_a_path_is_asked_by_its_id_and_speed() -> None:
    """Each speed is a model there, and a prefix of every path."""
    fake, table = FakeWords(), TABLES["midjourney-speeds"]
    app = web.Application()
    app.add_subapp("/mj-relax", fake.app())
    fake.tasks["7"] = WordTask("7", "a fox", is_grid=True, status="SUCCESS")
    async with routed(app, table, Clock()) as router:
        client = TextCallClient(router, Clock())
        task = TaskName(table.name, "mj-relax", "/mj-relax/mj/task/7/fetch")
        assert client.has_value("seed", task)
        assert await client.value("seed", task) == str(SEED)
        assert not client.has_value("seed", replace(task, model="mj-fast"))


async def test_a_probe_asks_for_nothing_that_is_paid() -> None:
    """The doctor and the start look whether the gateway answers, and no more."""
    fake = FakeWords()
    async with TestServer(fake.app()) as server, aiohttp.ClientSession() as session:
        table = replace(TABLES["midjourney"], base_url=str(server.make_url("/")))
        await probe_gateway(table, session, Clock())
    assert (fake.orders, fake.seeds_asked, fake.paid) == ([], [], 0)

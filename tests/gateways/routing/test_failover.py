"""Failover: another gateway is asked only if certainly nothing was made; one pays at most."""

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.models import Billed
from bot.gateways.gateway import Gateway
from bot.gateways.routing.failover import MAX_TOTAL_WAIT_S
from tests.gateways.generation_harness import make_model
from tests.gateways.replay_gateway import RawReply, ReplayGateway, http_reply, replay_gateway
from tests.gateways.router_harness import (
    RouterEvents,
    RouterHarness,
    SteppedClock,
    open_router,
)
from tests.gateways.sample_pictures import b64, picture_bytes

GOOD = http_reply(200, {"data": [{"b64_json": b64(picture_bytes())}]})
ELSEWHERE = Gateway(name="closed", base_url="http://127.0.0.1:1", models=("painter",))


def error(status: int, code: str | None, words: str = "no", **headers: str) -> RawReply:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return http_reply(status, {"error": {"message": words, "type": "x", "code": code}}, sent)


NO_CHANNEL = error(503, "model_not_found", "当前分组 default 下对于模型 X 无可用渠道")
AUTH = error(401, "invalid_api_key")
EMPTY = error(402, None, "top up")
BUSY_LONG = error(429, "rate_limit_exceeded", Retry_After="121")
BUSY_SHORT = error(429, "rate_limit_exceeded", Retry_After="2")

MOVES_ON = {
    "no channel": NO_CHANNEL,
    "no channel, no code": error(503, "", "当前分组 default 下对于模型 X 无可用渠道"),
    "no such model": error(404, "model_not_found"),
    "no such path": http_reply(404, b"<html>not found</html>"),
    "a wrong key": AUTH,
    "a key without the right": error(403, None),
    "an empty account": EMPTY,
    "an empty account, as 403": error(403, "insufficient_user_quota"),
    "an empty account, as 400": error(400, "billing_hard_limit_reached"),
    "an empty account, as 429": error(429, "insufficient_quota", Retry_After="1"),
    "an empty account, as 200": error(200, None, "余额不足"),
    "an empty account, as 500": error(500, None, "账户余额不足,请充值"),
    "too much to do, as 200": error(200, None, "当前分组上游负载已饱和"),
    "too much to do, as 503": error(503, "overloaded_error"),
    "busy, without a hint": error(429, None),
    "busy for two minutes and more": BUSY_LONG,
    "busy longer than the next gateway is worth": error(429, None, Retry_After="11"),
    "busy, as 503": error(503, "rate_limit_exceeded", Retry_After="1"),
}

STAYS = {
    "moderation": (error(400, "moderation_blocked"), Kind.MODERATION, Billed.NO),
    "moderation in words": (error(400, None, "safety system"), Kind.MODERATION, Billed.NO),
    "moderation, as 200": (error(200, None, "safety system"), Kind.MODERATION, Billed.NO),
    "an error, as 200": (error(200, "server_error"), Kind.UPSTREAM, Billed.NO),
    "a server error": (error(500, "server_error"), Kind.UPSTREAM, Billed.MAYBE),
    "a wrong option": (error(400, "invalid_value"), Kind.INVALID_REQUEST, Billed.NO),
    "422": (http_reply(422, {"detail": "no"}), Kind.INVALID_REQUEST, Billed.NO),
    "a redirect": (http_reply(301, b"", {"Location": "/"}), Kind.BAD_RESPONSE, Billed.NO),
    "524": (http_reply(524, b"<html>524</html>"), Kind.TIMEOUT_UNKNOWN, Billed.MAYBE),
    "504": (error(504, None), Kind.TIMEOUT_UNKNOWN, Billed.MAYBE),
    "408 without a hint": (http_reply(408), Kind.TIMEOUT_UNKNOWN, Billed.MAYBE),
    "a reset": (RawReply(then="reset"), Kind.TIMEOUT_UNKNOWN, Billed.MAYBE),
    "a closed connection": (RawReply(), Kind.TIMEOUT_UNKNOWN, Billed.MAYBE),
    "a cut reply": (RawReply(GOOD.data[:-40]), Kind.TIMEOUT_UNKNOWN, Billed.MAYBE),
    "a crash": (error(500, "do_request_failed"), Kind.UPSTREAM, Billed.MAYBE),
    "502 as a page": (http_reply(502, b"<html>502</html>"), Kind.TIMEOUT_UNKNOWN, Billed.MAYBE),
    "a 503 that says little": (http_reply(503, b"no upstream"), Kind.TIMEOUT_UNKNOWN, Billed.MAYBE),
    "busy, somewhere behind": (error(502, None, "rate limit"), Kind.RATE_LIMITED, Billed.MAYBE),
    "empty, somewhere behind": (error(500, None, "billing"), Kind.QUOTA, Billed.MAYBE),
    "a page": (http_reply(200, b"<html>hi</html>"), Kind.BAD_RESPONSE, Billed.MAYBE),
    "no picture": (http_reply(200, {"created": 1, "data": []}), Kind.NO_IMAGE, Billed.MAYBE),
}


@pytest.mark.parametrize("answer", MOVES_ON.values(), ids=MOVES_ON)
async def test_what_made_nothing_moves_on(answer: RawReply, tmp_path: Path) -> None:
    """A second gateway is used when the first one certainly makes nothing."""
    async with (
        replay_gateway(answer) as first,
        replay_gateway(GOOD) as second,
        replay_gateway() as third,
    ):
        gateways = [
            raw.gateway(name=name) for raw, name in zip((first, second, third), "abc", strict=True)
        ]
        async with open_router(tmp_path, *gateways) as one:
            order = await one.generate()
    assert order.has_pictures
    assert [type(event).__name__ for event in order.events] == [
        "Sending",
        "RequestRefused",
        "Sending",
        "Received",
    ]
    assert order.route == ["a", "b"]
    assert (first.posts, second.posts, third.posts) == (1, 1, 0)
    assert one.clock.pauses == []


@pytest.mark.parametrize(("answer", "kind", "billed"), STAYS.values(), ids=STAYS)
async def test_what_is_in_doubt_or_declined_goes_nowhere_else(
    answer: RawReply, kind: Kind, billed: Billed, tmp_path: Path
) -> None:
    """Twice the money for one picture, or a way round a refusal."""
    async with replay_gateway(answer) as first, replay_gateway(GOOD) as second:
        gateways = [first.gateway(name="a"), second.gateway(name="b")]
        async with open_router(tmp_path, *gateways) as one:
            order = await one.generate()
    assert (order.failed.kind, order.failed.billed) == (kind, billed)
    assert (first.posts, second.posts, order.refusals) == (1, 0, 0)


async def test_silence_goes_nowhere_else(tmp_path: Path) -> None:
    """A model that is slower than its time may still be painting."""
    quick = make_model("painter", timeout_s=0.1)
    async with (
        replay_gateway(RawReply(then="silence")) as first,
        replay_gateway(GOOD) as second,
    ):
        gateways = [first.gateway(name="a"), second.gateway(name="b")]
        async with open_router(tmp_path, *gateways, known=[quick]) as one:
            order = await one.generate()
    assert (order.failed.kind, second.posts) == (Kind.TIMEOUT_UNKNOWN, 0)


async def test_nobody_listens_at_the_first_two(tmp_path: Path) -> None:
    """The commonest reason to have a second gateway: the first one's host is down."""
    async with replay_gateway(GOOD) as last:
        closed = Gateway(name="shut", base_url="http://127.0.0.1:1", models=("painter",))
        async with open_router(tmp_path, closed, ELSEWHERE, last.gateway(name="c")) as one:
            order = await one.generate()
    assert order.route == ["shut", "closed", "c"]
    assert order.has_pictures
    assert one.clock.pauses == []


async def test_a_doubt_at_the_second_gateway_ends_it(tmp_path: Path) -> None:
    """Moving on once gives no right to move on in doubt."""
    async with (
        replay_gateway(AUTH) as first,
        replay_gateway(RawReply(then="reset")) as second,
        replay_gateway(GOOD) as third,
    ):
        gateways = [
            raw.gateway(name=name) for raw, name in zip((first, second, third), "abc", strict=True)
        ]
        async with open_router(tmp_path, *gateways) as one:
            order = await one.generate()
    assert (order.failed.kind, order.failed.gateway) == (Kind.TIMEOUT_UNKNOWN, "b")
    assert (first.posts, second.posts, third.posts) == (1, 1, 0)


async def test_a_short_hint_is_kept_before_the_next_gateway_is_asked(tmp_path: Path) -> None:
    """The first gateway is the operator's choice: mostly the cheaper one."""
    busy = [BUSY_SHORT] * 3
    async with replay_gateway(*busy) as first, replay_gateway(GOOD) as second:
        gateways = [first.gateway(name="a"), second.gateway(name="b")]
        async with open_router(tmp_path, *gateways) as one:
            order = await one.generate()
    assert order.route == ["a", "a", "a", "b"]
    assert one.clock.pauses == [2, 2]
    assert order.has_pictures


async def test_with_nobody_else_the_hint_is_waited_for(tmp_path: Path) -> None:
    """Eleven seconds are too long beside a ready gateway, and better than nothing without one."""
    busy = error(429, None, Retry_After="11")
    async with replay_gateway(busy, GOOD) as first, replay_gateway(AUTH) as second:
        gateways = [first.gateway(name="a"), second.gateway(name="b")]
        async with open_router(tmp_path, *gateways) as one:
            order = await one.generate()
    assert order.route == ["a", "b", "a"]
    assert one.clock.pauses == [11]
    assert order.has_pictures


async def test_the_first_is_asked_again_when_the_others_cannot(tmp_path: Path) -> None:
    """A host that was restarting is there a second later."""
    async with replay_gateway(AUTH) as second:
        gateways = [ELSEWHERE, second.gateway(name="b")]
        async with open_router(tmp_path, *gateways) as one:
            order = await one.generate()
    assert order.route == ["closed", "b", "closed", "closed"]
    assert one.clock.pauses == [1, 4]
    assert (order.failed.kind, order.failed.gateway) == (Kind.UNREACHABLE, "closed")


@pytest.mark.parametrize(
    ("answers", "kind", "gateway", "retry_after_s"),
    [
        ([AUTH, EMPTY], Kind.QUOTA, "b", None),
        ([NO_CHANNEL, AUTH], Kind.MODEL_UNAVAILABLE, "a", None),
        ([BUSY_LONG, AUTH], Kind.RATE_LIMITED, "a", 121),
        ([AUTH, BUSY_LONG], Kind.RATE_LIMITED, "b", 121),
        ([error(429, None, Retry_After="300"), BUSY_LONG], Kind.RATE_LIMITED, "b", 121),
        ([BUSY_LONG, error(429, None, Retry_After="300")], Kind.RATE_LIMITED, "a", 121),
    ],
)
async def test_when_all_refuse_the_person_hears_the_most_hopeful(
    answers: list[RawReply], kind: Kind, gateway: str, retry_after_s: float | None, tmp_path: Path
) -> None:
    """A person can use "in two minutes", but not "the operator has to renew its access"."""
    async with replay_gateway(answers[0]) as first, replay_gateway(answers[1]) as second:
        gateways = [first.gateway(name="a"), second.gateway(name="b")]
        async with open_router(tmp_path, *gateways) as one:
            order = await one.generate()
    failed = order.failed
    assert (failed.kind, failed.gateway, failed.billed) == (kind, gateway, Billed.NO)
    assert (order.route, order.refusals) == (["a", "b"], 1)
    assert failed.retry_after_s == retry_after_s


async def test_a_gateway_whose_model_can_less_is_passed_over(tmp_path: Path) -> None:
    """Four pictures at once cannot be asked of a model that paints one, and bills four."""
    many, single = make_model("painter", max_n=4), make_model("painter", max_n=1)
    four = http_reply(200, {"data": [{"b64_json": b64(picture_bytes())}] * 4})
    async with replay_gateway() as first, replay_gateway(four, AUTH) as second:
        gateways = [first.gateway(name="a"), second.gateway(name="b")]
        pairs = {("a", "painter"): single, ("b", "painter"): many}
        async with open_router(tmp_path, *gateways, known=[many], pairs=pairs) as one:
            assert (await one.generate(n=4)).route == ["b"]
            assert (await one.generate(n=4)).failed.kind is Kind.AUTH
    assert (first.posts, second.posts) == (0, 2)


async def test_an_old_order_that_nobody_can_do_any_more_is_told_so(tmp_path: Path) -> None:
    """A stored request may be older than the abilities: the gateway says what is wrong."""
    async with replay_gateway(error(400, "invalid_value")) as first, replay_gateway() as second:
        gateways = [first.gateway(name="a"), second.gateway(name="b")]
        async with open_router(tmp_path, *gateways, known=[make_model("painter", max_n=1)]) as one:
            order = await one.generate(n=4)
    assert (order.route, order.failed.kind) == (["a"], Kind.INVALID_REQUEST)


async def test_each_gateway_serves_only_its_models(tmp_path: Path) -> None:
    """A model of one gateway is not asked of another."""
    known = [make_model("painter"), make_model("drawer")]
    async with replay_gateway() as first, replay_gateway(AUTH) as second:
        gateways = [
            first.gateway(name="a", models=("drawer",)),
            second.gateway(name="b", models=("painter",)),
        ]
        async with open_router(tmp_path, *gateways, known=known) as one:
            order = await one.generate()
    assert (order.route, order.failed.kind) == (["b"], Kind.AUTH)


async def test_twenty_orders_while_a_gateway_goes_down(tmp_path: Path) -> None:
    """None is lost, none is paid twice, and the operator is alerted once."""
    first_answers = [GOOD] * 5 + [AUTH] * 15
    async with replay_gateway(*first_answers) as first, replay_gateway(*[GOOD] * 20) as second:
        gateways = [first.gateway(name="a"), second.gateway(name="b")]
        async with open_router(tmp_path, *gateways) as one:
            orders = await asyncio.gather(*(one.generate() for _ in range(20)))
            late = await asyncio.gather(*(one.generate() for _ in range(5)))
            heard = list(one.alerts_sent)
    assert all(order.has_pictures for order in orders)
    assert all(order.route == ["b"] for order in late)
    assert (first.posts, second.posts) == (20, 20)
    assert sum(order.refusals for order in orders) == 15
    assert len(heard) == 1
    assert len(list(tmp_path.glob("*.png"))) == 25


async def test_twenty_orders_at_a_busy_gateway_all_come_through(tmp_path: Path) -> None:
    """Each waits for the hint; none is sent more than three times."""
    answers = [BUSY_SHORT] * 20 + [GOOD] * 20
    async with replay_gateway(*answers) as only, open_router(tmp_path, only.gateway()) as one:
        orders = await asyncio.gather(*(one.generate() for _ in range(20)))
    assert all(order.has_pictures for order in orders)
    assert only.posts == 40


# --- any sequence -----------------------------------------------------------------------------

CERTAIN = {"auth": AUTH, "empty": EMPTY, "no channel": NO_CHANNEL, "busy": BUSY_SHORT}
CERTAIN |= {"busy long": BUSY_LONG, "unhinted": error(429, None)}
FINAL = {"moderation": STAYS["moderation"][0], "wrong": STAYS["a wrong option"][0]}
DOUBTFUL = {"524": STAYS["524"][0], "reset": STAYS["a reset"][0], "crash": STAYS["a crash"][0]}
ANSWERS = {**CERTAIN, **FINAL, **DOUBTFUL, "good": GOOD}
ENDS = {*FINAL, *DOUBTFUL, "good"}

Script = list[str]


class Scripted:
    """Three gateways that answer by their scripts, and remember in which order they did."""

    def __init__(self, scripts: list[Script]) -> None:
        self.given: list[tuple[str, str]] = []
        self._scripts = scripts

    async def open(self, stack: AsyncExitStack) -> list[Gateway]:
        """Open them; one whose script is empty does not listen."""
        opened = zip("abc", self._scripts, strict=True)
        return [await self._opened(name, script, stack) for name, script in opened]

    async def _opened(self, name: str, script: Script, stack: AsyncExitStack) -> Gateway:
        if not script:
            return Gateway(name=name, base_url="http://127.0.0.1:1", models=("painter",))
        raw: ReplayGateway = await stack.enter_async_context(replay_gateway())
        raw.answers.extend(self._answers(name, script))
        return raw.gateway(name=name)

    def _answers(self, name: str, script: Script) -> Iterator[Callable[[str], RawReply]]:
        for word in script * 20:

            def say(_: str, word: str = word) -> RawReply:
                self.given.append((name, word))
                return ANSWERS[word]

            yield say


async def _painted(
    scripts: list[Script], orders: int
) -> tuple[list[RouterEvents], Scripted, RouterHarness]:
    scripted = Scripted(scripts)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        gateways = await scripted.open(stack)
        one = await stack.enter_async_context(open_router(folder, *gateways, clock=SteppedClock()))
        return [await one.generate() for _ in range(orders)], scripted, one


@settings(max_examples=60, deadline=None)
@given(
    scripts=st.lists(st.lists(st.sampled_from(sorted(ANSWERS)), max_size=4), min_size=3, max_size=3)
)
def test_no_sequence_of_failures_pays_twice(scripts: list[Script]) -> None:
    """Whatever three gateways do, in whatever order: one slot has at most one doubt."""
    (order,), scripted, one = asyncio.run(_painted(scripts, 1))
    words = [word for _, word in scripted.given]
    assert sum(word in DOUBTFUL or word == "good" for word in words) <= 1
    assert not ENDS & set(words[:-1]), "nothing is sent after a picture, a doubt or a refusal"
    assert all(order.route.count(name) <= 3 for name in "abc")
    assert sum(one.clock.pauses) <= MAX_TOTAL_WAIT_S
    last = words[-1] if words else "nobody listens"
    assert order.has_pictures == (last == "good")
    if last in DOUBTFUL:
        assert order.failed.billed is Billed.MAYBE
    elif not order.has_pictures:
        assert order.failed.billed is Billed.NO


@settings(max_examples=25, deadline=None)
@given(
    scripts=st.lists(st.lists(st.sampled_from(sorted(ANSWERS)), max_size=4), min_size=3, max_size=3)
)
def test_no_order_suffers_from_the_one_before(scripts: list[Script]) -> None:
    """Suspensions between requests: still at most one paid request for each."""
    orders, scripted, _ = asyncio.run(_painted(scripts, 4))
    made = [word for _, word in scripted.given if word == "good"]
    doubts = [word for _, word in scripted.given if word in DOUBTFUL]
    assert sum(order.has_pictures for order in orders) == len(made)
    failed = [order.failure for order in orders if order.failure]
    assert sum(failure.billed is Billed.MAYBE for failure in failed) == len(doubts)

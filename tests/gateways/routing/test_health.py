"""Health: which gateways are suspended, and for how long."""

from pathlib import Path

import pytest
import structlog

from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.errors.gateway import GatewayFailure
from bot.core.models import Billed
from bot.gateways.gateway import AsyncSettings
from bot.gateways.routing.health import (
    DOWN_SUSPENSION_S,
    MAX_SUSPENSION_S,
    RATE_LIMIT_SUSPENSION_S,
    TIMEOUT_SUSPENSIONS_S,
    Health,
)
from tests.gateways.generation_harness import CLOCK_START_MS, GATEWAY_KEY, make_model
from tests.gateways.replay_gateway import RawReply, http_reply, replay_gateway
from tests.gateways.router_harness import SteppedClock, open_router
from tests.gateways.routing.test_failover import BUSY_LONG, EMPTY, GOOD, error


def failure(
    kind: Kind,
    *,
    gateway: str = "a",
    billed: Billed = Billed.NO,
    status: int | None = None,
    hint_s: float | None = None,
) -> GatewayFailure:
    return GatewayFailure(
        kind=kind, gateway=gateway, billed=billed, http_status=status, retry_after_s=hint_s
    )


def rest_s(health: Health, gateway: str = "a", model: str = "painter") -> float:
    return health.suspended_s(gateway, model)


class StoppedClock(SteppedClock):
    """Time does not pass, whatever happens."""

    def advance(self, seconds: float) -> None:
        """Stand still."""


# --- down ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Kind.AUTH, Kind.QUOTA])
def test_a_refused_key_or_an_empty_account_takes_the_gateway_down(kind: Kind) -> None:
    """The operator needs minutes to fix it; every model of the gateway is affected."""
    clock = SteppedClock()
    health = Health(clock.now)
    assert health.failed(failure(kind, status=401), "painter")
    assert rest_s(health, model="another") == DOWN_SUSPENSION_S
    assert rest_s(health, gateway="b") == 0
    clock.advance(DOWN_SUSPENSION_S - 1)
    assert rest_s(health) == 1
    clock.advance(1)
    assert rest_s(health) == 0


def test_403_takes_only_the_model_down() -> None:
    """Organisations that are not verified may use all models but the newest."""
    health = Health(SteppedClock().now)
    downs = [health.failed(failure(Kind.AUTH, status=403), "painter") for _ in range(4)]
    assert downs == [False, False, True, False]
    assert (rest_s(health), rest_s(health, model="another")) == (DOWN_SUSPENSION_S, 0)


def test_one_persons_prompt_takes_nothing_down() -> None:
    """A firewall forbids some prompts with 403."""
    health = Health(SteppedClock().now)
    for _ in range(5):
        assert not health.failed(failure(Kind.AUTH, status=403), "painter")
        assert not health.failed(failure(Kind.AUTH, status=403), "painter")
        health.succeeded("a", "painter")
    assert rest_s(health) == 0


def test_a_gateway_goes_down_once() -> None:
    """Twenty orders that were under way are one event for the operator."""
    clock = SteppedClock()
    health = Health(clock.now)
    assert health.failed(failure(Kind.AUTH), "painter")
    assert not health.failed(failure(Kind.QUOTA), "painter")
    clock.advance(DOWN_SUSPENSION_S)
    assert health.failed(failure(Kind.AUTH), "painter")


def test_a_doubtful_word_about_money_takes_nobody_down() -> None:
    """A crash whose text speaks of billing is no proof of an empty account."""
    health = Health(SteppedClock().now)
    assert not health.failed(failure(Kind.QUOTA, billed=Billed.MAYBE, status=500), "painter")
    assert rest_s(health) == 0


@pytest.mark.parametrize("status", [200, 400, 402, 403, 429, 500, 503])
async def test_an_empty_account_rests_whatever_the_status(status: int, tmp_path: Path) -> None:
    """Every request would be refused in the same words until the operator has paid."""
    async with (
        replay_gateway(error(status, None, "账户余额不足")) as raw,
        open_router(tmp_path, raw.gateway()) as one,
    ):
        for _ in range(2):
            failed = (await one.generate()).failed
            assert (failed.kind, failed.billed) == (Kind.QUOTA, Billed.NO)
    assert raw.posts == 1
    assert len(one.alerts_sent) == 1


async def test_an_empty_account_that_a_task_tells_of_rests_too(tmp_path: Path) -> None:
    """The request was accepted, so it is not sent elsewhere, but the next ones are."""
    failed = http_reply(200, {"status": "failed", "fail_reason": "余额不足"})
    async with replay_gateway(http_reply(200, {"task_id": "t-1"}), failed) as raw:
        gateway = raw.gateway(asynchronous=AsyncSettings(mode="always"))
        async with open_router(tmp_path, gateway) as one:
            assert (await one.generate()).failed.billed is Billed.NO
            assert (await one.generate()).failed.kind is Kind.QUOTA
    assert raw.posts == 1


async def test_a_down_gateway_is_tried_again_after_its_time(tmp_path: Path) -> None:
    """After the operator has topped up the account, no restart is needed."""
    async with replay_gateway(EMPTY, GOOD) as raw, open_router(tmp_path, raw.gateway()) as one:
        assert (await one.generate()).failed.kind is Kind.QUOTA
        one.clock.advance(60)
        refused = (await one.generate()).failed
        assert (refused.kind, refused.retry_after_s) == (Kind.QUOTA, DOWN_SUSPENSION_S - 60)
        assert raw.posts == 1
        one.clock.advance(DOWN_SUSPENSION_S - 60)
        assert (await one.generate()).has_pictures
    assert one.clock.pauses == []


async def test_the_end_of_a_down_time_is_waited_for(tmp_path: Path) -> None:
    """Two minutes are better than a failure."""
    async with replay_gateway(EMPTY, GOOD) as raw, open_router(tmp_path, raw.gateway()) as one:
        await one.generate()
        one.clock.advance(DOWN_SUSPENSION_S - 120)
        assert (await one.generate()).has_pictures
    assert one.clock.pauses == [120]


async def test_a_down_gateway_is_an_error_in_the_log(tmp_path: Path) -> None:
    """The operator greps for one word, and finds no key beside it."""
    leaky = error(401, "invalid_api_key", f"Incorrect API key provided: {GATEWAY_KEY}")
    with structlog.testing.capture_logs() as logs:
        async with replay_gateway(leaky) as raw, open_router(tmp_path, raw.gateway()) as one:
            await one.generate()
    (down,) = [entry for entry in logs if entry["event"] == "gateway.down"]
    assert (down["log_level"], down["gateway"], down["kind"]) == ("error", "raw", "auth")
    assert (down["for_s"], down["http_status"]) == (DOWN_SUSPENSION_S, 401)
    assert GATEWAY_KEY not in repr(logs) + repr(one.alerts_sent)


# --- hints --------------------------------------------------------------------------------------


async def test_a_hint_is_for_the_other_orders_too(tmp_path: Path) -> None:
    """They go to the next gateway at once, and come back when the time is over."""
    async with replay_gateway(BUSY_LONG, GOOD) as first, replay_gateway(GOOD, GOOD) as second:
        gateways = [first.gateway(name="a"), second.gateway(name="b")]
        async with open_router(tmp_path, *gateways) as one:
            assert (await one.generate()).route == ["a", "b"]
            assert (await one.generate()).route == ["b"]
            one.clock.advance(121)
            assert (await one.generate()).route == ["a"]


async def test_a_hint_is_for_one_model(tmp_path: Path) -> None:
    """Limits are per model at most gateways."""
    known = [make_model("painter"), make_model("drawer")]
    async with replay_gateway(BUSY_LONG, GOOD) as raw:
        gateway = raw.gateway(models=("painter", "drawer"))
        async with open_router(tmp_path, gateway, known=known) as one:
            assert (await one.generate()).failed.kind is Kind.RATE_LIMITED
            assert (await one.generate(model="drawer")).has_pictures


async def test_another_order_waits_for_the_soonest(tmp_path: Path) -> None:
    """Both rest: the one that is ready first is asked first, although it is the second."""
    long, short = (
        error(429, None, Retry_After="130"),
        error(503, "model_not_found", Retry_After="5"),
    )
    async with replay_gateway(long) as first, replay_gateway(short, GOOD) as second:
        gateways = [first.gateway(name="a"), second.gateway(name="b")]
        async with open_router(tmp_path, *gateways) as one:
            assert (await one.generate()).failed.retry_after_s == 130
            order = await one.generate()
    assert (order.route, one.clock.pauses) == (["b"], [5])


async def test_nobody_waits_longer_than_two_minutes(tmp_path: Path) -> None:
    """The person is told at once when to try again; nothing is sent."""
    async with (
        replay_gateway(error(429, None, Retry_After="400")) as raw,
        open_router(tmp_path, raw.gateway()) as one,
    ):
        await one.generate()
        one.clock.advance(200)
        refused = await one.generate()
    assert (refused.failed.kind, refused.failed.retry_after_s) == (Kind.RATE_LIMITED, 200)
    assert (refused.failed.billed, refused.events, raw.posts) == (Billed.NO, [], 1)


@pytest.mark.parametrize(("hint", "told_s"), [("86400", 86_400), ("9e99", 30 * 86_400)])
async def test_a_hint_of_a_day_is_a_moment_and_a_rest_of_an_hour(
    hint: str, told_s: int, tmp_path: Path
) -> None:
    """Nobody counts 86,400 seconds; and the gateway may be there again much sooner."""
    async with (
        replay_gateway(error(429, None, Retry_After=hint), GOOD) as raw,
        open_router(tmp_path, raw.gateway()) as one,
    ):
        now = one.clock.now_ms
        failed = (await one.generate()).failed
        assert failed.facts["retry_at"] == now + told_s * 1000
        one.clock.advance(60)
        assert (await one.generate()).failed.facts["retry_at"] == now + 3_600_000
        one.clock.advance(3_540)
        assert (await one.generate()).has_pictures


async def test_a_rest_that_others_lengthen_does_not_hold_an_order_for_ever(tmp_path: Path) -> None:
    """The clock stands still, as if the suspension never ended."""
    clock = StoppedClock()
    async with (
        replay_gateway(error(429, None, Retry_After="100")) as raw,
        open_router(tmp_path, raw.gateway(), clock=clock) as one,
    ):
        refused = await one.generate()
    assert (refused.failed.kind, clock.pauses) == (Kind.RATE_LIMITED, [100, 100])


@pytest.mark.parametrize(
    ("kind", "hint_s", "rest"),
    [
        (Kind.RATE_LIMITED, 7.5, 7.5),
        (Kind.RATE_LIMITED, None, RATE_LIMIT_SUSPENSION_S),
        (Kind.RATE_LIMITED, 1e9, MAX_SUSPENSION_S),
        (Kind.MODEL_UNAVAILABLE, 30, 30),
        (Kind.MODEL_UNAVAILABLE, None, 0),
        (Kind.UPSTREAM, 30, 30),
        (Kind.UPSTREAM, None, 0),
        (Kind.TIMEOUT_UNKNOWN, 30, 30),
        (Kind.MODERATION, 30, 0),
        (Kind.INVALID_REQUEST, 30, 0),
        (Kind.BAD_RESPONSE, 30, 0),
    ],
)
def test_how_long_a_failure_cools(kind: Kind, hint_s: float | None, rest: float) -> None:
    """A hint of the gateway's own counts, but not in the text of a declined prompt."""
    health = Health(SteppedClock().now)
    assert not health.failed(failure(kind, billed=Billed.MAYBE, hint_s=hint_s), "painter")
    assert rest_s(health) == rest


def test_a_shorter_hint_does_not_end_a_longer_rest() -> None:
    """Answers arrive in any order."""
    health = Health(SteppedClock().now)
    for hint_s in (60, 5):
        health.failed(failure(Kind.RATE_LIMITED, hint_s=hint_s), "painter")
    assert rest_s(health) == 60


def test_a_clock_that_is_set_back_ends_a_rest() -> None:
    """An hour of summer time must not be an hour without pictures."""
    clock = SteppedClock()
    health = Health(clock.now)
    health.failed(failure(Kind.AUTH), "painter")
    clock.now_ms = CLOCK_START_MS - 3_600_000
    assert rest_s(health) == 0


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (Kind.QUOTA, Kind.QUOTA),
        (Kind.RATE_LIMITED, Kind.RATE_LIMITED),
        (Kind.MODEL_UNAVAILABLE, Kind.MODEL_UNAVAILABLE),
        (Kind.UPSTREAM, Kind.RATE_LIMITED),
        (Kind.TIMEOUT_UNKNOWN, Kind.RATE_LIMITED),
    ],
)
def test_who_was_not_sent_is_in_no_doubt(kind: Kind, told: Kind) -> None:
    """A person does not read "it may have been paid for" because of another request."""
    health = Health(SteppedClock().now)
    health.failed(failure(kind, hint_s=200), "painter")
    reason = health.reason("a", "painter")
    assert reason is not None
    assert (reason.kind, reason.billed) == (told, Billed.NO)
    assert health.reason("b", "painter") is None


# --- timeouts -----------------------------------------------------------------------------------


def test_three_silences_in_a_row_cool_for_a_growing_time() -> None:
    """A host that is gone costs every order ten seconds of waiting for a connection."""
    clock = SteppedClock()
    health = Health(clock.now)
    rests = []
    for _ in range(9):
        health.failed(failure(Kind.UNREACHABLE), "painter")
        rests.append(rest_s(health, model="any"))
        clock.advance(rests[-1])
    assert rests == [
        0,
        0,
        *TIMEOUT_SUSPENSIONS_S,
        TIMEOUT_SUSPENSIONS_S[-1],
        TIMEOUT_SUSPENSIONS_S[-1],
    ]


def test_many_orders_that_fail_together_count_once() -> None:
    """A hiccup of two seconds must not become four minutes."""
    health = Health(SteppedClock().now)
    for _ in range(20):
        health.failed(failure(Kind.UNREACHABLE), "painter")
    assert rest_s(health) == TIMEOUT_SUSPENSIONS_S[0]


@pytest.mark.parametrize(
    "answer", [None, failure(Kind.RATE_LIMITED, hint_s=0.001), failure(Kind.MODERATION)]
)
def test_any_answer_ends_the_row(answer: GatewayFailure | None) -> None:
    """A gateway that refuses is reachable."""
    health = Health(SteppedClock().now)
    for _ in range(2):
        for kind in (Kind.UNREACHABLE, Kind.TIMEOUT_UNKNOWN) * 2:
            health.failed(failure(kind, billed=Billed.MAYBE), "painter")
        if answer:
            health.failed(answer, "painter")
        else:
            health.succeeded("a", "painter")
    assert rest_s(health) <= 0.001


def test_a_connection_ends_the_row_of_those_that_failed() -> None:
    """A model that is too slow is no proof of a host that is gone, but of the contrary."""
    health = Health(SteppedClock().now)
    for kind in (Kind.UNREACHABLE, Kind.TIMEOUT_UNKNOWN) * 3:
        health.failed(failure(kind, billed=Billed.MAYBE), "painter")
    assert rest_s(health, model="another") == 0


async def test_pictures_end_the_row(tmp_path: Path) -> None:
    """Two bad minutes, a good one and two bad ones are no reason to rest."""
    lost = RawReply(then="reset")
    async with (
        replay_gateway(lost, lost, GOOD, lost, lost, GOOD) as raw,
        open_router(tmp_path, raw.gateway()) as one,
    ):
        orders = [await one.generate() for _ in range(6)]
    assert [order.has_pictures for order in orders] == [False, False, True] * 2
    assert one.clock.pauses == []


def test_a_slow_model_cools_alone() -> None:
    """The gateway took the connection; its other models may be quick."""
    health = Health(SteppedClock().now)
    for _ in range(3):
        health.failed(failure(Kind.TIMEOUT_UNKNOWN, billed=Billed.MAYBE), "painter")
    assert (rest_s(health), rest_s(health, model="another")) == (TIMEOUT_SUSPENSIONS_S[0], 0)

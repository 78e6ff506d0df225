"""The operator's alerts: which are sent, and how often."""

import asyncio
from pathlib import Path

import pytest
import structlog

from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.errors.gateway import GatewayFailure
from bot.gateways.routing.operator_alerts import OperatorAlert, OperatorAlerts
from tests.gateways.replay_gateway import replay_gateway
from tests.gateways.router_harness import SteppedClock, open_router
from tests.gateways.routing.test_failover import AUTH, GOOD
from tests.gateways.routing.test_health import failure

# --- alarms -------------------------------------------------------------------------------------


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


async def test_the_owner_hears_once_an_hour_for_each_gateway(clock: SteppedClock) -> None:
    """A message every ten minutes would be muted, and then the next one is missed."""
    heard: list[OperatorAlert] = []

    async def listener(alarm: OperatorAlert) -> None:
        heard.append(alarm)

    async with OperatorAlerts(listener, now=clock.now) as alerts:
        for _ in range(8):
            alerts.down(failure(Kind.AUTH))
            alerts.down(failure(Kind.QUOTA, gateway="b"))
            await asyncio.sleep(0)
            clock.advance(599)
        heard_of = [one.gateway for one in heard if isinstance(one, GatewayFailure)]
        assert heard_of == ["a", "b", "a", "b"]


async def test_what_nobody_could_hear_rings_later(clock: SteppedClock) -> None:
    """The Discord client is built after the gateways."""
    heard: list[OperatorAlert] = []

    async def listener(alarm: OperatorAlert) -> None:
        heard.append(alarm)

    async with OperatorAlerts(now=clock.now) as alerts:
        alerts.down(failure(Kind.AUTH))
        alerts.listener = listener
        alerts.down(failure(Kind.AUTH))
        await asyncio.sleep(0)
    assert len(heard) == 1


async def test_a_listener_that_fails_harms_no_order(tmp_path: Path) -> None:
    """Discord may be down as well; the log then has the failed alert."""

    async def deaf(alarm: OperatorAlert) -> None:
        raise RuntimeError("cannot send messages to this user")

    with structlog.testing.capture_logs() as logs:
        async with replay_gateway(AUTH) as raw, open_router(tmp_path, raw.gateway()) as one:
            one.alerts.listener = deaf
            assert (await one.generate()).failed.kind is Kind.AUTH
            await asyncio.sleep(0)
    assert "gateway.alert_failed" in [entry["event"] for entry in logs]


async def test_the_end_waits_for_no_listener(clock: SteppedClock) -> None:
    """A shutdown must not hang on a direct message."""

    async def slow(alarm: OperatorAlert) -> None:
        await asyncio.Event().wait()

    async with asyncio.timeout(5), OperatorAlerts(slow, now=clock.now) as alerts:
        alerts.down(failure(Kind.AUTH))
        await asyncio.sleep(0)


async def test_an_alarm_holds_nobodys_order_up(tmp_path: Path) -> None:
    """The next gateway is asked while the message is on its way."""
    free = asyncio.Event()

    async def slow(alarm: OperatorAlert) -> None:
        await free.wait()

    async with replay_gateway(AUTH) as first, replay_gateway(GOOD) as second:
        gateways = [first.gateway(name="a"), second.gateway(name="b")]
        async with open_router(tmp_path, *gateways) as one:
            one.alerts.listener = slow
            assert (await one.generate()).has_pictures
            free.set()

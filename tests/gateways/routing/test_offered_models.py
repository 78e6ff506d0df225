"""Offers: what the gateways list is compared with what is configured, and never changes it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import date

import pytest
import structlog
from structlog.typing import EventDict

from bot.gateways.catalogue import Catalogue, GatewayModel
from bot.gateways.gateway import Gateway
from bot.gateways.model_abilities import ModelAbilities
from bot.gateways.probe import ProbeOutcome
from bot.gateways.routing.offered_models import OfferedModels
from bot.gateways.routing.operator_alerts import OperatorAlert, OperatorAlerts, Retirement
from tests.gateways.generation_harness import CLOCK_START_MS, make_model
from tests.gateways.replay_gateway import RawReply, http_reply, replay_gateway
from tests.gateways.router_harness import SteppedClock

TODAY = date(2027, 1, 15)  # of NOW_MS


def listing(**shutdowns: object) -> RawReply:
    data = [{"id": name, "shutdown_date": day} for name, day in shutdowns.items()]
    return http_reply(200, {"object": "list", "data": data})


class Office:
    """OfferedModels, with the operator's logs and alerts."""

    def __init__(self, offers: OfferedModels, clock: SteppedClock, alerts: OperatorAlerts) -> None:
        self.offers = offers
        self.clock = clock
        self.alerts = alerts
        self.alerts_sent: list[OperatorAlert] = []

    async def refreshed(self) -> list[EventDict]:
        """Refresh once and return the warnings."""
        with structlog.testing.capture_logs() as logs:
            await self.offers.refresh()
            await asyncio.sleep(0)
        return [entry for entry in logs if entry["log_level"] == "warning"]

    async def retiring(self) -> list[EventDict]:
        """Refresh once and return what was said about retirements."""
        return [entry for entry in await self.refreshed() if entry["event"] == "model.retires"]


@asynccontextmanager
async def office(
    *gateways: Gateway, pairs: Mapping[GatewayModel, ModelAbilities] | None = None
) -> AsyncIterator[Office]:
    clock = SteppedClock()
    names = [name for gateway in gateways for name in gateway.models]
    catalogue = Catalogue(names, {name: make_model(name) for name in names}, pairs=pairs)
    async with OperatorAlerts(now=clock.now) as alerts:
        offers = OfferedModels(gateways, catalogue, clock=clock.clock, alerts=alerts)
        one = Office(offers, clock, alerts)

        async def listener(alarm: OperatorAlert) -> None:
            one.alerts_sent.append(alarm)

        alerts.listener = listener
        yield one


def test_today_is_that_of_the_clock() -> None:
    """The dates below are counted from it."""
    assert date.fromtimestamp(CLOCK_START_MS / 1000) == TODAY  # noqa: DTZ012 - noon is the same day


async def test_a_model_that_is_not_listed_is_a_warning() -> None:
    """A typing error, or a key without access; the model is still offered."""
    async with replay_gateway(listing(painter=None)) as raw:
        gateway = raw.gateway(models=("painter", "drawer"))
        async with office(gateway) as one:
            assert one.offers.probe("raw") is None
            (warning,) = await one.refreshed()
            found = one.offers.probe("raw")
    assert (warning["event"], warning["model"]) == ("gateway.model_not_listed", "drawer")
    assert found is not None
    assert (found.models, found.missing) == (("painter",), ("drawer",))


@pytest.mark.parametrize(
    ("day", "days_left"),
    [
        ("2027-02-14", 30),
        ("2027-02-14T23:00:00Z", 30),
        (1_802_563_200, 30),
        ("2027-01-14", -1),
    ],
)
async def test_a_model_that_retires_soon_is_told(day: object, days_left: int) -> None:
    """The operator can change the models before people get failures."""
    async with replay_gateway(listing(painter=day)) as raw, office(raw.gateway()) as one:
        (warning,) = await one.refreshed()
    on = Retirement("raw", "painter", date.fromisoformat(warning["on"]))
    assert (warning["event"], warning["days_left"]) == ("model.retires", days_left)
    assert one.alerts_sent == [on]
    assert one.offers.retirements == (on,)


@pytest.mark.parametrize("day", ["2027-02-15", "soon", "", None, 10**30, 1.5, 0, True, [1]])
async def test_what_is_far_or_no_day_is_not_told(day: object) -> None:
    """Lists are written by people, too."""
    async with replay_gateway(listing(painter=day)) as raw, office(raw.gateway()) as one:
        warnings = await one.refreshed()
    assert warnings == []


async def test_the_tables_know_better_than_the_list() -> None:
    """What is configured wins, also when a list says nothing or the gateway is out of reach."""
    pairs = {("raw", "painter"): make_model("painter", retires=date(2027, 1, 20))}
    async with (
        replay_gateway(listing(painter="2027-01-18"), http_reply(500)) as raw,
        office(raw.gateway(), pairs=pairs) as one,
    ):
        for _ in range(2):
            (warning,) = await one.retiring()
            assert warning["on"] == "2027-01-20"


@pytest.mark.parametrize("answer", [http_reply(404), http_reply(429), listing(painter=None)])
async def test_a_gateway_without_a_list_is_no_warning(answer: RawReply) -> None:
    """Many gateways have none."""
    async with replay_gateway(answer) as raw, office(raw.gateway()) as one:
        assert await one.refreshed() == []


async def test_yesterdays_list_outlives_a_day_without_one() -> None:
    """A gateway that is down for an hour has not forgotten when its models go."""
    async with (
        replay_gateway(http_reply(500), listing(painter="2027-01-20"), http_reply(500)) as raw,
        office(raw.gateway()) as one,
    ):
        (warning,) = await one.refreshed()
        assert (warning["event"], warning["outcome"]) == ("gateway.probed", "broken")
        assert (found := one.offers.probe("raw"))
        assert found.outcome is ProbeOutcome.BROKEN
        await one.refreshed()
        one.clock.advance(86_400)
        (warning,) = await one.retiring()
        assert warning["days_left"] == 4
        assert (found := one.offers.probe("raw"))
        assert found.outcome is ProbeOutcome.LISTED


async def test_the_owner_hears_of_a_retirement_four_times() -> None:
    """A month, a week and a day before, and on the day; the log says it daily."""
    async with (
        replay_gateway(*[listing(painter="2027-02-20")] * 40) as raw,
        office(raw.gateway()) as one,
    ):
        heard_with = []
        for _ in range(40):
            before = len(one.alerts_sent)
            warnings = await one.refreshed()
            if len(one.alerts_sent) > before:
                heard_with.append(warnings[0]["days_left"])
            one.clock.advance(86_400)
    assert heard_with == [30, 7, 1, 0]


async def test_every_gateway_is_asked_and_the_soonest_comes_first() -> None:
    """Retirement belongs to the pair of gateway and model."""
    async with (
        replay_gateway(listing(painter="2027-03-01")) as first,
        replay_gateway(listing(painter="2027-02-01")) as second,
        office(first.gateway(name="a"), second.gateway(name="b")) as one,
    ):
        await one.refreshed()
        found = [(known.gateway, known.on) for known in one.offers.retirements]
    assert found == [("b", date(2027, 2, 1)), ("a", date(2027, 3, 1))]
    assert [len(raw.requests) for raw in (first, second)] == [1, 1]
    assert first.posts == 0

"""A router over several gateways, with a clock that only pauses and tests advance."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bot.core.clock import Clock
from bot.core.errors.gateway import GatewayFailure
from bot.core.models import ImageRequest
from bot.gateways.catalogue import Catalogue, GatewayModel
from bot.gateways.events import GatewayEvent, GatewayRequest, Received, RequestRefused, Sending
from bot.gateways.gateway import Gateway
from bot.gateways.model_abilities import ModelAbilities
from bot.gateways.routing.operator_alerts import OperatorAlert, OperatorAlerts
from bot.gateways.routing.router import Router
from tests.gateways.generation_harness import CLOCK_START_MS, SECRET_PROMPT, make_model

PAINTER = make_model("painter", timeout_s=5)


@dataclass
class SteppedClock:
    """A clock that only pauses and ``advance`` move; pauses take no real time."""

    now_ms: int = CLOCK_START_MS
    pauses: list[float] = field(default_factory=list)

    def now(self) -> int:
        """Return the time."""
        return self.now_ms

    def advance(self, seconds: float) -> None:
        """Advance the clock."""
        self.now_ms += round(seconds * 1000)

    async def sleep(self, seconds: float) -> None:
        """Record a pause and advance the clock."""
        self.pauses.append(seconds)
        self.advance(seconds)
        await asyncio.sleep(0)

    @property
    def clock(self) -> Clock:
        """Return the Clock."""
        return Clock(now=self.now, sleep=self.sleep)


@dataclass
class RouterEvents:
    """The events of one request, and its failure."""

    events: list[GatewayEvent] = field(default_factory=list)
    failure: GatewayFailure | None = None

    @property
    def route(self) -> list[str]:
        """Return the gateways that the request was sent to, in order."""
        return [event.gateway for event in self.events if isinstance(event, Sending)]

    @property
    def refusals(self) -> int:
        """Return the number of RequestRefused events."""
        return sum(isinstance(event, RequestRefused) for event in self.events)

    @property
    def has_pictures(self) -> bool:
        """Whether pictures arrived."""
        return bool(self.events) and isinstance(self.events[-1], Received)

    @property
    def failed(self) -> GatewayFailure:
        """Return the failure that ended it."""
        assert self.failure is not None, self.events
        return self.failure


@dataclass
class RouterHarness:
    """A router with its clock and the alerts it sent."""

    router: Router
    alerts: OperatorAlerts
    clock: SteppedClock
    folder: Path
    alerts_sent: list[OperatorAlert] = field(default_factory=list)
    requests: int = 0

    def new_request(self, *, n: int = 1, model: str = "painter") -> GatewayRequest:
        """Return a new request with its own file names."""
        self.requests += 1
        request = ImageRequest(SECRET_PROMPT, model, "auto", n)
        return GatewayRequest(request, n, self.folder, f"slot-{self.requests}")

    async def generate(self, *, n: int = 1, model: str = "painter") -> RouterEvents:
        """Run one request to its end."""
        return await collect_events(self.router.generate(self.new_request(n=n, model=model)))


async def collect_events(events: AsyncGenerator[GatewayEvent, None]) -> RouterEvents:
    """Collect all events and the failure."""
    all_told = RouterEvents()
    try:
        async with aclosing(events):
            async for event in events:
                all_told.events.append(event)
    except GatewayFailure as failure:
        all_told.failure = failure
    return all_told


@asynccontextmanager
async def open_router(
    folder: Path,
    *gateways: Gateway,
    known: Sequence[ModelAbilities] = (PAINTER,),
    pairs: Mapping[GatewayModel, ModelAbilities] | None = None,
    clock: SteppedClock | None = None,
    data_dir: Path | None = None,
) -> AsyncIterator[RouterHarness]:
    """Open a router over these gateways, in this order."""
    clock = clock or SteppedClock()
    names = {name: None for gateway in gateways for name in gateway.models}
    models = {one.name: one for one in known}
    catalogue = Catalogue(names, models, pairs=pairs)
    heard: list[OperatorAlert] = []

    async def listener(alarm: OperatorAlert) -> None:
        heard.append(alarm)

    async with (
        OperatorAlerts(listener, now=clock.now) as alerts,
        Router(gateways, catalogue, clock=clock.clock, alerts=alerts, data_dir=data_dir) as router,
    ):
        yield RouterHarness(router, alerts, clock, folder, heard)

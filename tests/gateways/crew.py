"""Several gateways behind one router, and a clock that only pauses and tests move."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bot.core.clock import Clock
from bot.core.errors.gateway import GatewayFailure
from bot.core.models import ImageRequest
from bot.gateways.catalogue import Catalogue, Pair
from bot.gateways.events import Event, GatewayRequest, Received, Refused, Sending
from bot.gateways.gateway import Gateway
from bot.gateways.model_abilities import Model
from bot.gateways.routing.operator_alerts import OperatorAlert, OperatorAlerts
from bot.gateways.routing.router import Router
from tests.gateways.bench import NOW_MS, PROMPT, model

PAINTER = model("painter", timeout_s=5)


@dataclass
class ManualClock:
    """Time that stands still but for pauses; pauses take no real time."""

    now_ms: int = NOW_MS
    pauses: list[float] = field(default_factory=list)

    def now(self) -> int:
        """Return the time."""
        return self.now_ms

    def goes_on(self, seconds: float) -> None:
        """Let time pass."""
        self.now_ms += round(seconds * 1000)

    async def sleep(self, seconds: float) -> None:
        """Let the pause pass at once."""
        self.pauses.append(seconds)
        self.goes_on(seconds)
        await asyncio.sleep(0)

    @property
    def clock(self) -> Clock:
        """Return it as the rooms take it."""
        return Clock(now=self.now, sleep=self.sleep)


@dataclass
class Told:
    """What one order told, and how it ended."""

    events: list[Event] = field(default_factory=list)
    failure: GatewayFailure | None = None

    @property
    def route(self) -> list[str]:
        """Return the gateways that it was sent to."""
        return [event.gateway for event in self.events if isinstance(event, Sending)]

    @property
    def refusals(self) -> int:
        """Return how often it was certain that nothing was made."""
        return sum(isinstance(event, Refused) for event in self.events)

    @property
    def has_pictures(self) -> bool:
        """Whether pictures came."""
        return bool(self.events) and isinstance(self.events[-1], Received)

    @property
    def failed(self) -> GatewayFailure:
        """Return the failure that ended it."""
        assert self.failure is not None, self.events
        return self.failure


@dataclass
class Crew:
    """A router with a clock, and what the operator heard."""

    router: Router
    alerts: OperatorAlerts
    clock: ManualClock
    folder: Path
    heard: list[OperatorAlert] = field(default_factory=list)
    painted: int = 0

    def order(self, *, n: int = 1, model: str = "painter") -> GatewayRequest:
        """Return a new order with file names of its own."""
        self.painted += 1
        request = ImageRequest(PROMPT, model, "auto", n)
        return GatewayRequest(request, n, self.folder, f"slot-{self.painted}")

    async def paint(self, *, n: int = 1, model: str = "painter") -> Told:
        """Paint one order to its end."""
        return await told(self.router.paint(self.order(n=n, model=model)))


async def told(events: AsyncGenerator[Event, None]) -> Told:
    """Take in all events and the failure."""
    all_told = Told()
    try:
        async with aclosing(events):
            async for event in events:
                all_told.events.append(event)
    except GatewayFailure as failure:
        all_told.failure = failure
    return all_told


@asynccontextmanager
async def crew(
    folder: Path,
    *gateways: Gateway,
    known: Sequence[Model] = (PAINTER,),
    pairs: Mapping[Pair, Model] | None = None,
    clock: ManualClock | None = None,
) -> AsyncIterator[Crew]:
    """Open a router over these gateways, in this order."""
    clock = clock or ManualClock()
    names = {name: None for gateway in gateways for name in gateway.models}
    models = {one.name: one for one in known}
    catalogue = Catalogue(names, models, pairs=pairs)
    heard: list[OperatorAlert] = []

    async def listener(alarm: OperatorAlert) -> None:
        heard.append(alarm)

    async with (
        OperatorAlerts(listener, now=clock.now) as alerts,
        Router(gateways, catalogue, clock=clock.clock, alerts=alerts) as router,
    ):
        yield Crew(router, alerts, clock, folder, heard)

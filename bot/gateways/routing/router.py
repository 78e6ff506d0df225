"""Which gateway serves a model, and who may be sent a refused request.

The rule of the money: a slot has at most one request in doubt. It is sent again, to the same
gateway or the next, only when it is certain that nothing was made.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from types import TracebackType
from typing import Self

import aiohttp
import structlog
from aiohttp.abc import AbstractResolver

from bot.core.clock import Clock
from bot.core.errors.gateway import GatewayErrorKind, GatewayFailure
from bot.core.errors.options import UnknownModel
from bot.core.models import Billed
from bot.gateways.catalogue import Catalogue
from bot.gateways.download import Downloader
from bot.gateways.events import GatewayEvent, GatewayRequest, RequestRefused, Sending
from bot.gateways.exchange import Exchange
from bot.gateways.gateway import Gateway
from bot.gateways.model_abilities import ModelAbilities
from bot.gateways.routing.failover import FailoverPolicy
from bot.gateways.routing.health import DOWN_SUSPENSION_S, Health
from bot.gateways.routing.operator_alerts import OperatorAlerts
from bot.gateways.routing.unsupported_fields import UnsupportedFields

log = structlog.get_logger()

READ_BUFFER = 1 << 16  # of each reply that waits for its turn to be read


class Router:
    """The gateways at work. It owns their connections: use it as an async context manager."""

    def __init__(
        self,
        gateways: Sequence[Gateway],
        catalogue: Catalogue,
        *,
        clock: Clock,
        alerts: OperatorAlerts | None = None,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._gateways = {gateway.name: gateway for gateway in gateways}
        self._catalogue = catalogue
        self._clock = clock
        self._alerts = alerts or OperatorAlerts(now=clock.now)
        self._health = Health(clock.now)
        self._unsupported_fields = UnsupportedFields()
        self._resolver = resolver
        self._downloaders: dict[str, Downloader] = {}
        self._places = {
            gateway.name: asyncio.Semaphore(gateway.max_at_once)
            for gateway in gateways
            if gateway.max_at_once
        }
        self._reading = asyncio.Lock()  # one reply at a time
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(force_close=True, limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
            read_bufsize=READ_BUFFER,
        )
        await self._open.enter_async_context(self._session)
        for gateway in self._gateways.values():
            downloader = Downloader.of(gateway, clock=self._clock, resolver=self._resolver)
            self._downloaders[gateway.name] = await self._open.enter_async_context(downloader)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        await self._open.aclose()

    # --- a new order ----------------------------------------------------------------------------

    async def generate(self, order: GatewayRequest) -> AsyncGenerator[GatewayEvent, None]:
        """Run one order, event by event, until ``Received``.

        The caller commits each event before it asks for the next. A request is sent again, to
        the same gateway or to another one, only when it is certain that it made nothing:
        ``Refused``, perhaps a pause, another ``Sending``; once each, without a field that the
        gateway does not know. Every other end raises GatewayFailure, whose ``billed`` tells what
        is known about the money.
        """
        turns = FailoverPolicy(self._serving(order), order.image_request.model, self._health)
        while True:
            gateway = await self._turn(turns, order)
            last: GatewayEvent | None = None
            try:
                async with (
                    self._place(gateway),
                    aclosing(self._exchange(order, gateway).events()) as events,
                ):
                    async for event in events:
                        last = event
                        yield event
            except GatewayFailure as failure:
                # Whatever follows the sending shows that the gateway took the order.
                is_answer = isinstance(last, Sending)
                if is_answer:
                    self._note(failure, order)
                    self._unsupported_fields.note(failure, gateway, order.image_request.model)
                if not (is_answer and turns.may_ask_after(failure)):
                    _tell("gateway.failed", order, failure)
                    raise
                refused = failure
            else:
                self._health.succeeded(gateway.name, order.image_request.model)
                return
            if not turns.goes_on_after(refused):
                _tell("gateway.failed", order, refused)
                raise turns.failure()
            _tell("gateway.refused", order, refused)
            yield RequestRefused(refused)

    def _serving(self, order: GatewayRequest) -> list[Gateway]:
        """Return the gateways that offer the model, without those whose own cannot do this."""
        name = order.image_request.model
        serving = [one for one in self._gateways.values() if name in one.models]
        able = [one for one in serving if self._can(one, order)]
        # Where none is able any more, the first may say itself what is wrong with an old request.
        return able or serving[:1]

    def _can(self, gateway: Gateway, order: GatewayRequest) -> bool:
        return self._ability(gateway, order.image_request.model).supports(
            order.image_request, n=order.n
        )

    async def _turn(self, turns: FailoverPolicy, order: GatewayRequest) -> Gateway:
        """Wait until a gateway may be sent the order; raise the failure if that takes too long."""
        while turn := turns.next():
            if not turn.wait_s:
                return turn.gateway
            await self._clock.wait(self._clock.sleep(turn.wait_s), "pause")
            turns.waited(turn.wait_s)
        failure = turns.failure()
        _tell("gateway.failed", order, failure)
        raise failure

    @asynccontextmanager
    async def _place(self, gateway: Gateway) -> AsyncIterator[None]:
        """Wait until a gateway takes one more request, where it takes only some at once."""
        places = self._places.get(gateway.name)
        if places is None:
            yield
            return
        if places.locked():
            await self._clock.wait(places.acquire(), "gateway's place")
        else:
            await places.acquire()
        try:
            yield
        finally:
            places.release()

    def _note(self, failure: GatewayFailure, order: GatewayRequest) -> None:
        if self._health.failed(failure, order.image_request.model):
            log.error(
                "gateway.down",
                gateway=failure.gateway,
                model=order.image_request.model,
                kind=failure.kind.value,
                for_s=DOWN_SUSPENSION_S,
                http_status=failure.http_status,
                request_id=failure.request_id,
                detail=failure.detail,
            )
            self._alerts.down(failure)

    # --- an order of a dead process -------------------------------------------------------------

    async def resume(
        self, order: GatewayRequest, *, gateway: str, task_id: str
    ) -> AsyncGenerator[GatewayEvent, None]:
        """Poll a task that this gateway accepted before, until ``Received``; send nothing new."""
        exchange = self._reopened(order, gateway)
        async with aclosing(self._watched(order, exchange.resume(task_id))) as events:
            async for event in events:
                yield event

    async def fetch(
        self, order: GatewayRequest, *, gateway: str, urls: Sequence[str]
    ) -> AsyncGenerator[GatewayEvent, None]:
        """Download what this gateway answered before, until ``Received``; send nothing new."""
        exchange = self._reopened(order, gateway)
        async with aclosing(self._watched(order, exchange.fetch(urls))) as events:
            async for event in events:
                yield event

    def _reopened(self, order: GatewayRequest, name: str) -> Exchange:
        if gateway := self._gateways.get(name):
            return self._exchange(order, gateway)
        failure = GatewayFailure(
            kind=GatewayErrorKind.TASK_LOST,
            gateway=name,
            billed=Billed.MAYBE,
            detail="this gateway is configured no more",
        )
        _tell("gateway.failed", order, failure)
        raise failure

    async def _watched(
        self, order: GatewayRequest, events: AsyncGenerator[GatewayEvent, None]
    ) -> AsyncGenerator[GatewayEvent, None]:
        try:
            async with aclosing(events):
                async for event in events:
                    yield event
        except GatewayFailure as failure:
            _tell("gateway.failed", order, failure)
            raise

    def _exchange(self, order: GatewayRequest, gateway: Gateway) -> Exchange:
        return Exchange(
            order=order,
            model=self._ability(gateway, order.image_request.model),
            gateway=self._unsupported_fields.of(gateway, order.image_request.model),
            session=self._session,
            downloader=self._downloaders[gateway.name],
            reading=self._reading,
            clock=self._clock,
        )

    def _ability(self, gateway: Gateway, model: str) -> ModelAbilities:
        try:
            return self._catalogue.ability(gateway.name, model)
        except UnknownModel:
            # Taken away meanwhile: what was paid for is still polled and fetched.
            return ModelAbilities(name=model, label=model, prompt_max=1, auto=True)


def _tell(event: str, order: GatewayRequest, failure: GatewayFailure) -> None:
    log.warning(
        event,
        gateway=failure.gateway,
        model=order.image_request.model,
        kind=failure.kind.value,
        billed=failure.billed.value,
        http_status=failure.http_status,
        request_id=failure.request_id,
        retry_after_s=failure.retry_after_s,
        detail=failure.detail,
    )

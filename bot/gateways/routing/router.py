"""Send requests to the gateways that serve a model, with retries and failover.

No request is paid twice: it is sent again, to the same gateway or the next, only when it is
certain that nothing was made.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp
import structlog
from aiohttp.abc import AbstractResolver

from bot.core.clock import Clock
from bot.core.errors.gateway import GatewayErrorKind, GatewayFailure
from bot.core.errors.options import UnknownModel
from bot.core.models import Billed
from bot.core.proxies import NO_PROXIES, Proxies
from bot.gateways.catalogue import Catalogue
from bot.gateways.connections import (
    MAX_HEADER_BYTES,
    READ_BUFFER_BYTES,
    HeldRequest,
    limit_receives,
    open_connector,
)
from bot.gateways.download import Downloader
from bot.gateways.events import (
    GatewayEvent,
    GatewayRequest,
    RenewAddresses,
    RequestRefused,
    Sending,
    Waiting,
)
from bot.gateways.exchange import Exchange
from bot.gateways.gateway import Gateway
from bot.gateways.model_abilities import ModelAbilities
from bot.gateways.reply.error_classifier import MAX_RETRY_WAIT_S
from bot.gateways.reply.unread_files import UnreadFiles
from bot.gateways.request.fields import UnsupportedFields
from bot.gateways.routing.failover import Candidate, FailoverPolicy
from bot.gateways.routing.health import DOWN_SUSPENSION_S, Health
from bot.gateways.routing.operator_alerts import OperatorAlerts
from bot.gateways.routing.path_spelling import PathSpellings

log = structlog.get_logger()

_MAX_HINT_S = 30 * 86_400  # a longer one is nonsense


class Router:
    """Runs requests at the gateways and owns the connections: an async context manager."""

    def __init__(
        self,
        gateways: Sequence[Gateway],
        catalogue: Catalogue,
        *,
        clock: Clock,
        alerts: OperatorAlerts | None = None,
        proxies: Proxies = NO_PROXIES,
        resolver: AbstractResolver | None = None,
        data_dir: Path | None = None,
        unread_folder: Path | None = None,
    ) -> None:
        self._gateways = {gateway.name: gateway for gateway in gateways}
        self._catalogue = catalogue
        self._clock = clock
        self._alerts = alerts or OperatorAlerts(now=clock.now)
        self._health = Health(clock.now)
        self._unsupported_fields = UnsupportedFields()
        self._paths = PathSpellings(data_dir)
        self._proxies = proxies
        self._resolver = resolver
        self._sessions: dict[str, aiohttp.ClientSession] = {}
        self._unread = UnreadFiles(unread_folder, clock.now) if unread_folder else None
        self._downloaders: dict[str, Downloader] = {}
        self._limits = {
            gateway.name: asyncio.Semaphore(gateway.max_at_once)
            for gateway in gateways
            if gateway.max_at_once
        }
        self._reading = asyncio.Lock()  # one reply is decoded at a time
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        limit_receives()
        for gateway in self._gateways.values():
            session, downloader = self._session(gateway), self._downloader(gateway)
            self._sessions[gateway.name] = await self._open.enter_async_context(session)
            self._downloaders[gateway.name] = await self._open.enter_async_context(downloader)
        return self

    def _session(self, gateway: Gateway) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=open_connector(self._clock),
            request_class=HeldRequest,
            cookie_jar=aiohttp.DummyCookieJar(),
            proxy=self._proxies.proxy_of(gateway.url),  # every request is to this origin
            read_bufsize=READ_BUFFER_BYTES,
            max_line_size=MAX_HEADER_BYTES,
            max_field_size=MAX_HEADER_BYTES,
        )

    def _downloader(self, gateway: Gateway) -> Downloader:
        return Downloader.of(
            gateway, clock=self._clock, proxies=self._proxies, resolver=self._resolver
        )

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        await self._open.aclose()

    def resting(self) -> dict[str, float]:
        """Return for each gateway the part of its models for which nothing is sent now, 0 to 1."""
        suspended_s = self._health.suspended_s
        return {
            name: sum(suspended_s(name, model) > 0 for model in gateway.models)
            / len(gateway.models)
            for name, gateway in self._gateways.items()
        }

    # --- new requests -----------------------------------------------------------------------------

    async def generate(
        self, request: GatewayRequest, *, renew_addresses: RenewAddresses | None = None
    ) -> AsyncGenerator[GatewayEvent, None]:
        """Run one request, event by event, until ``Received``.

        The caller stores each event before it asks for the next. A request is sent again, to the
        same gateway or to another one, only when it is certain that nothing was made: then come
        ``RequestRefused``, perhaps ``Waiting``, and another ``Sending``. Every other end raises
        GatewayFailure, whose ``billed`` tells whether it may have been paid. ``renew_addresses``
        is asked before each ``Sending`` where the references travel as addresses.
        """
        model = request.image_request.model
        policy = FailoverPolicy(self._able_gateways(request), model, self._health)
        while True:
            candidate = self._candidate(policy, request)
            gateway = candidate.gateway
            if candidate.wait_s or self._is_full(gateway):
                yield Waiting()
            if await self._pause(policy, candidate.wait_s):
                continue
            last: GatewayEvent | None = None
            used = gateway
            try:
                async with self._limited(gateway):
                    request = await self._with_addresses(request, gateway, renew_addresses)
                    exchange = self._exchange(request, gateway)
                    used = exchange.gateway
                    async with aclosing(exchange.events()) as events:
                        async for event in events:
                            last = event
                            yield event
            except GatewayFailure as failure:
                # Any later event shows that the gateway accepted the request.
                is_unaccepted = isinstance(last, Sending)
                # An empty account is one also when a task says so.
                if is_unaccepted or failure.kind is GatewayErrorKind.QUOTA:
                    self._record(failure, request, used)
                if not (is_unaccepted and policy.allows_retry(failure)):
                    self._log_end(request, failure)
                    raise
                refused = failure
            else:
                self._health.succeeded(gateway.name, model)
                self._paths.confirm(used)
                return
            if not policy.has_candidate_after(refused):
                self._log_end(request, refused)
                raise self._with_moment(policy.failure())
            _log_failure("gateway.refused", request, refused)
            yield RequestRefused(refused)

    async def _pause(self, policy: FailoverPolicy, wait_s: float) -> bool:
        """Wait before a gateway is asked; return False if it may be asked now."""
        if not wait_s:
            return False
        await self._clock.wait(self._clock.sleep(wait_s), "pause")
        policy.waited(wait_s)
        return True

    async def _with_addresses(
        self, request: GatewayRequest, gateway: Gateway, renew: RenewAddresses | None
    ) -> GatewayRequest:
        """Return the request with fresh addresses, where its references travel as such."""
        wanted = request.image_request
        limits = self._ability(gateway, wanted.model).references
        if renew is None or limits is None or limits.transport != "json_image_urls":
            return request
        references = await renew(wanted.references)
        return replace(request, image_request=replace(wanted, references=references))

    def _able_gateways(self, request: GatewayRequest) -> list[Gateway]:
        """Return the gateways that offer the model and support the options there."""
        name, image_request = request.image_request.model, request.image_request
        offering = [one for one in self._gateways.values() if name in one.models]
        able = [
            one for one in offering if self._ability(one, name).supports(image_request, n=request.n)
        ]
        # If none does any more, the first one may say what is wrong with an old request.
        return able or offering[:1]

    def _candidate(self, policy: FailoverPolicy, request: GatewayRequest) -> Candidate:
        """Return which gateway may be sent the request, and when; raise GatewayFailure if none."""
        if candidate := policy.next():
            return candidate
        failure = policy.failure()
        self._log_end(request, failure)
        raise failure

    def _is_full(self, gateway: Gateway) -> bool:
        limit = self._limits.get(gateway.name)
        return limit is not None and limit.locked()

    @asynccontextmanager
    async def _limited(self, gateway: Gateway) -> AsyncIterator[None]:
        """Keep to the gateway's limit of concurrent requests, if it has one."""
        limit = self._limits.get(gateway.name)
        if limit is None:
            yield
            return
        if limit.locked():
            await self._clock.wait(limit.acquire(), "gateway's limit")
        else:
            await limit.acquire()
        try:
            yield
        finally:
            limit.release()

    def _record(self, failure: GatewayFailure, request: GatewayRequest, used: Gateway) -> None:
        self._unsupported_fields.record(failure, used, request.image_request.model)
        self._paths.refused(failure, used)
        if self._health.failed(failure, request.image_request.model):
            log.error(
                "gateway.down",
                gateway=failure.gateway,
                model=request.image_request.model,
                kind=failure.kind.value,
                for_s=DOWN_SUSPENSION_S,
                http_status=failure.http_status,
                request_id=failure.request_id,
                detail=failure.detail,
            )
            self._alerts.down(failure)

    def _log_end(self, request: GatewayRequest, failure: GatewayFailure) -> None:
        """Log the failure that ends a request, and complete it for the person."""
        self._with_moment(failure)
        _log_failure("gateway.failed", request, failure)

    def _with_moment(self, failure: GatewayFailure) -> GatewayFailure:
        """Set the moment of a hint that is long: nobody counts 86,400 seconds."""
        wait_s = min(failure.retry_after_s or 0.0, _MAX_HINT_S)
        is_long = wait_s > MAX_RETRY_WAIT_S
        failure.retry_at = self._clock.now() + round(wait_s * 1000) if is_long else None
        return failure

    # --- requests of an earlier process -----------------------------------------------------------

    def resume(
        self, request: GatewayRequest, *, gateway: str, task_id: str
    ) -> AsyncGenerator[GatewayEvent, None]:
        """Poll a task that this gateway accepted, until ``Received``; nothing is sent again."""
        return self._continue(request, gateway, lambda exchange: exchange.resume(task_id))

    def look(
        self, request: GatewayRequest, *, gateway: str, task_id: str
    ) -> AsyncGenerator[GatewayEvent, None]:
        """Look once at a task that outlived its budget; nothing is sent again."""
        return self._continue(request, gateway, lambda exchange: exchange.look(task_id))

    def fetch(
        self, request: GatewayRequest, *, gateway: str, urls: Sequence[str]
    ) -> AsyncGenerator[GatewayEvent, None]:
        """Download what this gateway has named, until ``Received``; nothing is sent again."""
        return self._continue(request, gateway, lambda exchange: exchange.fetch(urls))

    async def _continue(
        self,
        request: GatewayRequest,
        name: str,
        run: Callable[[Exchange], AsyncGenerator[GatewayEvent, None]],
    ) -> AsyncGenerator[GatewayEvent, None]:
        try:
            exchange = self._exchange(request, self._configured(name))
            async with aclosing(run(exchange)) as events:
                async for event in events:
                    yield event
        except GatewayFailure as failure:
            self._log_end(request, failure)
            raise

    def _configured(self, name: str) -> Gateway:
        if gateway := self._gateways.get(name):
            return gateway
        raise GatewayFailure(
            kind=GatewayErrorKind.TASK_LOST,
            gateway=name,
            billed=Billed.MAYBE,
            detail="this gateway is configured no more",
        )

    def _exchange(self, request: GatewayRequest, gateway: Gateway) -> Exchange:
        return Exchange(
            request=request,
            model=self._ability(gateway, request.image_request.model),
            gateway=self._paths.apply(
                self._unsupported_fields.apply(gateway, request.image_request.model)
            ),
            session=self._sessions[gateway.name],
            downloader=self._downloaders[gateway.name],
            reading=self._reading,
            clock=self._clock,
            unread=self._unread,
        )

    def _ability(self, gateway: Gateway, model: str) -> ModelAbilities:
        try:
            return self._catalogue.ability(gateway.name, model)
        except UnknownModel:
            # It is no longer offered, but what was paid for is still polled and downloaded.
            return ModelAbilities(name=model, label=model, prompt_max=1, auto=True)


def _log_failure(event: str, request: GatewayRequest, failure: GatewayFailure) -> None:
    log.warning(
        event,
        gateway=failure.gateway,
        model=request.image_request.model,
        kind=failure.kind.value,
        billed=failure.billed.value,
        http_status=failure.http_status,
        request_id=failure.request_id,
        retry_after_s=failure.retry_after_s,
        detail=failure.detail,
    )

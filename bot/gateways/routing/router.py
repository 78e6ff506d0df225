"""Send requests to the gateways that serve a model, with retries and failover.

No request is paid twice: it is sent again, to the same gateway or the next, only when it is
certain that nothing was made.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import structlog
from aiohttp.abc import AbstractResolver

from bot.core.clock import Clock
from bot.core.errors.gateway import GatewayErrorKind, GatewayFailure
from bot.core.errors.options import UnknownModel
from bot.core.models import Billed
from bot.core.proxies import NO_PROXIES, Proxies
from bot.gateways.action_exchange import ActionExchange
from bot.gateways.actions import Actions
from bot.gateways.catalogue import Catalogue
from bot.gateways.connections import limit_receives
from bot.gateways.events import (
    GatewayEvent,
    GatewayRequest,
    RenewAddresses,
    RequestRefused,
    Sending,
    TaskAccepted,
    Waiting,
)
from bot.gateways.exchange import Exchange
from bot.gateways.gateway import Gateway
from bot.gateways.model_abilities import ModelAbilities
from bot.gateways.reply.error_classifier import MAX_RETRY_WAIT_S
from bot.gateways.reply.surplus import SurplusLog
from bot.gateways.reply.unread_files import UnreadFiles
from bot.gateways.request.fields import UnsupportedFields, sends_addresses, unsaid_option
from bot.gateways.request.masks import with_prepared_mask
from bot.gateways.routing.failover import FailoverPolicy
from bot.gateways.routing.failure_log import log_failure
from bot.gateways.routing.health import DOWN_SUSPENSION_S, Health
from bot.gateways.routing.open_gateways import NewLimit, OpenGateway, OpenGateways
from bot.gateways.routing.operator_alerts import OperatorAlerts
from bot.gateways.routing.path_spelling import PathSpellings
from bot.gateways.routing.shared_suspensions import SharedSuspensions

log = structlog.get_logger()

Run = Callable[[Exchange], AsyncGenerator[GatewayEvent, None]]
"""Goes on with what an earlier exchange has begun."""

_MAX_HINT_S = 30 * 86_400  # a longer one is nonsense


@dataclass(frozen=True, slots=True)
class SharedLimits:
    """What the gateways' limits and suspensions are shared with other processes by."""

    new_limit: NewLimit
    suspensions: SharedSuspensions


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
        self._configured = gateways
        self._gateways = OpenGateways(clock, proxies, resolver)
        self._catalogue = catalogue
        self._clock = clock
        self._alerts = alerts or OperatorAlerts(now=clock.now)
        self._health = Health(clock.now)
        self._unsupported_fields = UnsupportedFields()
        self._paths = PathSpellings(data_dir)
        self._unread = UnreadFiles(unread_folder, clock.now) if unread_folder else None
        self._surplus = SurplusLog()
        self._reading = asyncio.Lock()  # one reply is decoded at a time

    async def __aenter__(self) -> Self:
        limit_receives()
        self.use(await self.open(self._configured))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._gateways.close()

    def share(self, shared: SharedLimits) -> None:
        """Share limits and suspensions with other processes; called before it is opened."""
        self._gateways.new_limit = shared.new_limit
        shared.suspensions.share(self._health)

    # --- the gateways -----------------------------------------------------------------------------

    @property
    def gateways(self) -> tuple[Gateway, ...]:
        """Return the gateways that new requests are sent to, in order."""
        return self._gateways.gateways

    def opened(self, name: str) -> OpenGateway | None:
        """Return a gateway in use with its connections, the first one without a name."""
        return self._gateways.find(name)

    def actions_of(self, name: str) -> Actions | None:
        """Return the actions of a gateway's tasks; None where it takes no new requests."""
        return next((one.actions for one in self.gateways if one.name == name), None)

    async def open(self, gateways: Sequence[Gateway]) -> tuple[OpenGateway, ...]:
        """Open connections for ``use``; nothing is sent yet."""
        return await self._gateways.open(gateways)

    def use(self, opened: Sequence[OpenGateway]) -> None:
        """Send new requests to these gateways; what was sent before goes on where it is."""
        for name in self._gateways.use(opened):
            self._health.forget(name)
            self._unsupported_fields.forget(name)

    def resting(self) -> dict[str, float]:
        """Return for each gateway the part of its models for which nothing is sent now, 0 to 1."""
        suspended_s = self._health.suspended_s
        return {
            gateway.name: sum(suspended_s(gateway.name, model) > 0 for model in gateway.models)
            / len(gateway.models)
            for gateway in self.gateways
        }

    # --- new requests -----------------------------------------------------------------------------

    async def generate(
        self, request: GatewayRequest, *, renew_addresses: RenewAddresses | None = None
    ) -> AsyncGenerator[GatewayEvent, None]:
        """Run one request, event by event, until ``Received``.

        The caller stores each event before it asks for the next. A request is sent again, to any
        gateway, only when it is certain that nothing was made: then come ``RequestRefused``,
        perhaps ``Waiting``, and another ``Sending``; every other end raises GatewayFailure.
        ``renew_addresses`` is asked before each ``Sending`` that takes references by address.
        """
        model = request.image_request.model
        policy = FailoverPolicy(model, self._health)
        while True:
            opened, wait_s = self._next(policy, request)
            if wait_s or opened.is_full:
                yield Waiting()
            if await self._pause(policy, wait_s):
                continue
            last: GatewayEvent | None = None
            used = opened.gateway
            try:
                async with opened.limited(self._clock):
                    request = await self._with_addresses(request, opened, renew_addresses)
                    exchange = await self._new_exchange(request, opened)
                    if not self._gateways.is_in_use(opened):
                        continue
                    used = exchange.gateway
                    async with aclosing(self._events(exchange, opened)) as events:
                        async for event in events:
                            last = event
                            yield event
            except GatewayFailure as failure:
                # Any later event shows that the gateway accepted the request.
                is_unaccepted = isinstance(last, Sending)
                # An empty account is one also when a task says so.
                if is_unaccepted or failure.kind is GatewayErrorKind.QUOTA:
                    self._record(failure, model, used, opened)
                if not (is_unaccepted and policy.allows_retry(failure)):
                    self._log_end(request, failure)
                    raise
                refused = failure
            else:
                self._succeeded(used, model)
                return
            # Where a reload has replaced the gateway meanwhile, the new one has refused nothing.
            if self._gateways.is_in_use(opened) and not policy.has_candidate_after(refused):
                self._log_end(request, refused)
                raise self._with_moment(policy.failure())
            log_failure("gateway.refused", request, refused)
            yield RequestRefused(refused)

    async def _events(
        self, exchange: Exchange, opened: OpenGateway
    ) -> AsyncGenerator[GatewayEvent, None]:
        """Run an exchange; its task is polled with the new key if the old one was revoked."""
        task_id, request = "", exchange.request
        try:
            async with aclosing(exchange.events()) as events:
                async for event in events:
                    task_id = event.task_id if isinstance(event, TaskAccepted) else task_id
                    request = request.after(event)
                    yield event
        except GatewayFailure as failure:
            renewed = self._gateways.renewed(opened)
            if not task_id or failure.kind is not GatewayErrorKind.AUTH or renewed is None:
                raise
            if failure.billed is Billed.NO:  # a refused prompt is sent with the new key
                request = exchange.request
        else:
            return
        polls = self._poll(request, renewed, lambda again: again.resume(task_id))
        async with aclosing(polls) as events:
            async for event in events:
                yield event

    async def _pause(self, policy: FailoverPolicy, wait_s: float) -> bool:
        """Wait before a gateway is asked; return False if it may be asked now."""
        if not wait_s:
            return False
        await self._clock.wait(self._clock.sleep(wait_s), "pause")
        policy.waited(wait_s)
        return True

    async def _with_addresses(
        self, request: GatewayRequest, opened: OpenGateway, renew: RenewAddresses | None
    ) -> GatewayRequest:
        """Return the request with fresh addresses, where its references travel as such."""
        wanted = request.image_request
        ability = self._ability(opened.gateway, wanted.model)
        if renew is None or not sends_addresses(request, ability, opened.gateway):
            return request
        references = await renew(wanted.references)
        return replace(request, image_request=replace(wanted, references=references))

    def _able_gateways(self, request: GatewayRequest) -> list[Gateway]:
        """Return the gateways that offer the model and support the options there."""
        name = request.image_request.model
        offering = [one for one in self.gateways if name in one.models]
        if action := request.image_request.action:  # which no other gateway knows
            return [one for one in offering if one.name == action.gateway]
        able = [one for one in offering if self._can_serve(one, request)]
        # If none does any more, the first one may say what is wrong with an old request.
        return able or offering[:1]

    def _can_serve(self, gateway: Gateway, request: GatewayRequest) -> bool:
        ability = self._ability(gateway, request.image_request.model)
        is_supported = ability.supports(request.image_request, n=request.n)
        return is_supported and unsaid_option(request, ability, gateway) is None

    def _next(self, policy: FailoverPolicy, request: GatewayRequest) -> tuple[OpenGateway, float]:
        """Return which gateway may be sent the request, and after which pause in seconds.

        Raises:
            GatewayFailure: none may.
        """
        policy.offer(self._able_gateways(request))
        if candidate := policy.next():
            return self._gateways.in_use(candidate.gateway.name), candidate.wait_s
        failure = policy.failure()
        self._log_end(request, failure)
        raise failure

    def _succeeded(self, used: Gateway, model: str) -> None:
        self._health.succeeded(used.name, model)
        self._paths.confirm(used)

    def _record(
        self, failure: GatewayFailure, model: str, used: Gateway, opened: OpenGateway
    ) -> None:
        if not self._gateways.is_in_use(opened):
            return
        self._unsupported_fields.record(failure, used, model)
        self._paths.refused(failure, used)
        if self._health.failed(failure, model):
            log.error(
                "gateway.down",
                gateway=failure.gateway,
                model=model,
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
        log_failure("gateway.failed", request, failure)

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
        self, request: GatewayRequest, *, gateway: str, task_id: str, sent_at: int | None = None
    ) -> AsyncGenerator[GatewayEvent, None]:
        """Look once at a task that outlived its budget; nothing is sent again."""
        return self._continue(request, gateway, lambda exchange: exchange.look(task_id), sent_at)

    def fetch(
        self, request: GatewayRequest, *, gateway: str, urls: Sequence[str]
    ) -> AsyncGenerator[GatewayEvent, None]:
        """Download what this gateway has named, until ``Received``; nothing is sent again."""
        return self._continue(request, gateway, lambda exchange: exchange.fetch(urls))

    async def _continue(
        self,
        request: GatewayRequest,
        name: str,
        run: Run,
        sent_at: int | None = None,
    ) -> AsyncGenerator[GatewayEvent, None]:
        try:
            polls = self._poll(request, self._of_task(name, sent_at), run)
            async with aclosing(polls) as events:
                async for event in events:
                    yield event
        except GatewayFailure as failure:
            self._log_end(request, failure)
            raise

    async def _poll(
        self, request: GatewayRequest, opened: OpenGateway, run: Run
    ) -> AsyncGenerator[GatewayEvent, None]:
        while True:
            following = request
            try:
                async with aclosing(run(self._exchange(request, opened))) as events:
                    async for event in events:
                        following = following.after(event)
                        yield event
            except GatewayFailure as failure:
                renewed = self._gateways.renewed(opened)
                if failure.kind is not GatewayErrorKind.AUTH or renewed is None:
                    raise
                opened = renewed
                request = request if failure.billed is Billed.NO else following
            else:
                return

    def _of_task(self, name: str, sent_at: int | None) -> OpenGateway:
        if opened := self._gateways.of_task(name, sent_at):
            return opened
        raise GatewayFailure(
            kind=GatewayErrorKind.TASK_LOST,
            gateway=name,
            billed=Billed.MAYBE,
            detail="this gateway is configured no more",
        )

    async def _new_exchange(self, request: GatewayRequest, opened: OpenGateway) -> Exchange:
        """Return an exchange that has the mask as this gateway takes it."""
        ability = self._ability(opened.gateway, request.image_request.model)
        return self._exchange(await with_prepared_mask(request, ability, opened.gateway), opened)

    def _exchange(self, request: GatewayRequest, opened: OpenGateway) -> Exchange:
        gateway, action = opened.gateway, request.image_request.action
        kind = ActionExchange if action else Exchange
        return kind(
            request=request,
            model=self._ability(gateway, request.image_request.model),
            gateway=self._paths.apply(
                self._unsupported_fields.apply(gateway, request.image_request.model)
            ),
            session=opened.session,
            downloader=opened.downloader,
            reading=self._reading,
            clock=self._clock,
            unread=self._unread,
            surplus=self._surplus,
        )

    def _ability(self, gateway: Gateway, model: str) -> ModelAbilities:
        try:
            return self._catalogue.ability(gateway.name, model)
        except UnknownModel:
            # It is no longer offered, but what was paid for is still polled and downloaded.
            return ModelAbilities(name=model, label=model, prompt_max=1, auto=True)

"""One request to a gateway whose reply is words: sent at most once, with bounded replies."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import structlog
from yarl import URL

from bot.core.clock import Clock
from bot.core.errors.gateway import GatewayErrorKind, GatewayFailure
from bot.core.models import Billed
from bot.gateways.connections import same_origin_target
from bot.gateways.gateway import CONNECT_TIMEOUT_S, Gateway
from bot.gateways.paid_post import PostFailed, connection_lost, send_post
from bot.gateways.reply.error_classifier import (
    ClassifiedError,
    GatewayResponse,
    classify_error,
    request_id,
)
from bot.gateways.reply.redaction import redact
from bot.gateways.request.builder import HttpRequest
from bot.gateways.routing.open_gateways import OpenGateway

log: structlog.stdlib.BoundLogger = structlog.get_logger()

MAX_REPLY_BYTES = 1 << 20
_PIECE_BYTES = 1 << 14
_MAX_GETS = 3  # redirects included

PAID_TIMEOUT_S = 90.0
"""So long the reply to one paid request may take, that of a slow model included."""
MOST_WAIT_S = 120
"""So long one may wait for its turn at a gateway: later nobody could be answered any more."""

Note = Callable[[str], Awaitable[None]]
"""Writes down what is about to be done, or has come: with the gateway's name, or a task's id."""

Decode = Callable[[bytes], object]
"""Returns the JSON of a reply, None if it is none."""


@asynccontextmanager
async def in_turn(opened: OpenGateway, clock: Clock) -> AsyncIterator[None]:
    """Keep to a gateway's limit of concurrent requests; raise GatewayFailure where that lasts."""
    asked_ms = clock.now()
    async with opened.limited(clock):
        if clock.now() - asked_ms > MOST_WAIT_S * 1000:
            raise GatewayFailure(
                kind=GatewayErrorKind.RATE_LIMITED,
                gateway=opened.gateway.name,
                billed=Billed.NO,
                detail="other requests took all of max_at_once for too long",
            )
        yield


@dataclass(frozen=True, slots=True)
class TextExchange:
    """Requests of one question at one gateway, and what their failures mean.

    ``asked`` names the model or the call in the log; ``prompts`` are never in it.
    """

    opened: OpenGateway
    clock: Clock
    asked: str
    decode: Decode
    prompts: tuple[str, ...] = field(default=(), repr=False)

    @property
    def gateway(self) -> Gateway:
        """Return the gateway."""
        return self.opened.gateway

    async def post(self, request: HttpRequest, *, timeout_s: float) -> GatewayResponse:
        """Send a paid POST once, and read its reply; raise GatewayFailure where none comes."""
        try:
            with ExitStack() as connection:
                response = await send_post(
                    self.opened.session, request, self.gateway, connection, timeout_s=timeout_s
                )
                return await self._read(response)
        except PostFailed as failed:
            error = ClassifiedError(failed.kind, failed.billed, failed.detail)
            raise self.failure(error) from None

    async def get(self, url: URL, *, timeout_s: float) -> GatewayResponse:
        """Ask for what costs nothing.

        Raises:
            PostFailed: no reply came, or one that is too large.
        """
        timeout = aiohttp.ClientTimeout(timeout_s, connect=CONNECT_TIMEOUT_S)
        headers = self.gateway.request_headers()
        try:
            for _ in range(_MAX_GETS):
                async with self.opened.session.get(
                    url, headers=headers, timeout=timeout, allow_redirects=False
                ) as response:
                    target = same_origin_target(response)
                    if target is None:
                        return await self._read(response)
                    url = target
        except (aiohttp.ClientError, TimeoutError) as lost:
            failed = connection_lost(lost)
        else:
            failed = connection_lost(aiohttp.ClientError("redirected too often"))
        # Outside of the handler, because aiohttp's errors carry URLs into tracebacks.
        raise failed

    async def _read(self, response: aiohttp.ClientResponse) -> GatewayResponse:
        data, lost = await _bounded(response)
        body = self.decode(data)
        if lost and not (isinstance(body, dict) and data.lstrip().startswith(b"{")):
            raise lost  # of a stream, or of JSON that is not whole
        text = data.decode(errors="replace")
        return GatewayResponse(response.status, response.headers, body, text)

    # --- failures -------------------------------------------------------------------------------

    def classified(self, response: GatewayResponse) -> ClassifiedError:
        """Return what a reply without words means."""
        return classify_error(
            response,
            now_ms=self.clock.now(),
            kinds=self.gateway.error_kinds,
            prompts=self.prompts,
        )

    def failure(
        self, error: ClassifiedError, response: GatewayResponse | None = None
    ) -> GatewayFailure:
        """Return a failure without secrets, and log it."""
        secrets = self.gateway.private_texts
        found = request_id(response.headers, response.body) if response else None
        failure = GatewayFailure(
            kind=error.kind,
            gateway=self.gateway.name,
            billed=error.billed,
            retry_after_s=error.retry_after_s,
            http_status=response.status if response else None,
            request_id=redact(found, secrets) if found else None,
            detail=redact(error.message, secrets, prompts=self.prompts),
        )
        log.warning(
            "text.failed",
            gateway=failure.gateway,
            model=self.asked,
            kind=failure.kind.value,
            billed=failure.billed.value,
            http_status=failure.http_status,
            request_id=failure.request_id,
            detail=failure.detail,
        )
        return failure


async def _bounded(response: aiohttp.ClientResponse) -> tuple[bytes, PostFailed | None]:
    """Return what arrived, and how the connection broke before the end; raise PostFailed."""
    data = bytearray()
    lost: PostFailed | None = None
    try:
        async for piece in response.content.iter_chunked(_PIECE_BYTES):
            data += piece
            if len(data) > MAX_REPLY_BYTES:
                break
    except (aiohttp.ClientError, TimeoutError) as error:
        lost = connection_lost(error)
    if len(data) <= MAX_REPLY_BYTES:
        return bytes(data), lost
    detail = f"the reply has more than {MAX_REPLY_BYTES} bytes"
    raise PostFailed(GatewayErrorKind.BAD_RESPONSE, Billed.MAYBE, detail)

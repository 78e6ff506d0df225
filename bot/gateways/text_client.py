"""Ask a chat model of a gateway: one paid POST, sent at most once, and the text of its reply."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from http import HTTPStatus

import aiohttp
import structlog
from yarl import URL

from bot.core.clock import Clock
from bot.core.errors.gateway import GatewayErrorKind, GatewayFailure
from bot.core.models import Billed
from bot.gateways.addresses import exact_url
from bot.gateways.connections import limit_undecrypted
from bot.gateways.gateway import CONNECT_TIMEOUT_S, Gateway
from bot.gateways.reply.chat_text import decode_chat, read_chat
from bot.gateways.reply.error_classifier import (
    ClassifiedError,
    GatewayResponse,
    classify_error,
    request_id,
)
from bot.gateways.reply.redaction import error_words, redact
from bot.gateways.request.body import RequestBody, RequestBuildFailed
from bot.gateways.request.chat import ChatQuestion, chat_body
from bot.gateways.routing.open_gateways import OpenGateway
from bot.gateways.routing.router import Router

log: structlog.stdlib.BoundLogger = structlog.get_logger()

TIMEOUT_S = 90.0
"""So long one request may take, a slow model included."""
MAX_REPLY_BYTES = 1 << 20
_PIECE_BYTES = 1 << 14
_MAX_POSTS = 2  # the first one, and one after a redirect
_REDIRECTS_OF_A_POST = (HTTPStatus.TEMPORARY_REDIRECT, HTTPStatus.PERMANENT_REDIRECT)
# Nothing was sent: not even the connection was made, here or by the proxy.
_UNREACHABLE = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ClientHttpProxyError,
)

BeforeSending = Callable[[str], Awaitable[None]]
"""Writes down that a gateway of this name is about to be sent the request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextModel:
    """The chat model of the operator: ``gateway`` is empty for the first one."""

    name: str
    gateway: str = ""
    constants: Mapping[str, object]
    timeout_s: float = TIMEOUT_S


class _ReplyTooLong(Exception):
    """The reply has more than MAX_REPLY_BYTES."""


class _Redirected(Exception):
    """The gateway redirects the request where it is not followed."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True, slots=True)
class TextClient:
    """Sends requests to the chat model, over the connections that pictures are requested on."""

    router: Router
    model: TextModel
    clock: Clock

    async def ask(self, question: ChatQuestion, *, before_sending: BeforeSending) -> str:
        """Return what the model says.

        Raises:
            GatewayFailure: it says nothing; ``billed`` tells whether that was paid for.
        """
        opened = self.router.opened(self.model.gateway)
        if opened is None:
            raise self._failure(GatewayErrorKind.MODEL_UNAVAILABLE, Billed.NO, "no such gateway")
        async with opened.limited(self.clock):
            with ExitStack() as files:
                try:
                    body = chat_body(question, self.model.name, self.model.constants, files)
                except RequestBuildFailed as failed:
                    raise self._failure(failed.kind, Billed.NO, failed.detail) from failed
                await before_sending(opened.gateway.name)
                exchange = _TextExchange(self, opened, body, question)
                return await self.clock.wait(exchange.run(), "text model")

    def _failure(self, kind: GatewayErrorKind, billed: Billed, detail: str) -> GatewayFailure:
        return GatewayFailure(kind=kind, gateway=self.model.gateway, billed=billed, detail=detail)


@dataclass(frozen=True, slots=True)
class _TextExchange:
    """One request and its reply."""

    client: TextClient
    opened: OpenGateway
    body: RequestBody
    question: ChatQuestion

    @property
    def _gateway(self) -> Gateway:
        return self.opened.gateway

    async def run(self) -> str:
        """Send the request and read the reply; it raises as ``TextClient.ask`` does."""
        try:
            response = await self._response()
        except _UNREACHABLE as unreachable:
            kind, billed, detail = GatewayErrorKind.UNREACHABLE, Billed.NO, error_words(unreachable)
        except (aiohttp.ClientError, TimeoutError) as lost:
            kind, billed, detail = GatewayErrorKind.TIMEOUT_UNKNOWN, Billed.MAYBE, error_words(lost)
        except _ReplyTooLong:
            kind, billed = GatewayErrorKind.BAD_RESPONSE, Billed.MAYBE
            detail = f"the reply has more than {MAX_REPLY_BYTES} bytes"
        except _Redirected as redirected:
            kind, detail = GatewayErrorKind.BAD_RESPONSE, f"redirect: HTTP {redirected.status}"
            is_get = redirected.status == HTTPStatus.SEE_OTHER
            billed = Billed.MAYBE if is_get else Billed.NO
        else:
            return self._text(response)
        # Outside of the handlers, because aiohttp's errors carry URLs into tracebacks.
        raise self._failure(ClassifiedError(kind, billed, detail))

    # --- HTTP -----------------------------------------------------------------------------------

    async def _response(self) -> GatewayResponse:
        url = self._gateway.chat_url
        for _ in range(_MAX_POSTS):
            async with await self._post(url) as response:
                limit_undecrypted(response)
                if not HTTPStatus.MULTIPLE_CHOICES <= response.status < HTTPStatus.BAD_REQUEST:
                    data = await _read(response)
                    text = data.decode(errors="replace")
                    body = decode_chat(data)
                    return GatewayResponse(response.status, response.headers, body, text)
                url = self._redirect_target(response)
        raise _Redirected(HTTPStatus.PERMANENT_REDIRECT)

    async def _post(self, url: URL) -> aiohttp.ClientResponse:
        """Send the POST once: what ends or replies before the body has left concerns nothing."""
        headers = self._gateway.request_headers()
        headers["Content-Type"] = self.body.content_type
        timeout_s = self.client.model.timeout_s
        while True:
            try:
                response = await self.opened.session.post(
                    url,
                    data=self.body,
                    headers=headers,
                    timeout=aiohttp.ClientTimeout(timeout_s, connect=CONNECT_TIMEOUT_S),
                    allow_redirects=False,
                )
            except aiohttp.ClientError:
                if not self.body.is_held:
                    raise
            else:
                if not self.body.is_held:
                    return response
                response.close()

    def _redirect_target(self, response: aiohttp.ClientResponse) -> URL:
        # Any other redirect turns the POST into a GET, or sends the key to another host.
        if response.status in _REDIRECTS_OF_A_POST and self._gateway.redirects != "none":
            with suppress(ValueError):
                target = response.url.join(exact_url(response.headers.get("Location", "")))
                if target.origin() == response.url.origin() and target != response.url:
                    return target
        raise _Redirected(response.status)

    # --- the reply ------------------------------------------------------------------------------

    def _text(self, response: GatewayResponse) -> str:
        said = read_chat(response.body) if response.status < HTTPStatus.BAD_REQUEST else None
        if said is None:
            raise self._failure(self._classified(response), response)
        if said.is_declined:
            declined = ClassifiedError(GatewayErrorKind.MODERATION, Billed.YES, "")
            raise self._failure(declined, response)
        if not said.text:
            empty = ClassifiedError(GatewayErrorKind.BAD_RESPONSE, Billed.YES, "it has no text")
            raise self._failure(empty, response)
        return said.text

    def _classified(self, response: GatewayResponse) -> ClassifiedError:
        return classify_error(
            response,
            now_ms=self.client.clock.now(),
            kinds=self._gateway.error_kinds,
            prompts=self._prompts,
        )

    @property
    def _prompts(self) -> tuple[str, ...]:
        return self.question.words, self.question.instructions

    def _failure(
        self, error: ClassifiedError, response: GatewayResponse | None = None
    ) -> GatewayFailure:
        secrets = (*self._gateway.secrets, self._gateway.url.raw_host or "")
        found = request_id(response.headers, response.body) if response else None
        failure = GatewayFailure(
            kind=error.kind,
            gateway=self._gateway.name,
            billed=error.billed,
            retry_after_s=error.retry_after_s,
            http_status=response.status if response else None,
            request_id=redact(found, secrets) if found else None,
            detail=redact(error.message, secrets, prompts=self._prompts),
        )
        log.warning(
            "text.failed",
            gateway=failure.gateway,
            model=self.client.model.name,
            kind=failure.kind.value,
            billed=failure.billed.value,
            http_status=failure.http_status,
            request_id=failure.request_id,
            detail=failure.detail,
        )
        return failure


async def _read(response: aiohttp.ClientResponse) -> bytes:
    data = bytearray()
    async for piece in response.content.iter_chunked(_PIECE_BYTES):
        data += piece
        if len(data) > MAX_REPLY_BYTES:
            raise _ReplyTooLong
    return bytes(data)

"""Ask a chat model of a gateway: one paid POST, sent at most once, and the text of its reply."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from http import HTTPStatus

import aiohttp
import structlog

from bot.core.clock import Clock
from bot.core.errors.gateway import GatewayErrorKind, GatewayFailure
from bot.core.models import Billed
from bot.gateways.gateway import Gateway
from bot.gateways.paid_post import PostFailed, connection_lost, send_post
from bot.gateways.reply.chat_text import decode_chat, read_chat
from bot.gateways.reply.error_classifier import (
    ClassifiedError,
    GatewayResponse,
    classify_error,
    request_id,
)
from bot.gateways.reply.redaction import redact
from bot.gateways.request.body import RequestBody, RequestBuildFailed
from bot.gateways.request.builder import HttpRequest
from bot.gateways.request.chat import ChatQuestion, chat_body
from bot.gateways.routing.open_gateways import OpenGateway
from bot.gateways.routing.router import Router

log: structlog.stdlib.BoundLogger = structlog.get_logger()

TIMEOUT_S = 90.0
"""So long one request may take, a slow model included."""
MAX_REPLY_BYTES = 1 << 20
_PIECE_BYTES = 1 << 14

BeforeSending = Callable[[str], Awaitable[None]]
"""Writes down that a gateway of this name is about to be sent the request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextModel:
    """The chat model of the operator: ``gateway`` is empty for the first one."""

    name: str
    gateway: str = ""
    constants: Mapping[str, object]
    timeout_s: float = TIMEOUT_S


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
        with ExitStack() as connection:
            try:
                response = await self._response(connection)
            except PostFailed as failed:
                error = ClassifiedError(failed.kind, failed.billed, failed.detail)
                raise self._failure(error) from None
            return self._text(response)

    async def _response(self, connection: ExitStack) -> GatewayResponse:
        headers = self._gateway.request_headers()
        headers["Content-Type"] = self.body.content_type
        request = HttpRequest(self._gateway.chat_url, headers, self.body)
        response = await send_post(
            self.opened.session,
            request,
            self._gateway,
            connection,
            timeout_s=self.client.model.timeout_s,
        )
        data = await _read(response)
        text = data.decode(errors="replace")
        return GatewayResponse(response.status, response.headers, decode_chat(data), text)

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
    try:
        async for piece in response.content.iter_chunked(_PIECE_BYTES):
            data += piece
            if len(data) > MAX_REPLY_BYTES:
                break
    except (aiohttp.ClientError, TimeoutError) as lost:
        failed = connection_lost(lost)
    else:
        if len(data) <= MAX_REPLY_BYTES:
            return bytes(data)
        detail = f"the reply has more than {MAX_REPLY_BYTES} bytes"
        failed = PostFailed(GatewayErrorKind.BAD_RESPONSE, Billed.MAYBE, detail)
    raise failed

"""Ask a chat model of a gateway: one paid POST, sent at most once, and the text of its reply."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from http import HTTPStatus

from bot.core.clock import Clock
from bot.core.errors.gateway import GatewayErrorKind, GatewayFailure
from bot.core.models import Billed
from bot.gateways.reply.chat_text import decode_chat, read_chat
from bot.gateways.reply.error_classifier import ClassifiedError, GatewayResponse
from bot.gateways.request.body import RequestBody, RequestBuildFailed
from bot.gateways.request.builder import HttpRequest
from bot.gateways.request.chat import ChatQuestion, chat_body
from bot.gateways.routing.router import Router
from bot.gateways.text_exchange import PAID_TIMEOUT_S, Note, TextExchange, in_turn


@dataclass(frozen=True, slots=True, kw_only=True)
class TextModel:
    """The chat model of the operator: ``gateway`` is empty for the first one."""

    name: str
    gateway: str = ""
    constants: Mapping[str, object]
    timeout_s: float = PAID_TIMEOUT_S


@dataclass(frozen=True, slots=True)
class TextClient:
    """Sends requests to the chat model, over the connections that pictures are requested on."""

    router: Router
    model: TextModel
    clock: Clock

    async def ask(self, question: ChatQuestion, *, before_sending: Note) -> str:
        """Return what the model says.

        Raises:
            GatewayFailure: it says nothing; ``billed`` tells whether that was paid for.
        """
        opened = self.router.opened(self.model.gateway)
        if opened is None:
            raise self._failure(GatewayErrorKind.MODEL_UNAVAILABLE, Billed.NO, "no such gateway")
        async with in_turn(opened, self.clock):
            with ExitStack() as files:
                try:
                    body = chat_body(question, self.model.name, self.model.constants, files)
                except RequestBuildFailed as failed:
                    raise self._failure(failed.kind, Billed.NO, failed.detail) from failed
                await before_sending(opened.gateway.name)
                prompts = question.words, question.instructions
                exchange = TextExchange(opened, self.clock, self.model.name, decode_chat, prompts)
                return await self.clock.wait(self._asked(exchange, body), "text model")

    def _failure(self, kind: GatewayErrorKind, billed: Billed, detail: str) -> GatewayFailure:
        return GatewayFailure(kind=kind, gateway=self.model.gateway, billed=billed, detail=detail)

    async def _asked(self, exchange: TextExchange, body: RequestBody) -> str:
        headers = exchange.gateway.request_headers()
        headers["Content-Type"] = body.content_type
        request = HttpRequest(exchange.gateway.chat_url, headers, body)
        response = await exchange.post(request, timeout_s=self.model.timeout_s)
        return _text(exchange, response)


def _text(exchange: TextExchange, response: GatewayResponse) -> str:
    said = read_chat(response.body) if response.status < HTTPStatus.BAD_REQUEST else None
    if said is None:
        raise exchange.failure(exchange.classified(response), response)
    if said.is_declined:
        declined = ClassifiedError(GatewayErrorKind.MODERATION, Billed.YES, "")
        raise exchange.failure(declined, response)
    if not said.text:
        empty = ClassifiedError(GatewayErrorKind.BAD_RESPONSE, Billed.YES, "it has no text")
        raise exchange.failure(empty, response)
    return said.text

"""Ask a gateway's own call for words: one paid request, sent at most once, and perhaps its task."""

from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from itertools import chain
from pathlib import Path

from bot.core.clock import Clock
from bot.core.errors.gateway import GatewayErrorKind, GatewayFailure
from bot.core.models import Billed
from bot.gateways.call_tasks import submitted_task_of, task_id_of
from bot.gateways.calls import TextCallName
from bot.gateways.gateway import Gateway
from bot.gateways.paid_post import PostFailed
from bot.gateways.reply.chat_text import decode_json
from bot.gateways.reply.error_classifier import ClassifiedError, GatewayResponse, tells_error
from bot.gateways.reply.task_status import (
    SubmittedTask,
    error_json,
    status_word,
    task_state,
)
from bot.gateways.reply.text_places import texts_at
from bot.gateways.request.body import RequestBuildFailed, open_content
from bot.gateways.request.builder import HttpRequest
from bot.gateways.request.rendering import form_body, json_body
from bot.gateways.request.template import (
    TemplatePicture,
    TemplateValues,
    fill_template,
    merge_templates,
)
from bot.gateways.routing.open_gateways import OpenGateway
from bot.gateways.routing.router import Router
from bot.gateways.text_calls import TextCall
from bot.gateways.text_exchange import PAID_TIMEOUT_S, Note, TextExchange, in_turn
from bot.gateways.text_tasks import TextTask

VALUE_TIMEOUT_S = 60.0
"""So long the reply to a request for a value may take."""

_EMPTY = ClassifiedError(GatewayErrorKind.BAD_RESPONSE, Billed.YES, "it has no text")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a call is asked about: a JPEG, words, or a finished task."""

    picture: Path | None = None
    words: str = field(default="", repr=False)
    task_id: str = ""

    @property
    def values(self) -> Mapping[str, object]:
        """Return the values of placeholders; None for what there is not."""
        return {"prompt": self.words or None, "task": self.task_id or None}


@dataclass(frozen=True, slots=True)
class TaskName:
    """A finished task of a model: its id, or the path at which it was polled."""

    gateway: str
    model: str
    name: str


@dataclass(frozen=True, slots=True)
class TextCallClient:
    """Sends requests of text calls, over the connections that pictures are requested on."""

    router: Router
    clock: Clock
    timeout_s: float = PAID_TIMEOUT_S
    value_timeout_s: float = VALUE_TIMEOUT_S

    def call(self, name: TextCallName) -> TextCall | None:
        """Return the call that answers now: of the first gateway that has one."""
        gateway = self._gateway(name)
        return None if gateway is None else gateway.text_calls[name]

    def _gateway(self, name: TextCallName) -> Gateway | None:
        return next((one for one in self.router.gateways if name in one.text_calls), None)

    async def ask(
        self, name: TextCallName, asked: Asked, *, before_sending: Note, on_task: Note
    ) -> tuple[str, ...]:
        """Return the words that the gateway has found, at least one text.

        ``on_task`` is told the id of a task before it is polled.

        Raises:
            GatewayFailure: there are none; ``billed`` tells whether that was paid for.
        """
        gateway = self._gateway(name)
        opened = None if gateway is None else self.router.opened(gateway.name)
        if opened is None:
            raise _without_call(name)
        call = opened.gateway.text_calls[name]
        exchange = TextExchange(opened, self.clock, name, decode_json, (asked.words,))
        async with in_turn(opened, self.clock):
            with ExitStack() as files:
                request = _request(call, asked, exchange, files)
                await before_sending(opened.gateway.name)
                posted = exchange.post(request, timeout_s=self.timeout_s)
                response = await self.clock.wait(posted, "gateway")
            task = _task(call, response, exchange)
            if task is None:
                return _texts(call, response, exchange)
            await on_task(task.name)
            return await TextTask(exchange, task, call).texts()

    # --- a value of a finished task ---------------------------------------------------------------

    def has_value(self, name: TextCallName, task: TaskName) -> bool:
        """Tell whether a gateway in use may be asked for a value of its task."""
        opened = self._opened(name, task)
        return opened is not None and bool(_task_id(task, opened.gateway))

    def _opened(self, name: TextCallName, task: TaskName) -> OpenGateway | None:
        opened = self.router.opened(task.gateway) if task.gateway else None
        return opened if opened and name in opened.gateway.text_calls else None

    def rests(self, gateway: str) -> bool:
        """Tell whether nothing is sent to a gateway for a while, as it has failed."""
        return self.router.resting().get(gateway, 0.0) >= 1

    async def value(self, name: TextCallName, task: TaskName) -> str:
        """Return a value, which is free; ``has_value`` has said that it may be asked for.

        Raises:
            GatewayFailure: the gateway does not tell it.
        """
        opened = self._opened(name, task)
        if opened is None:  # a reload has just removed it
            raise _without_call(name)
        call = opened.gateway.text_calls[name]
        exchange = TextExchange(opened, self.clock, name, decode_json)
        valued = _valued(call, task, exchange, self.value_timeout_s)
        response = await self.clock.wait(valued, "gateway")
        return _texts(call, response, exchange)[0]


def _without_call(name: TextCallName) -> GatewayFailure:
    kind, detail = GatewayErrorKind.MODEL_UNAVAILABLE, f"no gateway has calls.{name}"
    return GatewayFailure(kind=kind, gateway="", billed=Billed.NO, detail=detail)


def _task_id(task: TaskName, gateway: Gateway) -> str:
    """Return the id of a task; empty where it is named by a path of no call of the gateway."""
    if not task.name.startswith("/"):
        return task.name
    calls = [*chain.from_iterable(gateway.calls.values()), gateway.actions.call]
    ids = (task_id_of(task.name, call, gateway, task.model) for call in calls)
    return next((each for each in ids if not each.startswith("/")), "")


async def _valued(
    call: TextCall, task: TaskName, exchange: TextExchange, timeout_s: float
) -> GatewayResponse:
    task_id = _task_id(task, exchange.gateway)
    url = exchange.gateway.value_url(call.request, task_id, task.model)
    if call.method == "POST":
        with ExitStack() as files:
            request = _request(call, Asked(task_id=task_id), exchange, files)
            return await exchange.post(replace(request, url=url), timeout_s=timeout_s)
    try:
        return await exchange.get(url, timeout_s=timeout_s)
    except PostFailed as failed:
        error = ClassifiedError(failed.kind, Billed.NO, failed.detail)
        raise exchange.failure(error) from None


def _request(call: TextCall, asked: Asked, exchange: TextExchange, files: ExitStack) -> HttpRequest:
    """Return the POST; ``files`` closes the picture.

    Raises:
        GatewayFailure: the picture is gone.
    """
    gateway = exchange.gateway
    try:
        images = _pictures(asked, files)
    except RequestBuildFailed as failed:
        error = ClassifiedError(failed.kind, Billed.NO, failed.detail)
        raise exchange.failure(error) from failed
    template = merge_templates(call.request.body, gateway.body)
    given = TemplateValues(asked.values, images)
    tree = {**fill_template(template, given), **gateway.asynchronous.body}
    body = form_body(tree) if call.request.form else json_body(tree)
    headers = gateway.request_headers()
    headers.update(gateway.asynchronous.header)
    headers["Content-Type"] = body.content_type
    return HttpRequest(gateway.call_url(call.request, ""), headers, body)


def _pictures(asked: Asked, files: ExitStack) -> tuple[TemplatePicture, ...]:
    if asked.picture is None:
        return ()
    content = open_content(asked.picture, param="picture")
    files.enter_context(closing(content.file))
    return (TemplatePicture("image-1", "jpeg", content),)


def _task(
    call: TextCall, response: GatewayResponse, exchange: TextExchange
) -> SubmittedTask | None:
    """Return the task that has the words once it is finished; None if the reply names none."""
    if response.status >= HTTPStatus.BAD_REQUEST:
        return None
    return submitted_task_of(
        call.request,
        response,
        exchange.gateway,
        "",
        has_pictures=False,
        now_ms=exchange.clock.now(),
    )


def _texts(call: TextCall, response: GatewayResponse, exchange: TextExchange) -> tuple[str, ...]:
    """Return the words of a reply that is no task; raise GatewayFailure without any."""
    is_success = response.status < HTTPStatus.MULTIPLE_CHOICES
    is_said = is_success and not tells_error(response)
    if is_said and (texts := texts_at(response.body, call.text)):
        return texts
    body = response.body
    if isinstance(body, dict) and task_state(status_word(body)) == "failure":
        response = replace(response, body=error_json(body))
    error = exchange.classified(response)
    is_empty = is_success and error.kind is GatewayErrorKind.NO_IMAGE
    raise exchange.failure(_EMPTY if is_empty else error, response)

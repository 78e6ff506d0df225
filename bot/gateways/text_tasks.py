"""Poll a task until its words are there; its request was paid and is never sent again.

A picture in such a task is the one that it is about, so only the words are looked for.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus

import structlog

from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.errors.gateway import GatewayFailure
from bot.core.models import Billed
from bot.gateways.paid_post import PostFailed
from bot.gateways.polling import (
    FINAL_KINDS,
    GONE,
    KINDS_OF_TASKS,
    TRY_AGAIN,
    UNKNOWN_TASK_GRACE_S,
)
from bot.gateways.reply.error_classifier import ClassifiedError, GatewayResponse, has_error
from bot.gateways.reply.task_status import (
    JsonObject,
    SubmittedTask,
    error_json,
    is_unknown_task,
    status_word,
    task_state,
)
from bot.gateways.reply.text_places import texts_at
from bot.gateways.text_calls import TextCall
from bot.gateways.text_exchange import TextExchange

log: structlog.stdlib.BoundLogger = structlog.get_logger()

BUDGET_S = 300.0
"""So long somebody waits for words, whatever the gateway's own ``poll.budget_s`` is."""
POLL_TIMEOUT_S = 60.0
_JITTER = 0.2


@dataclass(frozen=True, slots=True)
class TextTask:
    """One task, polled as often as the gateway's ``poll`` says."""

    exchange: TextExchange
    task: SubmittedTask
    call: TextCall
    chance: Callable[[], float] = random.random

    async def texts(self) -> tuple[str, ...]:
        """Return its words, at least one text.

        Raises:
            GatewayFailure: it failed, it has none, or nobody knows what becomes of it.
        """
        clock, poll = self.exchange.clock, self.exchange.gateway.poll
        budget_s = min(BUDGET_S, poll.budget_s)
        paused_s, began_ms = 0.0, clock.now()
        while True:
            spent_s = max(paused_s, (clock.now() - began_ms) / 1000)
            if spent_s >= budget_s:
                detail = f"the task may still finish: it was not done after {spent_s:.0f} s"
                error = ClassifiedError(Kind.TASK_UNFINISHED, Billed.MAYBE, detail)
                raise self.exchange.failure(error)
            pause_s = poll.interval_s * (1 + _JITTER * (2 * self.chance() - 1))
            pause_s = min(pause_s, budget_s - spent_s)
            await clock.wait(clock.sleep(pause_s), "pause")
            paused_s += pause_s
            response = await self._polled()
            if response is not None and (found := self._found(response, spent_s + pause_s)):
                return found

    async def _polled(self) -> GatewayResponse | None:
        """Return the reply to a poll, None where none came: then it is asked again."""
        url = self.task.url(self.exchange.gateway)
        got = self.exchange.get(url, timeout_s=POLL_TIMEOUT_S)
        try:
            return await self.exchange.clock.wait(got, "gateway")
        except PostFailed as lost:
            log.info("text.poll_failed", gateway=self.exchange.gateway.name, why=lost.kind.value)
            return None

    def _found(self, response: GatewayResponse, spent_s: float) -> tuple[str, ...]:
        """Return the words of a finished task, nothing of a running one.

        Raises:
            GatewayFailure: it will never have any.
        """
        body: JsonObject = response.body if isinstance(response.body, dict) else {}
        state = task_state(status_word(body))
        if response.status in TRY_AGAIN or response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return ()
        if response.status in GONE or is_unknown_task(body, response.text):
            if spent_s < UNKNOWN_TASK_GRACE_S:
                return ()
            raise self.exchange.failure(ClassifiedError(Kind.TASK_LOST, Billed.MAYBE, ""), response)
        if response.status >= HTTPStatus.MULTIPLE_CHOICES:
            raise self._stopped(response, FINAL_KINDS, Kind.TASK_LOST, Billed.MAYBE)
        if state == "failure":
            failed = replace(response, body=error_json(body))
            raise self._stopped(failed, KINDS_OF_TASKS, Kind.TASK_FAILED, Billed.NO)
        return self._words(response, body, is_finished=state == "success")

    def _words(
        self, response: GatewayResponse, body: JsonObject, *, is_finished: bool
    ) -> tuple[str, ...]:
        is_unsaid = not status_word(body)
        texts = texts_at(body, self.call.text) if is_finished or is_unsaid else ()
        if is_finished and not texts:
            empty = ClassifiedError(Kind.BAD_RESPONSE, Billed.YES, "the task has no text")
            raise self.exchange.failure(empty, response)
        if not texts and has_error(body) and is_unsaid:
            error = self.exchange.classified(response)
            if error.kind in FINAL_KINDS:
                raise self.exchange.failure(replace(error, billed=Billed.MAYBE), response)
        return texts

    def _stopped(
        self, response: GatewayResponse, kept: set[Kind], otherwise: Kind, billed: Billed
    ) -> GatewayFailure:
        error = self.exchange.classified(response)
        kind = error.kind if error.kind in kept else otherwise
        return self.exchange.failure(replace(error, kind=kind, billed=billed), response)

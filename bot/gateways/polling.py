"""Looking at an asynchronous task until it ends: its order was paid, and is never sent again."""

import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus

import aiohttp
import structlog
from yarl import URL

from bot.core.clock import Clock
from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.models import Billed
from bot.gateways.events import TaskProgress
from bot.gateways.gateway import CONNECT_TIMEOUT_S, Gateway
from bot.gateways.reply.download_spool import DownloadSpool
from bot.gateways.reply.error_classifier import (
    ClassifiedError,
    GatewayResponse,
    classify_error,
    retry_after_s,
)
from bot.gateways.reply.reader import ParsedReply, read_reply
from bot.gateways.reply.streaming_json import StreamingJson
from bot.gateways.reply.task_status import (
    TASK_STATES,
    SubmittedTask,
    is_unknown_task,
    progress_fraction,
    status_word,
    task_error,
)

log = structlog.get_logger()

# A task that was just accepted may not be known yet to the machine that is asked about it.
UNKNOWN_TASK_GRACE_S = 15
POLL_TIMEOUT_S = 120
_SHORTEST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 120.0
_JITTER = 0.2
_MAX_HOPS = 3

_GONE = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
_KEEP_ON = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)
# What a task may fail of that has a sentence of its own; everything else is a failed task.
_OWN_SENTENCES = {Kind.AUTH, Kind.QUOTA, Kind.MODERATION, Kind.INVALID_REQUEST, Kind.RATE_LIMITED}
_FINAL = {Kind.AUTH, Kind.QUOTA, Kind.MODERATION}


class TaskStopped(Exception):
    """A task brought no picture, or cannot be looked at any more."""

    def __init__(self, verdict: ClassifiedError, answer: GatewayResponse | None = None) -> None:
        super().__init__(verdict.kind.value)
        self.verdict = verdict
        self.answer = answer


class TaskPoller:
    """One task, looked at until it ends; ``reply`` then holds its pictures."""

    def __init__(
        self,
        task: SubmittedTask,
        gateway: Gateway,
        session: aiohttp.ClientSession,
        spool: DownloadSpool,
        clock: Clock,
        *,
        base: URL,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._reply: ParsedReply | None = None
        self._gateway = gateway
        self._session = session
        self._spool = spool
        self._clock = clock
        self._base = base
        self._chance = chance
        self._url = task.url(gateway)
        self._hint_s = task.retry_after_s
        self._began_ms = clock.now()
        self._paused_s = 0.0
        self._told: float | None = None
        self._has_told = False
        self._has_wondered = False

    @property
    def reply(self) -> ParsedReply:
        """Return what the task brought, when ``next_progress`` returned None."""
        assert self._reply is not None  # noqa: S101 - asked only then
        return self._reply

    async def next_progress(self) -> TaskProgress | None:
        """Look until there is progress to tell; None when the pictures are here.

        Raises:
            TaskStopped: there will be no picture, or nobody can tell.
            SpoolFailed: its pictures cannot be kept.
        """
        while self._reply is None:
            await self._pause()
            if pending := await self._look():
                return pending
        return None

    @property
    def _spent_s(self) -> float:
        # A clock that is set back must not make a task endless.
        return max(self._paused_s, (self._clock.now() - self._began_ms) / 1000)

    async def _pause(self) -> None:
        left_s = self._gateway.poll.budget_s - self._spent_s
        if left_s <= 0:
            words = f"the task may still finish: it was not done after {self._spent_s:.0f} s"
            raise TaskStopped(ClassifiedError(Kind.TASK_UNFINISHED, Billed.MAYBE, words))
        pause_s = min(left_s, self._wished_s())
        self._paused_s += pause_s
        await self._clock.wait(self._clock.sleep(pause_s), "pause")

    def _wished_s(self) -> float:
        if self._hint_s:
            return min(max(self._hint_s, _SHORTEST_PAUSE_S), _LONGEST_PAUSE_S)
        spread = 1 + _JITTER * (2 * self._chance() - 1)
        return self._gateway.poll.interval_s * spread

    async def _look(self) -> TaskProgress | None:
        json_reader = StreamingJson(self._spool)
        try:
            answer = await self._clock.wait(self._get(json_reader), "gateway")
        except (aiohttp.ClientError, TimeoutError) as lost:
            self._hint_s = None
            json_reader.discard()
            log.info("gateway.poll_failed", gateway=self._gateway.name, why=type(lost).__name__)
            return None
        reply = read_reply(json_reader, self._base)
        answer = replace(answer, body=reply.body, text=json_reader.text)
        self._hint_s = retry_after_s(answer.headers, "", now_ms=self._clock.now())
        if self._is_done(answer, reply):
            self._reply = reply
            return None
        json_reader.discard()
        return self._progress(answer)

    async def _get(self, json_reader: StreamingJson) -> GatewayResponse:
        url = self._url
        timeout = aiohttp.ClientTimeout(POLL_TIMEOUT_S, connect=CONNECT_TIMEOUT_S)
        headers = self._gateway.sent_headers()
        for _ in range(_MAX_HOPS):
            async with self._session.get(
                url, headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                target = _same_origin_target(response)
                if not target:
                    async for chunk in response.content.iter_any():
                        json_reader.feed(chunk)
                    return GatewayResponse(response.status, response.headers, None, "")
                url = target
        return GatewayResponse(HTTPStatus.LOOP_DETECTED, {}, None, "")

    def _progress(self, answer: GatewayResponse) -> TaskProgress | None:
        """Return what is new about a task that is not done; raise TaskStopped where that is all."""
        body = answer.body if isinstance(answer.body, dict) else {}
        self._wonder(status_word(body))
        fraction = progress_fraction(body)
        if fraction is not None and fraction > (self._told or 0):
            self._told = fraction
        elif self._has_told:
            return None
        self._has_told = True
        return TaskProgress(self._told if fraction is None else fraction)

    def _wonder(self, word: str) -> None:
        if word and word not in TASK_STATES and not self._has_wondered:
            self._has_wondered = True
            log.info("gateway.task_status", gateway=self._gateway.name, status=word[:40])

    # --- what a look means ----------------------------------------------------------------------

    def _is_done(self, answer: GatewayResponse, reply: ParsedReply) -> bool:
        """Tell whether the pictures are here; raise TaskStopped when they never will be."""
        body = answer.body if isinstance(answer.body, dict) else {}
        state = TASK_STATES.get(status_word(body))
        if answer.status in _KEEP_ON or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return False
        if answer.status in _GONE or is_unknown_task(body, answer.text):
            if self._spent_s < UNKNOWN_TASK_GRACE_S:
                return False
            raise TaskStopped(
                ClassifiedError(Kind.TASK_LOST, Billed.MAYBE, task_error(body).message), answer
            )
        if answer.status >= HTTPStatus.MULTIPLE_CHOICES:
            raise self._stopped(answer, answer.body, _FINAL, Kind.TASK_LOST)
        if state == "failure":
            raise self._stopped(answer, _why(body), _OWN_SENTENCES, Kind.TASK_FAILED)
        if reply.found and state != "pending":
            return state == "success" or not status_word(body)
        if state == "success":
            words = task_error(body).message or "the task succeeded without a picture"
            raise TaskStopped(ClassifiedError(Kind.NO_IMAGE, Billed.MAYBE, words), answer)
        if body.get("error") and not state:
            self._check_error(answer)
        return False

    def _check_error(self, answer: GatewayResponse) -> None:
        """Stop at an error that looking again does not mend."""
        stopped = self._stopped(answer, answer.body, _FINAL, Kind.TASK_FAILED)
        if stopped.verdict.kind in _FINAL:
            raise stopped

    def _stopped(
        self, answer: GatewayResponse, body: object, own: set[Kind], otherwise: Kind
    ) -> TaskStopped:
        """Judge why; whatever a gateway says, it took the order, and may have been paid."""
        verdict = classify_error(
            replace(answer, body=body),
            now_ms=self._clock.now(),
            kinds=self._gateway.error_kinds,
        )
        kind = verdict.kind if verdict.kind in own else otherwise
        return TaskStopped(replace(verdict, kind=kind, billed=Billed.MAYBE), answer)


def _same_origin_target(response: aiohttp.ClientResponse) -> URL | None:
    if not HTTPStatus.MULTIPLE_CHOICES <= response.status < HTTPStatus.BAD_REQUEST:
        return None
    with suppress(ValueError):
        target = response.url.join(URL(response.headers.get("Location", "")))
        if target.origin() == response.url.origin() and target != response.url:
            return target
    return None


def _why(body: Mapping[str, object]) -> dict[str, object]:
    """Return why a task failed, in the shape that the classifier knows best."""
    why = task_error(body)
    return {"error": {"message": why.message, "code": why.code, "type": why.type}}

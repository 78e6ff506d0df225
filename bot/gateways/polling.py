"""Poll an asynchronous task until it ends; its request was paid and is never sent again."""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from http import HTTPStatus

import aiohttp
import structlog

from bot.core.clock import Clock
from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.models import Billed
from bot.gateways.connections import same_origin_target
from bot.gateways.events import TaskProgress
from bot.gateways.gateway import CONNECT_TIMEOUT_S, Gateway
from bot.gateways.reply.download_spool import DownloadSpool
from bot.gateways.reply.error_classifier import (
    ClassifiedError,
    GatewayResponse,
    classify_error,
    has_error,
    retry_after_s,
)
from bot.gateways.reply.outline import text_outline
from bot.gateways.reply.reader import ParsedReply, read_reply
from bot.gateways.reply.redaction import redact
from bot.gateways.reply.reply_body import ReplyBody
from bot.gateways.reply.task_status import (
    JsonObject,
    SubmittedTask,
    error_json,
    is_unknown_task,
    progress_fraction,
    status_word,
    task_error,
    task_state,
)

log = structlog.get_logger()

# The server that is polled may not know a task yet that another one has just accepted.
UNKNOWN_TASK_GRACE_S = 15
POLL_TIMEOUT_S = 120
_MIN_PAUSE_S = 1.0
_MODAL = "MODAL"
_MAX_PAUSE_S = 120.0
_JITTER = 0.2
_MAX_REQUESTS = 3  # of one poll, redirects included
_MAX_STATUS = 40  # characters of a status that is logged

# Not 204: with it trueai's midjourney-proxy answers for a task that it does not have (ASP.NET's
# Ok(null)), but others may mean that there is nothing yet.
GONE = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
TRY_AGAIN = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS)
# The kinds that a failed task keeps, because they have their own texts; others are TASK_FAILED.
KINDS_OF_TASKS = {Kind.AUTH, Kind.QUOTA, Kind.MODERATION, Kind.INVALID_REQUEST, Kind.RATE_LIMITED}
# The errors of a poll after which polling again is useless.
FINAL_KINDS = {Kind.AUTH, Kind.QUOTA, Kind.MODERATION}


class TaskStopped(Exception):
    """A task brought no picture, or cannot be polled any more."""

    def __init__(self, error: ClassifiedError, response: GatewayResponse | None = None) -> None:
        super().__init__(error.kind.value)
        self.error = error
        self.response = response


class TaskAsksBack(Exception):
    """The task of an action goes on only when it has the prompt; ``prompt`` is its proposal."""

    def __init__(self, prompt: str) -> None:
        super().__init__()
        self.prompt = prompt


class TaskPoller:
    """Polls one task; when it has ended, ``reply`` holds its pictures."""

    def __init__(
        self,
        task: SubmittedTask,
        gateway: Gateway,
        session: aiohttp.ClientSession,
        spool: DownloadSpool,
        clock: Clock,
        *,
        reading: asyncio.Lock,
        prompts: Sequence[str],
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._reply: ParsedReply | None = None
        self._gateway = gateway
        self._session = session
        self._spool = spool
        self._clock = clock
        self._chance = chance
        self._reading = reading
        self._prompts = prompts
        self._modal = task.modal
        self._url = task.url(gateway)
        self._retry_after_s = task.retry_after_s
        self._began_ms = clock.now()
        self._paused_s = 0.0
        self._fraction: float | None = None
        self._has_reported = False
        self._has_shown_picture = False
        self._has_logged_status = False
        self._cut: ReplyBody | None = None  # the last reply if it was cut, for the operator

    @property
    def reply(self) -> ParsedReply:
        """Return the reply with the pictures, after ``next_progress`` returned None."""
        assert self._reply is not None  # noqa: S101 - not called earlier
        return self._reply

    async def next_progress(self) -> TaskProgress | None:
        """Poll until there is new progress; return None when the pictures have arrived.

        Raises:
            TaskStopped: the task failed, or its state cannot be determined.
            SpoolFailed: its pictures cannot be stored.
        """
        while self._reply is None:
            await self._pause()
            if progress := await self._poll():
                return progress
        return None

    @property
    def _spent_s(self) -> float:
        # A clock that is set back must not make a task endless.
        return max(self._paused_s, (self._clock.now() - self._began_ms) / 1000)

    async def _pause(self) -> None:
        left_s = self._gateway.poll.budget_s - self._spent_s
        if left_s <= 0:
            detail = f"the task may still finish: it was not done after {self._spent_s:.0f} s"
            raise TaskStopped(ClassifiedError(Kind.TASK_UNFINISHED, Billed.MAYBE, detail))
        if self._retry_after_s:
            pause_s = min(max(self._retry_after_s, _MIN_PAUSE_S), _MAX_PAUSE_S)
        else:
            pause_s = self._gateway.poll.interval_s * (1 + _JITTER * (2 * self._chance() - 1))
        pause_s = min(left_s, pause_s)
        self._paused_s += pause_s
        await self._clock.wait(self._clock.sleep(pause_s), "pause")

    async def _poll(self) -> TaskProgress | None:
        try:
            response, body = await self._clock.wait(self._get(), "gateway")
        except (aiohttp.ClientError, TimeoutError) as lost:
            self._retry_after_s = None
            log.info("gateway.poll_failed", gateway=self._gateway.name, why=type(lost).__name__)
            return None
        if self._cut:
            self._cut.discard()
        reply = self._parsed(body)
        self._cut = body if self._is_partial(body, reply) else None
        if self._cut:
            self._retry_after_s = None
            log.info("gateway.poll_failed", gateway=self._gateway.name, why="cut")
            return None
        response = replace(response, body=reply.body, text=body.json.text)
        self._retry_after_s = retry_after_s(response.headers, "", now_ms=self._clock.now())
        if self._is_done(response, reply):
            self._reply = reply
            return None
        body.json.discard()
        return self._new_progress(response)

    def _is_partial(self, body: ReplyBody, reply: ParsedReply) -> bool:
        """Tell whether a reply broke off before it said that its pictures are the results."""
        if body.is_cut and len(reply.pictures) < self._spool.pictures:
            return True
        is_whole = body.json.is_closed or body.picture
        is_success = task_state(status_word(_object(reply.body))) == "success"
        return bool(reply.pictures) and not (is_whole or is_success)

    def _parsed(self, body: ReplyBody) -> ParsedReply:
        if body.picture:
            return ParsedReply.of_file(body.picture, is_whole=not body.connection_error)
        return read_reply(body.json, self._gateway.reply_base)

    async def _get(self) -> tuple[GatewayResponse, ReplyBody]:
        url = self._url
        timeout = aiohttp.ClientTimeout(POLL_TIMEOUT_S, connect=CONNECT_TIMEOUT_S)
        headers = self._gateway.request_headers()
        for _ in range(_MAX_REQUESTS):
            async with self._session.get(
                url, headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                target = same_origin_target(response)
                if not target:
                    body = ReplyBody(response, self._spool, self._reading)
                    await body.open()
                    await body.read()
                    return GatewayResponse(response.status, response.headers, None, ""), body
                url = target
        raise aiohttp.ClientError("redirected too often")

    def _new_progress(self, response: GatewayResponse) -> TaskProgress | None:
        """Return the progress of a running task if it is new."""
        body = _object(response.body)
        self._log_unknown_status(status_word(body))
        fraction = progress_fraction(body)
        if fraction is not None and fraction > (self._fraction or 0):
            self._fraction = fraction
        elif self._has_reported:
            return None
        self._has_reported = True
        return TaskProgress(self._fraction if fraction is None else fraction)

    def _log_unknown_status(self, status: str) -> None:
        if status and task_state(status) is None and not self._has_logged_status:
            self._has_logged_status = True
            told = log.bind(gateway=self._gateway.name)
            status = redact(status, self._gateway.private_texts, prompts=self._prompts)
            status = status[:_MAX_STATUS]
            told.info("gateway.task_status_unknown", status=text_outline(status))
            told.debug("gateway.task_status_text", status=status)

    # --- what a poll's reply means --------------------------------------------------------------

    def _is_done(self, response: GatewayResponse, reply: ParsedReply) -> bool:
        """Tell whether the pictures have arrived; raise TaskStopped if they never will."""
        body = _object(response.body)
        status = status_word(body)
        state = task_state(status)
        if response.status in TRY_AGAIN or response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return False
        if status == _MODAL and self._modal == "question":
            raise TaskAsksBack(self._gateway.actions.proposed_prompt(body))
        if status == _MODAL and self._modal == "pending":
            return False
        if response.status in GONE or is_unknown_task(body, response.text):
            if self._spent_s < UNKNOWN_TASK_GRACE_S:
                return False
            error = ClassifiedError(Kind.TASK_LOST, Billed.MAYBE, task_error(body).message)
            raise TaskStopped(error, response)
        if response.status >= HTTPStatus.MULTIPLE_CHOICES:
            raise self._stopped(response, FINAL_KINDS, Kind.TASK_LOST)
        self._has_shown_picture = self._has_shown_picture or bool(reply.pictures)
        if state == "failure":
            failed = replace(response, body=error_json(body))
            raise self._failed(self._stopped(failed, KINDS_OF_TASKS, Kind.TASK_FAILED))
        if reply.pictures and state != "pending":
            return state == "success" or not status
        if state == "success":
            detail = "the task succeeded without a picture"
            raise TaskStopped(ClassifiedError(Kind.NO_IMAGE, Billed.MAYBE, detail), response)
        if has_error(body) and not state:
            stopped = self._stopped(response, FINAL_KINDS, Kind.TASK_FAILED)
            if stopped.error.kind is Kind.AUTH:  # about the poll, not about the task
                raise stopped
            if stopped.error.kind in FINAL_KINDS:  # after other errors it is polled again
                raise self._failed(stopped)
        return False

    def _failed(self, stopped: TaskStopped) -> TaskStopped:
        """Return the end of a task that failed: before any picture, it is certainly not billed."""
        billed = Billed.MAYBE if self._has_shown_picture else Billed.NO
        return TaskStopped(replace(stopped.error, billed=billed), stopped.response)

    def _stopped(
        self, response: GatewayResponse, kept_kinds: set[Kind], otherwise: Kind
    ) -> TaskStopped:
        """Classify the error. The gateway accepted the request, so it may have been billed."""
        error = classify_error(
            response,
            now_ms=self._clock.now(),
            kinds=self._gateway.error_kinds,
            prompts=self._prompts,
        )
        kind = error.kind if error.kind in kept_kinds else otherwise
        return TaskStopped(replace(error, kind=kind, billed=Billed.MAYBE), response)


def _object(body: object) -> JsonObject:
    return body if isinstance(body, dict) else {}

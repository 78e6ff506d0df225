"""Ask for prompts: hold, send, check what comes, settle; nothing is sent twice."""

import asyncio
from collections.abc import Coroutine, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import get_args

import structlog
from structlog.contextvars import bound_contextvars

from bot.core.clock import Clock
from bot.core.errors.base import EaselError
from bot.core.errors.gateway import GatewayErrorKind, GatewayFailure
from bot.core.errors.jobs import ShuttingDown
from bot.core.errors.options import PromptEmpty
from bot.core.errors.texts import (
    SuggestionGone,
    SuggestionOfAnother,
    TextBusy,
    TextDeclined,
    TextInDoubt,
    TextMisconfigured,
    TextUnusable,
)
from bot.core.job_ids import new_job_id
from bot.core.models import Billed, Requester
from bot.database.database import Database
from bot.database.outage import DatabaseBusy
from bot.images.references import Upload
from bot.images.vision_copies import VisionCopies
from bot.jobs.repository.text_requests import TextKind, TextOutcome, TextRequest, read_suggestions
from bot.jobs.text_billing import TextBilling
from bot.jobs.text_sources import FoundPrompts, TextQuestion, TextSource, TextSteps
from bot.moderation.moderation import PromptModeration, TextRefused

log: structlog.stdlib.BoundLogger = structlog.get_logger()

Kind = GatewayErrorKind
_OPERATORS = frozenset({Kind.AUTH, Kind.QUOTA, Kind.INVALID_REQUEST, Kind.MODEL_UNAVAILABLE})


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What was suggested, under the id by which buttons find it again; and what it has cost."""

    id: str
    prompts: tuple[str, ...] = field(repr=False)
    credits: int = 0


class TextRequests:
    """Asks what answers each kind, and owns what is under way: nobody's leaving interrupts it."""

    def __init__(
        self,
        sources: Mapping[TextKind, TextSource],
        billing: TextBilling,
        copies: VisionCopies,
        moderation: PromptModeration,
        clock: Clock,
    ) -> None:
        self._sources = sources
        self._billing = billing
        self._copies = copies
        self._moderation = moderation
        self._clock = clock
        self._tasks: set[asyncio.Task[Suggestions]] = set()
        self._closing = False

    def credits(self, kind: TextKind) -> int | None:
        """Return what a request costs now, None where nothing answers this kind."""
        source = self._sources.get(kind)
        return None if source is None else source.terms.credits

    async def describe(self, upload: Upload, requester: Requester, *, locale: str) -> Suggestions:
        """Return prompts that would paint a picture like this one.

        Raises:
            EaselError: nobody was charged; the sentence says what to do.
        """
        self._copies.check(upload)
        request = self._new("describe", requester)
        work = self._run(request, TextQuestion(locale), self._copies.lent(upload))
        return await self._owned(work)

    async def improve(self, prompt: str, requester: Requester, *, locale: str) -> Suggestions:
        """Return a better prompt, and behind it the person's own.

        Raises:
            PromptEmpty, TextRefused, EaselError: as ``describe`` does.
        """
        return await self._asked_about("improve", prompt, requester, locale)

    async def shorten(self, prompt: str, requester: Requester, *, locale: str) -> Suggestions:
        """Return shorter prompts for about the same picture; raise as ``improve`` does."""
        return await self._asked_about("shorten", prompt, requester, locale)

    async def _asked_about(
        self, kind: TextKind, prompt: str, requester: Requester, locale: str
    ) -> Suggestions:
        if not prompt.strip():
            raise PromptEmpty
        server_id = requester.server_id
        # Who is blocked is told that.
        await self._billing.check_blocked(requester)
        await self._moderation.check([prompt], server_id=server_id)
        request = self._new(kind, requester)
        work = self._run(request, TextQuestion(locale, prompt), nullcontext())
        return await self._owned(work)

    def _new(self, kind: TextKind, requester: Requester) -> TextRequest:
        """Return a request of which nothing is held yet.

        Raises:
            ShuttingDown, DatabaseBusy
        """
        source = self._sources[kind]
        if self._closing:
            raise ShuttingDown
        if not self._billing.liveness.may_send:
            raise DatabaseBusy
        now, terms = self._clock.now(), source.terms
        return TextRequest(
            new_job_id(now),
            kind,
            requester,
            source.name,
            terms.credits,
            terms.price,
            created_at=now,
        )

    async def _owned(self, work: Coroutine[object, object, Suggestions]) -> Suggestions:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    def _ended(self, task: asyncio.Task[Suggestions]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # whoever asked may have left

    async def close(self, *, grace_s: float) -> None:
        """Take nothing more, and let what is under way end for a while; the next start ends it."""
        self._closing = True
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=grace_s)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- one request ----------------------------------------------------------------------------

    async def _run(
        self,
        request: TextRequest,
        question: TextQuestion,
        picture: AbstractAsyncContextManager[Path | None],
    ) -> Suggestions:
        """Hold, ask and settle: whatever ends it, nothing is held afterwards."""
        source = self._sources[request.kind]
        steps = TextSteps(partial(self._sending, request), partial(self._billing.on_task, request))
        with bound_contextvars(text=request.id):
            await self._billing.hold(request)
            try:
                async with picture as path:
                    found = await source.ask(replace(question, picture=path), steps)
                return await self._answered(request, found, question.words)
            except GatewayFailure as failure:
                is_paid = failure.billed is not Billed.NO
                await self._billing.settle(request, _outcome(failure), is_paid=is_paid)
                raise _told(failure) from failure
            except Exception:
                await self._billing.end_open(request.held)
                raise

    async def _sending(self, request: TextRequest, gateway: str) -> None:
        if not await self._billing.sending(request, gateway):
            raise DatabaseBusy

    async def _answered(self, request: TextRequest, found: FoundPrompts, typed: str) -> Suggestions:
        """Settle, and keep what may be shown; behind a better prompt comes the person's own."""
        prompts = await self._allowed(found.prompts, request.requester.server_id)
        outcome = TextOutcome.ANSWERED
        if not prompts:
            is_declined = bool(found.prompts) or found.is_declined
            outcome = TextOutcome.DECLINED if is_declined else TextOutcome.UNUSABLE
        own = (typed,) if prompts and request.kind == "improve" else ()
        kept = (*prompts, *own)
        await self._billing.settle(request, outcome, is_paid=True, suggestions=kept)
        if not prompts:
            log.warning("text.no_suggestion", outcome=outcome.value)
            raise TextDeclined if outcome is TextOutcome.DECLINED else TextUnusable
        return Suggestions(request.id, kept, request.credits)

    async def _allowed(self, prompts: tuple[str, ...], server_id: int) -> tuple[str, ...]:
        """Return those prompts that may be painted in a server."""
        allowed = []
        for prompt in prompts:
            try:
                await self._moderation.check([prompt], server_id=server_id)
            except TextRefused:
                continue
            allowed.append(prompt)
        return tuple(allowed)


def text_kinds(requests: TextRequests | None) -> tuple[TextKind, ...]:
    """Return the kinds of requests that something answers."""
    kinds = get_args(TextKind) if requests else ()
    return tuple(kind for kind in kinds if requests and requests.credits(kind) is not None)


async def suggested_prompts(
    database: Database, request_id: str, number: int, *, user_id: int
) -> tuple[str, ...]:
    """Return what was suggested to a person, the ``number``-th prompt (from 1) among it.

    Raises:
        SuggestionGone, SuggestionOfAnother
    """
    kept = await database.read(read_suggestions, request_id)
    if kept is None or not 1 <= number <= len(kept.prompts):
        raise SuggestionGone
    if kept.user_id != user_id:
        raise SuggestionOfAnother
    return kept.prompts


def _outcome(failure: GatewayFailure) -> TextOutcome:
    if failure.kind is Kind.MODERATION:
        return TextOutcome.DECLINED
    if failure.billed is Billed.NO:
        return TextOutcome.REFUSED
    is_reply = failure.billed is Billed.YES or failure.kind in {Kind.NO_IMAGE, Kind.BAD_RESPONSE}
    return TextOutcome.UNUSABLE if is_reply else TextOutcome.UNKNOWN


def _told(failure: GatewayFailure) -> EaselError:
    """Return what a person is told of a failure."""
    outcome = _outcome(failure)
    if outcome is TextOutcome.DECLINED:
        return TextDeclined()
    if outcome is TextOutcome.UNUSABLE:
        return TextUnusable()
    if outcome is TextOutcome.UNKNOWN:
        return TextInDoubt()
    return TextMisconfigured() if failure.kind in _OPERATORS else TextBusy()

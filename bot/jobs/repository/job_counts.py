"""Count and trace the ends of jobs and attempts, each after the COMMIT that wrote it."""

from dataclasses import dataclass
from functools import partial

import msgspec

from bot.core.errors.gateway import GatewayErrorKind
from bot.core.metrics import (
    ATTEMPTS,
    GATEWAY_TIME,
    JOBS,
    MODERATION,
    OTHER,
    PICTURES,
    PRICE,
    Metrics,
)
from bot.core.models import Billed, JobState
from bot.core.traces import Span, Traces
from bot.database.transaction import Row, Transaction
from bot.jobs.repository.rows import Attempt, Cost

RECEIVED, INTERRUPTED = "received", "interrupted"
"""How an attempt ended that did not fail; the others are kinds of GatewayFailure."""

_MICROS = 1_000_000


class _Request(msgspec.Struct):
    """Of a stored request, the model."""

    model: str = OTHER


@dataclass(frozen=True, slots=True)
class AttemptEnd:
    """How an attempt ended: ``result`` is RECEIVED, INTERRUPTED, or the kind of its failure.

    ``ended_at`` is None where nobody saw the end.
    """

    attempt: Attempt
    cost: Cost
    result: str
    billed: Billed
    began_at: int
    ended_at: int | None


@dataclass(frozen=True, slots=True)
class JobCounts:
    """Counts and traces what a transaction writes, if it is committed."""

    metrics: Metrics
    traces: Traces

    def job_ended(self, tx: Transaction, row: Row, state: JobState) -> None:
        """Count a job by its row, whose request may be unreadable."""
        if self.metrics.is_on or self.traces.is_on:
            tx.on_commit(partial(self._count_job, row, state))

    def attempt_ended(self, tx: Transaction, end: AttemptEnd) -> None:
        """Count an attempt, what it cost and how long it took."""
        if self.metrics.is_on or self.traces.is_on:
            tx.on_commit(partial(self._count_attempt, end))

    def _count_job(self, row: Row, state: JobState) -> None:
        model = _model_in(row["request"])
        self.metrics.count(JOBS, state.value, model)
        if self.traces.is_on:
            self.traces.add(
                Span(
                    job_id=row["id"],
                    attempt=None,
                    began_at=row["created_at"],
                    ended_at=row["ended_at"],
                    is_done=state is JobState.DONE,
                    facts={"end": state.value, "model": model},
                )
            )

    def _count_attempt(self, end: AttemptEnd) -> None:
        gateway, model, cost = end.attempt.gateway, end.cost.model, end.cost
        count = self.metrics.count
        count(ATTEMPTS, gateway, model, end.result, end.billed.value)
        if cost.pictures:
            count(PICTURES, model, by=cost.pictures)
        if cost.price:
            count(PRICE, gateway, by=cost.price / _MICROS)
        if end.result == GatewayErrorKind.MODERATION:
            count(MODERATION, "gateway")
        if end.ended_at is not None:
            took_ms = max(end.ended_at - end.began_at, 0)  # the clock may have been set back
            self.metrics.observe(GATEWAY_TIME, took_ms / 1000, gateway)
        if self.traces.is_on:
            self.traces.add(_span_of(end))


def _span_of(end: AttemptEnd) -> Span:
    facts = {
        "gateway": end.attempt.gateway,
        "model": end.cost.model,
        "result": end.result,
        "billed": end.billed.value,
    }
    return Span(
        job_id=end.attempt.job_id,
        attempt=(end.attempt.slot, end.attempt.number),
        began_at=end.began_at,
        ended_at=end.began_at if end.ended_at is None else end.ended_at,
        is_done=end.result == RECEIVED,
        facts=facts,
    )


def count_late_pictures(tx: Transaction, metrics: Metrics, cost: Cost) -> None:
    """Count pictures that came late; their attempt and its price were counted before."""
    tx.on_commit(partial(metrics.count, PICTURES, cost.model, by=cost.pictures))


def _model_in(request: str) -> str:
    try:
        return msgspec.json.decode(request, type=_Request).model
    except (msgspec.MsgspecError, ValueError):
        return OTHER

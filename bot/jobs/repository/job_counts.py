"""Count the ends of jobs and attempts for the operator, each after the COMMIT that wrote it."""

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
from bot.database.transaction import Transaction
from bot.jobs.repository.rows import Attempt, Cost

RECEIVED, INTERRUPTED = "received", "interrupted"
"""How an attempt ended that did not fail; the others are kinds of GatewayFailure."""

_MICROS = 1_000_000


class _Request(msgspec.Struct):
    """Of a stored request, the model."""

    model: str = OTHER


@dataclass(frozen=True, slots=True)
class JobCounts:
    """Counts what a transaction writes, if it is committed."""

    metrics: Metrics

    def job_ended(self, tx: Transaction, state: JobState, request: str) -> None:
        """Count a job; ``request`` is its stored request, which may be unreadable."""
        if self.metrics.is_on:
            tx.on_commit(partial(self.metrics.count, JOBS, state.value, _model_in(request)))

    def attempt_ended(
        self, tx: Transaction, attempt: Attempt, cost: Cost, *, result: str, billed: Billed
    ) -> None:
        """Count an attempt; ``result`` is RECEIVED, INTERRUPTED, or the kind of its failure."""
        if self.metrics.is_on:
            tx.on_commit(partial(self._count, attempt.gateway, cost, result, billed))

    def took(self, tx: Transaction, attempt: Attempt, ms: int) -> None:
        """Count how long an attempt took."""
        if self.metrics.is_on:
            seconds = max(ms, 0) / 1000  # the clock may have been set back
            tx.on_commit(partial(self.metrics.observe, GATEWAY_TIME, seconds, attempt.gateway))

    def _count(self, gateway: str, cost: Cost, result: str, billed: Billed) -> None:
        count = self.metrics.count
        count(ATTEMPTS, gateway, cost.model, result, billed.value)
        if cost.pictures:
            count(PICTURES, cost.model, by=cost.pictures)
        if cost.price:
            count(PRICE, gateway, by=cost.price / _MICROS)
        if result == GatewayErrorKind.MODERATION:
            count(MODERATION, "gateway")


def count_late_pictures(tx: Transaction, metrics: Metrics, cost: Cost) -> None:
    """Count pictures that came late; their attempt and its price were counted before."""
    tx.on_commit(partial(metrics.count, PICTURES, cost.model, by=cost.pictures))


def _model_in(request: str) -> str:
    try:
        return msgspec.json.decode(request, type=_Request).model
    except (msgspec.MsgspecError, ValueError):
        return OTHER

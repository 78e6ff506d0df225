"""What the operator should hear at once: told to a listener, and not too often."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from types import TracebackType
from typing import Self

import structlog

from bot.core.errors.gateway import GatewayFailure

log = structlog.get_logger()

GATEWAY_ALERT_INTERVAL_MS = 3_600_000  # between two alarms about one gateway
BUDGET_ALERT_INTERVAL_MS = 24 * 3_600_000  # between two alarms about the same part of the budget
RETIREMENT_REMINDER_DAYS = (0, 1, 7, 30)  # days before a model retires


@dataclass(frozen=True, slots=True)
class Retirement:
    """A gateway's model that goes, or went, on a day."""

    gateway: str
    model: str
    on: date


@dataclass(frozen=True, slots=True)
class BudgetReached:
    """So many percent of a limit of the operator's budget are spent; ``limit`` is in micros."""

    percent: int
    limit: int
    period: str


OperatorAlert = GatewayFailure | Retirement | BudgetReached
AlertListener = Callable[[OperatorAlert], Awaitable[None]]
"""Hears of a gateway that is down, of a model that retires, or of the budget."""


class OperatorAlerts:
    """Rings for one listener, in tasks of its own, so that no order waits for the operator.

    Use it as an async context manager: its end cancels what is still being told. The ``listener``
    may be set later; what happened before then rings when it happens again.
    """

    def __init__(self, listener: AlertListener | None = None, *, now: Callable[[], int]) -> None:
        self.listener = listener
        self._now = now
        self._rung: dict[str, int] = {}  # when, by gateway
        self._spent: dict[BudgetReached, int] = {}  # when
        self._reminded: dict[Retirement, int] = {}  # with how many days left
        self._ringing: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        ringing = list(self._ringing)
        for task in ringing:
            task.cancel()
        await asyncio.gather(*ringing, return_exceptions=True)

    def down(self, failure: GatewayFailure) -> None:
        """Tell that a gateway is down, at most once an hour for each."""
        if not self._is_quiet(
            self._rung.get(failure.gateway), GATEWAY_ALERT_INTERVAL_MS
        ) and self._ring(failure):
            self._rung[failure.gateway] = self._now()

    def budget(self, reached: BudgetReached) -> None:
        """Tell that a part of the budget is spent, at most once a day for each."""
        if not self._is_quiet(self._spent.get(reached), BUDGET_ALERT_INTERVAL_MS) and self._ring(
            reached
        ):
            self._spent[reached] = self._now()

    def retires(self, retirement: Retirement, *, days_left: int) -> None:
        """Tell that a model retires: 30 days before, again a week and a day before, and then."""
        far = RETIREMENT_REMINDER_DAYS[-1] + 1
        step = next((days for days in RETIREMENT_REMINDER_DAYS if days_left <= days), far)
        if step < self._reminded.get(retirement, far) and self._ring(retirement):
            self._reminded[retirement] = step

    def _is_quiet(self, last: int | None, for_ms: int) -> bool:
        return last is not None and last <= self._now() < last + for_ms

    def _ring(self, alarm: OperatorAlert) -> bool:
        if self.listener is None:
            return False
        task = asyncio.ensure_future(self._told(self.listener, alarm))
        self._ringing.add(task)
        task.add_done_callback(self._rang)
        return True

    async def _told(self, listener: AlertListener, alarm: OperatorAlert) -> None:
        await listener(alarm)

    def _rang(self, task: asyncio.Task[None]) -> None:
        self._ringing.discard(task)
        if not task.cancelled() and (defect := task.exception()):
            log.error("gateway.alarm_lost", exc_info=defect)

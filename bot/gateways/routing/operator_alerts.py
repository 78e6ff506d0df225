"""Alert the operator: gateways are down, models retire, budgets are spent, backups fail."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import date
from typing import Literal, Self

import structlog

from bot.core.background_task import OwnedTasks
from bot.core.errors.gateway import GatewayFailure
from bot.gateways.routing.alert_claims import ONCE_MS, AlertClaims, Claim

log = structlog.get_logger()

GATEWAY_ALERT_INTERVAL_MS = 3_600_000  # between two alerts about one gateway
BUDGET_ALERT_INTERVAL_MS = 24 * 3_600_000  # between two alerts about the same part of the budget
RETIREMENT_REMINDER_DAYS = (0, 1, 7, 30)  # before a model retires
_BACKUP = "backup"


@dataclass(frozen=True, slots=True)
class Retirement:
    """A gateway's model that retires, or retired, on a day."""

    gateway: str
    model: str
    on: date


@dataclass(frozen=True, slots=True)
class BudgetReached:
    """``percent`` of a limit of the operator's budget are spent; ``limit`` is in micros."""

    percent: int
    limit: int
    period: str


BackupFault = Literal["full", "damaged", "other"]


@dataclass(frozen=True, slots=True)
class BackupFailed:
    """A scheduled copy of the database was not made: the disk is full, the database damaged."""

    fault: BackupFault


OperatorAlert = GatewayFailure | Retirement | BudgetReached | BackupFailed
AlertListener = Callable[[OperatorAlert], Coroutine[object, object, None]]
"""Sends an alert to the operator."""


class OperatorAlerts:
    """Passes alerts to one listener in background tasks, limiting how often.

    Use it as an async context manager: its exit cancels the tasks. The ``listener`` may be set
    later; earlier alerts are repeated when their cause occurs again. ``claims`` decide which of
    several processes passes an alert on.
    """

    def __init__(
        self,
        listener: AlertListener | None = None,
        *,
        now: Callable[[], int],
        claims: AlertClaims | None = None,
    ) -> None:
        self.listener = listener
        self._now = now
        self._claims = claims
        self._gateway_alerts: dict[str, int] = {}  # time of the last one
        self._budget_alerts: dict[BudgetReached, int] = {}  # time of the last one
        self._reminders: dict[Retirement, int] = {}  # the step of RETIREMENT_REMINDER_DAYS
        self._backup_fault: BackupFailed | None = None  # the last one that was told
        self._claiming = asyncio.Lock()  # one by one: what is told again stands behind its end
        self._tasks = OwnedTasks(lambda defect: log.error("gateway.alert_failed", exc_info=defect))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._tasks.end()

    async def idle(self) -> None:
        """Wait until what was alerted has been passed on."""
        await self._tasks.idle()

    def down(self, failure: GatewayFailure) -> None:
        """Alert that a gateway is down, at most once an hour for each."""
        last, interval_ms = self._gateway_alerts.get(failure.gateway), GATEWAY_ALERT_INTERVAL_MS
        claim = Claim(f"down {failure.gateway}", interval_ms)
        if not self._is_recent(last, interval_ms) and self._alert(failure, claim):
            self._gateway_alerts[failure.gateway] = self._now()

    def budget(self, reached: BudgetReached) -> None:
        """Alert that a part of the budget is spent, at most once a day for each."""
        last, interval_ms = self._budget_alerts.get(reached), BUDGET_ALERT_INTERVAL_MS
        subject = f"budget {reached.period} {reached.limit} {reached.percent}"
        claim = Claim(subject, interval_ms)
        if not self._is_recent(last, interval_ms) and self._alert(reached, claim):
            self._budget_alerts[reached] = self._now()

    def retires(self, retirement: Retirement, *, days_left: int) -> None:
        """Alert that a model retires: 30, 7 and 1 days before, and on the day."""
        far = RETIREMENT_REMINDER_DAYS[-1] + 1
        step = next((days for days in RETIREMENT_REMINDER_DAYS if days_left <= days), far)
        subject = f"retires {retirement.gateway} {retirement.model} {retirement.on} {step}"
        claim = Claim(subject, ONCE_MS)
        if step < self._reminders.get(retirement, far) and self._alert(retirement, claim):
            self._reminders[retirement] = step

    def backup_failed(self, failed: BackupFailed) -> None:
        """Alert that the backups fail: once for each cause, until one succeeds."""
        claim = Claim(f"{_BACKUP} {failed.fault}", ONCE_MS)
        if failed != self._backup_fault and self._alert(failed, claim):
            self._backup_fault = failed

    def backup_made(self) -> None:
        """Note that the backups work again."""
        if self._claims is not None:
            self._tasks.start(self._forget(self._claims, _BACKUP))
        self._backup_fault = None

    def _is_recent(self, last: int | None, interval_ms: int) -> bool:
        return last is not None and last <= self._now() < last + interval_ms

    def _alert(self, alert: OperatorAlert, claim: Claim) -> bool:
        if self.listener is None:
            return False
        self._tasks.start(self._pass_on(alert, claim, self.listener))
        return True

    async def _pass_on(self, alert: OperatorAlert, claim: Claim, listener: AlertListener) -> None:
        if await self._is_ours(claim):
            await listener(alert)

    async def _is_ours(self, claim: Claim) -> bool:
        if self._claims is None:
            return True
        async with self._claiming:
            return await self._claims.is_ours(claim)

    async def _forget(self, claims: AlertClaims, kind: str) -> None:
        async with self._claiming:
            await claims.forget(kind)

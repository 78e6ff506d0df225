"""Suspend gateways after failures: for how long, and for which reason."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Protocol

from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.errors.gateway import GatewayFailure
from bot.core.models import Billed

DOWN_SUSPENSION_S = 600  # the operator must renew the key or top up the account
RATE_LIMIT_SUSPENSION_S = 10  # for a rate limit without a hint
MAX_SUSPENSION_S = 3600  # a longer hint is shortened to this
TIMEOUTS_TO_SUSPEND = 3  # consecutive ones
REFUSALS_TO_SUSPEND = 3  # consecutive ones that one person's prompt may have caused
TIMEOUT_SUSPENSIONS_S = (15, 30, 60, 120, 240)  # consecutive ones; the last is repeated

_ALL_MODELS = ""
_DOWN_KINDS = (Kind.AUTH, Kind.QUOTA)
_TIMEOUT_KINDS = (Kind.UNREACHABLE, Kind.TIMEOUT_UNKNOWN)
_HINTED_KINDS = (Kind.RATE_LIMITED, Kind.MODEL_UNAVAILABLE, Kind.UPSTREAM, Kind.TIMEOUT_UNKNOWN)
_REPORTED_KINDS = (*_DOWN_KINDS, Kind.UNREACHABLE, Kind.MODEL_UNAVAILABLE)

HealthScope = tuple[str, str]
"""A gateway and one of its models, or all of them."""


@dataclass(frozen=True, slots=True)
class Suspension:
    """A time in which nothing is sent, in milliseconds since the epoch, and its cause."""

    since: int
    until: int
    failure: GatewayFailure

    def left_ms(self, now: int) -> int:
        """Return how long it still lasts."""
        # A clock that was set back must not make a suspension longer.
        return self.until - now if self.since <= now < self.until else 0


class SuspensionListener(Protocol):
    """Hears what happens to the suspensions; it must not wait."""

    def suspended(self, scope: HealthScope, suspension: Suspension) -> None:
        """Take note of a new or longer suspension."""

    def recovered(self, scope: HealthScope) -> None:
        """Take note that pictures arrived, or another gateway is meant, after a suspension."""


class Health:
    """The suspensions of all gateways, in memory: those made here, and those learnt from others."""

    def __init__(self, now: Callable[[], int]) -> None:
        self.listener: SuspensionListener | None = None
        self._now = now
        self._suspensions: dict[HealthScope, Suspension] = {}
        self._learnt: Mapping[HealthScope, Suspension] = {}
        self._timeouts: Counter[HealthScope] = Counter()
        self._refusals: Counter[HealthScope] = Counter()

    def suspended_s(self, gateway: str, model: str) -> float:
        """Return how long nothing is sent to this gateway for this model; mostly 0."""
        suspension = self._longest(gateway, model)
        return suspension.left_ms(self._now()) / 1000 if suspension else 0.0

    def reason(self, gateway: str, model: str) -> GatewayFailure | None:
        """Return the failure of a request that cannot be sent because of a suspension.

        Its ``retry_after_s`` is the time until the suspension ends. It was not billed.
        """
        suspension = self._longest(gateway, model)
        if suspension is None:
            return None
        known = suspension.failure.kind
        return replace(
            suspension.failure,
            # Other kinds concern only the request that failed: for this one they mean a wait.
            kind=known if known in _REPORTED_KINDS else Kind.RATE_LIMITED,
            billed=Billed.NO,
            retry_after_s=suspension.left_ms(self._now()) / 1000,
        )

    def succeeded(self, gateway: str, model: str) -> None:
        """Record that pictures arrived: consecutive failures are counted from 0 again."""
        for scope in ((gateway, _ALL_MODELS), (gateway, model)):
            del self._timeouts[scope]
            del self._refusals[scope]
            if scope in self._suspensions and not self._suspensions[scope].left_ms(self._now()):
                self._end(scope)

    def learn(self, learnt: Mapping[HealthScope, Suspension]) -> None:
        """Suspend what other processes suspend, instead of what they did before."""
        self._learnt = learnt

    def forget(self, gateway: str) -> None:
        """Forget the failures of a gateway that is another one now: perhaps they are mended."""
        self._learnt = {one: each for one, each in self._learnt.items() if one[0] != gateway}
        scopes = {*self._suspensions, *self._timeouts, *self._refusals}
        for scope in (one for one in scopes if one[0] == gateway):
            self._end(scope)
            del self._timeouts[scope]
            del self._refusals[scope]

    def failed(self, failure: GatewayFailure, model: str) -> bool:
        """Record a failure; return True if it makes a gateway go down that was not down."""
        scope = (failure.gateway, model)
        if failure.kind in _TIMEOUT_KINDS:
            self._timed_out(failure, scope)
        else:
            del self._timeouts[failure.gateway, _ALL_MODELS]
            del self._timeouts[scope]
        if failure.kind in _DOWN_KINDS and failure.billed is Billed.NO:
            return self._refused(failure, scope)
        if failure.kind in _HINTED_KINDS:
            default_s = RATE_LIMIT_SUSPENSION_S if failure.kind is Kind.RATE_LIMITED else 0
            if wait_s := min(failure.retry_after_s or default_s, MAX_SUSPENSION_S):
                self._suspend(scope, wait_s, failure)
        return False

    def _refused(self, failure: GatewayFailure, scope: HealthScope) -> bool:
        # 401 is about the key, 403 about what the key may do with this model.
        is_forbidden = failure.kind is Kind.AUTH and failure.http_status == HTTPStatus.FORBIDDEN
        if not is_forbidden:
            scope = (failure.gateway, _ALL_MODELS)
        else:  # a firewall may forbid one prompt
            self._refusals[scope] += 1
            if self._refusals[scope] < REFUSALS_TO_SUSPEND:
                return False
        known = self._running(scope)
        self._suspend(scope, DOWN_SUSPENSION_S, failure)
        return known is None or known.failure.kind not in _DOWN_KINDS

    def _timed_out(self, failure: GatewayFailure, scope: HealthScope) -> None:
        if failure.kind is Kind.UNREACHABLE:
            scope = (failure.gateway, _ALL_MODELS)
        else:  # it could be connected to
            del self._timeouts[failure.gateway, _ALL_MODELS]
        if self._running(scope):  # concurrent requests that fail together count once
            return
        self._timeouts[scope] += 1
        suspensions = self._timeouts[scope] - TIMEOUTS_TO_SUSPEND
        if suspensions >= 0:
            step = min(suspensions, len(TIMEOUT_SUSPENSIONS_S) - 1)
            self._suspend(scope, TIMEOUT_SUSPENSIONS_S[step], failure)

    def _suspend(self, scope: HealthScope, wait_s: float, failure: GatewayFailure) -> None:
        now = self._now()
        # A copy, because an exception that was raised keeps its frames in memory.
        suspension = Suspension(now, now + round(wait_s * 1000), replace(failure))
        known = self._running(scope)
        if known is None or known.until < suspension.until:
            self._suspensions[scope] = suspension
            if self.listener is not None:
                self.listener.suspended(scope, suspension)

    def _end(self, scope: HealthScope) -> None:
        if self._suspensions.pop(scope, None) is not None and self.listener is not None:
            self.listener.recovered(scope)

    def _longest(self, gateway: str, model: str) -> Suspension | None:
        running = map(self._running, ((gateway, _ALL_MODELS), (gateway, model)))
        return max(filter(None, running), key=lambda one: one.until, default=None)

    def _running(self, scope: HealthScope) -> Suspension | None:
        found = (self._suspensions.get(scope), self._learnt.get(scope))
        running = [each for each in found if each and each.left_ms(self._now())]
        return max(running, key=lambda one: one.until, default=None)

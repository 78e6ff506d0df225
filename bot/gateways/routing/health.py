"""How the gateways are: which of them must rest, until when, and why."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus

from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.errors.gateway import GatewayFailure
from bot.core.models import Billed

DOWN_SUSPENSION_S = 600  # somebody has to renew a key or top up an account
RATE_LIMIT_SUSPENSION_S = 10  # for a busy gateway that does not say how long
MAX_SUSPENSION_S = 3600  # a gateway that names a longer time is asked again after this one
TIMEOUTS_TO_SUSPEND = 3  # in a row, before a gateway must rest for them
REFUSALS_TO_SUSPEND = 3  # the same for refusals that one person's prompt may have caused
TIMEOUT_SUSPENSIONS_S = (15, 30, 60, 120, 240)  # from one rest to the next; the last is repeated

_ALL = ""  # stands for every model of a gateway
_DOWN = (Kind.AUTH, Kind.QUOTA)
_SILENT = (Kind.UNREACHABLE, Kind.TIMEOUT_UNKNOWN)
_HINTING = (Kind.RATE_LIMITED, Kind.MODEL_UNAVAILABLE, Kind.UPSTREAM, Kind.TIMEOUT_UNKNOWN)
_TOLD_AS_IT_IS = (*_DOWN, Kind.UNREACHABLE, Kind.MODEL_UNAVAILABLE)

HealthScope = tuple[str, str]
"""A gateway and one of its models, or all of them."""


@dataclass(frozen=True, slots=True)
class Suspension:
    """A time in which nothing is sent, in milliseconds since the epoch, and what it comes from."""

    since: int
    until: int
    failure: GatewayFailure

    def left_ms(self, now: int) -> int:
        """Return how long it still lasts."""
        # A clock that was set back must not make a rest longer.
        return self.until - now if self.since <= now < self.until else 0


class Health:
    """What the last failures mean for the next orders; in memory, by the injected clock."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._rests: dict[HealthScope, Suspension] = {}
        self._silences: Counter[HealthScope] = Counter()
        self._doubts: Counter[HealthScope] = Counter()

    def suspended_ms(self, gateway: str, model: str) -> int:
        """Return how long nothing is sent to this gateway for this model; mostly 0."""
        rest = self._rest(gateway, model)
        return rest.left_ms(self._now()) if rest else 0

    def reason(self, gateway: str, model: str) -> GatewayFailure | None:
        """Return the failure of an order that cannot be sent because of a rest; it costs nothing.

        Its ``retry_after_s`` is the time until the rest is over.
        """
        rest = self._rest(gateway, model)
        if rest is None:
            return None
        known = rest.failure.kind
        return replace(
            rest.failure,
            # What is doubtful about another order is only a reason to wait for this one.
            kind=known if known in _TOLD_AS_IT_IS else Kind.RATE_LIMITED,
            billed=Billed.NO,
            retry_after_s=rest.left_ms(self._now()) / 1000,
        )

    def succeeded(self, gateway: str, model: str) -> None:
        """Note that pictures came: what failed in a row begins anew."""
        pair = (gateway, model)
        self._answered(pair)
        for place in _both(pair):
            del self._doubts[place]

    def failed(self, failure: GatewayFailure, model: str) -> bool:
        """Note a failure; return True if the gateway is down from now on, and was not before."""
        pair = (failure.gateway, model)
        if failure.kind in _SILENT:
            self._silent(failure, pair)
        else:
            self._answered(pair)
        if failure.kind in _DOWN and failure.billed is Billed.NO:
            return self._down(failure, pair)
        if failure.kind in _HINTING and (hint_s := _hint_s(failure)):
            self._begin(pair, hint_s, failure)
        return False

    def _down(self, failure: GatewayFailure, pair: HealthScope) -> bool:
        status = failure.http_status
        # 401 speaks of the key, 403 of what the key may do with this model.
        is_forbidden = failure.kind is Kind.AUTH and status == HTTPStatus.FORBIDDEN
        place = pair if is_forbidden else (failure.gateway, _ALL)
        # A firewall forbids prompts, and an error of 400 may quote one that speaks of billing.
        if is_forbidden or status == HTTPStatus.BAD_REQUEST:
            self._doubts[place] += 1
            if self._doubts[place] < REFUSALS_TO_SUSPEND:
                return False
        known = self._running(place)
        self._begin(place, DOWN_SUSPENSION_S, failure)
        return known is None or known.failure.kind not in _DOWN

    def _silent(self, failure: GatewayFailure, pair: HealthScope) -> None:
        connected = failure.kind is not Kind.UNREACHABLE
        if connected:
            del self._silences[failure.gateway, _ALL]
        place = pair if connected else (failure.gateway, _ALL)
        if self._running(place):  # many orders that fail together count once
            return
        self._silences[place] += 1
        rests = self._silences[place] - TIMEOUTS_TO_SUSPEND
        if rests >= 0:
            rest_s = TIMEOUT_SUSPENSIONS_S[min(rests, len(TIMEOUT_SUSPENSIONS_S) - 1)]
            self._begin(place, rest_s, failure)

    def _answered(self, pair: HealthScope) -> None:
        for place in _both(pair):
            del self._silences[place]

    def _begin(self, place: HealthScope, rest_s: float, failure: GatewayFailure) -> None:
        now = self._now()
        # A copy, because an error that was raised holds on to everything that it passed.
        rest = Suspension(now, now + round(rest_s * 1000), replace(failure))
        known = self._running(place)
        if known is None or known.until < rest.until:
            self._rests[place] = rest

    def _rest(self, gateway: str, model: str) -> Suspension | None:
        running = map(self._running, _both((gateway, model)))
        return max(filter(None, running), key=lambda rest: rest.until, default=None)

    def _running(self, place: HealthScope) -> Suspension | None:
        rest = self._rests.get(place)
        return rest if rest and rest.left_ms(self._now()) else None


def _both(pair: HealthScope) -> tuple[HealthScope, HealthScope]:
    return (pair[0], _ALL), pair


def _hint_s(failure: GatewayFailure) -> float:
    unhinted_s = RATE_LIMIT_SUSPENSION_S if failure.kind is Kind.RATE_LIMITED else 0
    return min(failure.retry_after_s or unhinted_s, MAX_SUSPENSION_S)

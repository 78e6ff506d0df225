"""Decide to which gateway a request is sent next, and after which pause."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.errors.gateway import GatewayFailure
from bot.core.models import Billed
from bot.gateways.gateway import Gateway
from bot.gateways.reply.error_classifier import MAX_RETRY_WAIT_S
from bot.gateways.routing.health import Health

RETRY_PAUSES_S = (1.0, 4.0)  # before the second and the third request to one gateway
PREFERRED_GATEWAY_WAIT_S = 10.0  # waited for a rate-limited gateway although another is available
MAX_TOTAL_WAIT_S = 2 * MAX_RETRY_WAIT_S  # of one request
_RETRYABLE_STATUSES = (408, 429)

# After these errors, if certainly not billed, another gateway may be asked; in the order in which
# a person can do something about them. Errors of the prompt or of an option are not among them:
# another gateway must not be used to bypass moderation.
_FAILOVER_KINDS = (
    Kind.RATE_LIMITED,
    Kind.UNREACHABLE,
    Kind.MODEL_UNAVAILABLE,
    Kind.QUOTA,
    Kind.AUTH,
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A gateway, and how long to wait before a request is sent to it."""

    gateway: Gateway
    wait_s: float


class FailoverPolicy:
    """The candidates for one request: its gateways in order, each at most three times.

    In addition, each may be asked once more without a field that it does not support, or at the
    other spelling of its path.
    """

    def __init__(self, model: str, health: Health) -> None:
        self._gateways: Sequence[Gateway] = ()
        self._model = model
        self._health = health
        # The pauses that are left for each gateway; a gateway that was given up has no entry.
        self._pauses: dict[str, Iterator[float]] = {}
        self._pause_s: dict[str, float] = {}  # that remains before each gateway is asked again
        self._failures: dict[str, GatewayFailure] = {}
        self._rate_limited = ""  # the gateway that refused last, if it was for its rate limit
        self._preferred = ""  # the gateway that refused nothing but a field or a path
        self._without_field: set[str] = set()  # gateways that were asked again without a field
        self._waited_s = 0.0

    def offer(self, gateways: Sequence[Gateway]) -> None:
        """Choose from these gateways: a reload may have changed them during a wait."""
        self._gateways = gateways
        for one in gateways:
            if one.name not in self._failures:
                self._pauses.setdefault(one.name, iter(RETRY_PAUSES_S))

    def next(self) -> Candidate | None:
        """Return the next candidate; None when no gateway is left that is worth waiting for."""
        order = sorted(self._gateways, key=lambda one: one.name != self._preferred)
        candidates = [self._candidate(one) for one in order if one.name in self._pauses]
        max_wait_s = {self._rate_limited: PREFERRED_GATEWAY_WAIT_S}
        ready = (one for one in candidates if one.wait_s <= max_wait_s.get(one.gateway.name, 0.0))
        soonest = min(candidates, key=lambda one: one.wait_s, default=None)
        candidate = next(ready, soonest)
        if candidate is None or candidate.wait_s > MAX_RETRY_WAIT_S:
            return None
        return candidate if self._waited_s + candidate.wait_s <= MAX_TOTAL_WAIT_S else None

    def waited(self, wait_s: float) -> None:
        """Record a wait; afterwards ``next`` must be called again."""
        self._waited_s += wait_s
        self._pause_s = {
            name: max(0.0, pause_s - wait_s) for name, pause_s in self._pause_s.items()
        }

    def allows_retry(self, failure: GatewayFailure) -> bool:
        """Tell whether another request is certain to be the only paid one, and appropriate."""
        if failure.billed is not Billed.NO:
            return False
        without = bool(failure.removable_field) and failure.gateway not in self._without_field
        return without or bool(failure.other_path) or failure.kind in _FAILOVER_KINDS

    def has_candidate_after(self, failure: GatewayFailure) -> bool:
        """Record a failure that allows a retry; tell whether there is another candidate."""
        name = failure.gateway
        is_refused_in_form = bool(failure.removable_field or failure.other_path)
        self._preferred = name if is_refused_in_form else ""
        if failure.other_path:
            return self.next() is not None
        if failure.removable_field:
            self._without_field.add(name)
            return self.next() is not None
        self._failures[name] = failure
        pause_s = next(self._pauses[name], None) if _is_retryable(failure) else None
        if pause_s is None:
            del self._pauses[name]
        elif failure.kind is Kind.UNREACHABLE:
            self._pause_s[name] = pause_s
        self._rate_limited = name if failure.kind is Kind.RATE_LIMITED else ""
        return self.next() is not None

    def failure(self) -> GatewayFailure:
        """Return the failure, of all gateways, that a person can do most about."""
        names = (one.name for one in self._gateways)
        known = (self._failures.get(one) or self._health.reason(one, self._model) for one in names)
        none_left = GatewayFailure(
            kind=Kind.MODEL_UNAVAILABLE,
            gateway="",
            billed=Billed.NO,
            detail=f"no gateway serves {self._model} any more",
        )
        return min(filter(None, known), key=_rank, default=none_left)

    def _candidate(self, gateway: Gateway) -> Candidate:
        suspended_s = self._health.suspended_s(gateway.name, self._model)
        return Candidate(gateway, max(suspended_s, self._pause_s.get(gateway.name, 0.0)))


def _is_retryable(failure: GatewayFailure) -> bool:
    """Tell whether the same gateway may be asked again."""
    if failure.kind is Kind.UNREACHABLE:
        return True
    return (
        failure.kind is Kind.RATE_LIMITED
        and failure.http_status in _RETRYABLE_STATUSES
        and failure.retry_after_s is not None
        and failure.retry_after_s <= MAX_RETRY_WAIT_S
    )


def _rank(failure: GatewayFailure) -> tuple[int, float]:
    return _FAILOVER_KINDS.index(failure.kind), failure.retry_after_s or 0.0

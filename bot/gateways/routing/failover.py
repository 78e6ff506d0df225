"""Whose turn it is: the gateways that one slot may still be sent to, and after what wait."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.errors.gateway import GatewayFailure
from bot.core.models import Billed
from bot.gateways.gateway import Gateway
from bot.gateways.reply.error_classifier import MAX_RETRY_WAIT_S
from bot.gateways.routing.health import Health

RETRY_PAUSES_S = (1.0, 4.0)  # before the second and the third sending to one gateway
PREFERRED_GATEWAY_WAIT_S = (
    10.0  # so long a slot waits for the gateway of its choice while another is ready
)
MAX_TOTAL_WAIT_S = 2 * MAX_RETRY_WAIT_S  # of one slot in all
_RESENDABLE = (408, 429)

# After these, told with certainty, the slot may go to another gateway; the one that a person can
# do most about comes first. A refusal of the prompt or of an option is none of them: another
# gateway must not be used to get round it.
_HOPEFUL = (Kind.RATE_LIMITED, Kind.UNREACHABLE, Kind.MODEL_UNAVAILABLE, Kind.QUOTA, Kind.AUTH)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A gateway, and how long to wait before it is sent anything."""

    gateway: Gateway
    wait_s: float


class FailoverPolicy:
    """The turns of one slot: its gateways in their order, each at most three times.

    Once each may be asked once more, without a field that it does not know.
    """

    def __init__(self, gateways: Sequence[Gateway], model: str, health: Health) -> None:
        self._gateways = gateways
        self._model = model
        self._health = health
        self._pauses: dict[str, Iterator[float]] = {
            one.name: iter(RETRY_PAUSES_S) for one in gateways
        }
        self._pause_s: dict[str, float] = {}  # how long each gateway was asked to be left alone
        self._refusals: dict[str, GatewayFailure] = {}
        self._asked_back = ""
        self._again = ""  # who was just refused nothing but a needless field
        self._resent: set[str] = set()  # to whom it was sent again without one
        self._waits_s = 0.0

    def next(self) -> Candidate | None:
        """Return whose turn it is; None when nobody can be waited for."""
        order = sorted(self._gateways, key=lambda one: one.name != self._again)
        turns = [self._turn(one) for one in order if one.name in self._pauses]
        ready = (turn for turn in turns if turn.wait_s <= self._patience_s(turn.gateway))
        turn = next(ready, None) or min(turns, key=lambda turn: turn.wait_s, default=None)
        return turn if turn and self._can_wait(turn.wait_s) else None

    def waited(self, wait_s: float) -> None:
        """Note that the slot waited: then whose turn it is must be asked again."""
        self._waits_s += wait_s
        self._pause_s = {
            name: max(0.0, pause_s - wait_s) for name, pause_s in self._pause_s.items()
        }

    def may_ask_after(self, failure: GatewayFailure) -> bool:
        """Tell whether it is certain that nothing was made, and right to ask again."""
        if failure.billed is not Billed.NO:
            return False
        without = bool(failure.removable_field) and failure.gateway not in self._resent
        return without or failure.kind in _HOPEFUL

    def goes_on_after(self, refusal: GatewayFailure) -> bool:
        """Note a certain refusal; tell whether the slot may be sent again, to anybody."""
        name = refusal.gateway
        self._again = name if refusal.removable_field else ""
        if refusal.removable_field:
            self._resent.add(name)
            return self.next() is not None
        self._refusals[name] = refusal
        pause_s = next(self._pauses[name], None) if _may_resend(refusal) else None
        if pause_s is None:
            del self._pauses[name]
        elif refusal.kind is Kind.UNREACHABLE:
            self._pause_s[name] = pause_s
        self._asked_back = name if refusal.kind is Kind.RATE_LIMITED else ""
        return self.next() is not None

    def failure(self) -> GatewayFailure:
        """Return the most hopeful of what stands in the way at the gateways."""
        names = (one.name for one in self._gateways)
        known = (self._refusals.get(one) or self._health.reason(one, self._model) for one in names)
        nobody = GatewayFailure(
            kind=Kind.MODEL_UNAVAILABLE,
            gateway="",
            billed=Billed.NO,
            detail=f"no gateway serves {self._model} any more",
        )
        return min(filter(None, known), key=_hopelessness, default=nobody)

    def _turn(self, gateway: Gateway) -> Candidate:
        rest_s = self._health.suspended_ms(gateway.name, self._model) / 1000
        return Candidate(gateway, max(rest_s, self._pause_s.get(gateway.name, 0.0)))

    def _patience_s(self, gateway: Gateway) -> float:
        return PREFERRED_GATEWAY_WAIT_S if gateway.name == self._asked_back else 0.0

    def _can_wait(self, wait_s: float) -> bool:
        return wait_s <= MAX_RETRY_WAIT_S and self._waits_s + wait_s <= MAX_TOTAL_WAIT_S


def _may_resend(failure: GatewayFailure) -> bool:
    if failure.kind is Kind.UNREACHABLE:
        return True
    return (
        failure.kind is Kind.RATE_LIMITED
        and failure.http_status in _RESENDABLE
        and failure.retry_after_s is not None
        and failure.retry_after_s <= MAX_RETRY_WAIT_S
    )


def _hopelessness(failure: GatewayFailure) -> tuple[int, float]:
    return _HOPEFUL.index(failure.kind), failure.retry_after_s or 0.0

"""The ledger's rules by brute force: every question asks a plain list of all charges."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.core.models import Requester
from bot.quota.levels import EVERYONE, SERVER, role_subject, user_subject
from bot.quota.limits import Period
from tests.quota.ledger_driver import HOUR, TAGS

DEFAULT, SERVER_QUOTA, TOTAL_QUOTA = "4/hour, 9/day", "11/hour, 50/month", "16/hour, 70/month"
BUDGET = "150/hour, 700/month"
MAX_DOUBTFUL = 1

Limits = dict[Period, int | None]
Counts = Callable[["Charge"], int]


@dataclass
class Charge:
    """What the model remembers of a hold."""

    who: Requester
    at: int
    asked: int
    own: int
    price: int
    credits: int
    operator_credits: int
    held: bool = True
    doubtful: bool = False
    forgotten: bool = False

    @property
    def granted(self) -> int:
        """Return what a grant pays."""
        return self.credits - self.own

    def settle(self, *, charged: int, made: int, price: int | None) -> int:
        """End the hold, the grant's part first, and return what the grant has back."""
        before = self.granted
        if price is not None:
            self.price = price
        elif self.asked:
            self.price = -(-self.price * made // self.asked)
        self.held, self.credits, self.operator_credits = False, charged, made
        self.own = min(self.own, charged)
        return before - self.granted


@dataclass
class Member:
    """What was decided about a person, and all that they were ever granted."""

    granted: int = 0
    granted_in_all: int = 0
    reset_at: int | None = None
    block_reason: str | None = None


@dataclass
class ReferenceLedger:
    """Every charge and decision in plain lists."""

    charges: dict[str, Charge] = field(default_factory=dict)
    limits: dict[tuple[int, str], Limits] = field(default_factory=dict)
    members: dict[tuple[int, int], Member] = field(default_factory=dict)
    costs: dict[tuple[int, str, str], int] = field(default_factory=dict)
    audit: Counter[tuple[object, ...]] = field(default_factory=Counter)
    anonymous: set[int] = field(default_factory=set)

    def member(self, who: Requester) -> Member:
        """Return what was decided about a person in their server."""
        return self.members.setdefault((who.server_id, who.user_id), Member())

    def own_part(
        self, who: Requester, credits: int, price: int, now: int, *, grants: bool = True
    ) -> int | None:
        """Return what the own level pays if every level has room, by the rules of the plan."""
        if not self._totals_allow(who, credits, price, now):
            return None
        room = (own for own in range(credits, -1, -1) if self._own_allows(who, own, now))
        own = next(room)
        granted = self.member(who).granted if grants else 0
        return own if credits - own <= granted else None

    def allows(self, who: Requester, credits: int, price: int, now: int) -> bool:
        """Return whether every level has room."""
        return self.own_part(who, credits, price, now) is not None

    def _own_allows(self, who: Requester, credits: int, now: int) -> bool:
        return (
            not credits
            or who.is_operator
            or any(
                _all_hold(limits, lambda opens: self.own_used(who, opens, now) + credits, now)
                for limits in self._personal(who)
            )
        )

    def _personal(self, who: Requester) -> list[Limits]:
        own = self._of(who, user_subject(who.user_id))
        roles = [
            found for role_id in who.role_ids if (found := self._of(who, role_subject(role_id)))
        ]
        everyone = self._of(who, EVERYONE)
        return [own] if own else roles or [everyone or parsed(DEFAULT)]

    def _totals_allow(self, who: Requester, credits: int, price: int, now: int) -> bool:
        if price and not _all_hold(parsed(BUDGET), lambda opens: self.paid(opens) + price, now):
            return False
        return not credits or (
            self.total_allows(credits, now) and self._server_allows(who, credits, now)
        )

    def total_allows(self, credits: int, now: int) -> bool:
        """Return whether the operator's total has room."""
        return _all_hold(parsed(TOTAL_QUOTA), lambda opens: self.total(opens) + credits, now)

    def _server_allows(self, who: Requester, credits: int, now: int) -> bool:
        own, quota = self._of(who, SERVER), parsed(SERVER_QUOTA)
        return who.is_operator or (
            _all_hold(own, lambda opens: self.server_used(who, opens) + credits, now)
            and _all_hold(quota, lambda opens: self.ceiling_used(who, opens) + credits, now)
        )

    def own_used(self, who: Requester, opens: int, now: int) -> int:
        """Sum what a person's level paid after a moment, since the reset or still held."""
        reset_at = self.member(who).reset_at
        since = opens if reset_at is None or reset_at > now else reset_at
        return self._sum(
            lambda charge: (
                charge.own if same_person(charge, who) and (charge.at > since or charge.held) else 0
            ),
            opens,
        )

    def server_used(self, who: Requester, opens: int) -> int:
        """Sum what everybody in a server was charged after a moment."""
        return self._sum(lambda charge: charge.credits * same_server(charge, who), opens)

    def ceiling_used(self, who: Requester, opens: int) -> int:
        """Sum what a server may have cost the operator after a moment, in credits."""
        return self._sum(lambda charge: charge.operator_credits * same_server(charge, who), opens)

    def total(self, opens: int) -> int:
        """Sum what the operator may have paid after a moment, in credits."""
        return self._sum(lambda charge: charge.operator_credits, opens)

    def paid(self, opens: int) -> int:
        """Sum what the operator paid after a moment."""
        return self._sum(lambda charge: charge.price, opens)

    def held(self, counts: Counts, opens: int) -> int:
        """Sum what belongs to running jobs."""
        return self._sum(lambda charge: counts(charge) * charge.held, opens)

    def _sum(self, counts: Counts, opens: int) -> int:
        return sum(counts(charge) for charge in self.charges.values() if charge.at > opens)

    def meters(self) -> Counter[tuple[str, int]]:
        """Recompute every meter from the charges."""
        meters = Counter[tuple[str, int]]()
        for charge in self.charges.values():
            who, hour = charge.who, charge.at // HOUR
            if who.user_id:
                meters[f"user:{who.server_id}:{self.known_as(who)}", hour] += charge.own
                meters[f"server:{who.server_id}", hour] += charge.credits
                meters[f"ceiling:{who.server_id}", hour] += charge.operator_credits
            meters["operator", hour] += charge.operator_credits
            meters["budget", hour] += charge.price
        return meters

    def known_as(self, who: Requester) -> int:
        """Return whom somebody's charges belong to."""
        return self.known_id(who.user_id)

    def known_id(self, user_id: int) -> int:
        """Return an id, or its pseudonym as soon as the charges under it begin to move there."""
        return TAGS.pseudonym(user_id) if user_id in self.anonymous else user_id

    def known_subject(self, subject: str) -> str:
        """Return a meter's subject, with the pseudonym of a person who has one; no stripe."""
        level, *ids = subject.split(":")
        if level in {"operator", "budget"}:
            return level
        if level != "user":
            return subject
        server_id, user_id = map(int, ids)
        return f"user:{server_id}:{self.known_id(user_id)}"

    def doubtful(self, who: Requester, now: int) -> list[int]:
        """Return when somebody's doubtful requests that still count were asked for."""
        reset_at = self.member(who).reset_at
        since = now - Period.DAY.ms
        if reset_at is not None and reset_at <= now:
            since = max(since, reset_at)
        return sorted(
            charge.at
            for charge in self.charges.values()
            if charge.doubtful and same_person(charge, who) and charge.at > since
        )

    def _of(self, who: Requester, subject: str) -> Limits:
        return self.limits.get((who.server_id, subject), {})


def same_server(charge: Charge, who: Requester) -> bool:
    """Return whether a charge counts for somebody's server; the terminal is in none."""
    return charge.who.server_id == who.server_id and not charge.who.is_operator


def same_person(charge: Charge, who: Requester) -> bool:
    """Return whether a charge counts for somebody."""
    in_server = charge.who.server_id == who.server_id
    return in_server and charge.who.user_id == who.user_id


def parsed(text: str) -> Limits:
    """Read the operator's limits."""
    return {
        Period(period): int(number)
        for number, _, period in (part.strip().partition("/") for part in text.split(","))
    }


def _all_hold(limits: Limits, used: Callable[[int], int], now: int) -> bool:
    return all(limit is None or used(now - period.ms) <= limit for period, limit in limits.items())

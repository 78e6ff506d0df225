"""The levels of limits: whose limits apply to a request, and the meters on which its charge counts.

A new kind of limit, such as one for each channel, is mostly added here: its level, its subject, the
field of ``ChargeOrigin`` that says where a charge belongs, its meter and its check.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum

from bot.core.models import Requester
from bot.quota.limits import Cap, LimitSet, caps
from bot.quota.meters import Meter
from bot.quota.stripes import BUDGET_METER, SPREAD, TOTAL_METER, TOTALS


class LimitLevel(StrEnum):
    """The level of a limit: whose credits it limits, and who set it."""

    USER = "user"
    ROLE = "role"
    EVERYONE = "everyone"
    DEFAULT = "default"
    SERVER = "server"
    SERVER_QUOTA = "server-quota"
    TOTAL = "total"
    BUDGET = "budget"

    @property
    def is_personal(self) -> bool:
        """Whether it limits one person, so that the first such level with a limit decides alone."""
        return self in {LimitLevel.USER, LimitLevel.ROLE, LimitLevel.EVERYONE, LimitLevel.DEFAULT}


# --- subjects: for whom admins set limits -----------------------------------------------------

EVERYONE = "everyone"
SERVER = "server"


def user_subject(user_id: int) -> str:
    """Return the subject of a person's limits."""
    return f"user:{user_id}"


def role_subject(role_id: int) -> str:
    """Return the subject of a role's limits."""
    return f"role:{role_id}"


def subjects_of(requester: Requester) -> tuple[str, ...]:
    """Return every subject whose limits can apply to a request."""
    roles = map(role_subject, requester.role_ids)
    return (user_subject(requester.user_id), *roles, EVERYONE, SERVER)


# --- charges: where they belong, and the meters that add them up ------------------------------


@dataclass(frozen=True, slots=True)
class ChargeOrigin:
    """Who caused a charge, and where: each field is a column of ``charges`` and holds an id.

    The person's id is a pseudonym after their data was deleted.
    """

    server_id: int
    user_id: int

    @classmethod
    def of(cls, requester: Requester) -> "ChargeOrigin":
        """Return the origin of a person's charges."""
        return cls(requester.server_id, requester.user_id)

    @property
    def ids(self) -> tuple[int, ...]:
        """Return the values of ORIGIN_COLUMNS."""
        return tuple(getattr(self, column) for column in ORIGIN_COLUMNS)


ORIGIN_COLUMNS = tuple(column.name for column in fields(ChargeOrigin))


def person_meter(
    server_id: int,
    user_id: int,
    *,
    reset_at: int | None = None,
    moving_from: int | None = None,
) -> Meter:
    """Return the meter of what a person's own level paid in a server; 0 is outside of servers.

    ``moving_from`` is the id of which some charges may not have moved to this one yet.
    """
    subject = person_subject(server_id, user_id)
    if moving_from is None:
        origin = (("server_id =", server_id), ("user_id =", user_id))
        return Meter(subject, "own_credits", origin, reset_at)
    both = (("server_id =", server_id), ("user_id IN", (user_id, moving_from)))
    before = person_subject(server_id, moving_from)
    return Meter(subject, "own_credits", both, reset_at, also=(before,))


def person_subject(server_id: int, user_id: int) -> str:
    """Return the subject of a person's meter in a server."""
    return f"user:{server_id}:{user_id}"


def server_meter(server_id: int) -> Meter:
    """Return the meter of what everybody used in one server; the terminal is in none."""
    nobody = () if server_id else (("user_id <>", 0),)
    return Meter(f"server:{server_id}", "credits", (("server_id =", server_id), *nobody))


def ceiling_meter(server_id: int) -> Meter:
    """Return the meter of what everybody in one server cost, or may have cost, the operator."""
    return Meter(f"ceiling:{server_id}", "operator_credits", server_meter(server_id).origin)


def meters_of(origin: ChargeOrigin) -> Sequence[Meter]:
    """Return the meters that a charge changes; the terminal (user 0) changes the totals only.

    They are in the order in which their rows are written, so that no two transactions wait for each
    other.
    """
    if not origin.user_id:
        return TOTALS
    person = person_meter(origin.server_id, origin.user_id)
    server_id = origin.server_id
    return (person, server_meter(server_id), ceiling_meter(server_id), *TOTALS)


# --- rules: the limits of one level -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rule:
    """The limits of one level: all limits of at least one of its sets must have room."""

    level: LimitLevel
    sets: tuple[LimitSet, ...]

    @property
    def caps(self) -> tuple[tuple[Cap, ...], ...]:
        """Return the sets without unlimited limits."""
        return tuple(map(caps, self.sets))

    @property
    def is_free(self) -> bool:
        """Whether one of the sets limits nothing."""
        return not all(self.caps)


def personal_rule(
    *, own: LimitSet, roles: Sequence[LimitSet], everyone: LimitSet, default: LimitSet
) -> Rule:
    """Return the rule of the first level that has any limit; it decides alone.

    Everyone 20/day and Bob 100/month: Bob has only 100/month. Role A 5/hour and 20/day, role B
    50/day: allowed if both of A's hold or B's holds. Role 0 and role 10: 10. Everyone unlimited
    and the server 100/month: 100 for all together, because ``server_rules`` apply as well.
    Everyone 0/day and Bob granted 5: Bob has 5, because ``split_hold`` asks the grant.
    """
    if own:
        return Rule(LimitLevel.USER, (own,))
    if limited := tuple(limits for limits in roles if limits):
        return Rule(LimitLevel.ROLE, limited)
    if everyone:
        return Rule(LimitLevel.EVERYONE, (everyone,))
    return Rule(LimitLevel.DEFAULT, (default,))


def server_rules(*, own: LimitSet, quota: LimitSet) -> tuple[Rule, Rule]:
    """Return the rules for the sum of a server: by its admins, and by the operator.

    Both apply, to everybody there. Everyone unlimited and the server 100/month: 100 for all
    together. SERVER_QUOTA 50/day and the server 80/week: no more than 50 of the 80 on one day.
    """
    return Rule(LimitLevel.SERVER, (own,)), Rule(LimitLevel.SERVER_QUOTA, (quota,))


# --- checks: the rules of a request on their meters -------------------------------------------


@dataclass(frozen=True, slots=True)
class Member:
    """What admins decided about a person in one server, besides limits.

    ``granted`` credits are left of all grants; what was used up to ``reset_at`` (milliseconds
    since the epoch) does not count; ``block_reason`` is None unless blocked, and may be empty.
    """

    granted: int = 0
    reset_at: int | None = None
    block_reason: str | None = None


EVERY_SERVER = -1
"""The server of what the operator decided about a person everywhere, and of its audit entries."""


@dataclass(slots=True)
class RequesterLimits:
    """What admins decided that concerns a request, and the origin that its charge gets.

    ``limits`` are those of ``subjects_of(requester)``. ``is_moving`` while some of the requester's
    charges have not moved to their pseudonym yet. ``everywhere`` is why the operator blocked them
    in every server, None unless so. ``doubtful`` is when their doubtful jobs were asked for.
    """

    requester: Requester
    origin: ChargeOrigin
    is_moving: bool = False
    everywhere: str | None = None
    member: Member = field(default_factory=Member)
    doubtful: list[int] = field(default_factory=list)
    limits: defaultdict[str, LimitSet] = field(default_factory=lambda: defaultdict(tuple))

    @property
    def moving_from(self) -> int | None:
        """Return the id of which some charges may not have moved to the pseudonym yet."""
        return self.requester.user_id if self.is_moving else None


@dataclass(frozen=True, slots=True)
class LimitCheck:
    """One condition of a hold: the rule must have ``asked`` credits left on the meter.

    ``granted`` is how many of them a grant can pay instead. ``margin`` is how much must be left
    besides: what others may be holding at the same moment, unseen.
    """

    meter: Meter
    rule: Rule
    asked: int
    granted: int = 0
    margin: int = 0


@dataclass(frozen=True, slots=True)
class Levels:
    """All levels of limits: the operator's, given here, and those that admins set.

    With ``has_stripes`` the totals are spread over several rows.
    """

    default: LimitSet
    server_quota: LimitSet
    total_quota: LimitSet
    budget: LimitSet
    has_stripes: bool = False

    def checks(
        self, found: RequesterLimits, *, credits: int = 0, price: int = 0
    ) -> list[LimitCheck]:
        """Return the conditions of every level that limits the request, the person's own first."""
        total = Rule(LimitLevel.TOTAL, (self.total_quota,))
        checks = [LimitCheck(self._total(TOTAL_METER), total, credits), self.budget_check(price)]
        if not found.requester.is_operator:
            checks = [
                self._personal_check(found, credits),
                *self._shared_checks(found, credits),
                *checks,
            ]
        return [check for check in checks if not check.rule.is_free]

    def budget_check(self, price: int = 0) -> LimitCheck:
        """Return the condition of OPERATOR_BUDGET."""
        rule = Rule(LimitLevel.BUDGET, (self.budget,))
        return LimitCheck(self._total(BUDGET_METER), rule, price)

    def _total(self, meter: Meter) -> Meter:
        return SPREAD[meter] if self.has_stripes else meter

    def _personal_check(self, found: RequesterLimits, credits: int) -> LimitCheck:
        limits, origin, member = found.limits, found.origin, found.member
        rule = personal_rule(
            own=limits[user_subject(found.requester.user_id)],
            roles=[limits[role_subject(role_id)] for role_id in found.requester.role_ids],
            everyone=limits[EVERYONE],
            default=self.default,
        )
        meter = person_meter(*origin.ids, reset_at=member.reset_at, moving_from=found.moving_from)
        return LimitCheck(meter, rule, credits, member.granted)

    def _shared_checks(self, found: RequesterLimits, credits: int) -> list[LimitCheck]:
        """Return the conditions on what several people use together."""
        server_id = found.origin.server_id
        own, quota = server_rules(own=found.limits[SERVER], quota=self.server_quota)
        return [
            LimitCheck(server_meter(server_id), own, credits),
            LimitCheck(ceiling_meter(server_id), quota, credits),
        ]

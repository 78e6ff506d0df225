"""Meters: the sums of charges by full hour, and their SQL over a rolling period.

A rolling period begins inside an hour. What was used is the sum of the meters of the full hours
after it and of the charges of that first, cut hour: exact, and its cost does not grow with the
number of charges. Charges in the future (the clock was set back) count as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from bot.database.transaction import Value
from bot.quota.rules import HOUR_MS, Period, Rule

Column = Literal["own_credits", "credits", "operator_credits", "price"]


@dataclass(slots=True)
class Parameters:
    """The values of a statement's parameters, collected while its text is composed."""

    values: list[Value] = field(default_factory=list)

    def add(self, value: Value) -> str:
        """Append the value and return its placeholder ``$n``."""
        self.values.append(value)
        return f"${len(self.values)}"

    def add_number(self, value: int) -> str:
        """Append a number and return its placeholder with a cast, for PostgreSQL's type check."""
        return f"CAST({self.add(value)} AS BIGINT)"


@dataclass(frozen=True, slots=True)
class Amounts:
    """What a hold or charge adds to the meters.

    Of ``credits`` the person's own level pays ``own_credits``, a grant the rest.
    ``operator_credits`` also counts pictures in doubt; ``price`` is what the operator pays, in
    millionths of their currency.
    """

    own_credits: int
    credits: int
    operator_credits: int
    price: int

    @property
    def granted(self) -> int:
        """Return what the grant pays."""
        return self.credits - self.own_credits

    def of(self, column: Column) -> int:
        """Return the amount that a meter of this column counts."""
        amount: int = getattr(self, column)
        return amount

    def __sub__(self, other: "Amounts") -> "Amounts":
        return Amounts(
            self.own_credits - other.own_credits,
            self.credits - other.credits,
            self.operator_credits - other.operator_credits,
            self.price - other.price,
        )


@dataclass(frozen=True, slots=True)
class Meter:
    """One running sum: its subject in the table ``meters``, and which charges it adds up.

    Charges up to ``reset_at`` (milliseconds since the epoch) do not count.
    """

    subject: str
    column: Column
    owner: tuple[tuple[str, int], ...] = ()
    reset_at: int | None = None


@dataclass(frozen=True, slots=True)
class LimitCheck:
    """One condition of a hold: the rule must have ``asked`` credits left on the meter.

    ``granted`` is how many of them a grant can pay instead.
    """

    meter: Meter
    rule: Rule
    asked: int
    granted: int = 0


def person_meter(server_id: int, user_id: int, *, reset_at: int | None = None) -> Meter:
    """Return the meter of what a person's own level paid in a server; 0 is outside of servers."""
    owner = (("server_id =", server_id), ("user_id =", user_id))
    return Meter(f"user:{server_id}:{user_id}", "own_credits", owner, reset_at)


def server_meter(server_id: int) -> Meter:
    """Return the meter of what everybody used in one server; the terminal is in none."""
    nobody = () if server_id else (("user_id <>", 0),)
    return Meter(f"server:{server_id}", "credits", (("server_id =", server_id), *nobody))


TOTAL_METER = Meter("operator", "operator_credits")
"""What everybody used everywhere, pictures in doubt included."""

BUDGET_METER = Meter("budget", "price")
"""What the operator paid for everybody, in millionths of their currency."""


def meters_of(server_id: int, user_id: int) -> Sequence[Meter]:
    """Return the meters that a charge changes; the terminal (user 0) changes the totals only."""
    members = (person_meter(server_id, user_id), server_meter(server_id)) if user_id else ()
    return (*members, TOTAL_METER, BUDGET_METER)


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a meter that counts in a period which ends now, as SQL.

    ``opens`` is when the period began, ``since`` from when on charges count, both in milliseconds
    since the epoch. A reset within the period moves ``since``: what was settled before it does not
    count; what was held before it counts until its job ends. A reset in the future (the clock was
    set back) has no effect before its moment, because everything until then would cost nothing.
    """

    meter: Meter
    period: Period
    opens: int
    since: int

    @classmethod
    def ending(cls, now: int, meter: Meter, period: Period) -> "Window":
        """Return the window of the period that ends at ``now``."""
        opens, reset_at = now - period.ms, meter.reset_at
        is_reset = reset_at is not None and opens < reset_at <= now
        return cls(meter, period, opens, reset_at if reset_at and is_reset else opens)

    @property
    def is_reset(self) -> bool:
        """Whether charges of the period do not count because of a reset."""
        return self.since > self.opens

    @property
    def cut_hour(self) -> int:
        """Return the hour of which only a part counts."""
        return self.since // HOUR_MS

    def used(self, parameters: Parameters) -> str:
        """Return the SQL for what was used, running jobs included."""
        sums = f"""(
            SELECT COALESCE(CAST(SUM(credits) AS BIGINT), 0)
            FROM meters
            WHERE subject = {parameters.add(self.meter.subject)}
            AND hour > {parameters.add(self.cut_hour)}
        ) + {self.used_in_cut_hour(parameters)}"""
        if not self.is_reset:
            return sums
        return f"{sums} + {self._sum(self.held_before_reset(parameters), parameters)}"

    def held(self, parameters: Parameters) -> str:
        """Return the SQL for what running jobs hold."""
        return self._sum(f"state = 'held' AND at > {parameters.add(self.opens)}", parameters)

    def used_in_cut_hour(self, parameters: Parameters) -> str:
        """Return the SQL for the charges of the cut hour."""
        return self._sum(self.charged_in(self.cut_hour, parameters), parameters)

    def charged_in(self, hour: int, parameters: Parameters) -> str:
        """Return the SQL condition for the charges of an hour."""
        return f"hour = {parameters.add(hour)} AND at > {parameters.add(self.since)}"

    def held_before_reset(self, parameters: Parameters) -> str:
        """Return the SQL condition for holds from before a reset whose jobs still run."""
        since_opening = f"at > {parameters.add(self.opens)}"
        return f"state = 'held' AND {since_opening} AND at <= {parameters.add(self.since)}"

    def owned(self, parameters: Parameters) -> str:
        """Return the SQL condition for the meter's charges, to be appended to another condition."""
        return "".join(f" AND {whose} {parameters.add(id_)}" for whose, id_ in self.meter.owner)

    def _sum(self, where: str, parameters: Parameters) -> str:
        return f"""(
            SELECT COALESCE(CAST(SUM({self.meter.column}) AS BIGINT), 0)
            FROM charges
            WHERE {where} {self.owned(parameters)}
        )"""


def all_have_room(checks: Sequence[LimitCheck], at: int, parameters: Parameters) -> str:
    """Return the SQL condition that every rule has room for what is asked of it."""
    asked = (check for check in checks if check.asked)
    return " AND ".join(_has_room(check, at, parameters) for check in asked) or "TRUE"


def _has_room(check: LimitCheck, at: int, parameters: Parameters) -> str:
    sets = (
        " AND ".join(
            f"{Window.ending(at, check.meter, period).used(parameters)} "
            f"<= {parameters.add_number(cap - check.asked)}"
            for cap, period in caps
        )
        for caps in check.rule.caps
    )
    return f"({' OR '.join(f'({caps})' for caps in sets)})"

"""Meters: sums of charges by full hour, and what they count over a rolling period.

A window begins inside an hour. What was used is the meters of the full hours after it, and the
charges of the one cut hour: exact, and quick however many charges there are. Charges in the future
(the clock was set back) count as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bot.database.transaction import Value
from bot.quota.rules import HOUR_MS, Period, Rule

Column = Literal["own_credits", "credits", "operator_credits", "price"]


class Parameters:
    """The parameters of a statement that is being put together."""

    def __init__(self) -> None:
        self.values: list[Value] = []

    def add(self, value: Value) -> str:
        """Keep the value and return its ``$n``."""
        self.values.append(value)
        return f"${len(self.values)}"

    def add_number(self, value: int) -> str:
        """Keep a number that stands where PostgreSQL could not guess its type."""
        return f"CAST({self.add(value)} AS BIGINT)"


@dataclass(frozen=True, slots=True)
class Amounts:
    """What a hold or charge adds to the meters.

    Of ``credits`` the person's own level pays ``own_credits``, a grant the rest.
    ``operator_credits`` counts what was made in doubt as well; ``price`` is what the operator pays,
    in millionths of their currency.
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
    """One running sum: its name in ``meters``, and which charges it is the sum of.

    What was charged up to ``reset_at`` (milliseconds since the epoch) is forgotten.
    """

    subject: str
    column: Column
    owner: tuple[tuple[str, int], ...] = ()
    reset_at: int | None = None


@dataclass(frozen=True, slots=True)
class LimitCheck:
    """What a request asks of one level: the rule must have room for it on the meter.

    ``granted`` is what a grant can pay of it in this level's place.
    """

    meter: Meter
    rule: Rule
    asked: int
    granted: int = 0


def person_meter(server_id: int, user_id: int, *, reset_at: int | None = None) -> Meter:
    """Return what one person's own level paid in one server; direct messages are server 0."""
    owner = (("server_id =", server_id), ("user_id =", user_id))
    return Meter(f"user:{server_id}:{user_id}", "own_credits", owner, reset_at)


def server_meter(server_id: int) -> Meter:
    """Return what everybody used in one server; the terminal's work is in none."""
    nobody = () if server_id else (("user_id <>", 0),)
    return Meter(f"server:{server_id}", "credits", (("server_id =", server_id), *nobody))


def total_meter() -> Meter:
    """Return what everybody used everywhere, with what was made in doubt."""
    return Meter("operator", "operator_credits")


def budget_meter() -> Meter:
    """Return what the operator paid for everybody, in millionths of their currency."""
    return Meter("budget", "price")


def meters_of(server_id: int, user_id: int) -> Sequence[Meter]:
    """Return the meters that a charge moves: the terminal (user 0) moves the totals only."""
    members = (person_meter(server_id, user_id), server_meter(server_id)) if user_id else ()
    return (*members, total_meter(), budget_meter())


@dataclass(frozen=True, slots=True)
class Window:
    """What a meter counts in the period that ends now, in milliseconds since the epoch, as SQL.

    A reset within the period forgets what was settled before it; what was held before counts
    until its job ends. A reset in the future (the clock was set back) waits for its moment: else
    everything until then would cost nothing.
    """

    meter: Meter
    period: Period
    now: int

    @property
    def opens(self) -> int:
        """Return when the period began."""
        return self.now - self.period.ms

    @property
    def is_reset(self) -> bool:
        """Whether something in the period is forgotten."""
        reset_at = self.meter.reset_at
        return reset_at is not None and self.opens < reset_at <= self.now

    @property
    def since(self) -> int:
        """Return from when on everything counts."""
        reset_at = self.meter.reset_at
        return self.opens if reset_at is None or not self.is_reset else reset_at

    @property
    def cut_hour(self) -> int:
        """Return the hour of which only a part counts."""
        return self.since // HOUR_MS

    def used(self, parameters: Parameters) -> str:
        """Return the sum of what was used."""
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
        """Return the sum of what running jobs hold."""
        return self._sum(f"state = 'held' AND at > {parameters.add(self.opens)}", parameters)

    def used_in_cut_hour(self, parameters: Parameters) -> str:
        """Return the sum of the charges of the cut hour."""
        return self._sum(self.charged_in(self.cut_hour, parameters), parameters)

    def charged_in(self, hour: int, parameters: Parameters) -> str:
        """Return the condition for the charges of an hour."""
        return f"hour = {parameters.add(hour)} AND at > {parameters.add(self.since)}"

    def held_before_reset(self, parameters: Parameters) -> str:
        """Return the condition for what was held before a reset and still runs."""
        since_opening = f"at > {parameters.add(self.opens)}"
        return f"state = 'held' AND {since_opening} AND at <= {parameters.add(self.since)}"

    def owned(self, parameters: Parameters) -> str:
        """Return the condition for the charges that the meter counts, after another one."""
        return "".join(f" AND {whose} {parameters.add(id_)}" for whose, id_ in self.meter.owner)

    def _sum(self, where: str, parameters: Parameters) -> str:
        return f"""(
            SELECT COALESCE(CAST(SUM({self.meter.column}) AS BIGINT), 0)
            FROM charges
            WHERE {where} {self.owned(parameters)}
        )"""


def all_have_room(checks: Sequence[LimitCheck], at: int, parameters: Parameters) -> str:
    """Return the condition that every rule has room for what is asked of it."""
    asked = (check for check in checks if check.asked)
    return " AND ".join(_has_room(check, at, parameters) for check in asked) or "TRUE"


def _has_room(check: LimitCheck, at: int, parameters: Parameters) -> str:
    sets = (
        " AND ".join(
            f"{Window(check.meter, period, at).used(parameters)} "
            f"<= {parameters.add_number(cap - check.asked)}"
            for cap, period in caps
        )
        for caps in check.rule.caps
    )
    return f"({' OR '.join(f'({caps})' for caps in sets)})"

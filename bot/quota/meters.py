"""Meters: the sums of charges by full hour, and their SQL over a rolling period.

A rolling period begins inside an hour. What was used is the sum of the meters of the full hours
after it and of the charges of that first, cut hour: exact, and its cost does not grow with the
number of charges. Charges in the future (the clock was set back) count as well.
"""

from dataclasses import dataclass, field
from typing import Literal

from bot.database.transaction import Value
from bot.quota.limits import HOUR_MS, Period

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
    ``operator_credits`` also counts pictures that only the operator pays for; ``price`` is what
    they pay, in millionths of their currency.
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

    It adds up the charges whose columns fulfil the conditions of ``origin``, except those up to
    ``reset_at`` (milliseconds since the epoch). The rows of the subjects ``also`` count, too.
    """

    subject: str
    column: Column
    origin: tuple[tuple[str, int | tuple[int, ...]], ...] = ()
    reset_at: int | None = None
    also: tuple[str, ...] = ()

    def of_subject(self, parameters: Parameters) -> str:
        """Return the SQL condition for the meter's rows."""
        if not self.also:
            return f"subject = {parameters.add(self.subject)}"
        subjects = map(parameters.add, (self.subject, *self.also))
        return f"subject IN ({', '.join(subjects)})"


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
            WHERE {self.meter.of_subject(parameters)}
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

    def of_origin(self, parameters: Parameters) -> str:
        """Return the SQL condition for the meter's charges, to be appended to another condition."""
        return "".join(_condition(where, ids, parameters) for where, ids in self.meter.origin)

    def _sum(self, where: str, parameters: Parameters) -> str:
        return f"""(
            SELECT COALESCE(CAST(SUM({self.meter.column}) AS BIGINT), 0)
            FROM charges
            WHERE {where} {self.of_origin(parameters)}
        )"""


def _condition(where: str, ids: int | tuple[int, ...], parameters: Parameters) -> str:
    if isinstance(ids, int):
        return f" AND {where} {parameters.add(ids)}"
    return f" AND {where} ({', '.join(map(parameters.add, ids))})"

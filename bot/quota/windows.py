"""What a meter counts over a rolling period: exact, and flat however many charges there are.

A window begins inside an hour. What was used is the meters of the full hours after it, and the
charges of the one cut hour. Charges in the future (the clock was set back) count as well.
"""

from dataclasses import dataclass
from itertools import accumulate

from bot.database.transaction import Transaction
from bot.quota.meters import Meter, Values
from bot.quota.rules import HOUR_MS, Period


@dataclass(frozen=True, slots=True)
class Window:
    """What a meter counts in the period that ends now, in milliseconds since the epoch.

    A reset within the period forgets what was settled before it; what was held before counts
    until its job ends. A reset in the future (the clock was set back) waits for its moment: else
    everything until then would cost nothing.
    """

    meter: Meter
    period: Period
    now: int

    def used(self, values: Values) -> str:
        """Return the SQL of the sum."""
        sums = f"""(
            SELECT COALESCE(CAST(SUM(credits) AS BIGINT), 0)
            FROM meters
            WHERE subject = {values.add(self.meter.subject)} AND hour > {values.add(self._cut)}
        ) + {self._used_in_cut(values)}"""
        return (
            f"{sums} + {self._sum(self._held_before(values), values)}" if self._is_reset else sums
        )

    def sums(self, rows: Transaction) -> tuple[int, int]:
        """Return what was used, and the part of it whose jobs still run."""
        values = Values()
        running = f"state = 'held' AND at > {values.add(self._opens)}"
        sql = f"SELECT {self._sum(running, values)} AS held, {self.used(values)} AS used"
        (sums,) = rows.query(sql, *values.all)
        return sums["used"], sums["held"]

    def frees_at(self, rows: Transaction, amount: int) -> int | None:
        """Return when the oldest ``amount`` credits will have left; None if there are fewer."""
        if self._is_reset:
            values = Values()
            moment, amount = self._frees_of(rows, self._held_before(values), values, amount)
            if moment is not None:
                return moment
        for hour, used in self._hours(rows):
            if amount <= used:
                values = Values()
                charged = f"hour = {values.add(hour)} AND at > {values.add(self._since)}"
                return (self._frees_of(rows, charged, values, amount))[0]
            amount -= used
        return None

    @property
    def _opens(self) -> int:
        return self.now - self.period.ms

    @property
    def _is_reset(self) -> bool:
        reset_at = self.meter.reset_at
        return reset_at is not None and self._opens < reset_at <= self.now

    @property
    def _since(self) -> int:
        reset_at = self.meter.reset_at
        return self._opens if reset_at is None or not self._is_reset else reset_at

    @property
    def _cut(self) -> int:
        return self._since // HOUR_MS

    def _held_before(self, values: Values) -> str:
        """Return the condition for what was held before a reset and still runs."""
        between = f"at > {values.add(self._opens)} AND at <= {values.add(self._since)}"
        return f"state = 'held' AND {between}"

    def _used_in_cut(self, values: Values) -> str:
        in_cut = f"hour = {values.add(self._cut)} AND at > {values.add(self._since)}"
        return self._sum(in_cut, values)

    def _sum(self, where: str, values: Values) -> str:
        return f"""(
            SELECT COALESCE(CAST(SUM({self.meter.column}) AS BIGINT), 0)
            FROM charges
            WHERE {where} {self._owned(values)}
        )"""

    def _owned(self, values: Values) -> str:
        return "".join(f" AND {whose} {values.add(id_)}" for whose, id_ in self.meter.owner)

    def _hours(self, rows: Transaction) -> list[tuple[int, int]]:
        values = Values()
        found = rows.query(
            f"""
            SELECT {values.add_number(self._cut)} AS hour,
                   {self._used_in_cut(values)} AS credits
            UNION ALL
            SELECT hour, credits
            FROM meters
            WHERE subject = {values.add(self.meter.subject)} AND hour > {values.add(self._cut)}
            ORDER BY hour
            """,
            *values.all,
        )
        return [(row["hour"], row["credits"]) for row in found]

    def _frees_of(
        self, rows: Transaction, where: str, values: Values, amount: int
    ) -> tuple[int | None, int]:
        """Return when that much of some charges will have left, or None and what is missing."""
        charges = rows.query(
            f"""
            SELECT at, {self.meter.column} AS credits
            FROM charges
            WHERE {where} {self._owned(values)}
            ORDER BY at
            """,
            *values.all,
        )
        running = list(accumulate((charge["credits"] for charge in charges), initial=0))
        for charge, used in zip(charges, running[1:], strict=True):
            if used >= amount:
                return charge["at"] + self.period.ms, 0
        return None, amount - running[-1]

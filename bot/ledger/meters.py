"""Sums of charges over a rolling window: exact, and flat however many charges there are.

A window begins inside an hour. What was used is the meters of the full hours after it, and the
charges of the one cut hour. Charges in the future (the clock was set back) count as well.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

from bot.ledger.rules import HOUR_MS, Period
from bot.store import Tx, Value


class Values:
    """The values of a statement in the making; adding one returns its placeholder."""

    def __init__(self) -> None:
        self.all: list[Value] = []

    def add(self, value: Value) -> str:
        """Keep the value and return its ``$n``."""
        self.all.append(value)
        return f"${len(self.all)}"

    def add_number(self, value: int) -> str:
        """Keep a number that stands where PostgreSQL could not guess its type."""
        return f"CAST({self.add(value)} AS BIGINT)"


Column = Literal["credits", "operator_credits"]
Charged = Mapping[Column, int]


@dataclass(frozen=True, slots=True)
class Meter:
    """One running sum: its name in ``meters``, and which charges it is the sum of."""

    subject: str
    column: Column = "credits"
    owner: tuple[tuple[str, int], ...] = ()


def person(server_id: int, user_id: int) -> Meter:
    """Return what one person used in one server; direct messages are server 0."""
    owner = (("server_id", server_id), ("user_id", user_id))
    return Meter(f"user:{server_id}:{user_id}", owner=owner)


def server(server_id: int) -> Meter:
    """Return what everybody used in one server."""
    return Meter(f"server:{server_id}", owner=(("server_id", server_id),))


def total() -> Meter:
    """Return what everybody used everywhere, with what was made in doubt."""
    return Meter("operator", column="operator_credits")


def meters_of(server_id: int, user_id: int) -> tuple[Meter, ...]:
    """Return the meters that a charge moves: the terminal (0) and direct messages have fewer."""
    persons = (person(server_id, user_id),) if user_id else ()
    servers = (server(server_id),) if server_id else ()
    return (*persons, *servers, total())


async def count(tx: Tx, meters: Sequence[Meter], *, hour: int, asked: int) -> None:
    """Add a hold to the meters."""
    values = Values()
    moved = ", ".join(
        f"({values.add(meter.subject)}, {values.add(hour)}, {values.add(asked)})"
        for meter in meters
    )
    tx.put_off(
        f"""
        INSERT INTO meters (subject, hour, credits)
        VALUES {moved}
        ON CONFLICT (subject, hour) DO UPDATE SET credits = meters.credits + excluded.credits
        """,
        *values.all,
    )


async def give_back(tx: Tx, meters: Sequence[Meter], *, hour: int, back: Charged) -> None:
    """Take what was not charged from the meters, at the hour of its hold."""
    for meter in meters:
        if amount := back[meter.column]:
            tx.put_off(
                "UPDATE meters SET credits = credits - $3 WHERE subject = $1 AND hour = $2",
                meter.subject,
                hour,
                amount,
            )


@dataclass(frozen=True, slots=True)
class Window:
    """What a meter counts in the period that ends now, in milliseconds since the epoch."""

    meter: Meter
    period: Period
    now: int

    def used(self, values: Values) -> str:
        """Return the SQL of the sum."""
        return f"""(
            SELECT COALESCE(CAST(SUM(credits) AS BIGINT), 0)
            FROM meters
            WHERE subject = {values.add(self.meter.subject)} AND hour > {values.add(self._cut)}
        ) + {self._used_in_cut(values)}"""

    async def sums(self, rows: Tx) -> tuple[int, int]:
        """Return what was used, and the part of it whose jobs still run."""
        values = Values()
        sql = f"SELECT {self.used(values)} AS used, {self._held(values)} AS held"
        (sums,) = await rows.all(sql, *values.all)
        return sums["used"], sums["held"]

    async def frees_at(self, rows: Tx, amount: int) -> int | None:
        """Return when the oldest ``amount`` credits will have left; None if there are fewer."""
        for hour, used in await self._hours(rows):
            if amount <= used:
                return await self._frees_in(rows, hour, amount)
            amount -= used
        return None

    @property
    def _since(self) -> int:
        return self.now - self.period.ms

    @property
    def _cut(self) -> int:
        return self._since // HOUR_MS

    def _held(self, values: Values) -> str:
        return self._charged(f"state = 'held' AND at > {values.add(self._since)}", values)

    def _used_in_cut(self, values: Values) -> str:
        in_cut = f"hour = {values.add(self._cut)} AND at > {values.add(self._since)}"
        return self._charged(in_cut, values)

    def _charged(self, where: str, values: Values) -> str:
        return f"""(
            SELECT COALESCE(CAST(SUM({self.meter.column}) AS BIGINT), 0)
            FROM charges
            WHERE {where} {self._owned(values)}
        )"""

    def _owned(self, values: Values) -> str:
        return "".join(f" AND {name} = {values.add(id_)}" for name, id_ in self.meter.owner)

    async def _hours(self, rows: Tx) -> list[tuple[int, int]]:
        values = Values()
        found = await rows.all(
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

    async def _frees_in(self, rows: Tx, hour: int, amount: int) -> int:
        values = Values()
        charges = await rows.all(
            f"""
            SELECT at, {self.meter.column} AS credits
            FROM charges
            WHERE hour = {values.add(hour)} AND at > {values.add(self._since)}
            {self._owned(values)}
            ORDER BY at
            """,
            *values.all,
        )
        running = accumulate(charge["credits"] for charge in charges)
        reached = next(i for i, used in enumerate(running) if used >= amount)
        return int(charges[reached]["at"]) + self.period.ms

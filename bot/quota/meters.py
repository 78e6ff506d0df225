"""Sums of charges by full hour: what each counts, and how it moves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.database.transaction import Transaction, Value


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


Column = Literal["own_credits", "credits", "operator_credits", "price"]
Charged = Mapping[Column, int]


@dataclass(frozen=True, slots=True)
class Meter:
    """One running sum: its name in ``meters``, and which charges it is the sum of.

    What was charged up to ``reset_at`` (milliseconds since the epoch) is forgotten.
    """

    subject: str
    column: Column
    owner: tuple[tuple[str, int], ...] = ()
    reset_at: int | None = None


def person(server_id: int, user_id: int, *, reset_at: int | None = None) -> Meter:
    """Return what one person's own level paid in one server; direct messages are server 0."""
    owner = (("server_id =", server_id), ("user_id =", user_id))
    return Meter(f"user:{server_id}:{user_id}", "own_credits", owner, reset_at)


def server(server_id: int) -> Meter:
    """Return what everybody used in one server; the terminal's work is in none."""
    nobody = () if server_id else (("user_id <>", 0),)
    return Meter(f"server:{server_id}", "credits", (("server_id =", server_id), *nobody))


def total() -> Meter:
    """Return what everybody used everywhere, with what was made in doubt."""
    return Meter("operator", "operator_credits")


def budget() -> Meter:
    """Return what the operator paid for everybody, in millionths of their currency."""
    return Meter("budget", "price")


def meters_of(server_id: int, user_id: int) -> tuple[Meter, ...]:
    """Return the meters that a charge moves: the terminal (user 0) moves the totals only."""
    members = (person(server_id, user_id), server(server_id)) if user_id else ()
    return (*members, total(), budget())


def move(tx: Transaction, meters: Sequence[Meter], *, hour: int, by: Charged) -> None:
    """Add to the meters what was charged in that hour, or take away what was given back."""
    _add(tx, {m.subject: by[m.column] for m in meters if by[m.column] > 0}, hour)
    for meter in meters:
        if by[meter.column] < 0:
            tx.write(
                "UPDATE meters SET credits = credits + $3 WHERE subject = $1 AND hour = $2",
                meter.subject,
                hour,
                by[meter.column],
            )


def _add(tx: Transaction, amounts: Mapping[str, int], hour: int) -> None:
    if not amounts:
        return
    values = Values()
    added = ", ".join(
        f"({values.add(subject)}, {values.add(hour)}, {values.add(amount)})"
        for subject, amount in amounts.items()
    )
    tx.write(
        f"""
        INSERT INTO meters (subject, hour, credits)
        VALUES {added}
        ON CONFLICT (subject, hour) DO UPDATE SET credits = meters.credits + excluded.credits
        """,
        *values.all,
    )

"""Database rows of charges and meters."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby
from typing import Literal

from bot.database.transaction import Transaction
from bot.quota.levels import ORIGIN_COLUMNS, ChargeOrigin, LimitCheck, meters_of
from bot.quota.limits import HOUR_MS, Period
from bot.quota.meters import Amounts, Meter, Parameters, Window
from bot.quota.stripes import TOTALS, has_stripes, written_subject

_DAY_HOURS = Period.DAY.ms // HOUR_MS


@dataclass(frozen=True, slots=True)
class Hold:
    """A job's hold since ``at`` (milliseconds since the epoch)."""

    job_id: str
    origin: ChargeOrigin
    at: int
    amounts: Amounts

    @property
    def hour(self) -> int:
        """Return the hour that its meters count it in."""
        return self.at // HOUR_MS


@dataclass(frozen=True, slots=True)
class Charge:
    """One job's credits, ``at`` milliseconds since the epoch; ``state`` is held or settled.

    Of ``credits`` a grant paid ``granted``; ``doubtful`` more were, or may have been, paid for by
    the operator although the person got nothing.
    ``user_id`` is negative where somebody's data was deleted.
    """

    job_id: str
    at: int
    user_id: int
    state: str
    credits: int
    granted: int
    doubtful: int


_LEAST_ID = -(2**63)
_ORIGIN = ", ".join(ORIGIN_COLUMNS)
_CHARGE = """
    job_id, at, user_id, state, credits,
    credits - own_credits AS granted,
    operator_credits - credits AS doubtful
"""


# --- holds ------------------------------------------------------------------------------------


def write_hold(tx: Transaction, hold: Hold, checks: Sequence[LimitCheck]) -> bool:
    """Insert the hold if every limit has room for it; return whether it was inserted."""
    parameters, amounts = Parameters(), hold.amounts
    job_id = parameters.add(hold.job_id)
    credits = parameters.add_number(amounts.credits)
    written = tx.query(
        f"""
        INSERT INTO charges (
            job_id, {_ORIGIN}, at, hour, state,
            asked, credits, operator_credits, own_credits, price
        )
        SELECT {job_id},
               {", ".join(map(parameters.add_number, hold.origin.ids))},
               {parameters.add_number(hold.at)},
               {parameters.add_number(hold.hour)},
               'held',
               {credits},
               {credits},
               {parameters.add_number(amounts.operator_credits)},
               {parameters.add_number(amounts.own_credits)},
               {parameters.add_number(amounts.price)}
        WHERE {_all_have_room(checks, hold.at, parameters)}
        RETURNING job_id
        """,
        *parameters.values,
    )
    return bool(written)


def _all_have_room(checks: Sequence[LimitCheck], at: int, parameters: Parameters) -> str:
    """Return the SQL condition that every rule has room for what is asked of it."""
    asked = (check for check in checks if check.asked)
    return " AND ".join(_has_room(check, at, parameters) for check in asked) or "TRUE"


def _has_room(check: LimitCheck, at: int, parameters: Parameters) -> str:
    sets = (
        " AND ".join(
            f"{Window.ending(at, check.meter, period).used(parameters)} "
            f"<= {parameters.add_number(cap - check.asked - check.margin)}"
            for cap, period in caps
        )
        for caps in check.rule.caps
    )
    return f"({' OR '.join(f'({caps})' for caps in sets)})"


def read_hold(
    rows: Transaction, job_id: str, *, state: Literal["held", "settled"] = "held"
) -> Hold | None:
    """Return a job's hold, or what became of it; None when it is not in this state."""
    found = rows.one(
        f"""
        SELECT {_ORIGIN}, at, own_credits, credits, operator_credits, price
        FROM charges
        WHERE job_id = $1 AND state = $2
        """,
        job_id,
        state,
    )
    if found is None:
        return None
    amounts = Amounts(
        own_credits=found["own_credits"],
        credits=found["credits"],
        operator_credits=found["operator_credits"],
        price=found["price"],
    )
    origin = ChargeOrigin(*(found[column] for column in ORIGIN_COLUMNS))
    return Hold(job_id, origin, found["at"], amounts)


def settle_hold(
    tx: Transaction,
    hold: Hold,
    amounts: Amounts,
    *,
    is_doubtful: bool,
    state: Literal["held", "settled"] = "held",
) -> bool:
    """Turn a hold into a charge of these amounts; return False if it is not in this state."""
    settled = tx.query(
        """
        UPDATE charges
        SET state = 'settled', own_credits = $2, credits = $3, operator_credits = $4,
            price = $5, forgiven = $6
        WHERE job_id = $1 AND state = $7
        RETURNING job_id
        """,
        hold.job_id,
        amounts.own_credits,
        amounts.credits,
        amounts.operator_credits,
        amounts.price,
        int(is_doubtful),
        state,
    )
    return bool(settled)


# --- charges ----------------------------------------------------------------------------------


def read_charges(rows: Transaction, job_ids: Sequence[str]) -> list[Charge]:
    """Return the charges of some jobs, the newest first; those of 40 days ago are gone."""
    parameters = Parameters()
    found = rows.query(
        f"""
        SELECT {_CHARGE}
        FROM charges
        WHERE job_id IN ({", ".join(map(parameters.add, job_ids))})
        ORDER BY job_id DESC
        """,
        *parameters.values,
    )
    return [Charge(*row) for row in found]


def read_server_charges(
    rows: Transaction, server_id: int, hour: int, *, after: Charge | None, most: int
) -> list[Charge]:
    """Return a server's charges of an hour by person, from behind one."""
    found = rows.query(
        f"""
        SELECT {_CHARGE}
        FROM charges
        WHERE hour = $1 AND server_id = $2 AND (user_id, at, job_id) > ($3, $4, $5)
        ORDER BY user_id, at, job_id
        LIMIT $6
        """,
        hour,
        server_id,
        _LEAST_ID if after is None else after.user_id,
        0 if after is None else after.at,
        "" if after is None else after.job_id,
        most,
    )
    return [Charge(*row) for row in found]


def read_charged_hours(rows: Transaction) -> range:
    """Return the hours from the first to the last of all charges."""
    (found,) = rows.query(
        "SELECT (SELECT MIN(hour) FROM charges) AS first, (SELECT MAX(hour) FROM charges) AS last"
    )
    return range(0) if found["first"] is None else range(found["first"], found["last"] + 1)


# --- meters -----------------------------------------------------------------------------------


def move_meters(tx: Transaction, hold: Hold, *, by: Amounts, now: int) -> None:
    """Add amounts to the meters of a hold's hour, or subtract what was returned."""
    moves = list(_moves(tx, hold, by, now))
    # In the order of the meters, whatever the signs: others wait in the same order.
    for is_added, group in groupby(moves, key=lambda move: move[1] > 0):
        if is_added:
            _add(tx, dict(group), hold.hour)
            continue
        for subject, amount in group:
            tx.write(
                "UPDATE meters SET credits = credits + $3 WHERE subject = $1 AND hour = $2",
                subject,
                hold.hour,
                amount,
            )


def _moves(tx: Transaction, hold: Hold, by: Amounts, now: int) -> Iterator[tuple[str, int]]:
    """Yield which subject's meter of the hour changes by how much."""
    is_spread = has_stripes(tx)
    for meter in meters_of(hold.origin):
        if not (amount := by.of(meter.column)):
            continue
        subject = meter.subject
        if is_spread and meter in TOTALS:
            subject = written_subject(tx, meter, hold.job_id, hour=hold.hour, now=now)
        yield subject, amount


def _add(tx: Transaction, amounts: dict[str, int], hour: int) -> None:
    parameters = Parameters()
    added = ", ".join(
        f"({parameters.add(subject)}, {parameters.add(hour)}, {parameters.add(amount)})"
        for subject, amount in amounts.items()
    )
    tx.write(
        f"""
        INSERT INTO meters (subject, hour, credits)
        VALUES {added}
        ON CONFLICT (subject, hour) DO UPDATE SET credits = meters.credits + excluded.credits
        """,
        *parameters.values,
    )


def read_used(rows: Transaction, window: Window) -> tuple[int, int]:
    """Return what was used in a window, and the part that running jobs hold."""
    parameters = Parameters()
    held = window.held(parameters)
    (sums,) = rows.query(
        f"SELECT {held} AS held, {window.used(parameters)} AS used", *parameters.values
    )
    return sums["used"], sums["held"]


def read_used_by_day(rows: Transaction, meter: Meter, *, first: int, last: int) -> dict[int, int]:
    """Return what a meter counted on the days of UTC, by their number since the epoch."""
    parameters = Parameters()
    found = rows.query(
        f"""
        SELECT hour / {_DAY_HOURS} AS day, CAST(SUM(credits) AS BIGINT) AS credits
        FROM meters
        WHERE {meter.of_subject(parameters)}
        AND hour >= {parameters.add(first * _DAY_HOURS)}
        AND hour < {parameters.add((last + 1) * _DAY_HOURS)}
        GROUP BY hour / {_DAY_HOURS}
        """,
        *parameters.values,
    )
    return {row["day"]: row["credits"] for row in found}


def read_frees_at(rows: Transaction, window: Window, amount: int) -> int | None:
    """Return when the oldest ``amount`` credits leave the window; None if there are fewer."""
    if window.is_reset:
        parameters = Parameters()
        held = window.held_before_reset(parameters)
        moment, amount = _frees_of(rows, window, held, parameters, amount)
        if moment is not None:
            return moment
    for hour, used in _used_by_hour(rows, window):
        if amount <= used:
            parameters = Parameters()
            charged = window.charged_in(hour, parameters)
            return _frees_of(rows, window, charged, parameters, amount)[0]
        amount -= used
    return None


def _used_by_hour(rows: Transaction, window: Window) -> list[tuple[int, int]]:
    parameters = Parameters()
    found = rows.query(
        f"""
        SELECT {parameters.add_number(window.cut_hour)} AS hour,
               {window.used_in_cut_hour(parameters)} AS credits
        UNION ALL
        SELECT hour, CAST(SUM(credits) AS BIGINT)
        FROM meters
        WHERE {window.meter.of_subject(parameters)}
        AND hour > {parameters.add(window.cut_hour)}
        GROUP BY hour
        ORDER BY hour
        """,
        *parameters.values,
    )
    return [(row["hour"], row["credits"]) for row in found]


def _frees_of(
    rows: Transaction, window: Window, where: str, parameters: Parameters, amount: int
) -> tuple[int | None, int]:
    """Return when ``amount`` of some charges has left the window, else None and what is missing."""
    charges = rows.query(
        f"""
        SELECT at, {window.meter.column} AS credits
        FROM charges
        WHERE {where} {window.of_origin(parameters)}
        ORDER BY at
        """,
        *parameters.values,
    )
    running = list(accumulate((charge["credits"] for charge in charges), initial=0))
    for charge, used in zip(charges, running[1:], strict=True):
        if used >= amount:
            return charge["at"] + window.period.ms, 0
    return None, amount - running[-1]

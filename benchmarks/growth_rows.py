"""Rows of a database that has been in use, made by SQL: a million jobs in about a minute."""

import sqlite3
from contextlib import closing
from pathlib import Path

from bot.jobs.maintenance import CHARGE_RETENTION_MS
from bot.quota.limits import HOUR_MS, Period

PERSON = 1
"""Whose jobs are listed, exported and deleted: the same number of them in every database."""
PERSON_JOBS = 1_000
QUIET_SERVER, BUSY_SERVER = 2, 10
"""The quiet one has jobs of PERSON only, and every second job of others is in the busy one."""
FILE_BYTES = 100
_SERVERS, _PEOPLE = 500, 20_000
# Charges of one day are old enough to be deleted, and pictures of one day.
_SPREAD_MS = CHARGE_RETENTION_MS + Period.DAY.ms
_PICTURES_MS = Period.MONTH.ms + Period.DAY.ms


def fill(path: Path, *, jobs: int, now: int, own: int = PERSON_JOBS) -> None:
    """Fill a new database with so many jobs of others, besides ``own`` of PERSON."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA cache_size=-600000")
        connection.execute("BEGIN")
        connection.execute(_MADE_TABLE)
        _make(connection, 1, own, PERSON, f"{QUIET_SERVER} + number % 3", now)
        if jobs:
            _make(connection, own + 1, own + jobs, f"2 + chance % {_PEOPLE}", _WHERE, now)
        for statement in _ROWS:
            connection.execute(statement, {"pictures_since": now - _PICTURES_MS})
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _make(
    connection: sqlite3.Connection, first: int, last: int, user: str | int, server: str, now: int
) -> None:
    """Make the jobs of some numbers; ``user`` and ``server`` are SQL."""
    connection.execute(
        f"""
        WITH RECURSIVE counted (number) AS (
            SELECT {first}
            UNION ALL
            SELECT number + 1
            FROM counted
            WHERE number < {last}
        )
        INSERT INTO made
        SELECT printf('%08x-%04x-7%03x-8%03x-%012x', at >> 16, at & 65535, number & 4095,
                      number >> 12 & 4095, chance * 65537 + number),
               number, {user}, {server}, at, 1 + (chance % 5 = 0) * 3, lower(hex(randomblob(32)))
        FROM (
            SELECT number,
                   number * 2654435761 % 4294967296 / 7 AS chance,
                   {now - _SPREAD_MS} + (number - {first}) * {_SPREAD_MS} / {last - first + 1} AS at
            FROM counted
        )
        """
    )


_WHERE = f"""
    CASE
        WHEN chance / {_PEOPLE} % 2 = 0 THEN {BUSY_SERVER}
        ELSE {BUSY_SERVER} + 1 + chance / {_PEOPLE} % {_SERVERS}
    END
"""
_MADE_TABLE = """
    CREATE TEMP TABLE made (
        id TEXT, number BIGINT, user_id BIGINT, server_id BIGINT, at BIGINT, n BIGINT, hash TEXT
    )
"""
_ROWS = (
    f"""
    INSERT INTO jobs (
        id, owner, state, server_id, user_id, user_name, locale, request, credits, created_at,
        ended_at, told, channel_id, message_id, application_id, deliveries
    )
    SELECT id, 'benchmark', 'done', server_id, user_id, 'person ' || user_id, 'en-US',
           '{{"prompt":"a small red fox that looks at ' || number || ' stars above a lake, oil on'
           || ' canvas","model":"painter-' || (number % 3) || '","size":"1024x1024","n":' || n
           || CASE WHEN number % 10 = 0 THEN ',"references":[{{"sha256":"' || hash
                   || '","format":"png","bytes":{FILE_BYTES},"fetched_at":0}}]' ELSE '' END
           || ',"quality":"high"}}',
           n, at, at + 20000, 1, server_id * 10 + number % 9, number * 10, 5, 1
    FROM made
    """,
    """
    INSERT INTO attempts (
        job_id, slot, number, gateway, asked, state, billed, started_at, ended_at
    )
    SELECT id, 0, 1, 'painter', n, 'received', 'yes', at + 100, at + 19000
    FROM made
    """,
    """
    INSERT INTO costs (job_id, slot, number, gateway, model, at, billed, pictures, price)
    SELECT id, 0, 1, 'painter', 'painter-' || (number % 3), at + 19000, 'yes', n, n * 40000
    FROM made
    """,
    """
    INSERT INTO messages (message_id, channel_id, job_id)
    SELECT number * 10, server_id * 10 + number % 9, id
    FROM made
    """,
    """
    INSERT INTO intents (nonce, job_id, part, channel_id, at, message_id)
    SELECT replace(id, '-', ''), id, 1, server_id * 10 + number % 9, at + 19000, number * 10
    FROM made
    WHERE number % 20 = 0 AND at > :pictures_since
    """,
    f"""
    INSERT INTO pictures (job_id, number, sha256, format, width, height, bytes, at)
    SELECT id, 1, CASE WHEN number % 10 = 0 THEN lower(hex(randomblob(32))) ELSE hash END,
           'png', 1024, 1024, {FILE_BYTES}, at + 19000
    FROM made
    WHERE at > :pictures_since
    """,
    f"""
    INSERT INTO charges (
        job_id, server_id, user_id, at, hour, state, asked, credits, operator_credits,
        own_credits, price
    )
    SELECT id, server_id, user_id, at, at / {HOUR_MS}, 'settled', n, n, n, n, n * 40000
    FROM made
    """,
    f"""
    INSERT INTO meters (subject, hour, credits)
    SELECT 'user:' || server_id || ':' || user_id, at / {HOUR_MS}, SUM(n) FROM made GROUP BY 1, 2
    UNION ALL
    SELECT 'server:' || server_id, at / {HOUR_MS}, SUM(n) FROM made GROUP BY 1, 2
    UNION ALL
    SELECT 'ceiling:' || server_id, at / {HOUR_MS}, SUM(n) FROM made GROUP BY 1, 2
    UNION ALL
    SELECT 'operator', at / {HOUR_MS}, SUM(n) FROM made GROUP BY 2
    UNION ALL
    SELECT 'budget', at / {HOUR_MS}, SUM(n) * 40000 FROM made GROUP BY 2
    """,
)

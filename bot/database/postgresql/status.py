"""What an Easel database of a PostgreSQL server contains; nothing is changed."""

from contextlib import closing
from dataclasses import dataclass
from typing import Any

import psycopg

from bot.database.postgresql.connect import connect, errors_translated
from bot.database.postgresql.connections import READ
from bot.database.postgresql.facts import (
    ServerFacts,
    has_other_tables,
    read_facts,
    tables_of,
    version_of,
)

MOST_COUNTED = 100_000
"""Of a larger table the server's estimate is told: to count it would read all of it."""


@dataclass(frozen=True, slots=True)
class TableRows:
    """How many rows a table has; exactly, or by the server's estimate."""

    count: int
    is_exact: bool


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """What is there: ``version`` is 0 for an empty database, ``oldest_charge_at`` None without."""

    facts: ServerFacts
    is_foreign: bool
    version: int
    rows: dict[str, TableRows]
    open_jobs: int
    oldest_charge_at: int | None


def read_server_status(parameters: str, *, most_counted: int = MOST_COUNTED) -> ServerStatus:
    """Read it in one transaction; raises PostgresqlError."""
    with closing(connect(parameters)) as connection, errors_translated():
        connection.execute(READ)
        facts, is_others = read_facts(connection), has_other_tables(connection)
        version = 0 if is_others else version_of(connection)
        if not version:
            return ServerStatus(facts, is_others, 0, {}, 0, None)
        tables = tables_of(connection)
        return ServerStatus(
            facts=facts,
            is_foreign=False,
            version=version,
            rows={
                name: _rows(connection, name, about, most_counted) for name, about in tables.items()
            },
            open_jobs=_number(connection, "SELECT COUNT(*) FROM jobs WHERE ended_at IS NULL") or 0,
            # By the index of the hour: there is none of the moment alone.
            oldest_charge_at=_number(
                connection,
                "SELECT MIN(at) FROM charges WHERE hour = (SELECT MIN(hour) FROM charges)",
            ),
        )


def _rows(connection: psycopg.Connection[Any], table: str, estimate: int, most: int) -> TableRows:
    # The name is one that the server has told.
    few = f'SELECT FROM "{table}" LIMIT {most + 1}'
    count = _number(connection, f"SELECT COUNT(*) FROM ({few}) AS few") or 0  # noqa: S608
    if count <= most:
        return TableRows(count, is_exact=True)
    return TableRows(max(count, estimate), is_exact=False)


def _number(connection: psycopg.Connection[Any], sql: str) -> int | None:
    row = connection.execute(sql).fetchone()
    found: int | None = row and row[0]
    return found

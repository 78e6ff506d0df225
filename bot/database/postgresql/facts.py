"""What a PostgreSQL server says of itself, and whether its database is one for Easel."""

from contextlib import closing
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Any

import psycopg

from bot.database.postgresql.connect import connect, errors_translated
from bot.database.postgresql.rows import NamedRow

LEAST_VERSION = 15
LEAVE_S = 3.0
"""So long the server may need until it has noticed that a connection was closed."""
_LOOK_EVERY_S = 0.05
# libpq's names of the two collations that compare bytes (https://www.postgresql.org/docs/current/collation.html).
_BYTE_ORDERS = frozenset({"C", "POSIX", "C.UTF-8", "C.UTF8", "C.utf8"})
# From version 17 on there is a provider of PostgreSQL's own, whose locale has a column. A few
# connections are kept for others: reserved_connections is one of version 16.
_FACTS = """
    SELECT
        current_setting('server_version') AS version,
        current_database() AS name,
        current_setting('synchronous_commit') = 'off' AS forgets,
        pg_encoding_to_char(encoding) AS encoding,
        datlocprovider::text AS provider,
        datcollate AS collation,
        to_jsonb(found) ->> 'datlocale' AS locale,
        pg_database_size(current_database()) AS bytes,
        (SELECT COUNT(*) FROM pg_stat_activity WHERE usesysid <> 0 AND datid <> 0) AS used,
        CAST(current_setting('max_connections') AS BIGINT) AS connections,
        CAST(current_setting('superuser_reserved_connections') AS BIGINT)
            + CAST(COALESCE(current_setting('reserved_connections', true), '0') AS BIGINT)
            AS reserved,
        datconnlimit AS of_database,
        (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user) AS of_user,
        COALESCE(has_schema_privilege(current_schema(), 'CREATE'), false) AS may_create,
        NOT EXISTS (
            SELECT FROM pg_class WHERE relkind IN ('r', 'p')
                AND relnamespace = current_schema()::regnamespace
                AND NOT pg_has_role(relowner, 'USAGE')
        ) AS may_change,
        EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS at
    FROM pg_database AS found WHERE datname = current_database()
"""


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What the server says: sizes in bytes, times in milliseconds since the epoch.

    ``connections`` is how many this user may have, ``used`` how many are open to the server.
    """

    major: int
    version: str
    database: str
    encoding: str
    collation: str
    compares_bytes: bool
    bytes: int
    used: int
    connections: int
    may_migrate: bool
    forgets_commits: bool
    at: int

    @property
    def is_fitting(self) -> bool:
        """Whether texts are stored and compared as Easel needs."""
        return self.encoding == "UTF8" and self.compares_bytes


def read_facts(connection: psycopg.Connection[Any]) -> ServerFacts:
    """Ask the server; raises PostgresqlError."""
    with errors_translated():
        row = _one(connection, _FACTS)
    limits = (row["connections"] - row["reserved"], row["of_database"], row["of_user"])
    return ServerFacts(
        major=connection.info.server_version // 10_000,
        version=row["version"],
        database=row["name"],
        encoding=row["encoding"],
        collation=(row["locale"] if row["provider"] != "c" else None) or row["collation"],
        compares_bytes=_compares_bytes(row),
        bytes=row["bytes"],
        used=row["used"],
        connections=min(limit for limit in limits if limit >= 0),  # -1 is no limit
        may_migrate=row["may_create"] and row["may_change"],
        forgets_commits=row["forgets"],
        at=int(row["at"]),
    )


def shares_connections(parameters: str) -> bool:
    """Return whether a proxy gives each transaction another connection to the server.

    Locks of a session would then belong to nobody. Between two statements of one client, another
    one takes what the proxy has free.
    """
    with (
        closing(connect(parameters)) as first,
        closing(connect(parameters)) as second,
        errors_translated(),
    ):
        before = _backend(first)
        second.execute("BEGIN")
        beside = _backend(second)
        after = _backend(first)
    return before != after or beside == before


def programs_left(connection: psycopg.Connection[Any], *, within_s: float = LEAVE_S) -> int:
    """Return how many other connections Easel's processes have, once those that end have ended."""
    until = monotonic() + within_s
    while (found := _other_programs(connection)) and monotonic() < until:
        sleep(_LOOK_EVERY_S)
    return found


def tables_of(connection: psycopg.Connection[Any]) -> dict[str, int]:
    """Return the tables of this database with the server's estimate of their rows, -1 for none."""
    with errors_translated():
        found = connection.execute(
            "SELECT relname, CASE relkind WHEN 'r' THEN reltuples::bigint ELSE ("
            "SELECT SUM(part.reltuples)::bigint FROM pg_partition_tree(tables.oid) AS tree"
            " JOIN pg_class AS part ON part.oid = tree.relid WHERE tree.isleaf"
            ") END AS rows FROM pg_class AS tables"
            " WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')"
            " AND NOT relispartition ORDER BY relname"
        ).fetchall()
    return {name: -1 if rows is None else rows for name, rows in found}


def has_other_tables(connection: psycopg.Connection[Any]) -> bool:
    """Return whether the database has tables, but not those of Easel."""
    tables = tables_of(connection)
    if "migrations" not in tables:
        return bool(tables)
    with errors_translated():
        found = connection.execute(
            "SELECT FROM pg_attribute WHERE attrelid = 'migrations'::regclass"
            " AND attname = 'version'"
        ).fetchone()
    return found is None


def version_of(connection: psycopg.Connection[Any]) -> int:
    """Return the schema's version, 0 for an empty database."""
    if "migrations" not in tables_of(connection):
        return 0
    with errors_translated():
        (version,) = _one(connection, "SELECT MAX(version) FROM migrations")
    return version or 0


def _other_programs(connection: psycopg.Connection[Any]) -> int:
    with errors_translated():
        (found,) = _one(
            connection,
            "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid()"
            " AND (application_name LIKE 'easel%'"
            " OR application_name = current_setting('application_name'))",
        )
    return int(found)


def _backend(connection: psycopg.Connection[Any]) -> int:
    (pid,) = _one(connection, "SELECT pg_backend_pid()")
    return int(pid)


def _one(connection: psycopg.Connection[Any], sql: str) -> NamedRow:
    row: NamedRow | None = connection.execute(sql).fetchone()
    if row is None:
        raise LookupError
    return row


def _compares_bytes(row: NamedRow) -> bool:
    if row["provider"] == "c":
        return row["collation"] in _BYTE_ORDERS
    return row["provider"] == "b" and row["locale"] in _BYTE_ORDERS

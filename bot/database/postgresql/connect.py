"""One connection to PostgreSQL: its parameters, its types and what its errors mean."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.types.numeric import Int8BinaryDumper
from psycopg.types.string import StrDumper

from bot.core.errors.base import StartRefused
from bot.database.errors import PostgresqlError
from bot.database.postgresql.faults import refusal_of
from bot.database.postgresql.rows import named_rows

CONNECT_S = 5
# A lost network is noticed after 15 s, also while a statement waits (runtime: libpq-connect).
_NETWORK: dict[str, str | int] = {
    "connect_timeout": CONNECT_S,
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
# What a process holds that was stopped in the middle of a transaction is free again after 15 s.
_SESSION = "-c lock_timeout=10s -c idle_in_transaction_session_timeout=15s"
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_ROW_CLASSES = ("22", "23")  # data exceptions, integrity constraint violations
# A connection is lost or refused, resources are exhausted, an operator intervenes, a disk fails; a
# lock was not free in time; a transaction was the victim of a deadlock.
_PASSING_CLASSES = ("08", "53", "57", "58")
_PASSING = frozenset({"25006", "25P03", "40001", "40P01", "55P03"})
# The last is of a prepared statement whose table got a column, as in a rolling upgrade
# (src/backend/utils/cache/plancache.c); psycopg prepares it anew after the ROLLBACK.
_SAME_AGAIN = frozenset({"40001", "40P01", "0A000"})


class ServerConnection(psycopg.Connection[Any]):
    """A connection; ``most_at_once`` is how many the server lets be at the same time.

    It cannot change without a restart of the server, which ends every connection.
    """

    most_at_once: int


def parameters_of(url: str, *, owner: str = "") -> str:
    """Return libpq's parameters for a URL: its own, and those that it leaves out.

    The connections of a process have a name by which others can end them: see ``name_of``.
    """
    given: dict[str, Any] = conninfo_to_dict(url)
    options = f"{_SESSION} {given.get('options') or ''}".strip()
    name = {"application_name": name_of(owner)}
    fixed = {**name, "options": options, "client_encoding": "UTF8"}
    return make_conninfo("", **{**_NETWORK, **given, **fixed})


def name_of(owner: str) -> str:
    """Return the name of a process' connections (libpq-connect: application_name)."""
    return f"easel {owner}".strip()


def connect(parameters: str) -> ServerConnection:
    """Open a connection in autocommit: BEGIN and COMMIT are statements like others.

    Raises PostgresqlError.
    """
    with errors_translated():
        connection = ServerConnection.connect(
            parameters,
            autocommit=True,
            prepare_threshold=2,
            cursor_factory=psycopg.RawCursor,
            row_factory=named_rows,
        )
        (most,) = connection.execute("SHOW max_connections").fetchone() or (0,)
    connection.most_at_once = int(most)
    connection.prepared_max = 500
    # By default psycopg takes the smallest type for a number: each size would be another statement.
    connection.adapters.register_dumper(int, Int8BinaryDumper)
    connection.adapters.register_dumper(str, StrDumper)
    return connection


@contextmanager
def errors_translated() -> Iterator[None]:
    """Raise psycopg's errors as PostgresqlError."""
    try:
        yield
    except psycopg.Error as error:
        raise translated(error) from None  # it quotes the values of the row


@contextmanager
def unusable_refused() -> Iterator[None]:
    """Raise StartRefused where DATABASE_URL is no address, or its server cannot be used."""
    try:
        yield
    except psycopg.ProgrammingError:
        # Its words may hold a part of the password.
        raise StartRefused(
            "DATABASE_URL is no address of a PostgreSQL database: write it like "
            "postgresql://easel:PASSWORD@db.example.com/easel, with % as %25 in the password."
        ) from None
    except PostgresqlError as error:
        raise refusal_of(error) from error


def translated(error: psycopg.Error) -> PostgresqlError:
    """Return what an error of psycopg means."""
    state = error.sqlstate
    # Without a state libpq itself has found it: no server, or none any more.
    is_lost = state is None and isinstance(error, psycopg.OperationalError)
    return PostgresqlError(
        error.diag.message_primary or str(error).strip(),
        state=state,
        is_passing=is_lost or state in _PASSING or (state or "").startswith(_PASSING_CLASSES),
        is_of_rows=(state or "").startswith(_ROW_CLASSES) or isinstance(error, psycopg.DataError),
    )


def may_succeed_at_once(error: PostgresqlError) -> bool:
    """Return whether the same transaction may go well now: another one was the reason."""
    return error.state in _SAME_AGAIN

"""Migrations: numbered files of SQL statements, applied in one transaction."""

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.resources import files
from typing import Literal

from bot.core.errors.base import StartRefused
from bot.database.transaction import Transaction

Engine = Literal["SQLite", "PostgreSQL"]
_ONLY = re.compile(r"^-- Only (SQLite|PostgreSQL)\.$", re.MULTILINE)


def shipped() -> tuple[str, ...]:
    """Return the migrations of this version of Easel, in order."""
    folder = files("bot.database") / "migrations"
    scripts = sorted(file.name for file in folder.iterdir() if file.name.endswith(".sql"))
    return tuple((folder / name).read_text(encoding="utf-8") for name in scripts)


def migrate(
    tx: Transaction,
    *,
    migrations: Sequence[str],
    back_up: Callable[[int], None],
    now: Callable[[], int],
    engine: Engine = "SQLite",
) -> None:
    """Apply the missing migrations; ``back_up(version)`` is called first if the database has data.

    What only the other engine needs, or understands, is left out.

    Raises StartRefused for a database that a newer Easel has written.
    """
    tx.lock("migrations")
    version = _version(tx)
    if version > len(migrations):
        raise StartRefused(
            f"The database has version {version}, which is newer than this Easel's "
            f"{len(migrations)}: update Easel, or point DATABASE_URL to another one."
        )
    if 0 < version < len(migrations):
        back_up(version)
    for number in range(version, len(migrations)):
        _apply(tx, statements_of(migrations[number], engine), version=number + 1, at=now())


def write_nothing_lasting(tx: Transaction) -> None:
    """Make the COMMIT write a page, and change nothing: an empty one would need no space."""
    tx.write("INSERT INTO migrations (version, at) VALUES (0, 0)")
    tx.write("DELETE FROM migrations WHERE version = 0")


def _version(tx: Transaction) -> int:
    tx.write(
        "CREATE TABLE IF NOT EXISTS migrations (version BIGINT PRIMARY KEY, at BIGINT NOT NULL)"
    )
    applied = tx.query("SELECT version FROM migrations")
    return max((int(row["version"]) for row in applied), default=0)


def statements_of(script: str, engine: Engine) -> Iterator[str]:
    """Return the statements of a script that an engine runs.

    One for one engine only has ``-- Only SQLite.`` or ``-- Only PostgreSQL.`` above it.
    """
    for statement in _statements(script):
        only = _ONLY.search(statement)
        if only is None or only[1] == engine:
            yield statement


def _apply(tx: Transaction, statements: Iterable[str], *, version: int, at: int) -> None:
    for statement in statements:
        tx.write(statement)
    tx.write("INSERT INTO migrations (version, at) VALUES ($1, $2)", version, at)


def _statements(script: str) -> Iterator[str]:
    """Split a script; sqlite3's own ``executescript`` would commit first."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        yield statement

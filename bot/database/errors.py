"""What a database raises: SQLite's own errors, and one class for those of PostgreSQL."""

import sqlite3

_PRIMARY = 0xFF  # of an extended error code (https://sqlite.org/rescode.html)
# What passes when another program, the disk or the operator lets it. Damage does not.
_PASSING = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
    }
)


class PostgresqlError(Exception):
    """The server refused a statement, or the connection to it was lost.

    ``state`` is its SQLSTATE, None where the server said nothing. ``is_passing`` if the same
    transaction may succeed later, ``is_of_rows`` if the values of a row are the reason.
    """

    def __init__(
        self, text: str, *, state: str | None, is_passing: bool, is_of_rows: bool = False
    ) -> None:
        super().__init__(text, state, is_passing, is_of_rows)
        self.state = state
        self.is_passing = is_passing
        self.is_of_rows = is_of_rows

    def __str__(self) -> str:
        return str(self.args[0])

    def __copy__(self) -> "PostgresqlError":
        text, state, is_passing, is_of_rows = self.args
        return PostgresqlError(text, state=state, is_passing=is_passing, is_of_rows=is_of_rows)


class RunAgain(PostgresqlError):
    """Raised by the function of a transaction: what it decides on has changed since it began.

    It runs again at once, as after a failure to serialise. SQLite, with one writer, has no need.
    """

    def __init__(self) -> None:
        super().__init__("what was read has changed since", state="40001", is_passing=True)


DATABASE_ERRORS = (sqlite3.Error, PostgresqlError)
"""What a statement raises, whatever the engine."""


def primary_code(error: sqlite3.Error) -> int | None:
    """Return SQLite's primary result code, None for an error of Python's module."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & _PRIMARY


def is_passing_error(error: Exception) -> bool:
    """Return whether the same transaction may succeed later."""
    if isinstance(error, PostgresqlError):
        return error.is_passing
    return isinstance(error, sqlite3.Error) and primary_code(error) in _PASSING


def is_of_rows(error: Exception) -> bool:
    """Return whether the values of a row are the reason, and not the database."""
    if isinstance(error, PostgresqlError):
        return error.is_of_rows
    return isinstance(error, sqlite3.IntegrityError | sqlite3.DataError)

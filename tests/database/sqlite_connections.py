"""The connections of a database that is a SQLite file, for tests that follow its statements."""

from bot.database.connection import Connection
from bot.database.database import Database


def writer_of(database: Database) -> Connection:
    """Return the connection that writes."""
    return _sqlite(database._writer)


def connections_of(database: Database) -> tuple[Connection, ...]:
    """Return all of them, the one that writes first."""
    return tuple(map(_sqlite, (database._writer, database._reader, database._long_reader)))


def _sqlite(connection: object) -> Connection:
    assert isinstance(connection, Connection)
    return connection

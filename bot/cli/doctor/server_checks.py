"""Checks of a PostgreSQL server and of the way to it; nothing is changed there."""

from collections.abc import Callable, Iterator
from contextlib import closing

from bot.cli.doctor.finding import Finding, fine, warning, wrong
from bot.cli.sizes import format_bytes
from bot.core.errors.base import StartRefused
from bot.database.errors import PostgresqlError
from bot.database.faults import DatabaseFault
from bot.database.migrator import shipped
from bot.database.postgresql.connect import connect
from bot.database.postgresql.dump import dump_version
from bot.database.postgresql.facts import (
    LEAST_VERSION,
    ServerFacts,
    has_other_tables,
    read_facts,
    shares_connections,
    version_of,
)
from bot.database.postgresql.faults import CREATE, POOLED, RIGHTS, forgetful, server_fault
from bot.database.postgresql.opening import checked_parameters
from bot.settings.settings import Settings

BESIDE_WRITING = 5
"""So many connections a process has besides DATABASE_CONNECTIONS."""
_WARN_ABOVE_MS = 2_000
_NEW = f"Make a new one with {CREATE}; and point DATABASE_URL to it."


def examine_server(settings: Settings, now: Callable[[], int]) -> Iterator[Finding]:
    """Yield what the server says, as far as it can be asked."""
    try:
        parameters = checked_parameters(settings.database_url)
        asked_at = now()
        with closing(connect(parameters)) as connection:
            begun_at = now()
            found = read_facts(connection)
            clock = _clock(found, (begun_at + now()) // 2)
            version = -1 if has_other_tables(connection) else version_of(connection)
        yield _database(found, version, reached_in_ms=begun_at - asked_at)
        if shares_connections(parameters):
            yield _faulty(POOLED)
    except StartRefused as refused:
        yield wrong("database", "cannot be used", str(refused))
    except PostgresqlError as error:
        yield _faulty(server_fault(error))
    else:
        yield _connections(found, settings)
        yield clock
        yield _pg_dump(found.major)


def _database(found: ServerFacts, version: int, *, reached_in_ms: int) -> Finding:
    ours = len(shipped())
    facts = (
        f"{found.database} of PostgreSQL {found.version}, {format_bytes(found.bytes)}, "
        f"connected in {reached_in_ms} ms"
    )
    if found.major < LEAST_VERSION:
        fix = f"Easel needs PostgreSQL {LEAST_VERSION} or newer: upgrade the server."
        return wrong("database", facts, fix)
    if not found.is_fitting:
        facts += f"; it has collation {found.collation} and encoding {found.encoding}"
        return wrong("database", f"{facts}, and Easel needs C and UTF8", _NEW)
    if version < 0:
        return wrong("database", f"{facts}; it contains tables of another program", _NEW)
    if not found.may_migrate:
        return wrong("database", f"{facts}; it {RIGHTS.what}", _sentence(RIGHTS))
    if found.forgets_commits:
        fault = forgetful(found.database)
        return wrong("database", f"{facts}; it {fault.what}", _sentence(fault))
    if version > ours:
        facts += f", version {version}, newer than this Easel's {ours}"
        return wrong("database", facts, "Update Easel, or point DATABASE_URL to another one.")
    if not version:
        return fine("database", f"{facts}; the start will make its tables")
    brought = f"; the start will upgrade it to {ours}" if version < ours else ""
    return fine("database", f"{facts}, version {version}{brought}")


def _connections(found: ServerFacts, settings: Settings) -> Finding:
    needed = settings.clusters * (settings.database_connections + BESIDE_WRITING)
    facts = (
        f"{found.connections} for this user, {found.used} in use; CLUSTERS × "
        f"(DATABASE_CONNECTIONS + {BESIDE_WRITING}) is {needed}"
    )
    if needed <= found.connections:
        return fine("connections", facts)
    return wrong(
        "connections",
        facts,
        "Raise max_connections of the server, or lower DATABASE_CONNECTIONS.",
    )


def _clock(found: ServerFacts, now: int) -> Finding:
    off_ms = abs(now - found.at)
    side = "ahead of" if now > found.at else "behind"
    facts = f"this machine's is {off_ms / 1000:.1f} s {side} the server's"
    if off_ms <= _WARN_ABOVE_MS:
        return fine("database clock", facts)
    return warning(
        "database clock", facts, "Turn on time synchronisation on this machine and on the server."
    )


def _pg_dump(server: int) -> Finding:
    ours = dump_version()
    if ours is not None and ours >= server:
        return fine(
            "backups",
            f"none are made by the bot; pg_dump {ours} is here for python -m bot db backup",
        )
    facts = "pg_dump is not installed" if ours is None else f"pg_dump {ours} is too old"
    return warning(
        "backups",
        f"none are made by the bot, and {facts}",
        f"Let the server's operator make them, or install postgresql-client-{server} for "
        "python -m bot db backup (docs/backups.md).",
    )


def _faulty(fault: DatabaseFault) -> Finding:
    return wrong("database", fault.what, _sentence(fault))


def _sentence(fault: DatabaseFault) -> str:
    return f"{fault.mend[0].upper()}{fault.mend[1:]}."

"""What is wrong with a PostgreSQL database that cannot be used, and what mends it."""

import re

from bot.core.errors.base import StartRefused
from bot.database.errors import PostgresqlError
from bot.database.faults import DatabaseFault

CREATE = "CREATE DATABASE easel TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"
"""Makes a database for Easel, on every version of PostgreSQL and whatever the server's default."""

_ACCOUNT = DatabaseFault(
    "refuses the user or the password",
    "correct them in DATABASE_URL, and let the server's pg_hba.conf admit them",
)
_NO_DATABASE = DatabaseFault(
    "does not exist", f"make it with {CREATE}; or correct its name in DATABASE_URL"
)
_NO_HOST = DatabaseFault(
    "has a host name that cannot be resolved",
    "correct the host in DATABASE_URL (in a password, write @ as %40 and / as %2F), or this "
    "machine's DNS",
)
_SILENT = DatabaseFault(
    "cannot be reached (nothing accepts the connection)",
    "start the server, correct host and port in DATABASE_URL, and look at firewalls on the way",
)
POOLED = DatabaseFault(
    "is behind a proxy that shares connections, such as PgBouncer",
    "point DATABASE_URL to the server itself: Easel's locks need connections of their own",
)
_NO_CONNECTION = DatabaseFault(
    "has no connection left",
    "raise max_connections of the server, or lower DATABASE_CONNECTIONS or CLUSTERS",
)
_STARTS = DatabaseFault("is starting or stopping", "wait for the server, and start again")
_LOCKED = DatabaseFault(
    "is being upgraded, moved or used by another program",
    "wait for the end of that, and start again",
)
RIGHTS = DatabaseFault(
    "does not let its user make or change tables",
    "make the user of DATABASE_URL the owner of the database and of what is in it",
)
_FULL = DatabaseFault("has no room to grow", "free some disk space on the server, and start again")

# What the server says at a connection has no code: libpq hands over the words only.
_WORDS = (
    (r"password|pg_hba|authentication|role .* does not exist", _ACCOUNT),
    (r"database .* does not exist", _NO_DATABASE),
    (r"resolve host|translate host", _NO_HOST),
    (r"unsupported startup parameter", POOLED),
    (r"too many (clients|connections)|remaining connection slots", _NO_CONNECTION),
    (r"starting up|shutting down|recovery mode", _STARTS),
    (r"refused|timeout expired|No such file|unreachable", _SILENT),
)
_STATES = {
    "28P01": _ACCOUNT,
    "28000": _ACCOUNT,
    "3D000": _NO_DATABASE,
    "53300": _NO_CONNECTION,
    "53100": _FULL,
    "57P03": _STARTS,
    "55P03": _LOCKED,
    "42501": RIGHTS,
}


def forgetful(database: str) -> DatabaseFault:
    """Return what is wrong with a database that would forget paid requests in a crash."""
    return DatabaseFault(
        "confirms before it has written (synchronous_commit=off)",
        f"run ALTER DATABASE {database} SET synchronous_commit = on, or a crash would forget paid "
        "requests",
    )


def server_fault(error: PostgresqlError) -> DatabaseFault:
    """Return what an error of the server means for the operator."""
    if found := _STATES.get(error.state or ""):
        return found
    text = " ".join(str(error).split())
    for words, fault in _WORDS if error.state is None else ():
        if re.search(words, text, re.IGNORECASE):
            return fault
    return DatabaseFault(
        f"cannot be used ({text})", "check DATABASE_URL and the server, then start again"
    )


def refusal_of(error: PostgresqlError) -> StartRefused:
    """Return the sentence for an error that stops a command."""
    return refused_for(server_fault(error))


def refused_for(fault: DatabaseFault) -> StartRefused:
    """Return the sentence for a fault."""
    return StartRefused(f"The PostgreSQL database {fault.what}: {fault.mend}.")

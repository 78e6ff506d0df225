"""``python -m bot db`` for a database of a PostgreSQL server: its facts, and a copy of it."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from shlex import quote
from urllib.parse import urlsplit

from bot.cli.jobs import format_age
from bot.cli.sizes import format_bytes
from bot.cli.table import Row, format_table
from bot.core.clock import wall_clock_ms
from bot.core.errors.base import StartRefused
from bot.core.i18n.texts import Texts
from bot.core.private_files import make_private_folder
from bot.database.migrator import shipped
from bot.database.opening import open_database
from bot.database.postgresql.dump import (
    DUMP_END,
    RESTORE,
    DumpFailed,
    dump_database,
    dump_version,
)
from bot.database.postgresql.faults import CREATE
from bot.database.postgresql.opening import (
    checked_parameters,
    refuse_in_use,
    server_checked,
)
from bot.database.postgresql.status import (
    MOST_COUNTED,
    ServerStatus,
    TableRows,
    read_server_status,
)
from bot.database.postgresql_url import without_password
from bot.database.scheduled_copies import BACKUP_FOLDER, unnamed_copy
from bot.jobs.repository.restored_jobs import set_open_jobs_aside
from bot.settings.settings import Settings

EXIT_FINE = 0
EXIT_PROBLEM = 1

Say = Callable[[str], None]


def print_server_status(url: str, now: int, say: Say, *, most_counted: int = MOST_COUNTED) -> int:
    """Print the facts of the server and the number of rows of each table.

    Of a table with more than ``most_counted`` the server's estimate is told.

    Raises:
        StartRefused: it is empty, or belongs to another program.
        PostgresqlError: the server cannot be asked.
    """
    found = read_server_status(checked_parameters(url), most_counted=most_counted)
    if not found.version:
        what = "contains tables of another program" if found.is_foreign else "has no tables yet"
        raise StartRefused(
            f"The database {without_password(url)} {what}: the first start of the bot makes them "
            "in an empty one; if there should be some, correct DATABASE_URL."
        )
    for line in format_table([("SERVER", without_password(url)), *_facts(found, now)]):
        say(line)
    say("")
    counts = ((name, _count(rows)) for name, rows in found.rows.items())
    for line in format_table([("TABLE", "ROWS"), *counts]):
        say(line)
    if not all(rows.is_exact for rows in found.rows.values()):
        say("About: the server's estimate, as of its last ANALYZE.")
    return _say_version(found.version, say)


def _facts(found: ServerStatus, now: int) -> Iterator[Row]:
    facts, oldest = found.facts, found.oldest_charge_at
    yield "POSTGRESQL", facts.version
    yield "DATABASE", f"{facts.database}, {format_bytes(facts.bytes)}"
    yield "COLLATION", f"{facts.collation}, {facts.encoding}"
    yield "CONNECTIONS", f"{facts.used} in use of {facts.connections}"
    yield "VERSION", f"{found.version} (this Easel's is {len(shipped())})"
    yield "OPEN JOBS", str(found.open_jobs)
    yield "OLDEST CHARGE", "none" if oldest is None else f"{format_age(now - oldest)} ago"


def _count(rows: TableRows) -> str:
    return str(rows.count) if rows.is_exact else f"about {rows.count}"


def _say_version(version: int, say: Say) -> int:
    ours = len(shipped())
    if version > ours:
        say(Texts().say("db-newer", version=str(version), ours=str(ours)))
    elif version < ours:
        say(f"The next start upgrades the database from version {version} to {ours}.")
    return EXIT_PROBLEM if version > ours else EXIT_FINE


def back_up_server(url: str, file: Path, data_dir: Path, say: Say, *, force: bool) -> int:
    """Copy the database into a file, and print how to restore it.

    Raises:
        StartRefused: pg_dump is missing or refuses, or the file cannot be written.
        PostgresqlError: the server cannot be asked.
    """
    found = read_server_status(checked_parameters(url))
    refuse_without_pg_dump(found.facts.major)
    if file.exists() and not force:
        raise StartRefused(f"{file} exists already: name another file, or add --force.")
    try:
        make_private_folder(file.parent)
        size = dump_database(url, file)
    except (OSError, DumpFailed) as error:
        raise StartRefused(
            f"The backup {file} could not be written ({error}): free some disk space, name a file "
            "that can be written, or look at the server."
        ) from error
    texts = Texts()
    say(texts.say("db-copied", file=str(file), size=format_bytes(size)))
    say(f"To restore it, {_how_to_restore(file)}")
    kept = {"vault": str(data_dir / "vault"), "key": str(data_dir / "user-tags.key")}
    say(texts.say("db-beside", **kept))
    return EXIT_FINE


def refuse_without_pg_dump(server: int) -> None:
    """Raise StartRefused where pg_dump is missing, or older than the server."""
    ours = dump_version()
    if ours is not None and ours >= server:
        return
    there = "pg_dump is not installed here" if ours is None else f"pg_dump here is of {ours}"
    raise StartRefused(
        f"{there}, and the server has version {server}: install postgresql-client-{server}, or run "
        "pg_dump --format=custom --file=FILE easel on the server."
    )


def file_for(url: str, folder: Path, now: int) -> Path:
    """Return the file of a copy that nobody has named."""
    name = re.sub(r"[^\w.-]", "_", urlsplit(url).path.strip("/")) or "easel"
    return unnamed_copy(folder, name, now, DUMP_END)


def refuse_restore(file: Path) -> StartRefused:
    """Return what to do instead: the server's own programs restore a database."""
    return StartRefused(
        f"PostgreSQL's own programs restore the database of a server: {_how_to_restore(file)}"
    )


def _how_to_restore(file: Path) -> str:
    command = RESTORE.replace("FILE", quote(str(file))).replace("NAME", "easel2")
    return (
        f"stop every bot, make an empty database with {CREATE.replace('easel', 'easel2')}; "
        f"run {command}; set DATABASE_URL to it, and then run python -m bot db restored."
    )


async def end_what_was_open(settings: Settings, url: str, say: Say) -> int:
    """Let the next start end every job that was open in a restored database, without painting.

    Raises:
        StartRefused: a bot uses the database, or it cannot be used.
    """
    refuse_in_use(server_checked(url))
    opening = open_database(
        url, backup_dir=settings.data_dir / BACKUP_FOLDER, now=wall_clock_ms, connections=1
    )
    async with opening as database:
        count = await database.write(set_open_jobs_aside)
    texts = Texts()
    say(texts.say("db-jobs-set-aside", count=count))
    say("Who had their data deleted since that copy has it deleted again at the next start.")
    return EXIT_FINE

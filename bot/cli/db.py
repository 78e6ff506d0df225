"""``python -m bot db``: check the database and show its contents, back it up, restore or move it.

A bot may run meanwhile beside ``status`` and ``backup``, which neither change nor migrate anything.
"""

import argparse
import asyncio
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from bot.cli.db_move import move
from bot.cli.db_restore import restore
from bot.cli.doctor.finding import print_line
from bot.cli.jobs import format_age
from bot.cli.sizes import format_bytes
from bot.cli.table import Row, format_table
from bot.core.clock import wall_clock_ms
from bot.core.errors.base import StartRefused
from bot.core.i18n.texts import Texts
from bot.core.private_files import make_private_folder
from bot.database.backup import (
    DatabaseDamaged,
    DatabaseForeign,
    DatabaseStatus,
    copy_database,
    read_status,
)
from bot.database.faults import FOREIGN
from bot.database.installation import KEY_FINGERPRINT, forget_value
from bot.database.migrator import shipped
from bot.database.opening import SQLITE_ENDS, is_postgresql, open_database
from bot.database.postgresql_url import driver_needed
from bot.database.scheduled_copies import BACKUP_FOLDER, newest_backup, unnamed_copy
from bot.settings.settings import Settings, database_file, database_url, lock_folders

EXIT_FINE = 0
EXIT_PROBLEM = 1

Say = Callable[[str], None]


def add_db_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``db``."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    actions.add_parser("status", help="show its size and contents, and check whether it is intact")
    backup = actions.add_parser("backup", help="copy it into one file; the bot may keep running")
    backup.add_argument(
        "file",
        type=Path,
        metavar="FILE",
        nargs="?",
        help="where the copy goes; by default a new file in DATA_DIR/backup",
    )
    backup.add_argument("--force", action="store_true", help="replace FILE if it exists")
    restored = actions.add_parser("restore", help="put a backup in its place; stop the bot first")
    restored.add_argument("file", type=Path, metavar="FILE", help="the backup; it stays as it is")
    actions.add_parser(
        "restored", help="after a PostgreSQL database was restored: end what was open in it"
    )
    moved = actions.add_parser("move", help="move it to PostgreSQL, or back; stop the bot first")
    moved.add_argument(
        "url", metavar="URL", help="the new, empty one: postgresql://… or sqlite:///…"
    )
    actions.add_parser("accept-key", help="accept another key for pseudonyms at the next start")


def run_db(settings: Settings, options: argparse.Namespace) -> int:
    """Run the action and return the exit code: 1 if the database is damaged or too new.

    Raises:
        StartRefused: there is no database, or the backup cannot be written or restored.
    """
    if options.action == "move":
        move(settings, options.url, wall_clock_ms, print_line)
        return EXIT_FINE
    if options.action == "accept-key":
        asyncio.run(accept_key(settings, print_line))
        return EXIT_FINE
    url = database_url(settings)
    if is_postgresql(url):
        return _run_on_server(settings, url, options)
    if options.action == "restored":
        raise StartRefused("db restored is for PostgreSQL: a file is restored by db restore FILE.")
    if options.action == "restore":
        key = settings.user_tags_key.get_secret_value()
        restore(options.file, lock_folders(settings), wall_clock_ms, print_line, key=key)
        return EXIT_FINE
    return _run_on_file(settings, options)


def _run_on_server(settings: Settings, url: str, options: argparse.Namespace) -> int:
    with driver_needed():
        from bot.cli import db_server  # noqa: PLC0415 - an extra
    now = wall_clock_ms()
    if options.action == "restore":
        raise db_server.refuse_restore(options.file)
    if options.action == "restored":
        return asyncio.run(db_server.end_what_was_open(settings, url, print_line))
    if options.action == "backup":
        file = options.file or db_server.file_for(url, settings.data_dir / BACKUP_FOLDER, now)
        return db_server.back_up_server(
            url, file, settings.data_dir, print_line, force=options.force
        )
    return db_server.print_server_status(url, now, print_line)


def _run_on_file(settings: Settings, options: argparse.Namespace) -> int:
    path, backups = _existing_file(settings), settings.data_dir / BACKUP_FOLDER
    now = wall_clock_ms()
    if options.action == "backup":
        file = options.file
        if file is None:
            make_private_folder(backups)
            file = unnamed_copy(backups, path.stem, now, ".db")
        return back_up(path, file, settings.data_dir, print_line, force=options.force)
    return print_status(path, now, print_line, backups=backups)


def _existing_file(settings: Settings) -> Path:
    path = database_file(settings)
    if not path.is_file():
        raise StartRefused(
            f"There is no database {path} yet: the first start creates it; "
            "if there should be one, correct DATABASE_URL."
        )
    return path


async def accept_key(settings: Settings, say: Say) -> None:
    """Forget which key the database was written with: the next start accepts the one it finds.

    Raises:
        StartRefused: there is no database.
    """
    url, backups = database_url(settings), settings.data_dir / BACKUP_FOLDER
    if not is_postgresql(url):
        _existing_file(settings)
    async with open_database(url, backup_dir=backups, now=wall_clock_ms) as database:
        await database.write(forget_value, KEY_FINGERPRINT)
    say(Texts().say("db-key-accepted"))


def print_status(path: Path, now: int, say: Say, *, backups: Path) -> int:
    """Print the facts of the file and the number of rows of each table.

    ``backups`` is the folder of the scheduled copies.

    Raises:
        StartRefused: the file cannot be read.
    """
    try:
        found = read_status(path)
    except DatabaseDamaged as damage:
        _print_columns(say, _file_facts(path))
        say(Texts().say("db-damaged", path=str(path), problems=str(damage)))
        return EXIT_PROBLEM
    except DatabaseForeign:
        raise StartRefused(FOREIGN.sentence(path)) from None
    except sqlite3.Error as error:
        raise StartRefused(
            f"The database {path} cannot be read ({error}): let your user read it and its folder, "
            "or correct DATABASE_URL."
        ) from error
    newest = ("NEWEST BACKUP", _age_of_newest(backups, path, now))
    _print_columns(say, [*_file_facts(path), *_facts(found, now), newest])
    say("")
    _print_columns(say, [("TABLE", "ROWS"), *((name, str(n)) for name, n in found.rows.items())])
    ours = len(shipped())
    if found.version != ours:
        words = "db-newer" if found.version > ours else "db-older"
        say(Texts().say(words, version=str(found.version), ours=str(ours)))
    return EXIT_PROBLEM if found.version > ours else EXIT_FINE


def back_up(path: Path, file: Path, data_dir: Path, say: Say, *, force: bool) -> int:
    """Copy the database into a file, and print how to restore it.

    Raises:
        StartRefused: the file cannot, or must not, be written.
    """
    _refuse_unless_free(path, file, force=force)
    try:
        size = copy_database(path, file)
    except DatabaseDamaged as damage:
        say(Texts().say("db-not-copied", path=str(path), problems=str(damage)))
        return EXIT_PROBLEM
    except (OSError, sqlite3.Error) as error:
        raise StartRefused(
            f"The backup {file} could not be written ({error}): free some disk space, "
            "or name a file that can be written."
        ) from error
    say(Texts().say("db-copied", file=str(file), size=format_bytes(size)))
    say(Texts().say("db-restore", file=str(file)))
    kept = {"vault": str(data_dir / "vault"), "key": str(data_dir / "user-tags.key")}
    say(Texts().say("db-beside", **kept))
    return EXIT_FINE


def _refuse_unless_free(path: Path, file: Path, *, force: bool) -> None:
    if file.is_dir():
        raise StartRefused(f"{file} is a folder: name a file in it.")
    if not file.parent.is_dir():
        raise StartRefused(
            f"There is no folder {file.parent}: create it, or name a file in one that exists."
        )
    own = {path.with_name(path.name + end).resolve() for end in SQLITE_ENDS}
    if file.resolve() in own:
        raise StartRefused(f"{file} is, or belongs to, the database itself: name another file.")
    if file.exists() and not force:
        raise StartRefused(f"{file} exists already: name another file, or add --force.")


def _file_facts(path: Path) -> Iterator[Row]:
    wal = path.with_name(f"{path.name}-wal")
    yield "FILE", f"{path}, {format_bytes(path.stat().st_size)}"
    yield "WAL", format_bytes(wal.stat().st_size) if wal.is_file() else "none"
    yield "FREE DISK", format_bytes(shutil.disk_usage(path.absolute().parent).free)


def _facts(found: DatabaseStatus, now: int) -> Iterator[Row]:
    oldest = found.oldest_charge_at
    yield "CHECK", "ok"
    yield "VERSION", f"{found.version} (this Easel's is {len(shipped())})"
    yield "OPEN JOBS", str(found.open_jobs)
    yield "OLDEST CHARGE", "none" if oldest is None else f"{format_age(now - oldest)} ago"


def _age_of_newest(folder: Path, path: Path, now: int) -> str:
    newest = newest_backup(folder, path, now=now)
    if newest is None:
        return f"none on schedule in {folder}"
    return f"{newest.path}, {format_age(now - newest.made_at)} ago"


def _print_columns(say: Say, rows: Iterable[Row]) -> None:
    for line in format_table(list(rows)):
        say(line)

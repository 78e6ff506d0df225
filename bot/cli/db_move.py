"""``python -m bot db move``: every row to a database of the other engine, while no bot runs."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

from bot.core.errors.base import StartRefused
from bot.core.process_lock import hold_restore_lock
from bot.database.backup import is_foreign, read_only, schema_version
from bot.database.errors import PostgresqlError
from bot.database.faults import FOREIGN, unusable
from bot.database.migrator import shipped
from bot.database.moving import Moved, MoveRefused, move_rows
from bot.database.opening import is_postgresql
from bot.database.postgresql_url import driver_needed, without_password
from bot.database.sqlite_side import sqlite_source, sqlite_target
from bot.jobs.personal_data.deletion_requests import merge_deletions
from bot.quota.stripes import spread_young
from bot.settings.settings import Settings, database_url, lock_folders, locks_of

Say = Callable[[str], None]


def move(settings: Settings, target: str, now: Callable[[], int], say: Say) -> None:
    """Move the database of the settings to the one of a URL; the source stays as it is.

    Raises:
        StartRefused: a bot runs, the target is not empty, or one of them cannot be used.
    """
    source = database_url(settings)
    if not is_postgresql(target) and not target.startswith("sqlite:///"):
        raise StartRefused(
            f"{without_password(target)} is no address of a database: write it like "
            "postgresql://easel@db/easel or, for the way back, sqlite:///data/easel.db."
        )
    if is_postgresql(source) == is_postgresql(target):
        raise StartRefused(
            "db move goes from a SQLite file to PostgreSQL, or back: between two files, or two "
            "servers, use python -m bot db backup."
        )
    try:
        moved, repaired = _move(settings, source, target, now, say)
    except MoveRefused as refused:
        raise StartRefused(f"Nothing was moved, because {refused}.") from None
    except PostgresqlError as error:
        if not error.is_of_rows:
            raise
        words = " ".join(str(error).split())
        raise StartRefused(
            f"Nothing was moved, because the server refuses a row ({words}): correct or delete it "
            "in the database from which you move."
        ) from error
    merge_deletions(lock_folders(settings).database, locks_of(target, settings.data_dir).database)
    _tell(moved, repaired, target, say)


def _move(
    settings: Settings, source: str, target: str, now: Callable[[], int], say: Say
) -> tuple[Moved, int]:
    with driver_needed():
        from bot.database.postgresql import side  # noqa: PLC0415 - an extra
        from bot.database.postgresql.opening import server_checked  # noqa: PLC0415 - an extra
    if is_postgresql(target):
        locks = lock_folders(settings)
        _refuse_unless_ours(locks.database)
        parameters = server_checked(target)
        with (
            hold_restore_lock(locks),
            _file_errors(locks.database),
            sqlite_source(locks.database) as ours,
            side.postgresql_target(parameters, now) as theirs,
        ):
            moved = move_rows(ours, theirs, ours.references(), say)
            theirs.change(partial(spread_young, now=now()))
            return moved, ours.repaired
    locks = locks_of(target, settings.data_dir)
    _refuse_existing(locks.database)
    parameters = server_checked(source)
    with (
        hold_restore_lock(locks),
        side.postgresql_source(parameters) as stored,
        _file_errors(locks.database),
        sqlite_target(locks.database, now) as file,
    ):
        return move_rows(stored, file, file.references(), say), 0


def _refuse_unless_ours(path: Path) -> None:
    """Raise StartRefused unless there is a database of Easel, of this version."""
    if not path.is_file():
        raise StartRefused(f"There is no database {path}: correct DATABASE_URL.")
    with _file_errors(path), closing(read_only(path)) as database:
        if is_foreign(database):
            raise StartRefused(FOREIGN.sentence(path))
        version, ours = schema_version(database), len(shipped())
    if version != ours:
        raise StartRefused(
            f"The database {path} has version {version}, and this Easel's is {ours}: start the bot "
            "of this version once, so that it is upgraded, and stop it again."
        )


def _refuse_existing(path: Path) -> None:
    if path.exists():
        raise StartRefused(f"{path} exists already: name a file that does not.")


@contextmanager
def _file_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise StartRefused(unusable(error).sentence(path)) from error


def _tell(moved: Moved, repaired: int, target: str, say: Say) -> None:
    say(f"{moved.rows} rows were moved; each was read back and compared.")
    if repaired:
        say(
            f"{repaired} texts held what PostgreSQL cannot store, such as the character 0: "
            "there it is \ufffd."
        )
    if moved.left:
        say(f"Left behind, as Easel keeps no such tables there: {', '.join(moved.left)}.")
    say(f"Now set DATABASE_URL={without_password(target)} and start the bot.")
    say("The database before it stays as it is: delete it when you no longer need it.")

"""Checks of the data folder and the database; neither is changed."""

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from bot.cli.doctor.finding import Finding, fine, warning, wrong
from bot.core.errors.base import StartRefused
from bot.core.process_lock import bot_is_alive
from bot.database.backup import find_damage, is_foreign, read_only, schema_version
from bot.database.faults import FOREIGN, DatabaseFault, unusable
from bot.database.migrator import shipped
from bot.database.scheduled_copies import free_bytes
from bot.moderation.rules import read_rules
from bot.settings.settings import Settings, database_file, lock_folders

FAIL_BELOW_BYTES = 100 * 10**6
WARN_BELOW_BYTES = 10**9

_FOLDER_FIX = "Let the bot's user write there, or set DATA_DIR to a folder that it can write."
_ROOM_FIX = "Free some disk space, or move DATA_DIR to a larger disk."
_FILE_FIX = "Let the bot's user write it and its folder, or point DATABASE_URL elsewhere."
_BROKEN_FIX = (
    "Stop the bot, and restore your newest backup, or the newest file of DATA_DIR/backup, with "
    "python -m bot db restore FILE."
)


def check_folder(settings: Settings, free: Callable[[Path], int] = free_bytes) -> Finding:
    """Check that files can be written, the free disk space, and whether a bot runs there."""
    folder = settings.data_dir.absolute()
    try:
        place = _existing(folder)
        _write_and_remove(place)
        room = free(place)
        running = _a_bot_runs(settings)
    except OSError as refused:
        facts = f"{folder} cannot be written ({refused.strerror})"
        return wrong("data folder", facts, _FOLDER_FIX)
    facts = f"{folder}, {_size(room)} free"
    facts += "" if folder.is_dir() else "; it will be created at the start"
    facts += "; a bot is running on it, which is fine" if running else ""
    if room < FAIL_BELOW_BYTES:
        return wrong("data folder", facts, _ROOM_FIX)
    if room < WARN_BELOW_BYTES:
        return warning("data folder", facts, _ROOM_FIX)
    return fine("data folder", facts)


def check_moderation(settings: Settings) -> Iterator[Finding]:
    """Tell how many rules MODERATION_FILE has, where there is one; it tries the expressions."""
    path = settings.moderation_file
    if path is None:
        return
    try:
        rules = read_rules(path)
    except StartRefused as refused:
        yield from (wrong("moderation", "cannot be used", one) for one in refused.problems)
        return
    counts = f"words and phrases: {len(rules.words)}, expressions: {len(rules.expressions)}"
    yield fine("moderation", f"{path} can be used ({counts})")


def check_database(settings: Settings) -> Finding:
    """Check the database, or report that the start will create it."""
    try:
        path = database_file(settings).absolute()
    except StartRefused as refused:
        return wrong("database", "cannot be used", str(refused))
    try:
        _write_and_remove(_existing(path.parent))
        if not path.exists():
            return fine("database", f"{path} will be created at the start")
        path.open("rb").close()
    except OSError as refused:
        return wrong("database", f"{path} cannot be used ({refused.strerror})", _FILE_FIX)
    if not os.access(path, os.W_OK):
        return wrong("database", f"{path} cannot be written", _FILE_FIX)
    return _read(path)


def _read(path: Path) -> Finding:
    try:
        with closing(read_only(path)) as database:
            if is_foreign(database):
                return _faulty(path, FOREIGN)
            if problems := find_damage(database):
                return wrong("database", f"{path} is damaged: {'; '.join(problems)}", _BROKEN_FIX)
            return _versions(path, schema_version(database))
    except sqlite3.Error as error:
        return _faulty(path, unusable(error))


def _faulty(path: Path, fault: DatabaseFault) -> Finding:
    return wrong("database", f"{path} {fault.what}", f"{fault.mend[0].upper()}{fault.mend[1:]}.")


def _versions(path: Path, version: int) -> Finding:
    ours = len(shipped())
    facts = f"{path}, intact, version {version}"
    if version > ours:
        return wrong(
            "database",
            f"{facts}, newer than this Easel's {ours}",
            "Update Easel, or point DATABASE_URL to another file.",
        )
    brought = f"; the start will upgrade it to {ours}" if version < ours else ""
    return fine("database", facts + brought)


def _existing(folder: Path) -> Path:
    """Return the folder, or the nearest existing one above it."""
    return next(place for place in (folder, *folder.parents) if place.exists())


def _write_and_remove(folder: Path) -> None:
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".easel-doctor-") as file:
        file.write(b"written by the doctor")
        file.flush()
        os.fsync(file.fileno())


def _a_bot_runs(settings: Settings) -> bool:
    try:
        return bot_is_alive(lock_folders(settings))
    except StartRefused:
        return False  # the check of the database says why


def _size(count: int) -> str:
    return f"{count / 10**9:.1f} GB" if count >= 10**9 else f"{count // 10**6} MB"

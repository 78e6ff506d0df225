"""What is wrong with a database that cannot be used, and what mends it."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from bot.database.errors import primary_code


@dataclass(frozen=True, slots=True)
class DatabaseFault:
    """The end of a sentence that begins with the file's path, and what to do."""

    what: str
    mend: str

    def sentence(self, path: Path) -> str:
        """Return both in one sentence."""
        return f"The database {path} {self.what}: {self.mend}."


FOREIGN = DatabaseFault(
    "belongs to another program", "point DATABASE_URL to a file that Easel may create"
)
_RESTORE = (
    "stop the bot, and restore your newest backup, or the newest file of DATA_DIR/backup, with "
    "python -m bot db restore FILE"
)
_OTHER_FILE = f"correct DATABASE_URL, or {_RESTORE}"
_CLOSE = (
    "close the other program, such as an editor of databases or a copy under way, and start again"
)
_FREE = "free some disk space, and start again"
_DISK = f"check the disk, and start again; if the file is lost, {_RESTORE}"
_RIGHTS = (
    "let the bot's user write it and its folder, or point DATABASE_URL to a file that Easel may "
    "create and write"
)


def fault_of(error: sqlite3.Error) -> DatabaseFault | None:
    """Return what is wrong with the file, None where the error says nothing of it."""
    code = primary_code(error)
    if code == sqlite3.SQLITE_CORRUPT:
        return DatabaseFault(f"is damaged ({error})", _RESTORE)
    if code == sqlite3.SQLITE_NOTADB:
        return DatabaseFault(f"is damaged, or another kind of file ({error})", _OTHER_FILE)
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL}:
        return DatabaseFault(f"is held by another program ({error})", _CLOSE)
    if code == sqlite3.SQLITE_FULL:
        return DatabaseFault(f"has no room to grow ({error})", _FREE)
    if code == sqlite3.SQLITE_IOERR:
        return DatabaseFault(f"cannot be read from its disk ({error})", _DISK)
    if code in {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM}:
        return DatabaseFault(f"cannot be used ({error})", _RIGHTS)
    return None


def unusable(error: Exception) -> DatabaseFault:
    """Return what is wrong with a file that could not be opened, whatever the error."""
    found = fault_of(error) if isinstance(error, sqlite3.Error) else None
    return found or DatabaseFault(f"cannot be used ({error})", _RIGHTS)

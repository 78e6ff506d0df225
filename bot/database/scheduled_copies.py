"""The copies of the database that the bot makes on schedule, as files of one folder.

Copies from before a migration, and those made by hand, lie beside them and are never touched: a
scheduled one is known by its name.
"""

import errno
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.core.private_files import make_private_folder
from bot.database.backup import copy_database, never

BACKUP_FOLDER = "backup"
"""The folder in DATA_DIR."""
MOST_DAYS = 90
"""No copy is kept for longer: so long a deletion is repeated when a backup is restored."""
LEFT_FREE_BYTES = 100 * 10**6
"""What a copy leaves free on the disk besides room for another, which an upgrade makes."""
_STAMP = "%Y%m%dT%H%M%SZ"
_MOST_MS = MOST_DAYS * 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class ScheduledCopy:
    """One of the copies, and when it was made, in milliseconds since the epoch."""

    path: Path
    made_at: int


def newest_backup(folder: Path, database: Path, *, now: int) -> ScheduledCopy | None:
    """Return the newest scheduled copy of a database in a folder, None where there is none.

    Those of the future, from before a clock was corrected, do not count.
    """
    made = [copy for copy in _copies(folder, database) if copy.made_at <= now]
    return max(made, key=lambda copy: copy.made_at, default=None)


def free_bytes(folder: Path) -> int:
    """Return the free bytes of the disk that holds a folder; it blocks."""
    return shutil.disk_usage(folder).free


def make_scheduled_copy(
    folder: Path,
    database: Path,
    *,
    now: int,
    is_stopped: Callable[[], bool] = never,
    free: Callable[[Path], int] = free_bytes,
) -> int:
    """Copy the database into the folder under the name of this moment; return the copy's bytes.

    Raises:
        CopyStopped, DatabaseDamaged, OSError, sqlite3.Error: as ``copy_database``.
    """
    make_private_folder(folder)
    for part in folder.glob(f"{_prefix(database)}*.part"):
        part.unlink(missing_ok=True)  # of a process that was killed
    if free(folder) < 2 * _bytes_of(database) + LEFT_FREE_BYTES:
        raise OSError(errno.ENOSPC, "there is no room for another copy", str(folder))
    target = unnamed_copy(folder, f"{database.stem}-scheduled", now, ".db")
    return copy_database(database, target, is_stopped=is_stopped)


def unnamed_copy(folder: Path, stem: str, now: int, end: str) -> Path:
    """Return the path of a copy that nobody gave a name; it has the moment, ``now``, in UTC."""
    stamp = datetime.fromtimestamp(now / 1000, UTC).strftime(_STAMP)
    return folder / f"{stem}-{stamp}{end}"


def delete_old_copies(folder: Path, database: Path, *, keep: int, now: int) -> int:
    """Delete scheduled copies but the ``keep`` newest, and any older than 90 days.

    Those of the future, from before a clock was corrected, go first. Return how many were deleted.
    """
    copies = sorted(
        _copies(folder, database),
        key=lambda copy: (copy.made_at <= now, copy.made_at),
        reverse=True,
    )
    kept = [copy for copy in copies[:keep] if copy.made_at > now - _MOST_MS]
    old = [copy for copy in copies if copy not in kept]
    for copy in old:
        copy.path.unlink(missing_ok=True)
    return len(old)


def _copies(folder: Path, database: Path) -> list[ScheduledCopy]:
    named = re.compile(rf"{re.escape(_prefix(database))}(\d{{8}}T\d{{6}}Z)\.db", re.ASCII)
    found = ((path, named.fullmatch(path.name)) for path in folder.glob("*.db"))
    return [
        ScheduledCopy(path, made_at)
        for path, name in found
        if name and (made_at := _read_stamp(name[1])) is not None
    ]


def _read_stamp(stamp: str) -> int | None:
    try:
        made = datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None  # digits, but no date: it is none of ours
    return int(made.timestamp() * 1000)


def _prefix(database: Path) -> str:
    return f"{database.stem}-scheduled-"


def _bytes_of(database: Path) -> int:
    log = database.with_name(f"{database.name}-wal")
    return database.stat().st_size + (log.stat().st_size if log.exists() else 0)

"""Operating-system locks that every process holds beside the database while it runs.

The kernel frees a lock at SIGKILL, so a job whose owner's lock can be acquired has lost its
process. Liveness needs no clock and no heartbeat.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from filelock import FileLock, Timeout

from bot.core.errors.base import StartRefused
from bot.core.private_files import make_private_folder

_BOT, _RESTORE = "bot", "restore"
# Other processes that begin look at the lock of a restore, too, for a moment.
_MOMENT_S = 5


@dataclass(frozen=True, slots=True)
class LockFolders:
    """Where processes hold their locks: in each of these folders.

    ``database`` is the file that they share, whatever their ``data_dir``. Easel 0.1 knows the
    lock in ``data_dir`` only, so that one is taken as well until nobody updates from it.
    """

    database: Path
    data_dir: Path

    @property
    def beside_database(self) -> Path:
        """Return the folder that all processes on one database share."""
        file = self.database.resolve()
        return file.with_name(f"{file.name}-locks")

    @property
    def in_data_dir(self) -> Path:
        """Return the folder of Easel 0.1."""
        return self.data_dir / "run"

    @property
    def both(self) -> tuple[Path, Path]:
        """Return both, in the order in which they are locked."""
        return self.in_data_dir, self.beside_database


@contextmanager
def hold_process_lock(folders: LockFolders) -> Iterator[str]:
    """Hold a new owner's locks and yield the owner's id.

    Raises:
        StartRefused: the folders cannot be written, or the database is being restored.
    """
    owner = uuid4().hex
    with ExitStack() as stack:
        for folder in folders.both:
            with _writing(folder, folders):
                # A start that removes dead processes' locks may hold a new one for a moment.
                stack.enter_context(FileLock(folder / f"{owner}.lock").acquire(timeout=_MOMENT_S))
            stack.callback((folder / f"{owner}.lock").unlink, missing_ok=True)
        _refuse_during_a_restore(folders)
        yield owner


def _refuse_during_a_restore(folders: LockFolders) -> None:
    lock = folders.beside_database / f"{_RESTORE}.lock"
    if lock.is_file() and not _is_free(lock, within_s=_MOMENT_S):
        raise StartRefused(
            f"The database {folders.database} is being restored: wait for the end of that, and try "
            "again."
        )


@contextmanager
def hold_restore_lock(folders: LockFolders) -> Iterator[None]:
    """Hold the locks of the one process that may replace the database.

    Raises:
        StartRefused: another process uses the database, or the folders cannot be written.
    """
    if bot_is_alive(folders):
        raise _in_use(folders)
    lock = folders.beside_database / f"{_RESTORE}.lock"
    with hold_bot_lock(folders), ExitStack() as stack:
        with _writing(lock.parent, folders):
            stack.enter_context(FileLock(lock).acquire(timeout=_MOMENT_S))
        stack.callback(lock.unlink, missing_ok=True)
        # Who began before is seen here, and who begins from now on sees this lock.
        if others_alive(folders):
            raise _in_use(folders)
        yield


@contextmanager
def hold_bot_lock(folders: LockFolders) -> Iterator[None]:
    """Hold the locks of the one bot of a database and a data folder.

    Raises:
        StartRefused: another bot holds one, or the folders cannot be written.
    """
    with ExitStack() as stack:
        for folder in folders.both:
            try:
                with _writing(folder, folders):
                    held = FileLock(folder / f"{_BOT}.lock").acquire(blocking=False)
            except Timeout:
                raise StartRefused(_occupied(folder, folders)) from None
            stack.enter_context(held)
        yield


def _in_use(folders: LockFolders) -> StartRefused:
    return StartRefused(
        f"The database {folders.database} is in use: stop the bot, wait for other commands, and "
        "try again."
    )


def _occupied(folder: Path, folders: LockFolders) -> str:
    if folder == folders.in_data_dir:
        return (
            f"Another Easel bot already runs on DATA_DIR={folders.data_dir}: "
            "stop it first, or give this one another DATA_DIR."
        )
    return (
        f"Another Easel bot already uses the database {folders.database}: "
        "stop it first, or give this one another DATABASE_URL."
    )


@contextmanager
def _writing(folder: Path, folders: LockFolders) -> Iterator[None]:
    """Create the folder; turn a refusal, of this or in the body, into StartRefused."""
    try:
        make_private_folder(folder)
        yield
    except Timeout:
        raise
    except OSError as refused:
        place = f"DATA_DIR={folder.parent}"
        if folder != folders.in_data_dir:
            place = f"The folder {folder.parent} of the database"
        raise StartRefused(
            f"{place} cannot be written ({refused.strerror}): let the bot's user "
            "write there, or set it to a folder that it may write."
        ) from refused


def is_dead(folders: LockFolders, owner: str) -> bool:
    """Return whether the owner's process is gone, and remove its lock files if so.

    Raises:
        StartRefused: a lock cannot be opened, such as one that root has left.
    """
    places = [folder for folder in folders.both if folder.is_dir()]
    return False not in [_is_free(folder / f"{owner}.lock", remove=True) for folder in places]


def _is_free(path: Path, *, remove: bool = False, within_s: float = 0) -> bool:
    try:
        with FileLock(path).acquire(timeout=within_s):
            if remove:
                path.unlink(missing_ok=True)
            return True
    except Timeout:
        return False
    except OSError as refused:
        raise StartRefused(
            f"The lock {path} cannot be opened ({refused.strerror}): give it and the files beside "
            "it to the bot's user."
        ) from refused


def bot_is_alive(folders: LockFolders) -> bool:
    """Return whether a bot runs; nothing is created."""
    # Acquiring a lock creates its file, and without one no bot has ever started there.
    places = [folder for folder in folders.both if (folder / f"{_BOT}.lock").is_file()]
    return not all(_is_free(folder / f"{_BOT}.lock") for folder in places)


def others_alive(folders: LockFolders, owner: str = "") -> bool:
    """Return whether another process runs, and remove the lock files of dead ones."""
    found = {path.stem for folder in folders.both for path in folder.glob("*.lock")}
    others = found - {owner, _BOT, _RESTORE}
    dead = {other for other in others if is_dead(folders, other)}
    return dead != others

"""Operating-system locks that every process holds while it runs.

The kernel frees a lock at SIGKILL, so a job whose owner's lock can be acquired has lost its
process. Liveness needs no clock and no heartbeat.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from filelock import FileLock, Timeout

from bot.core.errors.base import StartRefused

_BOT = "bot"


@contextmanager
def hold_process_lock(folder: Path) -> Iterator[str]:
    """Hold a new owner's lock in ``folder`` and yield the owner's id.

    Raises:
        StartRefused: the data folder cannot be written.
    """
    owner = uuid4().hex
    with _writing(folder):
        # A start that removes dead processes' locks may hold a new one for a moment.
        held = FileLock(folder / f"{owner}.lock").acquire(timeout=5)
    with held:
        try:
            yield owner
        finally:
            (folder / f"{owner}.lock").unlink(missing_ok=True)


@contextmanager
def hold_bot_lock(folder: Path) -> Iterator[None]:
    """Hold the lock of the one bot of a data folder.

    Raises:
        StartRefused: another bot holds it, or the data folder cannot be written.
    """
    lock = FileLock(folder / f"{_BOT}.lock")
    try:
        with _writing(folder):
            lock.acquire(blocking=False)
    except Timeout:
        raise StartRefused(
            f"Another Easel bot already runs on DATA_DIR={folder.parent}: "
            "stop it first, or give this one another DATA_DIR."
        ) from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Create the folder; turn a refusal, of this or in the body, into StartRefused."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except Timeout:
        raise
    except OSError as refused:
        raise StartRefused(
            f"DATA_DIR={folder.parent} cannot be written ({refused.strerror}): let the bot's user "
            "write there, or set it to a folder that it may write."
        ) from refused


def is_dead(folder: Path, owner: str) -> bool:
    """Return whether the owner's process is gone, and remove its lock file if so."""
    path = folder / f"{owner}.lock"
    try:
        with FileLock(path).acquire(blocking=False):
            path.unlink(missing_ok=True)
            return True
    except Timeout:
        return False


def others_alive(folder: Path, owner: str) -> bool:
    """Return whether another process runs, and remove the lock files of dead ones."""
    others = {path.stem for path in folder.glob("*.lock")} - {owner, _BOT}
    dead = {other for other in others if is_dead(folder, other)}
    return dead != others

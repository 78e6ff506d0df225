"""The lock of one cluster among the processes that share a folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from bot.core.errors.base import StartRefused
from bot.core.private_files import make_private_folder


@contextmanager
def hold_cluster_lock(folder: Path, number: int) -> Iterator[None]:
    """Hold the lock in the folder of a cluster.

    Raises:
        StartRefused: another process holds it, or the folder cannot be written.
    """
    try:
        make_private_folder(folder)
        held = FileLock(folder / "bot.lock").acquire(blocking=False)
    except Timeout:
        raise StartRefused(
            f"Cluster {number} of this bot already runs here: stop it first, or give this one "
            "another CLUSTER."
        ) from None
    except OSError as refused:
        raise StartRefused(
            f"The folder {folder} cannot be written ({refused.strerror}): let the bot's user "
            "write there, or set DATA_DIR to a folder that it may write."
        ) from refused
    with held:
        yield

"""Files and folders that no other user of the machine may read: prompts, pictures, keys."""

import os
import stat
from pathlib import Path

import structlog

from bot.core.errors.base import StartRefused

log: structlog.stdlib.BoundLogger = structlog.get_logger()

UMASK = 0o077
"""What a process sets with ``os.umask``, so that all that it creates is private."""

_FOLDER_MODE = 0o700
_FILE_MODE = 0o600
_CONTENTS = ("backup", "charts", "fetched", "jobs", "run", "unread", "user-tags.key", "vault")


def make_private_folder(folder: Path) -> None:
    """Create a folder, and those above it, for this user alone; an existing one stays as it is."""
    for missing in reversed([each for each in (folder, *folder.parents) if not each.exists()]):
        missing.mkdir(mode=_FOLDER_MODE, exist_ok=True)


def create_private_file(path: Path) -> None:
    """Create an empty file that this user alone may read; an existing one stays as it is.

    Raises:
        OSError: it cannot be created, or not be written.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, _FILE_MODE))


def prepare_data_folder(folder: Path) -> None:
    """Create a data folder, or take the rights of other users from it; raises StartRefused."""
    try:
        make_private_folder(folder)
    except OSError as refused:
        raise StartRefused(
            f"DATA_DIR={folder} cannot be written ({refused.strerror}): let the bot's user write "
            "there, or set it to a folder that it may write."
        ) from refused
    restrict_data_folder(folder)


def restrict_data_folder(folder: Path) -> None:
    """Take the rights of other users from a data folder and from what Easel keeps in it.

    It blocks. What is closed already is not looked into: each folder is closed last, so that an
    interrupted change is made again. A folder that others work in as well stays as it is.
    """
    for name in _CONTENTS:
        _close(folder / name)
    if not _is_shared(folder):
        restrict_files(folder)


def restrict_files(*paths: Path) -> None:
    """Take the rights of other users from files, as far as they exist."""
    for path in paths:
        try:
            _restrict(path)
        except FileNotFoundError:
            continue
        except OSError as refused:
            _warn(path, refused)


def _close(path: Path) -> None:
    try:
        if not path.exists() or not path.stat().st_mode & UMASK:
            return
        for place, _, files in os.walk(path, topdown=False):
            for name in files:
                _restrict(Path(place, name))
            _restrict(Path(place))
        _restrict(path)
    except OSError as refused:
        _warn(path, refused)
    else:
        log.info("files.restricted", path=str(path))


def _restrict(path: Path) -> None:
    mode = path.lstat().st_mode
    if mode & UMASK and not stat.S_ISLNK(mode):
        path.chmod(stat.S_IMODE(mode) & ~UMASK)


def _is_shared(folder: Path) -> bool:
    """Return whether it is the current folder, somebody's home, or one above these."""
    inner = (Path.cwd(), Path(os.environ.get("HOME", "/")))
    return any(place.is_relative_to(folder.resolve()) for place in inner)


def _warn(path: Path, refused: OSError) -> None:
    # Some file systems, such as a shared folder of a container's host, know no rights.
    log.warning("files.not_restricted", path=str(path), error=repr(refused))

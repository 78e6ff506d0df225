"""Files and folders that no other user of the machine may read: prompts, pictures, keys."""

import os
import stat
from pathlib import Path

import structlog

log: structlog.stdlib.BoundLogger = structlog.get_logger()

FOLDER_MODE = 0o700
_OTHERS = 0o077
_CONTENTS = ("backup", "charts", "jobs", "run", "unread", "vault")


def make_private_folder(folder: Path) -> None:
    """Create a folder, and those above it, for this user alone; an existing one stays as it is."""
    for missing in reversed([each for each in (folder, *folder.parents) if not each.exists()]):
        missing.mkdir(mode=FOLDER_MODE, exist_ok=True)


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


def _close(folder: Path) -> None:
    try:
        if not folder.is_dir() or not folder.stat().st_mode & _OTHERS:
            return
        for place, _, files in os.walk(folder, topdown=False):
            for name in files:
                _restrict(Path(place, name))
            _restrict(Path(place))
    except OSError as refused:
        _warn(folder, refused)
    else:
        log.info("files.restricted", folder=str(folder))


def _restrict(path: Path) -> None:
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return
    if mode & _OTHERS:
        path.chmod(stat.S_IMODE(mode) & ~_OTHERS)


def _is_shared(folder: Path) -> bool:
    """Return whether it is the current folder, somebody's home, or one above these."""
    inner = (Path.cwd(), Path.home())
    return any(place.is_relative_to(folder.resolve()) for place in inner)


def _warn(path: Path, refused: OSError) -> None:
    # Some file systems, such as a shared folder of a container's host, know no rights.
    log.warning("files.not_restricted", path=str(path), error=repr(refused))

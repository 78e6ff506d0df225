"""A restore that dies: ``python -m tests.cli.dying_restore FOLDER STEP LINKS``.

It restores FOLDER/copy.db into the place of FOLDER/easel.db, and is killed just before its
STEP-th change of a file, as Python's audit events tell it (library/audit_events). LINKS is ``yes``
or ``no``: whether the file system has hard links.
"""

import errno
import itertools
import os
import signal
import sys
from pathlib import Path

from bot.cli.db_restore import restore
from bot.core.clock import wall_clock_ms
from bot.core.process_lock import LockFolders

CHANGES = {"os.rename", "os.link", "os.remove", "os.mkdir", "sqlite3.connect"}


def watch(folder: Path, step: int, *, links: bool) -> None:
    """Kill this process before the change of that number."""
    changes = itertools.count(1)

    def heard(event: str, arguments: tuple[object, ...]) -> None:
        if event == "os.link" and not links:
            raise OSError(errno.EPERM, "no links here")
        writes = event == "open" and isinstance(arguments[2], int) and bool(arguments[2] & 3)
        counts = (event in CHANGES or writes) and str(folder) in str(arguments[0])
        if counts and next(changes) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(heard)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    watch(folder, int(sys.argv[2]), links=sys.argv[3] == "yes")
    restore(
        folder / "copy.db", LockFolders(folder / "easel.db", folder), wall_clock_ms, lambda _: None
    )

"""Keep what was paid for and cannot be read: for the operator, for a week, within a bound."""

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

import structlog

log = structlog.get_logger()

UNREAD_RETENTION_MS = 7 * 24 * 3_600_000
MAX_UNREAD_BYTES = 100_000_000


class UnreadFiles:
    """A folder of files that cannot be read; its methods block, so call them in threads."""

    def __init__(self, folder: Path, now: Callable[[], int]) -> None:
        self._folder = folder
        self._now = now

    def keep(self, file: Path, name: str) -> None:
        """Move a file into the folder, and log where it is; its name begins with ``name``."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        kept = self._folder / f"{name}-{token_hex(4)}{file.suffix.replace('.part', '.bin')}"
        file.chmod(0o600)
        shutil.move(file, kept)
        seconds = self._now() / 1000
        os.utime(kept, (seconds, seconds))
        log.warning("gateway.unreadable_kept", file=str(kept), bytes=kept.stat().st_size)
        self.delete_old()

    def delete_old(self) -> None:
        """Remove what is older than a week, and what is too much, but never the newest."""
        left_bytes, since = MAX_UNREAD_BYTES, self._now() - UNREAD_RETENTION_MS
        for place, (seconds, size, path) in enumerate(sorted(self._entries(), reverse=True)):
            is_old, is_too_much = seconds * 1000 < since, size > left_bytes
            if is_old or (is_too_much and place > 0):
                path.unlink(missing_ok=True)
            elif not is_too_much:
                left_bytes -= size

    def _entries(self) -> list[tuple[float, int, Path]]:
        entries = []
        for path in self._folder.glob("*"):
            with suppress(OSError):  # another thread removed it
                status = path.stat()
                entries.append((status.st_mtime, status.st_size, path))
        return entries

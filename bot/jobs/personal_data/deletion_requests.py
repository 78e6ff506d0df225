"""Which people had their data deleted, and which results were removed, beside the database.

A backup from before that brings them back: after it was restored, the next start deletes them
again. People are keyed hashes, results are the ids of their jobs. The file is no part of the
database, so that restoring one does not lose it.
"""

import os
import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from bot.core.errors.base import StartRefused
from bot.core.private_files import create_private_file
from bot.database.scheduled_copies import MOST_DAYS

_LINE = re.compile(r"(?P<at>\d{1,18}) (?P<mark>[0-9a-f]{32}|[0-9a-f-]{36})")
# As long as anybody should keep a backup.
KEPT_MS = MOST_DAYS * 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class DeletionRequest:
    """Somebody who had their data deleted at ``at``, in milliseconds since the epoch."""

    user_id: int
    at: int


def merge_deletions(source: Path, target: Path) -> None:
    """Let a database know the deletions that the one knows from which it was made; it blocks."""
    if known := _read(_file_of(source)):
        _write(_file_of(target), known | _read(_file_of(target)))


class DeletionRequests:
    """The file of deletions; ``hashed`` makes the keyed hash of a Discord id. Its methods block."""

    def __init__(
        self, database: Path, *, hashed: Callable[[int], str], now: Callable[[], int]
    ) -> None:
        self._path = _file_of(database)
        self._hashed = hashed
        self._now = now
        self._writing = threading.Lock()

    def add(self, user_id: int) -> None:
        """Write that somebody has their data deleted now; it is on the disk afterwards.

        Raises:
            OSError: it cannot be written.
        """
        with self._writing:
            _write(self._path, {**_read(self._path), self._hashed(user_id): self._now()})

    def add_result(self, job_id: str) -> None:
        """Write that a moderator removes a result now; as ``add``."""
        with self._writing:
            _write(self._path, {**_read(self._path), job_id: self._now()})

    def any(self) -> bool:
        """Tell whether anybody asked for one."""
        return any("-" not in mark for mark in _read(self._path))

    def results(self) -> list[str]:
        """Return the jobs of the results that were removed."""
        return [mark for mark in _read(self._path) if "-" in mark]

    def among(self, user_ids: Iterable[int]) -> list[DeletionRequest]:
        """Return the last deletion of each of these people who asked for one."""
        if not (kept := _read(self._path)):
            return []
        found = ((user_id, kept.get(self._hashed(user_id))) for user_id in user_ids)
        return [DeletionRequest(user_id, at) for user_id, at in found if at is not None]

    def forget_old(self) -> None:
        """Forget what no backup can bring back any more."""
        with self._writing:
            kept = _read(self._path)
            recent = {mark: at for mark, at in kept.items() if at > self._now() - KEPT_MS}
            if recent != kept:
                _write(self._path, recent)


def _file_of(database: Path) -> Path:
    return database.with_name(f"{database.name}-deletions")


def _read(path: Path) -> dict[str, int]:
    try:
        lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    except FileNotFoundError:
        return {}
    except OSError as refused:
        raise StartRefused(
            f"The file {path} cannot be read ({refused.strerror}): let the bot's user read it."
        ) from refused
    found = (_LINE.fullmatch(line) for line in lines)
    return {line["mark"]: int(line["at"]) for line in found if line}


def _write(path: Path, kept: dict[str, int]) -> None:
    part = path.with_name(f"{path.name}.part")
    create_private_file(part)
    with part.open("w", encoding="ascii") as file:
        file.writelines(f"{at} {mark}\n" for mark, at in kept.items())
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)

"""Outages of the database: locked by another program, no disk space, an I/O error, a lost file."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from bot.core.errors.base import Refusal
from bot.database.errors import DATABASE_ERRORS, is_passing_error

log: structlog.stdlib.BoundLogger = structlog.get_logger()


@dataclass(eq=False, kw_only=True)
class DatabaseBusy(Refusal):
    """The database did not answer in time; what was asked of it is not done."""

    message_id = "error-database-busy"


@dataclass(eq=False, kw_only=True)
class DatabaseLost(Refusal):
    """The file was deleted or replaced while it is open: what is written to it would be lost."""

    message_id = "error-database-lost"


@dataclass(frozen=True, slots=True)
class DatabaseWaits:
    """How long is waited for the database, in seconds.

    ``busy_s`` is what one statement waits for another process, such as a terminal job beside the
    bot; ``answer_s`` what a person waits for a response; pauses between tries grow from
    ``first_pause_s`` to ``longest_pause_s``.
    """

    busy_s: float = 10.0
    answer_s: float = 2.0
    first_pause_s: float = 0.1
    longest_pause_s: float = 10.0
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    def pauses(self) -> Iterator[float]:
        """Yield how long to pause before each further try."""
        return growing_pauses(self.first_pause_s, self.longest_pause_s)


WAITS = DatabaseWaits()


def growing_pauses(first_s: float, longest_s: float) -> Iterator[float]:
    """Yield how many seconds to pause before each further try: twice as long, up to the longest."""
    pause_s = first_s
    while True:
        yield pause_s
        pause_s = min(2 * pause_s, longest_s)


def is_passing(error: Exception) -> bool:
    """Return whether the same transaction may succeed later, also with a file that is gone."""
    return isinstance(error, DatabaseLost) or is_passing_error(error)


class OutageLog:
    """Logs the begin and the end of each outage, not each failed try."""

    def __init__(self) -> None:
        self._is_out = False

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Watch one try."""
        try:
            yield
        except (*DATABASE_ERRORS, DatabaseLost) as error:
            if is_passing(error):
                self.failed(error)
            raise
        if self._is_out:
            self._is_out = False
            log.info("database.available")

    def failed(self, error: Exception) -> None:
        """Log the begin of an outage, unless it has begun."""
        if self._is_out:
            return
        self._is_out = True
        if isinstance(error, DatabaseLost):
            log.error("database.lost", hint="stop the bot and restore the file from a backup")
        else:
            log.warning("database.unavailable", error=str(error))


class OpenFile:
    """Knows which file was opened, and tells when its path leads to it no longer."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._opened = self._found()

    def check(self) -> None:
        """Raise DatabaseLost when the file was deleted or replaced."""
        if self._found() != self._opened:
            raise DatabaseLost

    def _found(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

"""Copy the database on schedule while the bot runs, and tell the operator when that fails."""

import asyncio
import errno
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import structlog

from bot.core.background_task import BackgroundTask
from bot.core.clock import Clock
from bot.database.backup import DatabaseDamaged
from bot.database.errors import primary_code
from bot.database.scheduled_copies import (
    delete_old_copies,
    free_bytes,
    make_scheduled_copy,
    newest_backup,
)
from bot.gateways.routing.operator_alerts import BackupFailed, BackupFault, OperatorAlerts
from bot.jobs.maintenance import QUIET_START_S

log: structlog.stdlib.BoundLogger = structlog.get_logger()

# After a failure, and before the age of the newest copy is looked at again.
LONGEST_PAUSE_S = 3600.0
_EXPECTED = (OSError, sqlite3.Error, DatabaseDamaged)


@dataclass(frozen=True, slots=True)
class BackupSchedule:
    """How often the database is copied, None for never, and how many of the copies are kept."""

    every: timedelta | None
    keep: int


class ScheduledBackups(BackgroundTask):
    """Makes a copy whenever the newest one is old enough, also across restarts."""

    def __init__(
        self,
        database: Path,
        folder: Path,
        schedule: BackupSchedule,
        *,
        clock: Clock,
        alerts: OperatorAlerts,
        free: Callable[[Path], int] = free_bytes,
    ) -> None:
        super().__init__()
        self._database = database
        self._folder = folder
        self._schedule = schedule
        self._clock = clock
        self._alerts = alerts
        self._free = free

    def begin(self) -> None:
        """Start, unless the operator wants no copies."""
        if self._schedule.every is not None:
            self.start(self._run(self._schedule.every))

    async def _run(self, every: timedelta) -> None:
        longest_s = min(every.total_seconds(), LONGEST_PAUSE_S)
        pause_s = QUIET_START_S
        while True:
            await self._clock.wait(self._clock.sleep(pause_s), "backup")
            pause_s = min(await self._copy_if_due(every), longest_s)

    async def _copy_if_due(self, every: timedelta) -> float:
        """Make a copy if the newest is old enough; return in how many seconds the next one is due.

        What fails is logged, and the operator is told once.
        """
        try:
            if (due_s := await asyncio.to_thread(self._due_in_s, every)) > 0:
                return due_s
            size = await self._copy()
        except Exception as error:
            # A defect of one copy must not end those of tomorrow.
            is_defect = not isinstance(error, _EXPECTED)
            log.error(  # noqa: TRY400 - a full disk needs no traceback every hour
                "backup.failed", folder=str(self._folder), error=repr(error), exc_info=is_defect
            )
            self._alerts.backup_failed(BackupFailed(_cause(error)))
        else:
            log.info("backup.made", folder=str(self._folder), bytes=size)
            self._alerts.backup_made()
        return every.total_seconds()

    def _due_in_s(self, every: timedelta) -> float:
        now = self._clock.now()
        newest = newest_backup(self._folder, self._database, now=now)
        return 0.0 if newest is None else every.total_seconds() - (now - newest.made_at) / 1000

    async def _copy(self) -> int:
        stopped = threading.Event()
        copying = asyncio.ensure_future(asyncio.to_thread(self._copy_and_rotate, stopped))
        try:
            return await asyncio.shield(copying)
        except asyncio.CancelledError:
            stopped.set()
            # Nothing of it is left when the bot has ended.
            await asyncio.wait((copying,))
            copying.exception()
            raise

    def _copy_and_rotate(self, stopped: threading.Event) -> int:
        now = self._clock.now()
        size = make_scheduled_copy(
            self._folder, self._database, now=now, is_stopped=stopped.is_set, free=self._free
        )
        delete_old_copies(self._folder, self._database, keep=self._schedule.keep, now=now)
        return size


def _cause(error: Exception) -> BackupFault:
    if isinstance(error, DatabaseDamaged):
        return "damaged"
    is_full = (isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}) or (
        isinstance(error, sqlite3.Error) and primary_code(error) == sqlite3.SQLITE_FULL
    )
    return "full" if is_full else "other"

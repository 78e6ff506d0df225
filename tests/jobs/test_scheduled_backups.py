"""Backups on schedule: their times, across restarts and failures, and what the owner hears."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.core.clock import Clock
from bot.database.opening import open_file
from bot.database.scheduled_copies import LEFT_FREE_BYTES
from bot.gateways.routing.operator_alerts import BackupFailed, OperatorAlert, OperatorAlerts
from bot.jobs.scheduled_backups import BackupSchedule, ScheduledBackups

NOON_MS = 1_790_000_000_000
DAY = timedelta(days=1)
PLENTY = 10**12


class Days:
    """A clock whose sleeps pass at once, until so much time has passed."""

    def __init__(self) -> None:
        self.now_ms = NOON_MS
        self.until_ms = NOON_MS
        self.over = asyncio.Event()

    def clock(self) -> Clock:
        """Return it as the bot has it."""
        return Clock(now=lambda: self.now_ms, sleep=self.sleep)

    async def sleep(self, seconds: float) -> None:
        """Let the time pass, or say that it is over."""
        if self.now_ms >= self.until_ms:
            self.over.set()
            await asyncio.Event().wait()
        self.now_ms += round(seconds * 1000)

    def let_pass(self, time: timedelta) -> None:
        """Let a bot run for so long."""
        self.until_ms += round(time.total_seconds() * 1000)
        self.over.clear()


class Operator:
    """A data folder, a clock and an owner who hears of failures."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.days = Days()
        self.alerts = OperatorAlerts(self.hear, now=lambda: self.days.now_ms)
        self.free = PLENTY
        self.heard: list[OperatorAlert] = []

    async def hear(self, alert: OperatorAlert) -> None:
        """Keep what the owner is told."""
        self.heard.append(alert)

    async def run(
        self, time: timedelta, *, every: timedelta | None = DAY, keep: int = 7
    ) -> list[int]:
        """Run the bot for so long; return the hours of the copies."""
        self.days.let_pass(time)
        async with self.backups(every, keep) as backups:
            backups.begin()
            if every is not None:
                await asyncio.wait_for(self.days.over.wait(), 60)
            await asyncio.sleep(0)  # the alerts' own tasks
        return self.hours()

    def backups(
        self,
        every: timedelta | None = DAY,
        keep: int = 7,
        free: Callable[[Path], int] | None = None,
    ) -> ScheduledBackups:
        """Make the task as the bot does."""
        return ScheduledBackups(
            self.folder / "easel.db",
            self.folder / "backup",
            BackupSchedule(every, keep),
            clock=self.days.clock(),
            alerts=self.alerts,
            free=free or (lambda _: self.free),
        )

    def hours(self) -> list[int]:
        """Return the hours of the copies since the first noon."""
        return sorted(self._hour(path) for path in (self.folder / "backup").glob("*.db"))

    def _hour(self, path: Path) -> int:
        made = datetime.strptime(path.stem[-16:], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        return round((made.timestamp() * 1000 - NOON_MS) / 3_600_000)


@pytest.fixture
async def operator(tmp_path: Path) -> AsyncIterator[Operator]:
    async with open_file(tmp_path / "easel.db", backup_dir=tmp_path, now=lambda: 0):
        operator = Operator(tmp_path)
        async with operator.alerts:
            yield operator


async def test_a_copy_a_day_and_the_newest_seven_stay(operator: Operator) -> None:
    """An operator who set nothing has a week of backups, and a disk that does not fill."""
    assert await operator.run(timedelta(days=3)) == [0, 24, 48, 72]
    assert await operator.run(timedelta(days=10)) == [168, 192, 216, 240, 264, 288, 312]


async def test_a_restart_goes_on_with_the_schedule(operator: Operator) -> None:
    """A bot that is restarted daily would make no copy, or one at each start."""
    assert await operator.run(timedelta(hours=20)) == [0]
    for _ in range(3):
        assert await operator.run(timedelta(hours=1)) == [0]
    assert await operator.run(timedelta(hours=2)) == [0, 24]
    operator.days.now_ms += 40 * 3_600_000
    operator.days.until_ms = operator.days.now_ms
    assert len(await operator.run(timedelta(minutes=2))) == 3


async def test_without_a_schedule_there_is_no_copy(operator: Operator) -> None:
    """Operators with their own backups leave BACKUP_EVERY empty."""
    assert await operator.run(DAY, every=None) == []


async def test_a_full_disk_is_told_once_and_tried_again(operator: Operator) -> None:
    """A message an hour would be muted; the copy comes as soon as there is room."""
    operator.free = LEFT_FREE_BYTES
    assert await operator.run(timedelta(hours=5)) == []
    assert operator.heard == [BackupFailed("full")]
    assert list((operator.folder / "backup").iterdir()) == []
    operator.free = PLENTY
    assert await operator.run(timedelta(hours=2)) == [5]
    operator.free = 0
    await operator.run(timedelta(hours=30))
    assert operator.heard == [BackupFailed("full")] * 2


async def test_another_failure_ends_neither_the_bot_nor_tomorrows_copy(
    operator: Operator,
) -> None:
    """Such as a folder that became a file; an hour after it was mended there is a copy."""
    (operator.folder / "backup").write_text("in the way")
    await operator.run(timedelta(hours=3))
    assert operator.heard == [BackupFailed("other")]
    (operator.folder / "backup").unlink()
    assert len(await operator.run(timedelta(hours=2))) == 1


async def test_a_damaged_database_is_told_as_such(operator: Operator) -> None:
    """The owner must restore a backup, and would free disk space instead."""
    broken = operator.folder / "easel.db"
    for end in ("-wal", "-shm"):
        broken.with_name(f"easel.db{end}").unlink(missing_ok=True)
    broken.unlink()
    broken.write_bytes(b"no database" * 1000)
    await operator.run(timedelta(hours=2))
    assert operator.heard == [BackupFailed("damaged")]


async def test_a_bot_that_stops_leaves_no_half_copy(operator: Operator) -> None:
    """It does not wait for the end of a gigabyte either."""
    loop, asked, go_on = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

    def free(_folder: Path) -> int:
        loop.call_soon_threadsafe(asked.set)
        go_on.wait(60)
        return PLENTY

    operator.days.let_pass(DAY)
    backups = operator.backups(free=free)
    backups.begin()
    await asyncio.wait_for(asked.wait(), 60)
    ending = asyncio.create_task(backups.end())
    await asyncio.sleep(0.01)
    assert not ending.done()
    go_on.set()
    await asyncio.wait_for(ending, 60)
    assert list((operator.folder / "backup").iterdir()) == []

"""Read what gauges show when they are asked for; one that cannot be read in time is missing."""

import asyncio
import math
import platform
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from bot import __version__
from bot.core import metrics
from bot.core.process_lock import LockFolders
from bot.database.scheduled_copies import BACKUP_FOLDER, free_bytes, newest_backup
from bot.database.transaction import Transaction
from bot.jobs.repository.oldest_jobs import read_oldest_jobs
from bot.monitoring.bounded_read import BoundedRead
from bot.monitoring.exposition import Reading
from bot.monitoring.readiness import Readiness, ShardLatencies
from bot.services import Services

READ_S = 0.8  # a scraper may ask every second


@dataclass(frozen=True, slots=True)
class DiskFacts:
    """What only the disk knows: free bytes, and when the newest backup was made, None without."""

    free_bytes: int
    newest_backup_at: int | None


@dataclass(frozen=True, slots=True)
class Gauges:
    """Reads every gauge."""

    services: Services
    readiness: Readiness
    now: Callable[[], int]
    backup_every: timedelta | None
    rows: BoundedRead[Sequence[Reading]]
    disk: BoundedRead[DiskFacts]

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        services: Services,
        readiness: Readiness,
        *,
        files: LockFolders,
        now: Callable[[], int],
        backup_every: timedelta | None,
    ) -> AsyncIterator[Self]:
        """Open them; at their end running reads end."""

        async def read_rows() -> Sequence[Reading]:
            await services.content_store.recent_count()
            return await services.database.read(lambda tx: tuple(_of_rows(tx, services, now())))

        async def read_disk() -> DiskFacts:
            return await asyncio.to_thread(_disk_facts, files, now())

        async with AsyncExitStack() as stack:
            rows = await stack.enter_async_context(BoundedRead(read_rows, within_s=READ_S))
            disk = await stack.enter_async_context(BoundedRead(read_disk, within_s=READ_S))
            yield cls(services, readiness, now, backup_every, rows, disk)

    async def read(self) -> list[Reading]:
        """Read them all, the slow ones at the same time."""
        health, rows, disk = await asyncio.gather(
            self.readiness.check(), self.rows.value(), self.disk.value()
        )
        readings = [
            *self._of_memory(),
            *_of_shards(self.readiness.shards),
            Reading(metrics.DATABASE_WRITABLE, health.is_writable),
            Reading(metrics.READY, health.is_ready),
            *(rows or ()),
        ]
        return readings if disk is None else [*readings, *self._of_disk(disk)]

    def _of_memory(self) -> Iterator[Reading]:
        services = self.services
        yield Reading(metrics.BUILD_INFO, 1, (__version__, platform.python_version()))
        yield Reading(metrics.JOBS_WAITING, services.queue.waiting)
        yield Reading(metrics.JOBS_RUNNING, services.queue.running)
        yield Reading(metrics.CONTENT_STORE_BYTES, services.content_store.total_bytes)
        for gateway, part in services.router.resting().items():
            yield Reading(metrics.GATEWAY_RESTING, part, (gateway,))

    def _of_disk(self, disk: DiskFacts) -> Iterator[Reading]:
        yield Reading(metrics.DISK_FREE, disk.free_bytes)
        made_at = disk.newest_backup_at
        if made_at is not None:
            yield Reading(metrics.NEWEST_BACKUP_AGE, _age_s(made_at, self.now()))
        elif self.backup_every is not None:
            yield Reading(metrics.NEWEST_BACKUP_AGE, math.inf)
        if self.backup_every is not None:
            yield Reading(metrics.BACKUP_INTERVAL, self.backup_every.total_seconds())


def _of_shards(shards: ShardLatencies) -> Iterator[Reading]:
    for shard, latency in shards().items():
        yield Reading(metrics.SHARD_CONNECTED, latency is not None, (str(shard),))
        if latency is not None and math.isfinite(latency):  # before the first heartbeat it is not
            yield Reading(metrics.SHARD_LATENCY, latency, (str(shard),))


def _of_rows(rows: Transaction, services: Services, now: int) -> Iterator[Reading]:
    oldest = read_oldest_jobs(rows)
    yield Reading(metrics.OLDEST_OPEN_JOB, _age_s(oldest.open_since, now))
    yield Reading(metrics.OLDEST_UNTOLD_CARD, _age_s(oldest.untold_since, now))
    for part in services.ledger.budget_used(rows):
        # A budget of 0 is used up from the beginning.
        used = (part.used + part.held) / part.limit if part.limit else 1.0
        yield Reading(metrics.BUDGET_USED, used, (part.period.value,))


def _disk_facts(files: LockFolders, now: int) -> DiskFacts:
    newest = newest_backup(files.data_dir / BACKUP_FOLDER, files.database, now=now)
    return DiskFacts(free_bytes(files.data_dir), None if newest is None else newest.made_at)


def _age_s(at: int | None, now: int) -> float:
    return 0.0 if at is None else max(now - at, 0) / 1000

"""Run maintenance tasks at the start and then daily, such as deleting old charges."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Self

import structlog

from bot.core.clock import Clock
from bot.database.database import Database
from bot.quota.ledger import Ledger

log: structlog.stdlib.BoundLogger = structlog.get_logger()

DAY_S = 24 * 3600.0
# The longest limit looks back 30 days, and an admin at the charges of a month.
CHARGE_RETENTION_MS = 40 * 24 * 3600 * 1000
CHARGES_PER_BATCH = 100

MaintenanceTask = Callable[[], Awaitable[None]]


class Maintenance:
    """Runs every task at the start and daily, until it is left."""

    def __init__(self, tasks: Sequence[MaintenanceTask], clock: Clock) -> None:
        self._tasks = tasks
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))

    def begin(self) -> None:
        """Start, in a task that belongs to this object."""
        self._task = asyncio.get_running_loop().create_task(self._daily())

    async def _daily(self) -> None:
        while True:
            for task in self._tasks:
                await _run(task)
            await self._clock.wait(self._clock.sleep(DAY_S), "day")


async def delete_old_charges(database: Database, ledger: Ledger, now: Callable[[], int]) -> None:
    """Delete charges that no limit needs any more, in batches; meters keep their sums."""
    before, deleted = now() - CHARGE_RETENTION_MS, CHARGES_PER_BATCH
    while deleted == CHARGES_PER_BATCH:
        deleted = await database.write(ledger.forget_charges, before=before, most=CHARGES_PER_BATCH)


async def _run(task: MaintenanceTask) -> None:
    try:
        await task()
    except Exception:
        # One task's defect must not end the others, nor tomorrow.
        log.exception("maintenance.failed")

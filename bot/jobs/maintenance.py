"""What the bot does by itself, once a day."""

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
CHARGES_STAY_MS = 40 * 24 * 3600 * 1000
BATCH = 100

MaintenanceTask = Callable[[], Awaitable[None]]


class Maintenance:
    """Does every chore at the start and daily. Leaving it ends that."""

    def __init__(self, maintenance: Sequence[MaintenanceTask], clock: Clock) -> None:
        self._chores = maintenance
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
            for chore in self._chores:
                await _done(chore)
            await self._clock.wait(self._clock.sleep(DAY_S), "day")


async def forget_old_charges(database: Database, ledger: Ledger, now: Callable[[], int]) -> None:
    """Forget charges that no limit asks for any more, a few at a time; meters keep their sums."""
    before, forgotten = now() - CHARGES_STAY_MS, BATCH
    while forgotten == BATCH:
        forgotten = await database.write(ledger.forget_charges, before=before, most=BATCH)


async def _done(chore: MaintenanceTask) -> None:
    try:
        await chore()
    except Exception:
        # One chore's defect must not end the others, nor tomorrow.
        log.exception("chores.defect")

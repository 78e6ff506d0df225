"""Run maintenance tasks at the start and then daily, such as deleting old charges.

What a start has to finish comes first; what may take long waits until people have their responses.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

import structlog

from bot.core.background_task import BackgroundTask
from bot.core.clock import Clock
from bot.database.database import Database
from bot.database.outage import is_passing
from bot.jobs.repository.chores import chore_done, claim_chore
from bot.jobs.repository.presses import (
    PRESS_RETENTION_MS,
    PRESSES_PER_BATCH,
    delete_old_presses,
)
from bot.quota.ledger import Ledger

log: structlog.stdlib.BoundLogger = structlog.get_logger()

DAY_S = 24 * 3600.0
HOUR_S = 3600.0
# Whoever waited for the bot writes to it in its first seconds.
QUIET_START_S = 60.0
# The longest limit looks back 30 days, and an admin at the charges of a month.
CHARGE_RETENTION_MS = 40 * 24 * 3600 * 1000
CHARGES_PER_BATCH = 100

MaintenanceTask = Callable[[], Awaitable[object]]


class Maintenance(BackgroundTask):
    """Runs every task daily until it is left: the ``patient`` ones a minute after the start.

    What ``begin`` is given runs once, before all of them.
    """

    def __init__(
        self,
        tasks: Sequence[MaintenanceTask],
        clock: Clock,
        *,
        patient: Sequence[MaintenanceTask] = (),
    ) -> None:
        super().__init__()
        self._tasks = tasks
        self._patient_tasks = patient
        self._clock = clock

    def begin(self, *first: MaintenanceTask) -> None:
        """Start, in a task that belongs to this object."""
        self.start(self._run_all(first))

    async def _run_all(self, first: Sequence[MaintenanceTask]) -> None:
        for task in first:
            await _run(task)
        while True:
            for task in self._tasks:
                await _run(task)
            await self._clock.wait(self._clock.sleep(QUIET_START_S), "quiet start")
            for task in self._patient_tasks:
                await _run(task)
            await self._clock.wait(self._clock.sleep(DAY_S), "day")


class SharedMaintenance(BackgroundTask):
    """Runs the chores that one of several processes on a PostgreSQL server does once a day."""

    def __init__(
        self, database: Database, chores: Mapping[str, MaintenanceTask], clock: Clock
    ) -> None:
        super().__init__()
        self._database = database
        self._chores = chores
        self._clock = clock

    def begin(self) -> None:
        """Start, in a task that belongs to this object, where there is any chore."""
        if self._chores:
            self.start(self._run_for_ever())

    async def run_due(self) -> None:
        """Run those that are due, and that no other process runs."""
        for name, task in self._chores.items():
            await _run(partial(self._run_if_due, name, task))

    async def _run_for_ever(self) -> None:
        await self._clock.wait(self._clock.sleep(QUIET_START_S), "quiet start")
        while True:
            await self.run_due()
            # Not a day: another process may have died with a chore, or have failed.
            await self._clock.wait(self._clock.sleep(HOUR_S), "hour")

    async def _run_if_due(self, name: str, task: MaintenanceTask) -> None:
        if await self._database.write(claim_chore, name):
            await task()
            await self._database.write(chore_done, name)


async def delete_presses(database: Database, now: Callable[[], int]) -> None:
    """Delete the presses that Discord tells of no more, in batches."""
    before, deleted = now() - PRESS_RETENTION_MS, PRESSES_PER_BATCH
    while deleted == PRESSES_PER_BATCH:
        deleted = await database.write(delete_old_presses, before=before, most=PRESSES_PER_BATCH)


async def delete_old_charges(database: Database, ledger: Ledger, now: Callable[[], int]) -> None:
    """Delete charges that no limit needs any more, in batches; meters keep their sums."""
    before, deleted = now() - CHARGE_RETENTION_MS, CHARGES_PER_BATCH
    while deleted == CHARGES_PER_BATCH:
        deleted = await database.write(ledger.forget_charges, before=before, most=CHARGES_PER_BATCH)


async def _run(task: MaintenanceTask) -> None:
    try:
        await task()
    except Exception as error:
        # One task's defect must not end the others, nor tomorrow.
        if is_passing(error):
            log.warning("maintenance.interrupted", error=str(error))
        else:
            log.exception("maintenance.failed")

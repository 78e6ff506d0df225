"""Delete what is recorded of jobs of long ago: KEEP_JOBS_DAYS.

It works in small transactions, between which others come in; what is left after a crash goes the
next day. Sums go first and jobs last, because a deletion of personal data finds the servers in
which a person was through their jobs. Grants, limits, blocks, presets, styles and preferences stay.
"""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import structlog

from bot.core.clock import Clock
from bot.database.database import LONG_ROWS, Database
from bot.database.transaction import Transaction
from bot.jobs.picture_retention import DeleteRows
from bot.jobs.repository.old_jobs import delete_old_costs, delete_old_jobs
from bot.jobs.repository.text_requests import delete_old_text_requests
from bot.quota.ledger import Ledger
from bot.quota.limits import HOUR_MS

log: structlog.stdlib.BoundLogger = structlog.get_logger()

JOBS_PER_BATCH = 20  # with all rows that refer to them
ROWS_PER_BATCH = 250
SUBJECTS_PER_BATCH = 100
# After each transaction that deleted any, so that most of the time belongs to people: the first run
# after an upgrade may have a million jobs to delete.
PAUSE_S = 0.05


class JobRetention:
    """Deletes jobs, costs, meters and the audit when they are older than ``keep``."""

    def __init__(
        self, database: Database, ledger: Ledger, *, keep: timedelta, clock: Clock
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._keep_ms = int(keep / timedelta(milliseconds=1))
        self._clock = clock

    async def delete_old(self) -> None:
        """Delete what is too old; harmless in the middle of anything."""
        before = (self._clock.now() - self._keep_ms) // HOUR_MS * HOUR_MS
        meters = await self._delete_meters(before)
        changes = await self._in_batches(self._ledger.forget_changes, before, ROWS_PER_BATCH)
        # An hour longer: its charge may lie in the hour after it.
        jobs = await self._in_batches(delete_old_jobs, before - HOUR_MS, JOBS_PER_BATCH)
        texts = await self._in_batches(delete_old_text_requests, before - HOUR_MS, ROWS_PER_BATCH)
        costs = await self._in_batches(delete_old_costs, before - HOUR_MS, ROWS_PER_BATCH)
        deleted = {
            "jobs": jobs,
            "costs": costs,
            "meters": meters,
            "changes": changes,
            "texts": texts,
        }
        if any(deleted.values()):
            log.info("jobs.deleted", **deleted)

    async def _delete_meters(self, before: int) -> int:
        """Go through all subjects: an index of meters by hour would cost every hold a page."""
        total, last = 0, ""
        read = self._ledger.metered_subjects
        while page := await self._database.read_long(read, behind=last, most=LONG_ROWS):
            last = max(page)
            old = [subject for subject, hour in page.items() if hour < before // HOUR_MS]
            for start in range(0, len(old), SUBJECTS_PER_BATCH):
                forget = partial(
                    _forget_meters, self._ledger, old[start : start + SUBJECTS_PER_BATCH]
                )
                total += await self._in_batches(forget, before, ROWS_PER_BATCH)
        return total

    async def _in_batches(self, delete: DeleteRows, before: int, most: int) -> int:
        total, deleted = 0, most
        while deleted == most:
            deleted = await self._database.write_when_possible(delete, before=before, most=most)
            total += deleted
            if deleted:
                await self._clock.wait(self._clock.sleep(PAUSE_S), "old jobs")
        return total


def _forget_meters(
    ledger: Ledger, subjects: Sequence[str], tx: Transaction, /, *, before: int, most: int
) -> int:
    return ledger.forget_meters(tx, subjects, before=before, most=most)

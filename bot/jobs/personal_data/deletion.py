"""Delete a person's jobs and pictures, in steps that survive a crash.

One transaction decides: no job of theirs is open, their jobs lose their owner and their charges
become anonymous. Then the files of disowned jobs are deleted, and their rows in small batches.
Every start, and every day, completes what was interrupted.
"""

import asyncio
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from bot.core.errors.base import Refusal
from bot.core.models import Reference
from bot.database.database import Database
from bot.database.transaction import Transaction
from bot.images.content_store import ContentStore, StoredFile
from bot.jobs.personal_data.deletion_requests import DeletionRequest, DeletionRequests
from bot.jobs.repository import personal_data
from bot.quota.ledger import Ledger

log: structlog.stdlib.BoundLogger = structlog.get_logger()

JOBS_PER_DELETION = 50  # jobs in a transaction
JOBS_PER_QUERY = 1000  # jobs in a query


@dataclass(eq=False, kw_only=True)
class JobsStillRunning(Refusal):
    """The person has ``count`` jobs that did not end yet."""

    count: int
    message_id = "error-still-at-work"


class PersonalDataDeletion:
    """Deletes people's jobs.

    ``jobs`` is the folder of the pictures of open ones, ``unread`` that of files that could not be
    read, whose names begin with the job's id.
    """

    def __init__(
        self,
        *,
        database: Database,
        ledger: Ledger,
        content_store: ContentStore,
        jobs: Path,
        unread: Path,
        requests: DeletionRequests,
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._content_store = content_store
        self._jobs = jobs
        self._unread = unread
        self._requests = requests
        self._one_at_a_time = asyncio.Lock()

    async def delete(self, user_id: int) -> int:
        """Delete a person's jobs in every server; return how many there were.

        What they spent still counts against their limits. A job that begins meanwhile is either
        seen or not touched.

        Raises:
            StillAtWork: one of their jobs did not end yet; nothing was changed.
        """
        disowned = await self._database.write(self._disown, user_id)
        await self.complete()
        return disowned

    async def undone_requests(self) -> list[DeletionRequest]:
        """Return the deletions that a restored backup does not know."""
        people = await self._database.read(personal_data.people)
        requests = await asyncio.to_thread(self._requests.among, people)
        return [each for each in requests if await self._database.read(self._is_undone, each)]

    async def repeat(self, request: DeletionRequest) -> None:
        """Delete again what a restored backup has brought back; harmless twice.

        The rows and files go with the next ``complete``.
        """
        jobs = await self._database.write(self._disown_again, request)
        log.info("personal_data.deleted_again", jobs=jobs)

    async def complete(self) -> None:
        """Delete the disowned jobs with their files, and old requests; harmless twice."""
        async with self._one_at_a_time:
            await asyncio.to_thread(self._requests.forget_old)
            job_ids = await self._database.read(personal_data.disowned_jobs)
            if not job_ids:
                return
            files = await self._unshared_files(job_ids)
            await asyncio.to_thread(self._remove, files, job_ids)
            for batch in _batches(job_ids, JOBS_PER_DELETION):
                await self._database.write_when_possible(personal_data.delete_disowned, batch)
            is_gone = await self._database.empty_log()
        log.info("personal_data.deleted", jobs=len(job_ids), files=len(files), log_emptied=is_gone)

    def _disown(self, tx: Transaction, user_id: int) -> int:
        if count := personal_data.at_work(tx, user_id):
            raise JobsStillRunning(count=count)
        disowned = personal_data.disown(tx, user_id)
        self._ledger.make_anonymous(tx, user_id)
        # Before the commit: better one too many than one that a backup undoes.
        self._requests.add(user_id)
        return disowned

    def _is_undone(self, rows: Transaction, request: DeletionRequest) -> bool:
        if not self._ledger.is_anonymous(rows, request.user_id):
            return True
        return personal_data.has_jobs_until(rows, request.user_id, request.at)

    def _disown_again(self, tx: Transaction, request: DeletionRequest) -> int:
        self._ledger.make_anonymous(tx, request.user_id)
        return personal_data.disown(tx, request.user_id, until=request.at)

    async def _unshared_files(self, job_ids: Sequence[str]) -> list[StoredFile]:
        """Return the files that no other job needs."""
        files: set[Reference] = set()
        for batch in _batches(job_ids, JOBS_PER_QUERY):
            files |= await self._database.read(personal_data.files_of, batch)
        # What is kept again from now on has another time stamp, so that it is not removed.
        found = await asyncio.to_thread(self._found, files)
        behind: str | None = ""
        while found and behind is not None:
            needed, behind = await self._database.read(
                personal_data.hashes_of_others, behind=behind, most=JOBS_PER_QUERY
            )
            found = {sha256: file for sha256, file in found.items() if sha256 not in needed}
        return list(found.values())

    def _found(self, files: set[Reference]) -> dict[str, StoredFile]:
        kept = {file.sha256: self._content_store.find(file) for file in files}
        return {sha256: file for sha256, file in kept.items() if file is not None}

    def _remove(self, files: Sequence[StoredFile], job_ids: Sequence[str]) -> None:
        for file in files:
            self._content_store.remove(file)
        for job_id in job_ids:
            shutil.rmtree(self._jobs / job_id, ignore_errors=True)
            for path in self._unread.glob(f"{job_id}-*"):
                path.unlink(missing_ok=True)


def _batches(job_ids: Sequence[str], size: int) -> Sequence[Sequence[str]]:
    return [job_ids[start : start + size] for start in range(0, len(job_ids), size)]

"""Delete a person's jobs and pictures, in steps that survive a crash.

One transaction decides: no job of theirs is open, and from now on they are anonymous. Then their
charges move to a pseudonym, their jobs lose their requester, and the files and rows of such jobs
are deleted: all in small batches, so that nobody waits. Every start, and every day, completes what
was interrupted.
"""

import asyncio
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import structlog

from bot.core.errors.base import Refusal
from bot.database.database import LONG_ROWS, Database
from bot.database.transaction import Transaction
from bot.images.content_store import ContentStore
from bot.images.stored_files import StoredFile
from bot.jobs.personal_data.deletion_requests import DeletionRequest, DeletionRequests
from bot.jobs.repository import personal_data
from bot.jobs.repository.request_files import needed_by_others
from bot.jobs.repository.text_requests import (
    delete_text_requests_of,
    placed_text_requests,
)
from bot.quota.anonymising import UnfinishedMove
from bot.quota.ledger import Ledger

log: structlog.stdlib.BoundLogger = structlog.get_logger()

# Jobs in a transaction: with a charge and two meters each, or with all rows that refer to them.
JOBS_PER_MOVE = 100
JOBS_PER_DELETION = 20
JOBS_PER_READ = 50
TEXTS_PER_DELETION = 250


@dataclass(eq=False, kw_only=True)
class JobsStillRunning(Refusal):
    """The person has ``count`` jobs that did not end yet."""

    count: int
    message_id = "error-still-at-work"


class ChangeRows(Protocol):
    """Changes at most ``most`` rows and returns how many it changed."""

    def __call__(self, tx: Transaction, /, *, most: int) -> int:
        """Change rows."""
        ...


class ReadPlaced(Protocol):
    """Reads a page of a person's jobs or texts, the oldest first, from behind one."""

    def __call__(
        self, rows: Transaction, user_id: int, *, behind: personal_data.PlacedJob | None, most: int
    ) -> list[personal_data.PlacedJob]:
        """Read them."""
        ...


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
        async with self._one_at_a_time:
            begun = await self._database.write(self._begin, user_id)
            disowned = await self._move(begun)
            await self._delete_disowned()
        return disowned

    async def undone_requests(self) -> list[DeletionRequest]:
        """Return the deletions that a restored backup does not know."""
        if not await asyncio.to_thread(self._requests.any):
            return []
        tables = personal_data.PEOPLE_TABLES
        found = {each for table in tables for each in await self._requests_in(table)}
        return [each for each in found if await self._database.read(self._is_undone, each)]

    async def repeat(self, request: DeletionRequest) -> None:
        """Delete again what a restored backup has brought back; harmless twice.

        The rows and files go with the next ``complete``.
        """
        async with self._one_at_a_time:
            begun = UnfinishedMove(request.user_id, request.at)
            await self._database.write(
                self._ledger.make_anonymous, begun.user_id, jobs_until=begun.jobs_until
            )
            jobs = await self._move(begun)
        log.info("personal_data.deleted_again", jobs=jobs)

    async def complete(self) -> None:
        """Complete what was interrupted; harmless twice."""
        async with self._one_at_a_time:
            for begun in await self._database.read(self._ledger.unfinished_moves):
                await self._move(begun)
            await self._delete_disowned()

    async def forget_old_requests(self) -> None:
        """Forget the requests that no backup can undo any more."""
        await asyncio.to_thread(self._requests.forget_old)

    def _begin(self, tx: Transaction, user_id: int) -> UnfinishedMove:
        tx.lock(self._ledger.person_lock(user_id))  # a job is seen, or held after this
        if count := personal_data.at_work(tx, user_id):
            raise JobsStillRunning(count=count)
        begun = UnfinishedMove(user_id, personal_data.newest_job_at(tx, user_id))
        self._ledger.make_anonymous(tx, user_id, jobs_until=begun.jobs_until)
        # Before the commit: better one too many than one that a backup undoes.
        self._requests.add(user_id)
        return begun

    async def _move(self, begun: UnfinishedMove) -> int:
        """Move a person's charges, take their jobs and texts from them; return how many."""
        user_id, until = begun.user_id, begun.jobs_until
        # In this order: which servers a person was in is known from their jobs.
        for server_id in await self._move_charges(user_id):
            await self._in_batches(
                partial(self._ledger.move_old_meters, user_id=user_id, server_id=server_id),
                most=JOBS_PER_MOVE,
            )
        disowned = await self._in_batches(
            partial(self._disown, user_id=user_id, until=until),
            most=personal_data.DISOWNED_AT_ONCE,
        )
        # After their charges, and their servers' meters: both are found through these.
        texts = await self._in_batches(
            partial(self._delete_texts, user_id=user_id, until=until), most=TEXTS_PER_DELETION
        )
        # A task that came late still tells its card: the next day takes the job.
        if not await self._database.read(personal_data.has_ended_jobs_until, user_id, until):
            await self._database.write_when_possible(self._ledger.end_move, user_id)
        return disowned + texts

    def _disown(self, tx: Transaction, /, *, user_id: int, until: int, most: int) -> int:
        tx.lock(self._ledger.person_lock(user_id))  # what comes late is booked before, or not
        return personal_data.disown(tx, user_id, until=until, most=most)

    def _delete_texts(self, tx: Transaction, /, *, user_id: int, until: int, most: int) -> int:
        tx.lock(self._ledger.person_lock(user_id))
        return delete_text_requests_of(tx, user_id=user_id, until=until, most=most)

    async def _move_charges(self, user_id: int) -> set[int]:
        """Move the charges of all of a person's jobs and texts; return the servers of these."""
        of_jobs = await self._move_charges_of(personal_data.placed_jobs, user_id)
        return of_jobs | await self._move_charges_of(placed_text_requests, user_id)

    async def _move_charges_of(self, placed: ReadPlaced, user_id: int) -> set[int]:
        servers: set[int] = set()
        last: personal_data.PlacedJob | None = None
        while page := await self._database.read_long(
            placed, user_id, behind=last, most=JOBS_PER_MOVE
        ):
            last = page[-1]
            servers.update(job.server_id for job in page)
            job_ids = [job.id for job in page]
            await self._database.write_when_possible(self._ledger.move_charges, user_id, job_ids)
        return servers

    async def _in_batches(self, change: ChangeRows, *, most: int) -> int:
        """Change rows until none is left; return how many it changed."""
        total, changed = 0, most
        while changed == most:
            changed = await self._database.write_when_possible(change, most=most)
            total += changed
        return total

    async def _delete_disowned(self) -> None:
        """Delete the files and rows of the jobs without a requester."""
        jobs, files = 0, 0
        while job_ids := await self._database.read(personal_data.disowned_jobs, most=JOBS_PER_READ):
            unshared = await self._unshared_files(job_ids)
            if left := await self._content_store.remove(unshared):
                # The next day tries again: the rows say which files must still go.
                log.warning("personal_data.files_left", files=len(left))
                return
            await asyncio.to_thread(self._remove, job_ids)
            for batch in _batches(job_ids, JOBS_PER_DELETION):
                await self._database.write_when_possible(personal_data.delete_disowned, batch)
            jobs, files = jobs + len(job_ids), files + len(unshared)
        if jobs:
            is_gone = await self._database.empty_log()
            log.info("personal_data.deleted", jobs=jobs, files=files, log_emptied=is_gone)

    async def _requests_in(self, table: personal_data.PeopleTable) -> list[DeletionRequest]:
        found: list[DeletionRequest] = []
        last = 0
        while people := await self._database.read_long(
            personal_data.people, table, behind=last, most=LONG_ROWS
        ):
            last = people[-1]
            found += await asyncio.to_thread(self._requests.among, people)
        return found

    def _is_undone(self, rows: Transaction, request: DeletionRequest) -> bool:
        if not self._ledger.is_anonymous(rows, request.user_id):
            return True
        return personal_data.has_jobs_until(rows, request.user_id, request.at)

    async def _unshared_files(self, job_ids: Sequence[str]) -> list[StoredFile]:
        """Return the files that no other job needs."""
        files = await self._database.read_long(personal_data.files_of, job_ids)
        # What is needed again from now on has another time stamp, so that it is not removed.
        found = await self._content_store.find(list(files))
        needed = await self._database.read_long(
            needed_by_others, list(found), but_user_id=personal_data.DELETED_USER_ID
        )
        return [file for sha256, file in found.items() if sha256 not in needed]

    def _remove(self, job_ids: Sequence[str]) -> None:
        for job_id in job_ids:
            shutil.rmtree(self._jobs / job_id, ignore_errors=True)
            for path in self._unread.glob(f"{job_id}-*"):
                path.unlink(missing_ok=True)


def _batches(job_ids: Sequence[str], size: int) -> Sequence[Sequence[str]]:
    return [job_ids[start : start + size] for start in range(0, len(job_ids), size)]

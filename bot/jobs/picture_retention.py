"""Pictures that were painted, kept for a while: as long, and as many, as the operator allows.

A file is in the vault before its row is written, and a row whose file is gone shows nothing: a
crash at any moment costs at most a file, which a later sweep takes.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import structlog

from bot.core.errors.jobs import NoRoom, NotKept
from bot.core.models import Job, JobState, Picture, Reference
from bot.database.database import Database
from bot.database.transaction import Transaction
from bot.images.content_store import ContentStore, StoredFile
from bot.jobs.repository import history_search, kept_pictures, outbox_messages
from bot.jobs.repository.rows import WrittenJob

log: structlog.stdlib.BoundLogger = structlog.get_logger()

# New jobs are refused above FULL of the room; clearing goes on down to CLEARED.
FULL, CLEARED = 0.95, 0.85
BATCH = 100


class DeleteRows(Protocol):
    """Forgets at most ``most`` old rows and returns how many there were."""

    def __call__(self, tx: Transaction, /, *, before: int, most: int) -> int:
        """Forget those from before a moment."""
        ...


@dataclass(frozen=True, slots=True)
class RetentionLimits:
    """How long, and how much, may be kept."""

    retention: timedelta
    max_bytes: int


StoredPicture = tuple[Picture, Reference]
"""A picture, and its file in the vault."""


@dataclass(frozen=True, slots=True)
class RecentJob:
    """A job to look back at; ``pictures`` is how many of it are still kept."""

    written: WrittenJob
    pictures: int


class PictureRetention:
    """Keeps what was painted, and clears away what is old."""

    def __init__(
        self,
        database: Database,
        content_store: ContentStore,
        limits: RetentionLimits,
        *,
        now: Callable[[], int],
    ) -> None:
        self._database = database
        self._content_store = content_store
        self._limits = limits
        self._now = now
        self._clearing = asyncio.Lock()

    async def ensure_space(self) -> None:
        """Clear the oldest away if the room is nearly full.

        Raises:
            NoRoom: what is there is still needed.
        """
        if self._is_full():
            await self.delete_expired()
        if self._is_full():
            log.warning(
                "retention.full",
                bytes=self._content_store.total_bytes,
                max_bytes=self._limits.max_bytes,
            )
            raise NoRoom

    async def store(self, job: Job, pictures: Sequence[Picture]) -> Sequence[StoredPicture]:
        """Keep the files of a job's pictures; return none if the disk refuses. Harmless twice."""
        try:
            return [await asyncio.to_thread(self._store, picture) for picture in pictures]
        except OSError as full:
            log.warning("retention.not_kept", job=job.id, error=repr(full))
            return ()

    def record(self, tx: Transaction, job: Job, adopted: Sequence[StoredPicture]) -> None:
        """Write which files a job's pictures are; harmless twice."""
        kept_pictures.put(tx, job.id, adopted, at=self._now())

    async def recent_jobs(self, user_id: int, *, most: int) -> list[RecentJob]:
        """Return a person's last jobs, the newest first."""
        written, kept = await self._database.read(_last, user_id, most=most)
        there = await asyncio.to_thread(self._there, kept)
        return [
            RecentJob(each, count if each.state is JobState.DONE else 0)
            for each, count in zip(written, there, strict=True)
        ]

    async def kept_result(
        self, job_id: str, user_id: int
    ) -> tuple[WrittenJob, tuple[Picture, ...]]:
        """Return a person's job with its pictures, in the vault.

        Raises:
            NotKept: it is not theirs, or nothing of it is kept any more.
        """
        written, kept = await self._database.read(_theirs, job_id, user_id)
        if written is None or written.state is not JobState.DONE:
            raise NotKept
        pictures = await asyncio.to_thread(self._found, kept)
        if not pictures:
            raise NotKept
        return written, pictures

    async def kept_references(self, job_id: str) -> dict[int, Reference]:
        """Return the pictures of a job that are kept, by their number, for a job to start from."""
        kept = await self._database.read(kept_pictures.of, job_id)
        there = await asyncio.to_thread(
            lambda: [self._content_store.has(each.file) for each in kept]
        )
        return {number: each.file for number, each in enumerate(kept, 1) if there[number - 1]}

    async def originals(self, job_id: str) -> tuple[Picture, ...]:
        """Return the pictures of a job as the gateway sent them, in the vault.

        Raises:
            NotKept: nothing of it is kept any more.
        """
        kept = await self._database.read(kept_pictures.of, job_id)
        if pictures := await asyncio.to_thread(self._found, kept):
            return pictures
        raise NotKept

    async def delete_expired(self) -> None:
        """Forget what is older than the retention; beyond the room, the oldest first.

        It works in small batches, and a crash between two of them loses nothing but time.
        """
        before = self._now() - int(self._limits.retention / timedelta(milliseconds=1))
        async with self._clearing:
            await self._clear_files(before)
            await self._clear_rows(before, kept_pictures.delete_old)
            await self._clear_rows(before, outbox_messages.delete_old)

    async def _clear_files(self, before: int) -> None:
        most = int(self._limits.max_bytes * CLEARED)
        old = await asyncio.to_thread(self._content_store.expired, before=before, most_bytes=most)
        for start in range(0, len(old), BATCH):
            await asyncio.to_thread(self._remove, old[start : start + BATCH])
        if old:
            log.info("retention.cleared", files=len(old), bytes=sum(file.bytes for file in old))

    async def _clear_rows(self, before: int, forget: DeleteRows) -> None:
        forgotten = BATCH
        while forgotten == BATCH:
            forgotten = await self._database.write(forget, before=before, most=BATCH)

    def _remove(self, files: Sequence[StoredFile]) -> None:
        for file in files:
            self._content_store.remove(file)

    def _is_full(self) -> bool:
        return self._content_store.total_bytes >= self._limits.max_bytes * FULL

    def _store(self, picture: Picture) -> StoredPicture:
        return picture, self._content_store.keep_file(picture.path, picture.format)

    def _there(self, jobs: Sequence[Sequence[kept_pictures.Kept]]) -> list[int]:
        return [sum(self._content_store.has(each.file) for each in kept) for kept in jobs]

    def _found(self, kept: Sequence[kept_pictures.Kept]) -> tuple[Picture, ...]:
        return tuple(
            Picture(
                self._content_store.path(each.file),
                each.file.format,
                each.width,
                each.height,
                each.file.bytes,
                each.revised_prompt,
            )
            for each in kept
            if self._content_store.has(each.file)
        )


def _last(
    rows: Transaction, user_id: int, *, most: int
) -> tuple[list[WrittenJob], list[list[kept_pictures.Kept]]]:
    written = history_search.last_jobs(rows, user_id, most=most)
    return written, [kept_pictures.of(rows, each.job.id) for each in written]


def _theirs(
    rows: Transaction, job_id: str, user_id: int
) -> tuple[WrittenJob | None, list[kept_pictures.Kept]]:
    return history_search.job_of(rows, job_id, user_id), kept_pictures.of(rows, job_id)

"""Keep the pictures of finished jobs, within the operator's limits of age and disk space.

A file is in the content store before its row is written, and a row whose file is gone shows
nothing: a crash at any moment leaves at most a file without a row, which expires.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import structlog

from bot.core.errors.jobs import NotKept, PictureStorageFull
from bot.core.models import Job, JobState, Picture, Reference
from bot.database.database import Database
from bot.database.transaction import Transaction
from bot.images.content_store import ContentStore
from bot.jobs.repository import history_search, outbox_messages
from bot.jobs.repository.kept_pictures import (
    KeptPicture,
    delete_old_pictures,
    read_kept_pictures,
    read_needed_files,
)
from bot.jobs.repository.rows import WrittenJob

log: structlog.stdlib.BoundLogger = structlog.get_logger()

# As parts of the allowed space: above FULL_SHARE new jobs are refused, and files are
# deleted down to CLEARED_SHARE.
FULL_SHARE, CLEARED_SHARE = 0.95, 0.85
ROWS_PER_BATCH = 100


class DeleteRows(Protocol):
    """Deletes at most ``most`` old rows and returns how many it deleted."""

    def __call__(self, tx: Transaction, /, *, before: int, most: int) -> int:
        """Delete rows from before a moment."""
        ...


@dataclass(frozen=True, slots=True)
class RetentionLimits:
    """How long pictures are kept, and how many bytes of them."""

    retention: timedelta
    max_bytes: int


StoredPicture = tuple[Picture, Reference]
"""A picture, and its file in the content store."""


@dataclass(frozen=True, slots=True)
class RecentJob:
    """One of a person's last jobs; ``pictures`` is how many of it are still kept."""

    written: WrittenJob
    pictures: int


@dataclass(frozen=True, slots=True)
class KeptPictures:
    """The pictures of a job that are still kept, by their number, of so many that it had."""

    by_number: Mapping[int, Picture]
    of: int


class PictureRetention:
    """Keeps the pictures of jobs, finds them again, and deletes the expired ones."""

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
        self._deleting = asyncio.Lock()

    async def ensure_space(self, incoming_bytes: int = 0) -> None:
        """Delete the oldest files if the allowed space is nearly full, or would be with a new job.

        Raises:
            PictureStorageFull: what is kept is still needed.
        """
        stored = await self._content_store.recent_count()
        if self._is_full(stored + incoming_bytes):
            await self._delete_files(self._oldest())
            stored = self._content_store.total_bytes
        if self._is_full(stored + incoming_bytes):
            log.warning(
                "retention.full",
                bytes=stored,
                max_bytes=self._limits.max_bytes,
            )
            raise PictureStorageFull

    async def store(self, job: Job, pictures: Sequence[Picture]) -> Sequence[StoredPicture]:
        """Keep the files of a job's pictures; return none if the storage refuses. Harmless twice.

        They have been synced to the disk, as every picture that was received.
        """
        try:
            return await self._store(pictures)
        except OSError as full:
            log.warning("retention.not_kept", job=job.id, error=repr(full))
            return ()

    async def _store(self, pictures: Sequence[Picture]) -> Sequence[StoredPicture]:
        keep = self._content_store.keep_synced_file
        kept = await asyncio.gather(*(keep(each.path, each.format) for each in pictures))
        return list(zip(pictures, kept, strict=True))

    async def recent_jobs(self, user_id: int, *, most: int) -> list[RecentJob]:
        """Return a person's last jobs, the newest first."""
        written, kept = await self._database.read(_read_last, user_id, most=most)
        listed = self._content_store.listed
        counts = [len(await listed([each.file for each in files])) for files in kept]
        return [
            RecentJob(each, count if each.state is JobState.DONE else 0)
            for each, count in zip(written, counts, strict=True)
        ]

    async def kept_result(self, job_id: str, user_id: int) -> tuple[WrittenJob, dict[int, Picture]]:
        """Return a person's job with its pictures in the content store, by their number.

        Raises:
            NotKept: it is not theirs, or nothing of it is kept any more.
        """
        written, kept = await self._database.read(_read_job_of, job_id, user_id)
        if written is None or written.state is not JobState.DONE:
            raise NotKept
        pictures = await self._numbered_pictures(kept)
        if not pictures:
            raise NotKept
        return written, pictures

    async def kept_pictures(self, job_id: str) -> KeptPictures:
        """Return the pictures of a job that are still kept, and how many it had."""
        kept = await self._database.read(read_kept_pictures, job_id)
        last = max((each.number for each in kept), default=0)
        return KeptPictures(await self._numbered_pictures(kept), last)

    async def kept_references(self, job_id: str) -> dict[int, Reference]:
        """Return the kept pictures of a job by their number, as references for another job."""
        kept = await self._database.read(read_kept_pictures, job_id)
        there = await self._content_store.present([each.file for each in kept])
        return {each.number: each.file for each in kept if each.file in there}

    async def originals(self, job_id: str) -> tuple[Picture, ...]:
        """Return the pictures of a job as the gateway sent them, in the content store.

        Raises:
            NotKept: nothing of it is kept any more.
        """
        kept = await self._database.read(read_kept_pictures, job_id)
        if pictures := await self._numbered_pictures(kept):
            return tuple(pictures.values())
        raise NotKept

    def deleted_at(self, kept_at: int) -> int:
        """Return when a picture that was kept at a moment is deleted, if there is space so long."""
        return kept_at + self._retention_ms

    async def delete_expired(self) -> None:
        """Delete what is older than the retention; beyond the allowed space, the oldest first.

        It works in small batches, and a crash between two of them loses nothing but time.
        """
        before = self._oldest()
        await self._delete_files(before)
        await self._delete_rows(before, delete_old_pictures)
        await self._delete_rows(before, outbox_messages.delete_old_messages)

    def _oldest(self) -> int:
        return self._now() - self._retention_ms

    @property
    def _retention_ms(self) -> int:
        return int(self._limits.retention / timedelta(milliseconds=1))

    async def _delete_files(self, before: int) -> None:
        most = int(self._limits.max_bytes * CLEARED_SHARE)
        async with self._deleting:
            needed = await self._database.read(read_needed_files)
            old = await self._content_store.expired(before=before, most_bytes=most, needed=needed)
            for start in range(0, len(old), ROWS_PER_BATCH):
                await self._content_store.remove(old[start : start + ROWS_PER_BATCH])
        if old:
            log.info("retention.deleted", files=len(old), bytes=sum(file.bytes for file in old))

    async def _delete_rows(self, before: int, delete: DeleteRows) -> None:
        deleted = ROWS_PER_BATCH
        while deleted == ROWS_PER_BATCH:
            deleted = await self._database.write(delete, before=before, most=ROWS_PER_BATCH)

    def _is_full(self, expected_bytes: int) -> bool:
        return expected_bytes >= self._limits.max_bytes * FULL_SHARE

    async def _numbered_pictures(self, kept: Sequence[KeptPicture]) -> dict[int, Picture]:
        fetch = self._content_store.fetch
        paths = await asyncio.gather(*(fetch(each.file) for each in kept))
        return {
            each.number: Picture(
                path,
                each.file.format,
                each.width,
                each.height,
                each.file.bytes,
                each.revised_prompt,
                each.seed,
            )
            for each, path in zip(kept, paths, strict=True)
            if path is not None
        }


def _read_last(
    rows: Transaction, user_id: int, *, most: int
) -> tuple[list[WrittenJob], list[list[KeptPicture]]]:
    written = history_search.last_jobs(rows, user_id, most=most)
    return written, [read_kept_pictures(rows, each.job.id) for each in written]


def _read_job_of(
    rows: Transaction, job_id: str, user_id: int
) -> tuple[WrittenJob | None, list[KeptPicture]]:
    return history_search.job_of(rows, job_id, user_id), read_kept_pictures(rows, job_id)

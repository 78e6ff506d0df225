"""Store pictures under the hash of their content: the same file twice is one file.

A row tells when a file was last needed. It is written before the file, or, for a new picture of a
job, with the job's other rows after it: a file that a crash left without a row gets one from
``adopt_files``, and is deleted when its time has come.
"""

import asyncio
import hashlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from uuid import uuid4

import structlog

from bot.core.clock import wall_clock_ms
from bot.core.errors.jobs import PictureStorageAway
from bot.core.models import PictureFormat, Reference
from bot.database.database import LONG_ROWS, Database
from bot.database.installation import read_value, write_value
from bot.images import stored_files
from bot.images.file_storage import FileStorage
from bot.images.stored_files import StoredFile

log: structlog.stdlib.BoundLogger = structlog.get_logger()

# Queued jobs need their references, however full the disk is.
REFERENCE_NEEDED_MS = 2 * 3600 * 1000
COUNTED_FOR_MS = 60_000
DELETED_AT_ONCE = 8
_DELETE_S = 60.0
_LEAVING_PAUSES_S = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4)
_ADOPTED_FROM = "content_store"


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file that was kept; ``is_new`` if it was not stored before."""

    file: StoredFile
    is_new: bool


class ContentStore:
    """Pictures in a folder or a bucket, and their rows; processes may share both."""

    def __init__(
        self, database: Database, storage: FileStorage, now: Callable[[], int] = wall_clock_ms
    ) -> None:
        self._database = database
        self._storage = storage
        self._now = now
        self._counted_at = 0
        self.total_bytes = 0
        """The bytes of all files when they were last counted, and what was stored here since."""

    @property
    def part_folder(self) -> Path:
        """Return the folder for files that are not complete."""
        return self._storage.part_folder

    async def open(self, place: str) -> None:
        """Write the rows of files that were there before the table, once for each place; count."""
        is_new = await self._database.read(read_value, _ADOPTED_FROM) != place
        if is_new and await self._adopt_files():
            await self._database.write(write_value, _ADOPTED_FROM, place)
        await self.count()

    async def keep_file(self, source: Path, format_: PictureFormat) -> KeptFile:
        """Keep a picture, a whole file that stays as it is; keeping it twice changes nothing."""
        reference = await asyncio.to_thread(reference_of_file, source, format_)
        return await self._keep(source, reference, is_synced=False)

    async def keep_synced_file(self, source: Path, format_: PictureFormat) -> Reference:
        """Keep a new picture whose content is on the disk.

        Where it was not stored before, its row is left to the transaction that needs it.
        """
        reference = await asyncio.to_thread(reference_of_file, source, format_)
        if await self._storage.has(reference):
            await self._keep(source, reference, is_synced=True)
        else:
            await self._put(source, reference, is_synced=True)
        return reference

    async def _keep(self, source: Path, reference: Reference, *, is_synced: bool) -> KeptFile:
        file = await self._kept_row(reference)
        is_new = not await self._storage.has(reference)
        if is_new:
            await self._put(source, reference, is_synced=is_synced)
        return KeptFile(file, is_new)

    async def _put(self, source: Path, reference: Reference, *, is_synced: bool) -> None:
        await self._storage.put(source, reference, is_synced=is_synced)
        self.total_bytes += reference.bytes

    async def _kept_row(self, reference: Reference) -> StoredFile:
        """Write that a file is needed, after whoever is deleting it has done so."""
        for pause_s in _LEAVING_PAUSES_S:
            file = await self._database.write_when_possible(
                stored_files.keep, reference, at=self._now()
            )
            if file is not None:
                return file
            await asyncio.sleep(pause_s)
        raise PictureStorageAway

    async def has(self, reference: Reference) -> bool:
        """Tell whether a reference is still kept, whole."""
        return await self._storage.has(reference)

    async def present(self, references: Sequence[Reference]) -> list[Reference]:
        """Return those references that are still kept, in their order."""
        found = await asyncio.gather(*(self._storage.has(each) for each in references))
        return [each for each, is_there in zip(references, found, strict=True) if is_there]

    async def listed(self, references: Sequence[Reference]) -> list[Reference]:
        """Return what ``present`` does; while the storage is away, what the rows say."""
        try:
            return await self.present(references)
        except PictureStorageAway:
            rows = await self.find(references)
            return [each for each in references if each.sha256 in rows]

    async def fetch(self, reference: Reference, *, folder: Path | None = None) -> Path | None:
        """Return a path of a file for the next minutes, or for as long as a ``folder`` is there.

        Return None if the file is kept no longer.
        """
        try:
            return await self._storage.fetch(reference, folder=folder)
        except FileNotFoundError:
            return None

    async def fetch_intact(
        self, reference: Reference, *, folder: Path | None = None
    ) -> Path | None:
        """Fetch a file as ``fetch`` does; None if it has not exactly the content of its name."""
        path = await self.fetch(reference, folder=folder)
        if path is None:
            return None
        try:
            found = await asyncio.to_thread(reference_of_file, path, reference.format)
        except OSError:
            return None
        return path if found == reference else None

    def new_part(self) -> Path:
        """Return a path for a file that is not complete; the caller removes it."""
        self.part_folder.mkdir(parents=True, exist_ok=True)
        return self.part_folder / f"{uuid4().hex}.part"

    async def find(self, references: Sequence[Reference]) -> dict[str, StoredFile]:
        """Return the files of those references that are stored, by their hashes."""
        return await self._database.read(stored_files.find, references)

    async def expired(
        self, *, before: int, most_bytes: int, needed: Collection[str] = ()
    ) -> list[StoredFile]:
        """Return files from before a moment, and then the oldest until the rest is small enough.

        ``needed`` are hashes of files that stay, however old they are.
        """
        left = await self.count()
        needed_since = self._now() - REFERENCE_NEEDED_MS
        gone: list[StoredFile] = []
        last: StoredFile | None = None
        while page := await self._database.read_long(
            stored_files.oldest, behind=last, most=LONG_ROWS
        ):
            last = page[-1]
            for file in page:
                if file.kept_at >= before and (left <= most_bytes or file.kept_at >= needed_since):
                    return gone
                if file.sha256 not in needed:
                    left -= file.bytes
                    gone.append(file)
        return gone

    async def remove(self, files: Sequence[StoredFile]) -> list[StoredFile]:
        """Remove files, unless they were needed since; return those that may still be there."""
        at = self._now()
        # A person may wait for the space.
        removal = await self._database.write_soon(
            partial(stored_files.begin_removal, files=files, at=at)
        )
        deleted, refused = await self._delete(removal.mine)
        await self._database.write_when_possible(
            stored_files.end_removal, deleted=deleted, refused=refused, at=at
        )
        self.total_bytes -= sum(file.bytes for file in deleted)
        return [*removal.others, *(file for file in removal.mine if file not in deleted)]

    async def _delete(
        self, files: Sequence[StoredFile]
    ) -> tuple[list[StoredFile], list[StoredFile]]:
        """Delete files; return those that are gone, and those that certainly are not."""
        deleted: list[StoredFile] = []
        refused: list[StoredFile] = []
        turns = asyncio.Semaphore(DELETED_AT_ONCE)
        until = asyncio.get_running_loop().time() + _DELETE_S

        async def delete(file: StoredFile) -> None:
            try:
                async with turns, asyncio.timeout_at(until):
                    await self._storage.delete(file.reference)
            except OSError as error:  # a TimeoutError is one, too
                log.warning("content_store.not_deleted", error=type(error).__name__)
                if not isinstance(error, PictureStorageAway | TimeoutError):
                    refused.append(file)
            else:
                deleted.append(file)

        await asyncio.gather(*map(delete, files))
        return deleted, refused

    async def adopt_files(self) -> None:
        """Write the rows of files that have none, in batches; harmless twice."""
        await self._adopt_files()

    async def _adopt_files(self) -> bool:
        """Return False where the storage does not answer: the next day tries again."""
        count = 0
        try:
            async for page in self._storage.pages():
                count += await self._adopt(page)
        except PictureStorageAway:
            return False
        if count:
            log.info("content_store.adopted", files=count)
        return True

    async def _adopt(self, page: Sequence[StoredFile]) -> int:
        missing = await self._database.read_long(stored_files.without_row, page)
        # One that was listed may be deleted by now.
        there = await self.present([file.reference for file in missing])
        adopted = [file for file in missing if file.reference in there]
        if adopted:
            await self._database.write(stored_files.adopt, adopted)
        return len(adopted)

    async def count(self) -> int:
        """Return the bytes of all files, those of other processes as well."""
        self.total_bytes = await self._database.read_long(stored_files.total_bytes)
        self._counted_at = self._now()
        return self.total_bytes

    async def recent_count(self) -> int:
        """Return the bytes of all files as they were counted in the last minute."""
        if self._now() - self._counted_at > COUNTED_FOR_MS:
            await self.count()
        return self.total_bytes


def reference_of_file(path: Path, format_: PictureFormat) -> Reference:
    """Return the reference of a picture in a file; it blocks."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Reference(digest, format_, path.stat().st_size)

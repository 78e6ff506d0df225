"""Keep the files of the content store in a folder, of this machine or shared by several."""

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from stat import S_ISREG
from uuid import uuid4

from bot.core.errors.base import StartRefused
from bot.core.models import Reference
from bot.images.file_storage import FILES_PER_PAGE, file_name, stored_file
from bot.images.stored_files import StoredFile

_PART_S = 86_400  # nobody writes one file for a day


def link_or_copy(path: Path, name: Path) -> None:
    """Give a finished file a second name; copy it where the file system cannot link."""
    try:
        os.link(path, name)
    except OSError:
        # Another file system, or one without links.
        shutil.copyfile(path, name)


class FolderStorage:
    """A folder of files. ``part_folder`` is of this machine, also where the folder is shared."""

    def __init__(self, folder: Path, *, part_folder: Path) -> None:
        self._folder = folder
        self.part_folder = part_folder

    def path(self, file: Reference) -> Path:
        """Return the path of a file, whether or not it is there."""
        return self._folder / file_name(file)

    async def put(self, source: Path, file: Reference, *, is_synced: bool) -> None:
        """Store a whole file; it gets its name when its content is on the disk."""
        await asyncio.to_thread(self._put, source, self.path(file), is_synced)

    def _put(self, source: Path, path: Path, is_synced: bool) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{uuid4().hex}.part")
        try:
            link_or_copy(source, part)
            # Only a copy of a synced file has content that is not on the disk yet.
            if not is_synced or not source.samefile(part):
                _sync(part)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    async def has(self, file: Reference) -> bool:
        """Tell whether a file is there, whole."""
        return await asyncio.to_thread(self._has, file)

    def _has(self, file: Reference) -> bool:
        try:
            found = self.path(file).stat()
        except FileNotFoundError:
            return False
        return S_ISREG(found.st_mode) and found.st_size == file.bytes

    async def fetch(self, file: Reference, *, folder: Path | None = None) -> Path:  # noqa: ARG002 - a file here stays
        """Return the path of a file."""
        path = self.path(file)
        if not await asyncio.to_thread(path.is_file):
            raise FileNotFoundError(path)
        return path

    async def delete(self, file: Reference) -> None:
        """Delete a file; harmless twice."""
        await asyncio.to_thread(self.path(file).unlink, missing_ok=True)

    async def pages(self) -> AsyncIterator[Sequence[StoredFile]]:
        """Yield all files in pages, and remove parts of processes that died on other machines."""
        for folder in await asyncio.to_thread(sorted, self._folder.glob("??")):
            files = await asyncio.to_thread(list, _files(folder))
            for start in range(0, len(files), FILES_PER_PAGE):
                yield files[start : start + FILES_PER_PAGE]

    async def check(self) -> None:
        """Write and delete a small file."""
        try:
            await asyncio.to_thread(self._check)
        except OSError as refused:
            raise StartRefused(
                f"The folder of pictures {self._folder} cannot be written ({refused.strerror}): "
                "mount or create it, let the bot's user write it, or correct CONTENT_STORE_URL."
            ) from refused

    def _check(self) -> None:
        # It is not created: without its mount, pictures would go to this machine's disk.
        part = self._folder / f"{uuid4().hex}.part"
        part.write_bytes(b"written by the check")
        part.unlink()


def _files(folder: Path) -> Iterator[StoredFile]:
    for path in folder.iterdir():
        try:
            found = path.stat()
            if path.suffix == ".part" and found.st_mtime < time.time() - _PART_S:
                path.unlink()
        except FileNotFoundError:
            continue
        changed_at = found.st_mtime_ns // 1_000_000
        if (file := stored_file(path.name, found.st_size, changed_at)) is not None:
            yield file


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())

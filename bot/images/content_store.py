"""Store pictures under the hash of their content: the same file twice is one file.

A file gets its name when its content is complete, so that every named file is whole. Its
modification time is when it was last kept.
"""

import hashlib
import os
import shutil
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from bot.core.clock import wall_clock_ms
from bot.core.models import PictureFormat, Reference

# Queued jobs need their references, however full the disk is.
REFERENCE_NEEDED_MS = 2 * 3600 * 1000


@dataclass(frozen=True, slots=True, order=True)
class StoredFile:
    """A stored file: when it was last kept, in milliseconds since the epoch, size and path."""

    at: int
    bytes: int
    path: Path


def link_or_copy(path: Path, name: Path) -> None:
    """Give a finished file a second name; copy it where the file system cannot link."""
    try:
        os.link(path, name)
    except OSError:
        # Another file system, or one without links.
        shutil.copyfile(path, name)


class ContentStore:
    """A folder of pictures. Its methods block: call them in a thread."""

    def __init__(self, folder: Path, now: Callable[[], int] = wall_clock_ms) -> None:
        self._folder = folder
        self._now = now
        self._counting = threading.Lock()
        self.total_bytes = sum(file.bytes for file in self._files())
        """The bytes of all files, counted in memory, so that reading it does not block."""

    def keep_file(self, source: Path, format_: PictureFormat) -> Reference:
        """Keep a picture, a whole file that stays as it is; keeping it twice changes nothing."""
        return self._keep(source, format_, _link_durably)

    def keep_synced_file(self, source: Path, format_: PictureFormat) -> Reference:
        """Keep a picture as ``keep_file`` does, whose content has been synced to the disk."""
        return self._keep(source, format_, _link_synced)

    def _keep(
        self, source: Path, format_: PictureFormat, link: Callable[[Path, Path], None]
    ) -> Reference:
        reference = reference_of_file(source, format_)
        path = self.path(reference)
        if not self.has(reference):
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(f"{uuid4().hex}.part")
            try:
                link(source, part)
                part.replace(path)
            finally:
                part.unlink(missing_ok=True)
            with self._counting:
                self.total_bytes += reference.bytes
        self._touch(path)
        return reference

    def path(self, reference: Reference) -> Path:
        """Return the path of a reference, whether or not it is still kept."""
        return self._folder / reference.sha256[:2] / f"{reference.sha256}.{reference.format}"

    def has(self, reference: Reference) -> bool:
        """Tell whether a reference is still kept, whole."""
        path = self.path(reference)
        return path.is_file() and path.stat().st_size == reference.bytes

    def is_intact(self, reference: Reference) -> bool:
        """Tell whether a reference is kept with exactly the content that it was named for."""
        try:
            return reference_of_file(self.path(reference), reference.format) == reference
        except OSError:
            return False

    def new_part(self) -> Path:
        """Return a path for a file that is not complete; the caller removes it."""
        self._folder.mkdir(parents=True, exist_ok=True)
        return self._folder / f"{uuid4().hex}.part"

    def find(self, reference: Reference) -> StoredFile | None:
        """Return the file of a reference, None when it is kept no longer."""
        path = self.path(reference)
        try:
            found = path.stat()
        except FileNotFoundError:
            return None
        return StoredFile(_kept_at(found), found.st_size, path)

    def renew(self, reference: Reference) -> None:
        """Keep a file, if it exists, as long as if it were new."""
        with suppress(FileNotFoundError):
            self._touch(self.path(reference))

    def expired(
        self, *, before: int, most_bytes: int, needed: Collection[str] = ()
    ) -> list[StoredFile]:
        """Return files from before a moment, and then the oldest until the rest is small enough.

        ``needed`` are hashes of files that stay, however old they are. It counts all files anew,
        as another process may keep pictures, too.
        """
        files = sorted(self._files())
        left = self.total_bytes = sum(file.bytes for file in files)
        needed_since = self._now() - REFERENCE_NEEDED_MS
        gone: list[StoredFile] = []
        for file in files:
            if file.at >= before and (left <= most_bytes or file.at >= needed_since):
                break
            if file.path.stem in needed:
                continue
            left -= file.bytes
            gone.append(file)
        return gone

    def remove(self, file: StoredFile) -> None:
        """Remove a file, unless it was kept again meanwhile; harmless twice."""
        try:
            if _kept_at(file.path.stat()) != file.at:
                return
            file.path.unlink()
        except FileNotFoundError:
            return
        with self._counting:
            self.total_bytes -= file.bytes

    def _touch(self, path: Path) -> None:
        now_ns = self._now() * 1_000_000
        os.utime(path, ns=(now_ns, now_ns))

    def _files(self) -> Iterator[StoredFile]:
        for path in self._folder.glob("*/*"):
            try:
                found = path.stat()
            except FileNotFoundError:
                continue
            yield StoredFile(_kept_at(found), found.st_size, path)


def reference_of_file(path: Path, format_: PictureFormat) -> Reference:
    """Return the reference of a picture in a file."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Reference(digest, format_, path.stat().st_size)


def _kept_at(found: os.stat_result) -> int:
    return found.st_mtime_ns // 1_000_000


def _link_durably(path: Path, part: Path) -> None:
    link_or_copy(path, part)
    _sync(part)


def _link_synced(path: Path, part: Path) -> None:
    """Give a synced file a second name: only a copy has content that is not on the disk yet."""
    link_or_copy(path, part)
    if not path.samefile(part):
        _sync(part)


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())

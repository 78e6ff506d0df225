"""Where the files of the content store lie: in a folder, or in an S3 bucket."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path, PurePath
from typing import Protocol, get_args

from bot.core.models import PictureFormat, Reference
from bot.images.stored_files import StoredFile

FILES_PER_PAGE = 200
_FORMATS: tuple[PictureFormat, ...] = get_args(PictureFormat)
_HASH_LETTERS = 64


class FileStorage(Protocol):
    """Files by the hash of their content: each is there whole, or not at all.

    A storage that does not answer raises PictureStorageAway, a disk any other OSError.
    """

    part_folder: Path
    """A folder of this machine for files that are not complete."""

    async def put(self, source: Path, file: Reference, *, is_synced: bool) -> None:
        """Store a whole file that stays as it is; ``is_synced`` if its content is on the disk."""
        ...

    async def has(self, file: Reference) -> bool:
        """Tell whether a file is there, whole."""
        ...

    async def fetch(self, file: Reference, *, folder: Path | None = None) -> Path:
        """Return a path of a file; with a ``folder``, it is there for as long as that.

        Raises:
            FileNotFoundError: there is no such file.
        """
        ...

    async def delete(self, file: Reference) -> None:
        """Delete a file; harmless twice."""
        ...

    def pages(self) -> AsyncIterator[Sequence[StoredFile]]:
        """Yield all files in pages, each with the time of its last change."""
        ...

    async def check(self) -> None:
        """Write and delete a small file.

        Raises:
            StartRefused: the setting is wrong; the sentence says how to fix it.
        """
        ...


def file_name(file: Reference) -> str:
    """Return the path of a file below the root of a storage."""
    return f"{file.sha256[:2]}/{file.sha256}.{file.format}"


def stored_file(path: str, size: int, changed_at: int) -> StoredFile | None:
    """Return the file with a path below the root of a storage, None for another program's."""
    found = PurePath(path)
    format_ = next((name for name in _FORMATS if found.suffix == f".{name}"), None)
    if format_ is None or len(found.stem) != _HASH_LETTERS:
        return None
    return StoredFile(changed_at, found.stem, format_, size)

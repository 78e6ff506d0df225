"""Open a content store, and keep pictures that a test has in memory."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.core.clock import wall_clock_ms
from bot.core.models import PictureFormat, Reference
from bot.database.database import Database
from bot.database.opening import open_file
from bot.images.content_store import ContentStore
from bot.images.file_storage import file_name
from bot.images.folder_storage import FolderStorage


@asynccontextmanager
async def open_store(
    folder: Path, now: Callable[[], int] = wall_clock_ms
) -> AsyncIterator[ContentStore]:
    """Open a content store in a folder, whose rows are in a database elsewhere."""
    with TemporaryDirectory() as place:
        path = Path(place) / "easel.db"
        async with open_file(path, backup_dir=Path(place), now=now) as database:
            yield store_in(folder, database, now)


def store_in(folder: Path, database: Database, now: Callable[[], int]) -> ContentStore:
    """Return the content store in a folder, whose rows are in an open database."""
    return ContentStore(database, FolderStorage(folder, part_folder=folder), now)


def path_in(folder: Path, reference: Reference) -> Path:
    """Return the path of a file of the content store in a folder."""
    return folder / file_name(reference)


async def keep_bytes(store: ContentStore, data: bytes, kind: PictureFormat) -> Reference:
    """Keep a picture as the product does, from a file."""
    part = store.new_part()
    part.write_bytes(data)
    try:
        return (await store.keep_file(part, kind)).file.reference
    finally:
        part.unlink()

"""A process that uses one picture as reference, result, thumbnail and attachment, and enlarges it.

``python -m tests.large_picture_process FOLDER`` uses every file of FOLDER/files after the other and
prints for each its name, its peak memory so far in bytes, and what could not be done with it.
"""

import asyncio
import shutil
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from PIL import Image

import bot.app  # noqa: F401 - the bot's process has all of it in memory
from bot.cli.serve import give_large_blocks_back
from bot.core.errors.base import EaselError
from bot.core.models import ImageRequest, Picture
from bot.images.contact_sheet import draw_contact_sheet
from bot.images.content_store import ContentStore
from bot.images.conversion import fit_to_limit
from bot.images.decoding import in_pixel_thread
from bot.images.enlargement import Enlarger
from bot.images.inspection import inspect_picture
from bot.images.references import Attachments, ReferenceLoader, Upload
from bot.images.thumbnails import Thumbnails
from tests.images.kept_files import open_store
from tests.memory_group import peak_bytes

MOST_BYTES = 8_000_000  # what is larger is encoded again
TILE_SIDE = 1024


async def use(path: Path, folder: Path, store: ContentStore) -> list[str]:
    """Use a picture everywhere; return what was refused."""
    part = folder / "result.part"
    shutil.copyfile(path, part)
    refused = []
    works: tuple[tuple[str, Callable[[], Awaitable[object]]], ...] = (
        ("reference", lambda: _refer(path, store)),
        ("attachment", lambda: _fit(path, folder)),
        ("enlarged", lambda: _enlarge(path, folder)),
        ("sheet", lambda: in_pixel_thread(draw_contact_sheet, [*_tiles(folder), path, path])),
        ("thumbnail", lambda: _thumbnail(path, store)),
        ("result", lambda: asyncio.to_thread(inspect_picture, part)),
    )
    for name, work in works:
        try:
            await work()
        except EaselError:
            refused.append(name)
    return refused


def _tiles(folder: Path) -> list[Path]:
    """Return three pictures that fill their tiles of a sheet and are decoded in no time."""
    path = folder / "tile.png"
    if not path.exists():
        Image.new("RGB", (TILE_SIDE, TILE_SIDE), "navy").save(path)
    return [path] * 3


async def _refer(path: Path, store: ContentStore) -> None:
    attached = Attachments((Upload(0, lambda: asyncio.to_thread(path.read_bytes)),))
    loader = ReferenceLoader(store, now=lambda: 7)
    await loader.fetch_and_keep(attached, ImageRequest("a fox", "m", "auto", 1))


async def _thumbnail(path: Path, store: ContentStore) -> None:
    kept = await store.keep_file(path, "png")
    await Thumbnails(store).contact_sheets([[kept.file.reference]])


async def _fit(path: Path, folder: Path) -> None:
    picture = Picture(path, "png", 1, 1, 10**9)
    await in_pixel_thread(fit_to_limit, picture, max_bytes=MOST_BYTES, folder=folder)


async def _enlarge(path: Path, folder: Path) -> None:
    picture = Picture(path, "png", 1, 1, 10**9)
    await Enlarger().enlarge(picture, user_id=1, max_bytes=MOST_BYTES, folder=folder)


async def main(folder: Path) -> None:
    """Use everything and print a line for each."""
    give_large_blocks_back()
    async with open_store(folder / "vault") as store:
        for path in sorted((folder / "files").iterdir()):
            refused = await use(path, folder, store)
            sys.stdout.write(f"{path.name} {peak_bytes()} {','.join(refused) or '-'}\n")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))

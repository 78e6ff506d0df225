"""Keep the example pictures of styles: small copies in the content store."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bot.core.errors.base import Refusal
from bot.core.errors.jobs import PictureStorageAway, PictureStorageFull
from bot.core.models import Reference
from bot.images.contact_sheet import contain
from bot.images.content_store import ContentStore
from bot.images.decoding import (
    PictureTooLarge,
    PictureUnreadable,
    encode,
    in_pixel_thread,
    small_copy,
)
from bot.images.references import FETCH_TIMEOUT_S, MAX_MEGABYTES, DeclaredType, Upload

EXAMPLE_SIDE = 512  # pixels
_QUALITY = 85


@dataclass(eq=False, kw_only=True)
class ExampleTooLarge(Refusal):
    """An example picture has more than ``limit`` megabytes, or too many pixels."""

    limit: int
    message_id = "error-example-too-large"


@dataclass(eq=False, kw_only=True)
class ExampleUnreadable(Refusal):
    """An example picture is no picture that can be read, or could not be fetched."""

    message_id = "error-example-unreadable"


class ExamplePictures:
    """Turns an upload into a small WebP in the content store."""

    def __init__(self, content_store: ContentStore) -> None:
        self._content_store = content_store
        self._fetching = asyncio.Lock()  # a picture arrives whole in memory

    async def keep(self, upload: Upload) -> Reference:
        """Fetch a picture and keep a small copy.

        Raises:
            ExampleTooLarge, ExampleUnreadable, PictureStorageFull
        """
        if upload.declared is DeclaredType.NO_PICTURE:
            raise ExampleUnreadable
        _check_size(upload.size)
        part = self._content_store.new_part()
        try:
            async with self._fetching:
                data = await _content(upload)
                await asyncio.to_thread(part.write_bytes, data)
                del data
            return await self._keep(part)
        except PictureTooLarge as bomb:
            raise ExampleTooLarge(limit=MAX_MEGABYTES) from bomb
        except PictureUnreadable as wrong:
            raise ExampleUnreadable from wrong
        except PictureStorageAway:
            raise
        except OSError as full:
            raise PictureStorageFull from full
        finally:
            await asyncio.to_thread(part.unlink, missing_ok=True)

    async def read(self, pictures: Sequence[Reference]) -> dict[Reference, bytes]:
        """Return the content of those pictures that are still kept."""
        found = {}
        for picture in pictures:
            # Without them, the list is still a list.
            with suppress(FileNotFoundError, PictureStorageAway):
                if (path := await self._content_store.fetch(picture)) is not None:
                    found[picture] = await asyncio.to_thread(path.read_bytes)
        return found

    async def _keep(self, part: Path) -> Reference:
        copy = self._content_store.new_part()
        try:
            await in_pixel_thread(_write_small, part, copy)
            return (await self._content_store.keep_file(copy, "webp")).file.reference
        finally:
            await asyncio.to_thread(copy.unlink, missing_ok=True)


def _write_small(source: Path, target: Path) -> None:
    small = contain(small_copy(source, EXAMPLE_SIDE), EXAMPLE_SIDE)
    target.write_bytes(encode(small, "webp", _QUALITY))


async def _content(upload: Upload) -> bytes:
    try:
        async with asyncio.timeout(FETCH_TIMEOUT_S):
            data = await upload.read()
    except OSError as gone:  # a TimeoutError is one, too
        raise ExampleUnreadable from gone
    _check_size(len(data))
    return data


def _check_size(size: int) -> None:
    if size > MAX_MEGABYTES * 1_000_000:
        raise ExampleTooLarge(limit=MAX_MEGABYTES)

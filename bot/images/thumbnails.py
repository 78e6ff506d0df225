"""Make thumbnails of kept pictures on demand, and join those of each job in a contact sheet.

An original is decoded once, and its thumbnail is kept in memory.
"""

import asyncio
import io
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from time import perf_counter

import structlog

from bot.core.errors.jobs import PictureStorageAway
from bot.core.models import Reference
from bot.images.contact_sheet import contain, draw_contact_sheet
from bot.images.content_store import ContentStore
from bot.images.decoding import (
    PictureTooLarge,
    PictureUnreadable,
    encode,
    in_pixel_thread,
    small_copy,
)

log: structlog.stdlib.BoundLogger = structlog.get_logger()

THUMBNAIL_SIDE = 240  # pixels
PICTURES_PER_JOB = 4  # of one job
# Nobody waits longer for thumbnails that are not made yet: the next request will find them.
TIME_LIMIT_S = 1.5
THUMBNAILS_KEPT = 512  # of about 10 KB each
UNREADABLE = b""
_QUALITY = 85


class Thumbnails:
    """Makes thumbnails from the content store, and remembers the latest."""

    def __init__(
        self, content_store: ContentStore, *, clock: Callable[[], float] = perf_counter
    ) -> None:
        self._content_store = content_store
        self._clock = clock
        self._thumbnails: OrderedDict[str, bytes] = OrderedDict()

    async def contact_sheets(self, jobs: Sequence[Sequence[Reference]]) -> list[bytes | None]:
        """Return a WebP for each job, None where nothing of it could be made in time.

        Every job's first picture comes before any job's second.
        """
        until = self._clock() + TIME_LIMIT_S
        for picture in _by_number(jobs):
            if picture.sha256 in self._thumbnails:
                self._thumbnails.move_to_end(picture.sha256)
                continue
            left_s = until - self._clock()
            if left_s <= 0:
                break
            try:
                made = await asyncio.wait_for(self._thumbnail(picture), left_s)
            except (TimeoutError, PictureStorageAway):  # others' pictures are decoded before
                break
            self._remember(picture, made)
        small = [
            [self._thumbnails.get(picture.sha256) for picture in job[:PICTURES_PER_JOB]]
            for job in jobs
        ]
        return await in_pixel_thread(
            lambda: [_contact_sheet(list(filter(None, job))) for job in small]
        )

    def forget(self, hashes: Iterable[str]) -> None:
        """Forget the thumbnails of pictures that were taken down."""
        for sha256 in hashes:
            self._thumbnails.pop(sha256, None)

    def _remember(self, picture: Reference, small: bytes) -> None:
        self._thumbnails[picture.sha256] = small
        if len(self._thumbnails) > THUMBNAILS_KEPT:
            self._thumbnails.popitem(last=False)

    async def _thumbnail(self, picture: Reference) -> bytes:
        path = await self._content_store.fetch(picture)
        if path is None:
            return UNREADABLE
        try:
            return await in_pixel_thread(_small_webp, path)
        except (PictureTooLarge, PictureUnreadable) as damage:
            cause = repr(damage.__cause__ or damage)
            log.info("thumbnail.unreadable", sha256=picture.sha256, error=cause)
            return UNREADABLE


def _by_number(jobs: Sequence[Sequence[Reference]]) -> Iterator[Reference]:
    for number in range(PICTURES_PER_JOB):
        for job in jobs:
            yield from job[number : number + 1]


def _contact_sheet(pictures: Sequence[bytes]) -> bytes | None:
    return draw_contact_sheet([io.BytesIO(picture) for picture in pictures]) if pictures else None


def _small_webp(path: Path) -> bytes:
    return encode(contain(small_copy(path, THUMBNAIL_SIDE), THUMBNAIL_SIDE), "webp", _QUALITY)

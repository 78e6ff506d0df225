"""Make thumbnails of kept pictures on demand, and join those of each job in a contact sheet.

An original is decoded once, and its thumbnail is kept in memory. It is decoded in a thread, one at
a time, as a decoded picture is large.
"""

import asyncio
import io
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import perf_counter

import structlog
from PIL import Image, ImageOps

from bot.core.models import Reference
from bot.images.contact_sheet import draw_contact_sheet
from bot.images.content_store import ContentStore

log: structlog.stdlib.BoundLogger = structlog.get_logger()

THUMBNAIL_SIDE = 240  # pixels
PICTURES_PER_JOB = 4  # of one job
MAX_SOURCE_PIXELS = 4096 * 4096  # 50 MB decoded, 250 of a WebP
# Nobody waits longer for thumbnails that are not made yet: the next request will find them.
TIME_LIMIT_S = 1.5
THUMBNAILS_KEPT = 512  # of about 10 KB each
UNREADABLE = b""
_REDUCIBLE = ("L", "RGB", "RGBA")
# What Pillow raises for bad bytes, and for a picture that claims to be huge.
_BOMB = (Image.DecompressionBombError, Image.DecompressionBombWarning)
_BAD = (OSError, SyntaxError, ValueError, EOFError, *_BOMB)


class Thumbnails:
    """Makes thumbnails from the content store, and remembers the latest."""

    def __init__(
        self, content_store: ContentStore, *, clock: Callable[[], float] = perf_counter
    ) -> None:
        self._content_store = content_store
        self._clock = clock
        self._thumbnails: OrderedDict[str, bytes] = OrderedDict()
        self._decoding = asyncio.Lock()

    async def contact_sheets(self, jobs: Sequence[Sequence[Reference]]) -> list[bytes | None]:
        """Return a WebP for each job, None where nothing of it could be made in time.

        Every job's first picture comes before any job's second.
        """
        until = self._clock() + TIME_LIMIT_S
        for picture in _by_number(jobs):
            if picture.sha256 in self._thumbnails:
                self._thumbnails.move_to_end(picture.sha256)
                continue
            async with self._decoding:
                if self._clock() >= until:
                    break
                self._remember(picture, await asyncio.to_thread(self._thumbnail, picture))
        small = [
            [self._thumbnails.get(picture.sha256) for picture in job[:PICTURES_PER_JOB]]
            for job in jobs
        ]
        return await asyncio.to_thread(
            lambda: [_contact_sheet(list(filter(None, job))) for job in small]
        )

    def _remember(self, picture: Reference, small: bytes) -> None:
        self._thumbnails[picture.sha256] = small
        if len(self._thumbnails) > THUMBNAILS_KEPT:
            self._thumbnails.popitem(last=False)

    def _thumbnail(self, picture: Reference) -> bytes:
        try:
            return _small_webp(self._content_store.path(picture))
        except _BAD as damage:
            log.info("thumbnail.unreadable", sha256=picture.sha256, error=repr(damage))
            return UNREADABLE


def _by_number(jobs: Sequence[Sequence[Reference]]) -> Iterator[Reference]:
    for number in range(PICTURES_PER_JOB):
        for job in jobs:
            yield from job[number : number + 1]


def _contact_sheet(pictures: Sequence[bytes]) -> bytes | None:
    return draw_contact_sheet([io.BytesIO(picture) for picture in pictures]) if pictures else None


def _small_webp(path: Path) -> bytes:
    with Image.open(path) as image:
        if image.width * image.height > MAX_SOURCE_PIXELS:
            raise ValueError("too many pixels")
        # A JPEG can be decoded small; anything else is made small before it is converted.
        image.draft("RGB", (2 * THUMBNAIL_SIDE, 2 * THUMBNAIL_SIDE))
        image.load()
        ImageOps.exif_transpose(image, in_place=True)
        small = ImageOps.contain(_reduced(image).convert("RGBA"), (THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    data = io.BytesIO()
    small.save(data, "WEBP", quality=85)
    return data.getvalue()


def _reduced(image: Image.Image) -> Image.Image:
    factor = max(image.size) // (2 * THUMBNAIL_SIDE)
    return image.reduce(factor) if factor > 1 and image.mode in _REDUCIBLE else image

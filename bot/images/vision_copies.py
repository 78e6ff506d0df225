"""Lend small copies of pictures to who only looks at them, such as a chat model; none is kept."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from PIL import Image

from bot.images.contact_sheet import contain
from bot.images.content_store import ContentStore
from bot.images.decoding import encode, in_pixel_thread, small_copy
from bot.images.references import ReferenceLoader, Upload, check_size, disk_errors, naming

# Vision models reduce what is larger themselves (OpenAI, Images and vision: a short side of 768).
MOST_SIDE = 1_024  # pixels
_QUALITY = 85
_ONLY = 1  # errors say which picture they mean


class VisionCopies:
    """Fetches pictures and makes JPEGs of them, which every vision model takes."""

    def __init__(self, content_store: ContentStore, references: ReferenceLoader) -> None:
        self._content_store = content_store
        self._references = references

    def check(self, upload: Upload) -> None:
        """Refuse an upload that says itself what is wrong with it.

        Raises:
            ReferenceTooLarge, ReferenceNoPicture, ReferenceHeic
        """
        self._references.check_upload(_ONLY, upload)

    @asynccontextmanager
    async def lent(self, upload: Upload) -> AsyncIterator[Path]:
        """Fetch a picture, and lend the file of its small copy until the context ends.

        Raises:
            EaselError: it is gone, too large or no picture, or the disk refuses.
        """
        whole, copy = self._content_store.new_part(), self._content_store.new_part()
        try:
            check_size(_ONLY, await self._references.fetch(_ONLY, upload, whole))
            with naming(_ONLY), disk_errors():
                await in_pixel_thread(_write_small_jpeg, whole, copy)
            yield copy
        finally:
            for path in (whole, copy):
                await asyncio.to_thread(path.unlink, missing_ok=True)


def _write_small_jpeg(source: Path, target: Path) -> None:
    small = small_copy(source, MOST_SIDE // 2)
    if max(small.size) > MOST_SIDE:
        small = contain(small, MOST_SIDE)
    paper = Image.new("RGB", small.size, "white")
    paper.paste(small, mask=small.getchannel("A"))
    target.write_bytes(encode(paper, "jpeg", _QUALITY))

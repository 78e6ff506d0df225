"""How aiohttp reads a file that is uploaded to Discord."""

import sys
from functools import cache
from io import BufferedReader

from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import PAYLOAD_REGISTRY, BufferedReaderPayload, Order

_PIECE_BYTES = 1 << 18


class OpenFilePayload(BufferedReaderPayload):
    """An open file, read in the event loop.

    aiohttp wakes a thread for each piece. Most pictures were written a moment before they are
    posted, so their pieces come from the page cache in less time than that takes; an older one may
    hold the loop for as long as the disk takes for a piece.
    """

    async def write_with_length(
        self, writer: AbstractStreamWriter, content_length: int | None
    ) -> None:
        """Send the file from where it stood at first, or so many bytes of it."""
        self._set_or_restore_start_position()
        left = sys.maxsize if content_length is None else content_length
        while left and (piece := self._value.read(min(left, _PIECE_BYTES))):
            left -= len(piece)
            await writer.write(piece)

    def _close(self) -> None:
        """Leave the file to whoever opened it; aiohttp closes it in a thread."""


@cache
def read_uploads_directly() -> None:
    """Let aiohttp send every open file of this process as an ``OpenFilePayload``."""
    PAYLOAD_REGISTRY.register(OpenFilePayload, BufferedReader, order=Order.try_first)

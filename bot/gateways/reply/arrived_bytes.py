"""Read the bytes of a reply, also those that arrived before its connection broke.

aiohttp's own methods raise as soon as it knows of the break, and lose what nobody has read yet.
"""

from typing import Any

import aiohttp


async def next_bytes(content: aiohttp.StreamReader, most: int = -1) -> bytes:
    """Wait for the next bytes, empty at the end; of a broken reply raise only after the last."""
    try:
        return await (content.readany() if most < 0 else content.read(most))
    except (aiohttp.ClientError, TimeoutError):
        if arrived := arrived_bytes(content):
            return arrived
        raise


def arrived_bytes(content: aiohttp.StreamReader) -> bytes:
    """Return what has arrived, without waiting for more."""
    # As many as there are now: reading one may let the connection receive more.
    reader: Any = content
    chunks = getattr(reader, "_buffer", ())  # a reply that cannot have a body has none
    return b"".join([reader._read_nowait_chunk(-1) for _ in range(len(chunks))])

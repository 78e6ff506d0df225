"""Keep pictures that a test has in memory."""

from bot.core.models import PictureFormat, Reference
from bot.images.content_store import ContentStore


def keep_bytes(store: ContentStore, data: bytes, kind: PictureFormat) -> Reference:
    """Keep a picture as the product does, from a file."""
    part = store.new_part()
    part.write_bytes(data)
    try:
        return store.keep_file(part, kind)
    finally:
        part.unlink()

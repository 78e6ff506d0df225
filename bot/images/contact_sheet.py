"""Draw up to five pictures as tiles of one small square.

It blocks for a while and belongs in a thread, one at a time: it decodes every picture.
"""

import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageOps

SHEET_SIDE = 240  # pixels: three for each point of the 80 that Discord gives a thumbnail
TILE_GAP = 8
_HALF = (SHEET_SIDE - TILE_GAP) // 2
_THIRD = (SHEET_SIDE - 2 * TILE_GAP) // 3
_FAR = SHEET_SIDE - _HALF

PictureSource = Path | io.BytesIO
"""A picture's file, or its content."""

Tile = tuple[int, int, int, int]
"""Left, top, width and height."""

_LEFT, _RIGHT = (0, 0, _HALF, SHEET_SIDE), (_FAR, 0, _HALF, SHEET_SIDE)
_CORNERS = tuple((x, y, _HALF, _HALF) for y in (0, _FAR) for x in (0, _FAR))
_BELOW = tuple((column * (_THIRD + TILE_GAP), _FAR, _THIRD, _HALF) for column in range(3))
# By the number of pictures, from two on.
_TILES: dict[int, tuple[Tile, ...]] = {
    2: (_LEFT, _RIGHT),
    3: (_LEFT, _CORNERS[1], _CORNERS[3]),
    4: _CORNERS,
    5: (*_CORNERS[:2], *_BELOW),
}
MAX_TILES = max(_TILES)


def draw_contact_sheet(pictures: Sequence[PictureSource]) -> bytes:
    """Return a WebP of one picture as a whole, or of up to five as tiles of a square.

    It raises OSError or ValueError when a picture cannot be read.
    """
    shown = pictures[:MAX_TILES]
    if len(shown) == 1:
        return _webp(ImageOps.contain(_opened(shown[0], SHEET_SIDE), (SHEET_SIDE, SHEET_SIDE)))
    square = Image.new("RGBA", (SHEET_SIDE, SHEET_SIDE))
    for picture, (left, top, width, height) in zip(shown, _TILES[len(shown)], strict=True):
        tile = ImageOps.fit(_opened(picture, max(width, height)), (width, height))
        square.paste(tile, (left, top))
    return _webp(square)


def _opened(picture: PictureSource, side: int) -> Image.Image:
    """Return the picture upright; a JPEG is decoded only as large as it is needed."""
    with Image.open(picture) as image:
        image.draft("RGB", (2 * side, 2 * side))
        return ImageOps.exif_transpose(image).convert("RGBA")


def _webp(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "WEBP", quality=85)
    return file.getvalue()

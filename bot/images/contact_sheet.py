"""Draw up to five pictures as tiles of one small square.

It decodes every picture: run it with ``in_pixel_thread``. One that cannot be read is left out.
"""

from collections.abc import Iterator, Sequence

from PIL import Image, ImageOps

from bot.images.decoding import (
    PictureSource,
    PictureTooLarge,
    PictureUnreadable,
    encode,
    small_copy,
)

SHEET_SIDE = 240  # pixels: three for each point of the 80 that Discord gives a thumbnail
TILE_GAP = 8
_HALF = (SHEET_SIDE - TILE_GAP) // 2
_THIRD = (SHEET_SIDE - 2 * TILE_GAP) // 3
_FAR = SHEET_SIDE - _HALF
_QUALITY = 85

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


def draw_contact_sheet(pictures: Sequence[PictureSource]) -> bytes | None:
    """Return a WebP of one picture as a whole, or of up to five as tiles of a square.

    None if not one of them can be read.
    """
    shown = list(_readable(pictures[:MAX_TILES]))
    if not shown:
        return None
    if len(shown) == 1:
        return encode(contain(shown[0], SHEET_SIDE), "webp", _QUALITY)
    square = Image.new("RGBA", (SHEET_SIDE, SHEET_SIDE))
    for picture, (left, top, width, height) in zip(shown, _TILES[len(shown)], strict=True):
        square.paste(ImageOps.fit(picture, (width, height)), (left, top))
    return encode(square, "webp", _QUALITY)


def contain(picture: Image.Image, side: int) -> Image.Image:
    """Return a picture whose longer side has so many pixels, and the other at least one."""
    scale = side / max(picture.size)
    width, height = (max(1, round(edge * scale)) for edge in picture.size)
    return picture.resize((width, height))


def _readable(pictures: Sequence[PictureSource]) -> Iterator[Image.Image]:
    for picture in pictures:
        try:
            yield small_copy(picture, SHEET_SIDE)
        except (PictureTooLarge, PictureUnreadable):
            continue

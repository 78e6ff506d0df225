"""Several pictures in one small square."""

import io
from pathlib import Path

import pytest
from PIL import Image

from bot.images.contact_sheet import SHEET_SIDE, TILE_GAP, draw_contact_sheet
from tests.images.test_content_store import png_bomb

COLOURS = [(200, 30, 30), (30, 200, 30), (30, 30, 200), (200, 200, 30), (30, 200, 200)]


def picture_files(folder: Path, *sizes: tuple[int, int]) -> list[Path]:
    """Return one-coloured pictures of these sizes."""
    paths = []
    for number, size in enumerate(sizes):
        paths.append(folder / f"{number}.png")
        Image.new("RGB", size, COLOURS[number]).save(paths[-1])
    return paths


def opened(data: bytes | None) -> Image.Image:
    """Return what was drawn, with its transparency."""
    assert data is not None
    return Image.open(io.BytesIO(data)).convert("RGBA")


@pytest.mark.parametrize(
    ("size", "shown"), [((1000, 500), (240, 120)), ((300, 900), (80, 240)), ((24, 24), (240, 240))]
)
def test_one_picture_is_shown_whole(
    tmp_path: Path, size: tuple[int, int], shown: tuple[int, int]
) -> None:
    """Nothing of it is cut off."""
    assert opened(draw_contact_sheet(picture_files(tmp_path, size))).size == shown


@pytest.mark.parametrize("count", [2, 3, 4, 5])
def test_each_of_several_has_its_tile(tmp_path: Path, count: int) -> None:
    """All are there, none over another, with air between them."""
    square = opened(draw_contact_sheet(picture_files(tmp_path, *[(90, 60)] * count)))
    assert square.size == (SHEET_SIDE, SHEET_SIDE)
    data = square.tobytes()
    pixels = [tuple(data[at : at + 4]) for at in range(0, len(data), 4)]
    seen = [
        sum(_is_like(pixel, colour) for pixel in pixels) / len(pixels) for colour in COLOURS[:count]
    ]
    assert all(share > 0.12 for share in seen)
    air = sum(pixel[3] == 0 for pixel in pixels)
    assert air >= TILE_GAP * SHEET_SIDE * 0.9


def test_a_large_photo_is_small_afterwards(tmp_path: Path) -> None:
    """It travels with every result."""
    path = tmp_path / "photo.jpg"
    Image.effect_noise((4000, 3000), 90).convert("RGB").save(path)
    drawn = draw_contact_sheet([path] * 5)
    assert drawn is not None
    assert len(drawn) < 60_000


@pytest.mark.parametrize("data", [b"", b"text", b"\x89PNG\r\n\x1a\n", png_bomb(16_000, 16_000)])
def test_what_is_no_picture_is_left_out(tmp_path: Path, data: bytes) -> None:
    """The others are drawn; where nothing else is, the card goes without a sheet."""
    (tmp_path / "x.png").write_bytes(data)
    assert draw_contact_sheet([tmp_path / "x.png"]) is None
    good = picture_files(tmp_path, (1000, 500))
    assert opened(draw_contact_sheet([tmp_path / "x.png", *good])).size == (240, 120)


def test_a_picture_of_few_pixels_is_drawn(tmp_path: Path) -> None:
    """A JPEG of less than eight pixels a side cannot be decoded smaller."""
    Image.new("RGB", (3, 5)).save(tmp_path / "x.jpg")
    assert opened(draw_contact_sheet([tmp_path / "x.jpg"])).size == (144, 240)


def _is_like(pixel: tuple[int, ...], colour: tuple[int, ...]) -> bool:
    return pixel[3] > 200 and all(abs(a - b) < 25 for a, b in zip(pixel, colour, strict=False))

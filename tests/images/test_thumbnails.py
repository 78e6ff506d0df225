"""Pictures in small, made while somebody waits."""

import io
from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image

from bot.core.models import PictureFormat, Reference
from bot.images import thumbnails
from bot.images.content_store import ContentStore
from bot.images.thumbnails import TIME_LIMIT_S, Thumbnails
from tests.images.kept_files import keep_bytes, path_in
from tests.images.test_content_store import png_bomb


class ThumbnailHarness:
    """A content store with pictures, and a clock that moves when it is read."""

    def __init__(self, content_store: ContentStore, folder: Path, *, step_s: float = 0) -> None:
        self.content_store = content_store
        self.folder = folder
        self.now_s = 0.0
        self.step_s = step_s
        self.thumbnails = Thumbnails(self.content_store, clock=self.clock)

    def clock(self) -> float:
        """Return the time."""
        self.now_s += self.step_s
        return self.now_s

    async def keep(
        self,
        grey: int = 0,
        *,
        mode: str = "RGB",
        size: tuple[int, int] = (64, 64),
        kind: PictureFormat = "png",
    ) -> Reference:
        """Keep a picture of one colour."""
        file = io.BytesIO()
        Image.new("L", size, grey).convert(mode).save(file, kind)
        return await keep_bytes(self.content_store, file.getvalue(), kind)


def sizes(made: Sequence[bytes | None]) -> list[tuple[int, int] | None]:
    """Return how large each is."""
    return [None if each is None else Image.open(io.BytesIO(each)).size for each in made]


def corners(made: bytes | None) -> list[int]:
    """Return the red in the four tiles of a square."""
    assert made is not None
    square = Image.open(io.BytesIO(made)).convert("RGBA")
    places = [(60, 60), (180, 60), (60, 180), (180, 180)]
    return [round(square.getpixel(place)[0] / 10) * 10 for place in places]  # type: ignore[index]  # of RGBA a tuple


async def test_each_job_is_one_small_picture(content_store: ContentStore, tmp_path: Path) -> None:
    """One is shown whole, several as tiles; a job without pictures has none."""
    harness = ThumbnailHarness(content_store, tmp_path)
    wide = await harness.keep(size=(400, 200))
    four = [await harness.keep(grey) for grey in (0, 50, 100, 150)]
    one, none, several = await harness.thumbnails.contact_sheets([[wide], [], four])
    assert sizes([one, none, several]) == [(240, 120), None, (240, 240)]
    assert corners(several) == [0, 50, 100, 150]


async def test_nobody_waits_long_and_the_next_look_has_the_rest(
    content_store: ContentStore, tmp_path: Path
) -> None:
    """The first of every job comes first; what was made is remembered."""
    harness = ThumbnailHarness(content_store, tmp_path, step_s=TIME_LIMIT_S / 3)
    jobs = [
        [await harness.keep(0), await harness.keep(50)],
        [await harness.keep(100)],
        [await harness.keep(150)],
    ]
    assert sizes(await harness.thumbnails.contact_sheets(jobs)) == [(240, 240), (240, 240), None]
    harness.step_s = 0
    first, _, third = await harness.thumbnails.contact_sheets(jobs)
    assert third is not None
    assert corners(first) == [0, 50, 0, 50]


async def test_an_original_is_read_once(content_store: ContentStore, tmp_path: Path) -> None:
    """To decode it again would cost as much again."""
    harness = ThumbnailHarness(content_store, tmp_path)
    picture = await harness.keep()
    first = await harness.thumbnails.contact_sheets([[picture]])
    path_in(harness.folder, picture).unlink()
    assert await harness.thumbnails.contact_sheets([[picture]]) == first


async def test_only_the_latest_are_remembered(
    content_store: ContentStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bot of years must not fill its memory."""
    monkeypatch.setattr(thumbnails, "THUMBNAILS_KEPT", 1)
    harness = ThumbnailHarness(content_store, tmp_path)
    old, new = await harness.keep(0), await harness.keep(50)
    await harness.thumbnails.contact_sheets([[old]])
    await harness.thumbnails.contact_sheets([[new]])
    path_in(harness.folder, old).unlink()
    assert await harness.thumbnails.contact_sheets([[old]]) == [None]


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1", "I;16"])
async def test_every_kind_of_picture_is_made_small(
    content_store: ContentStore, tmp_path: Path, mode: str
) -> None:
    """Gateways send what they like; large ones are made small before they are converted."""
    harness = ThumbnailHarness(content_store, tmp_path)
    picture = await harness.keep(mode=mode, size=(2000, 1000))
    assert sizes(await harness.thumbnails.contact_sheets([[picture]])) == [(240, 120)]


@pytest.mark.parametrize("kind", ["jpeg", "webp", "gif"])
async def test_every_format_is_made_small(
    content_store: ContentStore, tmp_path: Path, kind: PictureFormat
) -> None:
    """As for kinds."""
    harness = ThumbnailHarness(content_store, tmp_path)
    picture = await harness.keep(kind=kind, size=(2000, 1000))
    assert sizes(await harness.thumbnails.contact_sheets([[picture]])) == [(240, 120)]


async def test_what_cannot_be_read_is_left_out(content_store: ContentStore, tmp_path: Path) -> None:
    """A damaged file, one that is gone, and one that is too large to decode: the page comes."""
    harness = ThumbnailHarness(content_store, tmp_path)
    damaged = await keep_bytes(harness.content_store, b"\x89PNG\r\n\x1a\nno", "png")
    gone, good = await harness.keep(50), await harness.keep()
    huge = await keep_bytes(harness.content_store, png_bomb(16_000, 16_000), "png")
    path_in(harness.folder, gone).unlink()
    made = await harness.thumbnails.contact_sheets([[damaged], [gone], [huge], [damaged, good]])
    assert sizes(made) == [None, None, None, (240, 240)]

"""Four pictures that a gateway makes as one: cut apart, or taken from an address for each."""

import io
from collections.abc import Sequence
from pathlib import Path

import pytest
from aiohttp import web
from PIL import Image

from bot.core.errors.base import StartRefused
from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.models import Billed, Picture
from bot.core.units import count_units, first_units, joined_units
from bot.gateways.calls import read_calls
from tests.gateways import fake_midjourney as mj
from tests.gateways.fake_task_gateway import JsonReply
from tests.gateways.generation_harness import GenerationResult
from tests.gateways.test_vendor_gateways import FAKES, opened

COLOURS = ((250, 0, 0), (0, 250, 0), (0, 0, 250), (250, 250, 0))  # in the order of reading


def grid_bytes(kind: str = "png", size: tuple[int, int] = (12, 8)) -> bytes:
    """Return a grid of four plain colours."""
    grid, half = Image.new("RGB", size), (size[0] // 2, size[1] // 2)
    for place, colour in enumerate(COLOURS):
        cell = Image.new("RGB", half, colour)
        grid.paste(cell, (half[0] * (place % 2), half[1] * (place // 2)))
    file = io.BytesIO()
    grid.save(file, kind, lossless=True)
    return file.getvalue()


def success(*urls: str) -> JsonReply:
    """Return a finished task, perhaps with an address for each of its pictures."""
    each = [{"url": url, "thumbnail": f"{url}?small"} for url in urls]
    return mj.midjourney_task("SUCCESS", "100%", imageUrl="/files/grid.png", imageUrls=each)


class Files(mj.FakeMidjourney):
    """Midjourney whose files are these; what is in no place of ``contents`` is gone."""

    contents: Sequence[bytes] = ()

    async def file(self, request: web.Request) -> web.Response:
        """Send a grid, or one of its pictures by its number."""
        name = request.match_info["name"].partition(".")[0]
        number = int(name) if name.isdecimal() else 0
        if number >= len(self.contents):
            raise web.HTTPGone
        return web.Response(body=self.contents[number], content_type="image/png")


async def paint(
    folder: Path, contents: Sequence[bytes], *urls: str, monkeypatch: pytest.MonkeyPatch
) -> GenerationResult:
    """Paint one unit at a gateway with these files."""
    monkeypatch.setitem(FAKES, "midjourney", Files)
    monkeypatch.setattr(Files, "contents", contents)
    async with opened("midjourney", task_replies=[success(*urls)]) as at:
        return await at.generate(folder)


def colours(pictures: Sequence[Picture]) -> list[object]:
    """Return the colour in the middle of each picture."""
    found: list[object] = []
    for each in pictures:
        with Image.open(each.path) as image:
            found.append(image.convert("RGB").getpixel((image.width // 2, image.height // 2)))
    return found


@pytest.mark.parametrize("kind", ["png", "webp"])
async def test_a_grid_is_cut_into_four_files(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Left and right above, then below: 1 to 4, as its buttons number them; and nothing else."""
    result = await paint(tmp_path, [grid_bytes(kind)], monkeypatch=monkeypatch)
    assert [each.path.name for each in result.pictures] == [
        f"slot-0-1-{cell}.png" for cell in (1, 2, 3, 4)
    ]
    assert colours(result.pictures) == list(COLOURS)
    assert {(each.width, each.height, each.grid) for each in result.pictures} == {(6, 4, 1)}
    assert (result.received.units, result.received.lost(1)) == (1, 0)
    assert result.left == [".png"] * 4


async def test_four_addresses_are_taken_instead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Newer proxies have each picture in its full size."""
    contents = [grid_bytes(size=(10 + n, 10)) for n in range(5)]
    urls = [f"/files/{n}.png" for n in (1, 2, 3, 4)]
    result = await paint(tmp_path, contents, *urls, monkeypatch=monkeypatch)
    assert [each.width for each in result.pictures] == [11, 12, 13, 14]
    assert [each.grid for each in result.pictures] == [1] * 4
    assert (result.received.units, len(result.urls)) == (1, 4)


@pytest.mark.parametrize("size", [(13, 8), (12, 9), (1, 1)])
async def test_a_grid_with_an_odd_side_is_shown_whole(
    size: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is no grid of four equal pictures; the person gets what came."""
    result = await paint(tmp_path, [grid_bytes(size=size)], monkeypatch=monkeypatch)
    (picture,) = result.pictures
    assert (picture.width, picture.height, picture.grid) == (*size, 0)
    assert (result.received.units, result.left) == (1, [".png"])


@pytest.mark.parametrize(("last", "files"), [(4, 4), (1, 1)])
async def test_a_smaller_batch_is_no_grid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last: int, files: int
) -> None:
    """With --bs 1 one picture comes: its buttons end before U4, and it must not be cut."""
    monkeypatch.setitem(FAKES, "midjourney", Files)
    monkeypatch.setattr(Files, "contents", [grid_bytes()])
    buttons = [mj.OF_GRID[f"U{number}"] for number in range(1, last + 1)]
    shown = [{"customId": each, "emoji": "", "label": "U"} for each in buttons]
    done = mj.midjourney_task("SUCCESS", "100%", imageUrl="/files/grid.png", buttons=shown)
    async with opened("midjourney", task_replies=[done]) as at:
        result = await at.generate(tmp_path)
    assert (len(result.pictures), result.received.units) == (files, 1)


async def test_one_of_four_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three addresses are gone: it is still the one unit that is paid, and nothing is lost."""
    urls = [f"/files/{n}.png" for n in (9, 8, 0, 7)]
    result = await paint(tmp_path, [grid_bytes()], *urls, monkeypatch=monkeypatch)
    assert [each.path.name for each in result.pictures] == ["slot-0-1-3.png"]
    assert (result.received.units, result.received.lost(1)) == (1, 0)


async def test_four_that_are_gone_are_one_loss(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The operator paid for one unit."""
    urls = [f"/files/{n}.png" for n in (9, 8, 7, 6)]
    result = await paint(tmp_path, [], *urls, monkeypatch=monkeypatch)
    assert (result.failed.kind, result.failed.billed) == (Kind.DOWNLOAD_FAILED, Billed.YES)


async def test_what_is_no_picture_is_no_grid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page of the file host instead of the grid."""
    result = await paint(tmp_path, [b"<html>gone</html>"], monkeypatch=monkeypatch)
    assert result.failed.kind is Kind.BAD_RESPONSE


async def test_a_refused_disk_is_this_bots_loss_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four names that the disk does not keep are one unit of which nobody gets anything."""

    def refuse(_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", refuse)
    result = await paint(tmp_path, [grid_bytes()], monkeypatch=monkeypatch)
    assert (result.failed.kind, result.failed.lost_by_us) == (Kind.DISK_FULL, 1)


# --- counting ---------------------------------------------------------------------------------


def pictures(*grids: int) -> list[Picture]:
    """Return pictures of these grids; 0 for one by itself."""
    return [Picture(Path(str(n)), "png", 1, 1, 1, grid=grid) for n, grid in enumerate(grids)]


def test_units_are_grids_and_single_pictures() -> None:
    """What is held and charged: one for each."""
    assert count_units([]) == 0
    assert count_units([0, 0, 1, 1, 1, 2, 0]) == 5
    assert [each.grid for each in first_units(pictures(0, 1, 1, 0, 2), 2)] == [0, 1, 1]
    parts = [pictures(1, 1), pictures(0), pictures(1, 2)]
    assert [each.grid for each in joined_units(parts)] == [1, 1, 0, 2, 3]


def test_a_call_that_gives_something_else_is_refused() -> None:
    """A typing error would deliver four pictures as one."""
    call = {"generate": {"body": {"prompt": "{prompt}"}, "gives": "grids"}}
    with pytest.raises(StartRefused, match="gives"):
        read_calls(call, where="it")

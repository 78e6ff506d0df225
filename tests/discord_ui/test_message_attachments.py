"""Pictures in messages: as few as they need, and none too large."""

import random
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from bot.core.models import Picture
from bot.discord_ui.message_attachments import AttachmentPacker
from bot.images.decoding import PictureTooLarge, PictureUnreadable
from tests.images.test_content_store import png_bomb

MIB = 1024 * 1024


def file(folder: Path, number: int, size: int) -> Picture:
    """Return a picture whose bytes nobody looks at."""
    path = folder / f"{number}.png"
    with path.open("wb") as opened:
        opened.truncate(size)
    return Picture(path, "png", 8, 8, size)


def noise(path: Path, side: int) -> Picture:
    """Return a picture that no format makes small."""
    Image.frombytes("RGB", (side, side), random.randbytes(side * side * 3)).save(path)
    return Picture(path, "png", side, side, path.stat().st_size)


@pytest.mark.parametrize(
    ("sizes", "messages"),
    [
        ([1], [1]),
        ([1] * 10, [10]),
        ([1] * 12, [10, 2]),
        ([9 * MIB] * 5, [2, 2, 1]),
        ([24 * MIB, 24 * MIB], [1, 1]),
        ([9 * MIB, 1, 9 * MIB, 9 * MIB], [3, 1]),
    ],
)
async def test_pictures_fill_as_few_messages_as_they_need(
    tmp_path: Path, sizes: list[int], messages: list[int]
) -> None:
    """25 MiB and ten files a message, in order; nothing is made smaller for that."""
    pictures = [file(tmp_path, number, size) for number, size in enumerate(sizes)]
    parcels = await AttachmentPacker().pack(pictures, max_file_bytes=50 * MIB, folder=tmp_path)
    assert [len(parcel) for parcel in parcels] == messages
    assert [shown.number for parcel in parcels for shown in parcel] == [
        number for number, _ in enumerate(sizes, 1)
    ]


async def test_each_picture_is_fitted_alone(tmp_path: Path) -> None:
    """One that is too large must not cost the others their quality."""
    small, large = noise(tmp_path / "a.png", 100), noise(tmp_path / "b.png", 300)
    packer = AttachmentPacker()
    (parcel,) = await packer.pack([small, large], max_file_bytes=small.bytes * 2, folder=tmp_path)
    assert parcel[0].picture is small
    assert parcel[1].picture.format == "webp"
    assert parcel[1].picture.bytes <= small.bytes * 2
    halved = await packer.shrink(parcel, tmp_path)
    most = max(shown.picture.bytes for shown in parcel) // 2
    assert all(shown.picture.bytes <= most for shown in halved)
    assert large.path.stat().st_size == large.bytes


async def test_everything_is_squeezed_into_one_message(tmp_path: Path) -> None:
    """For a channel where only the card can be edited."""
    pictures = [file(tmp_path, number, 2 * MIB) for number in range(10)]
    packer = AttachmentPacker()
    parcel = await packer.pack_into_one(
        [*await packer.pack(pictures, max_file_bytes=10 * MIB, folder=tmp_path)],
        max_file_bytes=10 * MIB,
        folder=tmp_path,
    )
    assert sum(shown.picture.bytes for shown in parcel) < 25 * MIB
    assert len(parcel) == 10


@pytest.mark.parametrize("data", [b"damaged", png_bomb(13_000, 13_000)])
async def test_a_picture_that_cannot_be_fitted_does_not_take_the_others(
    tmp_path: Path, data: bytes
) -> None:
    """The good ones keep their numbers; whoever waits for one that is damaged gets the rest."""
    (tmp_path / "bad.png").write_bytes(data)
    bad = Picture(tmp_path / "bad.png", "png", 8, 8, 10 * MIB)
    first, third = noise(tmp_path / "a.png", 100), noise(tmp_path / "c.png", 300)
    packer = AttachmentPacker()
    (group,) = await packer.pack([first, bad, third], max_file_bytes=MIB, folder=tmp_path)
    assert [posted.number for posted in group] == [1, 3]
    everything = [*group, replace(group[0], number=2, original=bad, picture=bad)]
    together = await packer.pack_into_one([tuple(everything)], max_file_bytes=MIB, folder=tmp_path)
    assert [posted.number for posted in together] == [1, 3]


async def test_damaged_pictures_alone_end_in_a_sentence(tmp_path: Path) -> None:
    """There is nothing to post."""
    bad = file(tmp_path, 1, 2 * MIB)
    with pytest.raises((PictureTooLarge, PictureUnreadable)):
        await AttachmentPacker().pack([bad], max_file_bytes=MIB, folder=tmp_path)

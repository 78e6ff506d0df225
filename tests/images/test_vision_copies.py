"""Small copies of pictures for a chat model: any picture becomes a JPEG, and nothing is kept."""

import io
from pathlib import Path

import pytest
from PIL import Image

from bot.core.errors.base import EaselError
from bot.images.content_store import ContentStore
from bot.images.references import (
    DeclaredType,
    ReferenceLoader,
    ReferenceLost,
    ReferenceNoPicture,
    ReferenceTooLarge,
    ReferenceUnreadable,
    Upload,
)
from bot.images.vision_copies import MOST_SIDE, VisionCopies
from tests.images.test_content_store import picture_bytes


@pytest.fixture
def copies(content_store: ContentStore) -> VisionCopies:
    return VisionCopies(content_store, ReferenceLoader(content_store, now=lambda: 7))


def upload(data: bytes) -> Upload:
    """Return an attachment with these bytes."""

    async def read() -> bytes:
        return data

    return Upload(len(data), read)


async def copied(copies: VisionCopies, data: bytes) -> Image.Image:
    """Return the copy of a picture."""
    async with copies.lent(upload(data)) as path:
        copy = Image.open(io.BytesIO(path.read_bytes()))
        copy.load()
        return copy


def left(folder: Path) -> list[Path]:
    """Return the files that are left."""
    return [path for path in folder.rglob("*") if path.is_file() and ".db" not in path.name]


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp", "gif"])
async def test_any_picture_becomes_a_jpeg(copies: VisionCopies, tmp_path: Path, kind: str) -> None:
    """Local models read nothing else; its file is gone afterwards."""
    data = io.BytesIO()
    Image.new("RGB", (30, 20), "teal").save(data, kind)
    copy = await copied(copies, data.getvalue())
    assert (copy.format, copy.mode, copy.size) == ("JPEG", "RGB", (30, 20))
    assert left(tmp_path) == []


@pytest.mark.parametrize("size", [(4000, 1000), (1000, 4000), (3000, 3000), (5000, 10)])
async def test_a_large_picture_is_made_small(copies: VisionCopies, size: tuple[int, int]) -> None:
    """A model looks at no more, and the request stays small."""
    copy = await copied(copies, picture_bytes("png", size=size))
    assert max(copy.size) <= MOST_SIDE
    assert max(copy.size) >= MOST_SIDE // 2
    assert copy.width / copy.height == pytest.approx(size[0] / size[1], rel=0.5)


async def test_transparency_becomes_paper(copies: VisionCopies) -> None:
    """Not black: the model would describe a night."""
    data = io.BytesIO()
    Image.new("RGBA", (16, 16), (0, 0, 0, 0)).save(data, "png")
    assert min((await copied(copies, data.getvalue())).getpixel((8, 8))) > 250  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (Upload(21_000_000, upload(b"").read), ReferenceTooLarge),
        (Upload(5, upload(b"").read, None, DeclaredType.NO_PICTURE), ReferenceNoPicture),
    ],
)
async def test_what_says_that_it_is_wrong_is_not_fetched(
    copies: VisionCopies, wrong: Upload, error: type[EaselError]
) -> None:
    """Before anything is held."""
    with pytest.raises(error):
        copies.check(wrong)


async def test_what_cannot_be_read_leaves_nothing(copies: VisionCopies, tmp_path: Path) -> None:
    """Neither text nor half a picture, nor what is gone."""

    async def gone() -> bytes:
        raise OSError("gone")

    for data in (b"text", picture_bytes("png", size=(90, 90))[:60]):
        with pytest.raises(ReferenceUnreadable):
            await copied(copies, data)
    with pytest.raises(ReferenceLost):
        async with copies.lent(Upload(5, gone)):
            pass
    with pytest.raises(ReferenceTooLarge):
        await copied(copies, bytes(21_000_000))
    assert left(tmp_path) == []

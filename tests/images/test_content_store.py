"""The content store and references: every kind of file that a stranger can attach."""

import asyncio
import errno
import io
import os
import struct
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from bot.core.models import ImageRequest, Reference
from bot.images.content_store import ContentStore, reference_of_file
from bot.images.folder_storage import FolderStorage
from bot.images.references import (
    MAX_MASK_BYTES,
    MAX_MEGABYTES,
    Attachments,
    MaskUnfit,
    ReferenceLoader,
    ReferenceLost,
    ReferenceTooLarge,
    ReferenceTooManyPixels,
    ReferenceUnreadable,
    Upload,
)
from tests.images.kept_files import path_in

REQUEST = ImageRequest("a fox", "m", "auto", 1)


def picture_bytes(kind: str, *, size: tuple[int, int] = (40, 30), frames: int = 1) -> bytes:
    file = io.BytesIO()
    pictures = [Image.new("RGB", size, (20 * i, 90, 120)) for i in range(1, frames + 1)]
    more = {"save_all": True, "append_images": pictures[1:]} if frames > 1 else {}
    pictures[0].save(file, kind, **more)
    return file.getvalue()


def png_bomb(width: int, height: int) -> bytes:
    """Return a tiny PNG that says it is enormous."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + header + body


def upload(data: bytes, *, says: int | None = None) -> Upload:
    return Upload(len(data) if says is None else says, reading(data), "http://127.0.0.1/x.png")


def reading(data: bytes) -> Callable[[], Awaitable[bytes]]:
    async def read() -> bytes:
        return data

    return read


def mask_bytes(kind: str = "png", *, mode: str = "RGBA", size: tuple[int, int] = (40, 30)) -> bytes:
    """Return a mask whose left half may change."""
    image = Image.new("RGBA", size, (1, 2, 3, 255))
    image.paste((0, 0, 0, 0), (0, 0, size[0] // 2, size[1]))
    file = io.BytesIO()
    image.convert(mode).save(file, kind)
    return file.getvalue()


async def keep(references: ReferenceLoader, uploads: list[Upload]) -> tuple[Reference, ...]:
    """Return what is kept of these uploads."""
    return (await references.fetch_and_keep(Attachments(tuple(uploads)), REQUEST)).references


@pytest.fixture
def references(content_store: ContentStore) -> ReferenceLoader:
    return ReferenceLoader(content_store, now=lambda: 7)


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
async def test_a_picture_is_kept_exactly_as_it_came(
    references: ReferenceLoader, tmp_path: Path, kind: str
) -> None:
    """Whatever the file was called, its content says what it is."""
    data = picture_bytes(kind)
    (kept,) = await keep(references, [upload(data)])
    assert (kept.format, kept.bytes, kept.fetched_at) == (kind, len(data), 7)
    assert kept.url == "http://127.0.0.1/x.png"
    assert path_in(tmp_path, kept).read_bytes() == data


async def test_of_a_moving_gif_the_first_frame_is_kept(
    references: ReferenceLoader, tmp_path: Path
) -> None:
    """No image model takes a film."""
    (kept,) = await keep(references, [upload(picture_bytes("gif", frames=3))])
    assert kept.format == "png"
    with Image.open(path_in(tmp_path, kept)) as picture:
        assert (picture.size, getattr(picture, "n_frames", 1)) == ((40, 30), 1)


async def test_the_same_picture_twice_is_one_file(
    references: ReferenceLoader, tmp_path: Path
) -> None:
    """A favourite reference does not fill the disk."""
    once = await keep(references, [upload(picture_bytes("png")), upload(picture_bytes("png"))])
    again = await keep(references, [upload(picture_bytes("png"))])
    assert len({*once, *again}) == 1
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a picture",
        picture_bytes("png")[:60],
        picture_bytes("jpeg")[:200],
        picture_bytes("avif")[:200],
        picture_bytes("tiff")[:200],
    ],
    ids=["empty", "text", "cut png", "cut jpeg", "cut avif", "cut tiff"],
)
async def test_what_is_no_whole_picture_is_named_by_its_number(
    references: ReferenceLoader, tmp_path: Path, data: bytes
) -> None:
    """The person learns which of five files to replace, and nothing is kept of them."""
    with pytest.raises(ReferenceUnreadable) as refused:
        await keep(references, [upload(picture_bytes("png")), upload(data)])
    assert refused.value.number == 2
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


async def test_what_an_earlier_job_needs_stays_when_a_later_one_fails(
    references: ReferenceLoader, tmp_path: Path
) -> None:
    """The same file was attached before; only what is new goes with the job that failed."""
    await keep(references, [upload(picture_bytes("png"))])
    with pytest.raises(ReferenceUnreadable):
        await keep(
            references,
            [upload(picture_bytes("png")), upload(picture_bytes("webp")), upload(b"text")],
        )
    assert [path.read_bytes() for path in tmp_path.rglob("*.*")] == [picture_bytes("png")]


@pytest.mark.parametrize("side", [5_001, 30_000])
async def test_a_bomb_is_refused_before_it_is_unpacked(
    references: ReferenceLoader, side: int
) -> None:
    """A small file that unpacks to gigabytes would end the bot."""
    with pytest.raises(ReferenceTooManyPixels):
        await keep(references, [upload(png_bomb(side, side))])


async def test_a_large_file_is_refused_before_and_after_the_fetch(
    references: ReferenceLoader,
) -> None:
    """The declared size may lie."""
    large = MAX_MEGABYTES * 1_000_000 + 1
    with pytest.raises(ReferenceTooLarge):
        await references.check(Attachments((upload(b"", says=large),)), REQUEST)
    with pytest.raises(ReferenceTooLarge):
        await keep(references, [upload(bytes(large), says=5)])


async def test_an_attachment_that_is_gone_is_lost(references: ReferenceLoader) -> None:
    """Discord keeps attachments of commands for a while only."""

    async def gone() -> bytes:
        raise OSError

    with pytest.raises(ReferenceLost):
        await keep(references, [Upload(5, gone)])


async def test_a_reference_that_was_cleared_away_is_noticed_before_anything_is_held(
    references: ReferenceLoader, tmp_path: Path
) -> None:
    """A re-roll must not silently run without its reference."""
    kept = await keep(references, [upload(picture_bytes("png"))])
    await references.check(Attachments(), replace(REQUEST, references=kept))
    path = path_in(tmp_path, kept[0])
    path.write_bytes(path.read_bytes()[:10])
    with pytest.raises(ReferenceLost):
        await references.check(Attachments(), replace(REQUEST, references=kept))
    path.unlink()
    with pytest.raises(ReferenceLost):
        await references.check(Attachments(), replace(REQUEST, references=kept))


async def test_many_people_at_once_keep_the_same_picture(
    content_store: ContentStore, tmp_path: Path
) -> None:
    """Two writers of one name must not tear it."""
    source, data = tmp_path / "picture", picture_bytes("png")
    source.write_bytes(data)
    await asyncio.gather(*(content_store.keep_file(source, "png") for _ in range(20)))
    assert [path.read_bytes() for path in tmp_path.rglob("*.*")] == [data]


async def test_a_mask_lies_over_the_first_reference(
    references: ReferenceLoader, tmp_path: Path
) -> None:
    """A PNG with the same pixels is kept beside the references, byte for byte."""
    mask = mask_bytes()
    attached = Attachments(
        (upload(picture_bytes("jpeg")), upload(picture_bytes("png"))), upload(mask)
    )
    request = await references.fetch_and_keep(attached, REQUEST)
    assert [kept.format for kept in request.references] == ["jpeg", "png"]
    assert request.mask is not None
    assert path_in(tmp_path, request.mask).read_bytes() == mask


@pytest.mark.parametrize(
    "mask",
    [
        mask_bytes(size=(40, 31)),
        mask_bytes() + bytes(MAX_MASK_BYTES),
    ],
    ids=["other pixels", "too large"],
)
async def test_a_mask_that_does_not_fit_says_which_would(
    references: ReferenceLoader, mask: bytes
) -> None:
    """The sentence names the pixels to draw."""
    with pytest.raises(MaskUnfit) as refused:
        await references.fetch_and_keep(
            Attachments((upload(picture_bytes("png")),), upload(mask)), REQUEST
        )
    assert (refused.value.width, refused.value.height) == (40, 30)


@pytest.mark.parametrize("can_link", [True, False])
async def test_a_copy_is_synced_before_it_gets_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, can_link: bool
) -> None:
    """After a power failure a named file must be whole; a second name has nothing to sync."""
    source, synced = tmp_path / "one.png", list[int]()
    storage = FolderStorage(tmp_path / "vault", part_folder=tmp_path)
    source.write_bytes(b"one")

    def fsync(descriptor: int) -> None:
        synced.append(os.fstat(descriptor).st_ino)

    def no_link(_source: Path, _name: Path) -> None:
        raise OSError(errno.EXDEV, "another file system")

    monkeypatch.setattr(os, "fsync", fsync)
    if not can_link:
        monkeypatch.setattr(os, "link", no_link)
    reference = reference_of_file(source, "png")
    await storage.put(source, reference, is_synced=True)
    kept = storage.path(reference)
    assert kept.read_bytes() == b"one"
    assert synced == ([] if can_link else [kept.stat().st_ino])

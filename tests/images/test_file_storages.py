"""Folder and bucket: the same promises, and what a bucket that fails makes of them."""

import asyncio
import os
import random
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.core.errors.base import StartRefused
from bot.core.errors.jobs import PictureStorageAway
from bot.core.models import Reference
from bot.images.content_store import reference_of_file
from bot.images.file_storage import FileStorage
from bot.images.folder_storage import FolderStorage
from bot.images.s3_storage import S3Storage
from bot.images.storage_places import checked_place, open_storage
from tests.images.fake_s3 import BUCKET, CUT, KEY_ID, SECRET, FakeS3, fake_s3

PART_BYTES = 5 << 20  # what is larger is sent in several requests


@pytest.fixture
async def s3() -> AsyncIterator[FakeS3]:
    async with fake_s3() as s3:
        yield s3


def bucket_of(s3: FakeS3, folder: Path, *, timeout: str = "20s", **changes: str) -> S3Storage:
    """Return a storage that does not wait long before it tries again."""
    pause = timedelta(milliseconds=5)
    return S3Storage(
        BUCKET,
        "easel/pictures",
        s3.values(**changes),
        part_folder=folder / "fetched",
        retry={
            "max_retries": 2,
            "retry_timeout": timedelta(seconds=5),
            "backoff": {"init_backoff": pause, "max_backoff": pause, "base": 2},
        },
        client={"timeout": timeout},
    )


@pytest.fixture(params=["folder", "s3"])
def storage(request: pytest.FixtureRequest, s3: FakeS3, tmp_path: Path) -> FileStorage:
    if request.param == "s3":
        return bucket_of(s3, tmp_path)
    (tmp_path / "shared").mkdir()
    return FolderStorage(tmp_path / "shared", part_folder=tmp_path / "fetched")


def picture(folder: Path, data: bytes) -> tuple[Path, Reference]:
    """Return a finished file, and its reference."""
    path = folder / f"source-{len(data)}.png"
    path.write_bytes(data)
    return path, reference_of_file(path, "png")


async def stored(storage: FileStorage, folder: Path, data: bytes) -> Reference:
    """Store a file."""
    source, file = picture(folder, data)
    await storage.put(source, file, is_synced=True)
    return file


@pytest.mark.parametrize("size", [1, 100_000, 2 * PART_BYTES + 1])
async def test_what_is_stored_comes_back_byte_for_byte(
    storage: FileStorage, tmp_path: Path, size: int
) -> None:
    """A gateway was paid for it; and its source may go at once."""
    data = random.randbytes(size)
    source, file = picture(tmp_path, data)
    assert not await storage.has(file)
    with pytest.raises(FileNotFoundError):
        await storage.fetch(file)
    await storage.put(source, file, is_synced=True)
    source.unlink()
    assert await storage.has(file)
    assert (await storage.fetch(file)).read_bytes() == data
    assert (await storage.fetch(file, folder=tmp_path)).read_bytes() == data
    assert not list(tmp_path.rglob("*.part"))


async def test_a_file_of_another_size_is_not_there(storage: FileStorage, tmp_path: Path) -> None:
    """What another program cut off is no picture any more."""
    file = await stored(storage, tmp_path, b"whole")
    assert not await storage.has(Reference(file.sha256, "png", 4))


async def test_a_deletion_is_harmless_twice(storage: FileStorage, tmp_path: Path) -> None:
    """A crash repeats it; and nothing of the file stays on this machine."""
    file = await stored(storage, tmp_path, b"one")
    await storage.fetch(file)
    (tmp_path / "source-3.png").unlink()
    await storage.delete(file)
    await storage.delete(file)
    assert not await storage.has(file)
    assert not list(tmp_path.rglob(f"{file.sha256}*"))


async def test_all_files_are_listed_in_pages(
    storage: FileStorage, s3: FakeS3, tmp_path: Path
) -> None:
    """Each gets its row, and nothing of another program does."""
    s3.page = 2
    files = [await stored(storage, tmp_path, b"x" * size) for size in range(1, 8)]
    s3.objects["easel/pictures/readme.txt"] = s3.objects["elsewhere/x.png"] = b"theirs"
    (tmp_path / "shared").mkdir(exist_ok=True)
    (tmp_path / "shared" / "readme.txt").write_text("theirs")
    found = [each async for page in storage.pages() for each in page]
    assert {each.reference for each in found} == set(files)
    assert all(each.kept_at > 1_700_000_000_000 for each in found)


async def test_many_may_store_the_same_file(storage: FileStorage, tmp_path: Path) -> None:
    """Two writers of one name must not tear it."""
    source, file = picture(tmp_path, b"one" * 1000)
    await asyncio.gather(*(storage.put(source, file, is_synced=True) for _ in range(20)))
    assert (await storage.fetch(file)).read_bytes() == b"one" * 1000


async def test_the_check_leaves_nothing(storage: FileStorage, s3: FakeS3, tmp_path: Path) -> None:
    """Every start makes it."""
    await storage.check()
    assert s3.objects == {}
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


async def test_a_folder_that_is_not_there_is_not_created(tmp_path: Path) -> None:
    """Its mount is missing: pictures must not fill this machine's disk, unseen by the others."""
    storage = FolderStorage(tmp_path / "mount", part_folder=tmp_path)
    with pytest.raises(StartRefused, match=r"mount cannot be written \(No such file.*: mount or"):
        await storage.check()
    assert list(tmp_path.iterdir()) == []


# --- a bucket that fails ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"aws_secret_access_key": "a-wrong-secret"}, r"refuses the bucket pictures \(access den"),
        ({"aws_access_key_id": "UNKNOWN"}, r"refuses the bucket pictures \(access denied\)"),
    ],
)
async def test_wrong_access_is_one_sentence_without_a_key(
    s3: FakeS3, tmp_path: Path, changes: dict[str, str], sentence: str
) -> None:
    """The storage's own answer repeats the key's id and what was signed."""
    with pytest.raises(StartRefused, match=sentence) as refused, capture_logs() as logs:
        await bucket_of(s3, tmp_path, **changes).check()
    told = f"{refused.value}{logs}"
    assert not [secret for secret in (KEY_ID, SECRET, "a-wrong-secret") if secret in told]
    assert "AWS_SECRET_ACCESS_KEY" in told


async def test_a_bucket_that_does_not_exist_is_one_sentence(s3: FakeS3, tmp_path: Path) -> None:
    """A typing error must not look as if all pictures were gone."""
    storage = S3Storage("pictuers", "", s3.values(), part_folder=tmp_path)
    with pytest.raises(StartRefused, match=r"bucket pictuers \(it does not exist\): correct"):
        await storage.check()


async def test_a_moments_failure_is_tried_again(s3: FakeS3, tmp_path: Path) -> None:
    """Object storages answer 500 or 503 now and then."""
    storage = bucket_of(s3, tmp_path)
    s3.faults.extend([500, 503])
    file = await stored(storage, tmp_path, b"one")
    s3.faults.extend([500])
    assert await storage.has(file)
    s3.faults.extend([503, 500])
    assert (await storage.fetch(file)).read_bytes() == b"one"


async def test_an_outage_is_told_as_one(s3: FakeS3, tmp_path: Path) -> None:
    """People are asked to try again; nobody is told that their picture is gone."""
    storage = bucket_of(s3, tmp_path)
    source, file = picture(tmp_path, b"one")
    await storage.put(source, file, is_synced=True)
    s3.faults.extend([500] * 1000)
    with pytest.raises(PictureStorageAway):
        await storage.has(file)
    with pytest.raises(PictureStorageAway):
        await storage.fetch(file)
    with pytest.raises(PictureStorageAway):
        await storage.put(source, file, is_synced=True)
    with pytest.raises(PictureStorageAway):
        await storage.delete(file)
    with pytest.raises(PictureStorageAway):
        [page async for page in storage.pages()]
    assert not list(tmp_path.rglob("*.part"))


async def test_a_storage_that_is_off_is_told_as_one(tmp_path: Path) -> None:
    """Nobody listens at its address."""
    async with fake_s3() as s3:
        storage = bucket_of(s3, tmp_path)
    with pytest.raises(PictureStorageAway):
        await storage.has(Reference("a" * 64, "png", 1))
    with pytest.raises(PictureStorageAway):
        await storage.check()


async def test_a_storage_that_does_not_answer_is_not_awaited_for_ever(
    s3: FakeS3, tmp_path: Path
) -> None:
    """A person waits behind it."""
    storage = bucket_of(s3, tmp_path, timeout="100ms")
    file = await stored(storage, tmp_path, b"one")
    s3.may_delete.clear()
    with pytest.raises(PictureStorageAway):
        await storage.delete(file)


async def test_a_download_that_is_cut_is_fetched_anew(s3: FakeS3, tmp_path: Path) -> None:
    """Half a picture never gets its name."""
    storage = bucket_of(s3, tmp_path)
    file = await stored(storage, tmp_path, b"one")
    s3.faults.extend([CUT])
    assert (await storage.fetch(file)).read_bytes() == b"one"
    (tmp_path / "fetched" / f"{file.sha256}.png").unlink()
    s3.faults.extend([CUT] * 1000)
    with pytest.raises(PictureStorageAway):
        await storage.fetch(file)
    assert list((tmp_path / "fetched").iterdir()) == []


async def test_a_copy_is_fetched_once_and_goes_after_some_minutes(
    s3: FakeS3, tmp_path: Path
) -> None:
    """A picture with ten buttons is not paid ten times; and a small disk does not fill."""
    storage = bucket_of(s3, tmp_path)
    first = await stored(storage, tmp_path, b"first")
    second = await stored(storage, tmp_path, b"the second")
    await storage.fetch(first)
    await storage.fetch(first)
    assert len([each for each in s3.asked if each.startswith("GET")]) == 1
    copy = tmp_path / "fetched" / f"{first.sha256}.png"
    os.utime(copy, (1, 1))
    await storage.fetch(second)
    assert not copy.exists()


async def test_what_a_job_fetched_stays_until_it_ends(s3: FakeS3, tmp_path: Path) -> None:
    """Its request may wait for an hour at a gateway that rests."""
    storage = bucket_of(s3, tmp_path)
    file = await stored(storage, tmp_path, b"one")
    (tmp_path / "job").mkdir()
    path = await storage.fetch(file, folder=tmp_path / "job")
    (tmp_path / "fetched" / f"{file.sha256}.png").unlink()
    assert path.parent == tmp_path / "job"
    assert path.read_bytes() == b"one"
    assert await storage.fetch(file, folder=tmp_path / "job") == path


# --- which place ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "pictures",
        "s3://",
        "s3://key:secret@bucket/x",
        "s3://bucket?x=1",
        "https://bucket.s3.amazonaws.com",
        "file://host/srv",
        "gs://bucket",
    ],
)
def test_a_place_that_is_none_is_refused(url: str) -> None:
    """Pictures must not be lost in a folder that was never meant."""
    with pytest.raises(ValueError, match="neither"):
        checked_place(url)


async def test_a_place_is_a_folder_or_a_bucket(tmp_path: Path) -> None:
    """Empty is the folder in DATA_DIR, as ever."""
    for url, folder in (
        ("", tmp_path / "data" / "vault"),
        (f"{tmp_path}/a b", tmp_path / "a b"),
        (f"{(tmp_path / 'a b').as_uri()}", tmp_path / "a b"),
    ):
        storage = open_storage(checked_place(url), tmp_path / "data", {})
        file = await stored(storage, tmp_path, b"one")
        assert (folder / file.sha256[:2] / f"{file.sha256}.png").read_bytes() == b"one"
    assert isinstance(open_storage("s3://bucket/easel/", tmp_path, {}), S3Storage)

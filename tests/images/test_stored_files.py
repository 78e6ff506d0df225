"""The rows of kept files: who needs one when, on both engines, in a folder and in a bucket."""

import asyncio
import os
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.database.database import Database
from bot.database.opening import open_database
from bot.images import stored_files
from bot.images.content_store import ContentStore, reference_of_file
from bot.images.file_storage import FileStorage
from bot.images.folder_storage import FolderStorage
from bot.images.stored_files import LEAVING_MS, StoredFile
from tests.images.fake_s3 import FakeS3, fake_s3
from tests.images.test_file_storages import bucket_of

NOW = 1_790_000_000_000
ROUNDS = int(os.environ.get("EASEL_FILE_RACES", "40"))


@dataclass
class Place:
    """Where several processes keep files: one database, one storage, one clock."""

    url: str
    folder: Path
    s3: FakeS3
    is_bucket: bool
    opened: AsyncExitStack
    now_ms: int = NOW
    database: Database | None = None

    def now(self) -> int:
        """Return the time."""
        return self.now_ms

    def storage(self) -> FileStorage:
        """Return the storage as one more process opens it."""
        if self.is_bucket:
            return bucket_of(self.s3, self.folder)
        return FolderStorage(self.folder / "shared", part_folder=self.folder / "fetched")

    async def process(self) -> ContentStore:
        """Open one more process."""
        database = open_database(self.url, backup_dir=self.folder / "backup", now=self.now)
        self.database = await self.opened.enter_async_context(database)
        return ContentStore(self.database, self.storage(), self.now)

    def source(self, data: bytes) -> Path:
        """Return a finished file."""
        path = self.folder / f"source-{data.decode()}"
        path.write_bytes(data)
        return path

    async def row(self, store: ContentStore, data: bytes) -> StoredFile | None:
        """Return the row of a file."""
        file = reference_of_file(self.source(data), "png")
        return (await store.find([file])).get(file.sha256)


@pytest.fixture(params=["folder", "s3"])
async def place(
    request: pytest.FixtureRequest, engine_url: str, tmp_path: Path
) -> AsyncIterator[Place]:
    async with fake_s3() as s3, AsyncExitStack() as opened:
        yield Place(engine_url, tmp_path, s3, request.param == "s3", opened)


async def test_what_is_kept_again_is_older_for_nobody(place: Place) -> None:
    """Its row says when it was last needed, also where two moments are one millisecond."""
    store = await place.process()
    first = await store.keep_file(place.source(b"one"), "png")
    again = await store.keep_file(place.source(b"one"), "png")
    assert (first.is_new, again.is_new) == (True, False)
    assert again.file.kept_at > first.file.kept_at
    assert store.total_bytes == await store.count() == 3


async def test_the_oldest_go_until_the_rest_is_small_enough(place: Place) -> None:
    """By the table of the one database, whichever process kept them."""
    one, other = await place.process(), await place.process()
    kept = []
    for number in range(6):
        store = one if number % 2 else other
        kept.append((await store.keep_file(place.source(b"file%d" % number), "png")).file)
        place.now_ms += 1000
    needed = {kept[1].sha256}
    place.now_ms += 10**9
    old = await one.expired(before=NOW + 2000, most_bytes=15, needed=needed)
    assert old == [kept[0], kept[2], kept[3]]
    assert await one.remove(old) == []
    assert await other.count() == 15
    assert await other.present([file.reference for file in kept]) == [
        file.reference for file in (kept[1], kept[4], kept[5])
    ]


async def test_what_was_needed_since_is_not_removed(place: Place) -> None:
    """Another process, another machine: somebody attached the same picture a moment ago."""
    one, other = await place.process(), await place.process()
    kept = await one.keep_file(place.source(b"one"), "png")
    await other.keep_file(place.source(b"one"), "png")
    assert await one.remove([kept.file]) == []
    assert await one.has(kept.file.reference)
    assert await place.row(one, b"one") is not None


async def test_whoever_needs_a_file_that_is_leaving_stores_it_anew(place: Place) -> None:
    """One sees the file that another is about to delete; its picture would be gone."""
    one, other = await place.process(), await place.process()
    kept = await one.keep_file(place.source(b"one"), "png")
    database = place.database
    assert database is not None
    removal = await database.write(stored_files.begin_removal, [kept.file], at=NOW)
    again = asyncio.create_task(other.keep_file(place.source(b"one"), "png"))
    ended, _ = await asyncio.wait({again}, timeout=0.3)
    assert not ended, "it trusted a file that is about to go"
    await place.storage().delete(kept.file.reference)
    await database.write(stored_files.end_removal, deleted=removal.mine, refused=[], at=NOW)
    assert (await again).is_new
    assert await other.has(kept.file.reference)
    assert await place.row(other, b"one") is not None


async def test_a_file_that_a_dead_process_was_deleting_is_deleted_later(place: Place) -> None:
    """Neither does its row stay for ever, nor is the file trusted meanwhile."""
    store = await place.process()
    kept = await store.keep_file(place.source(b"one"), "png")
    assert place.database is not None
    await place.database.write(stored_files.begin_removal, [kept.file], at=NOW)
    assert await store.remove([kept.file]) == [kept.file]
    place.now_ms += LEAVING_MS + 1
    assert await store.remove([kept.file]) == []
    assert not await store.has(kept.file.reference)
    assert await place.row(store, b"one") is None


async def test_a_file_that_a_dead_process_was_deleting_can_be_kept(place: Place) -> None:
    """Nobody is told for ever that the storage does not answer."""
    store = await place.process()
    kept = await store.keep_file(place.source(b"one"), "png")
    assert place.database is not None
    await place.database.write(stored_files.begin_removal, [kept.file], at=NOW)
    await place.storage().delete(kept.file.reference)
    place.now_ms += LEAVING_MS + 1
    assert (await store.keep_file(place.source(b"one"), "png")).is_new
    assert await store.has(kept.file.reference)


async def test_files_from_before_the_table_get_their_rows_once(place: Place) -> None:
    """An upgraded installation keeps its pictures, and deletes them when their time comes."""
    store, storage = await place.process(), place.storage()
    place.s3.page = 2
    files = []
    for number in range(7):
        source = place.source(b"old%d" % number)
        files.append(reference_of_file(source, "png"))
        await storage.put(source, files[-1], is_synced=True)
    await store.open("here")
    assert store.total_bytes == 4 * 7
    rows = await store.find(files)
    assert len(rows) == 7
    new = reference_of_file(place.source(b"late"), "png")
    await storage.put(place.source(b"late"), new, is_synced=True)
    await store.open("here")
    assert await store.find([new]) == {}  # it is not looked for again at each start
    await store.adopt_files()
    assert {**rows, **(await store.find([new]))} == await store.find([*files, new])
    place.now_ms = 10**14
    assert await store.remove(await store.expired(before=10**14, most_bytes=0)) == []
    assert [page async for page in storage.pages() if page] == []
    assert await store.count() == 0


async def test_a_new_picture_of_a_job_has_its_row_with_the_jobs_rows(place: Place) -> None:
    """A commit less for every job; and where the process dies before it, the next day has it."""
    store = await place.process()
    kept = await store.keep_synced_file(place.source(b"one"), "png")
    assert await place.row(store, b"one") is None
    assert place.database is not None
    await place.database.write(stored_files.keep_all, [kept], at=NOW)
    row = await place.row(store, b"one")
    assert row is not None
    await store.keep_synced_file(place.source(b"one"), "png")
    again = await place.row(store, b"one")
    assert again is not None
    assert again.kept_at > row.kept_at


async def test_a_file_that_was_stored_again_in_the_same_moment_stays(place: Place) -> None:
    """Its row may have the time of the deleted one: whoever found that one would take it for it."""
    one, other = await place.process(), await place.process()
    kept = await one.keep_file(place.source(b"one"), "png")
    assert await one.remove([kept.file]) == []
    again = await one.keep_file(place.source(b"one"), "png")
    assert again.file.kept_at == kept.file.kept_at
    await other.remove([kept.file])
    assert await one.has(kept.file.reference)
    assert await other.remove([again.file]) == []
    assert not await one.has(kept.file.reference)


async def test_what_two_processes_keep_renew_and_remove_is_never_half_there(place: Place) -> None:
    """Whoever was told that a file is kept finds it, whatever the other does meanwhile."""
    one, other = await place.process(), await place.process()
    names = [b"one", b"two", b"three"]
    files = [reference_of_file(place.source(name), "png") for name in names]
    removed = 0
    for _ in range(ROUNDS):
        found = list((await one.find(files)).values())
        place.now_ms += 1  # what was found was needed before now
        name = random.choice(names)
        works = [
            one.remove(random.sample(found, len(found))),
            other.remove(random.sample(found, len(found))),
            other.keep_file(place.source(name), "png"),
            one.keep_synced_file(place.source(name), "png"),
        ]
        random.shuffle(works)
        await asyncio.gather(*works)
        file = reference_of_file(place.source(name), "png")
        assert await one.present([file]) == [file], "a kept file is gone"
        assert await place.row(one, name) is not None, "a kept file has no row"
        there, rows = await one.present(files), await one.find(files)
        assert {each.sha256 for each in there} == set(rows)
        removed += len({each.sha256 for each in found} - set(rows))
    assert removed, "nothing was ever removed"

"""What is kept, how long, and what has to go first."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.errors.jobs import NotKept, PictureStorageFull
from bot.core.job_ids import new_job_id
from bot.core.models import ImageRequest, Job, JobState, Picture, Requester
from bot.database.database import Database
from bot.database.opening import open_database
from bot.database.outage import DatabaseBusy
from bot.database.transaction import Transaction
from bot.images.content_store import REFERENCE_NEEDED_MS
from bot.jobs.picture_retention import ROWS_PER_BATCH, PictureRetention, RetentionLimits
from bot.jobs.repository.kept_pictures import insert_kept_pictures
from bot.jobs.repository.repository import JobRepository
from tests.database.test_outage import locked
from tests.images.kept_files import keep_bytes, store_in

ADA = Requester(user_id=1, server_id=10, name="Ada")
DAY_MS = 24 * 3600 * 1000


class RetentionHarness:
    """Picture retention with a clock, and jobs that bring files."""

    def __init__(self, folder: Path, database: Database) -> None:
        self.now_ms = 100 * DAY_MS
        self.folder = folder
        self.database = database
        self.repository = JobRepository(owner="me", now=self.now)
        self.open()

    def open(self) -> None:
        """Start anew, as another process would."""
        self.content_store = store_in(self.folder / "vault", self.database, self.now)
        limits = RetentionLimits(timedelta(days=30), max_bytes=1000)
        self.retention = PictureRetention(self.database, self.content_store, limits, now=self.now)

    def now(self) -> int:
        """Return the time."""
        return self.now_ms

    async def finished_job(self, *contents: bytes) -> Job:
        """Keep a job with pictures of these bytes, and end it."""
        request = ImageRequest("a fox", "m", "auto", len(contents))
        job = Job(new_job_id(self.now_ms), request, ADA, len(contents), self.now_ms)
        await self.database.write(self.repository.queued, job)
        await self.keep(job, *contents)
        await self.database.write(self.repository.ended, job.id, JobState.DONE)
        return job

    async def keep(self, job: Job, *contents: bytes) -> None:
        """Keep pictures of these bytes as the job's."""
        adopted = await self.retention.store(job, [self.picture(content) for content in contents])
        assert len(adopted) == len(contents)
        await self.database.write(insert_kept_pictures, job.id, adopted, at=self.now_ms)

    def picture(self, content: bytes) -> Picture:
        """Return a file as a gateway's download leaves it."""
        path = self.folder / f"slot-{new_job_id(0)}.png"
        path.write_bytes(content)
        return Picture(path, "png", 8, 8, len(content), "a red fox")

    async def kept(self) -> list[int]:
        """Return how many pictures each of Ada's jobs still has, the newest first."""
        return [past.pictures for past in await self.retention.recent_jobs(ADA.user_id, most=25)]


only_sqlite = pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)


@pytest.fixture
async def harness(engine_url: str, tmp_path: Path) -> AsyncIterator[RetentionHarness]:
    async with open_database(engine_url, backup_dir=tmp_path, now=lambda: 0) as database:
        yield RetentionHarness(tmp_path, database)


async def test_what_was_kept_comes_back_as_it_was(harness: RetentionHarness) -> None:
    """The original, with what is known of it, also after its job's folder is gone."""
    job = await harness.finished_job(b"one", b"two")
    for path in harness.folder.glob("slot-*"):
        path.unlink()
    again, pictures = await harness.retention.kept_result(job.id, ADA.user_id)
    assert again.job.id == job.id
    assert {n: each.path.read_bytes() for n, each in pictures.items()} == {1: b"one", 2: b"two"}
    assert (pictures[1].width, pictures[1].revised_prompt) == (8, "a red fox")


async def test_nobody_takes_out_what_is_not_theirs(harness: RetentionHarness) -> None:
    """The list is mine; its ids are no secret."""
    job = await harness.finished_job(b"one")
    with pytest.raises(NotKept):
        await harness.retention.kept_result(job.id, ADA.user_id + 1)


async def test_keeping_twice_changes_nothing(harness: RetentionHarness) -> None:
    """A start after a crash delivers, and keeps, again."""
    job = await harness.finished_job(b"one")
    await harness.keep(job, b"one")
    assert await harness.kept() == [1]
    assert harness.content_store.total_bytes == 3


async def test_what_is_older_than_the_retention_goes(harness: RetentionHarness) -> None:
    """Thirty days, also when there is space for more; the same picture kept again stays."""
    await harness.finished_job(b"old", b"both")
    harness.now_ms += 20 * DAY_MS
    await harness.finished_job(b"both")
    harness.now_ms += 11 * DAY_MS
    await harness.retention.delete_expired()
    assert await harness.kept() == [1, 0]
    assert harness.content_store.total_bytes == len(b"both")


async def test_beyond_the_room_the_oldest_goes_first(harness: RetentionHarness) -> None:
    """New requests delete old files to have space."""
    for number in range(10):
        await harness.finished_job(bytes([number]) * 100)
        harness.now_ms += REFERENCE_NEEDED_MS
    await harness.retention.ensure_space()
    assert await harness.kept() == [1] * 8 + [0] * 2
    assert harness.content_store.total_bytes == 800


@only_sqlite
async def test_no_space_is_made_while_the_database_is_locked(harness: RetentionHarness) -> None:
    """A person waits for an answer, and no file goes whose row cannot say so."""
    for number in range(10):
        await harness.finished_job(bytes([number]) * 100)
        harness.now_ms += REFERENCE_NEEDED_MS
    await harness.database.write(Transaction.query, "PRAGMA busy_timeout = 1")
    with locked(harness.folder / "easel.db"), pytest.raises(DatabaseBusy):
        await harness.retention.ensure_space()
    assert await harness.kept() == [1] * 10


async def test_what_is_needed_now_is_never_cleared(harness: RetentionHarness) -> None:
    """Somebody's job waits for these references: a new one is refused instead."""
    await harness.finished_job(*(bytes([number]) * 100 for number in range(10)))
    with pytest.raises(PictureStorageFull):
        await harness.retention.ensure_space()
    assert await harness.kept() == [10]


async def test_what_an_open_job_needs_stays_however_old_it_is(harness: RetentionHarness) -> None:
    """A job may wait for hours, and a task run for a day: its references are not cleared away."""
    store = harness.content_store
    reference = await keep_bytes(store, b"r" * 400, "png")
    mask = await keep_bytes(store, b"m" * 400, "png")
    request = ImageRequest("a fox", "m", "auto", 1, references=(reference,), mask=mask)
    job = Job(new_job_id(harness.now_ms), request, ADA, 1, harness.now_ms)
    await harness.database.write(harness.repository.queued, job)
    await harness.keep(job, b"p" * 200)
    harness.now_ms += 40 * DAY_MS
    with pytest.raises(PictureStorageFull):
        await harness.retention.ensure_space()
    assert store.total_bytes == 1000
    await harness.database.write(harness.repository.ended, job.id, JobState.DONE)
    await harness.retention.ensure_space()
    assert store.total_bytes == 0


async def test_a_job_whose_attachments_have_no_space_is_refused(harness: RetentionHarness) -> None:
    """It is refused before the hold, and nothing that somebody kept makes way for nothing."""
    await harness.finished_job(b"p" * 100)
    await harness.retention.ensure_space(800)
    with pytest.raises(PictureStorageFull):
        await harness.retention.ensure_space(900)
    assert await harness.kept() == [1]


async def test_a_start_counts_what_is_there(harness: RetentionHarness) -> None:
    """Also a file whose row a crash cut off; it goes like everything old."""
    await harness.finished_job(b"one")
    (harness.folder / "vault" / "aa").mkdir()
    (harness.folder / "vault" / "aa" / f"{'aa' * 32}.png").write_bytes(b"half")
    harness.open()
    await harness.content_store.open("vault")
    assert harness.content_store.total_bytes == 7
    harness.now_ms = 10**14
    await harness.retention.delete_expired()
    assert harness.content_store.total_bytes == 0
    assert await harness.kept() == [0]


async def test_clearing_works_in_batches_to_the_end(harness: RetentionHarness) -> None:
    """However much there is, the database is never locked for long."""
    await harness.finished_job(*(str(number).encode() for number in range(2 * ROWS_PER_BATCH + 1)))
    harness.now_ms += 31 * DAY_MS
    await harness.retention.delete_expired()
    assert harness.content_store.total_bytes == 0
    assert await harness.database.read(Transaction.query, "SELECT * FROM pictures") == []


async def test_a_file_that_is_kept_again_while_clearing_stays(harness: RetentionHarness) -> None:
    """The sweep decided a moment ago; since then somebody attached the same picture."""
    await harness.finished_job(b"one")
    old = await harness.content_store.expired(before=harness.now_ms + 1, most_bytes=1000)
    harness.now_ms += 1
    await harness.finished_job(b"one")
    assert await harness.content_store.remove(old) == []
    assert await harness.kept() == [1, 1]


async def test_a_disk_that_refuses_is_said(harness: RetentionHarness) -> None:
    """The pictures can still be posted; they are only not kept."""
    (harness.folder / "vault").write_text("a file where a folder should be")
    request = ImageRequest("a fox", "m", "auto", 1)
    job = Job(new_job_id(harness.now_ms), request, ADA, 1, harness.now_ms)
    assert not await harness.retention.store(job, [harness.picture(b"one")])

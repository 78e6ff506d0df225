"""One person's data: an archive that fits, and a deletion that no crash can leave half done."""

import asyncio
import json
import random
import signal
import sqlite3
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from bot.core.errors.base import EaselError
from bot.core.job_ids import new_job_id
from bot.core.models import ImageRequest, Job, JobState, Picture, Reference, Requester
from bot.core.pseudonyms import Pseudonyms
from bot.database.database import Database
from bot.database.opening import open_file
from bot.database.transaction import Transaction
from bot.jobs.personal_data.archive import ArchiveSummary
from bot.jobs.personal_data.deletion import (
    JOBS_PER_DELETION,
    JobsStillRunning,
    PersonalDataDeletion,
)
from bot.jobs.personal_data.deletion_requests import DeletionRequests
from bot.jobs.personal_data.export import PersonalDataExport
from bot.jobs.picture_retention import PictureRetention, RetentionLimits
from bot.jobs.repository import personal_data
from bot.jobs.repository.kept_pictures import insert_kept_pictures
from bot.jobs.repository.repository import JobRepository
from bot.quota.ledger import Ledger
from bot.quota.limits import LimitSet
from bot.quota.picture_counts import PictureCounts
from tests.cli.process import environment, running
from tests.cogs.scripted_gateway import ScriptedGateway
from tests.images.kept_files import keep_bytes, store_in
from tests.jobs.service_harness import RecordingCourier
from tests.jobs.test_recovery import process

ADA = Requester(user_id=1, server_id=10, name="Ada")
BEN = Requester(user_id=2, server_id=10, name="Ben")
START_MS = 1_790_000_000_000
LEAST = 200_000  # bytes of an archive here; Discord takes fifty times as much


class PersonalDataHarness:
    """A database and a content store, and a way to put a person's jobs there."""

    def __init__(self, folder: Path, database: Database, quota: LimitSet = ()) -> None:
        self.folder = folder
        self.database = database
        self.now_ms = START_MS
        self.repository = JobRepository(owner="me", now=self.now)
        self.content_store = store_in(folder / "vault", database, self.now)
        limits = RetentionLimits(timedelta(days=30), max_bytes=10**9)
        self.retention = PictureRetention(database, self.content_store, limits, now=self.now)
        self.ledger = Ledger(
            default=quota,
            server_quota=quota,
            total_quota=quota,
            budget=quota,
            max_doubtful_per_day=3,
            pseudonym=Pseudonyms(b"k" * 32).pseudonym,
            now=self.now,
        )
        self.requests = DeletionRequests(
            folder / "easel.db", hashed=Pseudonyms(b"k" * 32).deletion_mark, now=self.now
        )
        self.deletion = PersonalDataDeletion(
            database=database,
            ledger=self.ledger,
            content_store=self.content_store,
            jobs=folder / "jobs",
            unread=folder / "unread",
            requests=self.requests,
        )
        self.export = PersonalDataExport(database, self.content_store)

    def now(self) -> int:
        """Return the time."""
        return self.now_ms

    async def finished_job(
        self,
        who: Requester = ADA,
        *contents: bytes,
        prompt: str = "a fox",
        references: Sequence[Reference] = (),
        mask: Reference | None = None,
    ) -> Job:
        """Write a job that brought pictures of these bytes."""
        self.now_ms += 1000
        request = ImageRequest(
            prompt, "m", "auto", max(1, len(contents)), references=tuple(references), mask=mask
        )
        job = Job(new_job_id(self.now_ms), request, who, 1, self.now_ms)
        await self.database.write(self.ledger.hold, job_id=job.id, requester=who, credits=1)
        await self.database.write(self.repository.queued, job)
        adopted = await self.retention.store(job, [self.picture(content) for content in contents])
        assert len(adopted) == len(contents)
        await self.database.write(insert_kept_pictures, job.id, adopted, at=self.now_ms)
        await self.database.write(self.repository.ended, job.id, JobState.DONE)
        await self.database.write(self.ledger.settle, job.id, PictureCounts(delivered=1), each=1)
        return job

    def picture(self, content: bytes) -> Picture:
        """Return a file as a gateway's download leaves it."""
        path = self.folder / f"slot-{new_job_id(0)}.png"
        path.write_bytes(content)
        return Picture(path, "png", 8, 8, len(content), "a red fox")

    async def exported(self, max_file_bytes: int) -> tuple[ArchiveSummary, dict[str, Any]]:
        """Return Ada's archive and its lists by name."""
        out = self.folder / f"out-{max_file_bytes}"
        out.mkdir()
        archived = await self.export.write(
            ADA.user_id, out, max_file_bytes=max_file_bytes, readme="read me"
        )
        assert archived is not None
        with ZipFile(archived.path) as archive:
            assert archive.testzip() is None
            names = ("jobs.json", "charges.json")
            lists: dict[str, Any] = {name: json.loads(archive.read(name)) for name in names}
            lists["files"] = [name for name in archive.namelist() if name.startswith("pictures/")]
        return archived, lists

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Read the database as another program would."""
        return query(self.folder / "easel.db", sql)

    def files(self) -> list[bytes]:
        """Return the contents of the content store."""
        return sorted(path.read_bytes() for path in (self.folder / "vault").rglob("*.*"))


def query(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(path) as database:
        return database.execute(sql).fetchall()


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[PersonalDataHarness]:
    backup = tmp_path / "backup"
    async with open_file(tmp_path / "easel.db", backup_dir=backup, now=lambda: 0) as database:
        yield PersonalDataHarness(tmp_path, database)


# --- the archive --------------------------------------------------------------------------------


async def test_the_newest_pictures_go_in_as_long_as_they_fit(harness: PersonalDataHarness) -> None:
    """Discord's limit holds to the byte; each picture that is left out is named."""
    for number in range(20):
        await harness.finished_job(ADA, random.randbytes(20_000), prompt=f"fox {number}")
    archived, lists = await harness.exported(LEAST)
    assert archived.path.stat().st_size <= LEAST
    assert archived.files + archived.files_left_out == 20
    assert archived.files == len(lists["files"]) >= 5
    places = [job["pictures"][0]["place"] for job in lists["jobs.json"]]
    assert places == ["in this file"] * archived.files + ["left out"] * archived.files_left_out
    assert [job["prompt"] for job in lists["jobs.json"]] == [f"fox {n}" for n in range(19, -1, -1)]
    assert (archived.jobs, archived.jobs_left_out) == (20, 0)


async def test_words_come_before_pictures_and_the_newest_words_first(
    harness: PersonalDataHarness,
) -> None:
    """Whoever wrote more than fits is told how much of it is missing."""
    await harness.finished_job(ADA, random.randbytes(20_000))
    for number in range(450):
        await harness.finished_job(ADA, prompt=f"fox {number} {random.randbytes(400).hex()}")
    archived, lists = await harness.exported(LEAST)
    assert archived.path.stat().st_size <= LEAST
    assert archived.jobs + archived.jobs_left_out == 451
    assert 100 <= archived.jobs == len(lists["jobs.json"]) == len(lists["charges.json"])
    assert lists["jobs.json"][0]["prompt"].startswith("fox 449 ")
    assert archived.files == 0


async def test_the_archive_is_never_larger_than_it_may_be(harness: PersonalDataHarness) -> None:
    """Many small pictures cost more in names than in bytes."""
    shared = await keep_bytes(harness.content_store, random.randbytes(5_000), "png")
    for number in range(250):
        contents = [random.randbytes(50 + 7 * number) for _ in range(4)]
        await harness.finished_job(
            ADA, *contents, prompt=random.randbytes(9).hex(), references=[shared]
        )
    for max_file_bytes in (100_000, 150_000, 300_000, 2_000_000):
        archived, lists = await harness.exported(max_file_bytes)
        used = archived.path.stat().st_size
        assert used <= max_file_bytes
        if archived.files_left_out:
            assert used > max_file_bytes - 125_000
        assert archived.files == len(set(lists["files"])) == len(lists["files"])
        if archived.jobs == 250:
            assert archived.files + archived.files_left_out == 1001
        assert len([name for name in lists["files"] if shared.sha256[:16] in name]) <= 1


async def test_pictures_that_were_not_delivered_are_not_given_away(
    harness: PersonalDataHarness,
) -> None:
    """They were not charged: an archive is no way to have them for nothing."""
    job = await harness.finished_job(ADA, b"one")
    await harness.database.write(
        Transaction.write, "UPDATE jobs SET state = 'failed' WHERE id = $1", job.id
    )
    _, lists = await harness.exported(LEAST)
    assert lists["files"] == []
    assert lists["jobs.json"][0]["pictures"] == []


# --- the deletion -------------------------------------------------------------------------------


async def test_what_others_need_stays_however_they_need_it(harness: PersonalDataHarness) -> None:
    """Ada's picture is Ben's reference, her reference his mask, and one picture is both's."""
    reference = await keep_bytes(harness.content_store, b"reference", "png")
    await harness.finished_job(ADA, b"picture", b"both", b"alone", references=[reference])
    picture = await keep_bytes(harness.content_store, b"picture", "png")
    await harness.finished_job(BEN, b"both", references=[picture], mask=reference)
    await harness.deletion.delete(ADA.user_id)
    assert harness.files() == [b"both", b"picture", b"reference"]
    await harness.deletion.delete(BEN.user_id)
    assert harness.files() == []
    assert harness.content_store.total_bytes == 0


async def test_files_that_a_job_left_behind_go_too(harness: PersonalDataHarness) -> None:
    """A damaged answer is kept in the job's folder, with what it holds."""
    job = await harness.finished_job(ADA)
    (harness.folder / "jobs" / job.id).mkdir(parents=True)
    (harness.folder / "jobs" / job.id / "slot-0.raw").write_bytes(b"half a picture")
    await harness.deletion.delete(ADA.user_id)
    assert list((harness.folder / "jobs").iterdir()) == []


async def test_files_that_could_not_be_read_go_too(harness: PersonalDataHarness) -> None:
    """They would stay for a week; those of others do."""
    unread = harness.folder / "unread"
    unread.mkdir()
    for person in (ADA, BEN):
        job = await harness.finished_job(person)
        (unread / f"{job.id}-slot-0-1f.bin").write_text(person.name)
    await harness.deletion.delete(ADA.user_id)
    assert [path.read_text() for path in unread.iterdir()] == [BEN.name]


async def test_others_write_while_much_is_deleted(harness: PersonalDataHarness) -> None:
    """Nobody's /imagine waits until ten thousand rows are gone."""
    for _ in range(10 * JOBS_PER_DELETION):
        await harness.finished_job(ADA)
    deleting = asyncio.create_task(harness.deletion.delete(ADA.user_id))
    seen = set()
    while not deleting.done():
        (row,) = await harness.database.write(
            Transaction.query, "SELECT COUNT(*) AS jobs FROM jobs"
        )
        seen.add(row["jobs"])
    assert await deleting == 10 * JOBS_PER_DELETION
    assert len(seen) >= 5
    assert harness.rows("SELECT COUNT(*) FROM jobs") == [(0,)]


@pytest.mark.parametrize("files_gone", [False, True])
@pytest.mark.parametrize("rows_gone", [0, 3])
async def test_a_later_start_goes_on_wherever_a_crash_stopped_it(
    harness: PersonalDataHarness, files_gone: bool, rows_gone: int
) -> None:
    """Nothing is left that no row tells of; what Ben has is not touched."""
    reference = await keep_bytes(harness.content_store, b"reference", "png")
    jobs = [
        await harness.finished_job(ADA, b"one%d" % n, b"both", references=[reference])
        for n in range(5)
    ]
    await harness.finished_job(BEN, b"both")
    assert await harness.database.write(personal_data.disown, ADA.user_id) == 5
    await harness.database.write(harness.ledger.make_anonymous, ADA.user_id)
    if files_gone or rows_gone:
        for path in harness.folder.glob("vault/*/*"):
            if path.read_bytes() != b"both":
                path.unlink()
    if rows_gone:
        await harness.database.write(
            personal_data.delete_disowned, [job.id for job in jobs[:rows_gone]]
        )
    again = PersonalDataHarness(harness.folder, harness.database)
    await again.deletion.complete()
    await again.deletion.complete()
    assert harness.files() == [b"both"]
    for table in ("jobs", "pictures"):
        assert harness.rows(f"SELECT COUNT(*) FROM {table}") == [(1,)]
    assert harness.rows("SELECT COUNT(*) FROM charges") == [(6,)]


async def test_a_killed_process_leaves_nothing_that_a_start_does_not_take(tmp_path: Path) -> None:
    """SIGKILL in the middle of the rows: 400 jobs with a picture each."""
    env = environment(tmp_path)
    async with running(
        "tests.crash.deletion_process", str(tmp_path), folder=tmp_path, env=env
    ) as killed:
        assert killed.stdout is not None
        await asyncio.wait_for(killed.stdout.readline(), 60)
        killed.send_signal(signal.SIGKILL)
        assert await asyncio.wait_for(killed.wait(), 60) == -signal.SIGKILL
    path = tmp_path / "easel.db"
    ((left, mine),) = query(path, "SELECT COUNT(*), COUNT(NULLIF(user_id, -1)) FROM jobs")
    assert (0 < left < 400, mine) == (True, 0)
    async with open_file(path, backup_dir=tmp_path / "backup", now=lambda: 0) as database:
        await PersonalDataHarness(tmp_path, database).deletion.complete()
    assert query(path, "SELECT COUNT(*) FROM jobs") == [(0,)]
    assert query(path, "SELECT COUNT(*) FROM pictures") == [(0,)]
    assert list(tmp_path.glob("vault/*/*")) == []
    assert b"nobody may read this" not in path.read_bytes()


async def test_a_job_that_begins_meanwhile_is_seen_or_left_alone(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """Whichever comes first in the database, no job loses its row or its charge."""
    gateway.gate.clear()
    outcomes = set()
    async with process(tmp_path, gateway, default_quota=()) as harness:
        for _ in range(20):
            job, done = await asyncio.gather(
                harness.submit(RecordingCourier()),
                harness.services.deletion.delete(ADA.user_id),
                return_exceptions=True,
            )
            assert isinstance(job, Job)
            assert isinstance(done, int | JobsStillRunning)
            outcomes.add(type(done))
            assert harness.rows(f"SELECT user_id FROM jobs WHERE id = '{job.id}'") == [(1,)]
            assert harness.rows(f"SELECT state FROM charges WHERE job_id = '{job.id}'") == [
                ("held",)
            ]
            gateway.gate.set()
            await harness.services.job_service.drained()
            gateway.gate.clear()
            await harness.services.deletion.delete(ADA.user_id)
    assert harness.rows("SELECT COUNT(*), SUM(credits) FROM charges") == [(20, 20)]
    assert JobsStillRunning in outcomes


async def test_a_card_that_is_being_updated_is_waited_for(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """Its task still writes what it posts: a job without its row would end in a defect."""
    refused: list[EaselError] = []

    async with process(tmp_path, gateway) as harness:

        class DeletingCourier(RecordingCourier):
            async def end(self, job: Job, failure: object) -> bool:
                try:
                    await harness.services.deletion.delete(ADA.user_id)
                except JobsStillRunning as early:
                    refused.append(early)
                return True

        await harness.submit(DeletingCourier(fails="deliver"))
        await harness.services.job_service.drained()
        assert [error.facts for error in refused] == [{"count": 1}]
        assert await harness.services.deletion.delete(ADA.user_id) == 1


async def test_the_card_of_a_disowned_job_is_not_updated_again(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """A crash in a deletion must not make the next start write to a deleted person."""

    class UnreachableCourier(RecordingCourier):
        async def end(self, job: Job, failure: object) -> bool:
            return False

    async with process(tmp_path, gateway) as harness:
        await harness.submit(UnreachableCourier(fails="deliver"))
        await harness.services.job_service.drained()
        assert await harness.services.database.write(personal_data.disown, ADA.user_id) == 1
    async with process(tmp_path, gateway) as harness:
        assert await harness.services.recovery.take_over() == []

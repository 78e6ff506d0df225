"""With a million jobs in the database nobody waits for what somebody else asks."""

import re
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from benchmarks.growth_rows import PERSON, QUIET_SERVER, fill
from bot.core.clock import Clock
from bot.core.job_ids import new_job_id
from bot.core.models import CardAddress, ImageRequest, Job, JobState, Reference, Requester
from bot.database.database import LONG_ROWS, Database
from bot.database.opening import open_file
from bot.database.transaction import Transaction
from bot.jobs.deleted_messages import DeletedMessages
from bot.jobs.history_pages import HistoryPages, PageCursor
from bot.jobs.job_retention import JobRetention
from bot.jobs.maintenance import delete_old_charges
from bot.jobs.reported_results import ReportedResults
from bot.jobs.repository import history_search, personal_data
from bot.jobs.repository.history_search import EVERYTHING, FoundJobs, HistoryFilter, JobPlace
from bot.jobs.repository.listing import list_jobs
from bot.jobs.repository.request_rate import check_request_rate
from bot.jobs.taken_down_files import TakenDownFiles
from bot.quota.csv_export import Statement
from bot.quota.limits import parse_limits
from bot.quota.picture_counts import PictureCounts
from tests.database.sqlite_connections import connections_of
from tests.database.sync_database import SyncDatabase
from tests.images.kept_files import keep_bytes
from tests.jobs.test_personal_data import START_MS, PersonalDataHarness

_VALUES = re.compile(r"'[^']*'|\b\d+\b")
_SCAN = re.compile(r"SCAN (?P<table>\w+)(?: USING (?:COVERING )?INDEX (?P<index>\w+))?")
GROWING = {
    "anonymous",
    "attempts",
    "charges",
    "costs",
    "intents",
    "jobs",
    "messages",
    "meters",
    "pictures",
    "request_files",
}
# Of few rows, whatever else there is; and the newest few of all jobs, by their ids.
SMALL = {"jobs_unfinished", "charges_held", "sqlite_autoindex_jobs_1"}
WHO, OTHER = (Requester(id_, QUIET_SERVER, "somebody") for id_ in (PERSON, PERSON + 1))
REQUEST = ImageRequest("a fox", "m", "auto", 1, references=(Reference("ab" * 32, "png", 9),))
JOBS = LONG_ROWS + 50
LIMITS = parse_limits("5/hour, 9000/month")


@dataclass
class Trace:
    """The statements that a database runs, and the most rows that a transaction changed.

    Of those that differ in their values only it keeps the last.
    """

    statements: dict[str, str] = field(default_factory=dict)
    most_changed: int = 0

    async def follow(self, database: Database) -> None:
        """Begin to note them."""
        for connection in connections_of(database):
            await connection.set_trace_callback(self._of(connection._conn))

    def _of(self, connection: sqlite3.Connection) -> Callable[[str], None]:
        before = 0

        def note(statement: str) -> None:
            nonlocal before
            self.statements[_VALUES.sub("?", statement)] = statement
            if statement.startswith("BEGIN"):
                before = connection.total_changes
            elif statement == "COMMIT":
                self.most_changed = max(self.most_changed, connection.total_changes - before)

        return note


class GrowthHarness(PersonalDataHarness):
    """A database with the jobs of one person, and what it runs."""

    def __init__(self, folder: Path, database: Database) -> None:
        super().__init__(folder, database, LIMITS)
        self.trace = Trace()
        self.history = HistoryPages(database, self.content_store)
        self.statement = Statement(database, self.ledger, now=self.now)
        keep = timedelta(days=40)  # of 41
        self.old_jobs = JobRetention(database, self.ledger, keep=keep, clock=Clock(now=self.now))

    async def use_everything(self) -> None:
        """Do what people and the chores of a day do."""
        await self.hold_and_settle()
        await self.finished_job(WHO, b"picture")
        await self.database.read(self.ledger.allowances, WHO)
        await self.database.read(self.ledger.doubtful, WHO)
        await self.retention.recent_jobs(PERSON, most=5)
        await self.database.read(list_jobs, recent=5)
        for wanted in (EVERYTHING, HistoryFilter(text="owl"), HistoryFilter(model="painter-1")):
            page = await self.history.page(PERSON, wanted)
            for entry in page.entries[-1:]:
                place = PageCursor(entry.written.job.id, "older")
                await self.history.page(PERSON, wanted, place)
        await self.history.models(PERSON)
        await self.statement.write(self.folder, server_id=QUIET_SERVER, days=40, max_bytes=10**7)
        await self.export.write(PERSON, self.folder, max_file_bytes=10**7, readme="")
        await self.moderate()
        await self.retention.delete_expired()
        await delete_old_charges(self.database, self.ledger, self.now)
        await self.old_jobs.delete_old()
        await self.deletion.delete(PERSON)
        await self.deletion.complete()
        await self.deletion.undone_requests()

    async def moderate(self) -> None:
        """Remove a reported result, and hear of a deleted channel and server."""
        files = TakenDownFiles(self.database, self.content_store)
        reports = ReportedResults(
            self.database, self.repository, files, self.requests, now=self.now
        )
        ((job_id,),) = self.rows(f"SELECT MAX(id) FROM jobs WHERE user_id = {PERSON}")
        place = CardAddress(5, 6, application_id=0)
        report = await reports.add(job_id, QUIET_SERVER, place, "a reason")
        await reports.told(report, "log", place)
        await reports.remove(job_id, QUIET_SERVER, actor_id=1)
        await reports.repeat_removals()
        deleted = DeletedMessages(self.database, files, forgets=True)
        await deleted.channels_gone({5})
        await deleted.server_left(QUIET_SERVER)

    async def hold_and_settle(self) -> None:
        """Let somebody else have a picture."""
        job = Job(new_job_id(self.now_ms), REQUEST, OTHER, 1, self.now_ms)
        await self.database.write(check_request_rate, OTHER.user_id, at=self.now_ms, most=20)
        await self.database.write(self.ledger.hold, job_id=job.id, requester=OTHER, credits=1)
        await self.database.write(self.repository.queued, job)
        await self.database.write(self.repository.ended, job.id, JobState.DONE)
        await self.database.write(self.ledger.settle, job.id, PictureCounts(delivered=1), each=1)

    def scans(self) -> list[str]:
        """Return what reads all of a table that grows."""
        with closing(sqlite3.connect(self.folder / "easel.db")) as connection:
            return [
                f"{step}: {statement}"
                for statement in self.trace.statements.values()
                if statement.lstrip().startswith(("SELECT", "WITH", "INSERT", "UPDATE", "DELETE"))
                for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {statement}")
                if (found := _SCAN.match(step))
                and found["table"] in GROWING
                and found["index"] not in SMALL
            ]

    async def used(self) -> list[tuple[int, int]]:
        """Return what of a person's limits is used, and held."""
        found = await self.database.read(self.ledger.allowances, WHO)
        return [(each.used, each.held) for each in found]

    async def stop_at(self, stage: int) -> None:
        """Do so many steps of a deletion."""
        database, ledger = self.database, self.ledger
        jobs = await database.read(personal_data.placed_jobs, PERSON, behind=None, most=2000)
        steps: list[Callable[[Transaction], object]] = [
            lambda tx: ledger.make_anonymous(tx, PERSON),
            lambda tx: ledger.move_charges(tx, PERSON, [job.id for job in jobs[-2:]]),
            lambda tx: ledger.move_old_meters(tx, PERSON, QUIET_SERVER, most=30),
            lambda tx: ledger.move_charges(tx, PERSON, [job.id for job in jobs]),
            lambda tx: personal_data.disown(tx, PERSON, most=10),
        ]
        for step in steps[:stage]:
            await database.write(step)


@asynccontextmanager
async def opened(folder: Path, *, jobs: int) -> AsyncIterator[GrowthHarness]:
    path = folder / "easel.db"
    with SyncDatabase.open(path):
        pass
    fill(path, jobs=0, own=jobs, now=START_MS)
    async with open_file(path, backup_dir=folder / "backup", now=lambda: 0) as database:
        harness = GrowthHarness(folder, database)
        await harness.trace.follow(database)
        yield harness


@pytest.fixture
async def growth(tmp_path: Path) -> AsyncIterator[GrowthHarness]:
    async with opened(tmp_path, jobs=JOBS) as harness:
        yield harness


@pytest.fixture
async def small(tmp_path: Path) -> AsyncIterator[GrowthHarness]:
    async with opened(tmp_path, jobs=100) as harness:
        yield harness


async def test_no_statement_reads_a_whole_table_that_grows(small: GrowthHarness) -> None:
    """It would take a second with a million jobs, and everybody would wait."""
    await small.use_everything()
    assert len(small.trace.statements) > 60
    assert small.scans() == []


async def test_a_deletion_changes_few_rows_at_a_time(growth: GrowthHarness) -> None:
    """There are hundreds of jobs, and nobody's /imagine waits for them all."""
    assert await growth.deletion.delete(PERSON) == JOBS
    assert 100 < growth.trace.most_changed <= LONG_ROWS
    assert growth.rows("SELECT COUNT(*) FROM jobs") == [(0,)]
    assert growth.rows("SELECT COUNT(*) FROM charges WHERE user_id > 0") == [(0,)]
    assert growth.rows("SELECT COUNT(*) FROM meters WHERE subject GLOB 'user:*:1'") == [(0,)]
    assert growth.rows("SELECT COUNT(real_id), COUNT(*) FROM anonymous") == [(0, 1)]


async def test_a_search_looks_at_few_jobs_at_a_time(growth: GrowthHarness) -> None:
    """Words that are nowhere are looked for in all prompts, in two transactions."""
    wanted = HistoryFilter(text="owl")

    async def search(behind: JobPlace | None) -> FoundJobs:
        look = history_search.look_through
        return await growth.database.read(look, PERSON, wanted, behind, newer=False, most=5)

    first = await search(None)
    assert (first.jobs, first.last is None) == ([], False)
    assert await search(first.last) == FoundJobs([], None)
    page = await growth.history.page(PERSON, HistoryFilter(text="at 1 stars"))
    assert [entry.written.job.request.prompt[:38] for entry in page.entries] == [
        "a small red fox that looks at 1 stars "
    ]


@pytest.mark.parametrize("stage", range(1, 6))
async def test_limits_count_the_same_wherever_a_deletion_stops(
    small: GrowthHarness, stage: int
) -> None:
    """Neither may it be a new day's credits, nor may anything count twice."""
    before = await small.used()
    await small.stop_at(stage)
    assert await small.used() == before
    await small.deletion.complete()
    assert await small.used() == before
    assert small.rows("SELECT COUNT(*) FROM jobs") == [(0,)]
    assert small.rows("SELECT COUNT(*) FROM charges WHERE user_id > 0") == [(0,)]
    assert small.rows("SELECT COUNT(*) FROM meters WHERE subject GLOB 'user:*:1'") == [(0,)]


async def test_a_reference_that_was_fetched_later_is_needed_by_its_job(
    small: GrowthHarness,
) -> None:
    """An attachment is fetched after the job was accepted; another person's deletion leaves it."""
    job = await small.finished_job(OTHER)
    reference = await keep_bytes(small.content_store, b"reference", "png")
    request = replace(job.request, references=(reference,))
    await small.database.write(small.repository.referenced, replace(job, request=request))
    await small.finished_job(WHO, references=[reference])
    await small.deletion.delete(PERSON)
    assert small.files() == [b"reference"]
    await small.deletion.delete(OTHER.user_id)
    assert small.files() == []

"""KEEP_JOBS_DAYS: what is recorded of old jobs goes, and nothing that still counts."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from benchmarks.growth_rows import PERSON, QUIET_SERVER, fill
from bot.core.clock import Clock
from bot.core.models import Requester
from bot.database.database import LONG_ROWS, Database
from bot.database.opening import open_file
from bot.jobs.job_retention import JobRetention
from bot.jobs.maintenance import delete_old_charges
from bot.jobs.repository.old_jobs import delete_old_costs, delete_old_jobs
from bot.jobs.repository.personal_data import TABLES_OF_JOBS
from bot.quota.audit import Action, NewChange, record
from bot.quota.limits import HOUR_MS, Period, parse_limits
from tests.database.sync_database import SyncDatabase
from tests.images.kept_files import keep_bytes
from tests.jobs.test_growth import Trace
from tests.jobs.test_personal_data import ADA, START_MS, PersonalDataHarness

DAY_MS = Period.DAY.ms
KEEP = timedelta(days=90)
OWN, OTHERS = 300, 700
OF_JOBS = ("attempts", "messages", "intents", "pictures", "request_files")
WHO = Requester(PERSON, QUIET_SERVER, "somebody")


class RetentionHarness(PersonalDataHarness):
    """A database with jobs of 41 days, the newest of START_MS, and their retention."""

    def __init__(self, folder: Path, database: Database) -> None:
        super().__init__(folder, database, parse_limits("9000/month"))
        clock = Clock(now=self.now, sleep=self._pause)
        self.jobs = JobRetention(database, self.ledger, keep=KEEP, clock=clock)
        self.pauses = 0
        self.trace = Trace()

    async def _pause(self, _seconds: float) -> None:
        self.pauses += 1

    @property
    def before(self) -> int:
        """Return from when on jobs are kept now: a whole hour, and one more."""
        kept_since = self.now_ms - KEEP // timedelta(milliseconds=1)
        return kept_since // HOUR_MS * HOUR_MS - HOUR_MS

    def let_expire(self, days: int) -> None:
        """Let so many of the 41 days become too old."""
        self.now_ms = START_MS - 41 * DAY_MS + 90 * DAY_MS + days * DAY_MS

    async def pass_a_day(self) -> None:
        """Do what the bot does daily."""
        await delete_old_charges(self.database, self.ledger, self.now)
        await self.jobs.delete_old()

    def count(self, what: str) -> int:
        """Count rows."""
        return int(self.rows(f"SELECT COUNT(*) FROM {what}")[0][0])


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[RetentionHarness]:
    path = tmp_path / "easel.db"
    with SyncDatabase.open(path):
        pass
    fill(path, jobs=OTHERS, own=OWN, now=START_MS)
    async with open_file(path, backup_dir=tmp_path / "backup", now=lambda: 0) as database:
        yield RetentionHarness(tmp_path, database)


def foreign_keys_broken(path: Path) -> list[object]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("PRAGMA foreign_key_check").fetchall()


async def test_everything_of_old_jobs_goes_and_newer_ones_stay_whole(
    harness: RetentionHarness,
) -> None:
    """The promise of the privacy page: prompts, prices, messages and sums, and no row more."""
    harness.let_expire(20)
    tables = ("jobs", "costs", *OF_JOBS)
    id_of = {table: "id" if table == "jobs" else "job_id" for table in tables}
    of_kept = f"IN (SELECT id FROM jobs WHERE created_at >= {harness.before})"
    kept = {table: harness.count(f"{table} WHERE {id_of[table]} {of_kept}") for table in tables}
    assert 400 < kept["jobs"] < 600
    await harness.pass_a_day()
    assert {table: harness.count(table) for table in tables} == kept
    assert harness.rows("SELECT MIN(hour) FROM meters") >= [(harness.before // HOUR_MS + 1,)]
    assert harness.count("charges") == 0
    assert foreign_keys_broken(harness.folder / "easel.db") == []


async def test_no_table_that_refers_to_jobs_is_forgotten(harness: RetentionHarness) -> None:
    """One row of a new table would stop the deletion at its job, for ever."""
    tables = [
        name for (name,) in harness.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")
    ]
    refer = {
        name
        for name in tables
        for key in harness.rows(f"PRAGMA foreign_key_list({name})")
        if key[2] == "jobs"
    }
    assert refer == set(TABLES_OF_JOBS)


async def test_sums_and_limits_are_the_same_afterwards(harness: RetentionHarness) -> None:
    """A month's limit, and the 90 days of /quota usage, look at what is kept."""
    harness.now_ms = START_MS + 85 * DAY_MS
    used = await harness.database.read(harness.ledger.allowances, WHO)
    days = await harness.database.read(
        harness.ledger.usage_by_day, server_id=QUIET_SERVER, user_id=None, days=90
    )
    assert sum(day.credits for day in days) > 0
    await harness.pass_a_day()
    assert harness.count("jobs") < OWN + OTHERS
    assert await harness.database.read(harness.ledger.allowances, WHO) == used
    assert days == await harness.database.read(
        harness.ledger.usage_by_day, server_id=QUIET_SERVER, user_id=None, days=90
    )


async def test_nobody_waits_for_the_deletion_of_a_year(harness: RetentionHarness) -> None:
    """After an upgrade there is much to delete at once; each transaction is small."""
    harness.let_expire(60)
    await harness.trace.follow(harness.database)
    await harness.pass_a_day()
    assert 100 < harness.trace.most_changed <= LONG_ROWS
    assert harness.pauses > (OWN + OTHERS) / 20
    for table in ("jobs", "costs", "meters", *OF_JOBS):
        assert harness.count(table) == 0, table


async def test_an_interrupted_deletion_goes_on_the_next_day(harness: RetentionHarness) -> None:
    """A process may die between any two transactions."""
    harness.let_expire(20)
    for delete in (delete_old_jobs, delete_old_costs):
        await harness.database.write(delete, before=harness.before, most=20)
        assert foreign_keys_broken(harness.folder / "easel.db") == []
    left = harness.count(f"jobs WHERE created_at >= {harness.before}")
    await harness.pass_a_day()
    assert harness.count("jobs") == left
    assert harness.count("costs") == left


async def test_what_did_not_end_or_was_not_told_stays(harness: RetentionHarness) -> None:
    """Its requester still waits; it is never 90 days old unless the bot was off for as long."""
    harness.let_expire(60)
    ids = [id_ for (id_,) in harness.rows("SELECT id FROM jobs ORDER BY id LIMIT 45")]
    with closing(sqlite3.connect(harness.folder / "easel.db")) as connection:
        for changed, id_ in zip(
            ("ended_at = NULL, state = 'working'", "told = 0"), ids[::44], strict=True
        ):
            connection.execute(f"UPDATE jobs SET {changed} WHERE id = '{id_}'")
        connection.commit()
    await harness.pass_a_day()
    assert harness.rows("SELECT id FROM jobs ORDER BY id") == [(ids[0],), (ids[44],)]
    assert harness.count("attempts") == 2


async def test_the_audit_goes_with_the_jobs_and_what_admins_set_stays(
    harness: RetentionHarness,
) -> None:
    """An entry names its admin and the person; a grant, limit or block never ends by itself."""
    change = NewChange(server_id=1, actor_id=2, action=Action.GRANTED, subject="user:1", new="5")
    for days in (0, 20):
        await harness.database.write(record, change, at=START_MS + days * DAY_MS)
    await harness.database.write(
        harness.ledger.grant, server_id=1, user_id=3, credits=5, actor_id=2, reason="thanks"
    )
    harness.now_ms = START_MS + 100 * DAY_MS
    await harness.pass_a_day()
    assert harness.rows("SELECT at FROM audit ORDER BY at")[0] == (START_MS + 20 * DAY_MS,)
    assert harness.rows("SELECT granted FROM members") == [(5,)]


async def test_the_example_of_a_style_outlives_its_job(harness: RetentionHarness) -> None:
    """A server's styles would lose their pictures after a year."""
    job = await harness.finished_job(ADA, b"example")
    ((sha256,),) = harness.rows(f"SELECT sha256 FROM pictures WHERE job_id = '{job.id}'")
    with closing(sqlite3.connect(harness.folder / "easel.db")) as connection:
        connection.execute(
            "INSERT INTO server_styles (server_id, name, spelling, options, picture_sha256,"
            f" picture_format, picture_bytes, at) VALUES (1, 'a', 'a', '{{}}', '{sha256}', 'png',"
            " 7, 0)"
        )
        connection.execute(f"UPDATE jobs SET told = 1 WHERE id = '{job.id}'")
        connection.commit()
    await keep_bytes(harness.content_store, b"of nobody", "png")
    harness.let_expire(60)
    await harness.retention.delete_expired()
    await harness.pass_a_day()
    assert harness.count("jobs") == 0
    assert harness.files() == [b"example"]


async def test_deleting_personal_data_leaves_no_sum_of_an_older_job(
    harness: RetentionHarness,
) -> None:
    """The servers in which somebody was are known from their jobs, so sums never outlive these."""
    harness.let_expire(20)
    await harness.pass_a_day()
    await harness.deletion.delete(PERSON)
    assert harness.count(f"meters WHERE subject GLOB 'user:*:{PERSON}'") == 0
    assert harness.count("meters WHERE subject GLOB 'user:*:-*'") > 0

"""KEEP_JOBS_DAYS on both engines: the same rows go, and the same stay."""

from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.clock import Clock
from bot.core.job_ids import new_job_id
from bot.database.database import Database
from bot.database.opening import open_database
from bot.database.transaction import Transaction
from bot.jobs.job_retention import JobRetention
from bot.jobs.repository.personal_data import TABLES_OF_JOBS
from bot.quota.audit import Action, NewChange, record
from bot.quota.limits import HOUR_MS
from tests.database.postgresql_server import Server
from tests.quota.ledger_driver import DAY, NOON, ManualClock, ledger_of

KEEP = timedelta(days=30)
OLD = NOON - 31 * DAY
CHANGE = NewChange(server_id=1, actor_id=2, action=Action.GRANTED, subject="user:1", new="5")
ROWS = (
    "INSERT INTO jobs (id, owner, state, server_id, user_id, user_name, locale, request, credits,"
    " created_at, ended_at, told) VALUES ($1, 'a', 'done', 1, 1, 'Ada', 'en', '{}', 1, $2, $2, 1)",
    "INSERT INTO attempts (job_id, slot, number, gateway, asked, state, billed, started_at)"
    " VALUES ($1, 0, 1, 'a', 1, 'received', 'yes', $2)",
    "INSERT INTO costs (job_id, slot, number, gateway, model, at, billed, pictures)"
    " VALUES ($1, 0, 1, 'a', 'a', $2, 'yes', 1)",
    "INSERT INTO messages (message_id, channel_id, job_id) VALUES ($2, 1, $1)",
    "INSERT INTO intents (nonce, job_id, part, channel_id, at) VALUES ($1, $1, 1, 1, $2)",
    "INSERT INTO pictures (job_id, number, sha256, format, width, height, bytes, at)"
    " VALUES ($1, 1, 'a', 'png', 1, 1, 1, $2)",
    "INSERT INTO request_files (job_id, sha256) VALUES ($1, CAST($2 AS TEXT))",
    "INSERT INTO reports (job_id, server_id, channel_id, message_id, at, count, reasons, state)"
    " VALUES ($1, 1, 1, 1, $2, 1, '[]', 'open')",
    "INSERT INTO task_buttons (job_id, slot, place, gateway, task_id, custom_id, kind, face)"
    " VALUES ($1, 0, 1, 'a', CAST($2 AS TEXT), 'a', 'a', 'a')",
)
GROWING = (*sorted({*TABLES_OF_JOBS} - {"reports"}), "jobs", "costs", "meters", "charges")
TABLES = ("jobs", "costs", "meters", "audit", *TABLES_OF_JOBS)


def insert_job(tx: Transaction, at: int) -> None:
    job_id = new_job_id(at)
    for sql in ROWS:
        tx.write(sql, job_id, at)
    tx.write("INSERT INTO meters (subject, hour, credits) VALUES ('a', $1, 1)", at // HOUR_MS)
    record(tx, CHANGE, at=at)


def count_all(rows: Transaction) -> dict[str, int]:
    found = {each: rows.one(f"SELECT COUNT(*) AS rows FROM {each}") for each in TABLES}
    return {table: row["rows"] for table, row in found.items() if row is not None}


def reopen_newest(tx: Transaction) -> None:
    newest = OLD + HOUR_MS
    tx.write("UPDATE jobs SET ended_at = NULL, state = 'working' WHERE created_at = $1", newest)


async def delete_old(database: Database) -> None:
    async def go_on(_seconds: float) -> None:
        """Pause not at all."""

    clock = Clock(now=ManualClock(), sleep=go_on)
    await JobRetention(database, ledger_of(ManualClock()), keep=KEEP, clock=clock).delete_old()


async def test_every_table_forgets_what_is_too_old(engine_url: str, tmp_path: Path) -> None:
    """The promise of the privacy page, whatever the operator's database is."""
    opening = open_database(engine_url, backup_dir=tmp_path / "backup", now=lambda: NOON)
    async with opening as database:
        for number in range(5):
            await database.write(insert_job, OLD + number * HOUR_MS)
        await database.write(insert_job, NOON - 29 * DAY)
        assert set((await database.read(count_all)).values()) == {6}
        await delete_old(database)
        assert set((await database.read(count_all)).values()) == {1}


async def test_a_job_that_has_not_ended_stays_with_its_rows(
    engine_url: str, tmp_path: Path
) -> None:
    """Its requester still waits."""
    opening = open_database(engine_url, backup_dir=tmp_path / "backup", now=lambda: NOON)
    async with opening as database:
        await database.write(insert_job, OLD)
        await database.write(insert_job, OLD + HOUR_MS)
        await database.write(reopen_newest)
        await delete_old(database)
        left = await database.read(count_all)
        assert {left[table] for table in ("jobs", *TABLES_OF_JOBS)} == {1}


@pytest.mark.parametrize("table", GROWING)
async def test_a_server_soon_frees_the_room_of_deleted_rows(
    postgresql: Server, tmp_path: Path, table: str
) -> None:
    """Otherwise deleted prompts lie in its files until a fifth of a large table is dead."""
    url = postgresql.migrated_database()
    async with open_database(url, backup_dir=tmp_path, now=lambda: NOON) as database:
        options = await database.read(
            lambda rows: rows.one("SELECT reloptions FROM pg_class WHERE relname = $1", table)
        )
    assert options is not None
    assert "autovacuum_vacuum_scale_factor=0.01" in options["reloptions"]

"""What both engines promise: transactions that are whole, and that end once."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from bot.database.database import Database
from bot.database.errors import DATABASE_ERRORS, is_of_rows
from bot.database.opening import open_database
from bot.database.transaction import Row, Transaction
from tests.quota.ledger_driver import NOON


@pytest.fixture
async def database(engine_url: str, tmp_path: Path) -> AsyncIterator[Database]:
    opening = open_database(engine_url, backup_dir=tmp_path / "backup", now=lambda: NOON)
    async with opening as database:
        yield database


def insert(tx: Transaction, user_id: int, text: str = "{}") -> None:
    tx.write("INSERT INTO preferences (user_id, preferences) VALUES ($1, $2)", user_id, text)


def all_rows(tx: Transaction) -> list[Row]:
    return tx.query("SELECT user_id, preferences FROM preferences ORDER BY user_id")


async def test_what_was_written_is_read_by_name_and_in_order(database: Database) -> None:
    """The same code reads rows of both engines."""
    await database.write(insert, 2**62, "a\U0001f58c\u00e9")
    (row,) = await database.read(all_rows)
    assert (row["user_id"], row[1], tuple(row)) == (2**62, "a\U0001f58c\u00e9", tuple(row))
    assert row.keys() == ["user_id", "preferences"]
    with pytest.raises((KeyError, IndexError)):
        row["nobody"]


async def test_an_error_rolls_everything_back(database: Database) -> None:
    """A hold without its job would be a lost credit."""

    def fail(tx: Transaction) -> None:
        insert(tx, 1)
        raise LookupError

    with pytest.raises(LookupError):
        await database.write(fail)
    assert await database.read(all_rows) == []
    await database.write(insert, 2)
    assert len(await database.read(all_rows)) == 1


async def test_a_statement_that_fails_without_a_result_fails_the_transaction(
    database: Database,
) -> None:
    """It is sent without waiting, so the COMMIT must tell."""

    def twice(tx: Transaction) -> str:
        insert(tx, 1)
        insert(tx, 1)
        return "written"

    with pytest.raises(DATABASE_ERRORS) as failed:
        await database.write(twice)
    assert is_of_rows(failed.value)
    assert await database.read(all_rows) == []


async def test_many_at_once_lose_nothing(database: Database) -> None:
    """Fifty people ask at the same time."""
    await asyncio.gather(*(database.write(insert, number) for number in range(50)))
    assert len(await database.read(all_rows)) == 50


async def test_a_lock_lets_one_after_the_other_read_and_write(database: Database) -> None:
    """Two that read the same sum before either writes would both pass a limit."""
    await database.write(insert, 1, "0")

    def add(tx: Transaction) -> None:
        tx.lock("person:1")
        row = tx.one("SELECT preferences FROM preferences WHERE user_id = $1", 1)
        assert row is not None
        tx.write("UPDATE preferences SET preferences = $1", str(int(row["preferences"]) + 1))

    await asyncio.gather(*(database.write(add) for _ in range(30)))
    assert [row["preferences"] for row in await database.read(all_rows)] == ["30"]


async def test_a_cancelled_caller_leaves_nothing(database: Database) -> None:
    """Whoever gave up is not charged."""
    holding = asyncio.create_task(database.write(insert, 1))
    holding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await holding
    assert await database.read(all_rows) == []


async def test_a_column_that_a_newer_process_adds_fails_nothing_of_an_older_one(
    engine_url: str, tmp_path: Path
) -> None:
    """In a rolling upgrade a job that is about to write its pictures would end as a defect."""

    def select(tx: Transaction) -> list[Row]:
        return tx.query("SELECT * FROM preferences WHERE user_id = $1", 1)

    opening = partial(open_database, engine_url, backup_dir=tmp_path, now=lambda: NOON)
    async with opening(connections=1) as older, opening() as newer:
        for _ in range(4):  # psycopg prepares what comes again
            await older.write(select)
            await older.read(select)
        alter = "ALTER TABLE preferences ADD COLUMN added BIGINT"
        await newer.write(Transaction.write, alter)
        assert await older.write(select) == await older.read(select) == []

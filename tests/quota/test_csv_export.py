"""A server's charges as a file: all of them, in a size that can be posted."""

import csv
import gzip
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.core.job_ids import new_job_id
from bot.database.database import LONG_ROWS
from bot.database.opening import open_file
from bot.database.transaction import Transaction
from bot.quota.csv_export import ExportTooLarge, Statement
from tests.quota.ledger_driver import DAY, SERVER_ID, LedgerDriver, requester

ROOMY = 10**9


@pytest.fixture
def driver(tmp_path: Path) -> Iterator[LedgerDriver]:
    with LedgerDriver.open(tmp_path) as driver:
        yield driver


@pytest.fixture
async def statement(driver: LedgerDriver, tmp_path: Path) -> AsyncIterator[Statement]:
    path = tmp_path / "easel.db"
    async with open_file(path, backup_dir=tmp_path, now=driver.clock) as database:
        yield Statement(database, driver.ledger, now=driver.clock)


def charge_many(driver: LedgerDriver, count: int) -> None:
    """Write charges of the last ten days, as the ledger would have."""

    def charge(tx: Transaction) -> None:
        for number in range(count):
            at = driver.clock.ms - number * 7_919_000 % (10 * DAY)
            tx.write(
                """
                INSERT INTO charges (
                    job_id, server_id, user_id, at, hour, state, asked, credits, own_credits,
                    operator_credits
                ) VALUES ($1, $2, $3, $4, $5, 'settled', 5, 4, 3, 5)
                """,
                new_job_id(at),
                SERVER_ID,
                number * 7_919_000 + 1,
                at,
                at // 3_600_000,
            )

    driver.database.write(charge)


def rows_of(path: Path) -> list[dict[str, str]]:
    """Read the file as a spreadsheet does."""
    content = path.read_bytes()
    text = gzip.decompress(content) if path.suffix == ".gz" else content
    return list(csv.DictReader(text.decode().splitlines()))


@pytest.mark.parametrize("count", [0, 1, LONG_ROWS - 1, LONG_ROWS, LONG_ROWS + 1, 2 * LONG_ROWS])
async def test_every_charge_is_there_once(
    driver: LedgerDriver, statement: Statement, tmp_path: Path, count: int
) -> None:
    """A charge at the edge of a page is neither lost nor told twice."""
    charge_many(driver, count)
    written = await statement.write(tmp_path, server_id=SERVER_ID, days=10, max_bytes=ROOMY)
    rows = rows_of(written.path)
    assert written.count == len(rows) == len({row["job"] for row in rows}) == count
    assert written.path.name == "easel-charges-2023-11-14.csv"
    for row in rows:
        assert (row["credits"], row["from_extra_credits"], row["in_doubt"]) == ("4", "1", "1")


async def test_only_the_days_and_the_server_that_were_asked_for(
    driver: LedgerDriver, statement: Statement, tmp_path: Path
) -> None:
    """Another server's charges are none of this one's business."""
    driver.hold(requester(1))
    driver.hold(requester(1, server_id=SERVER_ID + 1))
    driver.clock.ms += 3 * DAY
    driver.hold(requester(2))
    written = await statement.write(tmp_path, server_id=SERVER_ID, days=2, max_bytes=ROOMY)
    assert [row["user"] for row in rows_of(written.path)] == ["2"]
    assert [row["state"] for row in rows_of(written.path)] == ["held"]


async def test_whoever_deleted_their_data_has_no_number(
    driver: LedgerDriver, statement: Statement, tmp_path: Path
) -> None:
    """Their pseudonym is for the ledger alone."""
    driver.hold(requester(1))
    driver.make_anonymous(1)
    written = await statement.write(tmp_path, server_id=SERVER_ID, days=2, max_bytes=ROOMY)
    assert [row["user"] for row in rows_of(written.path)] == ["deleted"]


async def test_a_large_file_is_compressed(
    driver: LedgerDriver, statement: Statement, tmp_path: Path
) -> None:
    """Discord takes so many bytes and no more."""
    charge_many(driver, 500)
    written = await statement.write(tmp_path, server_id=SERVER_ID, days=10, max_bytes=30_000)
    assert written.path.name.endswith(".csv.gz")
    assert written.path.stat().st_size <= 30_000
    assert len(rows_of(written.path)) == 500


async def test_what_is_still_too_large_is_refused(
    driver: LedgerDriver, statement: Statement, tmp_path: Path
) -> None:
    """The admin hears what to change instead of a failed upload."""
    charge_many(driver, 500)
    with pytest.raises(ExportTooLarge) as refused:
        await statement.write(tmp_path, server_id=SERVER_ID, days=10, max_bytes=5_000)
    assert refused.value.days == 10

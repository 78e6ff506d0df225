"""What Easel ships brings every earlier database up to date, whenever it is interrupted."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.core.models import Requester
from bot.database.migrator import shipped
from bot.quota.ledger import Settlement
from tests.cli.process import environment, run
from tests.database.old_databases import deaths, make, open_and_close
from tests.quota.ledger_driver import LedgerDriver

OLD = range(1, len(shipped()))
Rows = dict[str, list[dict[str, object]]]


def content(path: Path) -> Rows:
    """Return every row of every table."""
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        tables = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'migrations'"
        )
        return {
            table: [dict(row) for row in connection.execute(f"SELECT * FROM {table}")]
            for (table,) in tables.fetchall()
        }


def schema(path: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        (found,) = connection.execute("SELECT MAX(version) FROM migrations").fetchone()
    return int(found)


async def is_up_to_date(path: Path, old: Rows, fresh: Path) -> None:
    """Look for everything that was there, and for the schema of a new database."""
    assert version(path) == len(shipped())
    assert schema(path) == schema(fresh)
    new = content(path)
    for table, rows in old.items():
        kept = [{name: row[name] for name in rows[0]} for row in new[table]]
        added = [row for row in kept if row not in rows]
        assert [row for row in kept if row not in added] == rows
        subjects = {str(row["subject"]).split(":")[0] for row in added if table == "meters"}
        assert len(added) == 0 or (table == "meters" and subjects <= {"server", "ceiling"})


@pytest.fixture
async def fresh(tmp_path: Path) -> Path:
    """Return a new database."""
    await open_and_close(tmp_path / "fresh.db")
    return tmp_path / "fresh.db"


@pytest.mark.parametrize("was", OLD)
async def test_every_earlier_version_is_brought_up_to_date_with_its_data(
    tmp_path: Path, fresh: Path, was: int
) -> None:
    """An operator may have left out any number of updates."""
    await make(tmp_path / "easel.db", was)
    old = content(tmp_path / "easel.db")
    assert [table for table, rows in old.items() if not rows] == []
    await open_and_close(tmp_path / "easel.db")
    await is_up_to_date(tmp_path / "easel.db", old, fresh)
    (backup,) = (tmp_path / "backup").iterdir()
    assert content(backup) == old


@pytest.mark.parametrize("was", [version for version in OLD if version < 4])
async def test_what_was_charged_before_grants_came_from_the_own_level(
    tmp_path: Path, was: int
) -> None:
    """Else old charges would count for nothing; direct messages count as a server at once."""
    await make(tmp_path / "easel.db", was)
    with LedgerDriver.open(tmp_path, default="9/day", server_quota="9/day") as driver:
        charges = driver.rows("SELECT credits, own_credits, price FROM charges ORDER BY 1")
        assert [tuple(row) for row in charges] == [(0, 0, 0), (1, 1, 0), (2, 2, 0), (3, 3, 0)]
        used = [(a.used, a.held) for a in driver.allowances(Requester(2, 0, "Ann"))]
        assert used == [(0, 2), (0, 2)]
        assert driver.settle("b", 1) == Settlement(1, 1)
        meters = {row["subject"]: row["credits"] for row in driver.rows("SELECT * FROM meters")}
    people = {"user:10:1": 3, "server:10": 3, "user:0:2": 1, "server:0": 1}
    assert meters == people | {"ceiling:10": 4, "ceiling:0": 1, "operator": 6}


@pytest.mark.parametrize("was", OLD)
async def test_a_migration_killed_at_any_statement_is_finished_by_the_next_start(
    tmp_path: Path, fresh: Path, was: int
) -> None:
    """The power may go at any moment: the old version is whole, or the new one is."""
    await make(tmp_path / "old.db", was)
    old, before = content(tmp_path / "old.db"), schema(tmp_path / "old.db")
    command = ("tests.database.old_databases", str(tmp_path), str(was))
    ended = await run(*command, folder=tmp_path, env=environment(tmp_path))
    assert (ended.code, ended.err) == (0, "")
    died = list(tmp_path.glob("[0-9]*"))
    assert len(died) == len(list(deaths(was)))
    for folder in died:
        path = folder / "easel.db"
        shutil.rmtree(folder / "backup")
        assert version(path) == was
        assert (schema(path), content(path)) == (before, old)
        await open_and_close(path)
        await is_up_to_date(path, old, fresh)


async def test_the_files_of_old_requests_are_found_by_their_hashes(tmp_path: Path) -> None:
    """Else a deletion would remove what another person's old request needs for /history."""
    path = tmp_path / "easel.db"
    await make(path, 9)
    files = '"references":[{"sha256":"r1"},{"sha256":"r2"}],"mask":{"sha256":"m"}'
    request = f'{{"prompt":"\\"sha256\\":","model":"m",{files}}}'
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE jobs SET request = ? WHERE id = 'a'", (request,))
        connection.execute("UPDATE jobs SET request = '{\"sha256\":' WHERE id = 'b'")
    connection.close()
    await open_and_close(path)
    found = content(path)["request_files"]
    assert sorted((row["job_id"], row["sha256"]) for row in found) == [
        ("a", "m"),
        ("a", "r1"),
        ("a", "r2"),
    ]

"""What a start does with a database: brings it up to date, or leaves it exactly as it was."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from bot.core.errors.base import StartRefused
from bot.database.migrator import shipped
from bot.database.opening import open_file

FIRST = "-- a comment; with a semicolon\nCREATE TABLE a (n BIGINT);\nINSERT INTO a VALUES (1);\n"
SECOND = (
    "CREATE TABLE b (n BIGINT);",
    "INSERT INTO b SELECT n FROM a;",
    "DROP TABLE a;",
    "CREATE INDEX b_n ON b (n)",
)


async def migrated(folder: Path, migrations: Sequence[str] | None) -> None:
    """Open and close the database of that folder."""
    database = open_file(
        folder / "easel.db", backup_dir=folder / "backup", now=lambda: 7, migrations=migrations
    )
    async with database:
        pass


def read(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def schema(path: Path) -> list[tuple[object, ...]]:
    return read(path, "SELECT name, sql FROM sqlite_master ORDER BY name")


async def test_a_new_database_gets_everything_that_easel_ships(tmp_path: Path) -> None:
    """The wheel must carry its migrations, numbered without a gap."""
    await migrated(tmp_path, None)
    path = tmp_path / "easel.db"
    tables = {name for (name,) in read(path, "SELECT name FROM sqlite_master")}
    assert {"jobs", "charges", "meters", "limits", "audit"} <= tables
    versions = [(number,) for number in range(1, len(shipped()) + 1)]
    assert read(path, "SELECT version FROM migrations") == versions
    assert not (tmp_path / "backup").exists()


async def test_opening_it_again_changes_nothing(tmp_path: Path) -> None:
    """Every start runs the migrations."""
    await migrated(tmp_path, None)
    before = schema(tmp_path / "easel.db")
    await migrated(tmp_path, None)
    assert schema(tmp_path / "easel.db") == before


async def test_an_old_database_is_copied_before_it_is_changed(tmp_path: Path) -> None:
    """An operator can go back to the version before."""
    await migrated(tmp_path, [FIRST])
    await migrated(tmp_path, [FIRST, "\n".join(SECOND)])
    assert read(tmp_path / "easel.db", "SELECT n FROM b") == [(1,)]
    (backup,) = (tmp_path / "backup").iterdir()
    assert backup.name == "easel-v1-7.db"
    assert read(backup, "SELECT n FROM a") == [(1,)]
    assert read(backup, "SELECT version FROM migrations") == [(1,)]


@pytest.mark.parametrize("failing", range(len(SECOND) + 1))
async def test_a_migration_interrupted_at_any_statement_applies_nothing(
    tmp_path: Path, failing: int
) -> None:
    """A half-changed schema could neither start nor go back."""
    await migrated(tmp_path, [FIRST])
    before = schema(tmp_path / "easel.db")
    broken = (*SECOND[:failing], "SELECT nonsense;", *SECOND[failing:])
    with pytest.raises(StartRefused, match="cannot be used"):
        await migrated(tmp_path, [FIRST, "\n".join(broken)])
    assert schema(tmp_path / "easel.db") == before
    assert read(tmp_path / "easel.db", "SELECT n FROM a") == [(1,)]


async def test_a_newer_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    """An old Easel would misread what a newer one has written."""
    await migrated(tmp_path, [FIRST, "\n".join(SECOND)])
    before = schema(tmp_path / "easel.db")
    with pytest.raises(StartRefused, match=r"newer than this Easel.*DATABASE_URL"):
        await migrated(tmp_path, [FIRST])
    assert schema(tmp_path / "easel.db") == before


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """DATABASE_URL may point to somebody's picture by mistake; it must survive."""
    (tmp_path / "easel.db").write_bytes(b"no database" * 100)
    with pytest.raises(StartRefused, match=r"not a database.*DATABASE_URL"):
        await migrated(tmp_path, None)
    assert (tmp_path / "easel.db").read_bytes() == b"no database" * 100


async def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    """A file stands where the data folder should be."""
    (tmp_path / "data").write_text("a file")
    with pytest.raises(StartRefused, match="DATABASE_URL"):
        await migrated(tmp_path / "data", None)


async def test_a_folder_in_the_place_of_the_file_is_refused(tmp_path: Path) -> None:
    """SQLite's own words alone would not name the variable."""
    (tmp_path / "easel.db").mkdir()
    with pytest.raises(StartRefused, match="DATABASE_URL"):
        await migrated(tmp_path, None)


async def test_without_a_backup_nothing_is_migrated(tmp_path: Path) -> None:
    """A full or read-only disk must not cost the way back."""
    await migrated(tmp_path, [FIRST])
    (tmp_path / "backup").write_text("a file")
    with pytest.raises(StartRefused, match="backup"):
        await migrated(tmp_path, [FIRST, "\n".join(SECOND)])
    assert read(tmp_path / "easel.db", "SELECT n FROM a") == [(1,)]

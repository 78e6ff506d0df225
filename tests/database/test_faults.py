"""A file that cannot be used is told as what it is, with the mend that helps."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.cli.db import print_status
from bot.cli.doctor.file_checks import check_database
from bot.cli.doctor.finding import Sign
from bot.core.errors.base import StartRefused
from bot.database.faults import unusable
from bot.database.opening import open_file
from playground.settings import GivenSettings
from tests.cli.process import environment, run
from tests.cogs.scripted_gateway import ScriptedGateway
from tests.database.test_outage import SOON, locked


async def open_it(path: Path) -> None:
    async with open_file(path, backup_dir=path.parent, now=lambda: 0, waits=SOON):
        pass


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    await open_it(tmp_path / "easel.db")
    return tmp_path / "easel.db"


def overwrite_table(path: Path, table: str) -> None:
    """Destroy the first page of a table and of each of its indexes, as a bad disk does."""
    with closing(sqlite3.connect(path)) as database:
        pages = database.execute(
            "SELECT rootpage FROM sqlite_schema WHERE tbl_name = ? AND rootpage > 0", (table,)
        ).fetchall()
        (size,) = database.execute("PRAGMA page_size").fetchone()
    assert pages
    with path.open("r+b") as file:
        for (page,) in pages:
            file.seek((page - 1) * size)
            file.write(b"\xff" * size)


@pytest.mark.parametrize("how", ["half", "text", "table"])
async def test_a_damaged_file_is_told_as_damaged(path: Path, how: str) -> None:
    """To point DATABASE_URL elsewhere would forget everybody's credits."""
    data = path.read_bytes()
    match how:
        case "half":
            path.write_bytes(data[: len(data) // 2])
        case "text":
            path.write_bytes(b"no database" * 1000)
        case _:
            overwrite_table(path, "migrations")
    with pytest.raises(StartRefused, match=r"is damaged.* \(.*python -m bot db restore FILE\.$"):
        await open_it(path)


async def test_damage_that_a_start_meets_later_is_one_sentence_as_well(
    path: Path, tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """No traceback, whichever table it is."""
    overwrite_table(path, "jobs")
    env = environment(tmp_path, gateway, DATABASE_URL=f"sqlite:///{path}")
    for command in (["jobs"], ["imagine", "a fox"]):
        ended = await run("bot", *command, folder=tmp_path, env=env)
        assert (ended.code, ended.out) == (2, "")
        assert ended.err.startswith(f"easel: The database {path} is damaged (")
        assert "db restore FILE" in ended.err
    assert gateway.bodies == []


async def test_a_locked_file_is_told_as_locked(path: Path) -> None:
    """Nothing is wrong with it, so nobody should restore a backup."""
    with locked(path), pytest.raises(StartRefused, match="is held by another program") as refused:
        await open_it(path)
    assert "close the other program" in str(refused.value)
    assert "restore" not in str(refused.value)
    await open_it(path)


@pytest.mark.parametrize(
    "table", ["people (name TEXT)", "migrations (id INTEGER, migration TEXT, batch INTEGER)"]
)
async def test_the_database_of_another_program_is_left_as_it_is(tmp_path: Path, table: str) -> None:
    """A mistyped DATABASE_URL must not put our tables beside somebody's."""
    path = tmp_path / "theirs.db"
    with closing(sqlite3.connect(path)) as theirs:
        theirs.execute(f"CREATE TABLE {table}")
    before = path.read_bytes()
    with pytest.raises(StartRefused, match="belongs to another program: point DATABASE_URL"):
        await open_it(path)
    with pytest.raises(StartRefused, match="belongs to another program"):
        print_status(path, 0, print, backups=tmp_path / "backup")
    found = check_database(GivenSettings(database_url=f"sqlite:///{path}"))
    assert (found.sign, found.fix) == (
        Sign.WRONG,
        "Point DATABASE_URL to a file that Easel may create.",
    )
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["theirs.db"]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (sqlite3.SQLITE_FULL, "free some disk space"),
        (sqlite3.SQLITE_IOERR_READ, "check the disk"),
        (sqlite3.SQLITE_CANTOPEN, "let the bot's user write it and its folder"),
        (sqlite3.SQLITE_READONLY_DBMOVED, "let the bot's user write it and its folder"),
        (sqlite3.SQLITE_ERROR, "let the bot's user write it and its folder"),
    ],
)
def test_each_fault_has_its_mend(code: int, words: str) -> None:
    """A full disk is not a matter of rights."""
    error = sqlite3.OperationalError("as SQLite says it")
    error.sqlite_errorcode = code
    assert words in unusable(error).sentence(Path("easel.db"))

"""The data folder and the database, neither of which the doctor may change."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from bot.cli.doctor.file_checks import check_database, check_folder
from bot.cli.doctor.finding import Sign
from bot.core.clock import wall_clock_ms
from bot.core.process_lock import hold_bot_lock
from bot.database.migrator import shipped
from bot.database.opening import open_file
from bot.database.transaction import Transaction
from bot.settings.settings import Settings, lock_folders
from playground.settings import GivenSettings

OURS = len(shipped())


def plenty(_: Path) -> int:
    return 50 * 10**9


def everything(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


@pytest.fixture
async def database(tmp_path: Path) -> Path:
    path = tmp_path / "data" / "easel.db"
    async with open_file(path, backup_dir=tmp_path / "backup", now=wall_clock_ms):
        pass
    return path


def at(path: Path) -> Settings:
    return GivenSettings(database_url=f"sqlite:///{path}", data_dir=path.parent)


def of(folder: Path) -> Settings:
    return GivenSettings(data_dir=folder)


@contextmanager
def writing(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path)) as connection:
        yield connection
        connection.commit()


def test_a_folder_is_really_written_and_left_as_it_was(tmp_path: Path) -> None:
    """Rights on paper are not rights on a read-only disk."""
    found = check_folder(of(tmp_path), plenty)
    assert (found.sign, found.facts) == (Sign.FINE, f"{tmp_path}, 50.0 GB free")
    assert everything(tmp_path) == set()


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    """The start makes it; in the wrong user's name it would be in the bot's way."""
    found = check_folder(of(tmp_path / "a" / "b"), plenty)
    assert found.sign is Sign.FINE
    assert found.facts.endswith("; it will be created at the start")
    assert everything(tmp_path) == set()


def test_a_folder_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    """DATA_DIR below a file, or where the bot's user may not write."""
    (tmp_path / "file").write_text("")
    found = check_folder(of(tmp_path / "file" / "data"), plenty)
    assert found.sign is Sign.WRONG
    assert found.facts == f"{tmp_path / 'file' / 'data'} cannot be written (Not a directory)"
    assert "DATA_DIR" in found.fix


@pytest.mark.parametrize(
    ("free", "sign", "said"),
    [
        (99_999_999, Sign.WRONG, "99 MB free"),
        (100_000_000, Sign.WARNING, "100 MB free"),
        (999_999_999, Sign.WARNING, "999 MB free"),
        (1_000_000_000, Sign.FINE, "1.0 GB free"),
    ],
)
def test_little_room_is_told_with_the_figure(
    tmp_path: Path, free: int, sign: Sign, said: str
) -> None:
    """A full disk loses pictures that are paid for."""
    found = check_folder(of(tmp_path), lambda _: free)
    assert found.sign is sign
    assert said in found.facts
    assert (found.fix != "") is (sign is not Sign.FINE)


def test_a_running_bot_is_seen_and_not_disturbed(tmp_path: Path) -> None:
    """The doctor is mostly called while the bot runs."""
    with hold_bot_lock(lock_folders(of(tmp_path))):
        found = check_folder(of(tmp_path), plenty)
        assert found.facts.endswith("; a bot is running on it, which is fine")
    assert found.sign is Sign.FINE
    assert "a bot runs" not in check_folder(of(tmp_path), plenty).facts
    with hold_bot_lock(lock_folders(of(tmp_path))):
        pass  # the doctor kept no lock


def test_an_address_that_is_no_sqlite_file_is_the_stores_sentence(tmp_path: Path) -> None:
    """The same words as at the start."""
    found = check_database(GivenSettings(database_url="mysql://x"))
    assert found.sign is Sign.WRONG
    assert found.fix.startswith("DATABASE_URL names no SQLite file")


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    """A file of the wrong user would stop the bot."""
    found = check_database(at(tmp_path / "deep" / "easel.db"))
    assert found.sign is Sign.FINE
    assert found.facts.endswith("easel.db will be created at the start")
    assert everything(tmp_path) == set()


def test_a_sound_database_is_left_as_it_was(database: Path) -> None:
    """SQLite would leave -wal and -shm files behind, in the name of the doctor's user."""
    before = everything(database.parent)
    found = check_database(at(database))
    assert (found.sign, found.facts) == (Sign.FINE, f"{database}, intact, version {OURS}")
    assert everything(database.parent) == before


async def test_a_database_in_use_is_read_with_its_newest_rows(database: Path) -> None:
    """What the running bot has committed may still stand in the -wal file alone."""

    def look_before_the_commit(tx: Transaction) -> None:
        tx.write("INSERT INTO migrations (version, at) VALUES ($1, 1)", OURS + 1)
        assert check_database(at(database)).sign is Sign.FINE

    backup_dir = database.parent
    async with open_file(database, backup_dir=backup_dir, now=wall_clock_ms) as opened:
        await opened.write(look_before_the_commit)
    found = check_database(at(database))
    assert found.sign is Sign.WRONG


async def test_committed_rows_of_a_running_bot_are_seen(database: Path) -> None:
    """Without the -wal file the version would be yesterday's."""
    with closing(sqlite3.connect(database)) as running:
        running.execute("INSERT INTO migrations (version, at) VALUES (?, 1)", (OURS + 1,))
        running.commit()
        assert database.with_name("easel.db-wal").exists()
        found = check_database(at(database))
    assert found.sign is Sign.WRONG


def test_a_newer_database_is_told_before_the_start_refuses_it(database: Path) -> None:
    """After a step back to an earlier Easel."""
    with writing(database) as connection:
        connection.execute("INSERT INTO migrations (version, at) VALUES (?, 1)", (OURS + 1,))
    found = check_database(at(database))
    assert found.sign is Sign.WRONG
    assert found.facts.endswith(f"version {OURS + 1}, newer than this Easel's {OURS}")
    assert found.fix.startswith("Update Easel")


@pytest.mark.parametrize("script", ["", "CREATE TABLE migrations (version BIGINT, at BIGINT)"])
def test_an_older_database_is_only_announced(tmp_path: Path, script: str) -> None:
    """The start migrates it, after a backup; the doctor never does."""
    path = tmp_path / "easel.db"
    with writing(path) as connection:
        connection.executescript(script + ";")
    before = path.read_bytes()
    found = check_database(at(path))
    assert found.sign is Sign.FINE
    assert found.facts.endswith(f"version 0; the start will upgrade it to {OURS}")
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    """DATABASE_URL of the wrong file."""
    path = tmp_path / "easel.db"
    path.write_text("hello " * 1000)
    found = check_database(at(path))
    assert found.facts == f"{path} is damaged, or another kind of file (file is not a database)"
    assert "backup" in found.fix


def test_a_damaged_database_is_told(database: Path) -> None:
    """A disk that lost a page: better heard of now than at the next start."""
    with writing(database) as connection:
        connection.execute("CREATE TABLE padding (text TEXT)")
        connection.executemany("INSERT INTO padding VALUES (?)", [("x" * 900,)] * 200)
    with database.open("r+b") as file:
        file.seek(-20 * 4096 + 8, os.SEEK_END)  # behind the head of a page
        file.write(b"\xff" * 8)
    found = check_database(at(database))
    assert found.sign is Sign.WRONG
    assert "is damaged: " in found.facts
    assert "restore your newest backup" in found.fix


def test_a_folder_in_place_of_the_file_is_told(tmp_path: Path) -> None:
    """A container's volume mounted over the file makes a folder of it."""
    (tmp_path / "easel.db").mkdir()
    found = check_database(at(tmp_path / "easel.db"))
    assert found.facts.endswith("easel.db cannot be used (Is a directory)")
    assert "DATABASE_URL" in found.fix


def test_a_database_that_may_not_be_written_is_told(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made by root once, read by the bot's user ever since."""
    monkeypatch.setattr(os, "access", lambda *_: False)  # tests may run as root, who may all
    found = check_database(at(database))
    assert (found.sign, found.facts) == (Sign.WRONG, f"{database} cannot be written")
    assert found.fix.startswith("Let the bot's user write it")

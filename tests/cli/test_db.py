"""``python -m bot db``: a look at the database, and a copy of it, while a bot writes."""

import asyncio
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from bot.cli import db, db_server
from bot.cli.sizes import format_bytes
from bot.core.errors.base import StartRefused
from bot.database.migrator import shipped
from bot.database.opening import open_file
from bot.database.scheduled_copies import make_scheduled_copy
from tests.cli.process import environment, run, running
from tests.cogs.scripted_gateway import ScriptedGateway
from tests.crash.counting_gateway import open_gateway
from tests.database.engines import IS_POSTGRESQL, sqlite_only, url_of
from tests.jobs.service_harness import RecordingCourier
from tests.jobs.test_recovery import process
from tests.waiting import until

OURS = len(shipped())
HOUR_MS = 3_600_000


@pytest.fixture
async def database(tmp_path: Path) -> Path:
    path = tmp_path / "data" / "easel.db"
    async with open_file(path, backup_dir=tmp_path / "backup", now=lambda: 0):
        pass
    return path


def looked_at(path: Path, now: int = 0) -> tuple[int, list[str]]:
    said: list[str] = []
    backups = path.parent / "backup"
    return db.print_status(path, now, said.append, backups=backups), said


def status_of(folder: Path) -> tuple[int, list[str]]:
    """Look at the database of a folder, whichever engine it is on."""
    if not IS_POSTGRESQL:
        return looked_at(folder / "easel.db")
    said: list[str] = []
    return db_server.print_server_status(url_of(folder), 0, said.append), said


def copied(path: Path, file: Path, *, force: bool = False) -> tuple[int, list[str]]:
    said: list[str] = []
    code = db.back_up(path, file, path.parent, said.append, force=force)
    return code, said


def change(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(sql)
        connection.commit()


def read(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def everything(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def damage(path: Path) -> None:
    """Overwrite what lies behind the first page."""
    data = path.read_bytes()
    path.write_bytes(data[:4096] + b"\xff" * (len(data) - 4096))


def words_of(said: list[str]) -> dict[str, str]:
    return {line[:15].strip(): line[15:].strip() for line in said if line[:1].isupper()}


async def test_status_says_what_is_there_and_changes_nothing(database: Path) -> None:
    """An operator sees size, version, rows and age at a glance; looking leaves no file behind."""
    for at in (5 * HOUR_MS, 2 * HOUR_MS):
        change(
            database,
            "INSERT INTO charges (job_id, server_id, user_id, at, hour, state, asked, credits,"
            f" operator_credits) VALUES ('{at}', 1, 2, {at}, {at // HOUR_MS}, 'settled', 0, 0, 0)",
        )
    before = everything(database.parent)
    code, said = looked_at(database, now=8 * HOUR_MS)
    assert code == 0
    assert everything(database.parent) == before
    words = words_of(said)
    assert words["FILE"] == f"{database}, {format_bytes(database.stat().st_size)}"
    assert words["WAL"] == "none"
    assert words["CHECK"] == "ok"
    assert words["VERSION"] == f"{OURS} (this Easel's is {OURS})"
    assert words["OPEN JOBS"] == "0"
    assert words["OLDEST CHARGE"] == "6h ago"
    assert words["NEWEST BACKUP"] == f"none on schedule in {database.parent / 'backup'}"
    table = dict(line.split() for line in said[said.index("") + 1 :])
    assert table["TABLE"] == "ROWS"
    assert (table["charges"], table["jobs"], table["migrations"]) == ("2", "0", str(OURS))


async def test_status_says_how_old_the_newest_backup_is(database: Path) -> None:
    """Not the day of the disaster is the day to learn that there is none."""
    make_scheduled_copy(database.parent / "backup", database, now=5 * HOUR_MS)
    (path,) = (database.parent / "backup").iterdir()
    words = words_of(looked_at(database, now=8 * HOUR_MS)[1])
    assert words["NEWEST BACKUP"] == f"{path}, 3h ago"


async def test_status_works_beside_a_bot_that_paints(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """What is committed but still in the -wal counts, and an open job is told."""
    gateway.gate.clear()
    async with process(tmp_path, gateway) as harness:
        await harness.submit(RecordingCourier())
        await asyncio.wait_for(gateway.asked.wait(), 60)
        code, said = status_of(tmp_path)
        gateway.gate.set()
        await harness.services.job_service.drained()
    assert code == 0
    assert words_of(said)["OPEN JOBS"] == "1"
    assert IS_POSTGRESQL or words_of(said)["WAL"] != "none"


@pytest.mark.parametrize(
    ("version", "code", "sentence"),
    [(OURS - 1, 0, "The next start upgrades the database from version"), (99, 1, "update Easel")],
)
async def test_another_version_is_told_and_left_as_it_is(
    database: Path, version: int, code: int, sentence: str
) -> None:
    """Before and after an update; looking and copying never migrate."""
    change(database, f"DELETE FROM migrations WHERE version > {version}")
    if version > OURS:
        change(database, f"INSERT INTO migrations VALUES ({version}, 0)")
    found, said = looked_at(database)
    assert (found, sentence in said[-1]) == (code, True)
    assert copied(database, database.with_name("copy.db"))[0] == 0
    for path in (database, database.with_name("copy.db")):
        assert read(path, "SELECT MAX(version) FROM migrations") == [(version,)]


@pytest.mark.parametrize("content", [b"", b"no database" * 1000])
async def test_what_is_no_database_of_ours_never_looks_like_one(
    tmp_path: Path, content: bytes
) -> None:
    """An empty file holds nothing, and any other file is told as damaged."""
    path = tmp_path / "easel.db"
    path.write_bytes(content)
    code, said = looked_at(path)
    if content:
        assert code == 1
        assert "file is not a database" in said[-1]
        assert copied(path, tmp_path / "copy.db")[0] == 1
        assert [file.name for file in tmp_path.iterdir()] == ["easel.db"]
    else:
        assert said[-1].startswith("The next start upgrades the database from version 0")


async def test_a_damaged_database_is_a_sentence_and_replaces_no_good_copy(database: Path) -> None:
    """Overwriting the last good backup with a damaged one would be the end of it."""
    copy = database.with_name("copy.db")
    copied(database, copy)
    good = copy.read_bytes()
    damage(database)
    code, said = looked_at(database)
    assert code == 1
    assert "restore your newest backup" in said[-1]
    code, said = copied(database, copy, force=True)
    assert code == 1
    assert "so there is no new backup" in said[-1]
    assert copy.read_bytes() == good
    assert sorted(path.name for path in database.parent.iterdir()) == ["copy.db", "easel.db"]


async def test_what_cannot_be_read_is_not_called_damaged(database: Path) -> None:
    """Somebody who restores a backup for want of a right loses a day."""
    database.with_name("easel.db-wal").mkdir()
    with pytest.raises(StartRefused, match="cannot be read"):
        looked_at(database)
    with pytest.raises(StartRefused, match="could not be written"):
        copied(database, database.with_name("copy.db"))
    assert not list(database.parent.glob("copy*"))


@pytest.mark.parametrize("action", [("status",), ("backup", "copy.db")])
async def test_without_a_database_there_is_a_sentence_and_no_file(
    tmp_path: Path, gateway: ScriptedGateway, action: tuple[str, ...]
) -> None:
    """A mistyped DATABASE_URL must not pass for an empty database."""
    env = environment(tmp_path, gateway, DATABASE_URL=f"sqlite:///{tmp_path}/data/easel.db")
    ended = await run("bot", "db", *action, folder=tmp_path, env=env)
    assert (ended.code, ended.out) == (2, "")
    assert "easel: There is no database" in ended.err
    assert list(tmp_path.iterdir()) == []


async def test_a_copy_made_while_a_bot_writes_is_whole(tmp_path: Path) -> None:
    """The bot goes on; the copy is of one moment: every job in it has its charge."""
    path = tmp_path / "easel.db"
    env = environment(tmp_path, DATABASE_URL=f"sqlite:///{path}", DATA_DIR=str(tmp_path))
    async with open_gateway(Random(1)) as gateway:
        driver = ("tests.crash.service_process", str(tmp_path), gateway.url, "2000")
        async with running(*driver, folder=tmp_path, env=env) as bot:
            await until(lambda: gateway.begun > 0)
            for number in range(3):
                backup = ("bot", "db", "backup", f"copy-{number}.db")
                ended = await run(*backup, folder=tmp_path, env=env)
                assert (ended.code, ended.err) == (0, "")
                assert "To restore it, stop the bot" in ended.out
            assert bot.returncode is None
    for number in range(3):
        copy = tmp_path / f"copy-{number}.db"
        assert read(copy, "PRAGMA integrity_check") == [("ok",)]
        assert read(copy, "SELECT id FROM jobs ORDER BY id") == read(
            copy, "SELECT job_id FROM charges ORDER BY job_id"
        )
        assert read(copy, "SELECT SUM(operator_credits) FROM charges") == read(
            copy, "SELECT SUM(credits) FROM meters WHERE subject = 'operator'"
        )
        assert (copy.stat().st_mode & 0o077) == 0
    assert not list(tmp_path.glob("*.part"))


@sqlite_only("test_db_server.py restores a server's copy")
async def test_a_copy_can_be_restored(tmp_path: Path, gateway: ScriptedGateway) -> None:
    """The command that a backup ends with is tried here."""
    folder = tmp_path / "data"
    async with process(folder, gateway) as harness:
        await harness.submit(RecordingCourier())
        await harness.services.job_service.drained()
        _, said = copied(folder / "easel.db", tmp_path / "copy.db")
        await harness.submit(RecordingCourier())
        await harness.services.job_service.drained()
    (command,) = (line.partition("run: python -m ")[2] for line in said if "run: " in line)
    ended = await run(*command.split(), folder=tmp_path, env=environment(tmp_path, gateway))
    assert (ended.code, ended.err) == (0, "")
    async with process(folder, gateway) as harness:
        assert harness.rows("SELECT state FROM jobs") == [("done",)]
        await harness.submit(RecordingCourier())
        await harness.services.job_service.drained()
        assert harness.rows("SELECT SUM(credits) FROM charges") == [(2,)]


async def test_an_existing_file_is_replaced_only_by_force(database: Path) -> None:
    """A slip of the hand must not cost yesterday's backup."""
    copy = database.with_name("easel.db.bak")
    copy.write_text("yesterday")
    with pytest.raises(StartRefused, match="exists already: name another file, or add --force"):
        copied(database, copy)
    assert copy.read_text() == "yesterday"
    code, said = copied(database, copy, force=True)
    assert code == 0
    assert said[0] == f"The database was copied to {copy} ({format_bytes(copy.stat().st_size)})."
    assert read(copy, "SELECT COUNT(*) FROM migrations") == [(OURS,)]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("easel.db", "the database itself"),
        ("easel.db-wal", "the database itself"),
        ("../data/easel.db", "the database itself"),
        ("missing/copy.db", "There is no folder"),
        (".", "is a folder"),
    ],
)
async def test_a_file_that_cannot_be_meant_is_refused(
    database: Path, name: str, sentence: str
) -> None:
    """Also with --force: the database copied over itself would be no database."""
    before = everything(database.parent)
    with pytest.raises(StartRefused, match=sentence):
        copied(database, database.parent / name, force=True)
    assert everything(database.parent) == before


async def test_a_full_disk_is_one_sentence_and_leaves_nothing(
    database: Path, gateway: ScriptedGateway
) -> None:
    """Half a backup is worse than none; the shell's limit of 40 kB stands for the disk."""
    folder = database.parent.parent
    command = 'ulimit -f 80; exec "$0" -m bot db backup "$1"'
    process = await asyncio.create_subprocess_exec(
        "sh", "-c", command, sys.executable, str(folder / "copy.db"),
        env=environment(folder, gateway),
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 2
    assert "could not be written" in err.decode()
    assert list(folder.glob("copy*")) == []


@pytest.mark.parametrize(
    ("count", "words"), [(7, "7 bytes"), (4096, "4.1 kB"), (12_345_678, "12.3 MB")]
)
def test_a_size_is_told_in_words(count: int, words: str) -> None:
    """Nobody counts digits."""
    assert format_bytes(count) == words

"""``python -m bot db`` on a PostgreSQL server: a look at it, a copy, and what one brings back."""

import argparse
import asyncio
import os
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from shlex import split

import psycopg
import pytest

from bot.cli import db, db_server
from bot.core.errors.base import StartRefused
from bot.database.migrator import shipped
from bot.database.postgresql.connect import connect, parameters_of
from bot.settings.settings import Settings
from tests.cli.process import environment, run
from tests.cli.test_db import words_of
from tests.cli.test_db_move import NEWEST, NOW, moved, rows_of_server
from tests.cogs.scripted_gateway import ScriptedGateway
from tests.database import old_databases
from tests.database.postgresql_server import Server, binaries

PASSWORD = "open-sesame"


@pytest.fixture
async def url(tmp_path: Path, postgresql: Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return a database with rows in every table; its server's pg_dump is installed."""
    monkeypatch.setenv("PATH", f"{binaries()}:{os.environ['PATH']}")
    path = tmp_path / "old" / "easel.db"
    path.parent.mkdir()
    await old_databases.make(path, NEWEST)
    found = postgresql.new_database()
    moved(tmp_path, f"sqlite:///{path}", found)
    return found


def looked_at(url: str) -> tuple[int, list[str]]:
    said: list[str] = []
    return db_server.print_server_status(url, NOW, said.append), said


def backed_up(url: str, file: Path, *, force: bool = False) -> list[str]:
    said: list[str] = []
    assert db_server.back_up_server(url, file, Path("data"), said.append, force=force) == 0
    return said


def program(folder: Path, script: str) -> None:
    """Write a program in the place of pg_dump."""
    folder.mkdir(exist_ok=True)
    file = folder / "pg_dump"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o700)


def test_status_says_what_is_there(url: str) -> None:
    """An operator sees version, size, connections and rows at a glance, as for a file."""
    code, said = looked_at(url)
    words = words_of(said)
    assert code == 0
    assert words["SERVER"] == url
    assert words["COLLATION"] == "C, UTF8"
    assert words["CONNECTIONS"].endswith(" of 297")  # max_connections is 300
    assert words["VERSION"] == f"{len(shipped())} (this Easel's is {len(shipped())})"
    assert words["OPEN JOBS"] == "1"
    assert words["OLDEST CHARGE"].endswith("ago")
    table = dict(line.split() for line in said[said.index("") + 1 :])
    assert (table["TABLE"], table["charges"], table["jobs"]) == ("ROWS", "4", "4")


def test_rows_of_a_large_table_are_the_servers_estimate(url: str) -> None:
    """To count a hundred million rows would take minutes of the server's time."""
    said: list[str] = []
    db_server.print_server_status(url, NOW, said.append, most_counted=2)
    assert any(line.split() == ["jobs", "about", "4"] for line in said)
    assert said[-1] == "About: the server's estimate, as of its last ANALYZE."


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        (None, "has no tables yet"),
        ("CREATE TABLE customers (id BIGINT)", "tables of another program"),
    ],
)
def test_a_database_that_is_not_easels_is_no_status(
    postgresql: Server, sql: str | None, words: str
) -> None:
    """A misspelt name would otherwise look like lost data."""
    url = postgresql.new_database()
    if sql:
        with closing(psycopg.connect(url, autocommit=True)) as connection:
            connection.execute(sql.encode())
    with pytest.raises(StartRefused, match=words):
        looked_at(url)


def test_a_version_is_compared_with_this_easels(url: str) -> None:
    """Before a start, the operator learns that it upgrades, or refuses."""
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        connection.execute("DELETE FROM migrations WHERE version > 2")
        assert looked_at(url)[1][-1].startswith(
            "The next start upgrades the database from version 2"
        )
        connection.execute("INSERT INTO migrations VALUES (9999, 0)")
    code, said = looked_at(url)
    assert code == 1
    assert "newer" in said[-1]


async def test_a_copy_is_restored_as_the_page_says(
    tmp_path: Path, url: str, postgresql: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commands that are printed work, and nothing that was open is painted again."""
    folder, file = tmp_path / "backup", tmp_path / "backup" / "easel.dump"
    said = backed_up(url, file)
    assert (file.stat().st_mode & 0o777, list(folder.iterdir())) == (0o600, [file])
    assert f"copied to {file}" in said[0]
    before, restored = rows_of_server(url), postgresql.new_database()
    command = split(said[1].partition("run ")[2].partition(";")[0])
    name = restored.rpartition("/")[2]
    command = ["--dbname=" + name if part == "--dbname=easel2" else part for part in command]
    monkeypatch.setenv("PGHOST", "127.0.0.1")
    monkeypatch.setenv("PGPORT", str(postgresql.port))
    monkeypatch.setenv("PGUSER", "easel")
    await asyncio.to_thread(subprocess.run, command, check=True)
    assert rows_of_server(restored) == before
    told: list[str] = []
    settings = Settings(data_dir=tmp_path, database_url=restored)
    assert await db_server.end_what_was_open(settings, restored, told.append) == 0
    assert told[0].startswith("One job was open in it")
    with closing(connect(parameters_of(restored))) as connection:
        open_job = connection.execute("SELECT channel_id, token FROM jobs WHERE ended_at IS NULL")
        assert open_job.fetchall() == [(None, None)]
        with pytest.raises(StartRefused, match="in use"):
            await db_server.end_what_was_open(settings, restored, told.append)


def test_the_password_is_in_no_argument(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every user of a machine reads the arguments of every process."""
    script = f'echo "$@" >> {tmp_path}/seen; echo "$PGPASSWORD" > {tmp_path}/password\n'
    program(tmp_path / "bin", f'{script} exec {binaries()}/pg_dump "$@"')
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    backed_up(url.replace("easel@", f"easel:{PASSWORD}@"), tmp_path / "easel.dump")
    assert PASSWORD not in (tmp_path / "seen").read_text()
    assert (tmp_path / "password").read_text() == f"{PASSWORD}\n"


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (None, "pg_dump is not installed here"),
        ("echo 'pg_dump (PostgreSQL) 9.6.24'", "pg_dump here is of 9"),
        (
            'case $1 in --version) echo "pg_dump (PostgreSQL) 99.0";;'
            " *) echo half > data/backup/easel.dump.part; echo 'no, never' >&2; exit 1;; esac",
            "no, never",
        ),
    ],
)
def test_a_copy_that_cannot_be_made_leaves_nothing(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch, script: str | None, words: str
) -> None:
    """Half a copy would look like one on the day of the disaster."""
    program(tmp_path / "bin", script or "")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / ("bin" if script else "none")))
    with pytest.raises(StartRefused, match=words):
        backed_up(url, tmp_path / "data" / "backup" / "easel.dump")
    assert not list(tmp_path.glob("data/backup/*"))


def test_a_file_is_replaced_only_on_request(tmp_path: Path, url: str) -> None:
    """The last good copy must not go by a key too many."""
    file = tmp_path / "easel.dump"
    backed_up(url, file)
    with pytest.raises(StartRefused, match="--force"):
        backed_up(url, file)
    backed_up(url, file, force=True)


def run_db(settings: Settings, action: str, file: Path | None = None) -> int:
    parser = argparse.ArgumentParser()
    db.add_db_options(parser)
    return db.run_db(settings, parser.parse_args([action, *([str(file)] if file else [])]))


@pytest.fixture
def kinds(tmp_path: Path, url: str) -> Callable[[str], Settings]:
    def settings(kind: str) -> Settings:
        address = url if kind == "server" else f"sqlite:///{tmp_path / 'old' / 'easel.db'}"
        return Settings(data_dir=tmp_path / "data", database_url=address)

    return settings


@pytest.mark.parametrize(("kind", "name"), [("server", "test_*Z.dump"), ("file", "easel-*Z.db")])
def test_a_copy_without_a_name_goes_into_the_backup_folder(
    tmp_path: Path, kinds: Callable[[str], Settings], kind: str, name: str
) -> None:
    """A line in a timetable needs no date in it."""
    assert run_db(kinds(kind), "backup") == 0
    (copy,) = (tmp_path / "data" / "backup").iterdir()
    assert copy.match(name)


def test_what_is_for_the_other_engine_says_so(
    tmp_path: Path, kinds: Callable[[str], Settings]
) -> None:
    """Whoever types the command of the other page is led to the right one."""
    with pytest.raises(StartRefused, match="pg_restore --no-owner"):
        run_db(kinds("server"), "restore", tmp_path / "easel.dump")
    with pytest.raises(StartRefused, match="db restore FILE"):
        run_db(kinds("file"), "restored")
    assert run_db(kinds("server"), "status") == 0
    assert run_db(kinds("server"), "restored") == 0


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        ("imagine|a fox", 0, "easel-"),
        ("jobs", 0, "There are no jobs yet."),
        ("jobs|cancel|0", 2, "There is no job 0"),
        ("block|77", 0, "77 is blocked in every server"),
        ("blocks", 0, "Nobody is blocked."),
        ("gateways", 0, "gpt-image-2"),
        ("privacy", 0, "# What this bot does"),
        ("health", 1, "METRICS_ADDRESS is empty"),
        ("reload", 1, "bot runs"),
        ("db|status", 2, "has no tables yet"),
        ("db|restore|x.dump", 2, "pg_restore"),
        ("doctor|--json", 1, "the start will make its tables"),
    ],
)
async def test_each_command_works_on_a_server(
    tmp_path: Path,
    postgresql: Server,
    gateway: ScriptedGateway,
    command: str,
    code: int,
    words: str,
) -> None:
    """A new machine has no data folder, and no command may look for a file there."""
    url = postgresql.new_database().replace("easel@", f"easel:{PASSWORD}@")
    env = environment(tmp_path, gateway, DATABASE_URL=url, DATA_DIR=str(tmp_path / "data"))
    ended = await run("bot", *command.split("|"), folder=tmp_path, env=env)
    said = ended.out + ended.err
    assert (ended.code, words in said, "Traceback" in said) == (code, True, False), said
    assert PASSWORD not in said
    assert not list(tmp_path.rglob("*.db"))

"""``python -m bot db move``: every row to the other engine and back, or nothing at all."""

import asyncio
import signal
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

import psycopg
import pytest

from bot.cli.db_move import move
from bot.core.errors.base import StartRefused
from bot.core.models import OPERATOR
from bot.core.process_lock import LockFolders, hold_process_lock
from bot.database.migrator import shipped
from bot.database.moving import MoveRefused, move_rows
from bot.database.opening import open_database
from bot.database.postgresql.connect import connect, parameters_of
from bot.database.postgresql.side import postgresql_source
from bot.database.sqlite_side import SqliteSide, sqlite_source
from bot.settings.settings import Settings
from tests.cli.process import environment, running
from tests.cogs.scripted_gateway import ScriptedGateway, TaskReply
from tests.database import old_databases
from tests.database.postgresql_server import Server
from tests.jobs.service_harness import RecordingCourier
from tests.jobs.test_recovery import process, recover
from tests.quota.ledger_driver import DAY, LedgerDriver, ManualClock
from tests.quota.test_stripes import used
from tests.waiting import until

NEWEST = len(shipped())
NOW = 1_790_000_000_000
Rows = dict[str, list[tuple[object, ...]]]


@pytest.fixture
async def source(tmp_path: Path) -> Path:
    """Return a database with rows in every table."""
    path = tmp_path / "data" / "easel.db"
    path.parent.mkdir()
    await old_databases.make(path, NEWEST)
    return path


def settings_of(folder: Path, url: str) -> Settings:
    return Settings(data_dir=folder / "data", database_url=url)


def moved(folder: Path, source: str, target: str) -> list[str]:
    said: list[str] = []
    move(settings_of(folder, source), target, lambda: NOW, said.append)
    return said


def rows_of_file(path: Path) -> Rows:
    with closing(sqlite3.connect(path)) as connection:
        side = SqliteSide(connection)
        return {
            table: sorted(side.rows(f'SELECT {", ".join(columns)} FROM "{table}"'), key=repr)
            for table, columns in side.columns().items()
        }


def rows_of_server(url: str) -> Rows:
    with postgresql_source(parameters_of(url)) as side:
        return {
            table: sorted(side.rows(f'SELECT {", ".join(columns)} FROM "{table}"'), key=repr)
            for table, columns in side.columns().items()
        }


def change(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(sql)
        connection.commit()


def is_empty(url: str) -> bool:
    with closing(psycopg.connect(url)) as connection:
        found = connection.execute("SELECT FROM pg_tables WHERE schemaname = 'public'")
        return found.fetchone() is None


def test_a_database_is_the_same_after_it_was_moved_there_and_back(
    tmp_path: Path, source: Path, postgresql: Server
) -> None:
    """Every credit, job and setting of an evening is on the new server, and comes back from it."""
    (source.parent / "easel.db-deletions").write_text(f"{NOW} {'a' * 32}\n")
    before, url = source.read_bytes(), postgresql.new_database()
    rows = rows_of_file(source)
    assert all(rows.values())
    said = moved(tmp_path, f"sqlite:///{source}", url)
    assert source.read_bytes() == before
    theirs = rows_of_server(url)
    assert {table: theirs[table] for table in rows} == rows
    assert f"{sum(map(len, rows.values()))} rows were moved" in "\n".join(said)
    assert said[-2] == f"Now set DATABASE_URL={url} and start the bot."

    back = tmp_path / "back" / "easel.db"
    moved(tmp_path, url, f"sqlite:///{back}")
    assert rows_of_file(back) == rows
    assert (back.stat().st_mode & 0o777, list(back.parent.glob("*.moving*"))) == (0o600, [])
    marks = back.with_name("easel.db-deletions").read_text()
    assert marks == source.with_name("easel.db-deletions").read_text()


async def test_a_bot_starts_on_a_moved_database(
    tmp_path: Path, source: Path, postgresql: Server
) -> None:
    """The schema and its version are those that a start makes, so nothing is upgraded twice."""
    url = postgresql.new_database()
    await asyncio.to_thread(moved, tmp_path, f"sqlite:///{source}", url)
    async with open_database(url, backup_dir=tmp_path, now=lambda: NOW) as database:
        await database.write(
            lambda tx: tx.write("INSERT INTO preferences VALUES ($1, $2)", 77, "{}")
        )
        count = await database.read(lambda tx: tx.one("SELECT COUNT(*) FROM preferences"))
    assert count is not None
    assert count[0] == 2


def test_what_a_moved_job_takes_back_is_taken_from_the_totals(
    tmp_path: Path, postgresql: Server
) -> None:
    """Else the month's total stays too high, or a job whose stripe is too low never ends."""
    (tmp_path / "data").mkdir()
    clock = ManualClock(NOW)
    open_ledger = partial(LedgerDriver.open, total_quota="900/month", budget="9000/month")
    with open_ledger(tmp_path / "data", clock=clock) as driver:
        jobs = [driver.hold(OPERATOR, 4, price=40) for _ in range(20)]
    url = postgresql.new_database()
    moved(tmp_path, f"sqlite:///{tmp_path}/data/easel.db", url)
    with open_ledger(url, clock=clock) as driver:
        jobs += [driver.hold(OPERATOR, 1, price=10) for _ in range(40)]
        assert used(driver) == [120, 1200]
        for job in jobs:
            driver.settle(job, 0, price=0)
        assert used(driver) == [0, 0]
        clock.ms += 3 * DAY
        driver.database.write(driver.ledger.fold_stripes)
        assert used(driver) == [0, 0]


async def test_an_open_job_goes_on_after_a_move(
    tmp_path: Path, gateway: ScriptedGateway, postgresql: Server
) -> None:
    """The gateway works on meanwhile: its picture is delivered, and paid once."""
    gateway.replies.append(TaskReply())
    gateway.gate.clear()
    first, url, back = tmp_path / "first.db", postgresql.new_database(), tmp_path / "back.db"
    async with process(tmp_path, gateway, database_url=f"sqlite:///{first}") as harness:
        await harness.submit(RecordingCourier())
        await until(lambda: gateway.polls > 0)
    await asyncio.to_thread(moved, tmp_path, f"sqlite:///{first}", url)
    await asyncio.to_thread(moved, tmp_path, url, f"sqlite:///{back}")
    gateway.gate.set()
    async with process(tmp_path, gateway, database_url=f"sqlite:///{back}") as harness:
        await recover(harness, courier := RecordingCourier())
    assert [len(result.pictures) for result in courier.results] == [1]
    assert len(gateway.bodies) == 1
    rows = rows_of_file(back)
    assert len(rows["jobs"]) == len(rows["charges"]) == len(rows["costs"]) == 1


def test_what_postgresql_cannot_store_is_replaced_and_told(
    tmp_path: Path, source: Path, postgresql: Server
) -> None:
    """One strange letter in a name must not keep a whole database where it is."""
    change(source, "UPDATE jobs SET user_name = 'A' || char(0) || 'da' WHERE id = 'a'")
    change(source, "UPDATE jobs SET user_name = CAST(x'41ff' AS TEXT) WHERE id = 'c'")
    url = postgresql.new_database()
    said = moved(tmp_path, f"sqlite:///{source}", url)
    assert any(line.startswith("2 texts held what PostgreSQL cannot store") for line in said)
    with closing(psycopg.connect(url)) as connection:
        names = connection.execute("SELECT user_name FROM jobs ORDER BY id").fetchall()
    assert names == [("A\ufffdda",), ("Ann",), ("A\ufffd",), ("Bob",)]


def test_tables_of_other_programs_stay(tmp_path: Path, source: Path, postgresql: Server) -> None:
    """Litestream keeps two tables in the file, which mean nothing on a server."""
    change(source, "CREATE TABLE _litestream_seq (id INTEGER PRIMARY KEY, seq INTEGER)")
    said = moved(tmp_path, f"sqlite:///{source}", postgresql.new_database())
    assert "Left behind, as Easel keeps no such tables there: _litestream_seq." in said


def test_a_row_that_does_not_fit_leaves_nothing_behind(
    tmp_path: Path, source: Path, postgresql: Server
) -> None:
    """SQLite lets a text stand where a number belongs; the server does not."""
    change(source, "UPDATE limits SET credits = 'many' WHERE period = 'day'")
    url = postgresql.new_database()
    with pytest.raises(StartRefused, match=r"refuses a row .*many"):
        moved(tmp_path, f"sqlite:///{source}", url)
    assert is_empty(url)


async def test_rows_that_differ_are_noticed(
    tmp_path: Path, source: Path, postgresql: Server
) -> None:
    """A credit that is lost on the way must stop the move, not be found weeks later."""

    class Careless(SqliteSide):
        def insert(self, table: str, columns: object, rows: object) -> None:
            super().insert(table, columns, rows)  # type: ignore[arg-type]  # as they came
            if table == "meters":
                self._connection.execute("UPDATE meters SET credits = credits + 1")

    other = tmp_path / "other.db"
    await old_databases.open_and_close(other)
    with sqlite_source(source) as ours, closing(sqlite3.connect(other)) as connection:
        target = Careless(connection)
        with pytest.raises(MoveRefused, match="the rows of meters differ"):
            move_rows(ours, target, ours.references(), lambda _: None)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'", "compares or stores text"),
        ("tables", "has tables already"),
        ("missing", "does not exist"),
        ("bot", "is in use"),
        ("bot on the file", "is in use"),
        ("file", "from a SQLite file to PostgreSQL, or back"),
        ("no address", "data/easel.db is no address of a database: write it like"),
        ("old", "start the bot"),
        ("other program", "belongs to another program"),
        ("nothing", "There is no database"),
    ],
)
async def test_a_move_is_refused_with_what_to_do(
    tmp_path: Path, source: Path, postgresql: Server, how: str, words: str
) -> None:
    """Two bots, or two databases in one, would spend credits twice; texts in another order, too."""
    url = postgresql.new_database(how=how) if "ENCODING" in how else postgresql.new_database()
    match how:
        case "tables":
            url = postgresql.migrated_database()
        case "missing":
            url = postgresql.url("nowhere")
        case "file":
            url = f"sqlite:///{tmp_path / 'other.db'}"
        case "no address":
            url = "data/easel.db"
        case "old":
            change(source, "DELETE FROM migrations WHERE version > 3")
        case "other program":
            change(source, "DROP TABLE migrations")
        case "nothing":
            source.unlink()
    locks = LockFolders(source, source.parent)
    if how == "bot":
        with (
            closing(connect(parameters_of(url))),
            pytest.raises(StartRefused, match=words),
        ):
            moved(tmp_path, f"sqlite:///{source}", url)
    elif how == "bot on the file":
        with hold_process_lock(locks), pytest.raises(StartRefused, match=words):
            moved(tmp_path, f"sqlite:///{source}", url)
    else:
        with pytest.raises(StartRefused, match=words):
            moved(tmp_path, f"sqlite:///{source}", url)


def test_a_file_that_exists_is_never_replaced(
    tmp_path: Path, source: Path, postgresql: Server
) -> None:
    """It may be the database that somebody moved from last week."""
    url = postgresql.migrated_database()
    with pytest.raises(StartRefused, match="exists already"):
        moved(tmp_path, url, f"sqlite:///{source}")


def test_back_is_refused_while_a_bot_uses_the_server(tmp_path: Path, postgresql: Server) -> None:
    """What it charges meanwhile would be forgotten."""
    url, target = postgresql.migrated_database(), tmp_path / "back.db"
    with (
        closing(connect(parameters_of(url))),
        pytest.raises(StartRefused, match="in use"),
    ):
        moved(tmp_path, url, f"sqlite:///{target}")
    assert not target.exists()


@pytest.mark.parametrize("way", ["there", "back"])
def test_no_bot_starts_on_the_server_during_a_move(
    tmp_path: Path, source: Path, postgresql: Server, way: str
) -> None:
    """What it charged would be in one of the two databases only."""
    first, url = f"sqlite:///{source}", postgresql.new_database()
    if way == "back":
        moved(tmp_path, first, url)
    ends = (first, url) if way == "there" else (url, f"sqlite:///{tmp_path / 'back.db'}")
    impatient = f"{url}?options=-c%20lock_timeout%3D100ms"
    refused: list[str] = []

    async def start() -> None:
        async with open_database(impatient, backup_dir=tmp_path, now=lambda: NOW):
            pass

    def start_once(_line: str) -> None:
        if not refused:
            with pytest.raises(StartRefused) as told:
                asyncio.run(start())
            refused.extend(told.value.problems)

    move(settings_of(tmp_path, ends[0]), ends[1], lambda: NOW, start_once)
    assert len(refused) == 1
    assert "is being upgraded, moved or used by another program" in refused[0]
    asyncio.run(start())


def many_jobs(path: Path, count: int) -> None:
    """Make a move last: many more jobs."""
    columns = (
        "id, owner, state, server_id, user_id, user_name, locale, request, credits, created_at,"
        " ended_at, told"
    )
    change(
        path,
        f"""
        INSERT INTO jobs ({columns})
        WITH RECURSIVE numbers (n) AS (
            SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count}
        )
        SELECT 'many-' || n, 'dead', 'done', 10, 1, 'Bob', 'en', '{{}}', 1, n, n, 1 FROM numbers
        """,
    )


@pytest.mark.parametrize("after", ["attempts", "jobs", "the meters"])
@pytest.mark.parametrize("way", ["there", "back"])
async def test_a_killed_move_leaves_nothing_half_there(
    tmp_path: Path, source: Path, postgresql: Server, way: str, after: str
) -> None:
    """What is started next finds all rows or none, and the same move then works."""
    many_jobs(source, 20_000)
    first, url = f"sqlite:///{source}", postgresql.new_database()
    back = tmp_path / "back.db"
    if way == "back":
        await asyncio.to_thread(moved, tmp_path, first, url)
    ends = (first, url) if way == "there" else (url, f"sqlite:///{back}")
    env = environment(tmp_path, DATABASE_URL=ends[0], DATA_DIR=str(source.parent))
    async with running("bot", "db", "move", ends[1], folder=tmp_path, env=env) as process:
        assert process.stdout is not None
        while not (line := await process.stdout.readline()).startswith(after.encode()):
            assert line
        process.send_signal(signal.SIGKILL)
        await process.wait()
    await until_alone(url)
    if is_empty(url) if way == "there" else not back.exists():
        await asyncio.to_thread(moved, tmp_path, *ends)
    else:
        assert after == "the meters"  # the last line: the move may end before it is killed
    assert len((rows_of_server(url) if way == "there" else rows_of_file(back))["jobs"]) == 20_004


async def until_alone(url: str) -> None:
    """Wait until the server has noticed that the killed process is gone."""
    with closing(psycopg.connect(url, autocommit=True, application_name="test")) as connection:
        for _ in range(500):
            found = connection.execute(
                "SELECT FROM pg_stat_activity WHERE datname = current_database()"
                " AND application_name = 'easel'"
            )
            if found.fetchone() is None:
                return
            await asyncio.sleep(0.02)  # it tells nobody
    raise AssertionError


def test_the_password_is_not_printed(tmp_path: Path, source: Path, postgresql: Server) -> None:
    """The last line is copied into chats and tickets."""
    url = postgresql.new_database().replace("easel@", "easel:top-secret@")
    said = moved(tmp_path, f"sqlite:///{source}", url)
    assert "top-secret" not in "".join(said)

"""``python -m bot db restore``: yesterday's database comes back, and pays for nothing twice."""

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from pathlib import Path

import pytest

from bot.cli.db_restore import restore
from bot.core.errors.base import StartRefused
from bot.core.process_lock import LockFolders, hold_bot_lock, hold_process_lock
from bot.database.backup import copy_database
from bot.database.migrator import shipped
from tests.cli.process import environment, run
from tests.cli.test_db import change, damage, read
from tests.cogs.scripted_gateway import ScriptedGateway, TaskReply, UrlReply
from tests.database.engines import sqlite_only
from tests.database.old_databases import make
from tests.jobs.service_harness import ADA, BEN, RecordingCourier
from tests.jobs.test_recovery import process, recover
from tests.waiting import until

NOW = 1_790_000_000_000
STATES = "SELECT state FROM jobs ORDER BY id"

pytestmark = sqlite_only("it restores files; test_db_server.py restores a server's copy")


def locks(folder: Path) -> LockFolders:
    return LockFolders(folder / "easel.db", folder)


def restored(folder: Path, file: Path) -> list[str]:
    said: list[str] = []
    restore(file, locks(folder), lambda: NOW, said.append)
    return said


async def painted(folder: Path, gateway: ScriptedGateway, times: int = 1) -> None:
    async with process(folder, gateway) as harness:
        for _ in range(times):
            await harness.submit(RecordingCourier())
        await harness.services.job_service.drained()


async def test_a_backup_takes_the_place_of_the_database(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """The one before it stays, with its log, and the operator learns what is forgotten."""
    await painted(tmp_path, gateway)
    path, copy = tmp_path / "easel.db", tmp_path / "copy.db"
    copy_database(path, copy)
    before = copy.read_bytes()
    await painted(tmp_path, gateway, times=2)
    said = restored(tmp_path, copy)
    assert read(path, STATES) == [("done",)]
    (aside,) = tmp_path.glob("easel.db.before-*")
    assert len(read(aside, STATES)) == 3
    assert said == [
        f"{copy} was restored: it is now {path}.",
        f"The database before it is {aside}; delete it when you no longer need it.",
        "2 charges since that backup are forgotten, of 2 credits together.",
        "No job was open in it.",
        "Nobody in it has had their data deleted since then.",
    ]
    assert copy.read_bytes() == before
    assert path.stat().st_mode & 0o077 == 0
    assert not list(tmp_path.glob("*restoring*"))
    await painted(tmp_path, gateway)
    assert read(path, STATES) == [("done",), ("done",)]


async def test_what_is_still_in_the_log_is_moved_with_the_database(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """A killed bot leaves its newest rows there; beside another file they would damage it."""
    await painted(tmp_path, gateway)
    path, copy = tmp_path / "easel.db", tmp_path / "copy.db"
    copy_database(path, copy)
    with closing(sqlite3.connect(path)) as killed:
        killed.execute("UPDATE jobs SET user_name = 'in the log'")
        killed.commit()
        for end in ("", "-wal"):
            shutil.copy(f"{path}{end}", tmp_path / f"killed{end}")
    for end in ("", "-wal"):
        shutil.copy(tmp_path / f"killed{end}", f"{path}{end}")
    restored(tmp_path, copy)
    (aside,) = tmp_path.glob("easel.db.before-*Z")
    assert read(aside, "SELECT user_name FROM jobs") == [("in the log",)]
    assert read(path, "SELECT user_name FROM jobs") == [("Ada",)]


@pytest.mark.parametrize("reply", [None, TaskReply(), UrlReply()], ids=["sent", "task", "answered"])
async def test_what_was_open_in_a_backup_is_not_painted_again(
    tmp_path: Path, gateway: ScriptedGateway, reply: TaskReply | UrlReply | None
) -> None:
    """One was at work and one in line; both are long delivered, and their messages show it."""
    gateway.replies.extend([reply] if reply else [])
    gateway.gate.clear()
    copy, courier = tmp_path / "copy.db", RecordingCourier()
    async with process(tmp_path, gateway, max_concurrent_jobs=1) as harness:
        await harness.submit(courier)
        await asyncio.wait_for(gateway.asked.wait(), 60)
        if reply is not None:
            await until(
                lambda: harness.rows("SELECT state FROM attempts") in ([("task",)], [("answered",)])
            )
        await harness.submit(courier, BEN)
        copy_database(tmp_path / "easel.db", copy)
        gateway.gate.set()
        await harness.services.job_service.drained()
        assert len(courier.results) == 2
    paid, polls, downloads = len(gateway.bodies), gateway.polls, gateway.downloads
    said = restored(tmp_path, copy)
    assert "2 charges since that backup are forgotten, of 2 credits together." in said
    assert said[3].startswith("2 jobs were open in it: they are not painted again")
    async with process(tmp_path, gateway) as harness:
        newer = RecordingCourier()
        assert await recover(harness, newer) == []
        await harness.services.job_service.drained()
        assert harness.rows(STATES) == [("unknown",), ("cancelled",)]
        assert harness.rows("SELECT state, SUM(credits) FROM charges GROUP BY state") == [
            ("settled", 0)
        ]
        assert newer.results == []
        assert newer.failures == []
        assert await recover(harness, newer) == []
    assert (len(gateway.bodies), gateway.polls, gateway.downloads) == (paid, polls, downloads)


async def test_a_card_that_was_untold_in_a_backup_is_left_alone(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """It was told long ago, and somebody may have painted in it since."""
    await painted(tmp_path, gateway)
    copy = tmp_path / "copy.db"
    copy_database(tmp_path / "easel.db", copy)
    change(copy, "UPDATE jobs SET told = 0, state = 'failed'")
    restored(tmp_path, copy)
    async with process(tmp_path, gateway) as harness:
        assert await recover(harness, RecordingCourier()) == []


async def test_a_deletion_since_the_backup_is_made_again(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """Whoever had their prompts deleted never meets them again, and others keep theirs."""
    copy = tmp_path / "copy.db"
    async with process(tmp_path, gateway) as harness:
        for who in (ADA, BEN):
            await harness.submit(RecordingCourier(), who)
        await harness.services.job_service.drained()
        copy_database(tmp_path / "easel.db", copy)
        assert await harness.services.deletion.undone_requests() == []
        await harness.services.deletion.delete(ADA.user_id)
        assert await harness.services.deletion.undone_requests() == []
        await harness.submit(RecordingCourier(), ADA)
        await harness.services.job_service.drained()
        assert await harness.services.deletion.undone_requests() == []
    remembered = (tmp_path / "easel.db-deletions").read_text()
    assert str(ADA.user_id) not in remembered.split()
    said = restored(tmp_path, copy)
    assert said[-1].startswith("One person in it has had their data deleted since then")
    async with process(tmp_path, gateway) as harness:
        deletion = harness.services.deletion
        (request,) = await deletion.undone_requests()
        assert request.user_id == ADA.user_id
        await deletion.repeat(request)
        await deletion.complete()
        assert harness.rows("SELECT user_name FROM jobs") == [("Ben",)]
        assert await deletion.undone_requests() == []


async def test_an_older_backup_is_migrated(tmp_path: Path) -> None:
    """The one from before an update is the one that is needed after a failed update."""
    old = tmp_path / "old.db"
    await make(old, 1)
    restored(tmp_path, old)
    assert read(tmp_path / "easel.db", "SELECT MAX(version) FROM migrations") == [(len(shipped()),)]
    assert read(old, "SELECT MAX(version) FROM migrations") == [(1,)]


@pytest.mark.parametrize("hold", [hold_bot_lock, hold_process_lock])
async def test_nothing_is_restored_beside_a_process(
    tmp_path: Path,
    gateway: ScriptedGateway,
    hold: Callable[[LockFolders], AbstractContextManager[object]],
) -> None:
    """A bot, or a terminal job, would write into the file that was moved aside."""
    await painted(tmp_path, gateway)
    copy = tmp_path / "copy.db"
    copy_database(tmp_path / "easel.db", copy)
    env = environment(
        tmp_path, gateway, DATABASE_URL=f"sqlite:///{tmp_path}/easel.db", DATA_DIR="elsewhere"
    )
    with hold(locks(tmp_path)):
        ended = await run("bot", "db", "restore", "copy.db", folder=tmp_path, env=env)
    assert (ended.code, ended.out) == (2, "")
    assert "is in use: stop the bot" in ended.err
    assert not list(tmp_path.glob("easel.db.before-*"))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("missing.db", "There is no file"),
        ("easel.db", "the database itself"),
        ("empty.db", "was not restored, because it is empty"),
        ("text.db", "was not restored, because it is damaged"),
        ("damaged.db", "was not restored, because it is damaged"),
        ("foreign.db", "was not restored, because it is not a database of Easel"),
        ("newer.db", "version 99 is newer than this Easel's"),
    ],
)
async def test_what_is_no_backup_changes_nothing(
    tmp_path: Path, gateway: ScriptedGateway, name: str, sentence: str
) -> None:
    """The database in use may be the only good one."""
    await painted(tmp_path, gateway)
    for other in ("damaged.db", "newer.db"):
        copy_database(tmp_path / "easel.db", tmp_path / other)
    damage(tmp_path / "damaged.db")
    change(tmp_path / "newer.db", "INSERT INTO migrations VALUES (99, 0)")
    change(tmp_path / "foreign.db", "CREATE TABLE jobs (id TEXT)")
    (tmp_path / "empty.db").touch()
    (tmp_path / "text.db").write_text("no database" * 1000)
    before = (tmp_path / "easel.db").read_bytes()
    with pytest.raises(StartRefused, match=sentence):
        restored(tmp_path, tmp_path / name)
    assert (tmp_path / "easel.db").read_bytes() == before
    assert not [*tmp_path.glob("easel.db.before-*"), *tmp_path.glob("*restoring*")]


async def test_a_damaged_database_is_replaced(tmp_path: Path, gateway: ScriptedGateway) -> None:
    """Backups are for such a day."""
    await painted(tmp_path, gateway)
    copy = tmp_path / "copy.db"
    copy_database(tmp_path / "easel.db", copy)
    (tmp_path / "easel.db").write_bytes(b"no database" * 1000)
    said = restored(tmp_path, copy)
    assert said[2].startswith("What was charged since that backup is not known")
    assert read(tmp_path / "easel.db", STATES) == [("done",)]


async def test_a_backup_is_restored_where_there_is_no_database(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """On a new machine, before the first start."""
    await painted(tmp_path, gateway)
    copy = tmp_path / "copy.db"
    copy_database(tmp_path / "easel.db", copy)
    (tmp_path / "new" / "data").mkdir(parents=True)
    shutil.copy(tmp_path / "user-tags.key", tmp_path / "new" / "data")
    said = restored(tmp_path / "new" / "data", copy)
    assert [line.split(":")[0] for line in said[1:]] == [
        "No job was open in it.",
        "Nobody in it has had their data deleted since then.",
    ]
    await painted(tmp_path / "new" / "data", gateway)
    assert read(tmp_path / "new" / "data" / "easel.db", STATES) == [("done",), ("done",)]


async def test_a_restore_without_the_key_says_so_and_makes_none(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """With a new key, what people spent before their deletion would be free once more."""
    await painted(tmp_path, gateway)
    copy, new = tmp_path / "copy.db", tmp_path / "new"
    copy_database(tmp_path / "easel.db", copy)
    assert "set USER_TAGS_KEY or put back" in restored(new, copy)[-1]
    with pytest.raises(StartRefused, match="is missing"):
        await painted(new, gateway)
    assert not (new / "user-tags.key").exists()
    variables = environment(tmp_path, DATA_DIR=str(new))
    ended = await run("bot", "db", "accept-key", folder=tmp_path, env=variables)
    assert (ended.code, ended.out[:30]) == (0, "The next start accepts the key")
    await painted(new, gateway)


async def test_a_restore_can_be_taken_back(tmp_path: Path, gateway: ScriptedGateway) -> None:
    """The wrong file was named: what was moved aside is a backup like any other."""
    await painted(tmp_path, gateway)
    copy = tmp_path / "copy.db"
    copy_database(tmp_path / "easel.db", copy)
    await painted(tmp_path, gateway)
    restored(tmp_path, copy)
    (aside,) = tmp_path.glob("easel.db.before-*")
    aside.rename(back := tmp_path / "back.db")
    restored(tmp_path, back)
    assert len(read(tmp_path / "easel.db", STATES)) == 2

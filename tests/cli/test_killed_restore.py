"""``python -m bot db restore`` is killed at any step: what starts next is whole, old or new."""

import shutil
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.cli.db_restore import restore
from bot.core.errors.base import StartRefused
from bot.core.process_lock import LockFolders, hold_process_lock, hold_restore_lock
from bot.database.backup import copy_database
from tests.cli.process import environment, run
from tests.cli.test_db import read
from tests.cogs.scripted_gateway import ScriptedGateway
from tests.database.engines import sqlite_only
from tests.jobs.service_harness import RecordingCourier
from tests.jobs.test_recovery import process, recover

NOW = 1_790_000_000_000
MOST_STEPS = 60
NAMES = "SELECT user_name FROM jobs ORDER BY rowid"
OLD, NEW = [("in the log",), ("in the log",)], [("Ada",)]

pytestmark = sqlite_only("a server's operator restores it, with the server's programs")


def locks(folder: Path) -> LockFolders:
    return LockFolders(folder / "easel.db", folder)


async def painted(folder: Path, gateway: ScriptedGateway) -> None:
    async with process(folder, gateway) as harness:
        await harness.submit(RecordingCourier())
        await harness.services.job_service.drained()


async def killed_bot(folder: Path, gateway: ScriptedGateway) -> Path:
    """Return a folder with a backup, and a database whose newest rows are in its log only."""
    await painted(folder, gateway)
    path = folder / "easel.db"
    copy_database(path, folder / "copy.db")
    await painted(folder, gateway)
    with closing(sqlite3.connect(path)) as killed:
        killed.execute("UPDATE jobs SET user_name = 'in the log'")
        killed.commit()
        shutil.copytree(folder, folder.with_name("killed"))
    return folder.with_name("killed")


@pytest.mark.parametrize("links", ["yes", "no"])
async def test_a_killed_restore_leaves_the_old_or_the_new_database(
    tmp_path: Path, gateway: ScriptedGateway, links: str
) -> None:
    """Without its log the old one forgets paid requests; with the other's log none can be read."""
    start, seen, codes = await killed_bot(tmp_path / "bot", gateway), [], list[int]()
    for step in range(1, MOST_STEPS):
        folder = tmp_path / f"step-{step}"
        shutil.copytree(start, folder)
        ended = await run(
            *("tests.cli.dying_restore", str(folder), str(step), links),
            folder=folder,
            env=environment(folder),
        )
        async with process(folder, gateway) as harness:
            assert await recover(harness, RecordingCourier()) == []
            seen.append(harness.rows(NAMES))
            assert harness.rows("PRAGMA integrity_check") == [("ok",)]
        codes.append(ended.code)
        if ended.code == 0:
            break
        assert (ended.code, ended.err) == (-signal.SIGKILL, "")
        restore(folder / "copy.db", locks(folder), lambda: NOW, lambda _: None)
        assert read(folder / "easel.db", NAMES) == NEW
        shutil.rmtree(folder)
    assert codes[-1] == 0
    changed = seen.index(NEW)
    assert changed > 5
    assert seen == [OLD] * changed + [NEW] * (len(seen) - changed)


async def test_a_database_that_another_program_has_open_stays(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """What an editor of databases writes afterwards would be lost, or damage the new one."""
    await painted(tmp_path, gateway)
    path, copy = tmp_path / "easel.db", tmp_path / "copy.db"
    copy_database(path, copy)
    with closing(sqlite3.connect(path)) as editor:
        editor.execute("SELECT * FROM jobs").fetchone()
        with pytest.raises(StartRefused, match="another program has the database open"):
            restore(copy, locks(tmp_path), lambda: NOW, lambda _: None)
    assert not [*tmp_path.glob("easel.db.before-*"), *tmp_path.glob("*restoring*")]
    await painted(tmp_path, gateway)


async def test_the_database_under_another_name_is_no_backup(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """A restore that was killed leaves such a name, and what is in the log is not in the file."""
    await painted(tmp_path, gateway)
    (tmp_path / "again.db").hardlink_to(tmp_path / "easel.db")
    with pytest.raises(StartRefused, match="the database itself"):
        restore(tmp_path / "again.db", locks(tmp_path), lambda: NOW, lambda _: None)


def test_nothing_begins_during_a_restore(tmp_path: Path) -> None:
    """A terminal job that begins meanwhile would write into the database that is moved aside."""
    with (
        hold_restore_lock(locks(tmp_path)),
        pytest.raises(StartRefused, match="is being restored"),
        hold_process_lock(locks(tmp_path)),
    ):
        pass
    with hold_process_lock(locks(tmp_path)):
        pass
    assert not list((tmp_path / "easel.db-locks").glob("restore*"))

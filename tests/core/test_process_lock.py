"""Owners: liveness is a lock that the kernel frees."""

import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from filelock import FileLock, Timeout

from bot.core.errors.base import StartRefused
from bot.core.process_lock import (
    LockFolders,
    bot_is_alive,
    hold_bot_lock,
    hold_process_lock,
    is_dead,
    others_alive,
)

HOLD = """
import sys, time
from pathlib import Path
from bot.core.process_lock import LockFolders, hold_process_lock
folder = Path(sys.argv[1])
with hold_process_lock(LockFolders(folder / "easel.db", folder)) as owner:
    print(owner, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def folders(tmp_path: Path) -> LockFolders:
    return LockFolders(tmp_path / "easel.db", tmp_path)


def locks(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_an_owner_lives_while_its_process_holds_the_lock(
    folders: LockFolders, tmp_path: Path
) -> None:
    """A running bot's jobs are never taken for abandoned."""
    with hold_process_lock(folders) as owner:
        assert not is_dead(folders, owner)
    assert is_dead(folders, owner)
    assert locks(tmp_path) == []


def test_a_killed_process_is_dead_at_once(folders: LockFolders, tmp_path: Path) -> None:
    """SIGKILL leaves no chance to clean up, yet the next start must know."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    with process:
        assert process.stdout is not None
        owner = process.stdout.readline().strip()
        assert not is_dead(folders, owner)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert is_dead(folders, owner)
    assert locks(tmp_path) == []


def test_an_owner_that_never_was_is_dead(folders: LockFolders) -> None:
    """Jobs of a process whose lock file somebody removed are recovered, too."""
    assert is_dead(folders, "0" * 32)


def test_a_second_bot_on_one_folder_is_refused(folders: LockFolders) -> None:
    """Two bots would answer every command twice."""
    with (
        hold_bot_lock(folders),
        pytest.raises(StartRefused, match="DATA_DIR"),
        hold_bot_lock(folders),
    ):
        pass
    with hold_bot_lock(folders):
        pass


@pytest.mark.parametrize("hold", [hold_process_lock, hold_bot_lock])
@pytest.mark.parametrize("in_the_way", [".", "run"])
def test_a_folder_that_cannot_be_written_is_one_sentence(
    tmp_path: Path, hold: Callable[[LockFolders], AbstractContextManager[object]], in_the_way: str
) -> None:
    """The most common mistake with a container's volume, and no traceback."""
    data = tmp_path / "data"
    (file := data / in_the_way).parent.mkdir(exist_ok=True)
    file.write_text("a file where a folder should be")
    with (
        pytest.raises(StartRefused, match=f"DATA_DIR={data} cannot be written"),
        hold(LockFolders(data / "easel.db", data)),
    ):
        pass


def test_a_second_bot_on_one_database_is_refused_whatever_its_data_folder(tmp_path: Path) -> None:
    """It would take the first one's open jobs for abandoned, and pay for them again."""
    database = tmp_path / "easel.db"
    (link := tmp_path / "link.db").symlink_to(database)
    with (
        hold_bot_lock(LockFolders(database, tmp_path / "one")),
        pytest.raises(StartRefused, match=r"already uses the database .*link\.db: stop"),
        hold_bot_lock(LockFolders(link, tmp_path / "two")),
    ):
        pass


def test_an_owner_with_another_data_folder_lives(tmp_path: Path) -> None:
    """A terminal job beside the bot may have its pictures elsewhere."""
    bot = LockFolders(tmp_path / "easel.db", tmp_path / "bot")
    terminal = LockFolders(tmp_path / "easel.db", tmp_path / "terminal")
    with hold_process_lock(bot) as one, hold_process_lock(terminal) as other:
        assert not is_dead(bot, other)
        assert not is_dead(terminal, one)
        assert others_alive(bot, one)
    assert not others_alive(bot)


def test_two_databases_in_one_folder_are_two_bots(tmp_path: Path) -> None:
    """Each has a data folder of its own: neither is in the other's way."""
    with (
        hold_bot_lock(LockFolders(tmp_path / "one.db", tmp_path / "one")),
        hold_bot_lock(LockFolders(tmp_path / "two.db", tmp_path / "two")),
    ):
        pass


@pytest.mark.parametrize("name", ["bot", "0" * 32])
def test_the_lock_of_easel_0_1_is_respected(folders: LockFolders, name: str) -> None:
    """It holds its lock in DATA_DIR only: the old bot still runs while the new one is tried."""
    folders.in_data_dir.mkdir()
    with FileLock(folders.in_data_dir / f"{name}.lock"):
        assert bot_is_alive(folders) is (name == "bot")
        assert is_dead(folders, name) is False
        if name == "bot":
            with pytest.raises(StartRefused, match="DATA_DIR"), hold_bot_lock(folders):
                pass


def test_easel_0_1_sees_the_lock_of_this_version(folders: LockFolders) -> None:
    """Whoever goes back must not start beside the new bot either."""
    with hold_bot_lock(folders), pytest.raises(Timeout):
        FileLock(folders.in_data_dir / "bot.lock").acquire(blocking=False)


def test_a_lock_that_cannot_be_opened_is_one_sentence(folders: LockFolders) -> None:
    """Whoever ran a command as root is told what to change; a folder stands for such a file."""
    (folders.in_data_dir / "somebody.lock").mkdir(parents=True)
    with pytest.raises(StartRefused, match=r"The lock .*somebody\.lock cannot be opened"):
        is_dead(folders, "somebody")

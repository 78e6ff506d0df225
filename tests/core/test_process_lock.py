"""Owners: liveness is a lock that the kernel frees."""

import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from bot.core.errors.base import StartRefused
from bot.core.process_lock import hold_bot_lock, hold_process_lock, is_dead

HOLD = """
import sys, time
from pathlib import Path
from bot.core.process_lock import hold_process_lock
with hold_process_lock(Path(sys.argv[1])) as owner:
    print(owner, flush=True)
    time.sleep(60)
"""


def test_an_owner_lives_while_its_process_holds_the_lock(tmp_path: Path) -> None:
    """A running bot's jobs are never taken for abandoned."""
    with hold_process_lock(tmp_path) as owner:
        assert not is_dead(tmp_path, owner)
    assert is_dead(tmp_path, owner)
    assert list(tmp_path.iterdir()) == []


def test_a_killed_process_is_dead_at_once(tmp_path: Path) -> None:
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
        assert not is_dead(tmp_path, owner)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert is_dead(tmp_path, owner)
    assert not (tmp_path / f"{owner}.lock").exists()


def test_an_owner_that_never_was_is_dead(tmp_path: Path) -> None:
    """Jobs of a process whose lock file somebody removed are recovered, too."""
    assert is_dead(tmp_path, "0" * 32)


def test_a_second_bot_on_one_folder_is_refused(tmp_path: Path) -> None:
    """Two bots would answer every command twice."""
    with (
        hold_bot_lock(tmp_path),
        pytest.raises(StartRefused, match="DATA_DIR"),
        hold_bot_lock(tmp_path),
    ):
        pass
    with hold_bot_lock(tmp_path):
        pass


@pytest.mark.parametrize("hold", [hold_process_lock, hold_bot_lock])
@pytest.mark.parametrize("in_the_way", [".", "run"])
def test_a_folder_that_cannot_be_written_is_one_sentence(
    tmp_path: Path, hold: Callable[[Path], AbstractContextManager[object]], in_the_way: str
) -> None:
    """The most common mistake with a container's volume, and no traceback."""
    data = tmp_path / "data"
    (file := data / in_the_way).parent.mkdir(exist_ok=True)
    file.write_text("a file where a folder should be")
    with (
        pytest.raises(StartRefused, match=f"DATA_DIR={data} cannot be written"),
        hold(data / "run"),
    ):
        pass

"""``python -m bot reload`` where no bot answers: nobody else's process gets a signal."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.cli.reload import run_reload
from bot.core.bot_process import (
    RequestAnswer,
    announce_bot,
    answer_requests,
    leave_request,
    open_requests,
)
from bot.core.process_lock import LockFolders, hold_bot_lock
from bot.settings.settings import Settings, lock_folders
from playground.settings import painter_settings

WAITS_FOR_A_SIGNAL = "import signal; print(flush=True); signal.pause()"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return painter_settings("http://127.0.0.1:9/v1", tmp_path / "data")


@pytest.fixture
def folders(settings: Settings) -> LockFolders:
    return lock_folders(settings)


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """Return another process, which a SIGHUP would end."""
    command = (sys.executable, "-c", WAITS_FOR_A_SIGNAL)
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
        process.kill()


def write_pid(folders: LockFolders, pid: int, started: str) -> None:
    """Write the file of a bot that was killed."""
    folders.beside_database.mkdir(parents=True, exist_ok=True)
    content = json.dumps({"pid": pid, "started": started})
    (folders.beside_database / "bot.pid").write_text(content)


def test_without_a_bot_it_says_so(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """A start that failed is found out here, not by people."""
    assert run_reload(settings) == 1
    out, err = capsys.readouterr()
    assert (out, err.startswith("easel: No bot runs on the database ")) == ("", True)


@pytest.mark.parametrize("is_locked", [False, True])
def test_a_number_that_means_another_process_by_now_gets_no_signal(
    settings: Settings,
    folders: LockFolders,
    stranger: subprocess.Popen[bytes],
    capsys: pytest.CaptureFixture[str],
    is_locked: bool,
) -> None:
    """A killed bot leaves its number behind, and a container's numbers mean others outside."""
    write_pid(folders, stranger.pid, started="1")
    if is_locked:
        with hold_bot_lock(folders):
            assert run_reload(settings, timeout_s=0.2) == 1
    else:
        assert run_reload(settings) == 1
    wanted = "cannot be found among the processes here" if is_locked else "No bot runs"
    assert wanted in capsys.readouterr().err
    assert stranger.poll() is None
    assert open_requests(folders.beside_database) == []


def test_a_bot_that_does_not_answer_is_told(
    settings: Settings, folders: LockFolders, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever runs it in a script must not wait for ever."""
    heard: list[int] = []
    before = signal.signal(signal.SIGHUP, lambda number, _: heard.append(number))
    try:
        with hold_bot_lock(folders), announce_bot(folders.beside_database):
            assert run_reload(settings, timeout_s=0.2) == 1
    finally:
        signal.signal(signal.SIGHUP, before)
    assert heard == [signal.SIGHUP]
    assert "The bot does not answer" in capsys.readouterr().err
    assert list(folders.beside_database.glob("reload-*")) == []


def test_an_answer_for_nobody_leaves_no_file(folders: LockFolders) -> None:
    """Whoever asked has stopped waiting."""
    with hold_bot_lock(folders):
        with leave_request(folders.beside_database):
            requests = open_requests(folders.beside_database)
        answer_requests(requests, RequestAnswer(is_done=True, sentence="Reloaded."))
    assert len(requests) == 1
    assert list(folders.beside_database.glob("reload-*")) == []


def test_a_request_of_a_killed_command_is_answered_once(folders: LockFolders) -> None:
    """Nothing piles up beside the database."""
    with hold_bot_lock(folders):
        (folders.beside_database / "reload-1.request").touch()
        answer = RequestAnswer(is_done=True, sentence="Reloaded.")
        answer_requests(open_requests(folders.beside_database), answer)
        assert open_requests(folders.beside_database) == []
        with announce_bot(folders.beside_database):
            assert list(folders.beside_database.glob("reload-*")) == []


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may start a process of another user")
def test_another_users_bot_is_told(folders: LockFolders) -> None:
    """Its folder is closed; the sentence says whom to ask."""
    with hold_bot_lock(folders), announce_bot(folders.beside_database):
        reading, writing = os.pipe()
        if (child := os.fork()) == 0:
            os.setuid(65534)
            os.dup2(writing, 2)
            sys.stderr = os.fdopen(2, "w")
            code = run_reload(painter_settings("http://127.0.0.1:9/v1", folders.data_dir))
            sys.stderr.flush()
            os._exit(code)
        os.close(writing)
        with os.fdopen(reading) as said:
            assert said.read().startswith("easel: The bot belongs to another user: run this as")
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1

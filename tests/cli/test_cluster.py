"""``python -m bot cluster``: the processes of one machine, and what is asked of all of them."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog

from bot.cli.cluster import restart_clusters, run_cluster, supervise
from bot.cli.cluster_process import EXIT_REFUSED, MOST_REFUSALS, ProcessWaits
from bot.core.bot_process import announced
from bot.core.errors.base import StartRefused
from bot.settings.cluster_settings import supervisor_folder
from tests.cli.live_bot import until
from tests.cli.notified import Notified, notified
from tests.settings.settings_of import settings_of

ROOT = Path(__file__).parent.parent.parent
CHILD = (sys.executable, str(ROOT / "tests" / "cli" / "cluster_child.py"))
WAITS = ProcessWaits(stop_s=30, pauses_s=(0.0, 0.02))


@dataclass
class Running:
    """A supervisor of three, in this process, and the folder that its children write to."""

    folder: Path
    task: asyncio.Task[int]

    def lines(self, file: str) -> list[list[str]]:
        """Return what the children wrote: their number, and a word."""
        path = self.folder / file
        return [line.split() for line in path.read_text().splitlines()] if path.exists() else []

    def starts(self, number: int) -> list[int]:
        """Return the processes of a cluster in their order."""
        return [int(pid) for of, pid in self.lines("starts") if of == str(number)]

    async def ended(self) -> int:
        """Return the exit code when it has ended."""
        return await asyncio.wait_for(self.task, 60)


@asynccontextmanager
async def supervising(
    folder: Path, monkeypatch: pytest.MonkeyPatch, waits: ProcessWaits = WAITS
) -> AsyncIterator[Running]:
    """Run three clusters in a folder, until the test is done with them."""
    monkeypatch.chdir(folder)
    supervisor = supervisor_folder(settings_of(data_dir=folder))
    task = asyncio.create_task(supervise(range(3), supervisor, waits, CHILD))
    try:
        yield Running(folder, task)
    finally:
        if not task.done():
            os.kill(os.getpid(), signal.SIGTERM)
        with suppress(asyncio.CancelledError):
            await asyncio.wait_for(task, 60)


@pytest.fixture
async def manager(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Notified]:
    with notified() as manager:
        monkeypatch.setenv("NOTIFY_SOCKET", manager.address)
        yield manager


async def test_the_service_is_ready_when_all_processes_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, manager: Notified
) -> None:
    """Systemd would start what needs the bot while a part of its servers hear nothing."""
    (tmp_path / "slow-1").touch()
    async with supervising(tmp_path, monkeypatch) as running:
        await until(lambda: len(running.lines("ready")) == 2)
        assert "READY=1" not in manager.heard()
        (tmp_path / "slow-1").unlink()
        await until(lambda: "READY=1" in manager.heard())
        assert sorted(number for number, _ in running.lines("starts")) == ["0", "1", "2"]
        os.kill(os.getpid(), signal.SIGTERM)
        assert await running.ended() == 0
    assert sorted(running.lines("ends")) == sorted(running.lines("starts"))
    assert "STOPPING=1" in manager.heard()


async def test_a_process_that_dies_is_started_again_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, manager: Notified
) -> None:
    """Its servers would hear nothing until somebody looks."""
    async with supervising(tmp_path, monkeypatch) as running:
        await until(lambda: "READY=1" in manager.heard())
        os.kill(running.starts(1)[0], signal.SIGKILL)
        await until(lambda: len(running.starts(1)) == 2)
        assert (len(running.starts(0)), len(running.starts(2))) == (1, 1)


async def test_a_process_that_hangs_is_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds its shards, and answers nobody."""
    (tmp_path / "silent-2").touch()
    waits = ProcessWaits(stop_s=30, watchdog_s=1.0, pauses_s=(0.0,))
    async with supervising(tmp_path, monkeypatch, waits) as running:
        await until(lambda: len(running.starts(2)) == 2)
        assert (len(running.starts(0)), len(running.starts(1))) == (1, 1)


async def test_a_first_start_that_is_refused_ends_them_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong setting is wrong for all; what started them must not start them for ever."""
    (tmp_path / "refuse-1").touch()
    async with supervising(tmp_path, monkeypatch) as running:
        assert await running.ended() == EXIT_REFUSED
        assert len(running.starts(1)) == 1
    assert announced(supervisor_folder(settings_of(data_dir=tmp_path))) is None


async def test_a_refused_start_is_not_repeated_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, manager: Notified
) -> None:
    """Each asks Discord for a login; a network that is away for a moment is no reason."""
    async with supervising(tmp_path, monkeypatch) as running:
        await until(lambda: "READY=1" in manager.heard())
        (tmp_path / "refuse-0").touch()
        with structlog.testing.capture_logs() as logs:
            os.kill(running.starts(0)[0], signal.SIGKILL)
            await until(lambda: "cluster.refused" in [entry["event"] for entry in logs])
        assert len(running.starts(0)) == 1 + 1 + MOST_REFUSALS
        (tmp_path / "refuse-0").unlink()
        # It stays down until somebody who has mended the reason restarts them.
        os.kill(os.getpid(), signal.SIGUSR1)
        await until(lambda: len(running.starts(2)) == 2)
        assert len(running.starts(0)) == 3 + MOST_REFUSALS


async def test_a_reload_reaches_every_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, manager: Notified
) -> None:
    """Systemctl reload knows only the first process."""
    async with supervising(tmp_path, monkeypatch) as running:
        await until(lambda: "READY=1" in manager.heard())
        os.kill(os.getpid(), signal.SIGHUP)
        await until(lambda: len(running.lines("heard")) == 3)
    assert sorted(running.lines("heard")) == [[str(number), "SIGHUP"] for number in range(3)]


async def test_a_rolling_restart_begins_the_next_when_the_last_is_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, manager: Notified
) -> None:
    """At no moment more than one cluster is away."""
    async with supervising(tmp_path, monkeypatch) as running:
        await until(lambda: "READY=1" in manager.heard())
        before = len(running.lines("starts"))
        settings = settings_of(data_dir=tmp_path)
        assert await asyncio.to_thread(restart_clusters, settings) == 0
        assert [number for number, _ in running.lines("ends")] == ["0", "1", "2"]
        assert [number for number, _ in running.lines("starts")[before:]] == ["0", "1", "2"]


async def test_a_rolling_restart_stops_at_what_does_not_start(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    manager: Notified,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A new version that fails must not take all servers with it."""
    async with supervising(tmp_path, monkeypatch) as running:
        await until(lambda: "READY=1" in manager.heard())
        (tmp_path / "refuse-1").touch()
        settings = settings_of(data_dir=tmp_path)
        assert await asyncio.to_thread(restart_clusters, settings) == 1
        assert len(running.starts(2)) == 1
    assert "Cluster 1 did not become ready again, so those behind it" in capsys.readouterr().err


def test_a_restart_where_nothing_runs_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The processes may be those of another machine."""
    assert restart_clusters(settings_of(data_dir=tmp_path)) == 1
    assert "No python -m bot cluster runs here on DATA_DIR" in capsys.readouterr().err


def test_one_process_needs_no_supervisor(tmp_path: Path) -> None:
    """Over SQLite there is only one: the sentence says what more would need."""
    with pytest.raises(StartRefused, match=r"CLUSTERS is 1, .* set CLUSTERS .* PostgreSQL"):
        run_cluster(settings_of(data_dir=tmp_path))


def test_clusters_over_sqlite_are_refused(tmp_path: Path) -> None:
    """Two writers of one file on two machines damage it."""
    settings = settings_of(data_dir=tmp_path, clusters=2, shard_count=4)
    with pytest.raises(StartRefused, match="CLUSTERS=2 needs PostgreSQL"):
        run_cluster(settings)
    assert not supervisor_folder(settings).exists()

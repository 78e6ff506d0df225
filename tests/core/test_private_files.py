"""Prompts, pictures and keys: no other user of the machine may read them."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.core.private_files import make_private_folder, restrict_data_folder
from bot.database.opening import open_file
from tests.cli.process import environment, run
from tests.cogs.scripted_gateway import ScriptedGateway
from tests.database.engines import IS_POSTGRESQL
from tests.jobs.service_harness import RecordingCourier
from tests.jobs.test_recovery import process


@pytest.fixture(autouse=True)
def careless() -> Iterator[None]:
    """Set the umask that most systems have."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def wide(folder: Path) -> set[Path]:
    """Return what others may read of the folder."""
    return {path for path in (folder, *folder.rglob("*")) if mode(path) & 0o077}


async def test_a_first_picture_leaves_nothing_that_others_may_read(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """A shared machine's other users could read prompts, tokens and private pictures."""
    command = ("bot", "imagine", "a fox", "--out", str(tmp_path / "out"))
    env = environment(tmp_path, gateway, DATABASE_URL=f"sqlite:///{tmp_path}/data/easel.db")
    ended = await run(*command, folder=tmp_path, env=env)
    assert ended.code == 0
    assert (tmp_path / "data" / "easel.db").is_file()
    assert wide(tmp_path / "data") == set()


async def test_an_older_data_folder_is_closed_at_the_start(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """Easel 0.1 made files with the rights that the system gives by default."""
    async with process(tmp_path, gateway) as harness:
        await harness.submit(RecordingCourier())
        await harness.services.job_service.drained()
    for path in (tmp_path, *tmp_path.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    (outside := tmp_path.parent / "outside").touch(mode=0o644)
    (tmp_path / "vault" / "link").symlink_to(outside)
    async with process(tmp_path, gateway):
        modes = {mode(path) for path in tmp_path.glob("easel.db*") if path.is_file()}
        assert modes == (set() if IS_POSTGRESQL else {0o600})
        assert IS_POSTGRESQL or (tmp_path / "easel.db-wal").is_file()
        others = ("vault/link", "easel.db-locks", "easel.postgresql")  # the last is the tests' own
        shown = wide(tmp_path) - {tmp_path / other for other in others}
        assert {path.suffix for path in shown} <= {".lock"}
        assert mode(tmp_path / "user-tags.key") == 0o600
    assert mode(outside) == 0o644


def test_a_folder_of_everybody_stays_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DATA_DIR=. in a project that others work in: only what is Easel's own is closed."""
    monkeypatch.chdir(tmp_path)
    for name in ("vault", "other"):
        (tmp_path / name).mkdir(mode=0o755)
    tmp_path.chmod(0o755)
    restrict_data_folder(Path())
    assert (mode(tmp_path), mode(tmp_path / "other")) == (0o755, 0o755)
    assert mode(tmp_path / "vault") == 0o700


async def test_a_database_is_made_and_kept_private(tmp_path: Path) -> None:
    """Also one outside DATA_DIR; the folder of others in which it lies is not touched."""
    path = tmp_path / "new" / "easel.db"
    tmp_path.chmod(0o755)
    for _ in range(2):
        async with open_file(path, backup_dir=tmp_path / "backup", now=lambda: 0):
            assert wide(path.parent) == set()
        path.chmod(0o644)
    assert mode(tmp_path) == 0o755


def test_every_missing_folder_above_is_private(tmp_path: Path) -> None:
    """The first start makes DATA_DIR with its parents."""
    make_private_folder(tmp_path / "a" / "b")
    assert (mode(tmp_path / "a"), mode(tmp_path / "a" / "b")) == (0o700, 0o700)

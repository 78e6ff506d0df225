"""v0.1.0 kept the database in ``data`` wherever DATA_DIR was, if DATABASE_URL was not set."""

import asyncio
import re
from pathlib import Path

import pytest

from tests.cli.process import environment, run
from tests.cogs.scripted_gateway import ScriptedGateway
from tests.upgrade.v0_1_0 import counted, unpack


@pytest.mark.parametrize("log", [True, False])
async def test_the_database_is_moved_with_the_command_that_the_refusal_names(
    tmp_path: Path, gateway: ScriptedGateway, *, log: bool
) -> None:
    """Nothing starts on an empty database, and no job is left behind, nor the -wal of a kill."""
    unpack(tmp_path / "pictures", gateway.url)
    (old := tmp_path / "data").mkdir()
    (tmp_path / "pictures" / "easel.db").rename(old / "easel.db")
    before = counted(old / "easel.db")
    if log:
        (old / "easel.db-wal").touch()
    env = environment(tmp_path, gateway, DATA_DIR="pictures", DATABASE_URL="")
    refused = await run("bot", "jobs", folder=tmp_path, env=env)
    assert (refused.code, refused.out) == (2, "")
    command = re.search(r"move it with (mkdir .*?) - or", refused.err)
    assert command is not None
    assert not (tmp_path / "pictures" / "easel.db").exists()
    moving = await asyncio.create_subprocess_shell(command[1], cwd=tmp_path)
    assert await moving.wait() == 0
    listed = await run("bot", "jobs", folder=tmp_path, env=env)
    assert listed.code == 0
    after = counted(tmp_path / "pictures" / "easel.db")
    assert (after["jobs"], after["charges"]) == (before["jobs"], before["charges"])
    assert not list(old.iterdir())

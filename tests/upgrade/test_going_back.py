"""Going back to v0.1.0, the real one from the history, as docs/upgrading.md says."""

import asyncio
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.database.migrator import shipped
from tests.cli.process import Ended, environment, run
from tests.cogs.scripted_gateway import ScriptedGateway
from tests.upgrade.v0_1_0 import counted

ROOT = Path(__file__).parents[2]
COMMIT = "ee0f11bd227411aa557321e847aaf300b73e7ddf"
DOCUMENT = (ROOT / "docs" / "upgrading.md").read_text(encoding="utf-8")
TIMEOUT_S = 120

pytest.importorskip("stamina", reason="v0.1.0 needs it: pip install -e .[dev]")


@pytest.fixture(scope="module")
def old_code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpack the files of v0.1.0."""
    known = ["git", "cat-file", "-e", f"{COMMIT}^{{commit}}"]
    if subprocess.run(known, cwd=ROOT, check=False, capture_output=True).returncode:
        pytest.skip(
            "the history of this clone does not reach back to v0.1.0: git fetch --unshallow"
        )
    folder = tmp_path_factory.mktemp("v0_1_0")
    files = subprocess.run(["git", "archive", COMMIT], cwd=ROOT, check=True, capture_output=True)  # noqa: S607 - wherever it is
    subprocess.run(["tar", "x"], cwd=folder, check=True, input=files.stdout)  # noqa: S607
    return folder


@dataclass
class Operator:
    """Who upgraded from v0.1.0, whose data lies in ``folder``."""

    folder: Path
    old_code: Path
    gateway: ScriptedGateway

    @property
    def database(self) -> Path:
        """The file of the database."""
        return self.folder / "data" / "easel.db"

    async def new(self, *arguments: str) -> Ended:
        """Run a command of today's Easel."""
        return await run("bot", *arguments, folder=self.folder, env=self._env())

    async def old(self, *arguments: str, **more: str) -> Ended:
        """Run a command of v0.1.0."""
        env = {**self._env(), "PYTHONPATH": str(self.old_code), **more}
        return await _ended(sys.executable, "-m", "bot", *arguments, folder=self.folder, env=env)

    async def shell(self, script: str) -> Ended:
        """Run what the document says."""
        script = script.replace("/var/lib/easel", str(self.folder))
        return await _ended("sh", "-euc", script, folder=self.folder, env=dict(os.environ))

    def _env(self) -> dict[str, str]:
        return environment(self.folder, self.gateway, DATABASE_URL=f"sqlite:///{self.database}")


async def _ended(*command: str, folder: Path, env: dict[str, str]) -> Ended:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, env=env, stdout=pipe, stderr=pipe
    )
    out, err = await asyncio.wait_for(process.communicate(), TIMEOUT_S)
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode())


def documented_copy() -> str:
    """Return the lines that put the copy from before the migration in its place."""
    section = DOCUMENT.partition("### To v0.1.0")[2]
    (block,) = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    (lines,) = re.findall(r"^cd /var.*^cp [^\n]*$", block, re.DOTALL | re.MULTILINE)
    return str(lines)


@pytest.fixture
async def upgraded(old_folder: Path, old_code: Path, gateway: ScriptedGateway) -> Operator:
    """Start today's code on the data of v0.1.0, and paint."""
    operator = Operator(old_folder.parent, old_code, gateway)
    painted = await operator.new("imagine", "after the upgrade", "--out", "pictures")
    assert painted.code == 0, painted.err
    return operator


@pytest.mark.parametrize("command", ["", "jobs", "imagine fox"], ids=["bot", "jobs", "imagine"])
async def test_v0_1_0_refuses_the_upgraded_database_in_words(
    upgraded: Operator, command: str
) -> None:
    """Half-understood rows would cost people credits; a traceback would tell nothing."""
    before = counted(upgraded.database)
    refused = await upgraded.old(*command.split(), DISCORD_TOKEN="x")
    assert refused.code == 2
    assert f"has version {len(shipped())}, which is newer than this Easel's" in refused.err
    assert "Traceback" not in refused.err
    assert counted(upgraded.database) == before


async def test_v0_1_0_goes_on_with_the_copy_from_before_the_upgrade(
    upgraded: Operator, old_folder: Path
) -> None:
    """The last way back must work on the day on which it is needed: with the document's words."""
    after = counted(upgraded.database)
    copied = await upgraded.shell(documented_copy())
    assert copied.code == 0, copied.err
    assert counted(old_folder / "newer" / "easel.db") == after
    listed = await upgraded.old("jobs", "--prompts")
    assert listed.code == 0, listed.err
    assert "after the upgrade" not in listed.out
    painted = await upgraded.old("imagine", "after going back", "--out", "pictures")
    assert painted.code == 0, painted.err
    assert "after going back" in (await upgraded.old("jobs", "--prompts")).out
    assert counted(upgraded.database)["jobs"] == after["jobs"]


async def test_the_way_back_and_forth_again_is_an_upgrade(upgraded: Operator) -> None:
    """Who went back because of a fault upgrades again when it is mended."""
    assert (await upgraded.shell(documented_copy())).code == 0
    assert (await upgraded.old("imagine", "after going back", "--out", "pictures")).code == 0
    again = await upgraded.new("jobs", "--prompts")
    assert again.code == 0, again.err
    assert "after going back" in again.out


def test_a_migration_takes_nothing_away() -> None:
    """What an upgrade dropped, a fault in it could not give back."""
    for script in shipped():
        statements = re.sub(r"--.*", "", script)
        assert not re.search(
            r"\b(DROP (TABLE|COLUMN)|RENAME|DELETE FROM)\b", statements, re.IGNORECASE
        )

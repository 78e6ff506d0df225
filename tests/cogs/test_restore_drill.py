"""The drill of docs/backups.md: an evening, a backup, a disaster, a restore."""

import asyncio
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.cli.process import Ended, environment
from tests.cogs.actions import ephemeral_text, press
from tests.cogs.discord_world import DiscordWorld, WorldBuilder
from tests.cogs.history_page import HistoryPage
from tests.cogs.test_gateways import direct_messages
from tests.cogs.test_log_channel import logging_to
from tests.cogs.test_mydata import asked, confirmed
from tests.cogs.test_reports import decide, files, newest, report
from tests.cogs.test_waiting import cards
from tests.database.engines import sqlite_only
from tests.waiting import until

pytestmark = sqlite_only("a server's operator restores it")

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "backups.md"
HOUR_S = 3600


def documented(words: str) -> str:
    """Return the only command of the document's blocks that begins with these words."""
    blocks = re.findall(r"```sh\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    (found,) = (str(line) for line in lines if line.startswith(words))
    return found


@pytest.fixture
async def world(build: WorldBuilder) -> AsyncIterator[DiscordWorld]:
    data = build.folder / "data"
    places = {"data_dir": data, "database_url": f"sqlite:///{data / 'easel.db'}"}
    async with build.world(declared=True, **places) as world:
        yield world


async def shell(world: DiscordWorld, command: str) -> Ended:
    """Run a command in the operator's folder."""
    folder = world.folder.parent
    env = environment(folder, world.gateway)
    env["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    process = await asyncio.create_subprocess_exec(
        "sh", "-c", command, cwd=folder, env=env,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(), 120)
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode())


def delete_database(folder: Path) -> None:
    """Lose the file with everything beside it that SQLite made."""
    for path in folder.glob("easel.db*"):
        if path.is_file() and path.name != "easel.db-deletions":
            path.unlink()


def corrupt_database(folder: Path) -> None:
    """Overwrite what lies behind the first page, as a dying disk does."""
    data = (folder / "easel.db").read_bytes()
    (folder / "easel.db").write_bytes(data[:4096] + b"\xff" * (len(data) - 4096))


async def painted(world: DiscordWorld, who: object, prompt: str) -> None:
    await world.imagine(who, prompt)  # type: ignore[arg-type]  # any of SimCord's actors
    await world.wait_for_jobs()


def copies(world: DiscordWorld) -> list[str]:
    """Return the names of the backups."""
    return sorted(path.name for path in (world.folder / "backup").glob("*.db"))


async def backed_up(world: DiscordWorld, after_s: float = 61) -> list[str]:
    """Let the bot's own schedule make its copy; return the names of all."""
    before = len(copies(world))
    await world.env.advance_time(after_s)
    await until(lambda: len(copies(world)) > before)  # a thread makes it
    return copies(world)


def credits_of(world: DiscordWorld, who: object) -> int:
    ((charged,),) = world.rows(
        f"SELECT COALESCE(SUM(credits), 0) FROM charges WHERE user_id = {who.id}"  # type: ignore[attr-defined]
    )
    return int(charged)


@pytest.mark.parametrize("destroy", [delete_database, corrupt_database])
async def test_the_evening_goes_on_after_a_restore(
    world: DiscordWorld, destroy: Callable[[Path], None]
) -> None:
    """Credits, history and open jobs are as in the backup; nothing is paid or posted twice."""
    # The evening.
    await painted(world, world.ada, "a secret of Ada's")
    await painted(world, world.ben, "an owl of Ben's")
    grant = await world.mia.slash(
        world.channel, "quota grant", user=world.ben.user, credits=5, reason="thanks"
    )
    assert grant.response is not None
    world.gateway.gate.clear()
    await world.imagine(world.ben, "open when it is copied")
    assert len(await backed_up(world)) == 1
    world.gateway.gate.set()
    await world.wait_for_jobs()
    # After the backup.
    await painted(world, world.ben, "after the backup")
    assert credits_of(world, world.ben) == 3
    late = world.card
    await confirmed(world, world.ada, await asked(world, world.ada))
    # The disaster, and what the document says to do.
    await world._bots.aclose()
    destroy(world.folder)
    paid, posted = len(world.gateway.bodies), len(world.messages())
    ended = await shell(world, documented("python -m bot db restore"))
    assert (ended.code, ended.err) == (0, "")
    assert "One job was open in it: it is not painted again" in ended.out
    assert "One person in it has had their data deleted since then" in ended.out
    # The evening goes on.
    await world.restart()
    await world.wait_for_jobs()
    assert (len(world.gateway.bodies), len(world.messages())) == (paid, posted)
    assert world.rows("SELECT COUNT(*) FROM jobs WHERE user_id NOT IN (-1)") == [(2,)]
    assert world.rows(f"SELECT * FROM jobs WHERE user_id = {world.ada.id}") == []
    assert world.rows("SELECT state FROM jobs ORDER BY id DESC LIMIT 1") == [("unknown",)]
    assert world.rows("SELECT COUNT(*) FROM charges WHERE state = 'held'") == [(0,)]
    assert credits_of(world, world.ben) == 1
    assert world.rows("SELECT granted FROM members") == [(5,)]
    history = await world.ben.slash(world.channel, "history")
    assert history.response is not None
    shown = str([embed.to_dict() for embed in history.response.embeds])
    assert "an owl of Ben's" in shown
    assert "after the backup" not in shown
    assert "can no longer be found" in ephemeral_text(await press(world, world.ben, late, "again"))
    await painted(world, world.ben, "goes on")
    assert (credits_of(world, world.ben), len(world.gateway.bodies)) == (2, paid + 1)
    assert "goes on" in str(cards(world)[-1].embeds[0].to_dict())
    assert world.credits() == 3
    assert (await shell(world, "python -m bot db status")).out.count("CHECK") == 1


async def test_what_a_moderator_removed_stays_removed_after_a_restore(world: DiscordWorld) -> None:
    """What must not be shown must not come back because of a broken disk."""
    staff = await logging_to(world)
    await painted(world, world.ada, "what must not be shown")
    await backed_up(world)
    await report(world, world.ben, world.card)
    (file,) = files(world)
    picture = file.read_bytes()
    await decide(world, world.mia, newest(staff), "remove")
    await world._bots.aclose()
    delete_database(world.folder)
    file.write_bytes(picture)  # the copy of the files is of before, too
    assert (await shell(world, documented("python -m bot db restore"))).code == 0
    await world.restart()
    page = await HistoryPage.open(world, world.ada)
    assert "🚫 removed by a moderator" in page.facts[0]
    assert page.choices == {}
    await world.env.advance_time(61)
    await until(lambda: files(world) == [])
    assert world.rows("SELECT removed FROM jobs") == [(1,)]


async def test_a_restart_after_the_restore_goes_on_with_the_schedule(world: DiscordWorld) -> None:
    """The copy that was restored is still the newest, so the next one comes a day after it."""
    await painted(world, world.ben, "a fox")
    first = await backed_up(world)
    await world.restart()
    await world.env.advance_time(HOUR_S)
    assert copies(world) == first
    for _ in range(22):
        await world.env.advance_time(HOUR_S)
    assert len(await backed_up(world, 2 * HOUR_S)) == 2


async def test_a_backup_that_fails_is_told_to_the_owner_once_and_people_are_served(
    world: DiscordWorld,
) -> None:
    """Such as a file in the folder's place; the copy comes within an hour after it is gone."""
    folder = world.folder / "backup"
    folder.write_text("in the way")
    await world.env.advance_time(61)
    await until(lambda: bool(direct_messages(world)))
    for _ in range(3):
        await world.env.advance_time(HOUR_S)
        await painted(world, world.ada, "a fox")
    (notice,) = direct_messages(world)
    assert notice.startswith("The scheduled backup of the database was not made: `backup.failed`")
    assert len(world.gateway.bodies) == 3
    folder.unlink()
    assert len(await backed_up(world, HOUR_S)) == 1


@pytest.mark.parametrize("files_first", [False, True])
async def test_files_copied_after_the_database_are_all_there(
    world: DiscordWorld, tmp_path: Path, *, files_first: bool
) -> None:
    """Somebody paints between the two copies: rows without files would be lost pictures."""
    block = DOCUMENT.read_text().partition("```sh\nset -e")[2].partition("```")[0]
    order = re.findall(r"data/(backup|vault|user-tags\.key)", block)
    assert order == ["backup", "vault", "user-tags.key"]
    folder, copied = world.folder, tmp_path / "another machine" / "data"
    copied.mkdir(parents=True)
    (folder / "vault").mkdir(exist_ok=True)
    if files_first:
        shutil.copytree(folder / "vault", copied / "vault")
    await painted(world, world.ben, "between the copies")
    await backed_up(world)
    shutil.copytree(folder / "backup", copied / "backup")
    if not files_first:
        shutil.copytree(folder / "vault", copied / "vault")
    rows = world.rows("SELECT sha256 FROM pictures")
    files = {path.stem for path in (copied / "vault").rglob("*.*")}
    assert (files >= {sha256 for (sha256,) in rows}) is not files_first

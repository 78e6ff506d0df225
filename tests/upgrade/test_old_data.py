"""What v0.1.0 wrote down: people, admins and the operator still read it, and it still counts."""

import csv
import io
import json
from pathlib import Path
from zipfile import ZipFile

import simcord

from tests.cli.process import Ended, environment, run
from tests.cogs.discord_world import reply_text
from tests.cogs.history_page import HistoryPage
from tests.cogs.scripted_gateway import ScriptedGateway
from tests.upgrade.old_world import OldWorld
from tests.upgrade.v0_1_0 import counted


async def words(world: OldWorld, who: simcord.MemberActor, command: str) -> str:
    """Type a command; return everything that its embeds say."""
    answer = await who.slash(world.channel, command)
    assert answer.response is not None
    return json.dumps([embed.to_dict() for embed in answer.response.embeds], ensure_ascii=False)


async def file(world: OldWorld, who: simcord.MemberActor, command: str) -> bytes:
    """Type a command; return the file that it brings."""
    answer = await who.slash(world.channel, command)
    assert answer.response is not None
    (attachment,) = answer.response.attachments
    return await attachment.read()


def spent(world: OldWorld, who: simcord.MemberActor) -> int:
    """Return what somebody has used, with what waits for a picture."""
    ((credits_,),) = world.rows(f"SELECT SUM(credits) FROM charges WHERE user_id = {who.id}")
    return int(credits_)


async def test_people_find_what_they_asked_for(calm: OldWorld) -> None:
    """/history with its pictures in small, also what is private or was declined."""
    page = await HistoryPage.open(calm, calm.ada, model="gpt-image-2")
    assert page.prompts == ["a masked cat"]
    assert len(page.message.attachments) == 1
    page = await HistoryPage.open(calm, calm.ada, text="declined")
    assert page.prompts == ["a declined fox, untold", "a declined fox"]
    page = await HistoryPage.open(calm, calm.ada, text="private owl")
    assert "🔒" in page.facts[0]
    assert len(page.choices) == 1


async def test_people_read_what_is_left_for_them(calm: OldWorld) -> None:
    """/usage: limits of their own and of roles, what was granted, and why somebody is blocked."""
    usage = await words(calm, calm.ada, "usage")
    assert f"{400 - spent(calm, calm.ada)} of 400" in usage
    assert "**5**" in usage
    assert "a fox, received" in usage
    usage = await words(calm, calm.ben, "usage")
    assert f"{100 - 22} of 100" in usage  # what was used before he was reset does not count
    assert "of 60" in usage
    eve = calm.people["Eve"]
    assert "too many ducks" in await words(calm, eve, "usage")
    assert "too many ducks" in reply_text(await calm.imagine(eve))


async def test_people_take_along_what_is_theirs(calm: OldWorld) -> None:
    """/mydata export: every request with its pictures and references, charges, settings."""
    with ZipFile(io.BytesIO(await file(calm, calm.ada, "mydata export"))) as archive:
        names = archive.namelist()
        jobs = json.loads(archive.read("jobs.json"))
        charges = json.loads(archive.read("charges.json"))
    mine = f"FROM jobs WHERE user_id = {calm.ada.id}"
    assert [(len(jobs),)] == calm.rows(f"SELECT COUNT(*) {mine}")
    assert sum(charge["credits"] for charge in charges) == spent(calm, calm.ada)
    (masked,) = (job for job in jobs if job["prompt"] == "a masked cat")
    kept = [*masked["references"], *masked["pictures"]]
    assert len(kept) >= 2
    assert {each["name"] for each in kept} <= set(names)


async def test_presets_and_preferences_still_count(calm: OldWorld) -> None:
    """What was saved is painted, and what was preferred is taken."""
    await calm.ada.slash(calm.channel, "preset use", name="ink 10", prompt="a hen")
    await calm.wait_for_jobs()
    body = calm.gateway.bodies[-1]
    assert (body["prompt"], body["model"]) == ("a hen, in ink", "gpt-image-2")
    assert (body["size"], body["n"], body["quality"]) == ("1024x1024", 2, "low")
    await calm.imagine(calm.ada, "a cock")
    await calm.wait_for_jobs()
    assert (calm.gateway.bodies[-1]["model"], calm.gateway.bodies[-1]["quality"]) == (
        "dall-e-3",
        "hd",
    )


async def test_admins_read_what_they_decided(calm: OldWorld) -> None:
    """Limits, costs, settings, changes and the charges as a table."""
    limits = await words(calm, calm.mia, "quota show")
    for number in (200, 300, 500, 60, 100, 17):
        assert f"{number} " in limits
    costs = await words(calm, calm.mia, "quota cost")
    assert "gpt-image-2 high        4*" in costs
    settings = await words(calm, calm.mia, "settings show")
    assert "🧹" in settings
    assert f"<#{calm.channel.id}>" in settings
    assert "dall-e-3" in settings
    assert "17 " in await words(calm, calm.mia, "quota audit")
    table = (await file(calm, calm.mia, "quota export")).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(table)))
    assert [(len(rows) - 1,)] == calm.rows(
        f"SELECT COUNT(*) FROM charges WHERE server_id = {calm.guild.id}"
    )


async def test_old_costs_are_charged(calm: OldWorld) -> None:
    """A picture costs what the server's admins set under v0.1.0."""
    before = spent(calm, calm.ben)
    await calm.imagine(calm.ben, "a hen", model="gpt-image-2", quality="high", n=2)
    await calm.wait_for_jobs()
    assert spent(calm, calm.ben) == before + 8


async def test_who_left_and_comes_back_has_the_same_pseudonym(calm: OldWorld) -> None:
    """It is made with the key of the folder, so what was spent before still counts."""
    dora = calm.people["Dora"]
    anonymous = calm.rows("SELECT user_id FROM anonymous")
    await calm.imagine(dora)
    await calm.wait_for_jobs()
    question = (await dora.slash(calm.channel, "mydata delete")).response
    assert question is not None
    ((button,),) = (row["components"] for row in question.components)
    await dora.click(question, custom_id=button["custom_id"])
    assert calm.rows("SELECT user_id FROM anonymous") == anonymous
    ((pseudonym,),) = anonymous
    assert calm.rows(f"SELECT COUNT(*) FROM charges WHERE user_id = {pseudonym}") == [(2,)]


# --- the operator's terminal ------------------------------------------------------------------


async def terminal(old_folder: Path, gateway: ScriptedGateway, *arguments: str) -> Ended:
    """Run ``python -m bot …`` on the folder."""
    folder, url = old_folder.parent, f"sqlite:///{old_folder / 'easel.db'}"
    env = environment(folder, gateway, DATABASE_URL=url)
    ended = await run("bot", *arguments, folder=folder, env=env)
    assert (ended.code, ended.err) == (0, "")
    return ended


async def test_the_terminal_lists_old_jobs(old_folder: Path, gateway: ScriptedGateway) -> None:
    """``bot jobs`` shows the open ones and the last, whichever version wrote them."""
    told = (await terminal(old_folder, gateway, "jobs", "--prompts")).out
    rows = [line.split() for line in told.splitlines()]
    states = [row[1] for row in rows[1:]]
    assert {"queued", "working", "received", "delivered", "done"} <= set(states)
    assert "three foxes, in part" in told
    assert "gateway-moderation" in told


async def test_the_terminal_finds_the_old_database_sound(
    old_folder: Path, gateway: ScriptedGateway
) -> None:
    """``bot db status`` counts every table."""
    told = (await terminal(old_folder, gateway, "db", "status")).out
    lines = dict(line.split(None, 1) for line in told.splitlines() if line.strip())
    assert lines["CHECK"].strip() == "ok"
    for table, rows in counted(old_folder / "easel.db").items():
        assert int(lines[table]) == rows


async def test_kept_pictures_have_their_age_from_their_files(calm: OldWorld) -> None:
    """v0.1.0 knew it from nowhere else: the table goes on with it, for pictures and references."""
    found = {(path.stem, path.stat().st_size) for path in (calm.folder / "vault").rglob("*.*")}
    rows = calm.rows("SELECT sha256, bytes FROM stored_files")
    assert {tuple(row) for row in rows} == found != set()
    assert calm.rows("SELECT COUNT(*) FROM stored_files WHERE kept_at <= 0") == [(0,)]

"""/mydata: taking one's own data along, and having it deleted."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from typing import Any
from zipfile import ZipFile

import discord
import pytest
import simcord

from bot.jobs.repository import personal_data
from tests.cogs.discord_world import DiscordWorld, WorldBuilder, reply_text
from tests.cogs.history_page import HistoryPage
from tests.cogs.scripted_gateway import ErrorReply
from tests.cogs.test_waiting import cards, only_for_them, press, words
from tests.database.engines import IS_POSTGRESQL, tables_of
from tests.images.test_content_store import picture_bytes

SECRET = "a fox with a name that nobody else would think of"
PNG = picture_bytes("png", size=(9, 9))
TABLES = ("jobs", "attempts", "intents", "messages", "pictures")


async def exported(
    world: DiscordWorld, who: simcord.MemberActor
) -> tuple[str, dict[str, Any], dict[str, bytes]]:
    """Return what the answer says, the lists in the ZIP by name, and its other files."""
    answer = await who.slash(world.channel, "mydata export")
    assert answer.response is not None
    assert answer.ephemeral
    (attachment,) = answer.response.attachments
    assert attachment.filename == "easel-my-data.zip"
    with ZipFile(io.BytesIO(await attachment.read())) as archive:
        assert archive.testzip() is None
        files = {name: archive.read(name) for name in archive.namelist()}
    lists = {name: json.loads(files.pop(name)) for name in ("jobs.json", "charges.json")}
    return str(answer.response.content), lists, files


async def asked(world: DiscordWorld, who: simcord.MemberActor) -> simcord.ResponseMessage:
    """Let somebody type /mydata delete and return the question."""
    answer = await who.slash(world.channel, "mydata delete")
    assert answer.response is not None
    assert answer.ephemeral
    return answer.response


async def confirmed(
    world: DiscordWorld, who: simcord.MemberActor, question: simcord.ResponseMessage
) -> simcord.InteractionResult:
    """Let somebody press the only button under the question."""
    (custom_id,) = (button["custom_id"] for button in under(question))
    return await who.click(question, custom_id=custom_id)


def limits_of(usage: simcord.InteractionResult) -> discord.Embed:
    """Return what /usage says of limits; below it stand the last requests."""
    assert usage.response is not None
    return usage.response.embeds[0]


def under(question: simcord.ResponseMessage) -> list[dict[str, Any]]:
    """Return the buttons under an answer that only one person sees."""
    return [button for row in question.components for button in row["components"]]


async def deleted(world: DiscordWorld, who: simcord.MemberActor) -> str:
    """Let somebody delete their data, and return what the question says then."""
    question = await asked(world, who)
    await confirmed(world, who, question)
    return await now_says(world, who, question)


async def now_says(
    world: DiscordWorld, who: simcord.MemberActor, question: simcord.ResponseMessage
) -> str:
    (message,) = (m for m in world.channel.history(viewer=who) if m.id == question.id)
    assert message.components == []
    return str(message.content)


def rows_of(world: DiscordWorld, who: simcord.MemberActor) -> dict[str, int]:
    """Count what hangs on somebody's jobs."""
    jobs = f"SELECT id FROM jobs WHERE user_id = {who.id}"
    found = {"jobs": world.rows(f"SELECT COUNT(*) FROM ({jobs}) AS mine")[0][0]}
    for table in TABLES[1:]:
        sql = f"SELECT COUNT(*) FROM {table} WHERE job_id IN ({jobs})"
        found[table] = world.rows(sql)[0][0]
    return found


def content_store(world: DiscordWorld) -> list[bytes]:
    return sorted(path.read_bytes() for path in (world.folder / "vault").rglob("*.*"))


def everywhere(world: DiscordWorld) -> bytes:
    """Return every byte of the data folder, and every row of a database on a server."""
    files = [path for path in world.folder.rglob("*") if path.is_file()]
    tables = tables_of(world.folder) if IS_POSTGRESQL else []
    rows = [repr(world.rows(f"SELECT * FROM {table}")) for (table,) in tables]
    return b"".join((*(path.read_bytes() for path in files), *(row.encode() for row in rows)))


async def painted(world: DiscordWorld, who: simcord.MemberActor, prompt: str = SECRET) -> None:
    """Let somebody have a picture from a reference."""
    await world.imagine(who, prompt, model="easel-painter", reference1=("x.png", PNG))
    await world.wait_for_jobs()


@pytest.fixture
async def one_slot(build: WorldBuilder) -> AsyncIterator[DiscordWorld]:
    """Open a world in which one request is painted at a time, when the gate opens."""
    async with build.world(declared=True, max_concurrent_jobs=1) as world:
        yield world
        world.gateway.gate.set()
        await world.wait_for_jobs()


# --- export -------------------------------------------------------------------------------------


async def test_nobody_who_never_asked_gets_an_empty_archive(world: DiscordWorld) -> None:
    """There is nothing, and that is said."""
    await painted(world, world.ben)
    answer = await world.ada.slash(world.channel, "mydata export")
    assert "Nothing is stored about you" in reply_text(answer)


async def test_the_archive_holds_everything_of_mine_and_nothing_of_others(
    world: DiscordWorld,
) -> None:
    """Prompts, options, times, states, credits, errors, pictures and references."""
    await painted(world, world.ada)
    await world.env.advance_time(1)
    await painted(world, world.ben, "a badger")
    world.gateway.replies.extend([ErrorReply(400, "moderation_blocked")] * 2)
    await world.imagine(world.ada, "an owl", n=2, size="1024x1024", model="dall-e-3")
    await world.wait_for_jobs()
    words, lists, files = await exported(world, world.ada)
    assert words == "Here is what is stored about you: 2 requests and 2 pictures."
    owl, fox = lists["jobs.json"]
    assert (fox["prompt"], fox["state"], fox["credits"]) == (SECRET, "done", 1)
    assert fox["asked_at"] == "2026-01-01T00:00:00.000+00:00"
    assert (fox["server_id"], fox["your_name"]) == (str(world.guild.id), "Ada")
    assert (owl["prompt"], owl["state"]) == ("an owl", "failed")
    assert (owl["size"], owl["pictures_asked"]) == ("1024x1024", 2)
    assert owl["error"] == "error-gateway-moderation"
    assert [charge["credits"] for charge in lists["charges.json"]] == [0, 1]
    assert {charge["job_id"] for charge in lists["charges.json"]} == {owl["id"], fox["id"]}
    (reference,), (picture,) = fox["references"], fox["pictures"]
    assert files[reference["name"]] == PNG
    assert files[picture["name"]][:4] == b"\x89PNG"
    assert picture["place"] == "in this file"
    assert set(files) == {reference["name"], picture["name"], "README.txt"}
    assert b"What Easel stores about you" in files["README.txt"]
    assert b"badger" not in json.dumps(lists).encode()
    assert str(world.ben.id) not in json.dumps(lists)


async def test_what_was_cleared_away_is_named_as_gone(world: DiscordWorld) -> None:
    """The list is whole even where the pictures are not."""
    await painted(world, world.ada)
    for path in (world.folder / "vault").rglob("*.png"):
        path.unlink()
    words, lists, files = await exported(world, world.ada)
    assert words == "Here is what is stored about you: 1 request and 0 pictures."
    (fox,) = lists["jobs.json"]
    assert [file["place"] for file in (*fox["pictures"], *fox["references"])] == [
        "kept no longer"
    ] * 2
    assert set(files) == {"README.txt"}


async def test_a_file_that_discord_calls_too_large_is_made_smaller(world: DiscordWorld) -> None:
    """Its limit is not always what it says."""
    await painted(world, world.ada)
    world.env.inject_error("POST", "/webhooks/*", status=413, code=40005, times=1)
    words, _, _ = await exported(world, world.ada)
    assert "1 request and 2 pictures" in words


async def test_a_file_that_discord_never_takes_is_one_sentence(world: DiscordWorld) -> None:
    """Nobody is left with "thinking…"."""
    await painted(world, world.ada)
    world.env.inject_error("POST", "/webhooks/*", status=413, code=40005, times=2)
    answer = await world.ada.slash(world.channel, "mydata export")
    assert "does not accept the file" in reply_text(answer)


async def test_what_was_set_and_saved_is_mine_as_well(world: DiscordWorld) -> None:
    """Presets hold prompts, so they are in the file, and gone with the rest."""
    await world.ada.slash(world.channel, "preset save", name="Fox", prompt=SECRET)
    await world.ada.slash(world.channel, "preferences defaults", n=2)
    words, lists, files = await exported(world, world.ada)
    assert words == "Here is what is stored about you: 0 requests and 0 pictures."
    assert lists == {"jobs.json": [], "charges.json": []}
    saved = json.loads(files["customs.json"])
    assert saved["preferences"]["n"] == 2
    assert [(each["name"], each["wish"]["prompt"]) for each in saved["presets"]] == [
        ("Fox", SECRET)
    ]
    await confirmed(world, world.ada, await asked(world, world.ada))
    assert world.rows("SELECT COUNT(*) FROM presets") == [(0,)]
    assert world.rows("SELECT COUNT(*) FROM preferences") == [(0,)]
    found = await world.ada.autocomplete(world.channel, "preset use", "name", "F")
    assert found == []


# --- delete -------------------------------------------------------------------------------------


async def test_the_question_says_what_goes_and_what_stays(world: DiscordWorld) -> None:
    """Nobody is surprised afterwards, and nothing happens before the button is pressed."""
    await painted(world, world.ada)
    question = await asked(world, world.ada)
    assert "the pictures kept for you, your presets and your preferences" in question.content
    assert "What you spent still counts" in question.content
    assert "messages in channels" in question.content
    assert [button["label"] for button in under(question)] == ["Delete my data"]
    assert world.rows("SELECT COUNT(*) FROM jobs") == [(1,)]
    assert question not in world.channel.history(viewer=world.ben)


async def test_everything_of_mine_goes_and_what_i_spent_still_counts(build: WorldBuilder) -> None:
    """The prompt is in no byte of the data folder; the quota is as before; Ben keeps his."""
    async with build.world() as world:
        await painted(world, world.ada)
        await world.imagine(world.ada, n=2)
        await painted(world, world.ben, "a badger")
        await world.wait_for_jobs()
        await world.mia.slash(world.channel, "quota set", credits=4, per="day")
        before = limits_of(await world.ada.slash(world.channel, "usage")).fields
        bens = rows_of(world, world.ben)
        assert await deleted(world, world.ada) == "Done: 2 requests and their pictures are deleted."
        assert rows_of(world, world.ada) == dict.fromkeys(TABLES, 0)
        assert rows_of(world, world.ben) == bens
        usage = limits_of(await world.ada.slash(world.channel, "usage"))
        assert [(f.name, f.value) for f in usage.fields] == [(f.name, f.value) for f in before]
        assert "the limit for everyone here" in reply_text(await world.imagine(world.ada, n=2))
        assert world.rows(f"SELECT COUNT(*) FROM charges WHERE user_id = {world.ada.id}") == [(0,)]
        assert world.rows("SELECT SUM(credits) FROM charges") == [(4,)]
        assert world.rows("SELECT COUNT(*) FROM costs") == [(4,)]
        refused = await world.ada.slash(world.channel, "mydata export")
        assert "Nothing is stored about you" in reply_text(refused)
        empty = await HistoryPage.open(world, world.ada)
        assert "not asked for a picture" in empty.message.content
        await world.imagine(world.ada, "an owl")
        await world.wait_for_jobs()
        _, lists, _ = await exported(world, world.ada)
        assert [charge["credits"] for charge in lists["charges.json"]] == [1]
    left = everywhere(world)
    assert SECRET.encode() not in left
    assert b"a badger" in left


async def test_the_file_is_clean_at_once_and_not_only_when_the_bot_stops(
    world: DiscordWorld,
) -> None:
    """A thief of the disk finds nothing in the database's log either."""
    await painted(world, world.ada)
    await deleted(world, world.ada)
    assert SECRET.encode() not in everywhere(world)
    assert content_store(world) == []


async def test_deleting_twice_finds_nothing_more(world: DiscordWorld) -> None:
    """Also with the question of before, which is still there for somebody with two devices."""
    await painted(world, world.ada)
    first, second = await asked(world, world.ada), await asked(world, world.ada)
    await confirmed(world, world.ada, first)
    await confirmed(world, world.ada, second)
    assert await now_says(world, world.ada, second) == "Nothing of yours is left to delete."
    assert world.rows("SELECT SUM(credits) FROM charges") == [(1,)]
    assert world.rows("SELECT COUNT(*) FROM anonymous") == [(1,)]


async def test_a_picture_that_somebody_else_needs_stays(world: DiscordWorld) -> None:
    """Two people attach the same file and get the same picture; the last one takes both along."""
    await painted(world, world.ada)
    await painted(world, world.ben, "a badger")
    both = content_store(world)
    assert len(both) == 2
    await deleted(world, world.ada)
    assert content_store(world) == both
    await (await HistoryPage.open(world, world.ben)).post_again()
    assert len(world.card.attachments) == 1
    await world.mia.react(cards(world)[1], "🔄")
    await world.wait_for_jobs()
    assert world.rows("SELECT state FROM jobs") == [("done",), ("done",)]
    await deleted(world, world.ben)
    assert content_store(world) == both
    await deleted(world, world.mia)
    assert content_store(world) == []


async def test_requests_that_did_not_end_are_in_the_way(one_slot: DiscordWorld) -> None:
    """One is painted and one waits: nothing goes before both have ended."""
    world = one_slot
    world.gateway.gate.clear()
    await world.imagine(world.ada, SECRET)
    await world.imagine(world.ada, "an owl")
    question = await asked(world, world.ada)
    refused = await confirmed(world, world.ada, question)
    assert only_for_them(refused) == (
        "2 of your requests are not finished yet, so please wait until they end, or press *Cancel* "
        "under those in the queue, and confirm again."
    )
    assert world.rows("SELECT COUNT(*) FROM anonymous") == [(0,)]
    await press(world, world.ada, cards(world)[1])
    refused = await confirmed(world, world.ada, question)
    assert only_for_them(refused).startswith("1 of your requests is not finished yet")
    world.gateway.gate.set()
    await world.wait_for_jobs()
    await confirmed(world, world.ada, question)
    assert "2 requests and their pictures" in await now_says(world, world.ada, question)
    assert SECRET in words(cards(world)[0])


async def test_what_was_deleted_cannot_be_rolled_or_posted_again(world: DiscordWorld) -> None:
    """Old messages stay in the channel; they lead nowhere, and nobody pays for that."""
    await painted(world, world.ada)
    page = await HistoryPage.open(world, world.ada)
    card = world.card
    await deleted(world, world.ada)
    await world.ben.react(card, "🔄")
    await world.wait_for_jobs()
    assert len(world.messages()) == 1
    refused = await page.post_again()
    assert "no longer kept" in reply_text(refused)
    assert world.rows("SELECT COUNT(*) FROM jobs") == [(0,)]
    assert world.rows("SELECT COUNT(*) FROM charges") == [(1,)]


async def test_a_question_from_before_a_restart_can_be_answered(world: DiscordWorld) -> None:
    """Somebody thinks about it for a while."""
    await painted(world, world.ada)
    question = await asked(world, world.ada)
    await world.restart()
    await confirmed(world, world.ada, question)
    assert "1 request and its pictures" in await now_says(world, world.ada, question)
    assert world.rows("SELECT COUNT(*) FROM jobs") == [(0,)]


async def test_an_old_question_is_asked_again(world: DiscordWorld) -> None:
    """A slip of the finger in a list of old messages must not delete anything."""
    await painted(world, world.ada)
    question = await asked(world, world.ada)
    await world.env.advance_time(16 * 60)
    refused = await confirmed(world, world.ada, question)
    assert "please start again with `/mydata delete`" in reply_text(refused)
    assert world.rows("SELECT COUNT(*) FROM jobs") == [(1,)]


async def test_a_start_goes_on_with_what_an_end_cut_off(world: DiscordWorld) -> None:
    """The bot was stopped a moment after the button was pressed: nobody has to press again."""
    await painted(world, world.ada)
    await painted(world, world.ben, "a badger")
    await world.bot.services.database.write(personal_data.disown, world.ada.id)
    await world.bot.services.database.write(world.bot.services.ledger.make_anonymous, world.ada.id)
    assert len(content_store(world)) == 2
    await world.restart()
    async with asyncio.timeout(60):
        while world.rows("SELECT COUNT(*) FROM jobs") != [(1,)]:
            await world.env.settle()
    assert world.rows("SELECT user_id FROM jobs") == [(world.ben.id,)]
    assert len(content_store(world)) == 2
    await world.env.settle()
    assert SECRET.encode() not in everywhere(world)


async def test_a_job_that_a_dead_bot_left_ends_first(build: WorldBuilder) -> None:
    """After a crash in the middle the job is still open; the next start ends it."""
    async with build.world(declared=True) as world:
        world.gateway.gate.clear()
        await world.imagine(world.ada, SECRET)
        question = await asked(world, world.ada)
        await world.restart()
        await confirmed(world, world.ada, question)
        assert "1 request and its pictures" in await now_says(world, world.ada, question)
        world.gateway.gate.set()
        assert world.rows("SELECT COUNT(*) FROM jobs") == [(0,)]
        assert list((world.folder / "jobs").iterdir()) == []
        assert world.rows("SELECT credits, operator_credits FROM charges") == [(0, 1)]

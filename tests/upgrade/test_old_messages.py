"""Messages that v0.1.0 sent: whatever people press under them does what it says."""

import base64
from pathlib import Path

import discord
import simcord

from tests.cogs.actions import (
    answer_deletion,
    delete_after_question,
    ephemeral_messages,
    form_values,
    press,
    react,
    submit_form,
)
from tests.cogs.discord_world import WorldBuilder, reply_embed
from tests.cogs.history_page import HistoryPage
from tests.cogs.scripted_gateway import ScriptedGateway
from tests.database.engines import field_of
from tests.upgrade.old_world import OldWorld
from tests.upgrade.v0_1_0 import recorded

PAIR = "a pair of foxes"
PROMPT = field_of("jobs.request", "prompt")
NEWEST_FIRST = "ORDER BY jobs.created_at DESC, jobs.id DESC"


def readable(value: object) -> object:
    """Return a field of a request as it is recorded: files as base64."""
    if isinstance(value, list):
        return [
            base64.b64encode(each).decode() if isinstance(each, bytes) else each for each in value
        ]
    return value


def originals(world: OldWorld, prompt: str) -> list[bytes]:
    """Return the kept pictures of the first job with a prompt."""
    rows = world.rows(
        "SELECT sha256, format FROM pictures WHERE job_id = (SELECT MIN(id) FROM jobs"
        f" WHERE {PROMPT} = '{prompt}') ORDER BY number"
    )
    content_store = world.folder / "vault"
    return [(content_store / digest[:2] / f"{digest}.{kind}").read_bytes() for digest, kind in rows]


def newest(world: OldWorld) -> tuple[str, str, str]:
    """Return what the newest job asked for, what it came from, and how it stands."""
    ((prompt, parent, state),) = world.rows(
        f"SELECT {PROMPT}, {field_of('parents.request', 'prompt')}, jobs.state FROM jobs"
        f" LEFT JOIN jobs AS parents ON parents.id = jobs.parent {NEWEST_FIRST} LIMIT 1"
    )
    return prompt, parent, state


async def click(
    world: OldWorld, who: simcord.MemberActor, name: str, custom_id: str
) -> simcord.InteractionResult:
    """Press what v0.1.0 put under a message; its custom id begins so."""
    rows = recorded("messages")["messages"][name]["components"]
    ids = [str(item["custom_id"]) for row in rows for item in row["components"]]
    (wanted,) = (each for each in ids if each.startswith(custom_id))
    return await who.click(world.message(name), custom_id=wanted)


async def turned(
    world: OldWorld, who: simcord.MemberActor, name: str, custom_id: str
) -> HistoryPage:
    """Press a button under a page; return the page that stands there then."""
    answer = await click(world, who, name, custom_id)
    assert answer.response is not None
    assert answer.response.id == world.message(name).id
    return HistoryPage(world, who, answer.response)


# --- under results ----------------------------------------------------------------------------


async def test_a_re_roll_asks_for_what_was_asked(calm: OldWorld) -> None:
    """Options, references, mask and the person's tag are as v0.1.0 sent them."""
    for name, prompt in (
        ("pair", PAIR),
        ("masked", "a masked cat"),
        ("two references", "a cat from two"),
        ("private", "a private owl"),
    ):
        calm.gateway.bodies.clear()
        await press(calm, calm.ada, calm.message(name), "again")
        bodies = [{key: readable(body[key]) for key in body} for body in calm.gateway.bodies]
        assert bodies == recorded("requests")[prompt]
        assert newest(calm) == (prompt, prompt, "done")
    assert calm.rows(f"SELECT private FROM jobs {NEWEST_FIRST} LIMIT 1") == [(1,)]


async def test_old_messages_know_their_job_when_somebody_reacts(calm: OldWorld) -> None:
    """🔄 paints again for whoever reacts, and the server's own emoji takes a result down."""
    cat = calm.people["Cat"]
    await react(calm, cat, calm.message("to roll"), "🔄")
    await react(calm, calm.ada, calm.message("posted again"), "🔄")
    assert [body["prompt"] for body in calm.gateway.bodies] == ["a fox to roll", "an old owl 8"]
    await react(calm, calm.ada, calm.message("to roll"), "🧹")
    assert calm.is_there("to roll")  # it is Ben's
    await react(calm, calm.ben, calm.message("to roll"), "🧹")
    await answer_deletion(calm, calm.ben, calm.card)  # the others have reacted
    assert not calm.is_there("to roll")
    assert calm.is_there("rolled")


async def test_delete_takes_a_result_down(calm: OldWorld) -> None:
    """The requester's button, and a moderator's; the history keeps the pictures."""
    await press(calm, calm.ada, calm.message("pair"), "delete")
    await delete_after_question(calm, calm.mia, calm.message("four"))
    assert not calm.is_there("pair")
    assert not calm.is_there("four")
    assert len(originals(calm, PAIR)) == 2


async def test_the_original_files_are_handed_out(calm: OldWorld) -> None:
    """As the gateway sent them to v0.1.0."""
    answer = await press(calm, calm.ben, calm.message("four"), "original")
    files = [await file.read() for each in ephemeral_messages(answer) for file in each.attachments]
    assert files == originals(calm, "four cats")
    assert len(files) == 4


async def test_details_know_what_a_result_came_from(calm: OldWorld) -> None:
    """Prompts, options and the link to the earlier card."""
    card = reply_embed(await press(calm, calm.ben, calm.message("edited"), "details"))
    told = f"{card.description} {[field.value for field in card.fields]}"
    assert "a pair of owls, said again" in told
    assert str(calm.message("pair").jump_url) in told
    assert "/imagine prompt:a pair of owls model:dall-e-3 size:1024x1024 n:2 quality:hd" in told


async def test_forms_open_with_what_was_asked(calm: OldWorld) -> None:
    """Edit, Use, and the context menu on an old result and on somebody's own picture."""
    form = await press(calm, calm.ada, calm.message("two references"), "edit")
    assert form_values(form)["start"] == ["references"]
    await submit_form(calm, calm.ada, form, prompt="a dog from two")
    recorded_images = recorded("requests")["a cat from two"][0]["images"]
    assert calm.gateway.bodies[-1]["images"] == recorded_images
    form = await press(calm, calm.ben, calm.message("four"), "use")
    assert form_values(form)["start"] == ["picture:1"]
    await submit_form(calm, calm.ben, form, prompt="one cat")
    assert calm.gateway.bodies[-1]["image"] == originals(calm, "four cats")[:1]
    assert newest(calm) == ("one cat", "four cats", "done")
    for name, prompt in (("masked", "a masked cat"), ("ben's own", None)):
        menu = await calm.ada.context_menu(calm.channel, "Use as reference", calm.message(name))
        assert form_values(menu).get("prompt") == prompt


async def test_forms_that_were_open_can_still_be_sent(calm: OldWorld) -> None:
    """What people typed while the bot was updated is painted, or given back with a sentence."""
    form = calm.form("edit")
    await submit_form(calm, calm.ben, form, prompt="a pair of cats")
    assert newest(calm) == ("a pair of cats", PAIR, "done")
    form = calm.form("use")
    await submit_form(calm, calm.ben, form, prompt="a dog", start=["picture:3"])
    assert calm.gateway.bodies[-1]["image"] == originals(calm, "four cats")[2:3]
    refused = await calm.ada.submit_modal(
        calm.form("begun"), form_values(calm.form("begun")) | {"prompt": "of Ben's"}
    )
    words = " ".join(each.content for each in ephemeral_messages(refused))
    assert "of Ben's" in words
    assert newest(calm) == ("a dog", "four cats", "done")


async def test_a_card_without_pictures_is_tried_again(calm: OldWorld) -> None:
    """Try again after a refusal, and another word after a doubt."""
    await press(calm, calm.ada, calm.message("failed"), "again")
    assert newest(calm) == ("a declined fox", "a declined fox", "done")
    form = await press(calm, calm.ben, calm.message("in doubt"), "edit")
    assert form_values(form)["prompt"] == "a fox, broken off"


# --- under what only one person sees ----------------------------------------------------------


async def test_pages_of_the_history_are_turned(calm: OldWorld) -> None:
    """Both ways, with what was sought and without."""
    older = await turned(calm, calm.ada, "history", "easel:past:older:")
    assert older.prompts == ["a cat from two", "a masked cat", PAIR, "a declined fox"]
    newer = await turned(calm, calm.ada, "history sought", "easel:past:newer:")
    assert newer.prompts == ["an old owl 8", "an old owl 7", "an old owl 6", "a private owl"]
    freed = await turned(calm, calm.ada, "history sought", "easel:sought:model:")
    assert freed.prompts == newer.prompts
    everything = await turned(calm, calm.ada, "history sought", "easel:sought:text:")
    assert everything.prompts[0] == "a fox, announced but taken"


async def test_a_choice_of_the_history_is_posted_again(calm: OldWorld) -> None:
    """With its pictures, for all to see, and with the usual controls."""
    page = recorded("messages")["messages"]["history"]
    chosen = page["components"][0]["components"][0]["options"][1]["value"]
    await calm.ada.select(calm.message("history"), [chosen], custom_id="easel:again")
    await calm.wait_for_jobs()
    assert len(calm.card.attachments) == 1
    assert calm.rows(f"SELECT job_id FROM messages WHERE message_id = {calm.card.id}") == [
        (chosen,)
    ]


async def test_pages_of_admins_and_presets_are_turned(calm: OldWorld) -> None:
    """Limits, changes and presets, in both directions."""
    before = calm.message("limits").embeds[0].description
    first = await turned(calm, calm.mia, "limits", "easel:page:limits:back:0")
    assert first.embeds[0].description != before
    assert "Everyone" in str(first.embeds[0].description)
    changes = await turned(calm, calm.mia, "changes", "easel:page:changes:on:1")
    assert "too many ducks" in str(changes.embeds[0].description) + str(changes.embeds[0].fields)
    presets = await turned(calm, calm.ada, "presets", "easel:presets:2")
    assert "Plain" in str(presets.embeds[0].description)


async def test_a_deletion_that_was_asked_for_can_be_confirmed(world: OldWorld) -> None:
    """Within fifteen minutes, whichever process asked."""
    cat = world.people["Cat"]
    await click(world, cat, "delete my data", "easel:forget:")
    assert world.rows(f"SELECT COUNT(*) FROM jobs WHERE user_id = {cat.id}") == [(0,)]
    assert world.rows(f"SELECT COUNT(*) FROM preferences WHERE user_id = {cat.id}") == [(0,)]
    assert world.rows("SELECT COUNT(*) FROM anonymous") == [(2,)]


# --- under cards that wait --------------------------------------------------------------------


async def test_stop_still_stops(old_folder: Path, gateway: ScriptedGateway) -> None:
    """In line it gives the credits back; at work the person stops waiting."""
    gateway.gate.clear()
    build = WorldBuilder(old_folder, gateway, OldWorld)
    async with build.world(declared=True, max_running_per_user=1) as world:
        assert isinstance(world, OldWorld)
        await press_stop(world, world.ben, "queued")
        await press_stop(world, world.ada, "task")
        (fox,) = world.rows(f"SELECT state FROM jobs WHERE {PROMPT} = 'a fox in line'")
        assert fox == ("cancelled",)
        gateway.gate.set()
        await world.env.advance_time(10)
        await world.wait_for_jobs()
        (task,) = world.rows(f"SELECT state FROM jobs WHERE {PROMPT} = 'a fox, as a task'")
        assert task == ("done",)
        assert "a fox in line" not in {body["prompt"] for body in gateway.bodies}
        assert not has_stop(world.message("queued"))
        assert not has_stop(world.message("task"))


async def press_stop(world: OldWorld, who: simcord.MemberActor, name: str) -> None:
    await click(world, who, name, "easel:stop:")


def has_stop(message: discord.Message) -> bool:
    return "easel:stop:" in str([row.to_dict() for row in message.components])

"""Spoilers: pictures that nobody sees by accident, from the preview to the history."""

from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from tests.cogs.actions import (
    control_id,
    custom_ids,
    ephemeral_messages,
    ephemeral_text,
    finished_card,
    newest_job_id,
    press,
    react,
    submit_form,
)
from tests.cogs.discord_world import DiscordWorld, WorldBuilder, reply_text
from tests.cogs.scripted_gateway import StreamReply
from tests.cogs.test_delivery import patient
from tests.cogs.test_edit_form import use
from tests.cogs.test_gateways import described
from tests.cogs.test_references import PNG
from tests.cogs.test_result_buttons import sent_last
from tests.cogs.test_settings import facts


def names(message: discord.Message) -> list[str]:
    """Return the names of the files beside the embeds of a message."""
    return [attachment.filename for attachment in message.attachments]


def is_hidden(message: discord.Message) -> bool:
    """Tell whether all pictures of a message are spoilers, and no embed shows one."""
    shown = [embed.image.url or embed.thumbnail.url for embed in message.embeds]
    hidden = [name.startswith("SPOILER_") for name in names(message)]
    assert any(shown) is not any(hidden)
    assert all(hidden) or not any(hidden)
    return bool(hidden) and all(hidden)


async def fresh(world: DiscordWorld, message: discord.Message) -> discord.Message:
    """Return a message as it is now."""
    return next(each for each in world.messages() if each.id == message.id)


# --- asked for --------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 4])
async def test_a_spoiler_is_one_embed_of_words_and_hidden_files(
    world: DiscordWorld, n: int
) -> None:
    """An embed cannot hide a picture, so no embed has one; the words and buttons are as ever."""
    card = await finished_card(world, model="easel-painter", n=n, spoiler=True)
    body = sent_last(world, "PATCH")
    (embed,) = body["embeds"]
    assert "image" not in embed
    assert embed["description"] == "> a fox"
    job_id = newest_job_id(world)
    assert names(card) == [f"SPOILER_easel-{job_id[-8:]}-{i}.png" for i in range(1, n + 1)]
    assert custom_ids(card)[1][-1] == f"easel:spoiler:{job_id}"
    assert world.rows("SELECT spoiler FROM jobs") == [(1,)]


async def test_neither_a_preview_nor_the_references_give_it_away(build: WorldBuilder) -> None:
    """What is painted half, and what it was made from, would be seen by everybody."""
    async with build.world(declared=True, **described(build, stream='"sse"')) as world:
        world.gateway.replies.append(StreamReply())
        world.gateway.gate.clear()
        await world.imagine(world.ada, spoiler=True, reference1=("x.png", PNG))
        await world.until_asked()
        assert world.gateway.bodies[0]["stream"] == "true"
        await world.env.advance_time(3)
        assert "Painting for Ada" in world.title
        assert (world.card.attachments, world.card.embeds[0].image.url) == ([], None)
        world.gateway.gate.set()
        await world.wait_for_jobs()
        assert is_hidden(world.card)
        assert len(world.card.attachments) == 1


async def test_what_was_typed_counts_before_preference_and_server(world: DiscordWorld) -> None:
    """Option before preference, preference before the server's default."""
    answer = await world.mia.slash(world.channel, "settings defaults", spoiler=True)
    assert "hidden until somebody clicks" in facts(answer)["Spoilers"]
    assert is_hidden(await finished_card(world))
    await world.ada.slash(world.channel, "preferences spoiler", spoiler=False)
    assert not is_hidden(await finished_card(world))
    assert is_hidden(await finished_card(world, spoiler=True))
    await world.restart()
    assert not is_hidden(await finished_card(world))
    await world.mia.slash(world.channel, "settings reset", what="defaults")
    await world.ada.slash(world.channel, "preferences spoiler", spoiler=True)
    assert is_hidden(await finished_card(world))
    assert not is_hidden(await finished_card(world, spoiler=False))


async def test_what_comes_from_a_spoiler_is_one(world: DiscordWorld) -> None:
    """Re-roll, reaction, edit and use, by anybody; only a new command can show it."""
    card = await finished_card(world, spoiler=True)
    await press(world, world.ben, card, "again")
    await react(world, world.ben, card, "🔄")
    await submit_form(world, world.ben, await press(world, world.ben, card, "edit"), prompt="owl")
    use = await press(world, world.ada, card, "use")
    await submit_form(world, world.ada, use, prompt="a hawk")
    cards = [message for message in world.messages() if message.attachments]
    assert [is_hidden(message) for message in cards] == [True] * 5
    assert world.rows("SELECT DISTINCT spoiler FROM jobs") == [(1,)]


async def test_what_starts_from_a_hidden_picture_of_any_message_is_one(
    world: DiscordWorld,
) -> None:
    """Its card showed the picture that somebody had hidden as a thumbnail, to everybody."""
    photo = await world.ben.send(
        world.channel, "the end of the film", attachments=[("SPOILER_a.png", PNG)]
    )
    shown = await use(world, world.ada, photo)
    await submit_form(world, world.ada, shown, prompt="in snow", model=["easel-painter"])
    assert len(world.gateway.bodies) == 1
    assert is_hidden(world.card)
    assert world.rows("SELECT spoiler FROM jobs") == [(1,)]


async def test_originals_and_what_is_posted_again_are_hidden(world: DiscordWorld) -> None:
    """Every file of the job has the name by which Discord hides it."""
    card = await finished_card(world, model="easel-painter", n=2, spoiler=True)
    sent = await press(world, world.ben, card, "original")
    files = [file.filename for each in ephemeral_messages(sent) for file in each.attachments]
    assert len(files) == 2
    assert all(name.startswith("SPOILER_") for name in files)
    listed = await world.ada.slash(world.channel, "history")
    assert listed.response is not None
    await world.ada.select(listed.response.message, [newest_job_id(world)], custom_id="easel:again")
    assert world.card.id != card.id
    assert is_hidden(world.card)


async def test_a_restart_delivers_a_spoiler_as_one(build: WorldBuilder) -> None:
    """The job's row says so, not the process that accepted it."""
    async with build.world(declared=True, **patient(build)) as world:
        world.gateway.gate.clear()
        await world.imagine(world.ben)
        await world.imagine(world.ada, spoiler=True)
        await world.restart()
        world.gateway.gate.set()
        await world.wait_for_jobs()
        (card,) = (each for each in world.messages() if each.attachments)
        assert card.embeds[0].author.name == "🖼️ A picture for Ada"
        assert is_hidden(card)


# --- marked afterwards ------------------------------------------------------------------------


async def test_a_moderator_hides_a_result_and_shows_it_again(world: DiscordWorld) -> None:
    """The words stay, the gallery comes back as it was, with what it was made from."""
    card = await finished_card(world, model="easel-painter", n=2, reference1=("x.png", PNG))
    before = [embed.to_dict() for embed in card.embeds]
    files = [await each.read() for each in card.attachments[:2]]
    await press(world, world.mia, card, "spoiler")
    card = await fresh(world, card)
    assert is_hidden(card)
    assert len(card.embeds) == 1
    assert card.embeds[0].description == before[0]["description"]
    assert card.embeds[0].footer.text == before[0]["footer"]["text"]
    assert [await each.read() for each in card.attachments] == files
    assert control_id(card, "spoiler")
    await press(world, world.ben, card, "again")
    assert is_hidden(world.card)
    world.skipped_ms += 5_000
    await press(world, world.mia, card, "spoiler")
    card = await fresh(world, card)
    assert not is_hidden(card)
    now = [embed.to_dict() for embed in card.embeds]
    assert [each.get("url") for each in now] == [each.get("url") for each in before]
    assert [each.get("description") for each in now] == [each.get("description") for each in before]
    assert "-references.webp" in str(now[0]["thumbnail"]["url"])
    assert world.rows("SELECT spoiler FROM jobs ORDER BY id") == [(0,), (2,)]


async def test_a_requester_hides_their_own_and_strangers_nothing(world: DiscordWorld) -> None:
    """In both languages: who may is told to who may not."""
    card = await finished_card(world)
    refused = await press(world, world.ben, card, "spoiler")
    assert "Only the person who asked" in reply_text(refused)
    await world.ben.slash(world.channel, "preferences language", language="zh-CN")
    assert "请联系他们" in reply_text(await press(world, world.ben, card, "spoiler"))
    assert not is_hidden(await fresh(world, card))
    await press(world, world.ada, card, "spoiler")
    card = await fresh(world, card)
    assert is_hidden(card)
    world.skipped_ms += 5_000
    await press(world, world.ada, card, "spoiler")
    assert not is_hidden(await fresh(world, card))


async def test_what_a_moderator_hid_its_requester_does_not_show(world: DiscordWorld) -> None:
    """Else a moderator's press would be worth nothing; another moderator's is."""
    card = await finished_card(world)
    await press(world, world.mia, card, "spoiler")
    card = await fresh(world, card)
    refused = await press(world, world.ada, card, "spoiler")
    assert "A moderator hid these pictures" in reply_text(refused)
    assert is_hidden(await fresh(world, card))
    world.skipped_ms += 5_000
    await press(world, world.mia, card, "spoiler")
    card = await fresh(world, card)
    assert not is_hidden(card)
    world.skipped_ms += 5_000
    await press(world, world.ada, card, "spoiler")
    assert is_hidden(await fresh(world, card))
    assert world.rows("SELECT spoiler FROM jobs") == [(1,)]


async def test_what_comes_from_what_a_moderator_hid_its_requester_does_not_show(
    world: DiscordWorld,
) -> None:
    """Its card shows the hidden picture as a thumbnail: a press on *Use* would undo theirs."""
    card = await finished_card(world, model="easel-painter")
    await press(world, world.mia, card, "spoiler")
    form = await press(world, world.ada, card, "use")
    await submit_form(world, world.ada, form, prompt="the same again")
    derived = world.card
    world.skipped_ms += 5_000
    refused = await press(world, world.ada, derived, "spoiler")
    assert "moderator" in reply_text(refused)
    assert is_hidden(await fresh(world, derived))
    world.skipped_ms += 5_000
    await press(world, world.mia, derived, "spoiler")
    assert not is_hidden(await fresh(world, derived))


async def test_two_presses_at_once_hide_it(world: DiscordWorld) -> None:
    """A double click, or the requester beside a moderator: both want the same."""
    card = await finished_card(world)
    for who in (world.ada, world.ada, world.mia):
        await press(world, who, card, "spoiler")
        assert is_hidden(await fresh(world, card))


async def test_the_button_works_after_a_restart(world: DiscordWorld) -> None:
    """Everything is in the message and in the job's row."""
    card = await finished_card(world)
    await world.restart()
    await press(world, world.mia, card, "spoiler")
    assert is_hidden(await fresh(world, card))


async def test_every_message_of_the_result_is_marked(world: DiscordWorld) -> None:
    """One press, also where the pictures were posted again meanwhile."""
    card = await finished_card(world)
    listed = await world.ada.slash(world.channel, "history")
    assert listed.response is not None
    await world.ada.select(listed.response.message, [newest_job_id(world)], custom_id="easel:again")
    again = world.card
    assert again.id != card.id
    await press(world, world.ada, card, "spoiler")
    assert is_hidden(await fresh(world, card))
    assert is_hidden(await fresh(world, again))


async def test_without_kept_files_the_messages_own_are_uploaded_again(
    world: DiscordWorld,
) -> None:
    """The retention has passed, and the message still shows them."""
    card = await finished_card(world, model="easel-painter", n=2)
    files = [await each.read() for each in card.attachments]
    world.write("DELETE FROM pictures WHERE job_id = ?", [(newest_job_id(world),)])
    await press(world, world.mia, card, "spoiler")
    card = await fresh(world, card)
    assert is_hidden(card)
    assert [await each.read() for each in card.attachments] == files


async def test_where_no_file_is_left_it_is_said(world: DiscordWorld) -> None:
    """Neither kept nor at Discord: the message stays as it is, and the next press may succeed."""
    card = await finished_card(world)
    world.write("DELETE FROM pictures WHERE job_id = ?", [(newest_job_id(world),)])

    async def gone(url: str) -> bytes:
        answer = cast("Any", SimpleNamespace(status=404, reason="gone"))
        raise discord.NotFound(answer, url)

    world.bot.client.http.get_from_cdn = gone  # type: ignore[method-assign]  # Discord's side
    refused = await press(world, world.mia, card, "spoiler")
    assert "could not be changed" in ephemeral_text(refused)
    assert not is_hidden(await fresh(world, card))


async def test_a_private_result_has_no_such_button(world: DiscordWorld) -> None:
    """One person sees it, who asked for it; as a spoiler it is one all the same."""
    await world.imagine(world.ada, private=True, spoiler=True)
    await world.wait_for_jobs()
    (card,) = world.channel.history(viewer=world.ada)
    assert is_hidden(card)
    assert [len(row) for row in custom_ids(card)] == [3, 4]

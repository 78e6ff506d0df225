"""One of several pictures: chosen under a result, then varied, used or posted by itself."""

from dataclasses import replace
from typing import Any

import discord
import pytest
import simcord

from tests.cogs.actions import (
    custom_ids,
    delete_after_question,
    ephemeral_messages,
    ephemeral_text,
    finished_card,
    form_values,
    newest_job_id,
    press,
    submit_form,
)
from tests.cogs.discord_world import DiscordWorld
from tests.cogs.history_page import HistoryPage
from tests.cogs.test_edit_form import originals, use
from tests.cogs.test_references import sent

PAINTER = "easel-painter"


async def several(world: DiscordWorld, n: int = 4, model: str = PAINTER) -> discord.Message:
    """Return a result of several pictures."""
    return await finished_card(world, model=model, n=n)


async def choose(
    world: DiscordWorld, who: simcord.MemberActor, card: Any, number: int = 2
) -> simcord.InteractionResult:
    """Choose a picture under a result."""
    answer = await who.select(card, [str(number)], custom_id=select_id(card))
    await world.env.settle()
    return answer


def items(message: Any) -> list[list[dict[str, Any]]]:
    """Return the components under a message, row by row."""
    rows = [row.to_dict() if hasattr(row, "to_dict") else row for row in message.components]
    return [row["components"] for row in rows]


def select_id(message: Any) -> str:
    """Return the custom id of the select under a message."""
    (found,) = items(message)[-1]
    return str(found["custom_id"])


def labels(answer: simcord.InteractionResult) -> list[str]:
    """Return the labels of the buttons under a chosen picture."""
    return [each["label"] for each in buttons(answer)]


def buttons(answer: simcord.InteractionResult) -> list[dict[str, Any]]:
    """Return the buttons under a chosen picture."""
    (message,) = ephemeral_messages(answer)
    return [each for row in items(message) for each in row]


async def act(
    world: DiscordWorld, who: simcord.MemberActor, answer: simcord.InteractionResult, action: str
) -> simcord.InteractionResult:
    """Press a button under a chosen picture, and wait for what it starts."""
    (message,) = ephemeral_messages(answer)[:1]
    found = [each["custom_id"] for each in buttons(answer)]
    (custom_id,) = (each for each in found if each.startswith(f"easel:one:{action}:"))
    pressed = await who.click(message, custom_id=custom_id)
    await world.wait_for_jobs()
    return pressed


async def posted_by_bot(world: DiscordWorld, view: discord.ui.View) -> discord.Message:
    """Let the bot post old components, or those of nobody."""
    channel = world.bot.client.get_channel(world.channel.id)
    assert isinstance(channel, discord.TextChannel)
    await channel.send("old", view=view)
    return world.card


async def press_custom(
    world: DiscordWorld, who: simcord.MemberActor, custom_id: str
) -> simcord.InteractionResult:
    """Press a button with any custom id."""
    button: discord.ui.Button[discord.ui.View]
    button = discord.ui.Button(label="old", custom_id=custom_id)
    message = await posted_by_bot(world, discord.ui.View(timeout=None).add_item(button))
    pressed = await who.click(message, custom_id=custom_id)
    await world.wait_for_jobs()
    return pressed


# --- choosing ---------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [2, 4, 10])
async def test_a_select_names_each_of_several_pictures(world: DiscordWorld, n: int) -> None:
    """Below the buttons, which stay where they are; also where the pictures need more messages."""
    card = await several(world, n)
    (select,) = items(card)[-1]
    assert select["custom_id"] == f"easel:picture:{newest_job_id(world)}"
    assert select["placeholder"] == "Choose a picture …"
    assert [each["label"] for each in select["options"]] == [f"Picture {i + 1}" for i in range(n)]
    assert len(card.components) == 3


async def test_one_picture_has_a_button_instead_of_the_select(world: DiscordWorld) -> None:
    """There is nothing to choose; what can be done with it is shown all the same."""
    card = await finished_card(world)
    assert len(card.components) == 2
    answer = await press(world, world.ben, card, "one:choose")
    (message,) = ephemeral_messages(answer)
    assert message.embeds[0].author.name == "🖼️ Picture 1 of 1"
    assert [each.filename for each in message.attachments] == [card.attachments[0].filename]
    assert labels(answer) == [
        "Vary with gpt-image-2 · 1 credit",
        "Use · 1 credit",
        "Enlarge 2× (resampled) · free",
    ]


async def test_what_is_posted_again_can_be_chosen_from_as_well(world: DiscordWorld) -> None:
    """The history's copy of four pictures is a result like the first."""
    await several(world)
    page = await HistoryPage.open(world, world.ada)
    await page.post_again()
    answer = await choose(world, world.ben, world.card, 3)
    assert ephemeral_messages(answer)[0].attachments[0].filename.endswith("-3.png")


@pytest.mark.parametrize("who", ["ada", "ben", "mia"])
async def test_the_chosen_picture_is_shown_with_what_each_action_costs(
    world: DiscordWorld, who: str
) -> None:
    """To whoever chose it alone: the requester, a stranger or a moderator."""
    card = await several(world)
    answer = await choose(world, getattr(world, who), card)
    (message,) = ephemeral_messages(answer)
    assert message.embeds[0].author.name == "🖼️ Picture 2 of 4"
    assert [each.filename for each in message.attachments] == [card.attachments[1].filename]
    assert labels(answer) == [
        "Vary · 1 credit",
        "Use · 1 credit",
        "Enlarge 2× (resampled) · free",
        "Post alone · free",
    ]
    assert len(world.messages()) == 1
    assert len(world.gateway.bodies) == 1


async def test_the_answer_is_in_the_readers_language(world: DiscordWorld) -> None:
    """Whatever the result's own language is."""
    card = await several(world)
    await world.ben.slash(world.channel, "preferences language", language="zh-CN")
    answer = await choose(world, world.ben, card)
    assert ephemeral_messages(answer)[0].embeds[0].author.name == "🖼️ 第 2 张，共 4 张"
    wanted = ["变体 · 1 点", "参考 · 1 点", "放大 2 倍（插值）· 免费", "单独发出 · 免费"]
    assert labels(answer) == wanted
    await act(world, world.ben, answer, "post")
    assert world.title == "🖼️ Picture 2 of 4 for Ada"


async def test_a_double_choice_is_answered_once(world: DiscordWorld) -> None:
    """A nervous finger."""
    card = await several(world)
    await choose(world, world.ben, card)
    again = await choose(world, world.ben, card)
    assert again.deferred
    assert ephemeral_messages(again) == []


# --- vary -------------------------------------------------------------------------------------


async def test_vary_paints_one_more_for_whoever_presses(world: DiscordWorld) -> None:
    """At once, without a form: the same words, the chosen picture as reference, one credit."""
    card = await several(world)
    files, first = originals(world), newest_job_id(world)
    await act(world, world.ben, await choose(world, world.ben, card), "vary")
    assert sent(world) == [files[1]]
    body = world.gateway.bodies[-1]
    assert (body["prompt"], int(str(body["n"]))) == ("a fox", 1)
    assert "A picture for Ben" in world.title
    assert world.rows(f"SELECT credits FROM charges WHERE user_id = {world.ben.id}") == [(1,)]
    assert world.rows("SELECT parent FROM jobs ORDER BY id DESC LIMIT 1") == [(first,)]


async def test_a_picture_keeps_its_number_when_others_are_gone(world: DiscordWorld) -> None:
    """One that came late is kept longer; the second was shown, posted and paid for as the first."""
    card = await several(world)
    files = originals(world)
    world.write("DELETE FROM pictures WHERE number IN (?)", [(1,)])
    gone = await choose(world, world.ben, card, 1)
    assert "Picture 1 is no longer kept" in ephemeral_text(gone)
    world.skipped_ms += 10_000
    answer = await choose(world, world.ben, card, 2)
    assert ephemeral_messages(answer)[0].embeds[0].author.name == "🖼️ Picture 2 of 4"
    await act(world, world.ben, answer, "vary")
    assert sent(world) == [files[1]]


async def test_vary_pressed_twice_paints_once(world: DiscordWorld) -> None:
    """Three seconds later it is meant."""
    chosen = await choose(world, world.ben, await several(world))
    await act(world, world.ben, chosen, "vary")
    await act(world, world.ben, chosen, "vary")
    assert world.credits() == 5
    await world.env.advance_time(3)
    await act(world, world.ben, chosen, "vary")
    assert world.credits() == 6


async def test_where_the_model_takes_no_reference_the_button_names_another(
    world: DiscordWorld,
) -> None:
    """dall-e-3 cannot vary its own pictures; gpt-image-2 can, and says what it costs."""
    card = await several(world, 2, model="dall-e-3")
    await world.mia.slash(world.channel, "quota cost", model="gpt-image-2", credits=3)
    answer = await choose(world, world.ben, card)
    assert labels(answer)[:2] == ["Vary with gpt-image-2 · 3 credits", "Use · 3 credits"]
    await act(world, world.ben, answer, "vary")
    assert world.gateway.bodies[-1]["model"] == "gpt-image-2"
    assert world.rows(f"SELECT credits FROM charges WHERE user_id = {world.ben.id}") == [(3,)]


async def test_where_no_model_takes_a_reference_the_picture_is_only_enlarged_or_posted(
    world: DiscordWorld,
) -> None:
    """A button that is refused every time is none; one that was shown before is answered."""
    card = await several(world, 2, model="dall-e-3")
    before = await choose(world, world.ben, card)
    await world.bot.preference_store.change_server(
        world.guild.id, lambda settings: replace(settings, models=("dall-e-3",))
    )
    left = ["Enlarge 2× (resampled) · free", "Post alone · free"]
    assert labels(await choose(world, world.ada, card)) == left
    refused = await act(world, world.ben, before, "vary")
    assert "does not support reference images" in ephemeral_text(refused)
    assert world.credits() == 2


async def test_a_cost_that_changed_is_shown_before_it_is_paid(world: DiscordWorld) -> None:
    """The button said one credit: the next press is at the new cost, or is none."""
    answer = await choose(world, world.ben, await several(world))
    await world.mia.slash(world.channel, "quota cost", model=PAINTER, credits=5)
    told = await act(world, world.ben, answer, "vary")
    assert "costs 5 credits now" in str(told.followups[0].content)
    assert world.credits() == 4
    pressed = await world.ben.click(
        ephemeral_messages(answer)[0],
        custom_id=f"easel:one:vary:{newest_job_id(world)}:2:5",
    )
    assert pressed.acknowledged
    await world.wait_for_jobs()
    assert world.credits() == 9


# --- use --------------------------------------------------------------------------------------


async def test_use_opens_the_form_from_that_picture(world: DiscordWorld) -> None:
    """For one picture, whoever asked for four."""
    card = await several(world)
    files = originals(world)
    shown = await act(world, world.ben, await choose(world, world.ben, card, 3), "use")
    assert form_values(shown)["start"] == ["picture:3"]
    await submit_form(world, world.ben, shown, prompt="in snow")
    assert sent(world) == [files[2]]
    assert world.rows(f"SELECT credits FROM charges WHERE user_id = {world.ben.id}") == [(1,)]


# --- post alone -------------------------------------------------------------------------------


async def test_a_picture_is_posted_by_itself_for_everybody(world: DiscordWorld) -> None:
    """It is Ada's, it says who posted it, it costs nothing, and she can delete it."""
    card = await several(world)
    answer = await act(world, world.ben, await choose(world, world.ben, card), "post")
    assert ephemeral_text(answer) == "Posted."
    alone = world.card
    assert [each.filename for each in alone.attachments] == [card.attachments[1].filename]
    assert world.title == "🖼️ Picture 2 of 4 for Ada"
    assert "Posted by Ben" in str(alone.embeds[0].description)
    assert "4 pictures" not in str(alone.embeds[0].footer.text)
    assert world.credits() == 4
    job_id = newest_job_id(world)
    assert custom_ids(alone) == [
        [
            f"easel:one:use:{job_id}:2",
            f"easel:details:{job_id}",
            f"easel:one:choose:{job_id}:2",
            f"easel:delete:{job_id}",
        ]
    ]
    await press(world, world.ada, alone, "delete")
    assert world.messages() == []


async def test_the_controls_under_it_are_for_that_picture(world: DiscordWorld) -> None:
    """Its button and the context menu start from picture 2, not from the first."""
    card = await several(world)
    await act(world, world.ada, await choose(world, world.ada, card), "post")
    assert "Posted by" not in str(world.card.embeds[0].description)
    custom_id = f"easel:one:use:{newest_job_id(world)}:2"
    shown = await world.ben.click(world.card, custom_id=custom_id)
    assert form_values(shown)["start"] == ["picture:2"]
    assert form_values(await use(world, world.mia, world.card))["start"] == ["picture:2"]


async def test_a_double_press_posts_once(world: DiscordWorld) -> None:
    """Also where the second one comes late, or after a restart: the message was sent before."""
    chosen = await choose(world, world.ben, await several(world))
    for _ in range(2):
        await act(world, world.ben, chosen, "post")
    await world.env.advance_time(60)
    await act(world, world.ben, chosen, "post")
    await world.restart()
    await act(world, world.ben, chosen, "post")
    assert len(world.messages()) == 2
    await world.env.advance_time(3)
    again = await choose(world, world.ben, world.messages()[0])
    await act(world, world.ben, again, "post")
    assert len(world.messages()) == 3  # chosen anew, it is meant


async def test_where_the_bot_may_not_write_only_the_person_gets_it(world: DiscordWorld) -> None:
    """As the history does it; and they are told."""
    chosen = await choose(world, world.ben, await several(world))
    world.env.inject_error("POST", "/channels/*/messages", status=403, code=50013, times=2)
    answer = await act(world, world.ben, chosen, "post")
    assert len(world.messages()) == 1
    picture, told = ephemeral_messages(answer)
    assert len(picture.attachments) == 1
    assert "only you see them" in str(told.content)


async def test_what_was_deleted_is_posted_by_its_requester_alone(world: DiscordWorld) -> None:
    """A stranger's answer of before does not bring back what somebody took down."""
    card = await several(world)
    chosen = {who: await choose(world, who, card) for who in (world.ada, world.ben)}
    await delete_after_question(world, world.mia, card)
    for action in ("post", "vary", "use"):  # the picture would be a thumbnail
        refused = await act(world, world.ben, chosen[world.ben], action)
        assert "was deleted here" in ephemeral_text(refused)
    assert world.messages() == []
    assert len(world.gateway.bodies) == 1
    await act(world, world.ada, chosen[world.ada], "post")
    assert len(world.messages()) == 1


async def test_nothing_of_a_private_result_is_posted(world: DiscordWorld) -> None:
    """Neither by its button, which is not there, nor by one that somebody made up."""
    await world.imagine(world.ada, model=PAINTER, n=2, private=True)
    await world.wait_for_jobs()
    (card,) = world.channel.history(viewer=world.ada)
    answer = await choose(world, world.ada, card)
    resample = "Enlarge 2× (resampled) · free"
    assert labels(answer) == ["Vary · 1 credit", "Use · 1 credit", resample]
    varied = await act(world, world.ada, answer, "vary")
    assert varied.ephemeral
    assert world.channel.history(viewer=world.ben) == []
    job_id = newest_job_id(world)
    refused = await press_custom(world, world.ada, f"easel:one:post:{job_id}:1")
    assert "is private" in ephemeral_text(refused)
    assert len(world.messages()) == 1  # the made-up button

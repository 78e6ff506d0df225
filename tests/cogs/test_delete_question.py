"""The question before a result is deleted: whom it asks, what it says, what the answers do."""

import discord
import pytest
import simcord

from tests.cogs.actions import (
    answer_deletion,
    ephemeral_messages,
    ephemeral_text,
    finished_card,
    newest_job_id,
    press,
    react,
)
from tests.cogs.discord_world import DiscordWorld
from tests.cogs.scripted_gateway import ErrorReply

DELETE = "❌"


async def asked(
    world: DiscordWorld, who: simcord.MemberActor, card: discord.Message
) -> simcord.ResponseMessage:
    """Press the delete button; return the question."""
    (question,) = ephemeral_messages(await press(world, who, card, "delete"))
    return question


def is_there(world: DiscordWorld, card: discord.Message) -> bool:
    """Tell whether a message is still in the channel."""
    return card.id in {message.id for message in world.messages()}


async def restrict_moderators(world: DiscordWorld) -> None:
    """Take from Mia what made her a moderator."""
    guild = world.bot.client.get_guild(world.guild.id)
    assert guild is not None
    (role,) = (role for role in guild.roles if role.name == "moderator")
    await role.delete()


# --- when it is asked -------------------------------------------------------------------------


async def test_ones_own_result_goes_at_once(world: DiscordWorld) -> None:
    """Also with the bot's own 🔄, one's own reaction, a bot's, and one's own reply."""
    card = await finished_card(world)
    await react(world, world.ada, card, "👍")
    robot = world.guild.add_member(world.env.create_user("Robot", bot=True))
    await robot.react(card, "👍")
    await world.ada.send(world.channel, "mine", reply_to=card)
    await world.ben.send(world.channel, "something else")
    answer = await press(world, world.ada, card, "delete")
    assert ephemeral_messages(answer) == []
    assert not is_there(world, card)


@pytest.mark.parametrize("emoji", ["👍", "🔄"])
async def test_a_result_that_others_reacted_to_is_asked_about(
    world: DiscordWorld, emoji: str
) -> None:
    """Its requester reads that others like it, and where the picture stays."""
    card = await finished_card(world)
    await react(world, world.ben, card, emoji)
    question = await asked(world, world.ada, card)
    assert "Others have reacted or replied to this result." in question.content
    assert "The picture stays in your `/history` and is deleted there <t:" in question.content
    assert is_there(world, card)
    await answer_deletion(world, world.ada, question)
    assert not is_there(world, card)
    assert world.rows("SELECT COUNT(*) FROM pictures") != [(0,)]


async def test_a_result_that_others_replied_to_is_asked_about(world: DiscordWorld) -> None:
    """The bot receives no messages, so it looks at those after the result once."""
    card = await finished_card(world)
    await world.ben.send(world.channel, "lovely", reply_to=card)
    before = len(world.env.http_requests)
    question = await asked(world, world.ada, card)
    read = [
        request.path
        for request in world.env.http_requests[before:]
        if request.method == "GET" and request.path.endswith("/messages")
    ]
    assert len(read) == 1
    assert "Others have reacted or replied" in question.content
    kept = await answer_deletion(world, world.ada, question, "Keep")
    assert ephemeral_messages(kept) == []
    assert is_there(world, card)


async def test_a_reply_to_a_further_message_counts_as_well(world: DiscordWorld) -> None:
    """All messages of the result go, so each of them is looked at."""
    card = await finished_card(world)
    history = await world.ada.slash(world.channel, "history")
    assert history.response is not None
    await world.ada.select(history.response, [newest_job_id(world)], custom_id="easel:again")
    await react(world, world.ben, world.card, "👍")
    question = await asked(world, world.ada, card)
    await answer_deletion(world, world.ada, question)
    assert world.messages() == []


async def test_what_the_bot_may_not_read_is_not_asked_about(world: DiscordWorld) -> None:
    """Nobody is kept from deleting by a channel whose history is closed to the bot."""
    card = await finished_card(world)
    await react(world, world.ben, card, "👍")
    world.env.inject_error("GET", "/channels/*/messages*", status=403, code=50001, times=5)
    answer = await press(world, world.ada, card, "delete")
    assert ephemeral_messages(answer) == []
    assert not is_there(world, card)


async def test_a_moderator_is_asked_whose_it_is(world: DiscordWorld) -> None:
    """A slip of the finger must not take down what somebody else paid for."""
    card = await finished_card(world, model="easel-painter", n=2)
    question = await asked(world, world.mia, card)
    assert "This result is not yours: Ada requested it." in question.content
    assert "The pictures stay in the `/history` of Ada and are deleted there" in question.content
    await answer_deletion(world, world.mia, question)
    assert not is_there(world, card)


async def test_a_card_without_pictures_does_not_speak_of_the_history(world: DiscordWorld) -> None:
    """Nothing of it is kept."""
    world.gateway.replies.append(ErrorReply(400, "moderation_blocked"))
    await finished_card(world)
    button: discord.ui.Button[discord.ui.View]
    button = discord.ui.Button(label="x", custom_id=f"easel:delete:{newest_job_id(world)}")
    channel = world.bot.client.get_channel(world.channel.id)
    assert isinstance(channel, discord.TextChannel)
    await channel.send("old", view=discord.ui.View(timeout=None).add_item(button))
    question = await asked(world, world.mia, world.card)
    assert "history" not in question.content


async def test_the_question_is_in_the_readers_language(world: DiscordWorld) -> None:
    """And so are its buttons."""
    card = await finished_card(world)
    await world.mia.slash(world.channel, "preferences language", language="zh-CN")
    question = await asked(world, world.mia, card)
    assert "这不是你的结果" in question.content
    await answer_deletion(world, world.mia, question, "保留")
    assert is_there(world, card)


# --- the answer -------------------------------------------------------------------------------


async def test_an_answer_counts_after_a_restart(world: DiscordWorld) -> None:
    """The buttons say which result it is about."""
    card = await finished_card(world)
    await react(world, world.ben, card, "👍")
    questions = [await asked(world, world.ada, card), await asked(world, world.mia, card)]
    await world.restart()
    await answer_deletion(world, world.mia, questions[1], "Keep")
    assert is_there(world, card)
    await answer_deletion(world, world.ada, questions[0])
    assert not is_there(world, card)


async def test_rights_are_checked_again_with_the_answer(world: DiscordWorld) -> None:
    """Who was a moderator when the question came is none any more."""
    card = await finished_card(world)
    question = await asked(world, world.mia, card)
    await restrict_moderators(world)
    refused = await answer_deletion(world, world.mia, question)
    assert "Only the person who asked" in ephemeral_text(refused)
    assert is_there(world, card)


async def test_what_is_gone_already_is_no_obstacle(world: DiscordWorld) -> None:
    """Two people were asked, and both say yes."""
    card = await finished_card(world)
    await react(world, world.ben, card, "👍")
    questions = [await asked(world, world.ada, card), await asked(world, world.mia, card)]
    assert ephemeral_messages(await answer_deletion(world, world.mia, questions[1])) == []
    assert ephemeral_messages(await answer_deletion(world, world.ada, questions[0])) == []
    assert not is_there(world, card)


async def test_what_cannot_be_deleted_is_said(world: DiscordWorld) -> None:
    """Instead of the question."""
    card = await finished_card(world)
    question = await asked(world, world.mia, card)
    world.env.inject_error("DELETE", "/channels/*/messages/*", status=403, code=50001, times=2)
    answer = await answer_deletion(world, world.mia, question)
    assert "One message could not be deleted" in ephemeral_text(answer)


async def test_a_double_click_is_one(world: DiscordWorld) -> None:
    """On the bin: one question."""
    card = await finished_card(world)
    await asked(world, world.mia, card)
    again = await press(world, world.mia, card, "delete")
    assert ephemeral_messages(again) == []
    assert is_there(world, card)


@pytest.mark.parametrize("job_id", ["x", "01234567-89ab-7cde-8f01-23456789abcd"])
@pytest.mark.parametrize("word", ["yes", "no"])
async def test_an_unknown_id_is_answered(world: DiscordWorld, word: str, job_id: str) -> None:
    """A database that was lost: a sentence instead of "failed"."""
    button: discord.ui.Button[discord.ui.View]
    button = discord.ui.Button(label="old", custom_id=f"easel:deletion:{word}:{job_id}")
    channel = world.bot.client.get_channel(world.channel.id)
    assert isinstance(channel, discord.TextChannel)
    await channel.send("old", view=discord.ui.View(timeout=None).add_item(button))
    refused = await world.ben.click(world.card, label="old")
    assert "can no longer be found" in ephemeral_text(refused)


async def test_a_stranger_cannot_answer_with_an_id_of_their_own(world: DiscordWorld) -> None:
    """Whoever makes up the button is neither the requester nor a moderator."""
    await finished_card(world)
    custom_id = f"easel:deletion:yes:{newest_job_id(world)}"
    button: discord.ui.Button[discord.ui.View] = discord.ui.Button(label="x", custom_id=custom_id)
    channel = world.bot.client.get_channel(world.channel.id)
    assert isinstance(channel, discord.TextChannel)
    await channel.send("old", view=discord.ui.View(timeout=None).add_item(button))
    refused = await world.ben.click(world.card, label="x")
    assert "Only the person who asked" in ephemeral_text(refused)
    assert len(world.messages()) == 2


# --- by the reaction --------------------------------------------------------------------------


async def test_a_reaction_is_asked_about_in_the_channel(world: DiscordWorld) -> None:
    """Nothing can be shown to one person alone; only that person can answer, for a minute."""
    card = await finished_card(world)
    await world.ben.send(world.channel, "lovely", reply_to=card)
    await react(world, world.ada, card, DELETE)
    question = world.card
    assert question.content.startswith(f"<@{world.ada.id}> Others have reacted or replied")
    for who in (world.ben, world.mia):
        refused = await who.click(question, label="Delete")
        assert "Only the mentioned person can answer" in ephemeral_text(refused)
    assert is_there(world, card)
    await answer_deletion(world, world.ada, question)
    assert not is_there(world, card)
    assert not is_there(world, question)


async def test_the_question_in_the_channel_goes_after_a_minute(world: DiscordWorld) -> None:
    """And it is not repeated until then."""
    card = await finished_card(world)
    await react(world, world.ben, card, "👍")
    for _ in range(2):
        await react(world, world.ada, card, DELETE)
        await world.ada.unreact(card, DELETE)
    assert len(world.messages()) == 2
    await world.env.advance_time(61)
    assert len(world.messages()) == 1
    await react(world, world.ada, card, DELETE)
    await answer_deletion(world, world.ada, world.card, "Keep")
    assert [message.id for message in world.messages()] == [card.id]


async def test_where_it_cannot_be_asked_nothing_is_deleted(world: DiscordWorld) -> None:
    """There is the button."""
    card = await finished_card(world)
    await react(world, world.ben, card, "👍")
    world.env.inject_error("POST", "/channels/*/messages", status=403, code=50013, times=2)
    await react(world, world.ada, card, DELETE)
    assert [message.id for message in world.messages()] == [card.id]


async def test_ones_own_result_goes_at_once_by_the_reaction(world: DiscordWorld) -> None:
    """As it did, with the bot's 🔄 and one's own ❌ under it."""
    card = await finished_card(world)
    await react(world, world.ada, card, DELETE)
    assert world.messages() == []

"""A better prompt, asked for in a form: one can take it or leave it, and it paints nothing."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import simcord

from bot.moderation.rules import parse_rules
from tests.cogs.actions import (
    ephemeral_messages,
    ephemeral_text,
    finished_card,
    form_values,
    press,
    select_labels,
    submit_form,
)
from tests.cogs.discord_world import DiscordWorld, WorldBuilder
from tests.cogs.test_describe import buttons, prompts, shown, talking
from tests.cogs.test_edit_form import use
from tests.cogs.test_log_channel import entries, logging_to
from tests.cogs.test_references import PNG
from tests.cogs.test_refusal_buttons import choose as press_remedy
from tests.gateways.fake_text_chat import ChatReply, Cut, Failed, FakeTextChat, Said, text_chat

BETTER = "a red fox in fresh snow, low winter sun, wide shot"
IMPROVE = ["nothing:improve"]
LABEL = "Only improve my prompt first"


@pytest.fixture
async def chat() -> AsyncIterator[FakeTextChat]:
    async with text_chat() as chat:
        yield chat


@pytest.fixture
async def world(build: WorldBuilder, chat: FakeTextChat) -> AsyncIterator[DiscordWorld]:
    async with build.world(declared=False, **talking(build, chat)) as world:
        yield world


async def improved(
    world: DiscordWorld, chat: FakeTextChat, prompt: str = "a fox in snow"
) -> simcord.InteractionResult:
    """Open the form of a result, and ask for a better prompt there."""
    card = await finished_card(world)
    world.gateway.bodies.clear()
    form = await press(world, world.ada, card, "edit")
    chat.replies.append(Said(text=f"1. {BETTER}"))
    return await submit_form(world, world.ada, form, prompt=prompt, start=IMPROVE)


async def choose(
    world: DiscordWorld, answer: simcord.InteractionResult, number: int
) -> simcord.InteractionResult:
    """Press a button under a better prompt: 1 takes it, 2 leaves it."""
    (message,) = ephemeral_messages(answer)[:1]
    pressed = await world.ada.click(message, custom_id=buttons(answer)[number - 1]["custom_id"])
    await world.env.settle()
    return pressed


def opened(answer: simcord.InteractionResult) -> dict[str, Any]:
    """Return the values of the form that an answer is."""
    assert answer.modal is not None, ephemeral_text(answer)
    return form_values(answer)


async def test_a_better_prompt_is_proposed_and_nothing_is_painted(
    world: DiscordWorld, chat: FakeTextChat
) -> None:
    """Only its person sees it; the model was asked about their words."""
    answer = await improved(world, chat)
    assert BETTER in str(shown(answer).description)
    assert [each["label"] for each in buttons(answer)] == ["Use it in the form", "Keep my words"]
    assert all(len(each["custom_id"]) <= 100 for each in buttons(answer))
    assert chat.bodies[0]["messages"][1]["content"] == "a fox in snow"
    assert prompts(world) == []
    assert world.credits() == 1


async def test_one_can_take_it_or_leave_it(world: DiscordWorld, chat: FakeTextChat) -> None:
    """The form opens again with the words that were chosen; sending it paints them."""
    answer = await improved(world, chat)
    kept = await choose(world, answer, 2)
    assert opened(kept)["prompt"] == "a fox in snow"
    taken = await choose(world, answer, 1)
    assert opened(taken)["prompt"] == BETTER
    await submit_form(world, world.ada, taken)
    assert prompts(world) == [BETTER]


async def test_the_choice_works_after_a_restart(world: DiscordWorld, chat: FakeTextChat) -> None:
    """It is in the database, as the result is."""
    answer = await improved(world, chat)
    await world.restart()
    assert opened(await choose(world, answer, 1))["prompt"] == BETTER
    assert opened(await choose(world, answer, 2))["prompt"] == "a fox in snow"


async def test_the_form_of_any_message_improves_as_well(
    world: DiscordWorld, chat: FakeTextChat
) -> None:
    """*Use as reference*: the picture is still chosen when the form comes back."""
    photo = await world.ben.send(world.channel, "look", attachments=[("a.png", PNG)])
    form = await use(world, world.ada, photo)
    chat.replies.append(Said(text=BETTER))
    answer = await submit_form(
        world, world.ada, form, prompt="as a knight", start=["picture:1:improve"]
    )
    taken = await choose(world, answer, 1)
    assert opened(taken)["prompt"] == BETTER
    assert opened(taken)["start"] == ["picture:1"]


async def test_change_the_prompt_improves_as_well(world: DiscordWorld, chat: FakeTextChat) -> None:
    """Under a refusal, where the words were declined or too long."""
    world.bot.services.moderation.rules = parse_rules("napalm", file="words.txt")
    refused = await world.imagine(world.ada, "a napalm sky")
    form = await press_remedy(world, world.ada, refused, "Change the prompt")
    assert LABEL in select_labels(form, "start")
    chat.replies.append(Said(text=BETTER))
    answer = await submit_form(world, world.ada, form, prompt="a red sky", start=IMPROVE)
    taken = await choose(world, answer, 1)
    assert opened(taken)["prompt"] == BETTER
    await submit_form(world, world.ada, taken)
    assert prompts(world) == [BETTER]


async def test_without_a_chat_model_no_form_offers_it(build: WorldBuilder) -> None:
    """What does not work is not shown."""
    async with build.world() as world:
        form = await press(world, world.ada, await finished_card(world), "edit")
        assert LABEL not in select_labels(form, "start")


async def test_the_form_says_what_it_costs(build: WorldBuilder, chat: FakeTextChat) -> None:
    """Where the operator wants credits for it."""
    async with build.world(declared=False, **talking(build, chat, text_credits=2)) as world:
        form = await press(world, world.ada, await finished_card(world), "edit")
        assert select_labels(form, "start")[-1] == LABEL
        assert "2 credits" in str(form.modal)
        chat.replies.append(Said(text=BETTER))
        answer = await submit_form(world, world.ada, form, start=IMPROVE)
        assert "2 credits" in str(shown(answer).description)
        assert world.credits() == 3


async def test_forbidden_words_are_not_sent(world: DiscordWorld, chat: FakeTextChat) -> None:
    """Nor is a better prompt with one shown; the person has their words back."""
    world.bot.services.moderation.rules = parse_rules("napalm", file="words.txt")
    answer = await improved(world, chat, "a napalm sky")
    assert "forbidden by the operator" in ephemeral_text(answer)
    assert chat.bodies == []
    chat.replies.clear()
    chat.replies.append(Said(text="1. napalm in the morning"))
    form = await press(world, world.ada, world.card, "edit")
    answer = await submit_form(world, world.ada, form, prompt="a sky", start=IMPROVE)
    assert "declined" in ephemeral_text(answer)
    assert "a sky" in str(ephemeral_messages(answer)[-1].content)


async def test_moderators_hear_of_a_decline_without_the_words(
    world: DiscordWorld, chat: FakeTextChat
) -> None:
    """As of a private request: what only its person saw stays theirs."""
    card = await finished_card(world)
    staff = await logging_to(world, prompts=True)
    await world.mia.slash(world.channel, "settings words add", words="bad word")
    form = await press(world, world.ada, card, "edit")
    await submit_form(world, world.ada, form, prompt="a bad word", start=IMPROVE)
    (entry,) = entries(staff)
    assert entry.title == "🚫 A prompt was declined"
    assert f"<@{world.ada.id}>" in str(entry.description)
    assert "bad word" not in str(entry.description)


@pytest.mark.parametrize("reply", [Failed(500), Cut(), Said(text="I'm sorry, I can't.")], ids=str)
async def test_a_failure_is_free_and_loses_no_words(
    build: WorldBuilder, chat: FakeTextChat, reply: ChatReply
) -> None:
    """Nobody types a prompt twice because a chat model failed."""
    async with build.world(declared=False, **talking(build, chat, text_credits=2)) as world:
        form = await press(world, world.ada, await finished_card(world), "edit")
        chat.replies.append(reply)
        answer = await submit_form(world, world.ada, form, prompt="a long prompt", start=IMPROVE)
        assert "not charged" in ephemeral_text(answer)
        assert "a long prompt" in str(ephemeral_messages(answer)[-1].content)
        assert world.credits() == 1


async def test_a_stranger_and_a_blocked_person_get_nothing(
    world: DiscordWorld, chat: FakeTextChat
) -> None:
    """Nobody else's words, and no request."""
    answer = await improved(world, chat)
    await world.mia.slash(world.channel, "quota block", user=world.ada, reason="spam")
    form = await press(world, world.ben, world.card, "edit")
    world.write(f"UPDATE text_requests SET user_id = {world.ben.id}", [()])
    assert "Only the person who asked" in ephemeral_text(await choose(world, answer, 1))
    await world.mia.slash(world.channel, "quota block", user=world.ben, reason="spam")
    answer = await submit_form(world, world.ben, form, start=IMPROVE)
    assert "spam" in ephemeral_text(answer)
    assert len(chat.bodies) == 1
